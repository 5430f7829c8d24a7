"""Learner that finds out which task shares, copies or skips which stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, InstanceOf, Interval
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.search._policy_supernet import PolicySupernet
from polytask.search._structure_learner import STRUCTURE_CONSTRAINTS, StructureLearner
from polytask.search._supernet import Supernet
from polytask.tasks import TaskSet

__all__ = ["SharingPolicy"]


@dataclass(frozen=True)
class SharingPolicy(StructureLearner):
    r"""A learner that finds out which task shares, copies or skips which stage of an encoder.

    .. math:: \min_{\theta} \sum_k \ell_k(\theta) + \alpha \sum_{k,l} \tfrac{L - l}{L} \big[
        \ln(1 + e^{p_{kl}^{\text{copy}} - p_{kl}^{\text{share}}})
        + \ln(1 + e^{p_{kl}^{\text{skip}} - p_{kl}^{\text{share}}}) \big]
        + \beta \sum_{k,l} (1 - p_{kl}^{\text{skip}}) / L

    with the losses :math:`\ell_k` of the tasks on rows of their own, and probabilities p of the choices
    of task k at stage l = 0, …, L − 1. Choices are drawn by Gumbel-softmax, whose temperature falls.
    Weights learn on other rows, a step of weights and one of choices in turn, after a warm-up in
    which all tasks share everything. The likeliest choices give a `Branching` network, which is
    trained anew.

    Parameters
    ----------
    architecture : HardSharing, default HardSharing()
        Its encoder's stages are shared, copied or skipped; two stages or more.
    trainer : Trainer, optional
        Of both networks; in the search its optimiser, learning rate, batches, device and clipping.
        By default as for `MultiTaskNetwork`.
    label : str, optional
        Name in tables; made of the encoder and the balancing when None.
    search_share : float in (0, 1), default 0.5
        Share of the budget's steps that the search takes.
    warm_up : float in [0, 1), default 0.2
        Share of the search's steps before choices begin to learn.
    policy_share : float in (0, 1), default 0.2
        Share of the training rows from which choices learn.
    policy_rate : float, default 0.05
        Learning rate of the choices (Adam).
    first_temperature, last_temperature : float, default 5.0 and 0.5
        Of the draws at the beginning and the end of the search.
    restarts : int, default 1
        Searches among which the steps are divided; the structure is kept whose loss on the rows of
        choices, with its penalty, is lowest.
    alpha : float, default 0.05
        Strength with which sharing is preferred, most at the stages near the inputs.
    sparsity : float, default 0.0
        Strength β with which skipping is preferred.
    curriculum : bool, default True
        Whether stages are opened from the last to the first over the first half of the search; all
        tasks share those not open yet.

    Attributes
    ----------
    name : str
        ``sharing_policy``, with the encoder if it is unusual.

    Raises
    ------
    ParameterError
        If the architecture is another, there is one task, the encoder has one stage, or there are
        too few steps.

    Notes
    -----
    Share and copy, and the term of α, are those of AutoMTL; the schedule of temperatures, rows apart
    for choices, the curriculum and the term of β are those of AdaShare. Deviations: the temperature
    falls geometrically to `last_temperature`, where both papers multiply it by 0.965 every so many
    steps; weights and choices take turns by single steps; the term of α has probabilities where
    AutoMTL draws noise, and AdaShare's :math:`|p_{k_1 l} - p_{k_2 l}|` of pairs of tasks is left out,
    since sharing is a choice here; sparsity is the probability itself and not its logarithm; copies
    start from the weights of the warm-up; the likeliest choices are taken, where AdaShare draws
    several policies and keeps the best; the network found is trained from new weights, as
    AdaShare's. A stage that changes the shape of a row is not skipped.

    Sources of several schemas, and rows of one task each, are supported.

    References
    ----------
    Sun, Panda, Feris, Saenko, "AdaShare: learning what to share for efficient deep multi-task
    learning", NeurIPS 2020. Zhang, Liu, Guan, "AutoMTL: a programming framework for automating
    efficient multi-task learning", NeurIPS 2022.

    Examples
    --------
    >>> import polytask
    >>> from polytask.architectures import HardSharing
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> from polytask.encoders import MLP
    >>> from polytask.search import SharingPolicy
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=60, seed=0)
    >>> learner = SharingPolicy(HardSharing(MLP((8, 8))))
    >>> model = polytask.fit(data, learner, budget=Budget(steps=20))
    >>> model.name, len(model.history.found["groups"])
    ('sharing_policy', 2)
    """

    alpha: float = 0.05
    sparsity: float = 0.0
    curriculum: bool = True

    rejoins: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **STRUCTURE_CONSTRAINTS,
        "alpha": Interval(float, 0.0),
        "sparsity": Interval(float, 0.0),
        "curriculum": InstanceOf((bool,)),
    }

    def supernet(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> PolicySupernet:
        """Build the network of all choices."""
        network = PolicySupernet(encoder, schemas, tasks)
        network.curriculum = self.curriculum
        return network

    def penalty(self, network: Supernet, done: float) -> Tensor:
        """What is added to the loss of the choices."""
        del done
        given: Any = network
        probabilities = given.probabilities()
        n_stages, total = len(probabilities), torch.zeros(())
        for stage, of_stage in enumerate(probabilities):
            share, copy, skip = of_stage.unbind(dim=1)
            prefer = nn.functional.softplus(copy - share) + nn.functional.softplus(skip - share)
            total = total + self.alpha * (n_stages - stage) / n_stages * prefer.sum()
            total = total + self.sparsity / n_stages * (1 - skip).sum()
        return total
