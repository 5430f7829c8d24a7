"""Numbers in text."""

from __future__ import annotations

import polars as pl

__all__ = [
    "DECIMAL_COMMAS",
    "MAYBE_THOUSANDS",
    "amounts_read",
    "counts_read",
    "numbers_read",
    "plain_counts_read",
    "truths_read",
]

DECIMAL_COMMAS = r"^[+-]?\d*(,\d+)?$"
MAYBE_THOUSANDS = r"^[+-]?(?:\d{1,3}|[1-9]\d{0,2},\d{3})$"
"""Of columns in which such a comma occurs: “1,234” may be above a thousand, “0,123” and “1234” not."""
_CODES = r"^[+-]?0\d+$"
"""Whole numbers that start with a zero, as codes do."""
_TRUTHS = {"true": 1, "yes": 1, "false": 0, "no": 0}


def truths_read(cells: pl.Expr) -> pl.Expr:
    """1 for true and yes, 0 for false and no, in any case; null for all else."""
    return cells.str.to_lowercase().replace_strict(_TRUTHS, default=None, return_dtype=pl.Int64)


def counts_read(cells: pl.Expr, decimal: str = ".", *, codes: bool = False) -> pl.Expr:
    """Whole numbers that fit 64 bits; null for all else, and unless asked for, for codes as 007."""
    plain = _pointed(cells if codes else _unless(cells, _CODES), decimal)
    return plain.cast(pl.Int64, strict=False)


def plain_counts_read(cells: pl.Expr) -> pl.Expr:
    """Whole numbers written in the only way that gives back the same text."""
    counts = cells.cast(pl.Int64, strict=False)
    return pl.when(counts.cast(pl.String) == cells).then(counts).otherwise(None)


def numbers_read(cells: pl.Expr, decimal: str = ".") -> pl.Expr:
    """Numbers; null for all else, codes such as 007 among them."""
    return _pointed(_unless(cells, _CODES), decimal).cast(pl.Float64, strict=False)


def amounts_read(cells: pl.Expr, decimal: str = ".") -> pl.Expr:
    """Numbers however written: zeros in front, marks between thousands, the typographer's minus."""
    cells = cells.str.replace("\N{MINUS SIGN}", "-", literal=True)
    other = r"," if decimal == "." else r"\."
    grouped = rf"^[+-]?\d{{1,3}}(?:{other}\d{{3}})+(?:\{decimal}\d*)?$"
    joined = (
        pl.when(cells.str.contains(grouped)).then(cells.str.replace_all(other, "")).otherwise(cells)
    )
    return _pointed(joined, decimal).cast(pl.Float64, strict=False)


def _unless(cells: pl.Expr, pattern: str) -> pl.Expr:
    return pl.when(cells.str.contains(pattern)).then(None).otherwise(cells)


def _pointed(cells: pl.Expr, decimal: str) -> pl.Expr:
    """With a decimal point; of cells with a decimal comma, points between thousands are left out."""
    if decimal == ".":
        return cells
    grouped = cells.str.contains(r"^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?$")
    plain = cells.str.contains(r"^[+-]?(?:\d+(?:,\d*)?|,\d+)(?:[eE][+-]?\d+)?$")
    pointed = cells.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return pl.when(grouped | plain).then(pointed).otherwise(None)
