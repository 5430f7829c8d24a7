"""Learner that finds out where the stages of an encoder branch between tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from polytask._validation import Constraint
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.search._branch_supernet import BranchSupernet
from polytask.search._structure_learner import STRUCTURE_CONSTRAINTS, StructureLearner
from polytask.search._structure_nodes import Structure
from polytask.search._supernet import Supernet
from polytask.search._tree_moves import forks, neighbour_trees
from polytask.tasks import TaskSet

__all__ = ["LearnedBranching"]

_PRICE = 0.3
"""What the stages of one task's own network cost in the supernet, in units of a task's loss."""
_RAMP = 0.3
"""Progress after which copies cost something: until then nodes learn to differ."""
_MOST_NODES = 12
"""Of a stage of the supernet."""


@dataclass(frozen=True)
class LearnedBranching(StructureLearner):
    r"""A learner that finds out where the stages of an encoder branch between tasks.

    .. math:: x_j^{l+1} = \sum_i d_{ij} \, y_i^{l}, \qquad
        d_j = \mathrm{softmax}\big((\log \pi_j + g_j) / \tau\big), \qquad
        \min_{\pi} \sum_k \ell_k + c(\pi)

    Trees are proposed, trained and compared. *Proposed*: by a network of all trees, in which every
    stage has several nodes with the outputs y, and each node of the next stage, and at the end each
    task, reads from one of them, its parent, with the probabilities :math:`\pi`, Gumbel noise g and a
    temperature :math:`\tau` that falls; c is a price of the expected number of parameters. Then by the
    similarity of the features that tasks learn apart: trees that fork at one stage into groups of
    similar tasks. Then by moves near the tree that is chosen: copies merge or split, tasks and branches
    go elsewhere. *Trained*: each tree from several starts, side by side. All tasks together and all
    apart are always among them. *Compared*: on rows on which none was trained. Of the trees that are
    better than all apart beyond chance, the smallest is chosen that no other of them beats beyond chance,
    nor by more than 5 % of the loss of all apart; without any, tasks stay apart. Its
    `Branching` network is trained anew, or networks of single tasks where nothing is shared.

    Parameters
    ----------
    architecture : HardSharing, default HardSharing()
        Its encoder's stages branch; two stages or more.
    trainer : Trainer, optional
        Of all networks; in the search its optimiser, learning rate and schedule, batches, device and
        clipping. By default as for `MultiTaskNetwork`.
    label : str, optional
        Name in tables; made of the encoder and the balancing when None.
    search_share : float in (0, 1], default 0.5
        Steps of each network of the search, as a share of the budget.
    policy_share : float in (0, 1), default 0.25
        Share of the training rows on which trees are compared.
    starts : int, default 4
        Networks per tree at first; trees that are left at the end have up to three times as many.
    rounds : int, default 3
        How often trees near the chosen one are trained.
    alpha : float in (0, 0.5), default 0.05
        Level of the tests by which a tree must be better than all apart, corrected for the trees that
        are left at the end, and than a smaller one.

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
    The network found may take all steps of the budget. The search comes on top of it: some dozens of
    trees, `starts` times the steps of `search_share` each, which no other learner has; see
    `budget_note`. Trainings that are much shorter than the last one may favour sharing. Its record says how many networks were trained, and their losses.

    A tree's loss is the mean over primary tasks of the loss relative to the mean loss of the first networks
    of all tasks apart after their last step, over the better half of its starts: the others end in poor
    optima, which are no trait of the tree. The standard error of a difference is that over rows and over
    starts. Every network is measured at four steps; half of the rows choose the step at which the other half
    measures. Parameters of the encoder's entry, such as embeddings of categories, are common to all trees
    that are trained side by side.

    Deviations from the paper: there, the likeliest parents are the result; few planted trees of six tasks
    are found in this way, since that search ends in local optima. With trained trees 20 of 20 were found
    (`benchmarks/results.md`). In the network of all trees, nodes start equal, from the weights of a warm-up
    in which all tasks share everything (20 % of the steps), and node j begins with node j as its likeliest
    parent (probability 0.5), task k with node k. Logits stay in a range of 4, so that parents can be left again. The price prefers sharing, and grows
    from 0 after 30 % of the search, when nodes have learned to differ. Children read the weighted mean of
    all parents. Temperatures fall geometrically from 1 to 0.3. Weights and probabilities learn on rows
    apart, as in AdaShare. Similarity is the linear centred kernel alignment of the last stage; in
    Branched Multi-Task Networks, rank correlations of dissimilarities of rows.

    Sources of several schemas, and rows of one task each, are supported.

    References
    ----------
    Guo, Lee, Ulbricht, "Learning to branch for multi-task learning", ICML 2020. Vandenhende, Georgoulis,
    De Brabandere, Van Gool, "Branched multi-task networks: deciding what layers to share", BMVC 2020.

    Examples
    --------
    >>> import polytask
    >>> from polytask.architectures import HardSharing
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_branched_tasks
    >>> from polytask.encoders import MLP
    >>> from polytask.search import LearnedBranching
    >>> data, truth = make_branched_tasks((1, 2), tasks_per_leaf=2, n_rows=60)
    >>> learner = LearnedBranching(HardSharing(MLP((8, 8))), starts=2, rounds=1)
    >>> model = polytask.fit(data, learner, budget=Budget(steps=20))
    >>> model.name, len(model.history.found["groups"])
    ('learned_branching', 2)
    """

    temperatures: ClassVar[tuple[float, float]] = (1.0, 0.3)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = STRUCTURE_CONSTRAINTS

    def supernet(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> BranchSupernet:
        """Build the network of all trees."""
        return BranchSupernet(encoder, schemas, tasks, min(_MOST_NODES, len(tasks)))

    def penalty(self, network: Supernet, done: float) -> Tensor:
        """What is added to the loss of the probabilities."""
        strength = _PRICE * max(0.0, (done - _RAMP) / (1 - _RAMP))
        trees: Any = network
        return strength * len(network.tasks) * trees.cost()

    def proposals(
        self, structure: Structure | None, similarity: np.ndarray, network: Supernet
    ) -> Sequence[Structure]:
        """Forks into groups of similar tasks, then trees a move away from another."""
        if structure is None:
            return forks(similarity, len(network.stage_sizes))
        return neighbour_trees(structure, similarity)
