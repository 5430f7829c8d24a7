"""Base class of the records of searches that end in a comparison."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from polytask._files import sealed, write_json
from polytask._plain import from_plain, to_plain
from polytask.evaluation import Comparison
from polytask.evaluation._read_sealed import read_sealed
from polytask.exceptions import StudyError
from polytask.predictor import FittedPredictor

__all__ = ["StudyRecord"]

_FORMAT = 1
Record = TypeVar("Record", bound="StudyRecord")


@dataclass(frozen=True)
class StudyRecord:
    """A record with the comparison that a search ends in, which lies beside it in a folder.

    Attributes
    ----------
    file_name : str
    what : str
        What was carried out, in errors.
    comparison : Comparison or None
        The learners that were found, on test rows; it lies beside this record, as
        ``comparison.json``.
    """

    file_name: ClassVar[str]
    what: ClassVar[str]

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
                f"This record of a {self.what} has no comparison beside it. Use "
                f"{type(self).__name__}.read on the folder given as `out`."
            )
            raise StudyError(sentence)
        return self.comparison

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"format": _FORMAT, **to_plain(self)}

    @classmethod
    def from_dict(cls: type[Record], values: Mapping[str, Any]) -> Record:  # noqa: PYI019 - beartype does not know Self
        """Build what `to_dict` wrote.

        Raises
        ------
        StudyError
            If it is of another format, or no such record.
        """
        if values.get("format") != _FORMAT:
            sentence = (
                f"The {cls.what} has format {values.get('format')!r}, and this version reads "
                f"{_FORMAT}. Run it again."
            )
            raise StudyError(sentence)
        known = {name: value for name, value in values.items() if name not in {"format", "sha256"}}
        try:
            return from_plain(cls, known)
        except ValueError as error:
            raise StudyError(f"This is no record of a {cls.what}: {error}") from error

    @classmethod
    def read(  # noqa: PYI019 - beartype does not know Self
        cls: type[Record], folder: str | Path, trusted: str | Collection[str] = ()
    ) -> Record:
        """Read the record and ``comparison.json`` from the folder that was given as `out`.

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
        values = read_sealed(Path(folder) / cls.file_name, cls.what)
        return cls.from_dict(values).with_comparison(Comparison.read(folder, trusted))

    def write(self, folder: Path) -> None:
        """Write the record, completely or not at all."""
        write_json(folder / self.file_name, sealed(self.to_dict()), make_folder=False)

    def with_comparison(self: Record, comparison: Comparison) -> Record:  # noqa: PYI019 - the same
        """Return a copy that holds the comparison."""
        record = replace(self)
        object.__setattr__(record, "comparison", comparison)
        return record
