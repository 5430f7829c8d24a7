"""The dataclasses of a room, for tests of what they promise."""

import importlib
import inspect
import pkgutil
from dataclasses import fields, is_dataclass


def dataclasses_of(room):
    """All dataclasses that a room's modules define, by name."""
    package = importlib.import_module(f"polytask.{room}")
    names = [one.name for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    modules = [importlib.import_module(name) for name in names]
    return {
        found.__name__: found
        for module in modules
        for found in vars(module).values()
        if inspect.isclass(found) and is_dataclass(found) and found.__module__ == module.__name__
    }


def changeable(room):
    """Those whose attributes can be set."""
    return {
        name
        for name, found in dataclasses_of(room).items()
        if not found.__dataclass_params__.frozen
    }


def compared_by_identity(room):
    """Those that are equal to themselves alone: arrays have no single truth of being equal."""
    return {name for name, found in dataclasses_of(room).items() if found.__eq__ is object.__eq__}


def holding_arrays(room):
    """Those with an array among their attributes."""
    return {
        name
        for name, found in dataclasses_of(room).items()
        if any("ndarray" in str(one.type) for one in fields(found))
    }
