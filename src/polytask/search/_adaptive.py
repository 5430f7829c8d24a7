"""Learner that decides while it trains which tasks share, and how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from polytask._validation import Constraint, Interval, message
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.neural_network._savable import warn_unless_savable
from polytask.neural_network._without_sharing import without_sharing
from polytask.predictor import FittedPredictor, NetworkModel
from polytask.search._adaptive_sharing import AdaptiveSharing
from polytask.search._grouping_words import groups_in_words
from polytask.search._sharing_observer import SHARING, Sharing, sharing_now
from polytask.search._sharing_record import SharingRecord, changes_of
from polytask.training import Trainer

__all__ = ["Adaptive"]

_MANY = 100


@dataclass(frozen=True)
class Adaptive(MultiTaskNetwork):
    r"""A learner that decides while it trains which tasks share, and how much.

    Every task has two networks of the encoder. One learns the task alone. The other begins with
    parameters that all tasks have in common, and is pulled towards those of related tasks after
    every step, by the proximal map of

    .. math:: \tfrac12 \sum_{i < j} \alpha \rho_{ij} \|\theta_i - \theta_j\|^2,
              \qquad \rho_{ij} = \min\left(1, \max\left(0, \frac{A_{ij} - l}{1 - l}\right)\right)

    with the *ratio of sharing* :math:`\rho` of pairs within a group, 0 between groups, and the
    affinity :math:`A_{ij}`: how well the network of each alone explains the labels of the other,
    relative to the best that explains them, from −1 for opposite tasks to 1. At every evaluation
    the affinity is measured, groups follow from it, and the validation losses of both networks tell
    which answers for each task. States change only if several evaluations in a row say so.

    Parameters
    ----------
    architecture : HardSharing, default HardSharing()
        Its encoder is that of every task's networks.
    trainer : Trainer, optional
        Without balancing and sampler. By default as for `MultiTaskNetwork`.
    label : str, optional
        Name in tables; made of the encoder when None.
    alpha : float in [0, inf), default 100.0
        Strength of the pull at a ratio of 1. With 0 tasks learn alone.
    lower, upper : float in [0, 1), defaults 0.25 and 0.4
        Affinities :math:`l` and u: a pair by itself begins to share at u and ends at l. Of more
        tasks, groups are joined while the mean affinity between them is high enough.
    looks : int, default 3
        Evaluations in a row that a change of groups takes, and that a task takes to answer from its
        network alone, or no longer.

    Raises
    ------
    ParameterError
        If `lower` is above `upper`, the architecture is another, or the trainer has balancing.

    Notes
    -----
    The affinity is the mean over both directions of :math:`R_{ij} / \max(R_{ii}, \max_j |R_{ij}|,
    2 / \sqrt{n_i})`, with the correlation R of the labels of task i over its training rows and the
    scores of the network of j alone, which has not seen these labels; :math:`R_{ii}` is taken on
    validation rows. It is multiplied by :math:`(1 - 4 / z^2)_+`, with the standard errors z that both
    correlations together are from 0. Correlations move half of the way to their new values at every
    evaluation at which the validation loss of j's network alone is the lowest so far, since networks
    that have been trained for too long explain less. Groups come from average linkage.

    A task leaves its partners if the pulled network is worse on the validation rows, by half a
    standard error of its own rows or of those of the group; then its network alone answers. Each
    task keeps the state that is best on its validation rows. So these rows choose between two
    networks per task, as they choose the epoch; losses in the history are those of what is kept so far.

    Batches are common, except that where each row has one task, a `batch_size` of "auto" is the sum
    of the tasks' own batches, so that each sees as many rows as in `polytask.architectures.SingleTask`.
    One step moves both networks of every task. On five public sets a fit took 1.8 to 6 times the CPU
    seconds of networks apart (`benchmarks/results.md`).

    Deviations: Fifty et al. (TAG) measure what a gradient step for one task does to the loss of
    another, and train anew; Jeong and Yoon regroup by such affinities at every step, and update one
    group after another. Here networks of single tasks, trained beside the others, give affinities
    that sharing itself does not change, and shared parameters are soft, as in Evgeniou and Pontil,
    so that a pair can share by any ratio.

    Tasks in sources without a common task, or with numbers of scores per row that differ, have no
    affinity and stay apart. Opposite tasks could share a trunk with heads of opposite signs; here
    heads are pulled together too, so that they are kept apart.

    References
    ----------
    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004. Fifty et al., "Efficiently
    identifying task groupings for multi-task learning", NeurIPS 2021. Jeong and Yoon, "Selective
    task group updates for multi-task optimization", ICLR 2025.

    Examples
    --------
    >>> import polytask
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> from polytask.search import Adaptive, SharingRecord
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=100, n_features=8, seed=0)
    >>> model = polytask.fit(data, Adaptive(), budget=Budget(steps=60))
    >>> SharingRecord.of(model).groups
    (('task_0', 'task_1'), ('task_2', 'task_3'))
    """

    alpha: float = 100.0
    lower: float = 0.25
    upper: float = 0.4
    looks: int = 3

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **MultiTaskNetwork.parameter_constraints,
        "alpha": Interval(float, 0.0),
        "lower": Interval(float, 0.0, 1.0, closed="left"),
        "upper": Interval(float, 0.0, 1.0, closed="left"),
        "looks": Interval(int, 1, 1000),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lower > self.upper:
            expected = f"at most `upper`, {self.upper:g}"
            raise ParameterError(message("Adaptive", "lower", expected, self.lower))
        if (
            not isinstance(self.architecture, HardSharing)
            or self.architecture.shared_stages is not None
        ):
            sentence = (
                "The `architecture` parameter of Adaptive must be a HardSharing with all stages, whose "
                f"encoder each task gets. Got {self.architecture!r} instead. How tasks share is learned; "
                "give the encoder, as in adaptive+tab_m."
            )
            raise ParameterError(sentence)
        self._check_trainer()

    def _check_trainer(self) -> None:
        for slot in ("weighting", "aggregation", "sampler"):
            method = getattr(self.trainer, slot)
            if method is not None:
                sentence = (
                    f"The `{slot}` parameter of the trainer of Adaptive must be None. Got "
                    f"{type(method).__name__} instead. Each task has networks and batches of its own, so "
                    "that there is nothing to balance; the ratio of sharing says how much others count."
                )
                raise ParameterError(sentence)

    @property
    def recipe(self) -> AdaptiveSharing:
        """The networks in training."""
        architecture: Any = self.architecture
        return AdaptiveSharing(architecture, self.alpha, self.lower, self.upper, self.looks)

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        _, *encoder = self.architecture.name.split("+")
        return self._named("+".join(["adaptive", *encoder]))

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """What the architecture says of the tasks, or that one task has nothing to share."""
        if len(data.tasks) < 2:
            return (
                f"{self.name} decides what tasks share, and one task, {data.tasks.names[0]!r}, has "
                "nothing to share. Use single_task."
            )
        return super().refuses(data)

    def notes(self, data: MultiTaskDataset) -> Sequence[str]:
        """Those of the network, and what is done with more than 100 tasks."""
        size = len(data.tasks)
        if size <= _MANY:
            return super().notes(data)
        note = (
            f"{self.name} measures the affinity of {size:,} tasks on at most {max(2048, 16 * size):,} "
            "training rows at every evaluation, and its records keep affinities and ratios of the end "
            "alone."
        )
        return (*super().notes(data), note)

    def fit(
        self,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
        seed: int = 0,
        budget: Budget | None = None,
        **options: Any,
    ) -> FittedPredictor:
        """Train both networks of every task, and keep the one that answers.

        Without validation rows, affinities count at every evaluation and the pulled networks answer.
        `options` go to `Trainer.fit` (checkpoint, progress, …).
        """
        warn_unless_savable(self.architecture)
        reason = self.refuses(train)
        if reason is not None:
            raise ParameterError(reason)
        trainer = _with_rows_of_all(without_sharing(self._trainer_for(train, budget)), train)
        trained = _watched(trainer).fit(self.recipe, train, validation, seed=seed, **options)
        schemas, network = dict(trained.schemas), trained.network
        single = self.recipe.single
        settled = network.settled(single.build(schemas, train.tasks, seed)).eval()  # type: ignore[operator]
        model = NetworkModel(single, settled, train.tasks, schemas)
        history = _concluded(trained.history, network, self.recipe, model.n_parameters)
        return FittedPredictor(train.tasks, schemas, model, history, self.name)


def _with_rows_of_all(trainer: Trainer, train: MultiTaskDataset) -> Trainer:
    """The trainer whose batches have as many rows of each task as those of single tasks.

    Batches of a size of "auto" grow where every row has one task.
    """
    own = [source.task_index for source in train.sources]
    if trainer.batch_size != "auto" or any(tasks is None for tasks in own):
        return trainer
    counts: Counter[str] = Counter()
    for source, tasks in zip(train.sources, own, strict=True):
        for task, number in Counter(np.asarray(tasks).tolist()).items():
            counts[source.tasks.names[task]] += number
    rows = sum(min(number, trainer.rows_per_batch(number)) for number in counts.values())
    return replace(trainer, batch_size=rows)


def _watched(trainer: Trainer) -> Trainer:
    """The trainer with an observer of sharing."""
    kept = tuple(o for o in trainer.observers if o.name != SHARING)  # type: ignore[union-attr] # names were resolved
    return replace(trainer, observers=(*kept, Sharing()))


def _concluded(
    history: History, network: Any, recipe: AdaptiveSharing, n_parameters: int
) -> History:
    """The history with the record of sharing at the last evaluation, and the size of what is kept."""
    names = network.tasks.names
    now = sharing_now(network, whole=True)
    record = SharingRecord(
        names,
        ratio=tuple(map(tuple, now["ratio"])),
        affinity=tuple(map(tuple, now["affinity"])),
        gain=tuple(now["gain"]),
        lower=recipe.lower,
        upper=recipe.upper,
        alpha=recipe.alpha,
        changes=tuple(changes_of(history.epochs[: history.best_epoch or None], names)),
        steps=history.n_steps,
        n_looks=len(history.epochs),
    )
    *earlier, last = history.epochs
    known = {**record.to_dict(), "words": record.words}
    last = replace(last, observed={**last.observed, SHARING: known})
    return replace(
        history,
        epochs=[*earlier, last],
        n_parameters=n_parameters,
        stopped=f"{history.stopped}; {groups_in_words(record.groups)}",
        found={"tasks": names, "groups": [record.groups], "skips": [()]},
    )
