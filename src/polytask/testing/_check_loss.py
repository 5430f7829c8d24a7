"""Common check of losses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from polytask.losses import ListwiseLoss, Loss
from polytask.tasks import Kind
from polytask.testing._check_listwise import check_listwise
from polytask.testing._examples import served_examples
from polytask.testing._loss_case import LossCase, cast
from polytask.testing._require import require, require_close, require_finite, require_instance

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
        If a missing label has any influence or a label none; if a gradient is wrong, absent or not
        finite, also far from the labels; if losses of a task depend on the tasks beside it; if
        classes are not weighted as declared; or if shapes disagree, of constants too. Of a loss that
        compares rows (`polytask.losses.ListwiseLoss`), also if weights are not like repeated rows,
        or rows without weight or their order have an influence.
    ParameterError
        If the loss is no object of a class that extends `Loss`, or `kind` or `columns` is none.

    Examples
    --------
    >>> from polytask.losses import Huber
    >>> from polytask.testing import check_loss
    >>> check_loss(Huber(delta=2.0))
    """
    require_instance("check_loss", "loss", loss, Loss)
    for example in served_examples("check_loss", loss, kind, columns):
        case = LossCase(loss, example)
        _check_constants(case)
        _check_rows(case)
        _check_missing(case)
        if isinstance(loss, ListwiseLoss):
            check_listwise(loss, case)
        else:
            _check_tasks(case)
        _check_gradient(case)
        _check_labels(case)
        _check_far(case)
        _check_counts(case)
        _check_class_weights(case)


def _check_constants(case: LossCase) -> None:
    target = case.example.fitted
    twice = case.loss.constants([target] * 2)
    require(set(twice) == set(case.constants), f"{case.name}: other constants for two tasks.")
    for name, constant in case.constants.items():
        what = f"{case.name}: the constant {name!r}"
        shape = tuple(constant.shape)
        require(shape[:1] == (1,), f"{what} has shape {shape} for 1 task.")
        require_finite(constant, f"{what} is not finite")
        same = torch.cat([constant, constant])
        sentence = f"{what} of two tasks is not that of one"
        require_close(twice[name].to(constant.dtype), same, sentence)


def _check_rows(case: LossCase) -> None:
    n_rows = len(case.scores)
    rows = case.rows()
    require(rows.shape == (n_rows,), f"{case.name}: {tuple(rows.shape)} losses for {n_rows} rows.")
    require_finite(rows, f"{case.name}: a row's loss is not finite")
    single = case.rows(
        case.scores.float(), case.values.float(), cast(case.constants, torch.float32)
    )
    require(single.dtype == torch.float32, f"{case.name}: float32 in, {single.dtype} out.")


def _check_tasks(case: LossCase) -> None:
    """Each of two tasks side by side, or in rows of their own, has the losses it has alone."""
    targets = [case.example.fitted, case.other_target()]
    constants = cast(case.loss.constants(targets), torch.float64)
    scores, values = ((x, x.flip(0)) for x in (case.scores, case.values))
    masks = (case.mask, case.mask.flip(0))
    alone = [
        case.loss.rowwise(
            scores[task],
            values[task],
            masks[task],
            {name: c[[task]].expand(len(case.mask), *c.shape[1:]) for name, c in constants.items()},
        )
        for task in (0, 1)
    ]
    for first, second in ((0, 0), (0, 1), (1, 0)):
        order = [first, second]
        both = case.loss.rowwise(
            torch.stack([scores[task] for task in order], dim=1),
            torch.stack([values[task] for task in order], dim=1),
            torch.stack([masks[task] for task in order], dim=1),
            {name: constant[order] for name, constant in constants.items()},
        )
        wanted = torch.stack([alone[task] for task in order], dim=1)
        which = "equal" if first == second else "different"
        sentence = f"{case.name}: two {which} tasks side by side do not get the losses of each"
        require_close(both, wanted, sentence)
    mixed = case.loss.rowwise(
        torch.cat(scores),
        torch.cat(values),
        torch.cat(masks),
        {name: c.repeat_interleave(len(case.mask), dim=0) for name, c in constants.items()},
    )
    sentence = f"{case.name}: rows of two tasks do not get the losses of each"
    require_close(mixed, torch.cat(alone), sentence)


def _gradient(case: LossCase, scores: Tensor, constants: Mapping[str, Tensor]) -> Tensor:
    scores = scores.clone().requires_grad_()
    rows = case.rows(scores, case.values.to(scores.dtype), constants)
    sentence = f"{case.name}: the losses have no gradient with respect to the scores."
    require(rows.requires_grad, sentence)
    (gradient,) = torch.autograd.grad(rows.sum(), scores, allow_unused=True)
    require(gradient is not None, sentence)
    assert gradient is not None
    return gradient


def _check_missing(case: LossCase) -> None:
    gradient = _gradient(case, case.scores, case.constants)
    require_finite(gradient, f"{case.name}: a gradient is not finite")
    labelled, rows = case.labelled, case.rows()
    sentence = f"{case.name}: the value in a missing cell changes the loss of a labelled row"
    for filling in (torch.ones_like(case.values[0]), case.values.amax(dim=0)):
        values = torch.where(case.mask, case.values, filling)
        require_close(case.rows(values=values)[labelled], rows[labelled], sentence)


def _check_labels(case: LossCase) -> None:
    """Every cell of a label has an influence."""
    rows = case.rows()[case.labelled]
    n_cells = case.mask.flatten(1).shape[1]
    for cell in range(n_cells):
        changed = any(
            not torch.equal(case.rows(values=case.shuffled(cell, seed))[case.labelled], rows)
            for seed in range(3)
        )
        where = f" in cell {cell} of {n_cells}" if n_cells > 1 else ""
        require(changed, f"{case.name}: the labels{where} do not change the loss of any row.")


def _check_gradient(case: LossCase) -> None:
    gradient = _gradient(case, case.scores, case.constants)
    generator = torch.Generator().manual_seed(3)
    direction = torch.randn(case.scores.shape, generator=generator, dtype=torch.float64)
    step = 1e-6
    ahead = case.rows(case.scores + step * direction)
    behind = case.rows(case.scores - step * direction)
    slope = (ahead - behind) / (2 * step)
    sentence = f"{case.name}: the gradient disagrees with finite differences"
    along = (gradient * direction).flatten(1).sum(dim=-1)
    if isinstance(case.loss, ListwiseLoss):  # a row's scores move the losses of others
        along, slope = along.sum(), slope.sum()
    require_close(along, slope, sentence, relative=1e-4, absolute=1e-6)
    moved = gradient.abs().flatten(1).sum(dim=-1)[case.labelled]
    require((moved > 0).any(), f"{case.name}: no labelled row pulls at the scores.")


def _check_far(case: LossCase) -> None:
    """Losses and gradients far from the labels, in the precision that networks are trained in."""
    constants = cast(case.constants, torch.float32)
    for size in (30, 100):
        far = (case.scores * size).clamp(-size, size).float()
        rows = case.rows(far, case.values.float(), constants)
        where = f"{case.name}: in float32, scores up to ±{size}"
        require_finite(rows, f"{where} give losses that are not finite")
        gradient = _gradient(case, far, constants)
        require_finite(gradient, f"{where} give gradients that are not finite")


def _check_counts(case: LossCase) -> None:
    mask, labelled, kind = case.mask.flatten(1), case.labelled, case.example.kind
    counts = case.loss.counts(mask)
    require(counts.shape == labelled.shape, f"{case.name}: counts {tuple(counts.shape)}.")
    require(torch.equal(counts > 0, labelled), f"{case.name}: rows without a label count.")
    wanted = mask.sum(dim=-1) if kind.counts_cells else labelled
    what = "cells are labels of their own" if kind.counts_cells else "a row is one label"
    sentence = f"{case.name}: `counts` disagrees with the kind, of which {what}"
    require_close(counts.double(), wanted.double(), sentence)


def _check_class_weights(case: LossCase) -> None:
    """Where it declares that it weighs classes, it multiplies rows by their class's weight."""
    example, n_classes = case.example, len(case.example.fitted.classes)
    codes = example.kind.class_codes(example.truth, example.fitted)
    if not case.loss.weighs_classes or codes is None or codes.shape[1] != 1:
        return
    known = np.isfinite(codes[:, 0]) & (codes[:, 0] < n_classes)
    own = torch.arange(1.0, n_classes + 1, dtype=torch.float64)
    ones = {**case.constants, "class_weight": torch.ones(1, n_classes, dtype=torch.float64)}
    weighted = {**case.constants, "class_weight": own[None]}
    factors = own[torch.from_numpy(codes[known, 0]).long()]
    sentence = (
        f"{case.name}: declares `weighs_classes`, but does not multiply rows by the weight of "
        "their class"
    )
    kept = torch.from_numpy(known)
    require_close(
        case.rows(constants=weighted)[kept], case.rows(constants=ones)[kept] * factors, sentence
    )
