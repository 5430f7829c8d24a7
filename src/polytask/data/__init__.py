"""Data sets of several tasks: tables to sources, columns to arrays, rows to parts."""

from polytask.data._as_source import as_source, rows_to_predict
from polytask.data._batch import Batch, BlockTargets, EncodedSource
from polytask.data._block import Block, make_blocks
from polytask.data._check_parts import check_parts
from polytask.data._column import Column
from polytask.data._column_split import ColumnSplit, find_split_column, own_split, own_split_note
from polytask.data._dataset import MultiTaskDataset
from polytask.data._encode import encode
from polytask.data._file_types import check_table_file
from polytask.data._fit_schemas import fit_schemas
from polytask.data._fixed_split import FixedSplit
from polytask.data._fold_split import FoldSplit
from polytask.data._frames import to_polars
from polytask.data._group_fold_split import GroupFoldSplit
from polytask.data._group_split import GroupSplit
from polytask.data._labels import Labels, OwnRowLabels, TableLabels
from polytask.data._leave_out import learnable, learnable_splits
from polytask.data._named_tasks import named_tasks
from polytask.data._open_table import open_table
from polytask.data._parse_split import as_splitter, parse_split
from polytask.data._random_split import RandomSplit
from polytask.data._rarity_notes import rarity_notes
from polytask.data._read import read
from polytask.data._readers import read_table, scan_table
from polytask.data._reading import Reading
from polytask.data._row_weights import weight_columns
from polytask.data._schema import Schema
from polytask.data._schema_json import schema_from_json, schema_to_json
from polytask.data._separated import find_separator
from polytask.data._source import Source
from polytask.data._split import Split
from polytask.data._splits_of import splits_of
from polytask.data._splitter import Splitter
from polytask.data._table import Table
from polytask.data._time_columns import time_columns
from polytask.data._time_split import TimeSplit
from polytask.data._unit_weights import unit_mean
from polytask.data._unseen import unseen_notes

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
