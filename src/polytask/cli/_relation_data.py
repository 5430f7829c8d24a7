"""Data of the commands on relations of tasks: rows to learn from, and test rows left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from polytask._listing import enumerated
from polytask._validation import message
from polytask.bookkeeping import Budget
from polytask.cli._budget_options import budget
from polytask.cli._read_data import read_data
from polytask.cli._settings import RelationSettings, settings
from polytask.cli._voice import Voice
from polytask.data import (
    MultiTaskDataset,
    Split,
    Splitter,
    TimeSplit,
    check_parts,
    learnable_splits,
    splits_of,
)
from polytask.exceptions import ParameterError

__all__ = [
    "NOTHING_BEGUN",
    "RelationData",
    "check_result_folder",
    "relation_data",
    "relation_settings",
]

Kind = TypeVar("Kind", bound=RelationSettings)
_FOLDS = 5


class RelationData(NamedTuple):
    """Rows with their split, folds, and the steps of one training if they are given.

    Without folds the validation rows are measured.
    """

    data: MultiTaskDataset
    split: Split
    folds: int | None
    budget: Budget | None


def relation_settings(kind: type[Kind], command: str, given: Mapping[str, Any]) -> Kind:
    """The settings of a command that takes one network."""
    models = given["model"] or ()
    if len(models) > 1:
        sentence = (
            f"{command} trains one network, and --model names {enumerated(models)}. Name one."
        )
        raise ParameterError(sentence)
    return settings(kind, {**given, "model": models[0] if models else None})


def relation_data(options: RelationSettings, voice: Voice) -> RelationData:
    """Read the table; the first split says which rows are left alone."""
    data, splitter = read_data(options, voice)
    if len(data.tasks) < 2:
        sentence = (
            f"Relations take at least two tasks, and there is one, {data.tasks.names[0]!r}. Name "
            "further targets: --target NAME."
        )
        raise ParameterError(sentence)
    kept, splits, notes = splits_of(data, splitter, seed=0)  # test rows are those of `compare`
    kept, splits, left_out = learnable_splits(kept, splits)
    check_parts(splits)
    for note in (*notes, *left_out):
        voice.warning(f"  {note}")
    split = splits[0]
    sizes = [sum(map(len, part.values())) for part in (split.train, split.validation, split.test)]
    folds = _folds(options, splitter)
    voice.note(
        f"{sizes[0] + sizes[1]:,} rows are measured out of fold; {sizes[2]:,} test rows are left alone"
        if folds is not None
        else f"{sizes[1]:,} rows are measured, the latest before the test rows, since folds would "
        f"learn from later rows; {sizes[2]:,} test rows are left alone"
    )
    given = options.steps is not None or options.epochs is not None
    allowed = budget(options, kept, splitter) if given else None
    return RelationData(splitter.prepared(kept), split, folds, allowed)


def _folds(options: RelationSettings, splitter: Splitter) -> int | None:
    """Folds that measure; none where rows are split by time."""
    if not isinstance(splitter, TimeSplit):
        return _FOLDS if options.folds is None else options.folds
    if options.folds is not None:
        expected = "left out where rows are split by time, since folds would learn from later rows"
        raise ParameterError(message("the command line", "folds", expected, options.folds))
    return None


NOTHING_BEGUN = (
    "no training had begun; those of earlier commands are kept, and the same command goes on."
)
"""What is said of a command that is interrupted before it trains."""

_KEPT = ("runs", "measured", "study.json", ".lock")
"""What trainings and measurements leave in a folder."""


def check_result_folder(folder: Path | None, known: Sequence[str]) -> None:
    """Raise if a folder holds anything but the results of such a command; nothing without a folder.

    Raises
    ------
    ParameterError
        Naming what lies there.
    """
    if folder is None:
        return
    if folder.is_file():
        raise ParameterError(f"{folder} is a file. Name a folder: --out FOLDER.")
    strange = sorted(path.name for path in folder.glob("*") if path.name not in (*known, *_KEPT))
    if strange:
        sentence = (
            f"{folder} holds other things, such as {strange[0]!r}, that would stand among the results. "
            "Name another folder: --out FOLDER."
        )
        raise ParameterError(sentence)
