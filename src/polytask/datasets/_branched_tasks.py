"""Generator of tasks that share nonlinear features as the branches of a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from polytask._listing import names_by_key
from polytask._validation import Each, Interval, check, message
from polytask.data import MultiTaskDataset
from polytask.datasets._linear_tasks import check_sizes, orthonormal
from polytask.exceptions import ParameterError
from polytask.tasks import Task

__all__ = ["BranchTruth", "make_branched_tasks"]

_OWNER = "make_branched_tasks"


@dataclass(frozen=True, eq=False)
class BranchTruth:
    """The tree that generated tasks share features by.

    Parameters
    ----------
    groups : tuple of tuple of tuple of str
        Per stage, from the inputs up, the tasks that share its features, as
        `polytask.architectures.Branching` takes them.
    signals : array of shape (n_rows, n_tasks)
        Targets without noise.
    noise : float
        Standard deviation of the noise added to the targets.
    """

    groups: tuple[tuple[tuple[str, ...], ...], ...]
    signals: Float64[np.ndarray, "n t"]
    noise: float


def make_branched_tasks(
    branches: Sequence[int] = (1, 2, 2),
    tasks_per_leaf: int = 3,
    n_rows: int = 1000,
    n_features: int = 8,
    *,
    width: int = 4,
    spread: float = 0.3,
    bend: float = 1.5,
    noise: float = 0.2,
    seed: int = 0,
) -> tuple[MultiTaskDataset, BranchTruth]:
    r"""Make regression tasks that share nonlinear features up to a stage, and then part.

    .. math:: h_v = \tanh\big(\text{bend} \cdot D_v Q_v^\top h_{u(v)} + c_v\big) - m_v, \qquad
        y_{ik} = w_k^\top h_{v(k)}(x_i) + \varepsilon_{ik}

    A node v of the tree has `width` features of its parent u(v), the inputs at the root: projections
    onto orthonormal columns Q, scaled by D to deviation 1, with offsets c uniform in [−1, 1] and means
    m over the rows. Weights w of tasks are √(1 − spread²) w₀ + spread u, with a random unit vector w₀ of
    their leaf and random unit vectors u orthogonal to it; targets have mean 0 and deviation 1 before
    noise.

    Parameters
    ----------
    branches : sequence of int, default (1, 2, 2)
        Children of every node of the stage before, for each stage: by default all tasks share the
        first, two groups the second, four the third.
    tasks_per_leaf : int, default 3
        Tasks that share all stages.
    n_rows : int, default 1000
    n_features : int, default 8
        Standard normal inputs; at least `width`.
    width : int, default 4
        Features of a node. A network whose stages have hardly more must branch as the tree does:
        two branches need twice as many.
    spread : float in [0, 1], default 0.3
        Distance of tasks from what their leaf has in common: with 0 they are equal but for noise.
    bend : float, default 1.5
        How nonlinear features are.
    noise : float, default 0.2
        Standard deviation of the noise.
    seed : int, default 0

    Returns
    -------
    dataset : MultiTaskDataset
        Tasks ``task_0``, ``task_1``, …, in an order that does not tell the tree.
    truth : BranchTruth

    Raises
    ------
    ParameterError
        If an argument is invalid.

    Examples
    --------
    >>> from polytask.datasets import make_branched_tasks
    >>> dataset, truth = make_branched_tasks((1, 2), tasks_per_leaf=2, n_rows=50)
    >>> [len(groups) for groups in truth.groups]
    [1, 2]
    """
    check(_OWNER, "branches", branches, Each(Interval(int, 1), minimum=1))
    check_sizes(_OWNER, noise, tasks_per_leaf=tasks_per_leaf, n_rows=n_rows, width=width)
    check(_OWNER, "n_features", n_features, Interval(int, 1))
    check(_OWNER, "spread", spread, Interval(float, 0, 1))
    check(_OWNER, "bend", bend, Interval(float, 0, closed="neither"))
    if n_features < width:
        expected = f"at least the width of a node, {width}"
        raise ParameterError(message(_OWNER, "n_features", expected, n_features))
    generator = np.random.default_rng(seed)
    X = generator.standard_normal((n_rows, n_features))
    nodes: dict[tuple[int, ...], np.ndarray] = {(): X}
    for n_children in branches:
        nodes = {
            (*path, child): _features(generator, rows, width, bend)
            for path, rows in nodes.items()
            for child in range(n_children)
        }
    leaves = [leaf for leaf in nodes for _ in range(tasks_per_leaf)]
    signals = [
        _standard(rows @ weights)
        for rows in nodes.values()
        for weights in _weights(generator, width, tasks_per_leaf, spread)
    ]
    order = generator.permutation(len(leaves))
    paths = [leaves[k] for k in order]
    signal = np.stack([signals[k] for k in order], axis=1)
    Y = signal + noise * generator.standard_normal(signal.shape)
    names = [f"task_{number}" for number in range(len(paths))]
    groups = tuple(_groups(names, paths, stage) for stage in range(1, len(branches) + 1))
    tasks = [Task(name, "regression") for name in names]
    return MultiTaskDataset.from_arrays(X, Y, tasks), BranchTruth(groups, signal, float(noise))


def _features(
    generator: np.random.Generator, rows: Float64[np.ndarray, "n h"], width: int, bend: float
) -> Float64[np.ndarray, "n w"]:
    """Random nonlinear features of rows."""
    projected = rows @ orthonormal(generator, width, rows.shape[1]).T
    projected = projected / np.maximum(projected.std(axis=0), 1e-12)
    features = np.tanh(bend * projected + generator.uniform(-1, 1, width))
    centred: np.ndarray = features - features.mean(axis=0)
    return centred


def _weights(
    generator: np.random.Generator, width: int, n_tasks: int, spread: float
) -> Float64[np.ndarray, "t w"]:
    """Weights of the tasks of a leaf around a common one."""
    common = generator.standard_normal(width)
    common /= np.linalg.norm(common)
    away = generator.standard_normal((n_tasks, width))
    away -= np.outer(away @ common, common)
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-12)
    weights: np.ndarray = np.sqrt(1 - spread**2) * common + spread * away
    return weights


def _standard(values: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    centred = values - values.mean()
    return centred / max(float(centred.std()), 1e-12)


def _groups(
    names: Sequence[str], paths: Sequence[tuple[int, ...]], stage: int
) -> tuple[tuple[str, ...], ...]:
    """Names by the beginning of their paths."""
    starts = [path[:stage] for path in paths]
    return tuple(map(tuple, names_by_key(zip(names, starts, strict=True)).values()))
