"""Learner that finds out which task shares, copies or skips which stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from polytask._validation import Constraint
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.search._policy_moves import likeliest, neighbour_policies, simple_policies
from polytask.search._policy_supernet import PolicySupernet
from polytask.search._structure_learner import STRUCTURE_CONSTRAINTS, StructureLearner
from polytask.search._structure_nodes import Structure
from polytask.search._supernet import Supernet
from polytask.tasks import TaskSet

__all__ = ["SharingPolicy"]


_PRICE = 0.05
"""Strength with which sharing is preferred in the supernet, most at the stages near the inputs."""

_MOST_NEAR = 24
"""Policies near the chosen one that are trained, the likeliest."""


@dataclass(frozen=True)
class SharingPolicy(StructureLearner):
    r"""A learner that finds out which task shares, copies or skips which stage of an encoder.

    .. math:: \min_{\theta} \sum_k \ell_k(\theta) + \lambda \sum_{k,l} \tfrac{L - l}{L} \big[
        \ln(1 + e^{p_{kl}^{\text{copy}} - p_{kl}^{\text{share}}})
        + \ln(1 + e^{p_{kl}^{\text{skip}} - p_{kl}^{\text{share}}}) \big]

    with the losses :math:`\ell_k` of the tasks on rows of their own, and probabilities p of the choices
    of task k at stage l = 0, …, L − 1, drawn by Gumbel-softmax, whose temperature falls. The likeliest
    choices are a proposal. It, simple policies, and the likeliest policies in which one task of the chosen
    one chooses otherwise are trained from several starts each, side by side, and compared on rows on
    which none was trained, as `LearnedBranching` does: of those that are better than all apart beyond
    chance, the smallest policy is chosen that no other of them beats beyond chance, nor by more than 5 % of
    the loss of all apart; without any, tasks stay apart. All tasks together and all apart are
    always among them. The `Branching` network of the policy is trained anew, or networks of single
    tasks where nothing is shared.

    Parameters
    ----------
    architecture : HardSharing, default HardSharing()
        Its encoder's stages are shared, copied or skipped; two stages or more.
    trainer : Trainer, optional
        Of all networks; in the search its optimiser, learning rate and schedule, batches, device and
        clipping. By default as for `MultiTaskNetwork`.
    label : str, optional
        Name in tables; made of the encoder and the balancing when None.
    search_share : float in (0, 1], default 0.5
        Steps of each network of the search, as a share of the budget.
    policy_share : float in (0, 1), default 0.25
        Share of the training rows on which policies are compared.
    starts : int, default 4
        Networks per policy at first; policies that are left at the end have up to three times as many.
    rounds : int, default 3
        How often policies near the chosen one are trained.
    alpha : float in (0, 0.5), default 0.05
        Level of the tests by which a policy must be better than all apart, corrected for the policies
        that are left at the end, and than a smaller one.

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
    Budget, comparison and standard errors are those of `LearnedBranching`.

    Share and copy, and the term of λ (0.05), are those of AutoMTL; the schedule of temperatures, rows
    apart for choices, and the curriculum, which opens stages from the last to the first, are those of
    AdaShare. Deviations: the likeliest choices are one of several proposals, where AdaShare draws
    policies and keeps the best, and trained networks decide; the temperature falls geometrically from 5
    to 0.5, where both papers multiply it by 0.965 every so many steps; weights and choices take turns by
    single steps, after a warm-up of 20 % of the steps in which all tasks share everything; the term of λ
    has probabilities where AutoMTL draws noise; AdaShare's terms of sparsity and of
    :math:`|p_{k_1 l} - p_{k_2 l}|` are left out, since the smallest policy is chosen and sharing is a
    choice; copies start from the weights of the warm-up. A stage that changes the shape of a row is not
    skipped.

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
    >>> learner = SharingPolicy(HardSharing(MLP((8, 8))), starts=2, rounds=1)
    >>> model = polytask.fit(data, learner, budget=Budget(steps=20))
    >>> model.name, len(model.history.found["groups"])
    ('sharing_policy', 2)
    """

    rejoins: ClassVar[bool] = True
    temperatures: ClassVar[tuple[float, float]] = (5.0, 0.5)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = STRUCTURE_CONSTRAINTS

    def supernet(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> PolicySupernet:
        """Build the network of all choices."""
        return PolicySupernet(encoder, schemas, tasks)

    def penalty(self, network: Supernet, done: float) -> Tensor:
        """What is added to the loss of the choices."""
        del done
        given: Any = network
        probabilities = given.probabilities()
        n_stages, total = len(probabilities), torch.zeros(())
        for stage, of_stage in enumerate(probabilities):
            share, copy, skip = of_stage.unbind(dim=1)
            prefer = nn.functional.softplus(copy - share) + nn.functional.softplus(skip - share)
            total = total + _PRICE * (n_stages - stage) / n_stages * prefer.sum()
        return total

    def proposals(
        self, structure: Structure | None, similarity: np.ndarray, network: Supernet
    ) -> Sequence[Structure]:
        """Simple policies, then those in which one task of a policy chooses otherwise."""
        given: Any = network
        if structure is None:
            return simple_policies(len(similarity), given.skippable)
        near = neighbour_policies(structure, given.skippable)
        probabilities = torch.stack(given.probabilities()).detach().double().cpu().numpy()
        return likeliest(near, probabilities, _MOST_NEAR)
