"""What a fitted model has learned of how tasks are related."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from polytask._seeds import derived_seed
from polytask._torch_defaults import torch_defaults
from polytask._validation import InstanceOf, Interval, Optional, check
from polytask.analysis._alone_features import alone_features
from polytask.analysis._gate_use import GateUse, gate_use, overlap_of_gates
from polytask.analysis._head_cosines import head_cosines
from polytask.analysis._learned_relations import LearnedRelations
from polytask.analysis._linear_cka import linear_cka
from polytask.analysis._shared_parts import shared_parts
from polytask.analysis._similarity import Similarity, as_similarity, cka_similarity
from polytask.analysis._task_clusters import task_clusters
from polytask.analysis._task_features import Features, copied_features, task_features
from polytask.architectures import MultiTaskModule
from polytask.data import Source
from polytask.exceptions import UnservedNeedError
from polytask.predictor import FittedPredictor, NetworkModel
from polytask.predictor._sources_to_predict import sources_to_predict
from polytask.tasks import TaskRelation

__all__ = ["learned_relations"]

_OWNER = "learned_relations"


def learned_relations(
    predictor: FittedPredictor,
    data: Any,
    *,
    alone: FittedPredictor | None = None,
    n_rows: int = 500,
    seed: int = 0,
) -> LearnedRelations:
    """Read out what a fitted joint network has learned of how its tasks are related.

    What there is depends on the network:

    - the **heads**: cosines of the tasks' head weights, where all heads read the same features;
    - **covariances** and other relations that the model itself learns (`FittedPredictor.relations`);
    - **features**: linear CKA of the features that each task has before its head, and of every stage that
      tasks have copies of;
    - **gates**: how they weigh experts, how far tasks' weights overlap, and how alike experts are;
    - **parts**: which tasks share which parameters, as the tree of branches;
    - with `alone`, how alike the joint features are to those of each task's own network, and how alike the
      tasks' own networks are after each of their stages: where this falls, a joint network may branch.

    The first of these that there is, in this order, is clustered.

    Parameters
    ----------
    predictor : FittedPredictor
        Of one network that several tasks share.
    data : table, MultiTaskDataset, or mapping of source name to table
        Rows to measure features and gates on, as for `FittedPredictor.predict`; of several sources
        those of the one with most tasks count. Best those that were not trained on.
    alone : FittedPredictor, optional
        The tasks' own networks, such as `polytask.fit(data, learner.single_task())` gives.
    n_rows : int, default 500
        Rows at most, others are left out at random.
    seed : int, default 0
        Of the rows, and of the order that gives CKA's value of chance.

    Returns
    -------
    LearnedRelations

    Raises
    ------
    UnservedNeedError
        If the model is not one network that several tasks share, and has learned no relations.
    DataError
        As `FittedPredictor.predict` does.

    References
    ----------
    Kornblith, Norouzi, Lee & Hinton, "Similarity of neural network representations revisited", ICML 2019.
    Dwivedi & Roig, "Representation similarity analysis for efficient task taxonomy & transfer learning",
    CVPR 2019, who compare networks of single tasks in this way. Vandenhende, Georgoulis, De Brabandere & Van
    Gool, "Branched multi-task networks: deciding what layers to share", BMVC 2020, who do so after each stage to decide
    where to branch.

    Examples
    --------
    >>> import polytask
    >>> from polytask.analysis import learned_relations
    >>> from polytask.architectures import HardSharing
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_clustered_tasks
    >>> from polytask.encoders import MLP
    >>> data, _ = make_clustered_tasks(2, 2, n_rows=200, spread=0.1, noise=0.1)
    >>> fitted = polytask.fit(data, HardSharing(MLP((16,))), budget=Budget(steps=200))
    >>> learned_relations(fitted, data).clusters
    (('task_0', 'task_1'), ('task_2', 'task_3'))
    """
    check(_OWNER, "predictor", predictor, InstanceOf((FittedPredictor,)))
    check(_OWNER, "alone", alone, Optional(InstanceOf((FittedPredictor,))))
    check(_OWNER, "n_rows", n_rows, Interval(int, 4))
    check(_OWNER, "seed", seed, Interval(int, 0))
    learned = [
        _of_layer(layer, relation) for layer, relation in predictor.model.relations().items()
    ]
    model, tasks = predictor.model, predictor.tasks.names
    if not isinstance(model, NetworkModel) or model.network.apart or len(tasks) < 2:
        if not learned:
            raise UnservedNeedError(_not_shared(predictor))
        return _record(predictor, _Measured(similarities=learned), (), 0)
    source = _source(predictor, data, n_rows, seed)
    generator = np.random.default_rng(derived_seed(seed, "order"))
    with torch_defaults():
        measured = _measured(model, source, learned, generator)
        if alone is not None:
            measured = _with_alone(measured, predictor, alone, source, generator)
        return _record(predictor, measured, shared_parts(model.network), source.n_rows)


@dataclass(frozen=True, eq=False)
class _Measured:
    """What was measured on rows."""

    similarities: Sequence[Similarity] = ()
    experts: Sequence[Similarity] = ()
    gates: GateUse | None = None
    features: Features | None = None
    own: Mapping[str, float] | None = None
    own_chance: float | None = None
    notes: tuple[str, ...] = ()


def _measured(
    model: NetworkModel,
    source: Source,
    learned: Sequence[Similarity],
    generator: np.random.Generator,
) -> _Measured:
    network = model.network.eval()
    rows = model.tensors(source)
    tasks = network.tasks_in(source.name)
    features = task_features(network, source.name, rows)
    stages, experts = copied_features(network, source.name, rows)
    gates = gate_use(network, {source.name: rows})
    similarities = [
        *head_cosines(network, source.name, rows, features),
        *reversed(learned),
    ]
    for one in (*([features] if features is not None else []), *reversed(stages)):
        similarities += _of_features(one, tasks, generator)
    if gates is not None:
        similarities.append(overlap_of_gates(gates))
    notes = () if len(network.sources) == 1 else (_one_source(source, network),)
    of_experts = [
        cka_similarity(one.name, _expert_labels(one), one.values, generator) for one in experts
    ]
    return _Measured(similarities, of_experts, gates, features, notes=notes)


def _of_features(
    features: Features, tasks: Sequence[str], generator: np.random.Generator
) -> list[Similarity]:
    """CKA between tasks; nothing where all have the same features."""
    by_task = features.by_task(tasks)
    if features.common or len(by_task) < 2:
        return []
    return [cka_similarity(features.name, list(by_task), list(by_task.values()), generator)]


def _with_alone(
    measured: _Measured,
    predictor: FittedPredictor,
    alone: FittedPredictor,
    source: Source,
    generator: np.random.Generator,
) -> _Measured:
    """With the likeness of joint features to those of the tasks' own networks."""
    own = alone_features(alone, source)
    if not own:
        note = f"features of {alone.name or 'the networks of single tasks'} cannot be read"
        return replace(measured, notes=(*measured.notes, note))
    by_task = own[0].by_task(())
    of_stages = [
        cka_similarity(one.name, list(one.by_task(())), one.values, generator) for one in own
    ]
    similarities = [*measured.similarities, *of_stages]
    joint = {} if measured.features is None else measured.features.by_task(predictor.tasks.names)
    both = [name for name in predictor.tasks.names if name in by_task and name in joint]
    order = generator.permutation(len(own[0].values[0]))  # of an ensemble, rows of all members
    likeness = {name: linear_cka(joint[name], by_task[name]) for name in both}
    shuffled = (linear_cka(joint[name], by_task[name][order]) for name in both[:6])
    chance = [value for value in shuffled if np.isfinite(value)]  # not of constant features
    return replace(
        measured,
        similarities=similarities,
        own={name: value for name, value in likeness.items() if np.isfinite(value)},
        own_chance=float(np.mean(chance)) if chance else None,
    )


def _record(
    predictor: FittedPredictor, measured: _Measured, parts: tuple[Any, ...], n_rows: int
) -> LearnedRelations:
    """The record, with the clusters of the first similarity of all tasks."""
    tasks = predictor.tasks.names
    whole = [one for one in measured.similarities if set(one.labels) == set(tasks)]
    first = next((one for one in whole if one.quantity != "mixing"), None)
    clusters, separation = ([list(range(len(tasks)))], None)
    if first is not None:
        order = [first.labels.index(name) for name in tasks]
        clusters, separation = task_clusters(first.matrix[np.ix_(order, order)])
    ordered = sorted(measured.similarities, key=lambda one: one is not first)
    return LearnedRelations(
        tasks,
        predictor.name,
        tuple(ordered),
        tuple(measured.experts),
        measured.gates,
        tuple(parts),
        dict(measured.own or {}),
        measured.own_chance,
        tuple(tuple(tasks[i] for i in cluster) for cluster in clusters),
        separation,
        n_rows,
        measured.notes,
    )


def _of_layer(layer: str, relation: TaskRelation) -> Similarity:
    """What the model itself has learned of a layer; covariances as correlations."""
    matrix: Float64[np.ndarray, "k k"] = np.asarray(relation.matrix, dtype=np.float64)
    if relation.quantity != "covariance":
        return as_similarity(layer, relation.quantity, relation.tasks, matrix)
    spread = np.sqrt(np.diag(matrix))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = matrix / np.outer(spread, spread)
    return as_similarity(layer, "correlation", relation.tasks, correlation)


def _expert_labels(features: Features) -> list[str]:
    """Tasks with the number of their expert, and numbers of those that all have in common."""
    seen: dict[tuple[str, ...], int] = {}
    labels = []
    for names in features.owners:
        seen[names] = seen.get(names, 0) + 1
        labels.append(f"{' + '.join(names) or 'expert'} {seen[names]}")
    return labels


def _source(predictor: FittedPredictor, data: Any, n_rows: int, seed: int) -> Source:
    """Some rows of the source with most tasks, without labels and without tasks of their own."""
    named = predictor.tasks.names
    sources = sources_to_predict(data, predictor.schemas, predictor.tasks, named)
    source = max(sources, key=lambda one: (len(one.tasks), one.n_rows))
    unnamed = replace(source, labels=None, task_index=None, weights=None)
    most = min(n_rows, source.n_rows)
    if most == len(source.tasks) and most > 2:
        most -= 1  # so that an axis of rows is not taken for one of tasks
    generator = np.random.default_rng(derived_seed(seed, "rows"))
    return unnamed.take(np.sort(generator.choice(source.n_rows, most, replace=False)))


def _one_source(source: Source, network: MultiTaskModule) -> str:
    carried, of = len(network.tasks_in(source.name)), len(network.tasks)
    return f"features were measured on rows of {source.name!r} alone, which carries {carried} of {of} tasks"


def _not_shared(predictor: FittedPredictor) -> str:
    return (
        f"learned_relations reads a network that several tasks share, and {predictor.name or 'this model'} "
        "is none. Fit one, such as hard_sharing or mmoe, or take prediction_similarity, which needs "
        "networks of single tasks alone."
    )
