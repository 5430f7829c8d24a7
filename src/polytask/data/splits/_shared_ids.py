"""Notes on identifiers of which training and held-out rows have the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from polytask.data.columns import MOST_CATEGORIES
from polytask.data.dataset import MultiTaskDataset
from polytask.data.sources import Source
from polytask.data.splits._split import Split
from polytask.data.splits._splitter import Splitter

__all__ = ["shared_id_notes"]

_FEWEST_VALUES = 20
_FEWEST_SHARED = 0.1
_NAMED_SO = re.compile(r"(^|[^A-Za-z])[iI][dD]$|[a-z]I[dD]$")


def shared_id_notes(data: MultiTaskDataset, splitter: Splitter, split: Split) -> tuple[str, ...]:
    """One sentence per identifier whose values a split has in training and in held-out rows.

    Identifiers are inputs declared to be such, whole numbers and texts whose name says so, such as
    ``user_id``, and texts of very many values. None are noted where groups, or a column such as a date, say how to split, and of
    several sources.

    Parameters
    ----------
    data : MultiTaskDataset
    splitter : Splitter
    split : Split
        Its test rows are compared with its training rows; its validation rows if it has no others.

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import RandomSplit, shared_id_notes
    >>> table = {"user_id": [k % 40 for k in range(400)], "rich": [0, 1] * 200}
    >>> data, splitter = polytask.read(table, ["rich"]), RandomSplit()
    >>> (split,) = splitter.splits(data, seed=0)
    >>> print(*shared_id_notes(data, splitter, split))
    user_id: 80 of 80 test rows have a value that training rows have, too. If the model is for new values, split by them: --split group:user_id (split='group:user_id' in Python).
    """
    if splitter.columns or len(data.sources) > 1 or data.sources[0].groups is not None:
        return ()
    return tuple(_notes(data.sources[0], split))


def _notes(source: Source, split: Split) -> Iterator[str]:
    part = "test" if len(_rows(split.test, source)) else "validation"
    held_out, train = _rows(getattr(split, part), source), _rows(split.train, source)
    for series in source.inputs.iter_columns():
        if not _is_identifier(series, source.reading.roles.get(series.name)):
            continue
        shared = _n_shared(series.gather(held_out), series.gather(train))
        if shared and shared >= _FEWEST_SHARED * len(held_out):
            how = f"group:{series.name}"
            yield (
                f"{series.name}: {shared:,} of {len(held_out):,} {part} rows have a value that "
                "training rows have, too. If the model is for new values, split by them: --split "
                f"{how} (split={how!r} in Python)."
            )


def _rows(part: Mapping[str, np.ndarray], source: Source) -> np.ndarray:
    return part.get(source.name, np.empty(0, np.int64))


def _is_identifier(series: pl.Series, role: str | None) -> bool:
    if role is not None:
        return role == "identifier"
    text = series.dtype in {pl.String, pl.Categorical}
    if _NAMED_SO.search(series.name) is None:
        return text and series.n_unique() > MOST_CATEGORIES  # hashed as identifiers are
    return (text or series.dtype.is_integer()) and series.n_unique() >= _FEWEST_VALUES


def _n_shared(held_out: pl.Series, train: pl.Series) -> int:
    """The number of held-out rows whose value is one of training rows."""
    known = train.drop_nulls().unique().to_frame()
    return held_out.to_frame().join(known, on=held_out.name, how="semi").height
