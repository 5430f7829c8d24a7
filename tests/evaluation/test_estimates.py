import numpy as np
import pytest
from scipy.stats import norm

from polytask.evaluation import MetricRecord, RowDraws
from polytask.evaluation.judging._estimates import delta_m_estimate, difference, estimate
from polytask.metrics import MAE, RMSE, ROCAUC
from polytask.statistics import holm
from polytask.tasks import FittedTarget, Task, TaskSet

NUMBER = FittedTarget(("y",), 1, center=(0.0,), scale=(1.0,))
TASKS = TaskSet(
    [Task("a", "regression"), Task("b", "regression"), Task("c", "regression", role="auxiliary")]
)


def records(*values):
    return [MetricRecord(v, None if v is not None else "no labelled rows") for v in values]


def test_mean_spread_and_runs():
    found = estimate(records(1.0, 2.0, 3.0), np.full(100, 2.0), MAE())
    assert (found.value, found.spread, found.per_run) == (2.0, 1.0, (1.0, 2.0, 3.0))
    assert found.undefined is None
    assert found.interval[1] > 3


def test_one_run_has_no_spread():
    found = estimate(records(1.0), np.linspace(0.9, 1.1, 101), RMSE())
    assert found.spread is None
    assert found.interval == pytest.approx((0.905, 1.095))


def test_an_interval_ends_where_the_metric_does():
    spread = np.random.default_rng(0).normal(size=500)
    low, high = estimate(records(0.98, 1.0), 0.99 + 0.1 * spread, ROCAUC()).interval
    assert low < 0.9
    assert high == 1.0
    assert estimate(records(0.1, 0.2), 0.1 + spread, RMSE()).interval[0] == 0.0
    assert estimate(records(0.1, 0.2), 0.1 + spread, ROCAUC()).interval == (0.0, 1.0)


def test_what_is_undefined_is_said_and_never_a_number():
    found = estimate(records(None, None), np.full(100, np.nan), RMSE())
    assert found.value is None
    assert found.interval is None
    assert found.undefined == "no labelled rows"
    partly = estimate(records(0.5, None), np.full(100, 0.5), RMSE())
    assert partly.value == 0.5
    assert partly.per_run == (0.5, None)
    assert partly.undefined == "undefined in 1 of 2 runs (no labelled rows)"


def test_equal_candidates_do_not_differ():
    replicates = np.random.default_rng(0).normal(size=200)
    found, p = difference(records(1.0, 2.0), records(1.0, 2.0), replicates, replicates)
    assert (found.value, found.interval, p) == (0.0, (0.0, 0.0), 1.0)


def measured(a, b, c=1.0):
    return {name: {"rmse": records(value)[0]} for name, value in zip("abc", (a, b, c), strict=True)}


def replicates(a, b, c=1.0, size=100):
    return {
        (name, "rmse"): np.full(size, float(value))
        for name, value in zip("abc", (a, b, c), strict=True)
    }


def test_delta_m_is_the_mean_relative_gain_of_primary_tasks():
    found = delta_m_estimate(
        [measured(0.9, 2.2, 50.0)],
        [measured(1.0, 2.0)],
        replicates(0.9, 2.2),
        replicates(1, 2),
        TASKS,
    )
    assert found.value == pytest.approx((0.1 - 0.1) / 2)
    assert found.tasks == ("a", "b")
    assert found.interval == pytest.approx((0.0, 0.0))


def test_delta_m_names_what_it_leaves_out():
    found = delta_m_estimate(
        [measured(0.9, None)],
        [measured(1.0, 2.0)],
        replicates(0.9, np.nan),
        replicates(1, 2),
        TASKS,
    )
    assert found.value == pytest.approx(0.1)
    assert found.tasks == ("a",)
    assert found.left_out == {"b": "RMSE: no labelled rows"}


def test_delta_m_of_nothing_is_undefined():
    found = delta_m_estimate(
        [measured(None, None)], [measured(1.0, 2.0)], replicates(1, 1), replicates(1, 2), TASKS
    )
    assert (found.value, found.interval, found.p) == (None, None, None)
    assert set(found.left_out) == {"a", "b"}


# ── coverage and error of the first kind, by simulation ───────────────────────
def boot(metric, truth, answers, draws):
    """Per-run values and replicates of their mean."""
    (counts,) = draws.chunks()
    values = [metric.score(truth, one, NUMBER).value for one in answers]
    means = np.mean([metric.bootstrap(truth, one, NUMBER, counts) for one in answers], axis=0)
    return records(*values), means


def simulated(generator, n_rows, n_runs, seed_spread, effect=0.0):
    """Answers of two learners whose seeds shift all their errors alike."""
    truth = generator.normal(size=n_rows)
    sides = []
    for scale in (1.0, 1.0 + effect):
        common = generator.normal(size=n_rows)
        sides.append(
            [
                truth
                + scale * (common + 0.3 * generator.normal(size=n_rows))
                + seed_spread * generator.normal()
                for _ in range(n_runs)
            ]
        )
    return truth, *sides


@pytest.mark.slow
@pytest.mark.parametrize(("n_runs", "seed_spread"), [(1, 0.0), (3, 0.0), (5, 0.3)])
def test_intervals_of_a_metric_cover(n_runs, seed_spread):
    generator = np.random.default_rng(0)
    expected = np.sqrt(1 + 0.3**2 + seed_spread**2)  # of the mean squared error, over all seeds
    hits = []
    for repeat in range(300):
        truth, answers, _ = simulated(generator, 150, n_runs, seed_spread)
        values, means = boot(RMSE(), truth, answers, RowDraws(150, 400, seed=repeat))
        low, high = estimate(values, means, RMSE()).interval
        hits.append(low <= expected <= high)
    assert 0.90 <= np.mean(hits) <= 0.995


@pytest.mark.slow
def test_intervals_of_an_auc_cover():
    generator, hits = np.random.default_rng(1), []
    target = FittedTarget(("y",), 1, ("no", "yes"))
    expected = norm.cdf(1 / np.sqrt(2))
    for repeat in range(300):
        truth = (generator.random(200) < 0.3).astype(float)
        scores = 1 / (1 + np.exp(-(truth + generator.normal(size=200))))
        (counts,) = RowDraws(200, 400, seed=repeat).chunks()
        value = ROCAUC().score(truth, scores, target).value
        found = estimate(
            records(value), ROCAUC().bootstrap(truth, scores, target, counts), ROCAUC()
        )
        hits.append(found.interval[0] <= expected <= found.interval[1])
    assert 0.90 <= np.mean(hits) <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize(("n_runs", "seed_spread"), [(1, 0.0), (3, 0.0), (3, 0.5)])
def test_corrected_tests_seldom_see_what_is_not_there(n_runs, seed_spread):
    """Four tasks, two learners alike: any finding is false."""
    generator, false = np.random.default_rng(2), []
    for repeat in range(250):
        p_values = {}
        for task in "abcd":
            truth, ours, theirs = simulated(generator, 100, n_runs, seed_spread)
            draws = RowDraws(100, 400, seed=repeat)
            (our_values, our_means), (their_values, their_means) = (
                boot(RMSE(), truth, side, draws) for side in (ours, theirs)
            )
            p_values[task] = difference(our_values, their_values, our_means, their_means)[1]
        false.append(min(holm(p_values).values()) <= 0.05)
    assert np.mean(false) <= 0.07


@pytest.mark.slow
def test_corrected_tests_see_what_is_there():
    generator, seen = np.random.default_rng(3), []
    for repeat in range(60):
        truth, ours, theirs = simulated(generator, 150, 3, 0.0, effect=0.5)
        draws = RowDraws(150, 400, seed=repeat)
        (a, b), (c, d) = (boot(RMSE(), truth, side, draws) for side in (ours, theirs))
        seen.append(difference(a, c, b, d)[1] <= 0.05)
    assert np.mean(seen) >= 0.8
