"""Δm, its intervals and p against formulas written out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from polytask.metrics import (
    F1,
    MAE,
    R2,
    RMSE,
    ROCAUC,
    Accuracy,
    AveragePrecision,
    Brier,
    LogLoss,
)
from polytask.statistics import Answers, paired, paired_gain, single
from polytask.tasks import Binary, FittedTarget, Regression

NUMBER = FittedTarget(("y",))
CLASSES = FittedTarget(("y",), ("no", "yes"))
KINDS = {NUMBER: Regression(), CLASSES: Binary()}
RNG = np.random.default_rng(0)
ERRORS = {task: np.abs(RNG.normal(size=(2, 10))) * [[1.0], [1.3]] for task in "ab"}


def answers(*errors, units=None, truth=None, target=NUMBER):
    n = len(errors[0])
    truth = np.zeros(n) if truth is None else truth
    units = np.arange(n) if units is None else units
    return Answers(truth, errors, np.ones(n), units, target, KINDS[target])


def both(metric, *, level=0.95, **settings):
    sides = [{task: [answers(one[side])] for task, one in ERRORS.items()} for side in (0, 1)]
    return paired_gain(*sides, dict.fromkeys(ERRORS, metric), level=level, **settings)


def student(amounts):
    """Standard error of a sum, and its degrees of freedom: fewer for heavy tails."""
    n, excess = len(amounts), max(stats.kurtosis(amounts, bias=False), 0)
    error = np.sqrt(n * np.var(amounts, ddof=1))
    return error, 2 / (min(0.75 + 70 / n**2, 1.5) * excess / n + 2 / (n - 1))


def exchanged(amounts):
    signs = 1 - 2 * ((np.arange(2 ** len(amounts))[:, None] >> np.arange(len(amounts))) & 1)
    sums = np.abs(signs @ amounts)
    return np.mean(sums >= sums[0] - 1e-12)


@pytest.mark.parametrize(("metric", "power"), [(MAE(), 1), (RMSE(), 2)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_two_tasks_on_the_same_rows(metric, power, level):
    found = both(metric, level=level)
    gains, relative, changed, logs = [], 0, 0, []
    for ours, theirs in (one**power for one in ERRORS.values()):
        mine, base, pooled = (
            np.mean(x) ** (1 / power) for x in (ours, theirs, np.append(ours, theirs))
        )
        gains.append(1 - mine / base)
        logs.append(np.log(mine / base))
        amounts = (theirs - ours) / power / pooled**power / 10 / 2
        relative, changed = relative + amounts, changed + amounts * mine / base
    assert found.gains == pytest.approx(dict(zip("ab", gains, strict=True)))
    assert found.value == pytest.approx(np.mean(gains))
    error, degrees = student(changed)
    half = stats.t.ppf((1 + level) / 2, degrees) * error
    assert found.standard_error == pytest.approx(error)
    assert found.degrees == pytest.approx(degrees)
    assert found.interval == pytest.approx((found.value - half, found.value + half))
    error, degrees = student(relative)
    p = 2 * stats.t.sf(abs(relative.sum()) / error, degrees)
    assert found.p == pytest.approx(max(p, exchanged(relative)))
    half = stats.t.ppf((1 + level) / 2, degrees) * error
    mean = np.mean(logs)
    assert found.geometric == pytest.approx(1 - np.exp(mean))
    ends = 1 - np.exp(mean + half), 1 - np.exp(mean - half)
    assert found.geometric_interval == pytest.approx(ends)
    assert (found.n_units, found.too_few, found.left_out) == (10, None, {})


def test_seeds_and_splits_add_levels_of_variance():
    ours = [ERRORS["a"][0] + shift for shift in (0.0, 0.2, 0.7)]
    base = ERRORS["a"][1]
    found = paired_gain({"a": [answers(*ours)]}, {"a": [answers(base)]}, {"a": MAE()})
    gains = [1 - one.mean() / base.mean() for one in ours]
    pooled = (np.mean(ours) + base.mean()) / 2
    amounts = (base - np.mean(ours, axis=0)) / pooled / 10 * np.mean(ours) / base.mean()
    error, known_to = student(amounts)
    units, seeds = error**2, np.var(gains, ddof=1) / 3
    assert found.value == pytest.approx(np.mean(gains))
    assert found.standard_error == pytest.approx(np.sqrt(units + seeds))
    degrees = (units + seeds) ** 2 / (units**2 / known_to + seeds**2 / 2)
    assert found.degrees == pytest.approx(degrees)

    relative = [2 * (base.mean() - one.mean()) / (base.mean() + one.mean()) for one in ours]
    amounts = (base - np.mean(ours, axis=0)) / pooled / 10
    error, known_to = student(amounts)
    units, seeds = error**2, np.var(relative, ddof=1) / 3
    degrees = (units + seeds) ** 2 / (units**2 / known_to + seeds**2 / 2)
    p = 2 * stats.t.sf(abs(amounts.sum()) / np.sqrt(units + seeds), degrees)
    assert p > exchanged(amounts)
    assert found.p == pytest.approx(p)

    splits = [ERRORS["a"] * np.array([[1.0], [hard]]) for hard in (1.0, 3.0, 9.0)]
    sides = [
        {"a": [answers(one[side], units=np.arange(10) + 10 * n) for n, one in enumerate(splits)]}
        for side in (0, 1)
    ]
    mine, base = np.mean(splits, axis=(0, 2))
    gains = [
        1 - mine / base - (one[0].mean() - one[1].mean() * mine / base) / base for one in splits
    ]
    assert np.mean(gains) == pytest.approx(1 - mine / base)
    for ratio, test_per_train in ((1 / 2, None), (0.25, 0.25)):
        found = paired_gain(*sides, {"a": MAE()}, test_per_train=test_per_train)
        error = np.sqrt((1 / 3 + ratio) * np.var(gains, ddof=1))
        assert found.standard_error == pytest.approx(error)
        assert found.degrees == 2
        assert found.n_units == 30


def test_greater_is_better_flips_the_gain():
    truth = np.repeat([0.0, 1.0], 8)
    rng = np.random.default_rng(1)
    scores = [1 / (1 + np.exp(-rng.normal(truth * lift, 1))) for lift in (3, 1)]
    sides = [{"a": [answers(one, truth=truth, target=CLASSES)]} for one in scores]
    found = paired_gain(*sides, {"a": ROCAUC()})
    areas = [ROCAUC().score(truth, one, CLASSES).value for one in scores]
    assert found.value == pytest.approx(areas[0] / areas[1] - 1)
    assert found.geometric == pytest.approx(areas[0] / areas[1] - 1)
    assert found.interval[0] < found.value < found.interval[1]
    turned = paired_gain(*sides[::-1], {"a": ROCAUC()})
    assert turned.value == pytest.approx(areas[1] / areas[0] - 1)
    assert turned.p == pytest.approx(found.p)
    mixed = [{**side, "b": [answers(ERRORS["b"][n], units=np.arange(10))]}
             for n, side in enumerate(sides)]  # fmt: skip
    found = paired_gain(*mixed, {"a": ROCAUC(), "b": MAE()})
    ratio = ERRORS["b"][1].mean() / ERRORS["b"][0].mean() * areas[0] / areas[1]
    assert found.geometric == pytest.approx(np.sqrt(ratio) - 1)


def test_p_speaks_for_the_learner_that_its_own_mean_names():
    baseline = {task: np.linspace(0.9, 1.1, 12) for task in "ab"}
    ours = {"a": [answers(0.5 * baseline["a"])], "b": [answers(1.55 * baseline["b"])]}
    theirs = {task: [answers(errors)] for task, errors in baseline.items()}
    found = paired_gain(ours, theirs, dict.fromkeys("ab", MAE()))
    assert found.value == pytest.approx((0.5 - 0.55) / 2)  # the mean of gains is below 0
    assert found.tested == pytest.approx((0.5 / 0.75 - 0.55 / 1.275) / 2)  # what is tested is not
    turned = paired_gain(theirs, ours, dict.fromkeys("ab", MAE()))
    assert turned.tested == pytest.approx(-found.tested)


def test_tasks_without_a_relative_change_are_left_out_with_a_reason():
    zero, one = answers(np.zeros(8)), answers(np.ones(8))
    found = paired_gain(
        {"a": [one], "b": [one]}, {"a": [zero], "b": [one]}, dict.fromkeys("ab", MAE())
    )
    assert found.left_out == {"a": "MAE of the baseline is 0, which has no relative change"}
    assert found.gains == {"b": 0}
    assert (found.value, found.p) == (0, 1)
    nothing = paired_gain({"a": [one]}, {"a": [one]}, {"a": R2()})
    assert nothing.value is None
    assert "can cross zero" in nothing.left_out["a"]
    perfect = paired_gain({"a": [zero]}, {"a": [one]}, {"a": MAE()})
    assert (perfect.value, perfect.geometric, perfect.geometric_interval) == (1, None, None)


def test_few_units_give_a_gain_without_p():
    sides = [{"a": [answers(one[:5])]} for one in ERRORS["a"]]
    found = paired_gain(*sides, {"a": MAE()})
    assert found.p is None
    assert found.too_few == "too few units: 5, at least 6 needed"
    assert found.interval is not None
    alone = paired_gain(*({"a": [answers(one[:1])]} for one in ERRORS["a"]), {"a": MAE()})
    assert alone.interval is alone.geometric_interval is alone.standard_error is None


@pytest.mark.parametrize("place", [0, 1])
def test_runs_in_which_one_side_is_undefined_are_left_out(place):
    truth = np.repeat([0.0, 1.0], 8)
    scores = np.random.default_rng(2).uniform(0.1, 0.9, (2, 16))
    kept, other = (answers(one, truth=truth, target=CLASSES) for one in scores)
    runs = [scores[0], scores[0]]
    runs[place] = np.full(16, np.nan)
    part = answers(*runs, truth=truth, target=CLASSES)
    for turn in (1, -1):
        whole = paired_gain(*({"a": [one]} for one in (kept, other)[::turn]), {"a": ROCAUC()})
        found = paired_gain(*({"a": [one]} for one in (part, other)[::turn]), {"a": ROCAUC()})
        assert found == whole


def test_a_run_counts_where_it_is_defined_for_all_tasks():
    truth = np.repeat([0.0, 1.0], 8)
    scores = np.random.default_rng(2).uniform(0.1, 0.9, (2, 16))
    errors = np.random.default_rng(3).uniform(0.5, 1, (4, 16))
    part = answers(scores[0], np.full(16, np.nan), truth=truth, target=CLASSES)
    ours = {"a": [part], "b": [answers(errors[0], errors[1] + 9)]}
    theirs = {"a": [answers(scores[1], truth=truth, target=CLASSES)], "b": [answers(errors[2])]}
    assert paired_gain(ours, theirs, {"a": ROCAUC(), "b": MAE()}).degrees == 15
    assert paired_gain(ours, theirs, {"b": MAE()}).degrees < 2


def test_few_units_have_no_interval_of_the_geometric_mean():
    sides = [{"a": [answers(ERRORS["a"][side][:5], units=np.arange(5))]} for side in (0, 1)]
    found = paired_gain(*sides, {"a": MAE()})
    assert found.too_few
    assert found.interval is not None
    assert found.geometric is not None
    assert found.geometric_interval is None


def test_a_fold_in_which_the_baseline_scores_nothing_counts():
    truth = np.repeat([0.0, 1.0], 8)
    right, wrong = truth * 0.8 + 0.1, 0.9 - truth * 0.8
    rng = np.random.default_rng(4)
    middling = [rng.uniform(0.1, 0.9, 16) for _ in range(3)]

    def gain(ours, theirs):
        sides = [
            [answers(one, truth=truth, units=np.arange(16) + 16 * fold, target=CLASSES)
             for fold, one in enumerate(side)]
            for side in (ours, theirs)
        ]  # fmt: skip
        return paired_gain({"a": sides[0]}, {"a": sides[1]}, {"a": ROCAUC()})

    found = gain([right, middling[0], middling[1]], [wrong, middling[2], middling[0]])
    ours, theirs = (
        np.array([ROCAUC().score(truth, one, CLASSES).value for one in side])
        for side in ([right, *middling[:2]], [wrong, middling[2], middling[0]])
    )
    assert theirs[0] == 0
    gains = (ours - theirs * ours.mean() / theirs.mean()) / theirs.mean()
    assert found.value == pytest.approx(ours.mean() / theirs.mean() - 1)
    assert found.standard_error == pytest.approx(np.sqrt((1 / 3 + 1 / 2) * np.var(gains, ddof=1)))
    assert np.isfinite(found.interval).all()


FUZZED = [RMSE(), MAE(), R2(), F1(), Accuracy(), ROCAUC(), AveragePrecision(), LogLoss(), Brier()]


def drawn(rng, metric, n, n_runs, n_splits):
    """Answers of two learners, the second of them sometimes perfect, wrong everywhere or tied."""
    sides = [], []
    for split in range(n_splits):
        units, weight = np.arange(n) + n * split, 10.0 ** rng.integers(-2, 2, n)
        truth = rng.normal(size=n)
        if metric.name not in {"rmse", "mae", "r2"}:
            truth = (truth > rng.choice([0.0, 1.0])).astype(float)
        target = NUMBER if truth.min() < 0 else CLASSES
        for side in sides:
            noise = rng.choice([0.0, 0.3, 2.0])
            runs = [truth + noise * rng.normal(size=n) for _ in range(n_runs)]
            if target is CLASSES:
                turned = rng.choice([1.0, 1.0, 0.0])
                runs = [np.clip(one * turned + (1 - one) * (1 - turned), 0, 1) for one in runs]
            side.append(Answers(truth, tuple(runs), weight, units, target, KINDS[target]))
    return sides


def numbers_of(found):
    for name in ("value", "p", "interval", "geometric", "geometric_interval", "standard_error"):
        yield from np.atleast_1d(getattr(found, name, None) or 0.0)


@pytest.mark.parametrize("metric", FUZZED, ids=lambda metric: metric.name)
@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 16),
    n_tasks=st.integers(1, 3),
    n_runs=st.integers(1, 3),
    n_splits=st.integers(1, 4),
)
def test_all_results_are_finite(metric, seed, n, n_tasks, n_runs, n_splits):
    rng = np.random.default_rng(seed)
    pairs = {str(k): drawn(rng, metric, n, n_runs, n_splits) for k in range(n_tasks)}
    ours, theirs = ({task: pair[side] for task, pair in pairs.items()} for side in (0, 1))
    found = [paired_gain(ours, theirs, dict.fromkeys(pairs, metric))]
    for task in pairs:
        found += [paired(metric, ours[task], theirs[task]), single(metric, ours[task])]
    for one in found:
        assert np.isfinite(list(numbers_of(one))).all()
        if one.interval is not None:
            assert one.interval[0] <= one.value <= one.interval[1]


def classed(*scores, truth=None):
    truth = np.repeat([0.0, 1.0], 8) if truth is None else truth
    return [answers(one, truth=truth, target=CLASSES) for one in scores]


def test_where_units_do_not_vary_the_tasks_own_intervals_count():
    truth = np.repeat([0.0, 1.0], 8)
    right, middle = truth * 0.8 + 0.1, np.full(16, 0.5)
    for ours, theirs in ((right, right), (middle, right), (right, middle)):
        sides = [{"a": classed(one)} for one in (ours, theirs)]
        own = paired(ROCAUC(), sides[0]["a"], sides[1]["a"])
        found = paired_gain(*sides, {"a": ROCAUC()})
        base = ROCAUC().score(truth, theirs, CLASSES).value
        assert own.interval[1] - own.interval[0] > 0.2
        assert found.interval == pytest.approx(np.divide(own.interval, base))
        assert found.geometric_interval is None
    flat = [{**side, "b": [answers(np.ones(16))]} for side in sides]
    both = paired_gain(*flat, {"a": ROCAUC(), "b": MAE()})
    assert both.interval == pytest.approx(np.divide(found.interval, 2))


def test_a_gain_taken_from_tasks_is_no_less_than_that_of_a_score_of_zero():
    truth = np.append(np.zeros(8), 1.0)
    wrong, last = np.append(np.full(8, 0.5), 0.1), np.append(np.append(np.full(7, 0.5), 0.0), 0.1)
    found = paired_gain(
        {"a": classed(wrong, truth=truth)}, {"a": classed(last, truth=truth)}, {"a": ROCAUC()}
    )
    assert found.value == -1
    assert found.interval[0] == -1 < found.interval[1]


def test_equal_errors_have_a_gain_of_zero():
    sides = [{"a": [answers(ERRORS["a"][0])]} for _ in range(2)]
    found = paired_gain(*sides, {"a": MAE()})
    assert (found.value, found.interval, found.geometric_interval) == (0, (0, 0), (0, 0))


def test_a_baseline_next_to_zero_has_no_relative_change():
    found = paired_gain({"a": [answers(np.ones(8))]}, {"a": [answers(np.full(8, 1e-200))]},
                        {"a": MAE()})  # fmt: skip
    assert found.value is None
    assert "next to 0" in found.left_out["a"]
