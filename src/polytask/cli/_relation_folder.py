"""Folder in which `polytask analyze` and `polytask group` keep trainings and write results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polytask._recipes import to_json
from polytask.cli._interrupt import ending_well
from polytask.cli._named_folder import named_folder
from polytask.cli._relation_data import RelationData
from polytask.cli._settings import RelationSettings
from polytask.cli._voice import Voice
from polytask.evaluation.running._study_folder import on_entering

__all__ = ["relation_folder", "saying_what_is_kept"]


def relation_folder(
    options: RelationSettings, found: RelationData, learner: Any, kind: str
) -> Path:
    """The folder of `--out`, or one that is named after table and study.

    Parameters
    ----------
    options, found, learner
    kind : str
        Begins its name.
    """
    steps = None if found.budget is None else found.budget.steps
    split = found.split.digest()
    parts = [found.data.digest(), split, found.folds, steps, to_json(learner)]
    return options.out or named_folder(options, kind, parts)


@contextmanager
def saying_what_is_kept(folder: Path, voice: Voice) -> Iterator[None]:
    """Say where all is kept once that is so, and what is kept where the command is interrupted."""

    def kept() -> str:
        if not any((folder / "runs").glob("[!.]*.json")):
            return "no training had ended; the same command starts anew."
        return f"finished trainings are kept in {folder}; the same command goes on from there."

    with ending_well(kept), on_entering(lambda entered: voice.note(f"all is kept in {entered}")):
        yield
