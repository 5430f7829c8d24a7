"""The common check of a loss."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from polytask.losses import Loss
from polytask.testing._examples import KindExample, examples_of
from polytask.testing._require import require, require_close, require_finite

__all__ = ["check_loss"]


def check_loss(loss: Loss) -> None:
    """Check that a loss keeps the promises of `polytask.losses.Loss`, for each kind it serves.

    Parameters
    ----------
    loss : Loss

    Raises
    ------
    AssertionError
        If a missing label has any influence, gradients are wrong or not finite, or shapes
        disagree.

    Examples
    --------
    >>> from polytask.losses import Huber
    >>> from polytask.testing import check_loss
    >>> check_loss(Huber(delta=2.0))
    """
    name = type(loss).__name__
    require(loss.kinds, f"{name} serves no kind.")
    strange = set(loss.default_for) - set(loss.kinds)
    require(not strange, f"{name} is the default for {strange}, which it does not serve.")
    for kind in loss.kinds:
        for example in examples_of(kind()):
            case = _Case(loss, example)
            _check_rows(case)
            _check_missing(case)
            _check_gradient(case)
            _check_counts(case)


class _Case:
    """Scores and labels of an example, in double precision."""

    def __init__(self, loss: Loss, example: KindExample) -> None:
        self.loss = loss
        self.name = f"{type(loss).__name__} on {example.kind.name}"
        encoded = torch.from_numpy(example.encoded).double()
        self.mask = ~encoded.isnan()
        self.values = encoded.nan_to_num(0.0)
        generator = torch.Generator().manual_seed(2)
        shape = (len(encoded), example.fitted.size)
        self.scores = torch.randn(shape, generator=generator, dtype=torch.float64)
        self.constants = _cast(loss.constants([example.fitted]), torch.float64)

    def rows(self, scores: Tensor, values: Tensor | None = None) -> Tensor:
        """Row losses for other scores or values."""
        values = self.values if values is None else values
        return self.loss.rowwise(scores, values, self.mask, self.constants)


def _cast(constants: Mapping[str, Tensor], dtype: torch.dtype) -> Mapping[str, Tensor]:
    return {
        name: constant.to(dtype) if constant.is_floating_point() else constant
        for name, constant in constants.items()
    }


def _check_rows(case: _Case) -> None:
    n_rows = len(case.scores)
    rows = case.rows(case.scores)
    require(rows.shape == (n_rows,), f"{case.name}: {tuple(rows.shape)} losses for {n_rows} rows.")
    require_finite(rows, f"{case.name}: a row's loss is not finite")
    both = case.loss.rowwise(
        case.scores[:, None].expand(-1, 2, -1),
        case.values[:, None].expand(-1, 2, -1),
        case.mask[:, None].expand(-1, 2, -1),
        {name: c.expand(2, *c.shape[1:]) for name, c in case.constants.items()},
    )
    words = f"{case.name}: two equal tasks side by side do not get the losses of one"
    require_close(both, torch.stack([rows, rows], dim=1), words)
    single = case.loss.rowwise(
        case.scores.float(),
        case.values.float(),
        case.mask,
        _cast(case.constants, torch.float32),
    )
    require(single.dtype == torch.float32, f"{case.name}: float32 in, {single.dtype} out.")
    extreme = case.rows(case.scores * 100)
    require_finite(extreme, f"{case.name}: scores of ±100 give losses that are not finite")


def _check_missing(case: _Case) -> None:
    scores = case.scores.clone().requires_grad_()
    rows = case.rows(scores)
    (gradient,) = torch.autograd.grad(rows.sum(), scores)
    require_finite(gradient, f"{case.name}: a gradient is not finite")
    labelled = case.mask.any(dim=-1)
    other = torch.where(case.mask, case.values, torch.ones_like(case.values))
    changed = case.rows(case.scores, other)
    words = f"{case.name}: what stands in a missing cell changes the loss of a labelled row"
    require_close(changed[labelled], rows.detach()[labelled], words)


def _check_gradient(case: _Case) -> None:
    scores = case.scores.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(case.rows(scores).sum(), scores)
    generator = torch.Generator().manual_seed(3)
    direction = torch.randn(scores.shape, generator=generator, dtype=torch.float64)
    step = 1e-6
    ahead = case.rows(case.scores + step * direction)
    behind = case.rows(case.scores - step * direction)
    slope = (ahead - behind) / (2 * step)
    words = f"{case.name}: the gradient disagrees with finite differences"
    require_close((gradient * direction).sum(dim=-1), slope, words, relative=1e-4, absolute=1e-6)
    moved = gradient.abs().sum(dim=-1)[case.mask.any(dim=-1)]
    require((moved > 0).any(), f"{case.name}: no labelled row pulls at the scores.")


def _check_counts(case: _Case) -> None:
    counts = case.loss.counts(case.mask)
    labelled = case.mask.any(dim=-1)
    require(counts.shape == labelled.shape, f"{case.name}: counts {tuple(counts.shape)}.")
    require(torch.equal(counts > 0, labelled), f"{case.name}: rows without a label count.")
