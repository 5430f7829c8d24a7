"""What docstring, signature and declarations of a method say."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from polytask._naming import required, snake_case
from polytask.gradients import Need
from polytask.observers import Observer
from polytask.ranges import Choices, SearchRange
from polytask.sampling import Sampler

__all__ = [
    "MethodSetting",
    "description",
    "needs",
    "paper",
    "settings_of_method",
    "summary",
    "training",
]

_SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
_DEFAULT = re.compile(r"(, )?(default .*|optional)$")


@dataclasses.dataclass(frozen=True)
class MethodSetting:
    """One argument of a method.

    Parameters
    ----------
    name : str
    default : str or None
        As ``--set`` takes it; None where it is required.
    type : str
    text : str
        Its description.
    tries : str
        Values worth trying.
    """

    name: str
    default: str | None
    type: str
    text: str
    tries: str


def summary(method: Any) -> str:
    """First line of the docstring."""
    return _plain(_doc(method).partition("\n")[0])


def paper(method: Any) -> str:
    """References of the docstring."""
    return _plain(" ".join(_sections(method).get("References", "").split()))


def training(method: Any) -> str:
    """Settings of the trainer that an encoder declares."""
    declared = getattr(method, "training", None)  # of an architecture it is a property
    settings = declared if isinstance(declared, Mapping) else {}
    return ", ".join(f"{name}={_text(value)}" for name, value in settings.items())


def needs(method: Any) -> str:
    """What the method must be served by default, but for `present`, which always is."""
    instance = method if required(method) else method()
    if not isinstance(getattr(instance, "needs", None), frozenset):  # it depends on the arguments
        return "–"
    names = {str(need) for need in instance.needs} - {str(Need.PRESENT)}
    nothing = "–" if issubclass(method, Sampler | Observer) else "losses"
    return ", ".join(sorted(names)).replace("_", " ") or nothing


def settings_of_method(method: Any) -> Sequence[MethodSetting]:
    """The arguments in their order."""
    described = dict(_parameters(method))
    ranges = getattr(method, "search_ranges", {})
    fields = (
        {field.name: field for field in dataclasses.fields(method)} if _has_fields(method) else {}
    )
    return [
        MethodSetting(
            name,
            _default(parameter, fields.get(name)),
            *described.get(name, ("", "")),
            _tries(ranges.get(name)),
        )
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    ]


def description(setting: MethodSetting) -> str:
    """Meaning and values worth trying, in sentences."""
    tries = f"Worth trying: {setting.tries}." if setting.tries else ""
    return " ".join(filter(None, (setting.text, tries)))


def _doc(method: Any) -> str:
    return inspect.getdoc(method) or ""


def _sections(method: Any) -> Mapping[str, str]:
    """Sections of the docstring by their titles."""
    _, *parts = _SECTION.split(_doc(method))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _parameters(method: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    """Names of the parameters, with type and description of each."""
    section = _sections(method).get("Parameters", "")
    for entry in re.split(r"\n(?=\S)", section.strip("\n")):
        head, _, text = entry.partition("\n")
        names, _, kind = head.partition(" : ")
        for name in names.split(", "):
            yield name, (_plain(_DEFAULT.sub("", kind)), _plain(" ".join(text.split())))


def _has_fields(method: Any) -> bool:
    return dataclasses.is_dataclass(method)


def _default(parameter: inspect.Parameter, field: Any) -> str | None:
    if field is not None and field.default_factory is not dataclasses.MISSING:
        return _text(field.default_factory())
    return None if parameter.default is parameter.empty else _text(parameter.default)


def _text(value: Any, *, inner: bool = False) -> str:
    """A value as ``--set`` takes it."""
    if value is None or isinstance(value, bool):
        return str(value).casefold()
    if isinstance(value, Enum):
        return value.name.casefold()
    if isinstance(value, tuple | list):
        joined = ",".join(_text(part, inner=True) for part in value)
        return f"({joined})" if inner or not value else joined
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return snake_case(type(value).__name__)
    return str(value) or "''"


def _tries(declared: SearchRange | None) -> str:
    if isinstance(declared, Choices):
        return " | ".join(map(_text, declared.values))
    return "" if declared is None else str(declared)


def _plain(text: str) -> str:
    """Strip the docstring's markup."""
    text = re.sub(r":math:`(.*?)`", lambda match: match.group(1).replace("\\", ""), text)
    return text.replace("`", "").replace("\\", "")
