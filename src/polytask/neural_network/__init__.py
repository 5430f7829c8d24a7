"""Networks as learners."""

from polytask.neural_network._multi_task_network import MultiTaskNetwork

__all__ = ["MultiTaskNetwork"]
