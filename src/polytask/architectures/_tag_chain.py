"""Marginals of the tags of a linear chain, by the forward–backward algorithm."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from polytask._torch_defaults import full_precision

__all__ = ["chained"]

_MOST = 30.0
"""Largest transition that counts, of which the exponential and its inverse are finite."""


def chained(
    emissions: Float[Tensor, "rows k l c"],
    transitions: Float[Tensor, "*own c c"],
    lengths: Int[Tensor, "rows own_or_one"],
) -> Float[Tensor, "rows k l c"]:
    r"""Logarithms of the marginals of each step's tag, up to a constant per step.

    .. math:: p(y) \propto \exp\Big(\sum_t e_t(y_t) + \sum_{t>1} T(y_{t-1}, y_t)\Big)

    Parameters
    ----------
    emissions : tensor of shape (n, k, l, c)
        Scores e of n rows and k tasks.
    transitions : tensor of shape (k, c, c), or (n, 1, c, c)
        Scores T of each task, or of the only task of each row, counted up to ±30.
    lengths : tensor of shape (n, k) or (n, 1)
        Steps that rows have, which come first.

    Returns
    -------
    tensor of shape (n, k, l, c)
        In the transitions' precision, also under autocast.

    Examples
    --------
    A tag that always follows itself:

    >>> import torch
    >>> from polytask.architectures._tag_chain import chained
    >>> stays = torch.tensor([[[30.0, 0.0], [0.0, 30.0]]])
    >>> steps = torch.tensor([[[[1.0, 0.0], [0.0, 0.0], [2.0, 0.0]]]])
    >>> chained(steps, stays, torch.tensor([[3]])).softmax(-1)[0, 0].round(decimals=3)
    tensor([[0.9530, 0.0470],
            [0.9530, 0.0470],
            [0.9530, 0.0470]])
    """
    with full_precision():  # exponentials of transitions are beyond half precision
        return _chained(emissions.to(transitions.dtype), transitions, lengths)


def _chained(
    emissions: Float[Tensor, "rows k l c"],
    transitions: Float[Tensor, "*own c c"],
    lengths: Int[Tensor, "rows own_or_one"],
) -> Float[Tensor, "rows k l c"]:
    n_steps = emissions.shape[2]
    factors = transitions.clamp(-_MOST, _MOST).exp()
    steps = torch.arange(n_steps, device=emissions.device)
    turned = lengths.unsqueeze(-1) - 1 - steps
    places = torch.where(turned >= 0, turned, steps).unsqueeze(-1).expand_as(emissions)
    both = torch.stack([emissions, emissions.gather(2, places)])
    messages = _messages(both, torch.stack([factors, factors.mT]))
    return emissions + messages[0] + messages[1].gather(2, places)


def _messages(
    emissions: Float[Tensor, "2 rows k l c"], factors: Float[Tensor, "2 *own c c"]
) -> Float[Tensor, "2 rows k l c"]:
    """What the steps before say of each step's tag, in both directions.

    They lie between the least and the greatest transition, so that none underflows.
    """
    message = torch.zeros_like(emissions[:, :, :, 0])
    messages = [message]
    for step in range(emissions.shape[3] - 1):
        before = torch.softmax(emissions[:, :, :, step] + message, dim=-1)
        message = _after(before, factors).log()
        messages.append(message)
    return torch.stack(messages, dim=3)


def _after(
    before: Float[Tensor, "2 rows k c"], factors: Float[Tensor, "2 *own c c"]
) -> Float[Tensor, "2 rows k c"]:
    if factors.ndim == 4:  # of each task
        return (before.transpose(1, 2) @ factors).transpose(1, 2)
    return (before.unsqueeze(-2) @ factors).squeeze(-2)
