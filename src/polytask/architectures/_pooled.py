"""One network and one head for all tasks, with the task as an input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Choice, Constraint, Interval
from polytask.architectures._conditioned_network import ConditionedNetwork
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._film import Modulation
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._pooled_heads import PooledHeads
from polytask.architectures._task_embedding import Embedded
from polytask.architectures._widened_inputs import WidenedInputs
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.encoders._pooling import pooled_width
from polytask.ranges import Choices, Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["Pooled"]

_TASK_INPUTS = ("embedding", "one_hot", "film")


@dataclass(frozen=True)
class Pooled(EncoderArchitecture):
    r"""One network and one head for all tasks; the task is an input.

    .. math:: s_k = V f(x, e_k) + b

    with the task's vector :math:`e_k` appended to the entered row (to each step of a sequence, to
    each place of a map), or, with ``"film"``, a scale and a shift of each stage's output.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    task_input : {"embedding", "one_hot", "film"}, default "embedding"
        A learned vector per task; the task's position as zeros and a one; or feature-wise linear
        modulation.
    task_dim : int, default 8
        Width of the learned vectors.

    Notes
    -----
    Rows that each belong to one task pass once. Rows with labels of several tasks pass once per task,
    with ``"film"`` from the end of the first stage on. Tasks whose scores differ in kind or size
    have one head per block. Deviations from Perez et al.: scales and shifts are parameters of each
    task, not a network's answer, and follow the stage's activation.

    References
    ----------
    Perez et al., "FiLM: visual reasoning with a general conditioning layer", AAAI 2018.

    Examples
    --------
    >>> from polytask.architectures import Pooled
    >>> Pooled(task_input="film").task_input
    'film'
    """

    task_input: str = "embedding"
    task_dim: int = 8

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "task_input": Choices(_TASK_INPUTS),
        "task_dim": Range(2, 64, log=True, default=8, integer=True),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "task_input": Choice(_TASK_INPUTS),
        "task_dim": Interval(int, 1),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the trunk, the task's input to it, and the heads."""
        if self.task_input == "film":
            network = ConditionedNetwork("Pooled", encoder, schemas, tasks)
            first = min(1, len(network.trunk))
            for position, shape in enumerate(network.trunk.shapes[first:], first):
                width = pooled_width(shape)
                network.conditions[str(position)] = Modulation(tasks.names, width, normalize=False)
        else:
            one_hot = self.task_input == "one_hot"
            vectors = Embedded(tasks.names, None if one_hot else self.task_dim)
            inputs = WidenedInputs(encoder, schemas, vectors.dim, "Pooled")
            network = ConditionedNetwork("Pooled", encoder, schemas, tasks, inputs, first=0)
            network.conditions["0"] = vectors
        network.heads = PooledHeads(network.blocks, tasks, network.trunk.shape)
        return network
