"""How often intervals of 95 % hold what they are about."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from statistics_batches import check, judge
from statistics_cell import Cell
from statistics_draws import draw, generator, population

from polytask.metrics import Metric

__all__ = ["SIZES", "coverage"]

SIZES = (10, 20, 50, 100, 500)


def coverage(metric: Metric, prevalence: float | None) -> Iterator[Cell]:
    names = ["exchangeable", "better", "twice", "t5"]
    if prevalence is None:
        names.append("lognormal")
    for made in names:
        for n in SIZES:
            yield _covered(metric, prevalence, made, n)


def _covered(metric: Metric, prevalence: float | None, made: str, n: int) -> Cell:
    def count(rng: np.random.Generator, studies: int) -> dict[str, float]:
        how = generator(made, metric, prevalence)
        ours, theirs = population(metric, how, prevalence)
        if made != "better":
            theirs = ours
        drawn = draw(rng, how, (studies, n), prevalence)
        batch = judge(metric, drawn)
        check(metric, drawn, batch, 1, 3)
        kept = batch.defined
        tiny = 1e-9
        difference = (batch.low <= ours - theirs + tiny) & (ours - theirs - tiny <= batch.high)
        alone = (batch.single_low <= ours + tiny) & (ours - tiny <= batch.single_high)
        inside = (batch.low <= batch.value + tiny) & (batch.value - tiny <= batch.high)
        inside &= (batch.single_low <= batch.single + tiny) & (
            batch.single - tiny <= batch.single_high
        )
        return {
            "studies": float(kept.sum()),
            "difference": float(difference[kept].sum()),
            "single": float(alone[kept].sum()),
            "inside": float(inside[kept].sum()),
            "width": float((batch.high - batch.low)[kept].sum()),
        }

    return Cell("coverage", metric, prevalence, f"{made}, {n}", count)
