"""Features scaled and shifted by task after shared stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, InstanceOf
from polytask.architectures._condition import Condition, beside
from polytask.architectures._conditioned_network import ConditionedNetwork
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._task_rows import TaskRows
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.encoders._pooling import pooled_width
from polytask.ranges import Choices, SearchRange
from polytask.tasks import TaskSet

__all__ = ["FiLM"]


@dataclass(frozen=True)
class FiLM(EncoderArchitecture):
    r"""Shared stages whose features every task scales and shifts.

    .. math:: h_k \leftarrow \gamma_k \odot h_k + \beta_k

    with a scale and a shift per task, stage and channel, which start at 1 and 0. With `normalize`
    the features are normalised before: conditional normalisation.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its stages are shared.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    normalize : bool, default False
        Whether the features of a row (of a step of a sequence, of a whole map) are brought to
        mean 0 and variance 1 before they are scaled.

    Notes
    -----
    Deviations: scales and shifts are learned as they are, not generated from the task by a
    network, which is the same where the condition is one of K tasks; they follow each stage as a
    whole, after its activation. Normalisation is row by row where the conditional normalisation of
    de Vries et al. is over a batch, since rows of several tasks share batches.

    References
    ----------
    Perez et al., "FiLM: visual reasoning with a general conditioning layer", AAAI 2018. de Vries
    et al., "Modulating early visual processing by language", NeurIPS 2017.

    Examples
    --------
    >>> from polytask.architectures import FiLM
    >>> from polytask.encoders import MLP
    >>> FiLM(MLP((64, 64)), normalize=True).normalize
    True
    """

    normalize: bool = False

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "normalize": Choices((False, True)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "normalize": InstanceOf((bool,)),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the stages, the scales and shifts, and the heads."""
        network = ConditionedNetwork("FiLM", encoder, schemas, tasks)
        for position, shape in enumerate(network.trunk.shapes[1:], 1):
            modulation = Modulation(tasks.names, pooled_width(shape), normalize=self.normalize)
            network.conditions[str(position)] = modulation
        return network


class Modulation(Condition):
    """A scale and a shift of every channel per task.

    Parameters
    ----------
    tasks : sequence of str
    width : int
        Channels c of the features.
    normalize : bool

    Attributes
    ----------
    scale, shift : tensor of shape (n_tasks, c)
    """

    def __init__(self, tasks: Sequence[str], width: int, *, normalize: bool) -> None:
        super().__init__(tasks)
        self.normalize = normalize
        self.scale = nn.Parameter(torch.empty(len(self.tasks), width))
        self.shift = nn.Parameter(torch.empty(len(self.tasks), width))
        nn.init.ones_(self.scale)
        nn.init.zeros_(self.shift)

    def forward(self, values: Tensor, rows: TaskRows) -> Tensor:
        """Values scaled and shifted."""
        if self.normalize:
            n_axes = 3 if values.ndim > 4 else 1
            values = nn.functional.layer_norm(values, values.shape[-n_axes:])
        scale, shift = (beside(rows.of(p), values) for p in (self.scale, self.shift))
        return torch.addcmul(shift, values, scale)
