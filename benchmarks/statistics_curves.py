"""How often intervals of predicted distributions and survival curves miss, and tests call.

OMP_NUM_THREADS=1 python benchmarks/statistics_curves.py [--studies 1000] [--seed 0]

Two learners see a signal with noise of their own, equally much (the null) or less in ours (a half in
place of 1). `CRPS`: y is normal with mean x and deviation 1; a learner knows x plus its noise, and
states the deviation that is right for it. `IntegratedBrier` and `Concordance`: exponential times
with log-hazard x, about 40 % censored by exponential times; a learner states the curves of the log-hazard
x plus its noise, and censoring is learned from 2000 rows apart. The values that intervals should
hold are means over 200 000 rows. Where all is well, 5 % are called under the null, and 95 % of the
intervals of the difference, and of our metric alone, hold the values.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

import numpy as np

from polytask.metrics import CRPS, Concordance, IntegratedBrier, Metric
from polytask.statistics import Answers, paired, single
from polytask.tasks import Distribution, FittedTarget, Kind, Survival

SIZES = (10, 20, 50, 100, 500)
_NOISE, _LESS, _CENSORING = 1.0, 0.5, 0.7

Study = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Truth, and the responses of ours and theirs."""
Draw = Callable[[np.random.Generator, int, float], Study]


def main() -> None:
    """Print one table per metric."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    generator = np.random.default_rng(arguments.seed)
    survival = Survival(10)
    target = survival.fit("t", dict(zip("te", _times(generator, np.zeros(2000)).T, strict=True)))
    numbers = FittedTarget(("y",), learned={"center": (0.0,), "scale": (1.0,)})
    draw_curves: Draw = lambda rng, n, noise: _curves(rng, n, noise, target)  # noqa: E731
    cases: tuple[tuple[Metric, Kind, FittedTarget, Draw], ...] = (
        (CRPS(), Distribution(), numbers, _normals),
        (IntegratedBrier(), survival, target, draw_curves),
        (Concordance(), survival, target, draw_curves),
    )
    for metric, kind, fitted, draw in cases:
        print(f"\n**{metric.label}**\n")
        print("| rows | called, null | difference, null | difference, better | ours alone |")
        print("|---|---|---|---|---|")
        for row in _rows(generator, arguments.studies, metric, kind, fitted, draw):
            print(row)


def _rows(
    generator: np.random.Generator,
    studies: int,
    metric: Metric,
    kind: Kind,
    fitted: FittedTarget,
    draw: Draw,
) -> Iterator[str]:
    expected = {}
    for noise in (_NOISE, _LESS):
        truth, ours, theirs = draw(generator, 200_000, noise)
        values = [metric.score(truth, answer, fitted).value or 0.0 for answer in (ours, theirs)]
        expected[noise] = values[0], values[0] - values[1] if noise == _LESS else 0.0
    for n in SIZES:
        counts = np.zeros((5, 2))
        for _ in range(studies):
            for noise in (_NOISE, _LESS):
                truth, *responses = draw(generator, n, noise)
                ours, theirs = (
                    [Answers(truth, (answer,), np.ones(n), np.arange(n), fitted, kind)]
                    for answer in responses
                )
                pair, alone = paired(metric, ours, theirs), single(metric, ours)
                null, (value, difference) = noise == _NOISE, expected[noise]
                if null and pair.p is not None:
                    counts[0] += pair.p <= 0.05, 1
                if pair.interval is not None:
                    counts[1 if null else 2] += _holds(pair.interval, difference), 1
                if null and alone.interval is not None:
                    counts[3] += _holds(alone.interval, value), 1
        shown = [f"{100 * hits / made:.1f}" if made else "–" for hits, made in counts[:4]]
        yield f"| {n} | {' | '.join(shown)} |"


def _holds(interval: tuple[float, float], value: float) -> bool:
    return interval[0] - 1e-12 <= value <= interval[1] + 1e-12


def _normals(generator: np.random.Generator, n: int, noise: float) -> Study:
    x = generator.normal(size=n)
    truth = x + generator.normal(size=n)
    ours, theirs = (
        np.stack([x + size * generator.normal(size=n), np.full(n, np.hypot(1, size))], axis=1)
        for size in (noise, _NOISE)
    )
    return truth, ours, theirs


def _times(generator: np.random.Generator, log_hazard: np.ndarray) -> np.ndarray:
    times = generator.exponential(np.exp(-log_hazard))
    ends = generator.exponential(1 / _CENSORING, len(times))
    return np.stack([np.minimum(times, ends), times <= ends], axis=1).astype(np.float64)


def _curves(generator: np.random.Generator, n: int, noise: float, target: FittedTarget) -> Study:
    x = generator.normal(size=n)
    truth, cuts = _times(generator, x), np.array(target.learned["cuts"])
    ours, theirs = (
        np.exp(-np.exp(x + size * generator.normal(size=n))[:, None] * cuts)
        for size in (noise, _NOISE)
    )
    return truth, ours, theirs


if __name__ == "__main__":
    main()
