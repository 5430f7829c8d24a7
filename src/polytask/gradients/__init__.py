"""Per-task gradients and what is made of them; the only room that sees network and method."""

from polytask.gradients._backward import backward
from polytask.gradients._per_task import per_task_jacobian

__all__ = ["backward", "per_task_jacobian"]
