"""Processes that train one network together: all that training knows of a process group.

Begin with `Processes` in ``_processes.py``. `OneProcess` is the usual case, `GroupProcesses` a
process group of torch. `polytask.testing.check_processes` tests others, in every process at once.
"""

from polytask.processes._group_processes import GroupProcesses, as_processes
from polytask.processes._one_process import OneProcess
from polytask.processes._processes import Processes

__all__ = ["GroupProcesses", "OneProcess", "Processes", "as_processes"]
