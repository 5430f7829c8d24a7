"""Networks as learners: `MultiTaskNetwork` joins an architecture and a trainer."""

from polytask.neural_network._multi_task_network import MultiTaskNetwork

__all__ = ["MultiTaskNetwork"]
