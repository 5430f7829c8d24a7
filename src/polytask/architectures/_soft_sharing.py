"""A network per task, coupled by a penalty on their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from polytask._naming import made, snake_case
from polytask._validation import (
    Constraint,
    Each,
    InstanceOf,
    Interval,
    Optional,
    check_parameters,
)
from polytask.architectures._coupled_parameters import CoupledParameters, couple
from polytask.architectures._coupled_stages import check_coupled, coupled_stages, layer_names
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._heads import Heads
from polytask.architectures._inputs import Inputs
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._task_entries import TaskEntries
from polytask.architectures._towers import Towers
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.encoders._custom_encoder import resolve_encoder
from polytask.exceptions import ParameterError
from polytask.penalties import MeanDeviation, Penalty
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskRelation, TaskSet

__all__ = ["SoftSharing"]


@dataclass(frozen=True)
class SoftSharing(EncoderArchitecture):
    r"""A network per task; a penalty couples the parameters of equal stages.

    .. math:: \sum_k \ell_k(f_k) + \sum_l \alpha\,\Omega(W_l)
              + \beta \frac1n \sum_i \sum_k \|h_k(x_i) - \bar h(x_i)\|^2

    with the stacked weights :math:`W_l` of layer l, (n_tasks, …), and the features
    :math:`h_k(x)` of task k's network, of which :math:`\bar h(x)` is the mean over tasks. With
    both strengths at 0 these are networks of single tasks.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Every task gets one of its own.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    penalty : Penalty or str, default MeanDeviation()
        Any of `polytask.penalties`, by its name too: `TaskCovariance` (MTRL), `RelationGraph`,
        `TraceNorm`, `L1MeanDeviation`, … Those without a gradient act by a proximal step after
        the optimiser's. What a penalty learns, such as a relation of tasks, it learns for each
        layer before every evaluation; `polytask.predictor.FittedPredictor.relations` gives it.
    stages : tuple of int, optional
        Stages that are coupled: 0 is the entry (embedded categories), 1 the encoder's first
        stage, and the number after the last that of the heads, or -1. All by default.
    biases : bool, default False
        Whether biases and other vectors of parameters are coupled too.
    representation : float in [0, inf), default 0.0
        Strength β of the penalty on features, over rows that several tasks share.

    Raises
    ------
    ParameterError
        If a stage is named that there is not, or in which nothing can be coupled.

    Notes
    -----
    Heads are coupled within each block (tasks of equal kinds and sizes), unless the penalty holds
    a relation of all tasks, entries where one source holds all tasks. Deviation of MTRL: the
    covariance is learned for each layer, as in multilinear relationship networks, not for a linear
    model alone.

    References
    ----------
    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004. Duong et al., "Low resource
    dependency parsing", ACL 2015. Yang and Hospedales, "Trace norm regularised deep multi-task
    learning", ICLR workshop 2017.

    Examples
    --------
    >>> from polytask.architectures import SoftSharing
    >>> from polytask.penalties import TaskCovariance
    >>> SoftSharing(penalty=TaskCovariance(alpha=0.1)).penalty.alpha
    0.1
    >>> SoftSharing(penalty="trace_norm").penalty
    TraceNorm(alpha=0.01)
    """

    penalty: Penalty | str = field(default_factory=MeanDeviation)
    stages: tuple[int, ...] | None = None
    biases: bool = False
    representation: float = 0.0

    by_name: ClassVar[tuple[str, ...]] = ("encoder", "penalty")
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "representation": Range(0.0, 1.0, default=0.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "penalty": InstanceOf((Penalty,)),
        "stages": Optional(Each(Interval(int, -1), minimum=1, distinct=True)),
        "biases": InstanceOf((bool,)),
        "representation": Interval(float, 0.0),
    }

    def __post_init__(self) -> None:
        if isinstance(self.penalty, str):
            resolved = made(self.penalty, "polytask.penalties", "penalty", Penalty, imports=True)
            object.__setattr__(self, "penalty", resolved)
        resolve_encoder(self)
        check_parameters(self)

    @property
    def name(self) -> str:
        """``soft_sharing``, with the penalty in brackets unless it is the default one."""
        kind = type(self.penalty)
        if kind is MeanDeviation:
            return super().name
        name, *encoder = super().name.split("+")
        return "+".join([f"{name}({snake_case(kind.__name__)})", *encoder])

    def refuses(self, tasks: TaskSet) -> str | None:
        """Whether the penalty is for other tasks, or for another number of them."""
        try:
            penalty = self._penalty_for(tasks)
        except ParameterError as error:
            return str(error)
        return _misfit(penalty, len(tasks))

    def alone(self) -> SoftSharing:
        """The same networks; without a relation of tasks, which one task does not have."""
        if _misfit(self.penalty, 1) is None:  # type: ignore[arg-type]
            return self
        return replace(self, penalty=MeanDeviation(alpha=0.0))

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the tasks' networks and what couples them."""
        recipe = replace(self, penalty=self._penalty_for(tasks))
        return SoftSharingNetwork(recipe, encoder, schemas, tasks)

    def _penalty_for(self, tasks: TaskSet) -> Penalty:
        penalty: Penalty = self.penalty  # type: ignore[assignment] # whose name was resolved
        return penalty.for_tasks(tasks.names)


class SoftSharingNetwork(MultiTaskModule):
    """The module of `SoftSharing`.

    Attributes
    ----------
    coupled : ModuleDict of str to CoupledParameters
        By ``"STAGE/PARAMETER"``.
    """

    def __init__(
        self, recipe: SoftSharing, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> None:
        super().__init__(schemas, tasks)
        self.rows_apart, self.n_members = encoder.rows_apart, encoder.members
        self.representation = recipe.representation
        inputs = Inputs(encoder, schemas, "SoftSharing")
        has_entries = any(True for _ in inputs.parameters())
        self.inputs = TaskEntries(encoder, schemas, tasks, "SoftSharing") if has_entries else inputs
        names = tasks.names
        self.towers = Towers(encoder, inputs, len(tasks), tasks=names, apart=has_entries)
        self.heads = Heads(
            self.blocks, tasks, self.towers.shape, per_task=True, members=self.n_members
        )
        self.coupled = nn.ModuleDict()
        self.layers: dict[str, tuple[str, tuple[str, ...]]] = {}
        parts = list(self._parts(recipe))
        layers = layer_names([(layer, part.parameter) for _, layer, _, part in parts])
        for (stage, _, of_layer, part), name in zip(parts, layers, strict=True):
            key = f"{stage}/{part.parameter}".replace(".", "-")
            self.coupled[key] = part
            self.layers[key] = name, of_layer
        check_coupled(recipe.stages, len(self.towers) + 1, self.coupled)
        self.proximal = not recipe.penalty.smooth  # type: ignore[union-attr]

    def _parts(
        self, recipe: SoftSharing
    ) -> Iterator[tuple[str, str, tuple[str, ...], CoupledParameters]]:
        """Stage, name of the layer, tasks and coupled parameters."""
        last, biases = len(self.towers) + 1, recipe.biases
        penalty: Penalty = recipe.penalty  # type: ignore[assignment] # whose name was resolved
        stages = coupled_stages(recipe.stages, last)
        if 0 in stages and isinstance(self.inputs, TaskEntries) and len(self.inputs) == 1:
            for part in couple(penalty, self.inputs[0], biases=biases):  # type: ignore[arg-type]
                yield "0", "entry", self.tasks.names, part
        for position, copies in enumerate(self.towers, 1):
            if position in stages:
                for part in couple(penalty, copies, biases=biases):  # type: ignore[arg-type]
                    yield str(position), f"stage {position}", self.tasks.names, part
        for block, heads in zip(self.blocks, self.heads, strict=True):
            n_tasks = len(block.tasks)
            couples = n_tasks == len(self.tasks) or (n_tasks > 1 and not _misfit(penalty, n_tasks))
            if last in stages and couples:
                alone = len(self.blocks) == 1
                stage = str(last) if alone else f"{last}/{block.name}"
                layer = "heads" if alone else f"heads of {block.name}"
                for name in ("weight", "bias") if biases else ("weight",):
                    yield stage, layer, block.tasks, CoupledParameters(penalty, heads, name)

    def features(self, batch: Batch) -> Mapping[str, State]:
        """Features of every source's tasks."""
        return self.towers(self.inputs(batch), batch)

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores by each task's head."""
        return self.heads(features, batch)

    def strengths(self) -> Mapping[str, float]:
        """Those of the penalties of parameters and of features."""
        alpha = 0.0 if self.proximal or not self.coupled else self._coupled()[0].penalty.alpha
        return {"penalty.alpha": alpha, "representation": self.representation}

    def penalty(self) -> Tensor:
        """The penalty of all coupled parameters, unless it acts by its proximal map."""
        if self.proximal or not self.coupled:
            return super().penalty()
        return torch.stack([part.value() for part in self._coupled()]).sum()

    @property
    def has_batch_penalty(self) -> bool:
        """Whether features are penalised."""
        return self.representation > 0

    def batch_penalty(self, features: Mapping[str, State], raw: Raw, batch: Batch) -> Tensor | None:
        """Squared distance of the tasks' features of a row to their mean, without stopped tasks."""
        del raw
        shared = [
            state.values[self._places_in_training(source)]
            for source, state in features.items()
            if batch[source].task is None
        ]
        if not self.representation or not shared:
            return None
        n_rows = sum(values.shape[1] for values in shared)
        spread = [(values - values.mean(dim=0)).square().sum() for values in shared]
        return self.representation * torch.stack(spread).sum() / max(n_rows, 1)

    def _places_in_training(self, source: str) -> list[int]:
        names = self.tasks_in(source)
        return [place for place, name in enumerate(names) if name not in self.stopped]

    @property
    def has_updates(self) -> bool:
        """Whether the penalty acts by its proximal map, or learns."""
        return self.proximal or any(part.learned for part in self._coupled())

    def proximal_step(self, step: float) -> None:
        """The penalty's proximal map on every coupled parameter."""
        for part in self._coupled() if self.proximal else ():
            part.proximal_step(step)

    def refit(self) -> None:
        """Learn what the penalty learns, for every coupled parameter."""
        for part in self._coupled():
            part.refit()

    def relations(self) -> dict[str, TaskRelation]:
        """The relation of tasks that the penalty has learned of each coupled parameter."""
        relations = {}
        for (layer, tasks), part in zip(self.layers.values(), self._coupled(), strict=True):
            quantity = part.penalty.relation
            if quantity is not None:
                values = part.state[quantity].cpu().numpy()
                relations[layer] = TaskRelation(quantity, tasks, values)
        return relations

    def _coupled(self) -> list[CoupledParameters]:
        return list(self.coupled.values())  # type: ignore[arg-type]


def _misfit(penalty: Penalty, n_tasks: int) -> str | None:
    """What a penalty says of a number of tasks that it is not for."""
    try:
        penalty.start((n_tasks, 1))
        penalty.value(np.zeros((n_tasks, 1)))
    except ParameterError as error:
        return str(error)
    return None
