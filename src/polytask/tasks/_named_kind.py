"""Kinds by their names, with a text after the name where the kind takes one."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from polytask._naming import fold, public_classes, resolve
from polytask.exceptions import ParameterError
from polytask.tasks._kind import Kind

__all__ = ["named_kind", "takes_text"]

_ROOM = "polytask.tasks"


def named_kind(text: str) -> Kind:
    """The kind that a text means: ``binary``, ``NAME:TEXT`` or one's own, ``module:Class``.

    Parameters
    ----------
    text : str
        What follows the name of a kind that takes a text is parsed by its `from_text`, and never
        evaluated.

    Raises
    ------
    ParameterError
        If the kind takes no text, or not this one.
    UnknownNameError
        If there is no kind of that name.

    Examples
    --------
    >>> from polytask.tasks._named_kind import named_kind
    >>> named_kind("binary")
    Binary(positive=None)
    """
    name, colon, rest = text.partition(":")
    kind = _public(name) if colon else None
    if kind is not None and kind.takes_text:
        return kind.from_text(rest.strip())
    if kind is not None and name.isidentifier() and find_spec(name) is None:
        sentence = f"The kind {kind.name} takes no text. Got {text!r}; write {kind.name}."
        raise ParameterError(sentence)
    found: Any = resolve(text, _ROOM, "kind of task", Kind, imports=True)
    own: Kind = found()
    return own


def takes_text(word: str) -> bool:
    """Whether a word names a public kind that takes a text after its name.

    Examples
    --------
    >>> from polytask.tasks import takes_text
    >>> takes_text("binary"), takes_text("my_column")
    (False, False)
    """
    kind = _public(word)
    return kind is not None and kind.takes_text


def _public(word: str) -> type[Kind] | None:
    """The public class of that name, or None."""
    for name, kind in public_classes(_ROOM, Kind).items():
        if fold(name) == fold(word):
            return kind
    return None
