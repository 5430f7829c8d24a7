from __future__ import annotations

import numpy as np
import polars as pl
from jaxtyping import Int64

from polytask.data.cells import family, steps_of
from polytask.data.columns._characters_column import characters
from polytask.data.columns._text_column import words
from polytask.data.columns._tokens_column import tokens

__all__ = ["row_steps"]

_LISTS = {"characters": characters, "tokens": tokens}


def row_steps(series: pl.Series, role: str | None = None) -> Int64[np.ndarray, " n"]:
    """Words, tokens or steps of every cell; a number is one step, and text is counted in words.

    Parameters
    ----------
    series : polars.Series
    role : str, optional
        With ``"tokens"``, text is counted in what stands between blanks; with ``"characters"`` in
        characters.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.columns import row_steps
    >>> row_steps(pl.Series(["Not so good.", "", None])).tolist()
    [4, 0, 0]
    """
    if family(series) == "text":
        series = _LISTS.get(str(role), words)(series)
    if series.dtype.is_nested():
        return steps_of(series).lengths
    return series.is_not_null().cast(pl.Int64).to_numpy()
