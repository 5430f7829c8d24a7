"""Checks of the features that heads receive."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from polytask.data import Block, SourceBatch, part_has_steps
from polytask.encoders import State
from polytask.encoders._step_vectors import present_steps
from polytask.exceptions import ParameterError

__all__ = ["check_form", "check_map", "check_state", "check_steps", "check_vectors", "read_steps"]

_WITHOUT_STEPS = ("numeric", "categorical")
"""Parts of columns side by side."""


def check_form(block: Block, shape: tuple[int, ...] = (), members: int = 1) -> None:
    """Raise if the tasks of a block label steps or pixels, and features have none.

    Parameters
    ----------
    block : Block
    shape : tuple of int, default ()
        Shape of a row's features; () where heads take vectors alone.
    members : int, default 1
        Of an ensemble.

    Raises
    ------
    ParameterError
    """
    n_axes = {"vector": len(shape), "sequence": 2, "map": 3}[block.kind.form]
    if not block.has_places or (len(shape) == n_axes and members == 1):
        return
    named = ", ".join(block.tasks[:3]) + (", …" if block.tasks[3:] else "")
    ends = {1: "vectors of whole rows", 2: "sequences", 3: "maps"}.get(len(shape))
    what = ends or "vectors of whole rows"
    if members > 1:
        what = "the rows of an ensemble"
    label = f"Tasks of kind {block.kind.name} ({named}) label every"
    if block.has_pixels:
        sentence = (
            f"{label} pixel of an image, and this network ends in {what}. Choose an architecture "
            "whose heads take maps, such as HardSharing, CrossStitch, MTAN, or MMoE without "
            "`tower_widths`, and an encoder that keeps maps, such as UNet (--encoder u_net)."
        )
    else:
        sentence = (
            f"{label} step of a sequence, and this network ends in {what}. Choose an architecture "
            "whose heads take steps, such as HardSharing, CrossStitch, or MMoE without "
            "`tower_widths`, and an encoder that keeps them, such as LSTM without `pooling` "
            "(--encoder lstm)."
        )
    raise ParameterError(sentence)


def check_map(source: str, state: State, block: Block) -> None:
    """Raise unless features of a source's rows are maps.

    Raises
    ------
    ParameterError
    """
    shape = tuple(state.values.shape)
    if len(shape) not in (4, 5):
        sentence = (
            f"The `encoder` parameter must keep the maps of the rows of source {source!r}, "
            "(n, c, height, width), whose pixels "
            f"tasks of kind {block.kind.name} label. Got features of shape {shape} instead."
        )
        raise ParameterError(sentence)


def check_steps(source: str, state: State, rows: SourceBatch, block: Block) -> None:
    """Raise unless features are those of the steps that a source's rows came with.

    Raises
    ------
    ParameterError
    """
    with_steps = (array for name, array in rows.inputs.items() if name not in _WITHOUT_STEPS)
    lengths = {array.shape[1] for array in with_steps if array.ndim > 1}
    shape = tuple(state.values.shape)
    if len(shape) not in (3, 4) or shape[-2] not in lengths:
        came = " or ".join(map(str, sorted(lengths)))
        sentence = (
            f"The `encoder` parameter must keep the {came} steps of the rows of source {source!r}, "
            f"which tasks of kind {block.kind.name} label. Got features of shape {shape} instead."
        )
        raise ParameterError(sentence)


def read_steps(mask: Tensor | None, rows: SourceBatch) -> Tensor | None:
    """Of the steps that a state has, those that rows came with, which stand first.

    An encoder may keep the rest of a row without steps in a step of its own, and pieces of words
    behind the first piece of every word, which is that of its label.
    """
    stepped = [part for name, part in rows.inputs.items() if part_has_steps(name)]
    if mask is None or len(stepped) != 1:
        return mask
    (part,) = stepped
    there = present_steps(part)
    numbers = torch.arange(there.shape[-1], device=there.device)
    there = numbers < there.sum(dim=-1, keepdim=True)
    return mask & there if there.shape == mask.shape else mask


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
