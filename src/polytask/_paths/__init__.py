"""Settings of nested recipes by dotted path: listing, look-up, replacement, reading of text.

A full path names every field on the way, ``architecture.encoder.dropout``. Its beginning may be
left out where what remains names one setting: ``encoder.dropout``, ``dropout``. Begin with
``_settings_of.py`` (listing) and ``_apply.py`` (replacement).
"""

from polytask._paths._apply import applied, configured
from polytask._paths._brackets import assignments, name_and_settings, parts
from polytask._paths._differing import differing
from polytask._paths._find import find, near
from polytask._paths._setting import Setting
from polytask._paths._setting_text import recipe_text, setting_text
from polytask._paths._settings_of import settings_of
from polytask._paths._written import Written

__all__ = [
    "Setting",
    "Written",
    "applied",
    "assignments",
    "configured",
    "differing",
    "find",
    "name_and_settings",
    "near",
    "parts",
    "recipe_text",
    "setting_text",
    "settings_of",
]
