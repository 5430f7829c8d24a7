"""Scores of the pixels of maps, at the size that their kind states."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from polytask.architectures._block_heads import BlockHeads
from polytask.architectures._head_checks import check_map
from polytask.architectures._head_places import Places, own_places
from polytask.data import Block, SourceBatch
from polytask.encoders import State

__all__ = ["resized", "scores_of_pixels"]


def scores_of_pixels(
    source: str,
    block: Block,
    heads: BlockHeads,
    places: Places,
    state: State,
    rows: SourceBatch,
    of_task: Tensor,
) -> Tensor:
    """Scores of every pixel of a source's rows, flat: (n, n_tasks, size), or (n, size).

    Heads are linear, and so is the change of size: scores are computed at the places of the
    features, which are few, and then brought to the size of the labels.

    Parameters
    ----------
    source : str
        Its name, for errors.
    block : Block
    heads : BlockHeads
        Of the block.
    places : Places
        Of the block's tasks in the source.
    state : State
        Maps of the rows, (n, c, height, width), or of those of every task, (n_tasks, n, …).
    rows : SourceBatch
    of_task : tensor of shape (n_tasks of the set,), int64
        Positions of the tasks of the set among the source's.

    Raises
    ------
    ParameterError
        If the features are no maps.
    """
    check_map(source, state, block)
    values, task = state.values, rows.task
    if task is not None:
        if values.ndim == 5:
            values = own_places(values, task, of_task)
        own = heads.in_block(task)
        weight, bias = heads.weight.index_select(0, own), heads.bias.index_select(0, own)
        scores = weight @ values.flatten(-2) + bias.unsqueeze(-1)
    elif values.ndim == 5:
        weight, bias = heads.of_tasks(places.carried)
        each = weight.unsqueeze(1) @ places.picked(values).flatten(-2)
        scores = (each + bias[:, None, :, None]).transpose(0, 1)
    else:
        of_all = heads.of_all(values.movedim(1, -1).flatten(0, 2), places.carried)
        scores = of_all.view(len(values), -1, *of_all.shape[1:]).movedim(1, -1)
    maps = scores.reshape(-1, scores.shape[-2], *values.shape[-2:])
    return resized(maps, block.score_shape[1:]).reshape(*scores.shape[:-2], -1)


def resized(
    maps: Float[Tensor, "n c height width"], size: tuple[int, ...]
) -> Float[Tensor, "n c new_height new_width"]:
    """Maps at another size: means over places where they become smaller, bilinear where larger.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._map_scores import resized
    >>> resized(torch.tensor([[[[0.0, 4.0]]]]), (1, 4))
    tensor([[[[0., 1., 3., 4.]]]])
    """
    height, width = maps.shape[-2:]
    fewer = (min(height, size[0]), min(width, size[1]))
    if fewer != (height, width):
        maps = nn.functional.adaptive_avg_pool2d(maps, fewer)
    if fewer == tuple(size):
        return maps
    return nn.functional.interpolate(maps, size=tuple(size), mode="bilinear", align_corners=False)
