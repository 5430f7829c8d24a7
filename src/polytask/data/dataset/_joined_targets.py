"""Target columns of one task in several sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from polytask.data.cells import family, plain_text, tensor_shape
from polytask.data.readers import Table
from polytask.exceptions import DataError

__all__ = ["declared_in", "joined_targets"]


def joined_targets(task: str, by_source: Mapping[str, pl.Series]) -> pl.Series:
    """Concatenate a target column's cells over sources.

    Parameters
    ----------
    task : str
    by_source : mapping of source name to polars.Series

    Raises
    ------
    DataError
        If the sources store it differently, such as numbers and text.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.dataset._joined_targets import joined_targets
    >>> joined_targets("y", {"a": pl.Series("y", [1, 2]), "b": pl.Series("y", [0.5])}).to_list()
    [1.0, 2.0, 0.5]
    """
    if len(by_source) == 1:
        return next(iter(by_source.values()))
    labelled = {s: cells for s, cells in by_source.items() if cells.null_count() < len(cells)}
    columns = [plain_text(cells) for cells in (labelled or by_source).values()]
    held = {source: family(cells) or str(cells.dtype) for source, cells in labelled.items()}
    if len(set(held.values())) > 1:
        name = columns[0].name
        kinds = ", ".join(f"{what} in {source}" for source, what in held.items())
        pick = f"{next(iter(held))}/{name}"
        sentence = (
            f"Task {task!r}: column {name!r} holds {kinds}, so that it is not one target. Store it "
            f"alike in all sources, or pick the column of one source: {pick}."
        )
        raise DataError(sentence)
    if "tensors" in held.values():
        columns = _of_one_shape(task, dict(zip(labelled, columns, strict=True)))
    tables = [cells.to_frame() for cells in columns]
    return pl.concat(tables, how="vertical_relaxed").to_series()


def _of_one_shape(task: str, by_source: Mapping[str, pl.Series]) -> list[pl.Series]:
    """Tensors in double precision; raise if they differ in shape."""
    shapes = {source: tensor_shape(cells) for source, cells in by_source.items()}
    if len(set(shapes.values())) > 1:
        name = next(iter(by_source.values())).name
        sizes = ", ".join(f"{shape} in {source}" for source, shape in shapes.items())
        sentence = (
            f"Task {task!r}: column {name!r} holds arrays of several sizes, {sizes}. Resize them, or make "
            "a task of each source."
        )
        raise DataError(sentence)
    return [cells.cast(pl.Array(pl.Float64, shapes[source])) for source, cells in by_source.items()]


def declared_in(tables: Iterable[Table]) -> dict[str, str]:
    """Declared roles of columns; if tables differ, that of the first one."""
    return {c: role for opened in reversed([*tables]) for c, role in opened.reading.roles.items()}
