"""One network that reads a preference between the tasks beside the row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._preference_network import CONCENTRATION, PreferenceNetwork
from polytask.architectures._widened_inputs import WidenedInputs, with_channels
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["COSMOS"]

_LEAST_NORM = 1e-6


@dataclass(frozen=True)
class COSMOS(EncoderArchitecture):
    r"""Hard sharing that reads a preference between the tasks; their trade-off is chosen later.

    .. math:: s_k = V_k f([x, \pi]) + b_k, \qquad \pi \sim \mathrm{Dirichlet}(p)

    .. math:: L = K \Bigl(\sum_k \pi_k \ell_k - \lambda \cos(\pi, \ell)\Bigr)

    Each training batch draws a preference :math:`\pi` between the K tasks. The fitted network
    answers for any: ``predictor.predict(rows, preference={"a": 0.7, "b": 0.3})``.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        The trunk.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    concentration : float, default 0.5
        p; small values draw preferences for single tasks, large ones equal preferences.
    cosine : float, default 0.01
        :math:`\lambda`. The second term pulls the losses towards multiples of :math:`\pi`, which
        is against the first: where it is strong, a preferred task has the *larger* loss.

    Notes
    -----
    The state to keep is chosen at equal preferences. A `weighting` or `aggregation` receives the
    losses :math:`K \pi_k \ell_k`, and the cosine is added after it. The defaults are those of the
    paper's tables; for images it has :math:`\lambda` from 2 to 8.

    Deviations: L is K times the paper's, so that equal preferences weigh as no preference. The
    preference stands beside the embedded categories, every step of a sequence and every place of a
    map; the paper brings it to the size of images by transposed convolutions. The cosine is over
    the tasks present in the batch, and 0 where all their losses are.

    References
    ----------
    Ruchte and Grabocka, "Scalable Pareto front approximation for deep multi-objective learning",
    ICDM 2021.

    Examples
    --------
    >>> import polytask
    >>> from polytask.architectures import COSMOS
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_related_regression
    >>> data, _ = make_related_regression(n_tasks=2, seed=0)
    >>> predictor = polytask.fit(data, COSMOS(), budget=Budget(steps=10))
    >>> first = predictor.predict(data, preference={"task_0": 7, "task_1": 3})
    >>> sorted(first)
    ['task_0', 'task_1']
    """

    concentration: float = 0.5
    cosine: float = 0.01

    takes_preference: ClassVar[bool] = True
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "concentration": Range(0.1, 2.0, log=True, default=0.5),
        "cosine": Range(1e-3, 10.0, log=True, default=0.01),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "concentration": CONCENTRATION,
        "cosine": Interval(float, 0.0),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the widened entry, the trunk and the heads."""
        return COSMOSNetwork(self, encoder, schemas, tasks)


class COSMOSNetwork(PreferenceNetwork):
    """The module of `COSMOS`."""

    def __init__(
        self, recipe: COSMOS, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> None:
        inputs = WidenedInputs(encoder, schemas, len(tasks), "COSMOS")
        super().__init__("COSMOS", encoder, schemas, tasks, recipe.concentration, inputs)
        self.cosine = recipe.cosine

    def features(self, batch: Batch) -> Mapping[str, State]:
        """The trunk's output for every source's rows beside the preference."""
        preference, states = self.preference(batch), self.inputs(batch)
        return self.trunk(
            {name: with_channels(state, preference) for name, state in states.items()}
        )

    def preference_penalty(
        self,
        losses: Float[Tensor, " n_tasks"],
        present: Bool[Tensor, " n_tasks"],
        preference: Float[Tensor, " n_tasks"],
    ) -> Float[Tensor, ""] | None:
        """The negative cosine between the preference and the losses of the tasks present."""
        if not self.cosine:
            return None
        own = preference * present
        norm = losses.norm()
        cosine = (losses @ own) / (norm * own.norm()).clamp(min=_LEAST_NORM**2)
        cosine = torch.where(norm > _LEAST_NORM, cosine, 0.0)
        return -self.cosine * len(losses) * cosine
