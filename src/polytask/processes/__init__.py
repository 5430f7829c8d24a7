"""Groups of processes that train one network together.

The only room that uses `torch.distributed`; `polytask.gradients` and `polytask.training` know of
other processes only what `Processes` in ``_processes.py`` states, so begin there. `OneProcess` is
the usual case, `GroupProcesses` a process group of torch. For another kind of group, write `sum`
and `barrier`; `polytask.testing.check_processes` tests it, called in every process at once.
"""

from polytask.processes._agreement import differing_ranks
from polytask.processes._group_processes import GroupProcesses, as_processes
from polytask.processes._one_process import OneProcess
from polytask.processes._processes import Processes

__all__ = ["GroupProcesses", "OneProcess", "Processes", "as_processes", "differing_ranks"]
