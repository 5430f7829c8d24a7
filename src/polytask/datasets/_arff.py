"""Tables of ARFF files, the format of Weka and Mulan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

__all__ = ["read_arff"]


def read_arff(path: Path) -> pl.DataFrame:
    """Read a dense ARFF file whose attributes are numbers or have the values 0 and 1.

    Parameters
    ----------
    path : Path

    Returns
    -------
    polars.DataFrame
        A column per attribute, named without quotes: Float64, or Int8 for attributes of the values
        0 and 1; unknown cells (``?``) are null.
    """
    from scipy.io.arff import loadarff

    rows, header = loadarff(path)
    return pl.DataFrame([_column(name, rows[name]) for name in header.names()])


def _column(attribute: str, cells: np.ndarray) -> pl.Series:
    name = attribute.replace('"', "").replace("'", "")
    if cells.dtype.kind == "S":
        return pl.Series(name, cells.astype(np.int8))
    return pl.Series(name, cells).fill_nan(None)
