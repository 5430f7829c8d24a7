"""A tower per task; learned projections of all towers' joined features after stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, Each, Interval, Optional
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._fused_towers import FusedTowersNetwork
from polytask.architectures._fusion_unit import (
    FusionUnit,
    channels_back,
    channels_last,
    fill_start_weights,
)
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.data import Schema
from polytask.encoders import Encoder, State
from polytask.encoders._layers import NORMALIZATIONS
from polytask.ranges import Choices, Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["NDDR"]


@dataclass(frozen=True)
class NDDR(EncoderArchitecture):
    r"""A tower per task; after a stage, a layer per task over the features of all towers.

    .. math:: \tilde h_k = \mathrm{relu}\big(\mathrm{norm}_k(W_k [h_1; \dots; h_K])\big)

    with the features :math:`h_j` that the stage gives in the tower of task j, joined along their
    channels; of maps and sequences at every place (a 1 × 1 convolution). Neural discriminative
    dimensionality reduction.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Every task gets a copy of its stages.
    initializer : str, optional
        How weight matrices are drawn, but for those of the units; PyTorch's own way when None.
    stages : tuple of int, optional
        The stages, from 1, that a unit follows; all by default. Above the last unit a tower
        learns from its task alone.
    own_weight : float in [0, 1], default 0.9
        At the start :math:`W_k` holds it on the diagonal of task k's own channels; the diagonals
        of other tasks share what is left to 1.
    normalization : {None, "batch", "layer"}, default "layer"

    Raises
    ------
    ParameterError
        If a stage is named that there is not.

    Notes
    -----
    A unit has :math:`K^2 c^2` weights for K tasks and c channels.

    Deviations: layer normalisation by default where the paper has batch normalisation, since
    networks of several tasks and small batches are normalised row by row; embeddings of
    categories and the layers in which sources meet serve all towers; the paper's shortcuts from
    all stages to the last are left out, and so is its larger learning rate of the units.

    References
    ----------
    Gao et al., "NDDR-CNN: Layerwise feature fusing in multi-task CNNs by neural discriminative
    dimensionality reduction", CVPR 2019.

    Examples
    --------
    >>> from polytask.architectures import NDDR
    >>> from polytask.encoders import MLP
    >>> NDDR(MLP((64, 64)), normalization="batch").own_weight
    0.9
    """

    stages: tuple[int, ...] | None = None
    own_weight: float = 0.9
    normalization: str | None = "layer"

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "own_weight": Range(0.5, 1.0, default=0.9),
        "normalization": Choices((None, "batch", "layer"), "layer"),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "stages": Optional(Each(Interval(int, 1), minimum=1, distinct=True)),
        "own_weight": Interval(float, 0.0, 1.0),
        "normalization": NORMALIZATIONS,
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the towers and the units."""

        def unit(_: int, channels: int, owners: Sequence[str]) -> FusionUnit:
            return NDDRUnit(len(tasks), self.own_weight, channels, self.normalization, owners)

        return FusedTowersNetwork("NDDR", encoder, schemas, tasks, unit, stages=self.stages)


class NDDRUnit(FusionUnit):
    """A projection of the joined features for each task, a normalisation and a rectifier.

    Attributes
    ----------
    projection : tensor of shape (n_tasks, channels, n_tasks, channels)
    scale, shift : tensor of shape (n_tasks, channels)
        Of the normalisation.
    running_mean, running_var : tensor of shape (n_tasks, channels)
        Of batch normalisation.
    """

    def __init__(
        self,
        n_tasks: int,
        own_weight: float,
        channels: int,
        normalization: str | None,
        owners: Sequence[str],
    ) -> None:
        super().__init__(owners)
        self.normalization = normalization
        shape = (n_tasks, channels)
        self.projection = nn.Parameter(torch.empty(*shape, *shape))
        nn.init.zeros_(self.projection)
        fill_start_weights(self.projection.detach().diagonal(dim1=1, dim2=3), own_weight)
        if normalization is not None:
            self.scale, self.shift = (
                nn.Parameter(torch.empty(shape)),
                nn.Parameter(torch.empty(shape)),
            )
            nn.init.ones_(self.scale)
            nn.init.zeros_(self.shift)
        if normalization == "batch":
            self.register_buffer("running_mean", torch.zeros(shape))
            self.register_buffer("running_var", torch.ones(shape))

    def forward(self, inputs: State, outputs: State) -> State:
        """Fused features of every task's tower."""
        del inputs
        joined = channels_last(outputs.values).movedim(0, -2).flatten(-2)
        projected = nn.functional.linear(joined, self.projection.flatten(2).flatten(0, 1))
        fused = self._normalized(
            projected.view(*projected.shape[:-1], *self.projection.shape[:2])
        ).relu()
        return State(channels_back(fused.movedim(-2, 0)), outputs.mask)

    def _normalized(self, values: Tensor) -> Tensor:
        """Normalise values (n, …, n_tasks, channels) over the rows, or over the channels."""
        if self.normalization is None:
            return values
        if self.normalization == "layer":
            normalized = nn.functional.layer_norm(values, values.shape[-1:])
        else:
            mean, variance = self.get_buffer("running_mean"), self.get_buffer("running_var")
            normalized = nn.functional.batch_norm(
                values.flatten(0, -3).flatten(1),
                mean.view(-1),
                variance.view(-1),
                training=self.training,
            ).view(values.shape)
        return self.scale * normalized + self.shift
