"""Weights under which the tasks' gradients are equally long or well conditioned."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._torch_defaults import graphs_on

__all__ = ["condition_number", "equal_norms", "well_conditioned"]

_SMALLEST_EIGENVALUE = 1e-10
_DESCENT_STEPS = 100


def equal_norms(gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
    """Weights that make all gradients, of which none is zero, equally long."""
    norms = gramian.diagonal().sqrt()
    return norms.max() / norms


def condition_number(gramian: Float[Tensor, "k k"]) -> Float[Tensor, ""]:
    """The largest over the smallest eigenvalue, which counts as at least 1e-10 of it."""
    eigenvalues = torch.linalg.eigvalsh(gramian)
    return 1 / (eigenvalues[0] / eigenvalues[-1]).clamp(min=_SMALLEST_EIGENVALUE)


def well_conditioned(gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
    r"""Weights w for which :math:`\mathrm{diag}(w)\, G\, \mathrm{diag}(w)` is well conditioned.

    Gradient descent on the logarithm of the condition number over log w, from the weights of
    equal norms, which are at most a factor k from the optimum; the best iterate is returned.
    """
    start = equal_norms(gramian)
    correlation = start[:, None] * gramian * start[None, :]
    correlation = correlation / correlation.diagonal().max()
    logs = torch.zeros_like(start).requires_grad_()
    optimizer = torch.optim.Adam([logs], lr=0.02)
    best, chosen = torch.inf, logs.detach().clone()
    with graphs_on():
        for _ in range(_DESCENT_STEPS):
            scale = logs.exp()
            condition = condition_number(scale[:, None] * correlation * scale[None, :])
            if float(condition.detach()) < best:
                best, chosen = float(condition.detach()), logs.detach().clone()
            optimizer.zero_grad()
            torch.autograd.backward(condition.log())
            optimizer.step()
    return start * chosen.exp()
