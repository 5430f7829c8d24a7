"""Removal of leftovers of killed processes: half-written files, runs without a record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from polytask._files import TEMPORARY, remove_folder

__all__ = ["sweep", "sweep_halves"]

_OF_THE_STUDY = re.compile(
    r"(study|comparison|tuning|weights|analysis|attributions|gradients|grouping|relations|sources)\.json|report\.html|log\.txt|model"
)
_KEY = r"(?P<key>[0-9a-f]{24})"
_MODEL = r"(\d+\.)?model"
"""That of a run, or one of those of a training of groups."""
_OF_A_RUN = re.compile(
    rf"{_KEY}\.(json|{_MODEL}|(validation|test|checkpoint|answers|scores)\.safetensors)"
)
_RESULT = re.compile(rf"{_KEY}\.({_MODEL}|(validation|test|answers|scores)\.safetensors)")
_CHECKPOINT = re.compile(rf"{_KEY}\.checkpoint\.safetensors")
_WORKSHOP = re.compile(r"\.(?P<name>.+)-[a-z0-9_]{8}")
"""Folders in which a model is put together; they hold nothing but these."""

_IN_WORKSHOPS = {"lock", "new", "old"}


def sweep(folder: Path) -> None:
    """Remove what no run will read: half-written files, results without a record, old checkpoints.

    Only names that polytask gives are touched, and links never. Nobody else may write to the
    folder meanwhile.
    """
    sweep_halves(folder)
    for path in list(_stale(folder / "runs")):
        _remove(path)


def sweep_halves(folder: Path) -> None:
    """Remove files and models that were not written to their end."""
    for directory, pattern in ((folder, _OF_THE_STUDY), (folder / "runs", _OF_A_RUN)):
        for path in _inside(directory):
            if (name := _meant(path)) is not None and pattern.fullmatch(name):
                _remove(path)


def _inside(folder: Path) -> list[Path]:
    with suppress(OSError):  # such as none at all
        return list(folder.iterdir())
    return []


def _meant(path: Path) -> str | None:
    """Final name of a half-written file or model; None for anything else."""
    if path.is_symlink():
        return None
    if path.is_dir():
        match = _WORKSHOP.fullmatch(path.name)
        children = {child.name for child in _inside(path)}
        return match["name"] if match is not None and children <= _IN_WORKSHOPS else None
    match = TEMPORARY.fullmatch(path.name)
    return None if match is None else match["stem"] + (match["suffix"] or "")


def _stale(runs: Path) -> Iterator[Path]:
    """Results of runs that were not recorded, and checkpoints of those that were."""
    paths = {path.name: path for path in _inside(runs) if not path.is_symlink()}
    for name, path in paths.items():
        result, checkpoint = _RESULT.fullmatch(name), _CHECKPOINT.fullmatch(name)
        if (result is not None and f"{result['key']}.json" not in paths) or (
            checkpoint is not None and f"{checkpoint['key']}.json" in paths
        ):
            yield path


def _remove(path: Path) -> None:
    if path.is_dir():
        remove_folder(path)
        return
    with suppress(OSError):
        path.unlink()
