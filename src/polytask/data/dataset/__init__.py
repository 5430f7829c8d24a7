"""The data set: sources and tasks, from a file, a table, a long table, or arrays.

Begin with `_read.read`, then `_dataset.MultiTaskDataset`; each `_from_….py` holds one constructor.
`_target_texts` and `_named_tasks` read targets such as ``"assay*:binary"``.
"""

from polytask.data.dataset._dataset import MultiTaskDataset
from polytask.data.dataset._from_long import survive_reading, task_positions
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
]
