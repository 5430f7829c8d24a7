"""Observers: measurements of a training at every evaluation, which never change it.

`Observer` is the contract and `View` what it receives; each method is a file of its own. Begin
with ``_gradient_conflict.py``.
"""

from polytask.observers._gate_usage import GateUsage
from polytask.observers._gradient_conflict import GradientConflict
from polytask.observers._observer import Observer
from polytask.observers._stage_conflict import StageConflict
from polytask.observers._view import View

__all__ = ["GateUsage", "GradientConflict", "Observer", "StageConflict", "View"]
