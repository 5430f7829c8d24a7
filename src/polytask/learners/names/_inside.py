"""The network inside an ensemble, to which options of networks go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from polytask._learner import Learner
from polytask.learners._ensemble import Ensemble

__all__ = ["inside", "with_inside"]


def inside(learner: Learner) -> Any:
    """The learner of an ensemble's members; any other learner itself."""
    return learner.learner if isinstance(learner, Ensemble) else learner


def with_inside(learner: Any, change: Callable[[Any], Any]) -> Any:
    """The learner after a change of what `inside` gives."""
    if isinstance(learner, Ensemble):
        return replace(learner, learner=change(learner.learner))
    return change(learner)
