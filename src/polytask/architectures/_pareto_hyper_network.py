"""A network whose weights are generated from a preference between the tasks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from polytask._validation import Constraint, Interval
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._owners import Owned, Owner
from polytask.architectures._preference_network import CONCENTRATION, PreferenceNetwork
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["ParetoHyperNetwork"]


@dataclass(frozen=True)
class ParetoHyperNetwork(EncoderArchitecture):
    r"""Hard sharing whose weights a hypernetwork generates from a preference between the tasks.

    .. math:: \theta(\pi) = \theta_0 + B\, h(\pi), \qquad \pi \sim \mathrm{Dirichlet}(p), \qquad
              L = K \sum_k \pi_k \ell_k

    with an MLP h of three layers. :math:`\theta` are the parameters of all stages of the encoder
    and of the heads. Each training batch draws a preference :math:`\pi` between the K tasks; the
    fitted network answers for any: ``predictor.predict(rows, preference={"a": 0.7, "b": 0.3})``.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        The trunk.
    initializer : str, optional
        How weight matrices of :math:`\theta_0` and h are drawn; PyTorch's own way when None.
    hidden : int, default 32
        Width of h. The network has about `hidden` times the parameters of the trunk and heads.
    concentration : float, default 0.2
        p; small values draw preferences for single tasks, large ones equal preferences.

    Notes
    -----
    This is PHN-LS, linear scalarisation. A `weighting` or `aggregation` receives the losses
    :math:`K \pi_k \ell_k`; with ``weighting="tchebycheff"`` the largest of them counts alone, as
    for the points with equal :math:`\pi_k \ell_k` that PHN-EPO seeks. The state to keep is chosen
    at equal preferences.

    Deviations: L is K times the paper's, so that equal preferences weigh as no preference. Entries
    (embedded categories, layers in which sources meet) and statistics of batch norm are not
    generated. :math:`\theta_0` starts as in the plain network, and B has the spread of
    each parameter, so that scales of 1 and shifts of 0 are alike at first; the paper's are plain
    linear layers.

    References
    ----------
    Navon et al., "Learning the Pareto front with hypernetworks", ICLR 2021.

    Examples
    --------
    >>> from polytask.architectures import ParetoHyperNetwork
    >>> from polytask.encoders import MLP
    >>> ParetoHyperNetwork(MLP((64,)), hidden=16).takes_preference
    True
    """

    hidden: int = 32
    concentration: float = 0.2

    takes_preference: ClassVar[bool] = True
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "hidden": Range(8, 128, log=True, default=32, integer=True),
        "concentration": Range(0.1, 2.0, log=True, default=0.2),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "hidden": Interval(int, 1),
        "concentration": CONCENTRATION,
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the plain network and what generates changes of its weights."""
        return ParetoNetwork(self, encoder, schemas, tasks)


class ParetoNetwork(PreferenceNetwork):
    """The module of `ParetoHyperNetwork`."""

    def __init__(
        self,
        recipe: ParetoHyperNetwork,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
    ) -> None:
        super().__init__("ParetoHyperNetwork", encoder, schemas, tasks, recipe.concentration)
        self.rows_apart = False  # layers of the hypernetwork take the preference, not rows
        hidden = recipe.hidden
        self.code = nn.Sequential(
            nn.Linear(len(tasks), hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
        )
        self.of_trunk = GeneratedWeights(self.trunk, hidden)
        self.of_heads = GeneratedWeights(self.heads, hidden, self.heads.owners())

    def features(self, batch: Batch) -> Mapping[str, State]:
        """The output of the generated trunk for the rows of every source in the batch."""
        weights = self.of_trunk.generated(self.trunk, self._code(batch))
        states: Mapping[str, State] = functional_call(self.trunk, weights, (self.inputs(batch),))
        return states

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores by the generated heads."""
        weights = self.of_heads.generated(self.heads, self._code(batch))
        raw: Raw = functional_call(self.heads, weights, (features, batch))
        return raw

    def _code(self, batch: Batch) -> Tensor:
        code: Tensor = self.code(self.preference(batch))
        return code


class GeneratedWeights(Owner, nn.ParameterList):
    """Matrices that map a code to changes of a module's trained parameters.

    Parameters
    ----------
    module : nn.Module
    hidden : int
        Width of the code.
    owned : sequence of Owned, default ()
        Statements of the module's parameters, which hold for their matrices too.
    """

    def __init__(self, module: nn.Module, hidden: int, owned: Sequence[Owned] = ()) -> None:
        trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
        super().__init__()
        for parameter in trained.values():
            self.append(nn.Parameter(torch.empty(*parameter.shape, hidden)))
            _draw(self[-1], parameter)
        self._names = tuple(trained)
        stated = {id(of_one.tensor): (of_one.tasks, of_one.axis) for of_one in owned}
        self._stated = [stated.get(id(parameter)) for parameter in trained.values()]

    def generated(self, module: nn.Module, code: Float[Tensor, " hidden"]) -> dict[str, Tensor]:
        """The module's parameters by name, at a code."""
        plain = dict(module.named_parameters())
        return {
            name: plain[name] + matrix @ code
            for name, matrix in zip(self._names, self, strict=True)
        }

    def owners(self) -> Sequence[Owned]:
        """Those of the module's parameters, where they are stated."""
        return [
            Owned(matrix, *stated)
            for matrix, stated in zip(self, self._stated, strict=True)
            if stated is not None
        ]


def _draw(matrix: Tensor, parameter: Tensor) -> None:
    """Fill (*shape, hidden) with the spread of a parameter; with zeros where all of it is equal."""
    with torch.no_grad():
        matrix.uniform_(-1, 1)
        if matrix.numel():
            matrix.mul_(parameter.std(correction=0) * math.sqrt(3 / matrix.shape[-1]))
