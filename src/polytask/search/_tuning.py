"""The result of a tuning."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from polytask._files import sealed, unsealed, write_json
from polytask._plain import from_plain, read_json, to_plain
from polytask._reason import reason
from polytask.evaluation import Comparison
from polytask.exceptions import StudyError
from polytask.predictor import FittedPredictor

__all__ = ["TunedLearner", "TunedTrial", "Tuning"]

_FORMAT = 1
_NAME = "tuning.json"


@dataclass(frozen=True)
class TunedTrial:
    """One trial: settings, and what validation rows say of them.

    Attributes
    ----------
    number : int
        Trial 0 is the recipe as it was given.
    settings : mapping of path to value
        Recipes by their names.
    value : float or None
        Mean gain of the primary tasks' headline metrics over the first trial that gave a model, at
        the trial's own steps, each relative to the mean of both values; a mean over folds.
    steps : int
        Of its longest run.
    state : {"complete", "pruned", "failed"}
    seconds : float
        Fitting of all its runs.
    tasks : tuple of str
        The tasks for which it was kept.
    failure : str
    interruptions : int
        How often a process ended before the trial did; it was run again.
    """

    number: int
    settings: Mapping[str, Any]
    value: float | None
    steps: int
    state: Literal["complete", "pruned", "failed"]
    seconds: float
    tasks: tuple[str, ...] = ()
    failure: str = ""
    interruptions: int = 0


@dataclass(frozen=True)
class TunedLearner:
    """All trials of one learner on one split.

    Attributes
    ----------
    learner : str
    joint : bool
    fold : int
    seed : int
        Of its runs.
    ranges : mapping of path to str
        What was searched; empty for a learner that declares no ranges, which is run as it is.
    trials : tuple of TunedTrial
    importance : mapping of path to float
        Share of the variance of the values that each setting explains; empty with few trials.
    """

    learner: str
    joint: bool
    fold: int
    seed: int
    ranges: Mapping[str, str]
    trials: tuple[TunedTrial, ...]
    importance: Mapping[str, float] = field(default_factory=dict)

    @property
    def best(self) -> TunedTrial | None:
        """The complete trial of the highest value; ties go to the earlier one."""
        complete = [trial for trial in self.trials if trial.state == "complete"]
        return max(complete, key=lambda trial: trial.value or 0.0) if complete else None


@dataclass(frozen=True)
class Tuning:
    """The result of a tuning: trials, and the comparison of the tuned learners.

    Attributes
    ----------
    sampler : str
    pruner : str or None
    folds : int
        Inner folds that choose settings; with 1, the validation rows of the split.
    seed : int
    trials, steps : int
        Trials of every learner on every split, and steps of a run in full.
    metrics : mapping of task to str
        Names of the primary tasks' headline metrics, of which values are made.
    learners : tuple of TunedLearner
        One per learner and split.
    comparison : Comparison or None
        The tuned learners on test rows; it lies beside this record, as ``comparison.json``.
    """

    sampler: str
    pruner: str | None
    folds: int
    seed: int
    trials: int
    steps: int
    metrics: Mapping[str, str]
    learners: tuple[TunedLearner, ...]
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
                "This record of a tuning has no comparison beside it. Use Tuning.read on the "
                "folder given as `out`."
            )
            raise StudyError(sentence)
        return self.comparison

    def __str__(self) -> str:
        return "\n".join([*map(_sentence, self.learners), "", str(self._judged)])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"format": _FORMAT, **to_plain(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Tuning:
        """Build what `to_dict` wrote.

        Raises
        ------
        StudyError
            If it is of another format, or no such record.
        """
        if values.get("format") != _FORMAT:
            sentence = (
                f"The tuning has format {values.get('format')!r}, and this version reads "
                f"{_FORMAT}. Run it again."
            )
            raise StudyError(sentence)
        known = {name: value for name, value in values.items() if name not in {"format", "sha256"}}
        try:
            return from_plain(cls, known)
        except ValueError as error:
            raise StudyError(f"This is no record of a tuning: {error}") from error

    @classmethod
    def read(cls, folder: str | Path, trusted: str | Collection[str] = ()) -> Tuning:
        """Read ``tuning.json`` and ``comparison.json`` from the `out` folder of `tune`.

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
            raise StudyError(f"{path} is missing: the tuning has not ended, or is elsewhere.")
        try:
            values = unsealed(read_json(path))
        except (ValueError, AttributeError) as error:
            raise StudyError(
                f"{path} is damaged ({reason(error, named=False)}). Run the tuning again."
            ) from error
        return cls.from_dict(values).with_comparison(Comparison.read(folder, trusted))

    def write(self, folder: Path) -> None:
        """Write ``tuning.json``, completely or not at all."""
        write_json(folder / _NAME, sealed(self.to_dict()), make_folder=False)

    def with_comparison(self, comparison: Comparison) -> Tuning:
        """Return a copy that holds the comparison of the tuned learners."""
        tuning = replace(self)
        object.__setattr__(tuning, "comparison", comparison)
        return tuning


def _sentence(tuned: TunedLearner) -> str:
    """What was kept of one learner's trials."""
    best = tuned.best
    if best is None or not tuned.ranges:
        return f"{tuned.learner}: {'no trial gave a model' if best is None else 'as it is'}"
    settings = ", ".join(f"{path} = {_written(value)}" for path, value in best.settings.items())
    return f"{tuned.learner}: trial {best.number} of {len(tuned.trials)}: {settings}"


def _written(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
