"""Per-task gradients and what is made of them; the only room that sees network and method."""

from polytask.gradients._backward import backward
from polytask.gradients._engines import ENGINES
from polytask.gradients._foreign import ForeignAggregator, adopt, is_foreign
from polytask.gradients._gramian import gramian
from polytask.gradients._needs import Need
from polytask.gradients._per_task import per_task_jacobian
from polytask.gradients._served import Served
from polytask.gradients._slopes import slopes

__all__ = [
    "ENGINES",
    "ForeignAggregator",
    "Need",
    "Served",
    "adopt",
    "backward",
    "gramian",
    "is_foreign",
    "per_task_jacobian",
    "slopes",
]
