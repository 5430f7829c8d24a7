"""Tables of Hugging Face's ``datasets``: folders that ``save_to_disk`` wrote, and those in memory."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from polytask._listing import enumerated, first_and_more
from polytask._reason import reason
from polytask.data.readers._frame_columns import no_duplicates
from polytask.data.readers._nested import of_image_files, path_notes
from polytask.data.readers._scanned import Scanned
from polytask.exceptions import SourceFileError

__all__ = ["is_saved_folder", "read_folder", "with_features"]

_INFO, _STATE, _PARTS = "dataset_info.json", "state.json", "dataset_dict.json"
_OF_PARTS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
SPLIT = "split"


def is_saved_folder(path: Path) -> bool:
    """Whether a folder is one that ``save_to_disk`` writes, of one table or of several splits."""
    return path.is_dir() and ((path / _PARTS).is_file() or (path / _STATE).is_file())


def read_folder(path: Path, whole: Collection[str] = ()) -> Scanned:
    """The table of a folder; splits are one table, whose column ``split`` names them.

    Parameters
    ----------
    path : Path
    whole : collection of str
        Nothing, as columns are columns.

    Raises
    ------
    SourceFileError
        If a file of it is absent or is not what it should be.
    """
    del whole
    if not (path / _PARTS).is_file():
        return _one_folder(path)
    parts = _json(path / _PARTS).get("splits")
    if not isinstance(parts, list) or not parts or not all(map(_is_plain_name, parts)):
        raise SourceFileError(f"{path / _PARTS} names no splits.")
    return beside({part: _one_folder(path / part) for part in parts}, str(path))


def beside(parts: Mapping[str, Scanned], owner: str) -> Scanned:
    """Several tables as one, with the name of each in the column ``split``.

    Splits that are named neither train, validation nor test, such as ``unsupervised``, are left out
    where there are such.
    """
    known = {part: table for part, table in parts.items() if part.casefold() in _OF_PARTS}
    used = known if {_OF_PARTS[part.casefold()] for part in known} >= {"train", "test"} else parts
    frames = []
    for part, table in used.items():
        frame = table.frame.collect()
        no_duplicates([*frame.columns, SPLIT])
        frames.append(frame.with_columns(pl.lit(part).alias(SPLIT)))
    try:
        joined = pl.concat(frames, how="vertical_relaxed")
    except pl.exceptions.PolarsError as error:
        sentence = (
            f"The splits of {owner} differ in their columns: {reason(error, named=False)}. "
            "Read one of them alone."
        )
        raise SourceFileError(sentence) from error
    first = next(iter(used.values()))
    notes = dict.fromkeys(said for table in used.values() for said in table.notes)
    note = f"{enumerated(used)} are one table, whose column {SPLIT} names the part"
    others = [part for part in parts if part not in used]
    left = (
        [f"{first_and_more(others)}: neither train, validation nor test; left out"]
        if others
        else []
    )
    return Scanned(joined.lazy(), (note, *left, *notes), first.roles)


def _one_folder(path: Path) -> Scanned:
    files = _json(path / _STATE).get("_data_files")
    names = [str(file.get("filename")) for file in files or () if isinstance(file, dict)]
    if not names or not all(map(_is_plain_name, names)):
        raise SourceFileError(f"{path / _STATE} names no files of data.")
    try:
        frame = pl.concat([pl.read_ipc_stream(path / name) for name in names])
    except (pl.exceptions.PolarsError, OSError) as error:
        sentence = f"{path} cannot be read: {reason(error, named=False)}."
        raise SourceFileError(sentence) from error
    features = _json(path / _INFO).get("features")
    return with_features(frame, features if isinstance(features, dict) else {})


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sentence = f"{path} cannot be read: {reason(error, named=False)}."
        raise SourceFileError(sentence) from error
    if not isinstance(value, dict):
        raise SourceFileError(f"{path} cannot be read: it is no mapping.")
    return value


def _is_plain_name(name: object) -> bool:
    return isinstance(name, str) and Path(name).name == name and name not in {"", ".."}


def with_features(frame: pl.DataFrame, features: Mapping[str, Any]) -> Scanned:
    """Columns as the features of a table say: classes by their names, images as their bytes.

    Parameters
    ----------
    frame : polars.DataFrame
    features : mapping of column to dict
        As in ``dataset_info.json``.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.readers._hugging_face import with_features
    >>> features = {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}
    >>> with_features(pl.DataFrame({"label": [1, 0, -1]}), features).frame.collect()[
    ...     "label"
    ... ].to_list()
    ['pos', 'neg', None]
    """
    columns, roles = [], {}
    images = [name for name, feature in features.items() if _type(feature) == "Image"]
    notes = path_notes(frame.select(name for name in images if name in frame.columns))
    for series in frame.iter_columns():
        feature = features.get(series.name)
        named = _with_names(series, feature)
        if named is not None:
            columns.append(named)
        elif _type(feature) == "Image" and isinstance(series.dtype, pl.Struct):
            columns.append(of_image_files(series))
            roles[series.name] = "image"
        else:
            columns.append(series)
    return Scanned(pl.DataFrame(columns).lazy(), notes, roles)


def _with_names(series: pl.Series, feature: Any) -> pl.Series | None:
    """Classes, or lists of classes, by their names; None for what is none."""
    classes = _classes(feature)
    if classes is not None and series.dtype.is_integer():
        return _named(series, classes)
    inner = feature.get("feature") if isinstance(feature, dict) else feature
    classes = _classes(inner[0] if isinstance(inner, list) and len(inner) == 1 else inner)
    if classes is None or not isinstance(series.dtype, pl.List):
        return None
    if not series.dtype.inner.is_integer():
        return None
    cells = series.list.eval(_by_name(pl.element(), classes))
    return cells.alias(series.name)


def _named(series: pl.Series, classes: list[str]) -> pl.Series:
    return series.to_frame().select(_by_name(pl.col(series.name), classes)).to_series()


def _by_name(cells: pl.Expr, classes: list[str]) -> pl.Expr:
    """The names of classes; null for −1, which stands for no label, and for other numbers."""
    return cells.cast(pl.Int64).replace_strict(
        list(range(len(classes))), classes, default=None, return_dtype=pl.String
    )


def _classes(feature: Any) -> list[str] | None:
    names = feature.get("names") if isinstance(feature, dict) else None
    if _type(feature) != "ClassLabel" or not isinstance(names, list):
        return None
    return list(map(str, names))


def _type(feature: Any) -> str | None:
    return feature.get("_type") if isinstance(feature, dict) else None
