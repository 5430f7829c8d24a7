"""Types of settings, each with the phrase that describes accepted values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from polytask._naming import plus_parts
from polytask.cli._by_task import by_task
from polytask.cli._set_values import set_values

__all__ = [
    "ByPath",
    "BySource",
    "ByTask",
    "ByTaskOrNumber",
    "Encoder",
    "Expected",
    "Model",
    "Models",
    "Name",
    "Place",
    "Precision",
    "Seed",
    "Several",
    "Sizes",
    "Steps",
    "Switch",
    "Words",
    "expectation",
]

_MOST = 10_000
_MOST_STEPS = 1_000_000_000
_MOST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Expected:
    """Phrase that follows “must be” in the error of a setting.

    Parameters
    ----------
    words : str
    """

    words: str


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")
    return value


def _whole(low: int, high: int) -> tuple[BeforeValidator, Any, Expected]:
    words = f"a whole number from {low:,} to {high:,}"
    return BeforeValidator(_number), Field(ge=low, le=high), Expected(words)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | int) else value


def _models(value: Any) -> Any:
    """Models as texts; a mapping of a name to settings is ``NAME(PATH=VALUE, …)``."""
    items = value if isinstance(value, list) else [value]
    return [
        text
        for item in items
        for text in (
            [_model(*pair) for pair in item.items()] if isinstance(item, dict) else _listed(item)
        )
    ]


def _model(name: str, settings: Any) -> str:
    written = {} if settings is None else set_values(settings)
    if not written:
        return name
    inside = ", ".join(f"{path}={text}" for path, text in written.items())
    base, *words = plus_parts(name)
    opened = f"{base.removesuffix(')')}, " if base.endswith(")") else f"{base}("
    return "+".join([f"{opened}{inside})", *words])


def _one_model(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    (model,) = _models(value)  # a ValueError where there are several
    return model


def _by_source(value: Any) -> Any:
    """A mapping of source to file as a list of ``NAME=FILE``."""
    if not isinstance(value, dict):
        return _listed(value)
    if not all(isinstance(path, str) for path in value.values()):
        raise ValueError("no path")
    return [f"{name}={path}" for name, path in value.items()]


def _bits(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _place(value: Any) -> Any:
    if not isinstance(value, str | Path):
        raise ValueError("no path")
    text = str(value)
    if not text.strip() or "\0" in text:
        raise ValueError("no path that a file could have")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError("no such user") from error


Several = Annotated[int, *_whole(1, _MOST)]
"""A count of runs or of similar work that takes time."""

Steps = Annotated[int, *_whole(1, _MOST_STEPS)]
Seed = Annotated[int, *_whole(0, _MOST_SEED)]
Switch = Annotated[bool, Expected("true or false")]
Name = Annotated[str, Expected("text")]

Precision = Annotated[
    Literal["32", "16", "bf16", "32-true", "16-mixed", "bf16-mixed"],
    BeforeValidator(_bits),
    Expected("32, 16 or bf16"),
]
"""Of numbers; bits may be written as such."""

Words = Annotated[list[str], BeforeValidator(_listed), Expected("text or a list of texts")]
"""A list; one word needs no brackets."""

Sizes = Annotated[
    list[Annotated[int, Field(ge=2)]],
    BeforeValidator(_listed),
    Expected("whole numbers of at least 2"),
]
"""Sizes of groups of tasks."""

_NAMED = "or a mapping of a model's name to its settings"

Model = Annotated[str, BeforeValidator(_one_model), Expected(f"text, {_NAMED}")]
"""A model, which study files may write as a mapping."""

Encoder = Annotated[
    str,
    BeforeValidator(_one_model),
    Expected("text, or a mapping of an encoder's name to its settings"),
]
"""An encoder, which study files may write as a mapping."""

Models = Annotated[
    list[str], BeforeValidator(_models), Expected(f"text, a list of texts, {_NAMED}")
]
"""A list of models, each of which study files may write as a mapping."""

ByTask = Annotated[
    list[str],
    BeforeValidator(by_task),
    Expected("text, a list of texts, or a mapping of task to value"),
]
"""A list of TASK=VALUE, which study files may write as a mapping."""

ByTaskOrNumber = Annotated[
    list[str],
    BeforeValidator(lambda value: by_task(str(value) if isinstance(value, float) else value)),
    Expected("text, a number, a list of texts, or a mapping of task to value"),
]
"""The same, or one number for all tasks."""

ByPath = Annotated[
    dict[str, str],
    BeforeValidator(set_values),
    Expected("PATH=VALUE, a list of them, or a mapping of path to value"),
]
"""Settings of models by path, as text."""

BySource = Annotated[
    list[str],
    BeforeValidator(_by_source),
    Expected("NAME=FILE, a list of these, or a mapping of source to file"),
]
"""A list of NAME=FILE, which study files may write as a mapping."""

Place = Annotated[Path, BeforeValidator(_place), Expected("a path")]
"""A file or folder; ``~`` is the user's home."""


def expectation(annotation: Any, metadata: list[Any]) -> str:
    """The words of a pydantic field's metadata, or of a part of its annotation."""
    inner = getattr(annotation, "__args__", ())
    all_metadata = [
        *metadata,
        *(item for part in inner for item in getattr(part, "__metadata__", ())),
    ]
    return next(item.words for item in all_metadata if isinstance(item, Expected))
