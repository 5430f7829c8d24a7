"""Settings of one trial, proposed one after another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from polytask._paths import find, setting_text
from polytask.evaluation import grid
from polytask.evaluation.running._recorded_settings import recorded_settings
from polytask.evaluation.running._trials import tuned_ranges
from polytask.learners import Learner
from polytask.ranges import Range, SearchRange
from polytask.search._search_space import SearchSpace

if TYPE_CHECKING:
    from optuna.trial import Trial

__all__ = [
    "described_space",
    "first_settings",
    "proposed",
    "short_settings",
    "stored_name",
    "stored_values",
]

FIRST = 3
"""Trials that begin a search: as many points of the small grid as a comparison tries."""

_LONGEST = 200


def proposed(
    trial: Trial,
    space: SearchSpace,
    before: Callable[[str], None],
    given: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Settings of a trial by full path, outer ones first.

    A setting inside another that is tried as well exists only for some of its values.

    Parameters
    ----------
    trial : optuna.trial.Trial
    space : SearchSpace
    before : callable
        Receives the name under which Optuna stores each setting, before it is drawn.
    given : mapping of path to value, optional
        Values that are taken as they are, also those outside their ranges; where it is given, the
        recipe's own values stand for the others.
    """
    settings: dict[str, Any] = {}
    learner = space.learner
    own = space.ranges_of(learner)
    while True:
        ranges = space.ranges_of(learner)
        path = next((path for path in ranges if path not in settings), None)
        if path is None:
            return settings
        name = stored_name(path, ranges[path], own.get(path))
        before(name)
        value = _suggested(trial, name, ranges[path])
        settings[path] = value if given is None else given.get(path, ranges[path].default)
        learner = space.learner.configured(settings)


def stored_name(path: str, searched: SearchRange, own: SearchRange | None) -> str:
    """Name of a setting in Optuna's storage, where each name has one range.

    A setting that other recipes have with other ranges has a digest of its range after its path.
    """
    signature = _signature(searched)
    if own is not None and signature == _signature(own):
        return path
    return f"{path} ({hashlib.sha256(signature.encode()).hexdigest()[:6]})"


def first_settings(space: SearchSpace) -> list[dict[str, Any]]:
    """Settings of the first trials by full path: the recipe's own, then a comparison's small grid.

    Points of the grid beyond the ranges that are searched are left out.
    """
    learner, ranges = space.learner, space.ranges_of(space.learner)
    own = {path: searched.default for path, searched in ranges.items()}
    known = learner.settings()
    tuned = {
        find(known, path, learner.name).path: searched
        for path, searched in tuned_ranges(learner).items()
    }
    searched = {path: tuned[path] for path in tuned if path in ranges}
    points = [{**own, **point} for point in grid(searched, FIRST)] if searched else [own]
    inside = [
        point
        for point in points[1:]
        if all(_holds(ranges[path], point[path]) for path in searched if point[path] != own[path])
    ]
    return [own, *inside]


def stored_values(space: SearchSpace, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as Optuna stores them, moved to the nearest end of their ranges."""
    ranges = space.ranges_of(space.learner)
    return {path: _stored(ranges[path], value) for path, value in settings.items()}


def _holds(searched: SearchRange, value: Any) -> bool:
    if isinstance(searched, Range):
        return searched.fits(value) and searched.low <= value <= searched.high
    return value in searched.examples()


def short_settings(learner: Learner, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a record holds them: by their short paths, recipes by their names."""
    known = learner.settings()
    short = {find(known, path, learner.name).short: value for path, value in settings.items()}
    return recorded_settings(short)


def described_space(space: SearchSpace) -> dict[str, str]:
    """Ranges of a space as text, by full path."""
    return {path: _signature(r) for path, r in space.ranges_of(space.learner).items()}


def _signature(searched: SearchRange) -> str:
    if isinstance(searched, Range):
        kind = "whole" if _is_whole(searched) else "real"
        return f"{kind} {searched.low!r} {searched.high!r} {searched.log}"
    return " | ".join(_labels(searched))


def _suggested(trial: Trial, name: str, searched: SearchRange) -> Any:
    if isinstance(searched, Range):
        if _is_whole(searched):
            return trial.suggest_int(name, int(searched.low), int(searched.high), log=searched.log)
        return trial.suggest_float(name, searched.low, searched.high, log=searched.log)
    values = _labels(searched)
    return values[trial.suggest_categorical(name, list(values))]


def _is_whole(searched: Range) -> bool:
    values = (searched.low, searched.high, searched.default)
    return searched.integer or all(type(value) is int for value in values)


def _stored(searched: SearchRange, value: Any) -> Any:
    if isinstance(searched, Range):
        return min(max(value, searched.low), searched.high)
    return setting_text(value, _LONGEST)


def _labels(searched: SearchRange) -> dict[str, Any]:
    """Choices by their texts, which Optuna stores, in an order that no default changes."""
    pairs = ((setting_text(value, _LONGEST), value) for value in searched.examples())
    return dict(sorted(pairs, key=lambda pair: pair[0]))
