"""A tower per task; subspaces of all towers mix after stages, and stages mix at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Constraint, Interval
from polytask.architectures._copies import Copies
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._fused_towers import FusedTowersNetwork
from polytask.architectures._fusion_unit import FusionUnit
from polytask.architectures._heads import Heads
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._sluice_unit import SluiceUnit, StageWeights
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.encoders._pooling import pooled_width
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["Sluice"]


@dataclass(frozen=True)
class Sluice(EncoderArchitecture):
    r"""A tower per task; learned weights say which subspaces and which stages tasks share.

    .. math:: \tilde h_{ks}^l = \sum_{j,t} \alpha_{ks,jt}^l h_{jt}^l, \qquad
              h_k = \sum_l \beta_{kl} \tilde h_k^l

    with the subspaces :math:`h_{j1}^l, h_{j2}^l, \dots` of what stage l gives in the tower of
    task j: equal parts of its channels.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Every task gets a copy of its stages, which must give equally many channels.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    n_subspaces : int, default 2
    own_weight : float in [0, 1], default 0.9
        :math:`\alpha_{ks,ks}` at the start; the others share what is left to 1.
    orthogonality : float in [0, inf), default 0.01
        Strength λ of :math:`\lambda \sum_{l,k} \sum_{s<t} \|W_{ks}^l (W_{kt}^l)^\top\|_F^2`,
        where the rows of :math:`W_{ks}^l` are what the units of subspace s read.

    Raises
    ------
    ParameterError
        If stages give different numbers of channels, or ones that the subspaces do not divide.

    Notes
    -----
    Stages of maps and sequences are mean-pooled before β mixes them, unless tasks label their steps. β starts from equal weights.

    Deviations: α starts with `own_weight` in each subspace, where the authors' code starts two
    subspaces in a pattern of their own; the penalty compares what the units of two subspaces
    read, as the paper says, where that code multiplies the transposed matrices; embeddings of
    categories and the layers in which sources meet serve all towers.

    References
    ----------
    Ruder et al., "Latent multi-task architecture learning", AAAI 2019.

    Examples
    --------
    >>> from polytask.architectures import Sluice
    >>> from polytask.encoders import MLP
    >>> Sluice(MLP((64, 64)), n_subspaces=4).n_subspaces
    4
    """

    n_subspaces: int = 2
    own_weight: float = 0.9
    orthogonality: float = 0.01

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "n_subspaces": Choices((1, 2, 4), 2),
        "own_weight": Range(0.5, 1.0, default=0.9),
        "orthogonality": Range(1e-4, 1.0, log=True, default=0.01),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "n_subspaces": Interval(int, 1),
        "own_weight": Interval(float, 0.0, 1.0),
        "orthogonality": Interval(float, 0.0),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the towers, the units between subspaces and the weights of the stages."""
        return SluiceNetwork(self, encoder, schemas, tasks)


class SluiceNetwork(FusedTowersNetwork):
    """The module of `Sluice`."""

    def __init__(
        self, recipe: Sluice, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> None:
        def unit(_: int, __: int, owners: Sequence[str]) -> FusionUnit:
            return SluiceUnit(len(tasks), recipe.n_subspaces, recipe.own_weight, owners)

        super().__init__("Sluice", encoder, schemas, tasks, unit)
        self.orthogonality, self.n_subspaces = recipe.orthogonality, recipe.n_subspaces
        if len(self.towers):
            shapes = self.towers.shapes[1:]
            self.channels = _checked([pooled_width(s) for s in shapes], recipe.n_subspaces)
            self.stage_weights = StageWeights(len(shapes), tasks.names)
            of_one_size = len(set(shapes)) == 1
            self.keeps_steps = any(
                block.has_steps or (block.has_pixels and of_one_size) for block in self.blocks
            )
            shape = self.own_towers.shape if self.keeps_steps else (self.channels,)
            self.heads = Heads(self.blocks, tasks, shape, per_task=True, members=self.n_members)

    def features(self, batch: Batch) -> Mapping[str, State]:
        """Features of every source's tasks, mixed over the stages."""
        if not len(self.towers):
            return super().features(batch)
        states: Mapping[str, State] = self.inputs(batch)
        layers: dict[str, list[Tensor]] = {name: [] for name in states}
        for stage in range(1, len(self.towers) + 1):
            states = self.advance(stage, states)
            for name, state in states.items():
                layers[name].append(state.values if self.keeps_steps else pooled_copies(state))
        masks = {n: s.mask if self.keeps_steps else None for n, s in states.items()}
        mixed = {n: State(self.stage_weights(torch.stack(v)), masks[n]) for n, v in layers.items()}
        return self.of_own_tasks(mixed, batch)

    def strengths(self) -> Mapping[str, float]:
        """That of the penalty."""
        return {"orthogonality": self.orthogonality}

    def penalty(self) -> Tensor:
        """Squared products of what the units of different subspaces read, over all towers."""
        weights = [w for copies in self.towers for w in _weights(copies, self.channels)]  # type: ignore[arg-type]
        if not weights or not self.orthogonality:
            return super().penalty()
        return self.orthogonality * torch.stack([self._overlap(w) for w in weights]).sum()

    def _overlap(self, weight: Float[Tensor, "n_tasks channels n_inputs"]) -> Tensor:
        parts = weight.view(len(weight), self.n_subspaces, -1, weight.shape[2])
        first, second = torch.triu_indices(self.n_subspaces, self.n_subspaces, offset=1)
        return (parts[:, first] @ parts[:, second].mT).square().sum()


def _checked(channels: Sequence[int], n_subspaces: int) -> int:
    """The channels of all stages."""
    if len(set(channels)) == 1 and channels[0] % n_subspaces == 0:
        return channels[0]
    sentence = (
        "The `encoder` parameter of Sluice must have stages of equally many channels, a multiple "
        f"of `n_subspaces`, {n_subspaces}. Got stages of {', '.join(map(str, channels))}; give an "
        "encoder such as an MLP of widths 64 and 64."
    )
    raise ParameterError(sentence)


def _weights(copies: Copies, channels: int) -> Iterator[Tensor]:
    """Weights (n_copies, channels, n_inputs) of the layers of a stage that give its channels."""
    axis = 1 if copies.stacked else 0
    for parameter in copies.parameters():
        if parameter.ndim > axis + 1 and parameter.shape[axis] == channels:
            matrix = parameter.flatten(axis + 1)
            yield matrix if copies.stacked else matrix.unsqueeze(0)
