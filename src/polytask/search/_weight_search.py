"""Records of a search of task weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from polytask._files import sealed, unsealed, write_json
from polytask._plain import from_plain, read_json, to_plain
from polytask._reason import reason
from polytask.evaluation import Comparison
from polytask.exceptions import StudyError
from polytask.predictor import FittedPredictor

__all__ = ["WeightMember", "WeightSearch", "WeightTuning"]

_FORMAT = 1
_NAME = "weights.json"


@dataclass(frozen=True)
class WeightMember:
    """One network with task weights of its own.

    Attributes
    ----------
    number : int
        Member 0 has equal weights at first.
    round : int
        Of a population; 0 otherwise.
    weights : mapping of task to float
        They sum to the number of tasks.
    metrics : mapping of task to float or None
        Headline metrics on validation rows.
    gains : mapping of task to float or None
        Relative gain of primary tasks over the best constant, on validation rows; 1 is perfect for
        errors and areas.
    value : float or None
        Mean gain of primary tasks over the first member, each relative to the mean of both; None if
        there is no model.
    seconds : float
    failure : str
    parent : int or None
        The member of the round before whose weights and network it took over.
    """

    number: int
    round: int
    weights: Mapping[str, float]
    metrics: Mapping[str, float | None]
    gains: Mapping[str, float | None]
    value: float | None
    seconds: float = 0.0
    failure: str = ""
    parent: int | None = None


@dataclass(frozen=True)
class WeightSearch:
    """The members of one search, on one split.

    Attributes
    ----------
    learner : str
    fold : int
    metrics : mapping of task to str
        Headline metric of every primary task.
    constant : mapping of task to float or None
        Their values of the best constant on the validation rows.
    members : tuple of WeightMember
    chosen : int
        Position of the member whose weights are kept: the highest value of the last round.
    front : tuple of int
        Positions of the members that no other member dominates, by `WeightMember.gains`.
    objectives : tuple of str
        The primary tasks whose gains are defined for every member, which make the front.
    hypervolume, hypervolume_equal : float or None
        Volume between the constant and the front, and that of the first member, of equal weights,
        alone; None if it gave no model.
    """

    learner: str
    fold: int
    metrics: Mapping[str, str]
    constant: Mapping[str, float | None]
    members: tuple[WeightMember, ...]
    chosen: int
    front: tuple[int, ...] = ()
    objectives: tuple[str, ...] = ()
    hypervolume: float | None = None
    hypervolume_equal: float | None = None


@dataclass(frozen=True)
class WeightTuning:
    """The result of a search of task weights, and the comparison of what was kept.

    Attributes
    ----------
    method : {"random", "tpe", "population"}
    members, steps : int
        Networks that were trained on every split, and optimiser steps of each.
    rounds : int
        Of a population; 1 otherwise.
    seed : int
    searches : tuple of WeightSearch
        One per learner and split.
    comparison : Comparison or None
        The learner with the kept weights, as given, and its single-task self, on test rows; it lies
        beside this record, as ``comparison.json``.
    """

    method: str
    members: int
    steps: int
    rounds: int
    seed: int
    searches: tuple[WeightSearch, ...]
    comparison: Comparison | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def verdict(self) -> str:
        """The comparison's answer in words."""
        return self._judged.verdict

    @property
    def chosen(self) -> FittedPredictor:
        """The recommended model, fitted, as in `Comparison.chosen`."""
        return self._judged.chosen

    @property
    def _judged(self) -> Comparison:
        if self.comparison is None:
            sentence = (
                "This record of a search has no comparison beside it. Use WeightTuning.read on "
                "the folder given as `out`."
            )
            raise StudyError(sentence)
        return self.comparison

    def __str__(self) -> str:
        return "\n".join([*map(_sentence, self.searches), "", str(self._judged)])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"format": _FORMAT, **to_plain(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> WeightTuning:
        """Build what `to_dict` wrote.

        Raises
        ------
        StudyError
            If it is of another format, or no such record.
        """
        if values.get("format") != _FORMAT:
            sentence = (
                f"The search of weights has format {values.get('format')!r}, and this version "
                f"reads {_FORMAT}. Run it again."
            )
            raise StudyError(sentence)
        known = {name: value for name, value in values.items() if name not in {"format", "sha256"}}
        try:
            return from_plain(cls, known)
        except ValueError as error:
            raise StudyError(f"This is no record of a search of weights: {error}") from error

    @classmethod
    def read(cls, folder: str | Path, trusted: str | Collection[str] = ()) -> WeightTuning:
        """Read ``weights.json`` and ``comparison.json`` from the `out` folder of `tune_weights`.

        Parameters
        ----------
        folder : str or Path
        trusted : collection of str, optional
            Packages whose code the model may name, as in `polytask.load`.

        Raises
        ------
        StudyError
            If one is missing, damaged or of another format.
        """
        path = Path(folder) / _NAME
        if not path.is_file():
            raise StudyError(f"{path} is missing: the search has not ended, or is elsewhere.")
        try:
            values = unsealed(read_json(path))
        except (ValueError, AttributeError) as error:
            raise StudyError(
                f"{path} is damaged ({reason(error, named=False)}). Run the search again."
            ) from error
        return cls.from_dict(values).with_comparison(Comparison.read(folder, trusted))

    def write(self, folder: Path) -> None:
        """Write ``weights.json``, completely or not at all."""
        write_json(folder / _NAME, sealed(self.to_dict()), make_folder=False)

    def with_comparison(self, comparison: Comparison) -> WeightTuning:
        """Return a copy that holds the comparison."""
        tuning = replace(self)
        object.__setattr__(tuning, "comparison", comparison)
        return tuning


def _sentence(search: WeightSearch) -> str:
    """The weights that were kept, and how many members are on the front."""
    kept = search.members[search.chosen]
    weights = ", ".join(f"{task} {weight:.2f}" for task, weight in kept.weights.items())
    front = f"{len(search.front)} of {len(search.members)} members on the Pareto front"
    return f"{search.learner}: member {kept.number}: {weights}; {front}"
