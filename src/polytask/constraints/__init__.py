"""Constraints of a recipe's settings, declared as `parameter_constraints` beside its fields.

`check_parameters`, called in ``__post_init__``, holds every value to them and writes the error
sentence; ``--set`` and study files read text by them. Without them the fields' annotations count.
"""

from polytask._validation import (
    Choice,
    Constraint,
    Each,
    InstanceOf,
    Interval,
    MappingOf,
    OneOf,
    Optional,
    Satisfies,
    check_parameters,
)

__all__ = [
    "Choice",
    "Constraint",
    "Each",
    "InstanceOf",
    "Interval",
    "MappingOf",
    "OneOf",
    "Optional",
    "Satisfies",
    "check_parameters",
]
