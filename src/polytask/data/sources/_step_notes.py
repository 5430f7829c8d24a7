"""Notes on texts, tokens and sequences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from polytask.data.cells import MOST_STEPS
from polytask.data.columns import column_type, row_steps

__all__ = ["step_note"]

_STEPS = {"text": "word", "characters": "character", "tokens": "token", "sequence": "step"}


def step_note(
    series: pl.Series, role: str | None, steps: int | None, *, inferred: bool = False
) -> str:
    """Note on a column of texts, tokens or sequences; empty for others, or if nothing is to say.

    Parameters
    ----------
    series : polars.Series
    role : str, optional
        Declared or inferred role.
    steps : int, optional
        Declared number of steps.
    inferred : bool
        Whether the role is not declared.
    """
    if series.null_count() == len(series):
        return ""
    encoder = column_type(series, role)
    if not encoder.usual_steps:
        return ""
    return "; ".join(_remarks(series, encoder.encoder, steps or encoder.usual_steps, inferred))


def _remarks(series: pl.Series, role: str, most: int, inferred: bool) -> Iterator[str]:
    present = series.drop_nulls()
    lengths = row_steps(present, role)
    step, longest = _STEPS[role], int(lengths.max())
    if inferred and role == "text":
        middle = round(float(np.median(lengths)))
        yield (
            f"text of {middle} words in the middle row, learned word by word; --column "
            "NAME:categorical learns it as categories, --drop NAME leaves it out"
        )
    elif inferred and role == "tokens":
        yield (
            f"lists of text, learned as tokens, up to {longest:,} per row; --drop NAME leaves them out"
        )
    elif inferred:
        yield (
            f"lists of numbers, learned as sequences of up to {longest:,} steps; --drop NAME leaves "
            "them out"
        )
    empty, longer = int((lengths == 0).sum()), int((lengths > most).sum())
    if empty:
        yield f"{empty:,} row{'s' * (empty > 1)} without a {step}, as if missing"
    if longer:
        first = f"first {most:,}" if most > 1 else f"first {step}"
        yield (
            f"of {longer:,} row{'s' * (longer > 1)} only the {first} of up to {longest:,} {step}s "
            f"{'are' if most > 1 else 'is'} read; --column NAME:{role}={min(longest, MOST_STEPS)} "
            f"reads {'all' if longest <= MOST_STEPS else 'more'}"
        )
