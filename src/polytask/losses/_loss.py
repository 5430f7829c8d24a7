"""Base class of losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.tasks import FittedTarget, Kind

__all__ = ["Loss"]


class Loss(ABC):
    """How far raw scores are from labels, row by row; a frozen dataclass of plain arguments.

    A loss of one's own implements `rowwise`; `constants` where it needs numbers that its kind
    learned; and `counts_cells` where a row is several labels. Give it to tasks,
    ``Task("price", "regression", loss=ErrorInUnits())``, on the command line by
    ``--loss price=my_module:ErrorInUnits``, or let it name a kind of your own in `default_for`.
    `polytask.testing.check_loss` holds it to this contract. A loss that compares the rows of a batch
    extends `ListwiseLoss`.

    Attributes
    ----------
    kinds : tuple of Kind classes
        The kinds it serves.
    default_for : tuple of Kind classes
        The kinds whose tasks get it unless they name another. Of a loss of one's own only kinds of
        one's own count.
    counts_cells : bool
        Whether each labelled cell is a label of its own, as in kinds that say so.
    weighs_classes : bool
        Whether rows are multiplied by the weight of their class in the constant
        ``"class_weight"``, (n_tasks, n_classes), where there is one.

    Examples
    --------
    An absolute error in the user's units, from the scale that `Regression` learned of each task:

    >>> from dataclasses import dataclass
    >>> import torch
    >>> from polytask.losses import Loss
    >>> from polytask.tasks import FittedTarget, Regression
    >>> @dataclass(frozen=True)
    ... class ErrorInUnits(Loss):
    ...     kinds = (Regression,)
    ...
    ...     def constants(self, targets):
    ...         return {"scale": torch.tensor([target.learned["scale"] for target in targets])}
    ...
    ...     def rowwise(self, scores, values, mask, constants):
    ...         errors = (scores - values).abs() * constants["scale"]
    ...         return (errors * mask).sum(dim=-1)
    >>> price = FittedTarget(("price",), learned={"center": (9.0,), "scale": (20.0,)})
    >>> loss = ErrorInUnits()
    >>> scores, values = torch.tensor([[[0.5]], [[2.0]]]), torch.zeros(2, 1, 1)  # 2 rows, 1 task
    >>> loss.rowwise(scores, values, torch.ones(2, 1, 1, dtype=bool), loss.constants([price]))
    tensor([[10.],
            [40.]])
    """

    kinds: ClassVar[tuple[type[Kind], ...]] = ()
    default_for: ClassVar[tuple[type[Kind], ...]] = ()
    counts_cells: ClassVar[bool] = False
    weighs_classes: ClassVar[bool] = False
    named_by_class: ClassVar[bool] = True

    @classmethod
    def serves(cls, kind: Kind) -> bool:
        """Whether tasks of a kind can be trained with it."""
        return isinstance(kind, cls.kinds)

    @abstractmethod
    def rowwise(
        self,
        scores: Float[Tensor, "..."],
        values: Float[Tensor, "..."],
        mask: Bool[Tensor, "..."],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Loss of each row and task, finite even where nothing is labelled.

        All axes are reduced but those of rows and tasks: one of rows where each row has one task,
        else (rows, tasks). A task's losses depend on its own scores, labels and constants alone,
        and on every labelled cell.

        Losses and their gradients are finite in single precision for scores up to ±100, which
        networks give before they have learned: exponentials need a `clamp`, or a function such as
        `torch.logaddexp` that has one.

        Parameters
        ----------
        scores : tensor of shape (*rows, *score_shape)
        values : tensor of shape (*rows, *target_shape)
            Encoded labels, 0 where missing.
        mask : tensor of shape (*rows, *target_shape)
            Which cells are labelled.
        constants : mapping of str to tensor
            What `constants` gave: each (n_tasks, ...), or (rows, ...) with those of its own task
            where each row has one. Either broadcasts against scores and values.
        """

    def counts(self, mask: Bool[Tensor, "*rows c"]) -> Float[Tensor, "*rows"]:
        """How many labels each row counts for: 1 if any cell is labelled, or its labelled cells.

        Parameters
        ----------
        mask : tensor of shape (*rows, n_cells)
            Which cells are labelled, several axes of a label as one.
        """
        labels = mask.sum(dim=-1) if self.counts_cells else mask.any(dim=-1)
        return labels.to(torch.float32)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """Numbers that the loss needs of the fitted targets, by name; none by default.

        Parameters
        ----------
        targets : sequence of FittedTarget
            Of the block's tasks, in order.

        Returns
        -------
        mapping of str to tensor of shape (n_tasks, ...)
        """
        del targets
        return {}
