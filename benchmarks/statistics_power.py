"""Power, beside that of the paired t test on row losses or of DeLong's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from statistics_batches import amounts_of_difference, judge, measured
from statistics_cell import ALPHA, Cell, called
from statistics_draws import Drawn, Generator, draw, generator

from polytask.metrics import MAE, NMSE, ROCAUC, Accuracy, AveragePrecision, Brier, LogLoss, Metric

__all__ = ["power"]


def power(metric: Metric, prevalence: float | None) -> Iterator[Cell]:
    for n in (50, 200) if prevalence in {None, 0.5} else (200,):
        for wanted in (0.5, 0.8):
            yield _powered(metric, prevalence, n, wanted)


def _powered(metric: Metric, prevalence: float | None, n: int, wanted: float) -> Cell:
    def count(rng: np.random.Generator, studies: int) -> dict[str, float]:
        made = _effect(metric, prevalence, n, wanted)
        drawn = draw(rng, made, (studies, n), prevalence)
        batch = judge(metric, drawn, intervals=False)
        reference = _reference(metric, drawn)
        return {**called(batch), "reference": float((reference <= ALPHA).sum())}

    return Cell("power", metric, prevalence, f"{n}, {wanted}", count)


def _reference(metric: Metric, drawn: Drawn) -> np.ndarray:
    """P of the paired t test on row losses, or of DeLong's for metrics of ranks."""
    one, other = drawn.ours[0], drawn.theirs[0]
    if isinstance(metric, ROCAUC | AveragePrecision):
        defined = drawn.truth.min(axis=1) < drawn.truth.max(axis=1)
        sides = [measured(ROCAUC(), drawn.truth, side, defined) for side in (one, other)]
        added = sides[0][1] - sides[1][1]
        positives = drawn.truth.sum(axis=1)
        variance = np.zeros(len(added))
        for which, size in ((1, positives), (0, drawn.truth.shape[1] - positives)):
            squares = np.where(drawn.truth == which, np.square(added), 0).sum(axis=1)
            variance += squares * size / np.maximum(size - 1, 1)
        with np.errstate(all="ignore"):
            z = np.abs(sides[0][0] - sides[1][0]) / np.sqrt(variance)
        return np.where(np.isfinite(z), 2 * stats.norm.sf(z), 1.0)
    row_loss = {
        "rmse": NMSE(),
        "nmse": NMSE(),
        "mae": MAE(),
        "brier": Brier(),
        "log_loss": LogLoss(),
    }
    losses = row_loss.get(metric.name, Accuracy())
    differences = amounts_of_difference(
        losses, drawn.truth, one, other, np.ones(len(one), dtype=np.bool_)
    )
    with np.errstate(all="ignore"):
        p = stats.ttest_1samp(differences, 0, axis=1).pvalue
    return np.where(np.isfinite(p), p, 1.0)


@cache
def _effect(metric: Metric, prevalence: float | None, n: int, wanted: float) -> Generator:
    """Ours with so much less noise that the reference test has the power wanted."""
    plain = generator("exchangeable", metric, prevalence)

    def made(effect: float) -> Generator:
        mean = plain.ours[0]
        return Generator((mean, np.exp(-effect / 2)), (mean, np.exp(effect / 2)))

    def gap(effect: float) -> float:
        drawn = draw(np.random.default_rng(4), made(effect), (4000, n), prevalence)
        return float((_reference(metric, drawn) <= ALPHA).mean()) - wanted

    return made(brentq(gap, 0.01, 2.0, xtol=2e-3))
