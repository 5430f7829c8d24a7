"""Intervals against the equations that define them, and against scipy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from polytask.metrics import MAE, R2, RMSE, ROCAUC, Accuracy
from polytask.statistics import Answers, paired, single
from polytask.statistics._bonett_price import bonett_price
from polytask.statistics._hall import hall
from polytask.statistics._newcombe import newcombe
from polytask.statistics._share_metrics import over_units
from polytask.statistics._spread import (
    Spread,
    of_splits,
    of_units,
    quantile,
    sum_of_levels,
    with_seeds,
)
from polytask.statistics._units import counted_units
from polytask.statistics._wilson import Share, wilson
from polytask.tasks import Binary, FittedTarget, Regression

NUMBER = FittedTarget(("y",))
CLASSES = FittedTarget(("y",), ("no", "yes"))
KINDS = {NUMBER: Regression(), CLASSES: Binary()}
NOTHING = Spread(0.0, 0.0)
SKEWED = np.array([0.1, 0.2, 0.2, 0.3, 0.4, 0.6, 0.9, 2.3])


def answers(truth, *responses, target=NUMBER, weight=None):
    n = len(truth)
    weight = np.ones(n) if weight is None else weight
    return Answers(truth, responses, weight, np.arange(n), target, KINDS[target])


@pytest.mark.parametrize(("level", "count"), [(0.9, 3), (0.95, 20), (0.99, 33)])
def test_a_share_whose_variance_is_known_has_wilsons_interval(level, count):
    value = count / 40
    found = wilson(Share(value, Spread(value * (1 - value) / 40, 1e12), 40.0), level)
    expected = stats.binomtest(count, 40).proportion_ci(level, "wilson")
    assert found == pytest.approx((expected.low, expected.high), rel=1e-6)


@given(st.floats(0.05, 0.95), st.floats(0.001, 0.02), st.floats(1, 40), st.floats(2, 60))
def test_wilsons_ends_are_where_the_score_is_the_quantile(value, variance, degrees, n_units):
    ratio = (degrees * variance / (value * (1 - value)) + 2 / n_units) / (degrees + 2)
    bound = stats.t.ppf(0.975, degrees + 2)
    ends = wilson(Share(value, Spread(variance, degrees), n_units), 0.95)
    for end in ends:
        assert abs(value - end) == pytest.approx(bound * np.sqrt(ratio * end * (1 - end)), rel=1e-6)
    assert ends[0] < value < ends[1]


def test_wilsons_interval_of_a_perfect_share_counts_the_rarer_class():
    square = stats.t.ppf(0.975, 9 + 2) ** 2 / 10
    low, high = wilson(Share(1.0, Spread(0.0, 9.0), 10.0), 0.95)
    assert (low, high) == pytest.approx((1 / (1 + square), 1.0))
    low, high = wilson(Share(0.0, Spread(0.0, 0.0), 0.5), 0.95)
    square = stats.t.ppf(0.975, 2) ** 2
    assert (low, high) == pytest.approx((0.0, square / (1 + square)))


@pytest.mark.parametrize("variance", [0.0, 0.002, 0.007, 0.0072, 0.1])
def test_newcombes_ends_are_those_of_correlated_errors(variance):
    shares = Share(0.7, Spread(0.004, 30.0), 25.0), Share(0.6, Spread(0.0032, 30.0), 20.0)
    (our_low, our_high), (their_low, their_high) = (wilson(one, 0.9) for one in shares)
    rho = np.clip((0.004 + 0.0032 - variance) / 2 / np.sqrt(0.004 * 0.0032), -1, 1) * 10 / 12
    low, high = newcombe(*shares, Spread(variance, 10.0), 0.9)
    errors = np.array([0.7 - our_low, their_high - 0.6])
    covariance = np.outer(errors, errors) * [[1, -rho], [-rho, 1]]
    assert 0.1 - low == pytest.approx(np.sqrt(covariance.sum()), rel=1e-9)
    errors = np.array([our_high - 0.7, 0.6 - their_low])
    covariance = np.outer(errors, errors) * [[1, -rho], [-rho, 1]]
    assert high - 0.1 == pytest.approx(np.sqrt(covariance.sum()), rel=1e-9)


def test_newcombes_interval_of_two_perfect_shares_takes_errors_for_independent():
    sure = Share(1.0, Spread(0.0, 9.0), 10.0)
    low, high = newcombe(sure, sure, Spread(0.0, 9.0), 0.95)
    miss = 1 - wilson(sure, 0.95)[0]
    assert (low, high) == pytest.approx((-miss, miss))
    low, high = newcombe(sure, Share(0.0, Spread(0.0, 9.0), 10.0), Spread(0.0, 9.0), 0.95)
    assert high == 1
    assert low == pytest.approx(1 - np.sqrt(2) * miss)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_bonett_and_price_add_one_unit_to_each_side(level):
    said = np.repeat([1.0, -1.0, 0.0], [8, 2, 30])
    found = bonett_price(said / 40, NOTHING, level)
    more = np.append(said, [1.0, -1.0])
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(more.var() / 42)
    assert found == pytest.approx((more.mean() - half, more.mean() + half))


def test_bonett_and_price_add_the_seeds_and_stay_on_the_scale():
    said = np.repeat([1.0, 0.0], [9, 1])
    seeds = Spread(0.01, 2.0)
    low, high = bonett_price(said / 10, seeds, 0.95)
    more = np.append(said, [1.0, -1.0])
    units = more.var() / 12
    degrees = (units + 0.01) ** 2 / (0.01**2 / 2)
    half = stats.t.ppf(0.975, degrees) * np.sqrt(units + 0.01)
    assert low == pytest.approx(more.mean() - half)
    assert high == 1
    ends = bonett_price(-said / 10, seeds, 0.95)
    assert ends == pytest.approx((-1, -low))


@pytest.mark.parametrize("values", [SKEWED, -SKEWED, SKEWED**2, np.array([1.0, 2.0, 4.0])])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_halls_ends_are_where_the_transformed_t_is_the_quantile(values, level):
    n, value = len(values), values.mean()
    amounts = (values - value) / n
    c = stats.skew(values, bias=False) / np.sqrt(n)

    def transformed(t):
        return t + c * t**2 / 3 + c**2 * t**3 / 27 + c / 6

    low, high = hall(value, amounts, of_units(amounts), level)
    bound, error = stats.t.ppf((1 + level) / 2, n - 1), stats.sem(values)
    assert transformed((value - low) / error) == pytest.approx(bound)
    assert transformed((value - high) / error) == pytest.approx(-bound)


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, 2.0, 3.0], [0.0, 1.0, 5.0, 6.0]])
def test_without_skewness_halls_interval_is_students(values):
    amounts = (np.array(values) - np.mean(values)) / len(values)
    found = hall(np.mean(values), amounts, of_units(amounts), 0.95)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found == pytest.approx((expected.low, expected.high))


def test_halls_interval_of_many_studies_at_once():
    values = np.stack([SKEWED, SKEWED[::-1] ** 2])
    amounts = (values - values.mean(axis=1, keepdims=True)) / 8
    low, high = hall(values.mean(axis=1), amounts, of_units(amounts), 0.95)
    for place in (0, 1):
        one = hall(values[place].mean(), amounts[place], of_units(amounts[place]), 0.95)
        assert (low[place], high[place]) == pytest.approx(one)


def test_the_mean_error_has_halls_interval_and_is_never_below_0():
    found = single(MAE(), [answers(np.zeros(8), SKEWED)])
    amounts = (SKEWED - SKEWED.mean()) / 8
    assert found.interval == pytest.approx(hall(SKEWED.mean(), amounts, of_units(amounts), 0.95))
    assert found.n_units == 8
    rare = np.append(np.zeros(30), 1.0)
    assert single(MAE(), [answers(np.zeros(31), rare)], level=0.999).interval[0] == 0


def test_the_root_of_a_mean_square_has_its_interval_on_the_scale_of_squares():
    found = single(RMSE(), [answers(np.zeros(8), SKEWED)])
    squares = SKEWED**2
    amounts = (squares - squares.mean()) / 8
    expected = np.sqrt(np.maximum(hall(squares.mean(), amounts, of_units(amounts), 0.95), 0))
    assert found.interval == pytest.approx(tuple(expected), rel=1e-6)


def test_intervals_do_not_exceed_the_best_value():
    truth = np.arange(8.0)
    low, high = single(R2(), [answers(truth, truth + 0.1 * SKEWED)]).interval
    assert 0 < low < 1
    assert high <= 1
    far = single(R2(), [answers(truth, SKEWED)])
    assert far.interval[0] < far.value < far.interval[1]
    assert far.value < 0


def test_one_row_has_no_interval():
    found = single(MAE(), [answers(np.zeros(1), np.ones(1))])
    assert (found.value, found.interval, found.n_units) == (1, None, 1)


def test_runs_widen_a_single_interval():
    errors = np.linspace(1.0, 2.0, 10)
    found = single(MAE(), [answers(np.zeros(10), errors, errors + 0.2)])
    units, seeds = errors.var(ddof=1) / 10, 0.02 / 2
    degrees = (units + seeds) ** 2 / (units**2 / 9 + seeds**2)
    both = Spread(units + seeds, degrees)
    amounts = (errors - errors.mean()) / 10
    assert found.value == pytest.approx(1.6)
    assert found.per_run == pytest.approx((1.5, 1.7))
    assert found.interval == pytest.approx(hall(1.6, amounts, both, 0.95))


def test_equal_seeds_of_a_constant_do_not_widen_its_interval():
    truth = (np.random.default_rng(5).random(9000) < 0.06).astype(float)
    one, three = (
        single(ROCAUC(), [answers(truth, *[np.full(9000, 0.06)] * n, target=CLASSES)])
        for n in (1, 3)
    )
    assert one.interval == pytest.approx(three.interval, rel=1e-9)


def test_the_share_of_hits_has_wilsons_interval():
    truth, response = np.repeat([0.0, 1.0], [12, 8]), np.full(20, 0.9)
    response[:9] = 0.1
    found = single(Accuracy(), [answers(truth, response, target=CLASSES)])
    value = 17 / 20
    expected = wilson(Share(value, Spread(value * (1 - value) / 19, 19.0), 20.0), 0.95)
    assert found.interval == pytest.approx(expected)
    ranked = single(ROCAUC(), [answers(truth, response, target=CLASSES)])
    assert ranked.value == pytest.approx(0.75 + 0.25 / 2)
    placed = np.append(np.repeat([1.0, 0.5], [9, 3]) - 0.875, np.zeros(8))
    variance = np.square(placed / 12).sum() * 8 / 7
    expected = wilson(Share(0.875, Spread(variance, 7.0), 8.0), 0.95)
    assert ranked.interval == pytest.approx(expected)
    assert ranked.n_units == 8


def test_unequal_weights_reduce_the_effective_units():
    weight = np.repeat([1.0, 3.0], 10)
    truth = np.ones(20)
    response = np.tile([0.9, 0.1], 10)
    found = single(Accuracy(), [answers(truth, response, target=CLASSES, weight=weight)])
    effective = weight.sum() ** 2 / (weight**2).sum()
    amounts = weight / weight.sum() * (np.tile([1.0, 0.0], 10) - 0.5)
    spread = Spread((amounts**2).sum() * effective / (effective - 1), effective - 1)
    assert found.interval == pytest.approx(wilson(Share(0.5, spread, effective), 0.95))


def test_the_variance_of_a_sum_of_units():
    amounts = SKEWED / 8
    found = of_units(amounts)
    assert found.error == pytest.approx(stats.sem(SKEWED))
    assert found.degrees == 7
    assert not of_units(amounts[:1]).known
    fewer = over_units(amounts, 4.0)
    assert fewer.variance == pytest.approx((amounts**2).sum() * 4 / 3)
    assert fewer.degrees == 3
    alone = over_units(amounts, 1.0)
    assert (alone.variance, alone.degrees) == (0, 0)
    assert over_units(amounts, 0.2).degrees == 0


def test_splits_have_nadeau_and_bengios_variance():
    means = [0.1, 0.4, 0.2, 0.6]
    assert of_splits(means, None).variance == pytest.approx((1 / 4 + 1 / 3) * np.var(means, ddof=1))
    assert of_splits(means, 0.5).variance == pytest.approx((1 / 4 + 1 / 2) * np.var(means, ddof=1))
    assert of_splits(means, 0.5).degrees == 3


def test_levels_add_up_by_satterthwaite():
    found = sum_of_levels([Spread(2.0, 5.0), Spread(3.0, 7.0), NOTHING])
    assert found.variance == 5
    assert found.degrees == pytest.approx(25 / (4 / 5 + 9 / 7))
    certain = sum_of_levels([Spread(0.0, 5.0), Spread(0.0, 7.0)])
    assert (certain.variance, certain.degrees) == (0, 7)
    assert not sum_of_levels([]).known
    assert not with_seeds(NOTHING, Spread(1.0, 2.0)).known
    assert with_seeds(NOTHING, Spread(1.0, 2.0)).variance == 0


@pytest.mark.parametrize("degrees", [1.0, 4.5, np.inf])
def test_the_p_of_an_estimate_is_students(degrees):
    spread = Spread(4.0, degrees)
    assert spread.p_value(-3.0) == pytest.approx(2 * stats.t.sf(1.5, degrees))
    assert spread.half_width(0.9) == pytest.approx(2 * stats.t.ppf(0.95, degrees))
    assert spread.p_value(0.0) == 1
    assert NOTHING.p_value(3.0) == 1
    assert quantile(0.95, 0.0) == np.inf


def test_a_split_without_labels_has_no_units():
    nothing = counted_units(answers(np.full(3, np.nan), np.ones(3)))
    assert (len(nothing.units), nothing.effective) == (0, 0)
    some = counted_units(answers(np.zeros(4), np.ones(4), weight=np.array([1.0, 1.0, 2.0, 0.0])))
    assert (some.units.tolist(), some.effective) == ([0, 1, 2], pytest.approx(16 / 6))


def folds(errors, n_folds, **settings):
    """One `Answers` per fold of the rows, each with its own units."""
    parts = np.array_split(np.arange(len(errors)), n_folds)
    return [
        Answers(
            np.zeros(len(rows)), (errors[rows],), np.ones(len(rows)), rows, NUMBER, Regression()
        )
        for rows in parts
    ]


def test_single_units_in_each_fold_leave_the_spread_unknown():
    assert single(MAE(), folds(SKEWED, len(SKEWED))).interval is None
    assert single(MAE(), folds(SKEWED, 1)).interval is not None


def test_each_fold_takes_a_degree_of_freedom():
    errors = np.abs(np.random.default_rng(0).normal(size=12)) + 0.1
    found = single(MAE(), folds(errors, 4))
    residuals = np.concatenate([one - one.mean() for one in errors.reshape(4, 3)]) / 12
    spread = Spread(12 / 8 * np.square(residuals).sum(), 8.0)
    low, high = hall(errors.mean(), residuals, spread, 0.95)
    assert found.interval == pytest.approx((max(low, 0), high))
    twice = [*folds(errors, 4), *folds(errors, 3)]
    assert single(MAE(), twice).interval is not None


def test_a_share_over_folds_of_single_units_is_as_wide_as_one_without_a_spread():
    truth, response = np.tile([0.0, 1.0], 6), np.tile([0.1, 0.9, 0.9, 0.9], 3)
    alone = [
        Answers(
            truth[k : k + 1], (response[k : k + 1],), np.ones(1), np.array([k]), CLASSES, Binary()
        )
        for k in range(12)
    ]
    found = single(Accuracy(), alone)
    assert found.value == 0.75
    assert found.interval == pytest.approx(wilson(Share(0.75, NOTHING, 12.0), 0.95))


def test_equal_areas_in_all_folds_have_newcombes_interval():
    truth = np.repeat([0.0, 1.0], 4)
    fold = [
        Answers(truth, (truth * 0.8 + 0.1,), np.ones(8), np.arange(8) + 8 * k, CLASSES, Binary())
        for k in range(3)
    ]
    found = paired(ROCAUC(), fold, fold)
    assert found.value == 0
    assert found.interval[0] < -0.1 < 0.1 < found.interval[1]


def area_interval(truth, first, second, n_splits):
    folds = [[answers(truth, scores, target=CLASSES)] * n_splits for scores in (first, second)]
    return tuple(np.round(paired(ROCAUC(), *folds).interval, 9))


@pytest.mark.parametrize("n_splits", [1, 2])
def test_areas_of_constants_have_one_interval_for_one_number_of_the_rarer_class(n_splits):
    rng, found = np.random.default_rng(0), set()
    for n in range(30, 60):
        truth = rng.permutation(np.repeat([1.0, 0.0], [13, n - 13]))
        found.add(area_interval(truth, np.full(n, 0.1), np.full(n, 0.3), n_splits))
    assert len(found) == 1


def test_the_interval_of_an_area_over_that_of_a_constant_does_not_depend_on_the_order_of_rows():
    rng, found = np.random.default_rng(0), set()
    truth, scores = np.repeat([1.0, 0.0], [13, 24]), rng.random(37)
    for _ in range(30):
        order = rng.permutation(37)
        found.add(area_interval(truth[order], scores[order], np.full(37, 0.3), 1))
    assert len(found) == 1
