"""The settings of a learner that a tuning tries, and their ranges."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from polytask._listing import enumerated
from polytask._naming import suggestion
from polytask._paths import Setting, Written, find
from polytask._validation import message
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.learners import Learner
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["SearchSpace", "check_paths"]

_LEFT_OUT = {
    "activation",
    "batch_size",
    "clip_norm",
    "initializer",
    "l1",
    "normalization",
    "optimizer",
    "scheduler",
}
"""Settings that are tried only by name: each costs trials, and most matter less than the others."""


@dataclass(frozen=True)
class SearchSpace:
    """The settings of a learner that a tuning tries.

    Parameters
    ----------
    learner : Learner
    paths : sequence of str, optional
        Patterns of the declared ranges that are searched, ``"*"`` for all; by default those of
        architecture, encoder, balancing, learning rate and weight decay.
    ranges : mapping of path to SearchRange or sequence, default {}
        Ranges in place of the declared ones, or of settings that declare none; texts are read as
        on the command line. Settings that the learner does not have are left out.

    Examples
    --------
    >>> from polytask.learners.names import resolve_learner
    >>> from polytask.search._search_space import SearchSpace
    >>> space = SearchSpace(resolve_learner("mmoe"), paths=("n_experts", "trainer.learn*"))
    >>> [(path, str(searched)) for path, searched in space.ranges_of(space.learner).items()]
    [('architecture.n_experts', '2 | 4 | 8 | 16'), ('trainer.learning_rate', '1e-05 to 0.1 (log)')]
    """

    learner: Learner
    paths: Sequence[str] | None = None
    ranges: Mapping[str, SearchRange | Sequence[Any]] = field(default_factory=dict)

    def ranges_of(self, learner: Learner) -> dict[str, SearchRange]:
        """Ranges by full path, outer settings before those inside them.

        Parameters
        ----------
        learner : Learner
            This space's own, or the same with some settings replaced: another encoder has other
            settings.
        """
        known = learner.settings()
        declared: dict[str, SearchRange] = {}
        for short, searched in learner.search_space().items():
            setting = find(known, short, learner.name)
            if self._is_searched(setting, declared):
                declared[setting.path] = searched
        given = self._given(learner, known)
        order = {setting.path: position for position, setting in enumerate(known)}
        both = {**declared, **given}
        return dict(sorted(both.items(), key=lambda pair: order[pair[0]]))

    def _is_searched(self, setting: Setting, outer: Collection[str]) -> bool:
        """Whether a declared range is searched; by default none inside a recipe that is chosen."""
        if self.paths is None:
            if setting.short in (self.learner.tuned or ()):
                return True
            inside = any(setting.path.startswith(f"{path}.") for path in outer)
            return not inside and setting.path.rpartition(".")[2] not in _LEFT_OUT
        return any(matches(setting.path, pattern) for pattern in self.paths)

    def _given(self, learner: Learner, known: Sequence[Setting]) -> dict[str, SearchRange]:
        given = {}
        for path, wanted in self.ranges.items():
            try:
                setting = find(known, path, learner.name)
            except UnknownNameError:
                continue
            if setting.path == learner.named_by and not self.learner.joint:
                continue  # another architecture would no longer be the single-task baseline
            given[setting.path] = _range_at(setting, wanted, learner)
        return given


def matches(path: str, pattern: str) -> bool:
    """Whether a pattern, with ``*`` for any text, fits a full path or the end of one."""
    parts = path.split(".")
    return any(fnmatchcase(".".join(parts[first:]), pattern) for first in range(len(parts)))


def _range_at(
    setting: Setting, wanted: SearchRange | Sequence[Any], learner: Learner
) -> SearchRange:
    """A range around the recipe's own value, which is one of the choices."""
    if isinstance(wanted, Range):
        _check_number(setting, wanted, learner)
        return wanted.at(setting.value)
    values = wanted.examples() if isinstance(wanted, SearchRange) else tuple(wanted)
    read = []
    for value in values:
        text = Written(value) if isinstance(value, str) else value
        changed = learner.configured({setting.path: text})
        _check_shares(setting, value, learner, changed)
        own = find(changed.settings(), setting.path, learner.name).value
        if own not in read:
            read.append(own)
    return Choices(tuple(read)).at(setting.value)


def _check_number(setting: Setting, wanted: Range, learner: Learner) -> None:
    """Refuse a range of numbers for a setting that holds none, and ends that its owner refuses."""
    if not isinstance(setting.value, int | float) or isinstance(setting.value, bool):
        expected = "a list of values, since the setting holds no number"
        raise ParameterError(message(learner.name, setting.short, expected, str(wanted)))
    for end in (wanted.low, wanted.high):
        learner.configured({setting.path: end})


def _check_shares(setting: Setting, value: Any, learner: Learner, changed: Learner) -> None:
    if learner.joint and not changed.joint:
        text = value.text if isinstance(value, Written) else value
        expected = "choices in which tasks share something"
        remedy = "The single-task baseline is tuned in any case."
        raise ParameterError(message(learner.name, setting.short, expected, text, remedy))


def check_paths(spaces: Iterable[SearchSpace]) -> None:
    """Refuse patterns and paths that name no setting of any learner, and learners without ranges.

    Raises
    ------
    UnknownNameError
        If a pattern fits no declared range, or a path names no setting.
    ParameterError
        If no learner has a range.
    """
    spaces = list(spaces)
    first = spaces[0]
    for pattern in first.paths or ():
        declared = {
            setting.short: setting.path
            for space in spaces
            for setting in space.learner.settings()
            if setting.short in space.learner.search_space()
        }
        if not any(matches(path, pattern) for path in declared.values()):
            names = enumerated(dict.fromkeys(space.learner.name for space in spaces))
            sentence = (
                f"No search range of {names} fits {pattern!r}. {suggestion(pattern, declared)} "
                "Give PATH=LOW:HIGH or PATH=VALUE,VALUE for a setting that declares none."
            )
            raise UnknownNameError(sentence)
    for path in first.ranges:
        errors = []
        for space in spaces:
            try:
                find(space.learner.settings(), path, space.learner.name)
            except UnknownNameError as error:
                errors.append(error)
        if len(errors) == len(spaces):
            raise errors[0]
    if not any(space.ranges_of(space.learner) for space in spaces):
        names = enumerated(dict.fromkeys(space.learner.name for space in spaces))
        sentence = (
            f"There is nothing to tune: {names} declare{'s' * (len(spaces) == 1)} no search range. "
            "Give `ranges`, or compare them as they are."
        )
        raise ParameterError(sentence)
