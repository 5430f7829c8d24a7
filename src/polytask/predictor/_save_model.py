"""Saving of fitted models."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from polytask._files import writing
from polytask._trust import also_trusted, is_trusted
from polytask.predictor._code_named import code_named
from polytask.predictor._folder import new_folder, write_manifest
from polytask.predictor._model import Model, model_name

__all__ = ["only_in_script", "save_model"]

Json = Any

_NAMING = {".json", ".skops"}
"""Ends of the names of files that may name code."""


def save_model(
    folder: Path, model: Model, content: Mapping[str, Json], trusted: Collection[str]
) -> list[str]:
    """Write the model's files and the manifest, completely or not at all.

    Parameters
    ----------
    folder : Path
    model : Model
    content : mapping
        Entries of the manifest besides the model's class, its abilities and its files.
    trusted : collection of str

    Returns
    -------
    list of str
        Names of code of the script or notebook that runs, which the saved model needs.
    """
    manifest = {**content, "model": model_name(model)}
    if model.routed_sources:
        manifest["routed"] = list(model.routed_sources)
    if model.takes_preference:
        manifest["takes_preference"] = True
    with also_trusted(trusted), writing(folder), new_folder(folder) as fresh:
        model.save(fresh)
        scripted = _scripted(manifest["tasks"], manifest["model"], fresh)
        write_manifest(fresh, manifest)
    return scripted


def _scripted(tasks: Json, model: str, folder: Path) -> list[str]:
    """What a saved model names of the script or notebook that runs."""
    contents = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in _NAMING}
    naming = {name: content for name, content in contents.items() if b"__main__" in content}
    return [name for name in code_named(tasks, model, naming) if is_trusted(name, ["__main__"])]


def only_in_script(names: Sequence[str]) -> str:
    """Why a model that was just saved will not be loaded elsewhere, and what to do."""
    dotted = [name.replace(":", ".") for name in names]
    bare = ", ".join(name.removeprefix("__main__.") for name in dotted)
    return (
        f"The saved model needs {bare} from the script or notebook that runs, so that nothing else "
        "can load it: put that into a module of its own, such as my_parts.py, import it from there "
        f"and fit again. In this script, load it by trusted={dotted}."
    )
