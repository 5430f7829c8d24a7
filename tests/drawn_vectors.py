"""Vectors by mathematical class, for tests of convex problems."""

import numpy as np


def jacobian_of(kind, n_tasks, rng, decades=15):
    width = int(rng.integers(1, 2 * n_tasks + 1))
    jacobian = rng.normal(size=(n_tasks, width))
    if kind == "low rank":
        rank = int(rng.integers(1, n_tasks + 1))
        jacobian = rng.normal(size=(n_tasks, rank)) @ rng.normal(size=(rank, width))
    elif kind == "repeated":
        jacobian = jacobian[rng.integers(0, n_tasks, n_tasks)]
    elif kind == "balanced":  # some of them sum to zero
        jacobian[0] -= jacobian[: n_tasks // 2 + 1].sum(axis=0)
    elif kind == "agreeing":
        jacobian = np.hstack([np.ones((n_tasks, 1)), 1e-4 * jacobian])
    elif kind == "lengths":
        jacobian = jacobian * 10.0 ** rng.uniform(-decades, decades, (n_tasks, 1))
    elif kind == "zero rows":
        jacobian[rng.random(n_tasks) < 0.4] = 0.0
    elif kind == "line":
        jacobian = np.outer(rng.choice([-2.0, -1.0, 1.0, 3.0], n_tasks), jacobian[0])
    return jacobian
