"""The text in cells as numbers, dates, booleans and missing values, with notes on every doubt.

Begin with `_cell_types.typed`, which tries the types in turn. `_text_numbers` and `_text_dates`
read the columns that are not plain, `_missing` holds the cells that the user declares to be
missing, `_roles` what columns are declared to be, and `_reading` the record of it all, by which
new tables are read in the same way. Nothing here opens a file.
"""

from polytask.data.cells._cell_types import CellRules, booleans_read, typed
from polytask.data.cells._date_guess import first_part, likely_forms
from polytask.data.cells._date_text import dates_read, is_date_form
from polytask.data.cells._families import (
    NESTED,
    check_dates,
    family,
    innermost,
    no_infinity,
    numbers,
    plain_text,
)
from polytask.data.cells._image_form import MOST_PIXELS, ImageForm
from polytask.data.cells._marker_words import SIGNS, is_marker_word, likely_markers
from polytask.data.cells._missing import MISSING, marker_notes, markers_by_column, without_markers
from polytask.data.cells._number_text import (
    DECIMAL_COMMAS,
    MAYBE_THOUSANDS,
    amounts_read,
    counts_read,
    numbers_read,
    truths_read,
)
from polytask.data.cells._read_times import read_times
from polytask.data.cells._reading import Reading
from polytask.data.cells._roles import (
    COLUMN_ROLES,
    MOST_BUCKETS,
    MOST_STEPS,
    STEP_ROLES,
    TYPED_ROLES,
    WORD_ROLES,
    declared_roles,
    plainly_written,
    roles_by_column,
    with_role,
)
from polytask.data.cells._scripts import LETTERS_ALONE
from polytask.data.cells._sentinels import sentinel_notes
from polytask.data.cells._steps import Steps, step_numbers, step_positions, steps_of
from polytask.data.cells._tensors import check_finite, finite_cells, tensor_cells, tensor_shape
from polytask.data.cells._text_dates import date_hint, date_readings, may_be_dates
from polytask.data.cells._text_numbers import marker_words, number_hint, unit_hint
from polytask.data.cells._text_reading import Read, read_by, unread
from polytask.data.cells._written_numbers import written_hint

__all__ = [
    "COLUMN_ROLES",
    "DECIMAL_COMMAS",
    "LETTERS_ALONE",
    "MAYBE_THOUSANDS",
    "MISSING",
    "MOST_BUCKETS",
    "MOST_PIXELS",
    "MOST_STEPS",
    "NESTED",
    "SIGNS",
    "STEP_ROLES",
    "TYPED_ROLES",
    "WORD_ROLES",
    "CellRules",
    "ImageForm",
    "Read",
    "Reading",
    "Steps",
    "amounts_read",
    "booleans_read",
    "check_dates",
    "check_finite",
    "counts_read",
    "date_hint",
    "date_readings",
    "dates_read",
    "declared_roles",
    "family",
    "finite_cells",
    "first_part",
    "innermost",
    "is_date_form",
    "is_marker_word",
    "likely_forms",
    "likely_markers",
    "marker_notes",
    "marker_words",
    "markers_by_column",
    "may_be_dates",
    "no_infinity",
    "number_hint",
    "numbers",
    "numbers_read",
    "plain_text",
    "plainly_written",
    "read_by",
    "read_times",
    "roles_by_column",
    "sentinel_notes",
    "step_numbers",
    "step_positions",
    "steps_of",
    "tensor_cells",
    "tensor_shape",
    "truths_read",
    "typed",
    "unit_hint",
    "unread",
    "with_role",
    "without_markers",
    "written_hint",
]
