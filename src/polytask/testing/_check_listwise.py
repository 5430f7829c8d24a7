"""Check of losses that compare rows: columns, weights, order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from polytask.losses import ListwiseLoss
from polytask.testing._loss_case import LossCase, cast
from polytask.testing._require import require_close

__all__ = ["check_listwise"]


def check_listwise(loss: ListwiseLoss, case: LossCase) -> None:
    """Check that losses of rows keep what `polytask.losses.ListwiseLoss` promises.

    Raises
    ------
    AssertionError
    """
    labelled = case.labelled.to(case.scores.dtype)
    rows = _Rows(case.scores, case.values, case.mask, labelled)
    generator = torch.Generator().manual_seed(4)
    order = torch.randperm(len(labelled), generator=generator)

    def losses(given: _Rows) -> Tensor:
        return _losses(loss, _beside([given]), case.constants)[:, 0]

    sentence = f"{case.name}: the order of rows changes their losses"
    require_close(losses(rows.taken(order)), losses(rows)[order], sentence)
    _check_columns(loss, case, rows)
    times = torch.randint(0, 4, (len(labelled),), generator=generator)
    repeated = torch.arange(len(labelled)).repeat_interleave(times)
    sentence = f"{case.name}: a weight of n is not n equal rows, or one of 0 is not an absent row"
    weighted = losses(rows.weighted(times))
    require_close(losses(rows.taken(repeated)), weighted[repeated], sentence)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of one task, (n, …), or of several, (n, n_tasks, …)."""

    scores: Tensor
    values: Tensor
    mask: Tensor
    weight: Tensor

    def mapped(self, function: Callable[[Tensor], Tensor]) -> _Rows:
        return _Rows(*map(function, (self.scores, self.values, self.mask, self.weight)))

    def taken(self, rows: Tensor) -> _Rows:
        return self.mapped(lambda tensor: tensor[rows])

    def weighted(self, factor: Tensor) -> _Rows:
        return replace(self, weight=self.weight * factor)


def _beside(columns: Sequence[_Rows]) -> _Rows:
    """Tasks as columns, shorter ones with rows of zeros below."""
    height = max(len(own.scores) for own in columns)

    def filled(tensor: Tensor) -> Tensor:
        return torch.cat([tensor, tensor.new_zeros(height - len(tensor), *tensor.shape[1:])])

    full = [own.mapped(filled) for own in columns]
    return _Rows(
        *(torch.stack([getattr(own, field.name) for own in full], dim=1) for field in fields(_Rows))
    )


def _losses(loss: ListwiseLoss, rows: _Rows, constants: Mapping[str, Tensor]) -> Tensor:
    """Losses (n, n_tasks)."""
    return loss.listwise(rows.scores, rows.values, rows.mask, rows.weight, constants)


def _check_columns(loss: ListwiseLoss, case: LossCase, rows: _Rows) -> None:
    """Each of two tasks side by side has the losses it has alone, also above absent rows."""
    constants = cast(loss.constants([case.example.fitted, case.other_target()]), torch.float64)
    pair = (rows, rows.taken(torch.arange(len(rows.scores) // 2).flip(0)))

    def losses(order: Sequence[int]) -> Tensor:
        own = {name: constant[list(order)] for name, constant in constants.items()}
        return _losses(loss, _beside([pair[task] for task in order]), own)

    alone = [losses([task])[:, 0] for task in (0, 1)]
    for first, second in ((0, 0), (0, 1), (1, 0)):
        both = losses([first, second])
        which = "equal" if first == second else "different"
        sentence = f"{case.name}: two {which} tasks side by side do not get the losses of each"
        for column, task in enumerate((first, second)):
            require_close(both[: len(alone[task]), column], alone[task], sentence)
