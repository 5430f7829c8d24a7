"""Learn several related tasks together, and be told honestly whether that helped.

The names below are resolved on first use, so importing the package loads neither torch
nor scikit-learn.
"""

from typing import TYPE_CHECKING, Any

from polytask._elsewhere import hint_at_rooms, remedy

if TYPE_CHECKING:
    from polytask.data import MultiTaskDataset, read
    from polytask.evaluation import compare
    from polytask.learners import fit
    from polytask.predictor import load
    from polytask.tasks import Task, TaskSet

__version__ = "0.1.0.dev0"

__all__ = [
    "MultiTaskDataset",
    "Task",
    "TaskSet",
    "__version__",
    "compare",
    "fit",
    "load",
    "read",
]

_ROOMS = {
    "MultiTaskDataset": "polytask.data",
    "Task": "polytask.tasks",
    "TaskSet": "polytask.tasks",
    "compare": "polytask.evaluation",
    "fit": "polytask.learners",
    "load": "polytask.predictor",
    "read": "polytask.data",
}


hint_at_rooms()


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        sentence = f"module {__name__!r} has no attribute {name!r}. {remedy(name)}"
        raise AttributeError(sentence.rstrip(". "), name=name)
    from importlib import import_module

    value = getattr(import_module(_ROOMS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
