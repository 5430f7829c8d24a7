"""Splits of rows into training, validation and test, per source.

Begin with ``_splitter.py``, the contract, and ``_drawn_split.py``, which most splitters use;
``_parse_split.py`` reads texts of the command line. ``_stratify.py`` and ``_quotas.py`` distribute
classes evenly over the parts, and ``_learnable.py`` removes tasks that a split leaves without
labels.
"""

from polytask.data.splits._check_parts import check_parts
from polytask.data.splits._column_split import (
    ColumnSplit,
    find_split_column,
    own_split,
    own_split_note,
)
from polytask.data.splits._fixed_split import FixedSplit
from polytask.data.splits._fold_split import FoldSplit
from polytask.data.splits._group_fold_split import GroupFoldSplit
from polytask.data.splits._group_split import GroupSplit
from polytask.data.splits._learnable import learnable, learnable_splits
from polytask.data.splits._parse_split import as_splitter, parse_split
from polytask.data.splits._random_split import RandomSplit
from polytask.data.splits._rarity_notes import rarity_notes
from polytask.data.splits._shared_ids import shared_id_notes
from polytask.data.splits._split import Split
from polytask.data.splits._splits_of import splits_of
from polytask.data.splits._splitter import Splitter
from polytask.data.splits._time_split import TimeSplit

__all__ = [
    "ColumnSplit",
    "FixedSplit",
    "FoldSplit",
    "GroupFoldSplit",
    "GroupSplit",
    "RandomSplit",
    "Split",
    "Splitter",
    "TimeSplit",
    "as_splitter",
    "check_parts",
    "find_split_column",
    "learnable",
    "learnable_splits",
    "own_split",
    "own_split_note",
    "parse_split",
    "rarity_notes",
    "shared_id_notes",
    "splits_of",
]
