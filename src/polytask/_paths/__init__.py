"""Settings of nested recipes by dotted path: list them, find one, replace some, read text.

A full path names every field on the way, ``architecture.encoder.dropout``. Its beginning may be left
out where what remains names one setting: ``encoder.dropout``, ``dropout``.
"""

from polytask._paths._apply import applied, configured
from polytask._paths._find import find, near
from polytask._paths._setting import Setting
from polytask._paths._settings_of import settings_of
from polytask._paths._written import Written

__all__ = ["Setting", "Written", "applied", "configured", "find", "near", "settings_of"]
