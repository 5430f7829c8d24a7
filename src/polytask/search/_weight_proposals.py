"""Rows of task weights: random, or proposed by what earlier rows gained."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from polytask.search._optuna import seeded_sampler
from polytask.search._weight_search import WeightMember

__all__ = ["first_rows", "perturbed", "proposed_rows", "scaled"]

_LEAST = 1e-3
_LOW, _HIGH = 0.1, 10.0


def scaled(row: np.ndarray) -> tuple[float, ...]:
    """Weights that sum to the number of tasks, each at least a thousandth of the mean weight."""
    positive = np.maximum(row / row.mean(), _LEAST)
    return tuple(float(weight) for weight in positive / positive.mean())


def first_rows(n_tasks: int, n_rows: int, seed: int) -> list[tuple[float, ...]]:
    """Equal weights, then rows drawn uniformly from the simplex."""
    generator = np.random.default_rng([seed, 1])
    drawn = generator.dirichlet(np.ones(n_tasks), size=max(n_rows - 1, 0))
    return [(1.0,) * n_tasks, *map(scaled, drawn)][:n_rows]


def proposed_rows(
    names: Sequence[str], members: Sequence[WeightMember], n_rows: int, seed: int
) -> list[tuple[float, ...]]:
    """Rows that Optuna's tree-structured Parzen estimators propose from members with a value.

    Each weight lies between 0.1 and 10 on a logarithmic scale before the row is scaled. A
    member without a model counts as the worst.
    """
    import optuna
    from optuna.distributions import FloatDistribution
    from optuna.trial import TrialState, create_trial

    range_of = FloatDistribution(_LOW, _HIGH, log=True)
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(direction="maximize", pruner=optuna.pruners.NopPruner())
        for member in members:
            state = TrialState.PRUNED if member.value is None else TrialState.COMPLETE
            study.add_trial(
                create_trial(
                    state=state,
                    value=member.value,
                    params={name: min(max(member.weights[name], _LOW), _HIGH) for name in names},
                    distributions=dict.fromkeys(names, range_of),
                )
            )
        rows = []
        for number in range(len(members), len(members) + n_rows):
            trial = study.ask()
            row = []
            for name in names:
                study.sampler = seeded_sampler("tpe", seed, number, name)
                row.append(trial.suggest_float(name, _LOW, _HIGH, log=True))
            rows.append(scaled(np.array(row)))
        return rows
    finally:
        optuna.logging.set_verbosity(verbosity)


def perturbed(row: Sequence[float], *key: object) -> tuple[float, ...]:
    """Weights of which each is multiplied by 0.8 or 1.25, drawn by a key, and scaled."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    factors = generator.choice([0.8, 1.25], size=len(row))
    return scaled(np.array(row) * factors)
