"""Labels of the steps of rows, beside the steps that are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Int64, Shaped

from polytask.data.columns import row_steps
from polytask.data.encoding._batch import BlockTargets
from polytask.data.encoding._schema import Schema
from polytask.data.sources import Source
from polytask.exceptions import DataError

__all__ = ["check_labelled_steps", "cut", "read_steps", "steps_of_labels"]


def steps_of_labels(owner: str, schema: Schema) -> str | None:
    """Name of the part whose steps a task labels; None if they are those of a tensor.

    Raises
    ------
    DataError
        If the source has none, or several.
    """
    stepped = [part.name for part in schema.parts if part.has_steps]
    if len(stepped) == 1:
        return stepped[0]
    if not stepped and any(len(part.shape) > 1 for part in schema.parts):
        return None
    got = ", ".join(name.partition(":")[2] for name in stepped) or "none"
    remedy = (
        "Leave out all but the one whose steps are labelled (--drop)."
        if stepped
        else "Name it with --column NAME:tokens."
    )
    sentence = (
        f"Task {owner!r} labels the steps of rows, so that source {schema.source!r} must have one column "
        f"of tokens, text or sequences. Got {got}. {remedy}"
    )
    raise DataError(sentence)


def check_labelled_steps(
    owner: str,
    source: Source,
    part: str,
    steps: Shaped[np.ndarray, "n l *channels"],
    labels: Shaped[np.ndarray, "n m"],
    longer: Shaped[np.ndarray, " n"],
    rows: Shaped[np.ndarray, " n"],
) -> None:
    """Raise for the first row with a label at a step that it does not have.

    In a text the last word or sign must have a label too, since labels may have been written for
    words that were split otherwise.

    Parameters
    ----------
    owner : str
        The task's name, for errors.
    source : Source
    part : str
        Whose steps are labelled.
    steps : array
        The encoded part, of the labelled rows.
    labels : array of shape (n, m)
        Labels as metrics see them, NaN where missing.
    longer : array of shape (n,)
        Which rows may have labels beyond these.
    rows : array of shape (n,)
        Positions of these rows in the source.
    """
    there = steps > 0 if steps.ndim == 2 else ~np.isnan(steps).all(axis=2)
    n_steps, n_labels = there.sum(axis=1), _last(~np.isnan(labels))
    role, _, column = part.partition(":")
    faulty = n_labels > n_steps
    in_pieces = (steps < 0).any() if steps.ndim == 2 else False
    cut_off = np.flatnonzero(faulty & (in_pieces | (n_steps == steps.shape[1])))  # perhaps
    faulty[cut_off] &= n_labels[cut_off] > row_steps(source.inputs[column][rows[cut_off]], role)
    if role == "text":
        faulty |= (n_labels < n_steps) & ~longer & (n_labels > 0)
    if not faulty.any():
        return
    first = int(np.flatnonzero(faulty)[0])
    remedy = ""
    if role == "text" and n_steps[first]:
        remedy = f" Punctuation counts as a word; --column {column}:tokens splits at blanks alone."
    sentence = (
        f"Task {owner!r}: row {source.row_ids[rows[first]]} of source {source.name!r} has labels up to step "
        f"{n_labels[first]}, and its column {column!r} has {n_steps[first]} steps.{remedy} Labels and "
        "steps must belong to each other one by one."
    )
    raise DataError(sentence)


def read_steps(
    schema: Schema, inputs: Mapping[str, np.ndarray]
) -> int | Int64[np.ndarray, " n"] | None:
    """How many steps of a row are read at most, or of each; None without parts that have steps."""
    stepped = [part for part in schema.parts if part.has_steps]
    if len(stepped) == 1 and stepped[0].has_pieces:
        words: Int64[np.ndarray, " n"] = (inputs[stepped[0].name] > 0).sum(axis=1)
        return words
    return max((inputs[part.name].shape[1] for part in stepped), default=None)


def cut(
    labels: BlockTargets, n_cells: int, n_steps: int | Int64[np.ndarray, " n"] | None
) -> BlockTargets:
    """Labels without those of steps that are not read, from which nothing can be learned."""
    if n_steps is None or np.min(n_steps, initial=n_cells) >= n_cells:
        return labels
    read = np.arange(n_cells) < np.reshape(n_steps, (-1, 1))
    mask = labels.mask & read.reshape(len(read), *[1] * (labels.mask.ndim - 2), n_cells)
    return replace(labels, values=np.where(mask, labels.values, np.float32(0)), mask=mask)


def _last(present: Shaped[np.ndarray, "n l"]) -> Shaped[np.ndarray, " n"]:
    """Position after the last true cell of each row."""
    return np.asarray((present * np.arange(1, present.shape[1] + 1)).max(axis=1, initial=0))
