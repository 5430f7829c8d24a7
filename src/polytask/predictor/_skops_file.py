"""Estimators in skops files: writing, checking and reading."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from zipfile import ZipFile

import numpy as np

from polytask._local_modules import import_if_local
from polytask._plain import parse_json
from polytask._reason import reason
from polytask.exceptions import BundleError
from polytask.predictor._array_files import check_archive, check_array, uncompressed
from polytask.predictor._light_skops import UnsupportedTypeException, skops_io
from polytask.predictor._skops_schema import array_files, check_schema, nodes_of

__all__ = ["dump_estimators", "load_estimators"]

_SCHEMA = "schema.json"
_MOST_FEATURES = 1 << 31


def dump_estimators(value: Any, where: str) -> bytes:
    """Return the bytes that `load_estimators` reads, under the same checks.

    Raises
    ------
    BundleError
        If skops cannot write the value, or it holds untrusted types.
    """
    try:
        content = uncompressed(skops_io.dumps(value))
    except (UnsupportedTypeException, TypeError, AttributeError) as error:
        raise BundleError(
            f"{where} cannot be written without pickle: {reason(error, named=False)}."
        ) from error
    _check(content, "The model", saving=True)
    return content


def load_estimators(content: bytes, where: str) -> Any:
    """Build the objects of a skops file if all of their types are trusted.

    Raises
    ------
    BundleError
        If the file is damaged or forged.
    UntrustedError
        If the file holds untrusted types.
    """
    try:
        _check(content, where)
        types = skops_io.get_untrusted_types(data=content)
        for name in types:
            import_if_local(name)
        return skops_io.loads(content, trusted=types)
    except BundleError:
        raise
    except Exception as error:
        sentence = f"{where} cannot be read ({reason(error)})."
        raise BundleError(sentence) from error


def _check(content: bytes, where: str, *, saving: bool = False) -> None:
    with ZipFile(io.BytesIO(content)) as archive:
        check_archive(archive, len(content))
        schema = parse_json(archive.read(_SCHEMA))
        check_schema(schema, where, saving=saving)
        names = set(archive.namelist()) - {_SCHEMA}
        if array_files(schema) != names:
            raise ValueError("its arrays are not those that its schema names")
        for name in names:
            check_array(name, archive.read(name))
        for node in nodes_of(schema, "TreeNode"):
            _check_tree(node, archive)


def _check_tree(node: Mapping[str, Any], archive: ZipFile) -> None:
    """Raise unless a tree has as many outputs as its array of numbers of classes."""
    n_features, classes, n_outputs = node["__reduce__"]["args"]["content"]
    counts = np.load(io.BytesIO(archive.read(classes["file"])), allow_pickle=False)
    sound = (
        0 < parse_json(n_features["content"]) < _MOST_FEATURES
        and counts.dtype == np.intp
        and counts.shape == (parse_json(n_outputs["content"]),)
        and counts.size > 0
        and ((counts > 0) & (counts < _MOST_FEATURES)).all()
    )
    if not sound:
        raise ValueError("a tree has other numbers of outputs than it says")
