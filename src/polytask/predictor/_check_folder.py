"""Whether a model may be saved in a folder, asked before it is trained."""

from __future__ import annotations

from pathlib import Path

from polytask.predictor._folder import _check_replaceable

__all__ = ["check_folder"]


def check_folder(folder: str | Path) -> None:
    """Raise what `FittedPredictor.save` would raise about the folder.

    Raises
    ------
    BundleError
        If it is a file, or a folder that holds anything but a saved model.
    """
    _check_replaceable(Path(folder).resolve())
