"""The record of a finished training in a folder, checked when it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polytask._files import unsealed
from polytask._plain import from_plain, read_json
from polytask._reason import reason
from polytask.bookkeeping import History
from polytask.exceptions import StudyError

__all__ = ["KEY_LENGTH", "Dependencies", "TrainingRecord", "record_paths"]

KEY_LENGTH = 24
"""Letters of the names of files, hexadecimal."""

_OURS = re.compile(rf"[0-9a-f]{{{KEY_LENGTH}}}\.json")
_BESIDE = re.compile(r"answers\.safetensors|scores\.safetensors|[0-9]+\.model")
_MOST = 1e15
"""Steps or seconds of a training, so that their sums are numbers."""


@dataclass(frozen=True)
class Dependencies:
    """What a training depends on: data, learner, budget and versions, and its rows."""

    data: str
    about: Any
    rows: str


@dataclass(frozen=True)
class TrainingRecord:
    """Groups of one job with what lies beside the record, or the history of an observed training.

    Attributes
    ----------
    spec : Dependencies
    groups : tuple of tuple of str
    models : tuple of (int or None), optional
        The position under which each group's model lies; groups may have one in common.
    steps : tuple of int
        Of each group.
    seconds : tuple of float
        Of each group.
    files : mapping of str to str
        Digests by the endings of names.
    history : History or None
    """

    spec: Dependencies
    groups: tuple[tuple[str, ...], ...] = ()
    models: tuple[int | None, ...] = ()
    steps: tuple[int, ...] = ()
    seconds: tuple[float, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    history: History | None = None

    def __post_init__(self) -> None:
        if not len(self.groups) == len(self.models) == len(self.steps) == len(self.seconds):
            raise ValueError("groups, models, steps and seconds are not equally many")
        if not all(0 <= number <= _MOST for number in (*self.steps, *self.seconds)):
            raise ValueError("steps or seconds are out of range")
        if not all(map(_BESIDE.fullmatch, self.files)):
            raise ValueError("it names files that no training writes")

    @classmethod
    def read(cls, path: Path) -> TrainingRecord:
        """Read a record as it was written.

        Raises
        ------
        ValueError
            If it is damaged, or no record.
        StudyError
            If the file cannot be read.
        """
        try:
            return from_plain(cls, unsealed(read_json(path)))
        except OSError as error:
            sentence = f"{path} cannot be read: {reason(error, named=False)}."
            raise StudyError(sentence) from error


def record_paths(runs: Path) -> list[Path]:
    """Files that are named as records are; others are not ours."""
    return sorted(path for path in runs.iterdir() if _OURS.fullmatch(path.name))
