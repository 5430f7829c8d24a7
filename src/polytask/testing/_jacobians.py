"""Gradients by mathematical class, for the checks of aggregators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import torch
from torch import Tensor

__all__ = ["Problem", "problems", "variants"]

_SCALES = (1.0, 1e-15, 1e15)
_VARIANTS = tuple(product((torch.float64, torch.float32), _SCALES))


@dataclass(frozen=True)
class Problem:
    """Gradients of which something is known.

    Parameters
    ----------
    name : str
        What to call them in errors.
    jacobian : tensor of shape (k, p)
    stationary : bool, default False
        Whether 0 lies in the rows' convex hull, by construction.
    regular : bool, default False
        Whether the rows, brought to unit length, are far from dependent.
    """

    name: str
    jacobian: Tensor
    stationary: bool = False
    regular: bool = False

    @property
    def size(self) -> float:
        """Length of the longest gradient."""
        return float(self.jacobian.double().norm(dim=1).max())


def problems(count: int) -> list[Problem]:
    """One problem of each class for `count` tasks, in float64; the same ones at each call."""
    draw = torch.Generator().manual_seed(count)
    n_columns = 7 if count <= 3 else 60
    plain = torch.randn(count, n_columns, generator=draw, dtype=torch.float64)
    of_each_class = [
        Problem("plain gradients", plain, regular=True),
        Problem("zero gradients", torch.zeros_like(plain), stationary=True),
    ]
    if count > 1:
        of_each_class += _of_several(plain, draw)
    if count >= 20:
        crowd = torch.randn(count, 5, generator=draw, dtype=torch.float64)
        crowd[-1] = -crowd[:-1].sum(dim=0)
        of_each_class.append(Problem("more gradients than parameters", crowd, stationary=True))
    return of_each_class


def variants(problem: Problem, turn: int | None = None) -> Iterator[Problem]:
    """The problem in each type and at each scale; with a turn, as given and in one of these."""
    chosen = _VARIANTS if turn is None else (_VARIANTS[0], _VARIANTS[1 + turn % 5])
    for dtype, scale in chosen:
        name = f"{problem.name}, {str(dtype).removeprefix('torch.')}, times {scale:g}"
        yield replace(problem, name=name, jacobian=(problem.jacobian * scale).to(dtype))


def _of_several(plain: Tensor, draw: torch.Generator) -> list[Problem]:
    """Classes that take two tasks."""
    count = len(plain)
    share = 0.5 + torch.rand(count, 1, generator=draw, dtype=torch.float64)
    signs = torch.ones_like(share)
    signs[1::2] = -1.0
    lengths = torch.logspace(-3, 3, count, dtype=torch.float64)[:, None]
    centred = plain - plain.mean(dim=0)
    return [
        Problem("equal gradients", plain[:1].expand(count, -1).clone()),
        Problem("nearly equal gradients", plain[:1] + 1e-4 * plain),
        Problem("parallel gradients", share * plain[:1]),
        Problem("gradients along a line", signs * share * plain[:1], stationary=True),
        Problem("one dependent gradient", _with_last(plain, (signs * share)[:-1])),
        Problem("stationary gradients", _with_last(plain, -share[:-1]), stationary=True),
        Problem("opposing gradients", _with_first(plain, -plain[1]), stationary=True),
        Problem("strongly conflicting gradients", centred + _common(centred, plain), regular=True),
        Problem("one zero gradient", _with_first(plain, 0 * plain[0]), stationary=True),
        Problem("gradients of many sizes", lengths * plain, regular=True),
    ]


def _with_first(plain: Tensor, row: Tensor) -> Tensor:
    return torch.cat([row[None], plain[1:]])


def _with_last(plain: Tensor, shares: Tensor) -> Tensor:
    """The last row becomes a combination of the others."""
    return torch.cat([plain[:-1], (shares * plain[:-1]).sum(dim=0, keepdim=True)])


def _common(centred: Tensor, plain: Tensor) -> Tensor:
    """A short direction that the conflicting gradients share, across all their differences."""
    mean = plain.mean(dim=0)
    beside = mean - torch.linalg.lstsq(centred.T, mean, driver="gelsd").solution @ centred
    return 0.1 * beside / beside.norm() * centred.norm(dim=1).mean()
