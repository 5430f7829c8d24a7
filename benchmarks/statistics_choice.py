"""Verdicts and intervals where settings are chosen with the first seed of a split, or with each seed.

Two learners are tuned alike: three settings, three seeds, a choice by the validation rows. The settings of
one are as good as those of the other, so that no learner is better; but they differ among one another, and the
learners may keep different ones. Networks share part of their errors with all others (rows are hard or
easy), part with those of the same learner and setting, and have the rest for themselves. Counted are studies
whose test rows call the learners different at 5 %, and intervals that miss the expected difference of the
settings kept.

    OMP_NUM_THREADS=1 python benchmarks/statistics_choice.py --studies 2000
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from polytask.metrics import MAE
from polytask.statistics import Answers, paired
from polytask.tasks import FittedTarget, Regression

SETTINGS, SEEDS = 3, 3
TO_MAE = np.sqrt(2 / np.pi)
"""Expected size of a normal error of variance 1."""


@dataclass(frozen=True)
class Case:
    """How learners are drawn.

    Attributes
    ----------
    n_rows : int
        Validation rows, and as many test rows.
    settings : float
        Standard deviation of the log of a setting's expected error.
    seeds : float
        That of a seed's.
    """

    n_rows: int
    settings: float
    seeds: float = 0.02


def sizes(rng: np.random.Generator, case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviations of errors: expected (learner, setting), and (learner, setting, seed)."""
    own = np.tile(np.exp(case.settings * rng.normal(size=SETTINGS)), (2, 1))
    return own, own[..., None] * (1 + case.seeds * rng.normal(size=(2, SETTINGS, SEEDS)))


def errors(rng: np.random.Generator, scale: np.ndarray, n_rows: int) -> np.ndarray:
    """Errors (learner, setting, seed, row)."""
    common = rng.normal(size=n_rows)
    of_setting = rng.normal(size=(2, SETTINGS, 1, n_rows))
    of_seed = rng.normal(size=(*scale.shape, n_rows))
    return scale[..., None] * (0.8 * common + 0.4 * of_setting + np.sqrt(0.2) * of_seed)


def kept(validation: np.ndarray, *, by_first: bool) -> np.ndarray:
    """The setting of every seed, by the mean absolute validation error (setting, seed)."""
    best = validation.argmin(axis=0)
    return np.full(SEEDS, best[0]) if by_first else best


def answers(rows: np.ndarray) -> list[Answers]:
    """Predictions of a learner with the errors (seed, row) of zeros."""
    n = rows.shape[1]
    target, kind = FittedTarget(("y",)), Regression()
    return [Answers(np.zeros(n), tuple(rows), np.ones(n), np.arange(n), target, kind)]


def study(rng: np.random.Generator, case: Case) -> dict[bool, tuple[bool, bool]]:
    """For each way to choose: whether the learners are called different, and the interval misses."""
    expected, scale = sizes(rng, case)
    validation = np.abs(errors(rng, scale, case.n_rows)).mean(axis=-1)
    test = errors(rng, scale, case.n_rows)
    found = {}
    for by_first in (True, False):
        chosen = [kept(validation[learner], by_first=by_first) for learner in (0, 1)]
        seeds = np.arange(SEEDS)
        ours, theirs = (answers(test[k, chosen[k], seeds]) for k in (0, 1))
        result = paired(MAE(), ours, theirs)
        true = [TO_MAE * expected[k, chosen[k]].mean() for k in (0, 1)]
        assert result.p is not None
        assert result.interval is not None
        low, high = result.interval
        found[by_first] = (result.p <= 0.05, not low <= true[0] - true[1] <= high)
    return found


def main() -> None:
    """Count, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=2000)
    arguments = parser.parse_args()
    print(
        "| rows | settings differ by | called: first seed chooses | each seed | missed: first | each |"
    )
    print("|---|---|---|---|---|---|")
    for n_rows in (100, 400):
        for settings in (0.0, 0.02, 0.05, 0.1):
            rng = np.random.default_rng(0)
            found = [study(rng, Case(n_rows, settings)) for _ in range(arguments.studies)]
            shares = [
                f"{100 * np.mean([own[by_first][what] for own in found]):.1f}"
                for what in (0, 1)
                for by_first in (True, False)
            ]
            print(f"| {n_rows} | {100 * settings:g} % | {' | '.join(shares)} |", flush=True)


if __name__ == "__main__":
    main()
