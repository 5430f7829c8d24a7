"""Forward passes from a batch to the losses of the tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from lightning_fabric import Fabric
from torch import Tensor
from torch.func import functional_call

from polytask.architectures import MultiTaskModule, Raw
from polytask.data import Batch
from polytask.encoders import State
from polytask.exceptions import ParameterError
from polytask.losses import MultiTaskLoss
from polytask.training._score import score
from polytask.training._score_checks import check_features, check_scores

__all__ = ["BatchLosses", "Forward"]


class BatchLosses(NamedTuple):
    """The losses of the tasks on a batch.

    Attributes
    ----------
    losses : tensor of shape (n_tasks,)
    present : tensor of shape (n_tasks,), bool
    features : list of tensors, optional
        The tensors that all heads start from.
    penalty : scalar tensor, optional
        The network's regulariser of this batch.
    whole : tensor of shape (n_tasks,), optional
        Losses of the whole batch, where several processes have parts of it; `losses` are then
        those of this process, of which the mean over all processes is `whole`.
    """

    losses: Float[Tensor, " n_tasks"]
    present: Bool[Tensor, " n_tasks"]
    features: list[Tensor] | None = None
    penalty: Float[Tensor, ""] | None = None
    whole: Float[Tensor, " n_tasks"] | None = None

    @property
    def values(self) -> Float[Tensor, " n_tasks"]:
        """Losses of the whole batch, without a graph."""
        return self.losses.detach() if self.whole is None else self.whole


class Forward:
    """Forward passes of a network in the precision of a run, up to the losses.

    Parameters
    ----------
    fabric : Fabric
    network : MultiTaskModule
    loss : MultiTaskLoss
    plain : bool
        Whether all numbers are float32.
    keep_features : bool
        Whether `BatchLosses.features` is filled.
    """

    def __init__(
        self,
        fabric: Fabric,
        network: MultiTaskModule,
        loss: MultiTaskLoss,
        *,
        plain: bool,
        keep_features: bool,
    ) -> None:
        self.fabric, self.network, self.loss = fabric, network, loss
        self.plain, self.keep_features = plain, keep_features
        self.checked = False
        self.penalizes = network.has_batch_penalty

    def __call__(self, batch: Batch) -> BatchLosses:
        """Losses of the network as it is; of an ensemble, the means over its members."""
        batch = self.network.with_members(batch)
        with nullcontext() if self.plain else self.fabric.autocast():
            raw, features = self._scores(batch)
            self._check(raw, batch)
            penalty = None
            if self.penalizes:
                penalty = self.network.batch_penalty(features or {}, raw, batch)
        values = None if features is None else [state.values for state in features.values()]
        losses, present = _mixed_losses(self.loss, _floats(raw), batch)
        if self.network.n_members > 1:
            losses = losses / self.network.n_members
        return BatchLosses(losses, present, values, penalty)

    def _scores(self, batch: Batch) -> tuple[Raw, Mapping[str, State] | None]:
        with _batch_norm_errors():
            wanted = self.keep_features or self.penalizes
            features = self.network.features(batch) if wanted else None
            if features is None:
                return self.network(batch), None
            if not self.checked:
                check_features(self.network, features)
            return self.network.answer(features, batch), features

    def _check(self, raw: Raw, batch: Batch) -> None:
        """Check the form of the scores of the first batch."""
        if not self.checked:
            check_scores(self.network, raw, batch)
            self.checked = True

    def sums(self, batch: Batch, state: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Sums of losses and labels; `state` replaces parameters and buffers of its names."""
        batch = self.network.with_members(batch)
        with nullcontext() if self.plain else self.fabric.autocast(), _batch_norm_errors():
            raw = functional_call(self.network, dict(state), (batch,))
        sums, counts = self.loss.sums(_floats(raw), batch)
        n_members = self.network.n_members
        return (sums, counts) if n_members == 1 else (sums / n_members, counts / n_members)

    def evaluated_sums(
        self, batch: Batch
    ) -> tuple[Float[Tensor, " n_tasks"], Float[Tensor, " n_tasks"]]:
        """Sums of losses and label weights over many rows, in evaluation mode.

        The network is given copies of the inputs, which it may change.
        """
        copied = {
            name: replace(rows, inputs={part: t.clone() for part, t in rows.inputs.items()})
            for name, rows in batch.items()
        }
        with nullcontext() if self.plain else self.fabric.autocast():
            raw = score(self.network, copied)
        with torch.no_grad():
            return self.loss.sums(_floats(raw), batch)


def _mixed_losses(
    loss: MultiTaskLoss, raw: Raw, batch: Batch
) -> tuple[Float[Tensor, " n_tasks"], Bool[Tensor, " n_tasks"]]:
    """Losses of a batch; of mixed rows, of both rows' labels, each with the share of its row."""
    losses, present = loss(raw, batch)
    mixtures = [rows.mixture for rows in batch.values() if rows.mixture is not None]
    if not mixtures:
        return losses, present
    share = mixtures[0].share  # one for all sources
    others = {
        name: rows if rows.mixture is None else replace(rows, targets=rows.mixture.targets)
        for name, rows in batch.items()
    }
    other_losses, other_present = loss(raw, others)
    return share * losses + (1 - share) * other_losses, present | other_present


@contextmanager
def _batch_norm_errors() -> Iterator[None]:
    """Say in our words that batch norm cannot train on a single row."""
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        sentence = (
            "The network has batch norm, which needs two rows or more of every batch, and a batch "
            "holds a single row. Raise `batch_size` of Trainer, give more rows, or choose another "
            "`normalization`, such as 'layer'."
        )
        raise ParameterError(sentence) from error


def _floats(raw: Raw) -> Raw:
    return {key: scores.float() for key, scores in raw.items()}
