"""The error sentence, and the constraints that constructor arguments declare."""

from polytask._validation._bare_class import bare_class_remedy
from polytask._validation._check import check, check_parameters
from polytask._validation._constraint import Constraint
from polytask._validation._constraints import (
    Choice,
    Each,
    Finite,
    InstanceOf,
    Interval,
    MappingOf,
    OneOf,
    Optional,
    Satisfies,
)
from polytask._validation._sentence import describe, message

__all__ = [
    "Choice",
    "Constraint",
    "Each",
    "Finite",
    "InstanceOf",
    "Interval",
    "MappingOf",
    "OneOf",
    "Optional",
    "Satisfies",
    "bare_class_remedy",
    "check",
    "check_parameters",
    "describe",
    "message",
]
