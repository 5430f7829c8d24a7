"""Code that a saved model names, for sentences about it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from zipfile import ZipFile

from polytask._plain import parse_json
from polytask._trust import is_own

__all__ = ["code_named"]


def code_named(tasks: object, model: str, files: Mapping[str, bytes]) -> list[str]:
    """Every ``module:Name`` in a saved model, or ``module.Name`` in its estimators.

    polytask's own names and types that scikit-learn's estimators are made of are left out, as are
    files that cannot be read. Nothing is imported.

    Parameters
    ----------
    tasks : JSON
        The tasks' recipes.
    model : str
        What the manifest calls the model.
    files : mapping of file name to bytes
    """
    named = [model, *_in_json(tasks)]
    for name, content in files.items():
        try:
            named.extend(_in_file(name, content))
        except Exception:  # noqa: BLE001, S112 - whatever is wrong with a file, it is not said here
            continue
    return [name for name in dict.fromkeys(named) if not is_own(name)]


def _in_file(name: str, content: bytes) -> Iterator[str]:
    if name.endswith(".json"):
        yield from _in_json(parse_json(content))
    elif name.endswith(".skops"):
        from polytask.predictor._skops_schema import untrusted_types  # scikit-learn takes a second

        with ZipFile(io.BytesIO(content)) as archive:
            yield from untrusted_types(parse_json(archive.read("schema.json")))


def _in_json(value: object) -> Iterator[str]:
    """Names in recipes, and the classes of models that answer together."""
    if isinstance(value, list):
        for item in value:
            yield from _in_json(item)
    elif isinstance(value, dict):
        names = [value.get("type"), value.get("import")]
        models = value.get("models")
        names += models if isinstance(models, list) else []
        yield from (name for name in names if isinstance(name, str) and ":" in name)
        for item in value.values():
            yield from _in_json(item)
