"""Format of text files, for all tables or by source, from `--separator` and its siblings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from polytask.exceptions import ParameterError

__all__ = ["by_source", "text_format"]

_BY_SOURCE = ("names", "separator", "decimal")


def text_format(options: Mapping[str, Any], sources: Collection[str]) -> dict[str, Any]:
    """The options of reading that are given, by source where they name some.

    Parameters
    ----------
    options : mapping of option to value
        As `polytask.data.open_sources` takes them; `names`, `separator` and `decimal` as lists of
        ``[SOURCE=]VALUE``.
    sources : collection of str
        Names of all sources.
    """
    own = {name: by_source(name, options[name], sources) for name in _BY_SOURCE}
    others = {name: value for name, value in options.items() if name not in own}
    return {**others, **{name: value for name, value in own.items() if value is not None}}


def by_source(option: str, texts: Sequence[str], sources: Collection[str]) -> Any:
    """Parse ``[SOURCE=]VALUE``: one value for all, or by source, with None for the others.

    What stands before ``=`` and is no source belongs to the value.

    Examples
    --------
    >>> from polytask.cli._text_format import by_source
    >>> by_source("separator", ["red=;"], ["red", "white"]), by_source("separator", [";"], ["red"])
    ({'red': ';'}, ';')
    """
    common: list[str] = []
    own: dict[str | None, str] = {}
    for text in texts:
        source, equals, value = text.partition("=")
        if not (equals and source in sources):
            common.append(text)
        elif source in own:
            raise ParameterError(f"--{option} is given twice for source {source!r}. Give it once.")
        else:
            own[source] = value
    if len(common) > 1 and (own or option != "names"):  # a study file lists names of columns
        shown = " and ".join(map(repr, common))
        sentence = (
            f"--{option} is given twice, {shown}. Give it once, or once per source: SOURCE=VALUE."
        )
        raise ParameterError(sentence)
    of_all: Any = common if len(common) > 1 else next(iter(common), None)
    if not own:
        return of_all
    return own if of_all is None else {**own, None: of_all}
