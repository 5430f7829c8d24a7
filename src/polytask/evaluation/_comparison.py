"""The result of a comparison."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from polytask._listing import first_names
from polytask._plain import from_plain, to_plain
from polytask._trust import checked_trust
from polytask.evaluation._read_sealed import read_sealed
from polytask.evaluation.judging import LearnerDifference, LearnerRow, Recommendation, Verdict
from polytask.evaluation.wording._chosen_settings import chosen_settings
from polytask.evaluation.wording._found_structures import found_structures
from polytask.evaluation.wording._frame import as_frame
from polytask.evaluation.wording._html import as_html
from polytask.evaluation.wording._terminal_table import plain_table, rich_table
from polytask.exceptions import StudyError
from polytask.predictor import FittedPredictor, load

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Comparison"]

_FORMAT = 2
_OF_THE_FILE = frozenset({"format", "files", "sha256"})


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison: plain values that go through JSON, and the model to use.

    Attributes
    ----------
    versions : mapping of package to version
    study : mapping
        Data, split, runs, budget, tasks and how intervals were made.
    baseline : str
        The learner against which Δm of the table is taken.
    learners : tuple of LearnerRow
    differences : tuple of LearnerDifference
        Each joint learner against its single-task self.
    judgement : Verdict
        From test rows.
    recommended : Recommendation
        From validation rows alone.
    warnings : tuple of str
    twins : tuple of LearnerDifference
        Each joint network against its twin, where twins take part.
    seconds : float
        Wall-clock seconds of the comparison, without runs that were read back.
    model : FittedPredictor or None
        The recommended model, where it is held in memory.
    folder : Path or None
        The folder given as `out`, which holds the saved model.
    remarks : tuple of str
        Sentences on how this process ran it, such as fewer workers than `jobs`; in no file.
    trusted : tuple of str
        Packages whose code the saved model may name.
    """

    versions: Mapping[str, str]
    study: Mapping[str, Any]
    baseline: str
    learners: tuple[LearnerRow, ...]
    differences: tuple[LearnerDifference, ...]
    judgement: Verdict
    recommended: Recommendation
    warnings: tuple[str, ...] = ()
    twins: tuple[LearnerDifference, ...] = ()
    seconds: float = 0.0
    model: FittedPredictor | None = field(default=None, init=False, repr=False, compare=False)
    folder: Path | None = field(default=None, init=False, repr=False, compare=False)
    remarks: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)
    trusted: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)

    @property
    def verdict(self) -> str:
        """The answer in words."""
        return "\n".join([self.judgement.headline, *self.judgement.sentences])

    @property
    def chosen_settings(self) -> str:
        """Settings and thresholds chosen on validation rows, per learner; empty if there was no choice."""
        return chosen_settings(self.to_dict())

    @property
    def found_structures(self) -> str:
        """Which tasks share what, per learner that searched for it; empty if none did."""
        return found_structures(self.to_dict())

    @property
    def notes(self) -> tuple[str, ...]:
        """Decisions made on the data and its split, and limits of the verdict."""
        return (*self.study["data"]["notes"], *self.remarks, *self.warnings)

    @property
    def chosen(self) -> FittedPredictor:
        """The recommended model, fitted.

        Raises
        ------
        StudyError
            If nothing is recommended, or the comparison was rebuilt without the folder that holds
            the model.
        """
        if self.recommended.learner is None:
            why = self.recommended.why.removeprefix("none: ")
            raise StudyError(f"There is no model to use: {why}")
        if self.model is not None:
            return self.model
        if self.folder is None or self.recommended.model is None:
            sentence = (
                "The model of this comparison was not kept. "
                "Use Comparison.read on the folder given as `out`."
            )
            raise StudyError(sentence)
        return load(self.folder / self.recommended.model, self.trusted)

    def table(self) -> Table:
        """Learners and their results as a `rich` table."""
        return rich_table(self.to_dict())

    def plain_table(self) -> str:
        """Learners and their results as plain text."""
        return plain_table(self.to_dict())

    def to_frame(self) -> pl.DataFrame:
        """Values on test rows with their intervals: one row per learner, task and metric."""
        return as_frame(self.to_dict())

    def __str__(self) -> str:
        notes = [f"note: {note}" for note in self.notes]
        table = [self.plain_table(), *filter(None, [self.chosen_settings, self.found_structures])]
        return "\n".join([*table, "", self.verdict, *notes])

    def __repr__(self) -> str:
        names = first_names((learner.name for learner in self.learners), 6)
        return f"Comparison({names}; to use: {self.recommended.learner}; print shows the table)"

    def _repr_html_(self) -> str:
        verdict = [self.judgement.headline, *self.judgement.sentences]
        return as_html(self.to_dict(), verdict, self.notes, self.chosen_settings)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = to_plain(self)
        values["verdict"] = values.pop("judgement")
        return {"format": _FORMAT, **values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Comparison:
        """Build what `to_dict` wrote.

        Raises
        ------
        StudyError
            If the format is not one that this version reads.
        """
        if values.get("format") != _FORMAT:
            sentence = (
                f"The comparison has format {values.get('format')!r}, and this version reads "
                f"{_FORMAT}. Run it again."
            )
            raise StudyError(sentence)
        renamed = {
            {"verdict": "judgement"}.get(k, k): v
            for k, v in values.items()
            if k not in _OF_THE_FILE
        }
        try:
            comparison = from_plain(cls, renamed)
        except ValueError as error:
            raise StudyError(f"This is no record of a comparison: {error}") from error
        if comparison.recommended.model not in {None, "model"}:
            raise StudyError("The model of a comparison lies beside its record, in `model`.")
        return comparison

    @classmethod
    def read(cls, folder: str | Path, trusted: str | Collection[str] = ()) -> Comparison:
        """Read ``comparison.json`` from the `out` folder of `compare`.

        Parameters
        ----------
        folder : str or Path
        trusted : collection of str, optional
            Packages whose code the model may name, as in `polytask.load`.

        Raises
        ------
        StudyError
            If it is missing, damaged or of another format.
        """
        path = Path(folder) / "comparison.json"
        values = read_sealed(path, "comparison", but="seconds")
        comparison = cls.from_dict(values).kept(folder=Path(folder))
        object.__setattr__(comparison, "trusted", checked_trust(trusted, "Comparison.read"))
        return comparison

    def kept(
        self,
        *,
        folder: Path | None = None,
        model: FittedPredictor | None = None,
        remarks: Sequence[str] = (),
    ) -> Comparison:
        """Return a copy that holds its model, or its model's folder, and remarks on the run."""
        comparison = replace(self)
        object.__setattr__(comparison, "folder", folder)
        object.__setattr__(comparison, "model", model)
        object.__setattr__(comparison, "remarks", tuple(remarks))
        return comparison
