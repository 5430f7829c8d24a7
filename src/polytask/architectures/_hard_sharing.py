"""One trunk for all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from polytask._validation import Constraint, Interval, Optional
from polytask.architectures._branches import branched_after
from polytask.architectures._branching_network import BranchingNetwork
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._heads import Heads
from polytask.architectures._inputs import Inputs
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._stages import Stages
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.tasks import TaskSet

__all__ = ["HardSharing"]


@dataclass(frozen=True)
class HardSharing(EncoderArchitecture):
    r"""One trunk for all tasks, one linear head per task.

    .. math:: s_k = V_k f(x) + b_k

    with shared trunk f and heads :math:`(V_k, b_k)`. Sources of different schemas have input
    layers of their own and meet in the trunk.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        A recipe of `polytask.encoders`, such as `MLP` or `ResidualMLP`, or a factory
        ``shape -> nn.Module`` that receives the shape of one encoded row, such as ``(18,)``; see
        `polytask.encoders.CustomEncoder`.
    initializer : str, optional
        How weight matrices are drawn (``"xavier_uniform"``, ``"kaiming_normal"``,
        ``"orthogonal"``, …); PyTorch's own way when None.
    shared_stages : int, optional
        How many of the encoder's stages all tasks share, from the inputs up; every task has its
        own copy of those after. With 0 only the entry (embedded categories) is shared. All stages
        by default.

    Raises
    ------
    ParameterError
        If `shared_stages` is more than the encoder has.

    Notes
    -----
    With the same weights, scores are those of LibMTL's HPS.

    References
    ----------
    Caruana, "Multitask learning", Machine Learning 28, 1997.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import MLP
    >>> HardSharing(encoder=MLP(widths=(256, 256), dropout=0.1)).shares
    True

    A module of one's own, by the function that builds it:

    >>> from torch import nn
    >>> HardSharing(lambda shape: nn.Linear(shape[0], 32)).shares
    True
    """

    shared_stages: int | None = None

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "shared_stages": Optional(Interval(int, 0)),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the trunk, the tasks' copies of later stages, and the heads."""
        if self.shared_stages is None:
            return HardSharingNetwork(encoder, schemas, tasks)
        partitions = partial(branched_after, "HardSharing", self.shared_stages, tasks)
        return BranchingNetwork("HardSharing", encoder, schemas, tasks, partitions)


class HardSharingNetwork(MultiTaskModule):
    """The module of `HardSharing`: inputs of each source, a trunk, heads of each block."""

    def __init__(
        self,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        inputs: Inputs | None = None,
    ) -> None:
        super().__init__(schemas, tasks)
        self.rows_apart, self.n_members = encoder.rows_apart, encoder.members
        self.inputs = Inputs(encoder, schemas, "HardSharing") if inputs is None else inputs
        self.trunk = Stages(encoder, self.inputs)
        self.heads = Heads(self.blocks, tasks, self.trunk.shape, members=self.n_members)

    def features(self, batch: Batch) -> Mapping[str, State]:
        """The trunk's output for the rows of every source in the batch."""
        return self.trunk.enter(self.inputs, batch)

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores from the trunk's output."""
        return self.heads(features, batch)
