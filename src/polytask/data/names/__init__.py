"""Names of columns and sources: how users give them, and how notes and errors show them.

Begin with `SourceColumns`, the columns of several sources as ``COLUMN`` or ``SOURCE/COLUMN``.
`require_columns` checks names that a user gives, `about_source` names the source in errors, and
``_note_text.py`` holds the pieces of notes about columns.
"""

from polytask.data.names._about_source import about_source
from polytask.data.names._column_names import column_names
from polytask.data.names._note_text import as_missing, gathered, named, quoted
from polytask.data.names._require_columns import (
    NO_HEADER_DOUBT,
    absent_from_sources,
    require_columns,
)
from polytask.data.names._source_columns import SourceColumns, matching

__all__ = [
    "NO_HEADER_DOUBT",
    "SourceColumns",
    "about_source",
    "absent_from_sources",
    "as_missing",
    "column_names",
    "gathered",
    "matching",
    "named",
    "quoted",
    "require_columns",
]
