"""Data sets of several tasks: tables to sources, columns to arrays, rows to parts.

From the bottom up, each room importing only those below it: `cells` (text in the cells of a table as
numbers, dates and missing values), `readers` (files and frames as tables), `columns` (one encoder per
input column), `sources` (rows with one input schema, and their labels), `dataset` (`read` and
`MultiTaskDataset`), and side by side `splits` (rows for training, validation and test) and `encoding`
(schemas, blocks and batches of arrays). Begin with `dataset`.
"""

from polytask.data.cells import Reading
from polytask.data.columns import Column
from polytask.data.dataset import MultiTaskDataset, named_tasks, read, time_columns
from polytask.data.encoding import (
    Batch,
    Block,
    BlockTargets,
    EncodedSource,
    Schema,
    as_source,
    encode,
    fit_schemas,
    make_blocks,
    rows_to_predict,
    schema_from_json,
    schema_to_json,
    unseen_notes,
)
from polytask.data.readers import (
    Table,
    check_table_file,
    find_separator,
    open_table,
    read_table,
    scan_table,
    to_polars,
)
from polytask.data.sources import (
    Labels,
    OwnRowLabels,
    Source,
    TableLabels,
    unit_mean,
    weight_columns,
)
from polytask.data.splits import (
    ColumnSplit,
    FixedSplit,
    FoldSplit,
    GroupFoldSplit,
    GroupSplit,
    RandomSplit,
    Split,
    Splitter,
    TimeSplit,
    as_splitter,
    check_parts,
    find_split_column,
    learnable,
    learnable_splits,
    own_split,
    own_split_note,
    parse_split,
    rarity_notes,
    splits_of,
)

__all__ = [
    "Batch",
    "Block",
    "BlockTargets",
    "Column",
    "ColumnSplit",
    "EncodedSource",
    "FixedSplit",
    "FoldSplit",
    "GroupFoldSplit",
    "GroupSplit",
    "Labels",
    "MultiTaskDataset",
    "OwnRowLabels",
    "RandomSplit",
    "Reading",
    "Schema",
    "Source",
    "Split",
    "Splitter",
    "Table",
    "TableLabels",
    "TimeSplit",
    "as_source",
    "as_splitter",
    "check_parts",
    "check_table_file",
    "encode",
    "find_separator",
    "find_split_column",
    "fit_schemas",
    "learnable",
    "learnable_splits",
    "make_blocks",
    "named_tasks",
    "open_table",
    "own_split",
    "own_split_note",
    "parse_split",
    "rarity_notes",
    "read",
    "read_table",
    "rows_to_predict",
    "scan_table",
    "schema_from_json",
    "schema_to_json",
    "splits_of",
    "time_columns",
    "to_polars",
    "unit_mean",
    "unseen_notes",
    "weight_columns",
]
