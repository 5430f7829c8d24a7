"""Base class of losses that compare the rows of a task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from jaxtyping import Bool, Float
from torch import Tensor

from polytask.losses._loss import Loss

__all__ = ["ListwiseLoss"]


class ListwiseLoss(Loss):
    """A loss in which rows of a task are compared, such as a ranking loss or a partial likelihood.

    A loss of one's own implements `listwise` in place of `Loss.rowwise`; all else is as in `Loss`,
    and `polytask.testing.check_loss` holds it to this contract.

    Notes
    -----
    The rows that are compared are those of one batch: of a task in all sources, and of one member of
    an ensemble. With several processes each compares the rows of its own share of a batch, and of
    the validation rows; batches whose gradients are accumulated are not compared with one another.
    Larger batches are nearer to a comparison of all rows. Validation rows are compared all at once:
    their losses may be on another scale than those of batches, and a table of all pairs, as in the
    example, takes memory of their number squared.

    Examples
    --------
    A logistic loss for each pair of rows in the wrong order:

    >>> from dataclasses import dataclass
    >>> import torch
    >>> from torch.nn.functional import softplus
    >>> from polytask.losses import ListwiseLoss
    >>> from polytask.tasks import Regression
    >>> @dataclass(frozen=True)
    ... class PairwiseRanking(ListwiseLoss):
    ...     kinds = (Regression,)
    ...
    ...     def listwise(self, scores, values, mask, weight, constants):
    ...         scores, values = ((x * mask).sum(dim=-1) for x in (scores, values))
    ...         smaller = values[:, None] > values  # (rows, others, tasks)
    ...         pairs = softplus(scores - scores[:, None]) * smaller * weight
    ...         return pairs.sum(dim=1) / weight.sum(dim=0).clamp(min=1e-30)
    >>> scores, values = torch.tensor([[[0.0]], [[0.0]]]), torch.tensor([[[1.0]], [[2.0]]])
    >>> mask, weight = torch.ones(2, 1, 1, dtype=bool), torch.ones(2, 1)
    >>> PairwiseRanking().listwise(scores, values, mask, weight, {})  # log 2 / 2
    tensor([[0.0000],
            [0.3466]])
    """

    @abstractmethod
    def listwise(
        self,
        scores: Float[Tensor, "rows tasks *scores"],
        values: Float[Tensor, "rows tasks *cells"],
        mask: Bool[Tensor, "rows tasks *cells"],
        weight: Float[Tensor, "rows tasks"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "rows tasks"]:
        """Losses of rows and tasks, of which the sum, times the weights, is a task's loss.

        A row of weight w has the influence of w equal rows, on its own loss and on those of others;
        one of weight 0 has none. The order of rows has none either. A task's losses depend on its
        own column alone, and on every labelled cell. Losses and gradients are finite in single
        precision for scores up to ±100.

        Parameters
        ----------
        scores : tensor of shape (rows, tasks, *score_shape)
            Of at least one row.
        values : tensor of shape (rows, tasks, *target_shape)
            Encoded labels, 0 where missing.
        mask : tensor of shape (rows, tasks, *target_shape)
            Which cells are labelled.
        weight : tensor of shape (rows, tasks)
            At least 0, and 0 for rows without a label of the task.
        constants : mapping of str to tensor of shape (tasks, ...)
            What `constants` gave.
        """

    def rowwise(
        self,
        scores: Float[Tensor, "rows tasks *scores"],
        values: Float[Tensor, "rows tasks *cells"],
        mask: Bool[Tensor, "rows tasks *cells"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "rows tasks"]:
        """As `listwise`, of labelled rows that all have the weight 1."""
        weight = mask.flatten(2).any(dim=-1).to(scores.dtype)
        return self.listwise(scores, values, mask, weight, constants)
