"""Settings for the format of a table and the roles of its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from polytask.cli._setting_types import Expected, Switch
from polytask.exceptions import ParameterError

__all__ = ["ReadingSettings", "column_roles"]

_COLUMN = Expected("text, a list of texts, or a mapping of column to role")
_MISSING = Expected("a cell, a list of cells, or a mapping of column to cells")
_NAMES = Expected("text, a list of texts, or a mapping of source to names")
_FORMAT = Expected("text, or a mapping of source to text")
_ROLE = re.compile(r"(.+?):(date=.*)|(.+):([^:]+)")


def _listed(mark: str) -> BeforeValidator:
    """A list of words; one needs no brackets, and a mapping becomes words with `mark` within."""

    def validate(value: Any) -> Any:
        if isinstance(value, Mapping):
            return [
                f"{name}{mark}{_written(item)}"
                for name, items in value.items()
                for item in _items(items)
            ]
        return [_written(item) for item in _items(value)]

    return BeforeValidator(validate)


def _format_by_source(value: Any) -> list[str]:
    """A list of texts; of a mapping of source to them ``SOURCE=TEXT,TEXT``."""
    if isinstance(value, Mapping):
        return [f"{name}={','.join(map(_text, _items(own)))}" for name, own in value.items()]
    return [_text(item) for item in _items(value)]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _written(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("neither text nor a number")
    return str(value)


class ReadingSettings(BaseModel):
    """Format of a table and roles of its columns."""

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True)

    column: Annotated[list[str], _listed(":"), _COLUMN] = []
    missing: Annotated[list[str], _listed("="), _MISSING] = []
    names: Annotated[list[str], BeforeValidator(_format_by_source), _NAMES] = []
    no_header: Switch = False
    separator: Annotated[list[str], BeforeValidator(_format_by_source), _FORMAT] = []
    decimal: Annotated[list[str], BeforeValidator(_format_by_source), _FORMAT] = []

    def reading(self) -> dict[str, Any]:
        """The arguments of `polytask.data.open_table`."""
        return {
            "columns": column_roles(self.column),
            "missing": self.missing,
            "names": self.names,
            "no_header": self.no_header,
            "separator": self.separator,
            "decimal": self.decimal,
        }


def column_roles(texts: list[str]) -> dict[str, str]:
    """Split ``NAME:ROLE`` into a mapping of name to role; names may hold colons.

    Examples
    --------
    >>> from polytask.cli._reading_settings import column_roles
    >>> column_roles(["code:categorical", "when:date=%d/%m/%Y %H:%M"])
    {'code': 'categorical', 'when': 'date=%d/%m/%Y %H:%M'}
    """
    roles = {}
    for text in texts:
        parts = _ROLE.fullmatch(text)
        if parts is None:
            sentence = (
                f"The column {text!r} names no role. Write NAME:ROLE, such as code:categorical."
            )
            raise ParameterError(sentence)
        name, role = parts[1] or parts[3], parts[2] or parts[4]
        roles[name] = role
    return roles
