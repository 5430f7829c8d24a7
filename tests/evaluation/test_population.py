"""Many small tasks are judged as a sample of tasks."""

from types import SimpleNamespace

import numpy as np
import pytest
from fakes_evaluation import Apart

import polytask
from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.evaluation import compare
from polytask.evaluation.judging._context import CONSTANT_IN_TRAINING
from polytask.evaluation.judging._population import _Effect, _effect, _pooled, population
from polytask.metrics import MAE, RMSE, ROCAUC
from polytask.statistics import Paired
from polytask.tasks import FittedTarget, Regression


class Twin(Apart):
    """Its single-task self answers alike."""

    def single_task(self):
        return Apart("apart", share=self.share, alphas=self.alphas)


POOLED = ["linear", "pooled_linear"]


def persons(n_tasks, n_rows, noise=1.0, units=1.0, seed=0):
    """Rows of their own for every person: one slope for all, and noise."""
    generator = np.random.default_rng(seed)
    who = np.repeat([f"p{k:03d}" for k in range(n_tasks)], n_rows)
    x = generator.normal(size=len(who))
    scale = np.repeat(units ** generator.choice([0, 1], n_tasks), n_rows)
    score = scale * (x + noise * generator.normal(size=len(who)))
    frame = {"x": x, "who": who, "score": score}
    return polytask.read(frame, target="score", task_column="who", kind="regression")


def judged(data, learner, **options):
    settings = {"seeds": 1, "budget": Budget(trials=1, steps=10), **options}
    return compare(data, learner, **settings)


@pytest.mark.slow
def test_what_helps_tasks_on_average_is_said_of_the_population():
    found = judged(persons(40, 12, noise=2.0), POOLED)
    (difference,) = found.differences
    many = difference.population
    assert (len(many.tasks), many.left_out) == (40, {})
    assert difference.delta_m.value == many.mean
    assert many.median_units < 20
    low, high = many.interval
    assert 0 < low < many.mean < high
    assert many.prediction[0] < low < high < many.prediction[1]
    assert many.share_gaining > 0.5
    assert found.judgement.answer == difference.answer == "helped"
    assert found.judgement.headline.startswith("Joint training helped tasks like these on average")
    assert "Mean gain +" in found.verdict
    assert "of them gain" in found.verdict
    assert found.verdict.count("p000") <= 1


def test_a_task_that_is_constant_in_training_is_left_out_for_that_reason():
    who = np.repeat([f"p{k:03d}" for k in range(20)], 12)
    x = np.random.default_rng(0).normal(size=len(who))
    score = np.where(who == "p000", 1.0, x)
    data = polytask.read({"x": x, "who": who, "score": score}, "score", task_column="who")
    found = judged(data, POOLED)
    (difference,) = found.differences
    reasons = {"p000": "the target is constant in the training rows"}
    assert difference.population.left_out == difference.delta_m.left_out == reasons
    assert "Left out of Δm: p000 (the target is constant in the training rows)." in found.verdict


@pytest.mark.parametrize("varying", [0, 1])
def test_without_a_population_each_task_keeps_its_reason(varying):
    who = np.repeat([f"p{k:02d}" for k in range(13)], 12)
    x = np.random.default_rng(0).normal(size=len(who))
    score = np.where(who < f"p{varying:02d}", x, np.repeat(np.arange(13.0), 12))
    frame = {"x": x, "who": who, "score": score}
    data = polytask.read(frame, "score", task_column="who", kind="regression")
    (difference,) = judged(data, POOLED).differences
    assert difference.population is None
    assert difference.delta_m.value is None
    left_out = difference.delta_m.left_out
    assert [left_out[f"p{k:02d}"] for k in range(varying, 13)] == (
        [CONSTANT_IN_TRAINING] * (13 - varying)
    )
    assert not varying or "a sample of tasks takes two" in left_out["p00"]


@pytest.mark.slow
def test_equal_learners_help_nobody():
    found = judged(persons(30, 12), Twin("together", share=1.0, joint=True))
    many = found.differences[0].population
    assert many.mean == 0
    assert found.differences[0].answer == "no difference shown"
    assert found.judgement.headline.startswith(
        ("No difference on average over tasks like these is shown", "No learner is shown")
    )


def test_one_test_row_per_task_tells_the_mean_alone():
    data = persons(30, 5, noise=0.3)
    found = judged(data, POOLED, split=RandomSplit(0.2))
    many = found.differences[0].population
    assert many.median_units == 1
    assert many.interval[0] <= many.mean <= many.interval[1]
    assert (many.prediction, many.share_gaining, many.tested_alone) == (None, None, 0)
    assert (
        "No single task has test units enough for a verdict of its own (the median" in found.verdict
    )


@pytest.mark.slow
def test_units_of_the_target_do_not_weigh():
    plain, mixed = (
        judged(persons(24, 14, noise=0.5, units=unit), Apart("together", alpha=9.0, joint=True))
        for unit in (1.0, 1e6)
    )
    first, second = (found.differences[0].population for found in (plain, mixed))
    assert first.mean == pytest.approx(second.mean, rel=0.05)


@pytest.mark.slow
def test_few_tasks_or_many_rows_speak_for_themselves():
    learner = Twin("together", share=1.0, joint=True)
    assert judged(persons(12, 12), learner).differences[0].population is None
    assert judged(persons(13, 120), learner).differences[0].population is None


def stand_ins(metric, scale=(2.0, 4.0), level=4.0):
    target = FittedTarget(("a",), learned={"scale": scale})
    answers = [SimpleNamespace(target=target, kind=Regression())]
    context = SimpleNamespace(constant_in_training={"c"}, headline=lambda _: metric)
    return SimpleNamespace(mean=lambda *_: level, answers={"a": answers, "b": []}), context


@pytest.mark.usefixtures("unchecked_types")
def test_an_effect_is_a_gain_in_the_targets_own_scale():
    found = Paired(0.6)
    assert _effect(found, "a", *stand_ins(MAE())) == (
        "mae",
        *map(pytest.approx, (-0.2, 4 / 3, 3.0)),
    )
    assert _effect(found, "a", *stand_ins(MAE(), ())) == ("mae", -0.6, 4.0, 1.0)
    assert _effect(found, "b", *stand_ins(MAE())) == ("mae", -0.6, 4.0, 1.0)
    assert _effect(found, "a", *stand_ins(ROCAUC())) == ("roc_auc", 0.6, 4.0, 1.0)
    assert _effect(found, "c", *stand_ins(MAE())) == CONSTANT_IN_TRAINING
    for one, level in ((Paired(None), 4.0), (found, None)):
        assert _effect(one, "a", *stand_ins(MAE(), level=level)) == "its metric is undefined"


def test_the_noise_of_one_unit_is_pooled_over_tasks():
    differences = {
        "a": Paired(0.0, n_units=5, standard_error=0.4),
        "b": Paired(0.0, n_units=2, standard_error=0.6),
        "c": Paired(0.0, n_units=1, standard_error=9.0),
        "d": Paired(0.0, n_units=9),
    }
    effects = dict.fromkeys(differences, _Effect("mae", 0.0, 1.0, 2.0))
    effects["e"] = _Effect("roc_auc", 0.0, 1.0, 1.0)
    differences["e"] = Paired(0.0, n_units=5, standard_error=0.4)
    expected = (4 * 5 * 0.2**2 + 1 * 2 * 0.3**2) / 5
    assert _pooled(differences, effects, "mae") == pytest.approx(expected)
    assert _pooled(differences, effects, "roc_auc") == pytest.approx(5 * 0.4**2)
    few = {task: effects[task] for task in "cd"}
    assert _pooled(differences, few, "mae") is None


@pytest.mark.usefixtures("unchecked_types")
def test_each_metric_has_its_own_denominator():
    """Twelve errors of 8 and twelve areas of 0.8, all a quarter better, and areas known better."""
    names = [f"{kind}{place}" for kind in ("error", "area", "perfect") for place in range(12)]
    metrics = {"error": MAE(), "area": ROCAUC(), "perfect": RMSE()}
    levels = {"error": 8.0, "area": 0.8, "perfect": 0.0}
    kind = {name: name.rstrip("0123456789") for name in names}
    wobble = dict(zip(names, np.tile([-0.1, 0.1], 18), strict=True))
    differences = {
        name: Paired(
            levels[kind[name]] * (0.25 if kind[name] == "area" else -0.25) * (1 + wobble[name]),
            n_units=4,
            standard_error=levels[kind[name]] * (0.01 if kind[name] == "area" else 0.02),
        )
        for name in names
    }
    context = SimpleNamespace(
        many_small=True,
        tasks=SimpleNamespace(primary=SimpleNamespace(names=names)),
        constant_in_training={},
        headline=lambda name: metrics[kind[name]],
    )
    baseline = SimpleNamespace(
        mean=lambda name, _: levels[kind[name]], answers=dict.fromkeys(names, ())
    )
    found = population(differences, baseline, context)
    assert found.tasks == tuple(names[:24])
    assert set(found.left_out) == set(names[24:])
    assert found.mean == pytest.approx(0.25, abs=1e-6)
    assert found.share_gaining == pytest.approx(1, abs=1e-6)
