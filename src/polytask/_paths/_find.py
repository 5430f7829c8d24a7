"""A setting by its path or the end of it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from polytask._naming import fold
from polytask._paths._nodes import is_open
from polytask._paths._setting import Setting
from polytask.exceptions import UnknownNameError

__all__ = ["find", "unknown"]

_MOST_NAMED, _MOST_NEAR = 12, 3
_ALIKE, _NEARLY = 0.6, 0.15


def find(settings: Sequence[Setting], path: str, owner: str) -> Setting:
    """The setting that a path, or the end of a path, names.

    Parameters
    ----------
    settings : sequence of Setting
    path : str
    owner : str
        Whose settings they are, for errors.

    Raises
    ------
    UnknownNameError
        If there is none, or several; the sentence names those that are near.
    """
    exact = [setting for setting in settings if setting.path == path]
    matches = exact or [one for one in settings if one.path.endswith(f".{path}")]
    if len(matches) > 1:
        candidates = " or ".join(repr(setting.short) for setting in matches)
        sentence = f"{path!r} of {owner} may mean {candidates}. Write more of it."
        raise UnknownNameError(sentence)
    return matches[0] if matches else _option(settings, path, owner)


def _option(settings: Sequence[Setting], path: str, owner: str) -> Setting:
    """A name that a mapping of options does not hold yet."""
    parent, _, name = path.rpartition(".")
    if not parent:
        raise UnknownNameError(unknown(settings, path, owner))
    try:
        mapping = find(settings, parent, owner)
    except UnknownNameError as error:
        raise UnknownNameError(unknown(settings, path, owner)) from error
    if not is_open(mapping.value):
        raise UnknownNameError(_inside(settings, path, owner, mapping))
    return Setting(f"{mapping.path}.{name}", f"{mapping.short}.{name}", mapping.owner, None)


def _inside(settings: Sequence[Setting], path: str, owner: str, outer: Setting) -> str:
    """Why a setting has none inside it."""
    if outer.value is None:
        return f"{owner} has no {path!r}, since its {outer.short!r} is None. Set that, too."
    return unknown(settings, path, owner)


def unknown(settings: Sequence[Setting], path: str, owner: str) -> str:
    """The sentence on a path that names no setting, with those that it may have meant."""
    known = list(dict.fromkeys(setting.short for setting in settings))
    near = _near(path, known)
    if near:
        shown = " or ".join(map(repr, near))
        return f"{owner} has no setting named {path!r}. Did you mean {shown}?"
    listed = ", ".join(known[:_MOST_NAMED]) + ", …" * (len(known) > _MOST_NAMED)
    return (
        f"{owner} has no setting named {path!r}. {f'Known: {listed}.' if known else 'It has none.'}"
    )


def _near(path: str, known: Sequence[str]) -> list[str]:
    """The settings whose own name reads like that of the path, the nearest first."""
    scores = {name: (_likeness(_own(path), _own(name)), _likeness(path, name)) for name in known}
    best, _ = max(scores.values(), default=(0.0, 0.0))
    near = [name for name, (own, _) in scores.items() if own >= max(_ALIKE, best - _NEARLY)]
    return sorted(near, key=lambda name: scores[name], reverse=True)[:_MOST_NEAR]


def _own(path: str) -> str:
    return path.rpartition(".")[2]


def _likeness(path: str, name: str) -> float:
    return difflib.SequenceMatcher(None, fold(path), fold(name)).ratio()
