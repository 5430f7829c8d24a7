"""Files and frames as tables of typed polars columns.

Begin with `_open_table.open_table`. A file goes through `_open_file` (its type in `_file_types`, the
separator, header and rows of text files in `_layout`, `_sniff` and `_separated`; named arrays in
`_array_table`), a frame or array through `_frames` and `_series`, data sets of other libraries
through `_foreign`. All end as a `Table`: a frame, how it was read, and notes.
"""

from polytask.data.readers._declared import categories_of
from polytask.data.readers._file_types import check_table_file, is_text
from polytask.data.readers._frame_columns import array_columns, no_duplicates
from polytask.data.readers._image_arrays import resized_images
from polytask.data.readers._image_cells import as_images
from polytask.data.readers._image_like import image_paths, looks_like_images
from polytask.data.readers._image_target import Fitted
from polytask.data.readers._images import Images
from polytask.data.readers._nested import fault
from polytask.data.readers._open_file import FileRules, file_columns, open_file
from polytask.data.readers._open_sources import open_sources
from polytask.data.readers._open_table import open_table
from polytask.data.readers._pandas_column import is_pandas
from polytask.data.readers._plain_arrays import as_array, is_sparse, is_tensor
from polytask.data.readers._read_table import read_table, scan_table
from polytask.data.readers._separated import find_separator
from polytask.data.readers._table import NO_ROLES, Table, joined, open_frame, prepared, untyped
from polytask.data.readers._text_options import of_source, source_text_options, text_options
from polytask.data.readers._to_polars import as_table, to_polars
from polytask.data.readers._windows import windows
from polytask.data.readers._written_lists import written_lists

__all__ = [
    "NO_ROLES",
    "FileRules",
    "Fitted",
    "Images",
    "Table",
    "array_columns",
    "as_array",
    "as_images",
    "as_table",
    "categories_of",
    "check_table_file",
    "fault",
    "file_columns",
    "find_separator",
    "image_paths",
    "is_pandas",
    "is_sparse",
    "is_tensor",
    "is_text",
    "joined",
    "looks_like_images",
    "no_duplicates",
    "of_source",
    "open_file",
    "open_frame",
    "open_sources",
    "open_table",
    "prepared",
    "read_table",
    "resized_images",
    "scan_table",
    "source_text_options",
    "text_options",
    "to_polars",
    "untyped",
    "windows",
    "written_lists",
]
