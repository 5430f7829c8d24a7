"""Learner that finds out where the stages of an encoder branch between tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from polytask._validation import Constraint, Interval
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.search._branch_supernet import BranchSupernet
from polytask.search._structure_learner import STRUCTURE_CONSTRAINTS, StructureLearner
from polytask.search._supernet import Supernet
from polytask.tasks import TaskSet

__all__ = ["LearnedBranching"]

_RAMP = 0.3
"""Progress after which copies cost something: until then nodes learn to differ."""


@dataclass(frozen=True)
class LearnedBranching(StructureLearner):
    r"""A learner that finds out where the stages of an encoder branch between tasks.

    .. math:: x_j^{l+1} = \sum_i d_{ij} \, y_i^{l}, \qquad
        d_j = \mathrm{softmax}\big((\log \pi_j + g_j) / \tau\big), \qquad
        \min_{\pi} \sum_k \ell_k + \alpha K \, c(\pi)

    Every stage has several nodes with the outputs y. Each node of the next stage, and at the end each
    of the K tasks, reads from one of them, its parent, with the probabilities :math:`\pi`, Gumbel
    noise g and a temperature :math:`\tau` that falls. The cost c is the expected number of parameters
    in use, relative to those of all tasks apart. Probabilities learn from the losses on rows of their
    own; weights learn on other rows, a step of weights and one of probabilities in turn, after a
    warm-up in which all tasks share everything. The likeliest parents give a `Branching` network, which
    is trained anew.

    Parameters
    ----------
    architecture : HardSharing, default HardSharing()
        Its encoder's stages branch; two stages or more.
    trainer : Trainer, optional
        Of both networks; in the search its optimiser, learning rate, batches, device and clipping.
        By default as for `MultiTaskNetwork`.
    label : str, optional
        Name in tables; made of the encoder and the balancing when None.
    search_share : float in (0, 1), default 0.5
        Share of the budget's steps that the search takes.
    warm_up : float in [0, 1), default 0.2
        Share of the search's steps before probabilities begin to learn.
    policy_share : float in (0, 1), default 0.2
        Share of the training rows from which probabilities learn.
    policy_rate : float, default 0.05
        Learning rate of the logits (Adam).
    first_temperature, last_temperature : float, default 1.0 and 0.3
        Of the draws at the beginning and the end of the search.
    restarts : int, default 1
        Searches among which the steps are divided; the structure is kept whose loss on the rows of
        choices, with its penalty, is lowest.
    alpha : float, default 0.3
        Strength with which sharing is preferred: what the stages of one task's own network may cost,
        in units of a task's loss.
    nodes : int, default 12
        Most nodes of a stage; as many as tasks if these are fewer.

    Attributes
    ----------
    name : str
        ``learned_branching``, with the encoder if it is unusual.

    Raises
    ------
    ParameterError
        If the architecture is another, there is one task, the encoder has one stage, or there are
        too few steps.

    Notes
    -----
    Deviations from the paper: the term of α prefers sharing; without it, branches that are needless
    but do no harm would stay. Nodes start equal, from the weights of the warm-up, and node j begins
    with node j as its likeliest parent (probability 0.5), task k with node k, so that branches begin
    with a task each and merge; from random nodes, tasks gather by chance. Logits stay in a range of 4,
    so that parents can be left again, and the cost grows from 0 after 30 % of the search, when nodes
    have learned to differ. Children read the weighted mean of all parents. Temperatures fall
    geometrically from `first_temperature` to `last_temperature`. Weights and probabilities learn on
    rows apart, as in AdaShare.

    The tree that is found is not to be taken as the tree of the tasks: of planted trees of six tasks
    fewer than half were found (`benchmarks/results.md`).

    Sources of several schemas, and rows of one task each, are supported.

    References
    ----------
    Guo, Lee, Ulbricht, "Learning to branch for multi-task learning", ICML 2020.

    Examples
    --------
    >>> import polytask
    >>> from polytask.architectures import HardSharing
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_branched_tasks
    >>> from polytask.encoders import MLP
    >>> from polytask.search import LearnedBranching
    >>> data, truth = make_branched_tasks((1, 2), tasks_per_leaf=2, n_rows=60)
    >>> learner = LearnedBranching(HardSharing(MLP((8, 8))))
    >>> model = polytask.fit(data, learner, budget=Budget(steps=20))
    >>> model.name, len(model.history.found["groups"])
    ('learned_branching', 2)
    """

    first_temperature: float = 1.0
    last_temperature: float = 0.3
    alpha: float = 0.3
    nodes: int = 12

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **STRUCTURE_CONSTRAINTS,
        "alpha": Interval(float, 0.0),
        "nodes": Interval(int, 1, 1000),
    }

    def supernet(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> BranchSupernet:
        """Build the network of all trees."""
        return BranchSupernet(encoder, schemas, tasks, min(self.nodes, len(tasks)))

    def penalty(self, network: Supernet, done: float) -> Tensor:
        """What is added to the loss of the probabilities."""
        strength = self.alpha * max(0.0, (done - _RAMP) / (1 - _RAMP))
        trees: Any = network
        return strength * len(network.tasks) * trees.cost()
