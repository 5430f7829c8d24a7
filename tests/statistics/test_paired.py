"""Properties of comparisons of two learners, for all metrics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import PAIR_NAMES, PAIRS, SEEDS
from scipy import stats
from statistics_cases import two_learners

from polytask.exceptions import ParameterError
from polytask.metrics import MAE, RMSE, ROCAUC, Accuracy, Metric, MetricValue
from polytask.statistics import Answers, fewest_units, paired
from polytask.tasks import Binary, FittedTarget, Regression

every_pair = pytest.mark.parametrize(("metric", "kind"), PAIRS, ids=PAIR_NAMES)
NUMBER = FittedTarget(("y",))
CLASSES = FittedTarget(("y",), ("no", "yes"))
KINDS = {NUMBER: Regression(), CLASSES: Binary()}


def degrees_of(difference):
    """Degrees of freedom of a variance, fewer where the excess kurtosis is above 0."""
    n = len(difference)
    excess = min(0.75 + 70 / n**2, 1.5) * max(stats.kurtosis(difference, bias=False), 0)
    return 2 / (excess / n + 2 / (n - 1))


def student_of(difference):
    """Student's p and interval, with those degrees."""
    error, degrees = stats.sem(difference), degrees_of(difference)
    mean, half = np.mean(difference), stats.t.ppf(0.975, degrees) * error
    return 2 * stats.t.sf(abs(mean) / error, degrees), (mean - half, mean + half)


def numbers(errors, **settings):
    return answers(np.zeros(len(errors)), errors, NUMBER, **settings)


def answers(truth, response, target, *, weight=None, units=None):
    runs = response if isinstance(response, tuple) else (response,)
    n = len(truth)
    weight = np.ones(n) if weight is None else weight
    return Answers(
        truth, runs, weight, np.arange(n) if units is None else units, target, KINDS[target]
    )


@every_pair
@settings(max_examples=4)
@given(seed=SEEDS, n_rows=st.integers(1, 40), runs=st.integers(1, 3))
def test_a_value_lies_in_its_interval(metric, kind, seed, n_rows, runs):
    ours, theirs = two_learners(kind, n_rows, seed, runs=runs, noise=0.1)
    found = paired(metric, [ours], [theirs])
    if found.value is None:
        assert found.undefined
        assert found.p is None
        return
    values = [
        [metric.score(one.truth, response, one.target).value for response in one.responses]
        for one in (ours, theirs)
    ]
    assert found.value == pytest.approx(np.mean(values[0]) - np.mean(values[1]), abs=1e-12)
    if found.interval is not None:
        low, high = found.interval
        assert low <= found.value <= high
        assert not metric.is_share or (low >= -1 and high <= 1)
    assert (found.p is None) == (found.n_units < fewest_units())
    assert (found.p is None) == (found.too_few is not None)
    if found.p is not None:
        assert 2.0 * 2.0**-n_rows <= found.p <= 1


@every_pair
@settings(max_examples=4)
@given(seed=SEEDS, n_rows=st.integers(8, 40), runs=st.integers(1, 2))
def test_swapping_the_learners_changes_the_sign(metric, kind, seed, n_rows, runs):
    ours, theirs = two_learners(kind, n_rows, seed, runs=runs, noise=0.1)
    one, other = paired(metric, [ours], [theirs]), paired(metric, [theirs], [ours])
    assert one.n_units == other.n_units
    assert (one.p is None) == (other.p is None)
    if one.p is not None:
        assert one.p == pytest.approx(other.p, rel=1e-9)
    if one.value is not None:
        assert one.value == pytest.approx(-other.value, rel=1e-9, abs=1e-12)
    if one.interval is not None:
        assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]), abs=1e-9)


@every_pair
@settings(max_examples=4)
@given(seed=SEEDS, n_rows=st.integers(8, 13))
def test_the_order_of_units_has_no_effect(metric, kind, seed, n_rows):
    ours, theirs = two_learners(kind, n_rows, seed)
    order = np.random.default_rng(seed).permutation(n_rows)
    turned = [
        Answers(
            one.truth[order],
            tuple(response[order] for response in one.responses),
            one.weight[order],
            one.units[order],
            one.target,
            one.kind,
        )
        for one in (ours, theirs)
    ]
    first, second = paired(metric, [ours], [theirs]), paired(metric, turned[:1], turned[1:])
    assert (second.p is None) == (first.p is None)
    if first.p is not None:
        assert second.p == pytest.approx(first.p, rel=1e-6)
    if first.value is not None:
        assert second.value == pytest.approx(first.value, abs=1e-12)
    if first.interval is not None:
        assert second.interval == pytest.approx(first.interval, abs=1e-9)


@pytest.mark.parametrize("scale", [1e-6, 1e-300, 1e300])
@every_pair
def test_the_scale_of_weights_has_no_effect(metric, kind, scale):
    weight = np.random.default_rng(0).uniform(0.5, 2, 30)
    ours, theirs = two_learners(kind, 30, 1, weight=weight)
    light = two_learners(kind, 30, 1, weight=weight * scale)
    one, other = paired(metric, [ours], [theirs]), paired(metric, light[:1], light[1:])
    assert one.value == pytest.approx(other.value, rel=1e-9)
    assert one.p == pytest.approx(other.p, rel=1e-9)
    assert one.interval == pytest.approx(other.interval, rel=1e-9)


@every_pair
def test_equal_learners_never_differ(metric, kind):
    ours, _ = two_learners(kind, 30, 1)
    found = paired(metric, [ours], [ours])
    assert found.value == 0
    assert found.p == 1


@pytest.mark.parametrize("n", [6, 9, 12])
def test_p_is_that_of_all_exchanges(n):
    rng = np.random.default_rng(n)
    ours, theirs = rng.normal(size=n), 1.6 * rng.normal(size=n)
    found = paired(MAE(), [numbers(ours)], [numbers(theirs)])
    difference = np.abs(ours) - np.abs(theirs)
    exchanged = stats.permutation_test(
        (difference,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    p, interval = student_of(difference)
    assert found.p == pytest.approx(max(exchanged.pvalue, p), rel=1e-9)
    assert found.interval == pytest.approx(interval, rel=1e-9)
    assert found.standard_error == pytest.approx(stats.sem(difference), rel=1e-9)
    assert found.degrees == pytest.approx(degrees_of(difference), rel=1e-9)


@pytest.mark.parametrize("n", [8, 11])
def test_the_exchange_of_root_mean_squares_is_that_of_the_metric(n):
    rng = np.random.default_rng(n)
    ours, theirs = rng.normal(size=n), 1.8 * rng.normal(size=n)

    def difference(one, other, axis):
        return np.sqrt(np.mean(one**2, axis=axis)) - np.sqrt(np.mean(other**2, axis=axis))

    exchanged = stats.permutation_test(
        (ours, theirs), difference, permutation_type="samples", vectorized=True, n_resamples=np.inf
    )
    found = paired(RMSE(), [numbers(ours)], [numbers(theirs)])
    student = student_of(ours**2 - theirs**2)[0]
    assert found.p == pytest.approx(max(exchanged.pvalue, student), rel=1e-9)


def test_the_exchange_of_areas_is_that_of_middle_ranks():
    rng = np.random.default_rng(3)
    truth = np.repeat([0.0, 1.0], 6)
    ours, theirs = (1 / (1 + np.exp(-(2 * truth + rng.normal(size=12)))) for _ in range(2))
    ranks = [stats.rankdata(scores) for scores in (ours, theirs)]

    def area(scores):
        pairs = scores[truth == 1][:, None] - scores[truth == 0]
        return ((pairs > 0) + (pairs == 0) / 2).mean()

    observed = area(ranks[0]) - area(ranks[1])
    reached = 0.0
    for code in range(2**12):
        kept = (code >> np.arange(12)) % 2 == 0
        mixed = np.where(kept, *ranks), np.where(kept, *ranks[::-1])
        beyond = abs(area(mixed[0]) - area(mixed[1])) - abs(observed)
        reached += 1.0 if beyond > 1e-12 else 0.5 * (beyond >= -1e-12)
    found = paired(ROCAUC(), [answers(truth, ours, CLASSES)], [answers(truth, theirs, CLASSES)])
    assert found.value == pytest.approx(observed, abs=1e-12)
    assert found.p >= reached / 2**12 - 1e-12
    assert found.p == pytest.approx(reached / 2**12, abs=0.05)  # or Student's, which is near


def test_areas_vary_within_classes():
    rng = np.random.default_rng(5)
    truth = (rng.random(400) < 0.1).astype(float)
    sides = [truth * shift + rng.normal(size=400) for shift in (3.0, 0.3)]
    placed = []
    for scores in sides:
        right = scores[truth == 1][:, None] > scores[truth == 0]
        placed.append((right.mean(axis=1), right.mean(axis=0)))
    positive, negative = (one - other for one, other in zip(*placed, strict=True))
    delong = np.sqrt(positive.var(ddof=1) / len(positive) + negative.var(ddof=1) / len(negative))
    found = paired(ROCAUC(), *([answers(truth, 1 / (1 + np.exp(-one)), CLASSES)] for one in sides))
    assert found.value == pytest.approx(positive.mean(), abs=1e-12)
    assert found.standard_error == pytest.approx(delong, rel=0.15)  # ours is of exchanged ranks
    exchanged = answers(truth, 1 / (1 + np.exp(-sides[0])), CLASSES, units=np.arange(400) // 4)
    other = answers(truth, 1 / (1 + np.exp(-sides[1])), CLASSES, units=np.arange(400) // 4)
    assert paired(ROCAUC(), [exchanged], [other]).standard_error > found.standard_error


def test_all_rows_of_one_unit_are_exchanged_together():
    errors = np.random.default_rng(0).normal(size=(2, 40))
    units = np.repeat(np.arange(8), 5)
    found = paired(MAE(), *([numbers(one, units=units)] for one in errors))
    difference = (np.abs(errors[0]) - np.abs(errors[1])).reshape(8, 5).mean(axis=1)
    whole = paired(MAE(), *([numbers(one)] for one in (difference.clip(0), (-difference).clip(0))))
    assert found.n_units == 8
    assert found.p == pytest.approx(whole.p, rel=1e-9)
    assert found.interval == pytest.approx(whole.interval, rel=1e-9)


def test_runs_add_a_level_of_variance():
    rng = np.random.default_rng(1)
    shifts, n = np.array([0.2, 0.5, 0.9]), 50
    noise = rng.normal(0, 0.1, n)
    ours = tuple(1 + shift + noise for shift in shifts)
    theirs = tuple(np.ones(n) for _ in shifts)
    found = paired(MAE(), [numbers_of_runs(ours)], [numbers_of_runs(theirs)])
    units, seeds = noise.var(ddof=1) / n, shifts.var(ddof=1) / 3
    degrees = (units + seeds) ** 2 / (units**2 / degrees_of(noise) + seeds**2 / 2)
    assert found.degrees == pytest.approx(degrees, rel=1e-9)
    assert found.standard_error == pytest.approx(np.sqrt(units + seeds), rel=1e-9)
    expected = 2 * stats.t.sf(found.value / np.sqrt(units + seeds), degrees)
    assert found.p == pytest.approx(expected, rel=1e-9)
    one = paired(MAE(), [numbers_of_runs(ours[:1])], [numbers_of_runs(theirs[:1])])
    assert one.p < found.p


def numbers_of_runs(runs):
    return answers(np.zeros(len(runs[0])), runs, NUMBER)


def test_one_run_is_compared_with_several():
    rng = np.random.default_rng(1)
    ours = tuple(rng.normal(size=20) for _ in range(3))
    theirs = rng.normal(size=20)
    one = paired(MAE(), [numbers_of_runs(ours)], [numbers(theirs)])
    same = paired(MAE(), [numbers_of_runs(ours)], [numbers_of_runs((theirs,) * 3)])
    assert one == same


def test_splits_have_the_variance_of_nadeau_and_bengio():
    rng = np.random.default_rng(2)
    folds = [
        (np.abs(rng.normal(size=20)) * hard, np.abs(rng.normal(size=20)) * hard)
        for hard in (1, 10, 3, 1, 2)
    ]
    sides = [
        [numbers(fold[side], units=np.arange(20) + 20 * place) for place, fold in enumerate(folds)]
        for side in (0, 1)
    ]
    found = paired(MAE(), *sides)
    differences = [ours.mean() - theirs.mean() for ours, theirs in folds]
    error = np.sqrt((1 / 5 + 1 / 4) * np.var(differences, ddof=1))
    assert found.standard_error == pytest.approx(error, rel=1e-9)
    assert found.degrees == 4
    half = stats.t.ppf(0.975, 4) * error
    assert found.interval == pytest.approx((found.value - half, found.value + half), rel=1e-9)
    rarely = paired(MAE(), *sides, test_per_train=1.0)
    assert rarely.standard_error > found.standard_error


def test_few_units_give_no_p_but_their_number():
    truth = np.array([1.0] * 5 + [0.0] * 50)
    response = np.random.default_rng(0).random((2, 55))
    sides = [[answers(truth, one, CLASSES)] for one in response]
    found = paired(ROCAUC(), *sides)
    assert found.p is None
    assert found.too_few == "too few units: 5, at least 6 needed"
    assert found.interval is not None
    assert paired(Accuracy(), *sides).p is None
    many = paired(MAE(), [numbers(np.ones(8))], [numbers(2 * np.ones(8))], n_tasks=10)
    assert many.too_few == "too few units: 8, at least 9 needed"


def test_errors_of_a_constant_size_are_a_certain_difference():
    found = paired(MAE(), [numbers(np.ones(9))], [numbers(2 * np.ones(9))])
    assert found.p == 2 * 2.0**-9
    assert found.interval == (-1, -1)


class Largest(Metric):
    name, label, kinds, greater_is_better = "largest", "largest", (Regression, Binary), False

    def measure(self, truth, response, weight, fitted):
        return MetricValue(float(abs(truth - response).max()))


class MeanError(Metric):
    name, label, kinds, greater_is_better = "own", "own", (Regression,), False

    def measure(self, truth, response, weight, fitted):
        return MetricValue(float(np.average(abs(truth - response), weights=weight)))


def test_a_users_metric_is_tested_as_if_it_had_a_formula():
    errors = np.random.default_rng(0).normal(size=(2, 30))
    sides = [[numbers(one, weight=np.arange(1.0, 31.0))] for one in errors]
    own, known = paired(MeanError(), *sides), paired(MAE(), *sides)
    assert own.value == pytest.approx(known.value, rel=1e-9)
    assert own.p == pytest.approx(known.p, abs=0.02)
    assert own.standard_error == pytest.approx(known.standard_error, rel=0.1)
    assert paired(Largest(), *sides).p > 0.05


def test_many_units_of_a_users_metric_are_summed_in_blocks():
    errors = np.random.default_rng(0).normal(size=(2, 3000))
    sides = [[numbers(one)] for one in errors]
    own, known = paired(MeanError(), *sides), paired(MAE(), *sides)
    assert own.standard_error == pytest.approx(known.standard_error, rel=0.2)
    assert own.n_units == 3000


def test_other_rows_are_refused():
    ours, other = numbers(np.ones(5)), answers(np.ones(5), np.ones(5), NUMBER)
    with pytest.raises(ParameterError, match="on the same rows in the same order as `learner`"):
        paired(MAE(), [ours], [other])
    with pytest.raises(ParameterError, match="one Answers per split"):
        paired(MAE(), [ours], [])
    runs = numbers_of_runs((np.ones(5),) * 2), numbers_of_runs((np.ones(5),) * 3)
    with pytest.raises(ParameterError, match="of 2 runs as `learner`, or of one"):
        paired(MAE(), [runs[0]], [runs[1]])
