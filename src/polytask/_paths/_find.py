"""Look-up of a setting by its path or the end of it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from polytask._naming import fold
from polytask._paths._nodes import is_open
from polytask._paths._setting import Setting
from polytask._validation import Constraint, MappingOf
from polytask.exceptions import ParameterError, UnknownNameError

__all__ = ["find", "near"]

_MOST_NAMED, _MOST_NEAR = 12, 3
_ALIKE, _NEARLY = 0.75, 0.15


def find(settings: Sequence[Setting], path: str, owner: str) -> Setting:
    """Find the setting that a path, or the end of a path, names.

    Parameters
    ----------
    settings : sequence of Setting
    path : str
    owner : str
        Whose settings they are, for errors.

    Raises
    ------
    UnknownNameError
        If there is none; the sentence names those that are near.
    ParameterError
        If there are several.
    """
    exact = [setting for setting in settings if setting.path == path]
    matches = exact or [setting for setting in settings if setting.path.endswith(f".{path}")]
    if len(matches) > 1:
        candidates = " or ".join(repr(setting.short) for setting in matches)
        sentence = f"{path!r} of {owner} may mean {candidates}. Write more of it."
        raise ParameterError(sentence)
    return matches[0] if matches else _option(settings, path, owner)


def _option(settings: Sequence[Setting], path: str, owner: str) -> Setting:
    """Setting of a name in a mapping of options, present or not."""
    parent, _, name = path.rpartition(".")
    if not parent:
        raise UnknownNameError(_unknown(settings, path, owner))
    try:
        mapping = find(settings, parent, owner)
    except UnknownNameError as error:
        raise UnknownNameError(_unknown(settings, path, owner)) from error
    if not is_open(mapping.value):
        raise UnknownNameError(_inside(settings, path, owner, mapping))
    here = f"{mapping.path}.{name}", f"{mapping.short}.{name}"
    return Setting(*here, mapping.owner, mapping.value.get(name), _of_each(mapping.constraint))


def _of_each(constraint: Constraint | None) -> Constraint | None:
    """Constraint of the values of a mapping."""
    return constraint.value if isinstance(constraint, MappingOf) else None


def _inside(settings: Sequence[Setting], path: str, owner: str, outer: Setting) -> str:
    """Sentence on why a setting has no settings inside it."""
    if outer.value is None:
        return f"{owner} has no {path!r}, since its {outer.short!r} is None. Set that, too."
    return _unknown(settings, path, owner)


def _unknown(settings: Sequence[Setting], path: str, owner: str) -> str:
    return f"{owner} has no setting named {path!r}. {near(settings, path)}"


def near(settings: Sequence[Setting], path: str) -> str:
    """Remedy for a path that names no setting: similar settings, else neighbours, else all."""
    known = list(dict.fromkeys(setting.short for setting in settings))
    meant = _meant(path, known)
    if meant:
        return f"Did you mean {' or '.join(map(repr, meant))}?"
    owner = path.rpartition(".")[0]
    known = [name for name in known if owner and name.startswith(f"{owner}.")] or sorted(
        known, key=lambda name: name.count(".")
    )
    if not known:
        return "There are none."
    return f"Known: {', '.join(known[:_MOST_NAMED])}{', …' * (len(known) > _MOST_NAMED)}."


def _meant(path: str, known: Sequence[str]) -> list[str]:
    """Settings whose last name is similar to that of the path, the most similar first."""
    scores = {name: (_likeness(_own(path), _own(name)), _likeness(path, name)) for name in known}
    best, _ = max(scores.values(), default=(0.0, 0.0))
    alike = [name for name, (own, _) in scores.items() if own >= max(_ALIKE, best - _NEARLY)]
    return sorted(alike, key=lambda name: scores[name], reverse=True)[:_MOST_NEAR]


def _own(path: str) -> str:
    return path.rpartition(".")[2]


def _likeness(path: str, name: str) -> float:
    return difflib.SequenceMatcher(None, fold(path), fold(name)).ratio()
