"""Stages that make one vector of the steps of a row."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from polytask.encoders._pooling import mean_pool
from polytask.encoders._state import MaskedStage, State

__all__ = ["POOLINGS", "pooling_stage"]


class _Mean(MaskedStage):
    """The mean over the steps that a row has."""

    def forward(self, state: State) -> State:
        return State(mean_pool(state))


class _Last(MaskedStage):
    """The last step that a row has."""

    def forward(self, state: State) -> State:
        values, mask = state
        if mask is None:
            return State(values[:, -1])
        numbers = torch.arange(mask.shape[1], device=mask.device)
        last = (numbers * mask).max(dim=1).values
        places = last[:, None, None].expand(-1, 1, values.shape[-1])
        some = mask.any(dim=1, keepdim=True)
        return State(torch.where(some, values.gather(1, places).squeeze(1), 0.0))


class _Max(MaskedStage):
    """The largest value of every feature over the steps that a row has."""

    def forward(self, state: State) -> State:
        values, mask = state
        if mask is None:
            return State(values.max(dim=1).values)
        lowest = torch.finfo(values.dtype).min
        most = torch.where(mask.unsqueeze(-1), values, lowest).max(dim=1).values
        return State(torch.where(mask.any(dim=1, keepdim=True), most, 0.0))


class _Attention(MaskedStage):
    r"""The mean weighted by learned scores: :math:`\sum_t a_t h_t`, :math:`a = softmax(q^\top h_t)`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, 1, bias=False)

    def forward(self, state: State) -> State:
        values, mask = state
        scores: Tensor = self.query(values).squeeze(-1)
        if mask is not None:
            scores = torch.where(mask, scores, torch.finfo(scores.dtype).min)
        pooled = (torch.softmax(scores, dim=1).unsqueeze(1) @ values).squeeze(1)
        if mask is not None:
            pooled = torch.where(mask.any(dim=1, keepdim=True), pooled, 0.0)
        return State(pooled)


POOLINGS: dict[str, Callable[[int], nn.Module]] = {
    "last": lambda width: _Last(),  # noqa: ARG005
    "max": lambda width: _Max(),  # noqa: ARG005
    "mean": lambda width: _Mean(),  # noqa: ARG005
    "attention": _Attention,
}


def pooling_stage(name: str | None, width: int) -> list[nn.Module]:
    """The stage of that name over steps of that width; none for None.

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders import State
    >>> from polytask.encoders._step_pooling import pooling_stage
    >>> steps = State(torch.arange(6.0).view(1, 3, 2), torch.tensor([[True, True, False]]))
    >>> [pooling_stage(name, 2)[0](steps).values.tolist() for name in ("last", "max", "mean")]
    [[[2.0, 3.0]], [[2.0, 3.0]], [[1.0, 2.0]]]
    """
    return [] if name is None else [POOLINGS[name](width)]
