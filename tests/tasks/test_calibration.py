"""Calibration of every kind: bins, intervals by simulation, and statements that come true."""

import inspect

import numpy as np
import pytest
from scipy.special import ndtri
from sklearn.calibration import calibration_curve

import polytask.tasks
from polytask.tasks import (
    Binary,
    Count,
    DenseClasses,
    DenseNumbers,
    Distribution,
    FittedTarget,
    HeatMap,
    Kind,
    Multiclass,
    Multilabel,
    Ordinal,
    Quantile,
    Regression,
    StepNumbers,
    Survival,
    Tokens,
    calibrated_levels,
    calibrated_means,
    calibrated_shares,
)

RNG, MORE = np.random.default_rng(0), np.random.default_rng(1)
N = 4000
LABELS = ("stated", "happened")
ONES = np.ones(N)


def classes_of(probability):
    """A class drawn from each row's probabilities."""
    return (probability.cumsum(axis=1) < RNG.random(len(probability))[:, None]).sum(axis=1)


def honest(kind):
    """Truth and responses that are true, of a kind, and its fitted target."""
    z = RNG.normal(size=N)
    if isinstance(kind, Binary):
        p = 1 / (1 + np.exp(-z))
        return (RNG.random(N) < p).astype(float), p, FittedTarget(("y",), (0, 1))
    if isinstance(kind, Multilabel):
        p = 1 / (1 + np.exp(-np.stack([z, 1 - z], axis=1)))
        return (RNG.random((N, 2)) < p).astype(float), p, FittedTarget(("y", "z"), (0, 1))
    if isinstance(kind, Multiclass | Ordinal):
        p = np.exp(np.outer(z, [-1.0, 0.0, 2.0]))
        p /= p.sum(axis=1, keepdims=True)
        return classes_of(p).astype(float), p, FittedTarget(("y",), ("a", "b", "c"))
    if isinstance(kind, Tokens):
        p = np.exp(RNG.normal(size=(N, 2, 3)))
        p /= p.sum(axis=-1, keepdims=True)
        codes = classes_of(p.reshape(-1, 3)).reshape(N, 2).astype(float)
        codes[RNG.random((N, 2)) < 0.3] = np.nan
        return codes, p, FittedTarget(("y",), ("a", "b", "c"), {"steps": (2.0,)})
    if isinstance(kind, Count):
        exposure = RNG.uniform(0.5, 3, N)
        counts = RNG.poisson(np.exp(z) * exposure).astype(float)
        learned = {"mean_count": (1.0,), "mean_exposure": (1.0,)}
        target = FittedTarget(("y", "months"), learned=learned)
        return np.stack([counts, exposure], axis=1), np.exp(z), target
    target = FittedTarget(("y",), learned={"center": (0.0,), "scale": (1.4,)})
    truth = z + RNG.normal(size=N)
    if isinstance(kind, Quantile):
        return truth, z[:, None] + ndtri(np.array(kind.levels)), target
    if isinstance(kind, Distribution):
        return truth, np.stack([z, np.ones(N)], axis=1), target
    return truth, z, target


def honest_cells(kind):
    """The same of kinds that label steps or pixels, of which one row is like another."""
    target = FittedTarget(("y",), ("a", "b", "c"), {"center": (0.0,), "scale": (1.4,)})
    if isinstance(kind, DenseClasses):
        p = MORE.dirichlet([0.5, 1, 1], (N, 2))
        codes = (p.cumsum(axis=-1) < MORE.random((N, 2, 1))).sum(axis=-1) * 1.0
        codes[MORE.random((N, 2)) < 0.3] = np.nan
        return codes[:, None], np.moveaxis(p, -1, 1)[:, :, None], target
    if isinstance(kind, HeatMap):
        p = MORE.random((N, 1, 3))
        return (MORE.random((N, 1, 3)) < p).astype(float), p, target
    response = MORE.normal(size=(N, 3)) + MORE.normal(size=(N, 1))
    truth = response + MORE.normal(size=(N, 3))
    truth[MORE.random((N, 3)) < 0.3] = np.nan
    if isinstance(kind, DenseNumbers):
        return truth[:, None], response[:, None], target
    return truth, np.where(MORE.random((N, 3)) < 0.1, np.nan, response), target


KINDS = [
    Binary(),
    Multilabel(),
    Multiclass(),
    Ordinal(("a", "b", "c")),
    Tokens(),
    Count(),
    Quantile((0.1, 0.4, 0.9)),
    Distribution(),
    Regression(),
]
OF_CELLS = [DenseClasses(), DenseNumbers(), HeatMap(), StepNumbers()]
SEVERAL = {"multilabel", "ordinal", "tokens", "dense_classes", "dense_numbers", "heat_map", "step_numbers"}  # fmt: skip
"""Kinds of which a row has several labels."""


def test_every_kind_has_a_check():
    for name in polytask.tasks.__all__:
        kind = getattr(polytask.tasks, name)
        if isinstance(kind, type) and issubclass(kind, Kind) and not inspect.isabstract(kind):
            assert kind.calibration is not Kind.calibration, name


@pytest.mark.parametrize("kind", KINDS + OF_CELLS, ids=lambda kind: kind.name)
def test_what_is_stated_happens(kind):
    truth, response, target = (honest_cells if kind in OF_CELLS else honest)(kind)
    found = kind.calibration(truth, response, target, ONES)
    inside = [
        low <= stated <= high
        for stated, low, high in zip(found.stated, found.low, found.high, strict=True)
    ]
    assert np.mean(inside) >= 0.6  # of tenths, at 95 % each
    assert found.error < 0.06
    assert max(found.rows) <= N * (2 if kind.name in SEVERAL else 1)
    assert found.unit == ("labels" if kind.name in SEVERAL else "rows")


def test_what_is_stated_wrongly_does_not():
    numbers = (Binary(), Multilabel(), Quantile(), Distribution(), Regression(), Count())
    for kind in (*numbers, *OF_CELLS[1:]):
        truth, response, target = (honest_cells if kind in OF_CELLS else honest)(kind)
        wrong = 0.5 * response + (
            0.45 if kind.name in {"binary", "multilabel", "heat_map"} else 1.0
        )
        honest_error = kind.calibration(truth, response, target, ONES).error
        assert kind.calibration(truth, wrong, target, ONES).error > 3 * honest_error


def test_bins_are_those_of_scikit_learn():
    truth, p, target = honest(Binary())
    found = Binary().calibration(truth, p, target, ONES)
    share, mean = calibration_curve(truth, p, n_bins=10, strategy="quantile")
    np.testing.assert_allclose(found.happened, share, atol=5e-3)
    np.testing.assert_allclose(found.stated, mean, atol=5e-3)
    assert found.rows == (400.0,) * 10


def test_weights_count_as_rows_and_runs_as_parts_of_rows():
    truth, p, target = honest(Binary())
    found = Binary().calibration(truth, p, target, ONES)
    thrice = Binary().calibration(np.tile(truth, 3), np.tile(p, 3), target, np.full(3 * N, 1 / 3))
    np.testing.assert_allclose(thrice.high, found.high, rtol=1e-2)
    np.testing.assert_allclose(thrice.rows, found.rows, rtol=1e-2)


@pytest.mark.parametrize("n", [40, 400])
def test_intervals_cover_at_95_percent(n):
    hits = np.zeros(3)
    for seed in range(200):
        generator = np.random.default_rng(seed)
        p = np.full(n, 0.2)
        share = calibrated_shares(p, generator.random(n) < 0.2, np.ones(n), LABELS)
        rate = calibrated_means(
            p, generator.poisson(1.0, n) * 1.0, np.ones(n), LABELS, exposure=np.full(n, 5.0)
        )
        below = generator.random((n, 1)) < 0.2
        level = calibrated_levels([0.2], below, np.ones(n), LABELS)
        hits += [each.low[0] <= 0.2 <= each.high[0] for each in (share, rate, level)]
    assert (hits / 200 > 0.89).all()


def test_survival_is_compared_with_kaplan_meier():
    kind, n = Survival(5), 3000
    risk = np.exp(RNG.normal(size=n))
    times, censored = RNG.exponential(1 / risk), RNG.exponential(2.0, n)
    truth = np.stack([np.minimum(times, censored), times <= censored], axis=1)
    target = kind.fit("y", {"t": truth[:, 0], "d": truth[:, 1]})
    cuts = np.array(target.learned["cuts"])
    response = np.exp(-risk[:, None] * cuts)
    found = kind.calibration(truth, response, target, np.ones(n))
    assert found.error < 0.02
    for stated, low, high in zip(found.stated, found.low, found.high, strict=True):
        assert low <= stated <= high
    assert kind.calibration(truth, response**2, target, np.ones(n)).error > 0.1


def test_steps_of_one_row_are_no_rows():
    stated, happened = np.full(300, 0.5), np.repeat(RNG.random(30) < 0.5, 10)
    row = np.repeat(np.arange(30), 10)
    alone = calibrated_shares(stated, happened, np.ones(300), LABELS)
    together = calibrated_shares(stated, happened, np.ones(300), LABELS, row=row)
    assert together.high[0] - together.low[0] > 2.5 * (alone.high[0] - alone.low[0])
    assert together.intervals == "Wilson, over rows"


@pytest.mark.parametrize("alike", [0.0, 0.3, 1.0])
def test_intervals_over_rows_cover_at_95_percent(alike):
    hits, n, most = np.zeros(2), 30, 40
    row, one_bin = np.repeat(np.arange(n), most), np.full(n * most, 0.2)
    for seed in range(200):
        generator = np.random.default_rng(seed)
        common = (generator.random(n) < 0.2)[row]
        own = np.where(generator.random(n * most) < alike, common, generator.random(n * most) < 0.2)
        kept = (np.arange(n * most) % most) < generator.integers(1, most, n)[row]  # rows differ
        given = one_bin[kept], own[kept], np.ones(kept.sum()), LABELS
        share = calibrated_shares(*given, row=row[kept])
        mean = calibrated_means(given[0], given[1] * 1.0, *given[2:], row=row[kept])
        hits += [each.low[0] <= 0.2 <= each.high[0] for each in (share, mean)]
        assert share.rows == (kept.sum(),)
    assert (hits / 200 > [0.92, 0.86]).all()  # means of rare events are skewed


def test_several_columns_are_compared_in_their_deviations():
    center, scale = np.array([5.0, -300.0]), np.array([0.1, 40.0])
    z = MORE.normal(size=(N, 2))
    truth, response = (center + scale * each for each in (z + MORE.normal(size=(N, 2)), z))
    learned = {"center": tuple(center), "scale": tuple(scale)}
    target = FittedTarget(("y", "z"), learned=learned)
    found = Regression().calibration(truth, response, target, ONES)
    assert found.labels == ("prediction, in deviations", "mean of the labels, in deviations")
    assert found.error < 0.1
    assert -3 < found.stated[0] < found.stated[-1] < 3
    shape = {"shape": (2.0, 1.0, 1.0)}
    pixels = FittedTarget(("y",), learned={**learned, **shape})
    same = DenseNumbers().calibration(
        truth[..., None, None], response[..., None, None], pixels, ONES
    )
    assert (same.stated, same.happened, same.low) == (found.stated, found.happened, found.low)


def test_a_bin_of_one_row_is_as_wide_as_its_labels():
    found = calibrated_means(
        np.repeat([0.0, 1.0, 1.0], 9),
        np.concatenate([MORE.normal(size=9), np.zeros(18)]),
        np.ones(27),
        LABELS,
        row=np.repeat([0, 1, 2], 9),
    )
    assert found.high[0] - found.low[0] > 10  # t of one degree of freedom
    assert found.low[1] == found.high[1] == 0
