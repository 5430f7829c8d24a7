"""Data sets: sources and tasks from a file, a table, a long table, several tables, or arrays.

Begin with ``_read.py``, then ``_dataset.py``. Each ``_from_….py`` makes the sources of one
constructor; ``_target_texts.py`` and ``_named_tasks.py`` read targets such as ``"assay*:binary"``.
"""

from polytask.data.dataset._dataset import MultiTaskDataset
from polytask.data.dataset._from_long import survive_reading, task_positions
from polytask.data.dataset._named_exactly import without_empty_matches
from polytask.data.dataset._named_tasks import named_tasks
from polytask.data.dataset._read import read
from polytask.data.dataset._time_columns import time_columns

__all__ = [
    "MultiTaskDataset",
    "named_tasks",
    "read",
    "survive_reading",
    "task_positions",
    "time_columns",
    "without_empty_matches",
]
