"""The common check of a loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from polytask.losses import Loss
from polytask.tasks import Kind
from polytask.testing._examples import KindExample, examples_of
from polytask.testing._require import require, require_close, require_finite

__all__ = ["check_loss"]


def check_loss(
    loss: Loss, kind: Kind | None = None, columns: Mapping[str, np.ndarray] | None = None
) -> None:
    """Check that a loss keeps the promises of `polytask.losses.Loss`, for each kind it serves.

    Parameters
    ----------
    loss : Loss
    kind : Kind, optional
        By default every kind that it serves, each without arguments.
    columns : mapping of str to array, optional
        As in `check_kind`.

    Raises
    ------
    AssertionError
        If a missing label has any influence, gradients are wrong or not finite, or shapes
        disagree, of constants too.

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
    for served in [one() for one in loss.kinds] if kind is None else [kind]:
        for example in examples_of(served, columns):
            case = _Case(loss, example)
            _check_constants(case)
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
        shape = (len(encoded), *example.score_shape)
        self.scores = torch.randn(shape, generator=generator, dtype=torch.float64)
        self.target = example.fitted
        self.constants = _cast(loss.constants([example.fitted]), torch.float64)
        self.of_rows = {
            name: constant.expand(len(encoded), *constant.shape[1:])
            for name, constant in self.constants.items()
        }

    @property
    def labelled(self) -> Tensor:
        """Rows of which any cell is labelled."""
        return self.mask.flatten(1).any(dim=-1)

    def rows(self, scores: Tensor, values: Tensor | None = None) -> Tensor:
        """Row losses for other scores or values."""
        values = self.values if values is None else values
        return self.loss.rowwise(scores, values, self.mask, self.of_rows)


def _cast(constants: Mapping[str, Tensor], dtype: torch.dtype) -> Mapping[str, Tensor]:
    return {
        name: constant.to(dtype) if constant.is_floating_point() else constant
        for name, constant in constants.items()
    }


def _check_constants(case: _Case) -> None:
    twice = case.loss.constants([case.target] * 2)
    require(set(twice) == set(case.constants), f"{case.name}: other constants for two tasks.")
    for name, constant in case.constants.items():
        words = f"{case.name}: the constant {name!r}"
        require(
            constant.shape[:1] == (1,), f"{words} has shape {tuple(constant.shape)} for 1 task."
        )
        require_finite(constant, f"{words} is not finite")
        same = torch.cat([constant, constant])
        require_close(
            twice[name].to(constant.dtype), same, f"{words} of two tasks is not that of one"
        )


def _check_rows(case: _Case) -> None:
    n_rows = len(case.scores)
    rows = case.rows(case.scores)
    require(rows.shape == (n_rows,), f"{case.name}: {tuple(rows.shape)} losses for {n_rows} rows.")
    require_finite(rows, f"{case.name}: a row's loss is not finite")
    both = case.loss.rowwise(
        torch.stack([case.scores] * 2, dim=1),
        torch.stack([case.values] * 2, dim=1),
        torch.stack([case.mask] * 2, dim=1),
        {name: c.expand(2, *c.shape[1:]) for name, c in case.constants.items()},
    )
    words = f"{case.name}: two equal tasks side by side do not get the losses of one"
    require_close(both, torch.stack([rows, rows], dim=1), words)
    single = case.loss.rowwise(
        case.scores.float(),
        case.values.float(),
        case.mask,
        _cast(case.of_rows, torch.float32),
    )
    require(single.dtype == torch.float32, f"{case.name}: float32 in, {single.dtype} out.")
    extreme = case.rows(case.scores * 100)
    require_finite(extreme, f"{case.name}: scores of ±100 give losses that are not finite")


def _check_missing(case: _Case) -> None:
    scores = case.scores.clone().requires_grad_()
    rows = case.rows(scores)
    (gradient,) = torch.autograd.grad(rows.sum(), scores)
    require_finite(gradient, f"{case.name}: a gradient is not finite")
    labelled = case.labelled
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
    along = (gradient * direction).flatten(1).sum(dim=-1)
    require_close(along, slope, words, relative=1e-4, absolute=1e-6)
    moved = gradient.abs().flatten(1).sum(dim=-1)[case.labelled]
    require((moved > 0).any(), f"{case.name}: no labelled row pulls at the scores.")


def _check_counts(case: _Case) -> None:
    counts, labelled = case.loss.counts(case.mask.flatten(1)), case.labelled
    require(counts.shape == labelled.shape, f"{case.name}: counts {tuple(counts.shape)}.")
    require(torch.equal(counts > 0, labelled), f"{case.name}: rows without a label count.")
