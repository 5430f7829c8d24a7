"""Checks of the features that heads receive."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from polytask.encoders import State
from polytask.exceptions import ParameterError

__all__ = ["check_state", "check_vectors"]


def check_state(source: str, state: object, tasks: Sequence[str]) -> None:
    """Raise unless the features of a source with tasks are a state.

    Raises
    ------
    ParameterError
    """
    if not tasks:
        sentence = (
            f"Heads must receive features of sources that label their tasks. Got source {source!r}, "
            "which labels none of them."
        )
        raise ParameterError(sentence)
    if not isinstance(state, State):
        sentence = (
            f"Heads must receive a State for every source. Got {type(state).__name__} for source "
            f"{source!r} instead; wrap values as State(values)."
        )
        raise ParameterError(sentence)


def check_vectors(
    source: str, vectors: Tensor, widths: Sequence[int], tasks: Sequence[str], *, per_task: bool
) -> None:
    """Raise unless pooled features fit the heads.

    Parameters
    ----------
    source : str
    vectors : tensor of shape (n, h) or (n_tasks, n, h)
    widths : sequence of int
        Of the features that heads take.
    tasks : sequence of str
        The source's.
    per_task : bool
        Whether heads take features of every task's own.

    Raises
    ------
    ParameterError
    """
    if vectors.ndim == 3 and len(vectors) != len(tasks):
        listed = ", ".join(tasks[:3]) + (", …" if tasks[3:] else "")
        sentence = (
            f"Heads with `per_task` must receive features of each task of source {source!r} along "
            f"the first axis, {len(tasks)} ({listed}). Got shape {tuple(vectors.shape)} instead."
        )
        raise ParameterError(sentence)
    if vectors.shape[-1] not in widths or vectors.ndim > 2 + per_task:
        named = " or ".join(map(str, widths))
        sentence = (
            f"Heads must receive rows of {named} features, as their `shape` says. Got features of "
            f"shape {tuple(vectors.shape)} for source {source!r} instead."
        )
        raise ParameterError(sentence)
