"""Names that options list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from polytask.exceptions import ParameterError

__all__ = ["distinct_names", "listed_names"]


def listed_names(values: Sequence[str], known: Collection[str]) -> list[str]:
    """Names listed with commas or one by one, each once.

    A value that is a known name as it stands is that name, commas and outer spaces included.
    """
    return list(dict.fromkeys(_every_name(values, known)))


def distinct_names(option: str, values: Sequence[str], known: Collection[str]) -> list[str]:
    """The same names; raises if the option lists one twice.

    Raises
    ------
    ParameterError
    """
    names = Counter(_every_name(values, known))
    for name, times in names.items():
        if times > 1:
            raise ParameterError(f"{option} names {name} twice. Leave out one.")
    return list(names)


def _every_name(values: Sequence[str], known: Collection[str]) -> list[str]:
    lists = [[value] if value in known else _split(value) for value in values]
    return [name for names in lists for name in names]


def _split(value: str) -> list[str]:
    return [name.strip() for name in value.split(",") if name.strip()]
