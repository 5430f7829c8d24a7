"""Resolution of names in any spelling: “pc_grad”, “PCGrad” and “pcgrad” are one method."""

from polytask._naming._check_named import check_named
from polytask._naming._made import made, required
from polytask._naming._plus_parts import plus_parts
from polytask._naming._resolve import public_classes, resolve
from polytask._naming._spelling import fold, snake_case
from polytask._naming._subclasses import subclasses
from polytask._naming._suggestion import nearest, suggestion

__all__ = [
    "check_named",
    "fold",
    "made",
    "nearest",
    "plus_parts",
    "public_classes",
    "required",
    "resolve",
    "snake_case",
    "subclasses",
    "suggestion",
]
