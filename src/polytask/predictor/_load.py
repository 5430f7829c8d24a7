"""Read a saved model."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polytask._naming import resolve
from polytask._recipes import from_json
from polytask.data import schema_from_json
from polytask.exceptions import BundleError
from polytask.predictor._folder import MANIFEST, read_manifest
from polytask.predictor._model import Model
from polytask.predictor._predictor import FittedPredictor
from polytask.predictor._trust import rebuilt
from polytask.tasks import TaskSet
from polytask.training import History

__all__ = ["load"]


def load(folder: str | Path) -> FittedPredictor:
    """Read the model that `FittedPredictor.save` wrote; nothing is unpickled.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    FittedPredictor
        Its predictions are bit-identical to those before saving.

    Raises
    ------
    BundleError
        If the folder is no saved model, is incomplete, was altered since, has an unknown version,
        or needs something that cannot be imported; the sentence names the file and the remedy.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    try:
        return _built(folder, manifest)
    except BundleError:
        raise
    except (ImportError, LookupError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        reason = textwrap.shorten(f"{type(error).__name__}: {error}", 300, placeholder=" …")
        sentence = (
            f"{folder} is whole, but the model cannot be rebuilt from it ({reason}). It was saved "
            f"with {_versions(manifest)}: install these versions, or fit the model again."
        )
        raise BundleError(sentence) from error


def _built(folder: Path, manifest: Mapping[str, Any]) -> FittedPredictor:
    tasks = TaskSet(rebuilt(manifest["tasks"], folder / MANIFEST))
    schemas = {name: schema_from_json(schema) for name, schema in manifest["schemas"].items()}
    model_class: Any = resolve(manifest["model"], "polytask.predictor", "model", Model)
    history = manifest["history"]
    return FittedPredictor(
        tasks,
        schemas,
        model_class.load(folder, tasks, schemas),
        None if history is None else History.from_dict(from_json(history)),
        manifest["name"],
    )


def _versions(manifest: Mapping[str, Any]) -> str:
    return ", ".join(f"{package} {version}" for package, version in manifest["versions"].items())
