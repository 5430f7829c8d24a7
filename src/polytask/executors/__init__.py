"""Executors: the only way in which `polytask.evaluation` runs jobs, here or in other processes.

`Executor` in ``_executor.py`` states what is required of one; `LocalExecutor` runs jobs one after
another in this process or side by side in worker processes of this machine, which
`polytask._workers` starts and ends; `RayExecutor` gives them to a Ray cluster.
`polytask.testing.check_executor` tests an executor of your own.
"""

from polytask.executors._executor import Executor
from polytask.executors._local_executor import LocalExecutor
from polytask.executors._ray_executor import RayExecutor

__all__ = ["Executor", "LocalExecutor", "RayExecutor"]
