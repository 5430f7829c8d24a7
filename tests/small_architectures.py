"""Every public architecture with a small encoder, and a data set that it takes."""

import inspect
from dataclasses import replace

import polytask.architectures
from polytask.architectures import Architecture, HardSharing
from polytask.encoders import MLP
from polytask.testing import tiny_dataset

_GIVEN = {"Separate": {"architecture": HardSharing(MLP((8,)))}}


def _after_the_first(data):
    """The same data, whose second task is fed by the first."""
    first, second = data.tasks
    return data.with_tasks({second.name: replace(second, after=(first.name,))})


PLAIN = tiny_dataset(("regression", "binary"))
CASCADE = _after_the_first(tiny_dataset(("binary", "binary")))


def small_architectures():
    """Recipes by name, sorted."""
    found = {}
    for name in sorted(polytask.architectures.__all__):
        kind = getattr(polytask.architectures, name)
        if not (inspect.isclass(kind) and issubclass(kind, Architecture)) or inspect.isabstract(
            kind
        ):
            continue
        parameters = inspect.signature(kind).parameters
        given = {"encoder": MLP((8, 8))} if "encoder" in parameters else {}
        found[name] = kind(**given, **_GIVEN.get(name, {}))
    return found


def data_for(architecture):
    """Independent tasks, or a cascade where it needs one."""
    return CASCADE if architecture.refuses(PLAIN.tasks) else PLAIN
