"""Times to events: curves, cuts, censoring, likelihood, ensembles, estimators, and what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, Ridge

import polytask
from polytask import Task
from polytask.exceptions import DataError, ParameterError
from polytask.losses import HazardLikelihood
from polytask.metrics import Concordance, IntegratedBrier, default_metric
from polytask.tasks import FittedTarget, Survival
from polytask.tasks._survival_curves import censoring_curve, values_at

NAN = float("nan")


def rows(n_rows, seed):
    """Exponential times, a third of them censored."""
    generator = np.random.default_rng(seed)
    times, ends = generator.exponential(3.0, n_rows), generator.exponential(6.0, n_rows)
    return np.minimum(times, ends), (times <= ends).astype(float)


def fitted(n_intervals=None, n_rows=200):
    times, events = rows(n_rows, 0)
    return Survival(n_intervals).fit("y", {"t": times, "e": events})


def test_values_of_scikit_survival():
    """Golden values of scikit-survival 0.28.

    ``brier_score(train, test, curves, cuts)`` and ``concordance_index_censored(events, times,
    risk)`` with `rows(200, 0)` and `rows(80, 1)` as structured arrays, the curves and cuts below and
    minus the decisions as risk; ``kaplan_meier_estimator(events, times)`` of `rows(200, 0)` at the
    cuts; and the concordance again with times rounded up and twice the risk rounded.
    """
    kind, target = Survival(5), fitted(5)
    times, events = rows(80, 1)
    truth = np.stack([times, events], axis=1)
    curves = np.random.default_rng(2).random((80, 1)) ** np.linspace(0.2, 1.5, 5)
    cuts = np.array(target.learned["cuts"])
    survival = (0.8808812292941861, 0.7565801841865606, 0.6166543221535563)
    survival += (0.4605066289866831, 0.29267965683090186)
    np.testing.assert_allclose(target.learned["survival"], survival)
    scores = [0.13213355220612397, 0.26875430643147497, 0.29601935369816273]
    scores += [0.3176100195611279, 0.3079208661422691]
    integral = np.trapezoid([0.0, *scores], [0.0, *cuts]) / cuts[-1]
    assert IntegratedBrier().score(truth, curves, target).value == pytest.approx(integral)
    concordance = Concordance().score(truth, curves, target).value
    assert concordance == pytest.approx(0.471441523118767)
    tied = np.stack([np.ceil(times), events], axis=1)
    rounded = np.round(-2 * kind.decide(curves, target))
    found = Concordance().measure(tied, -rounded, np.ones(80), target).value
    assert found == pytest.approx(0.484398590840463)


def test_which_metric_enters():
    assert default_metric(Survival()) == IntegratedBrier()


def test_intervals_hold_as_many_events_each():
    times = np.arange(1.0, 101.0)
    target = Survival(4).fit("y", {"t": times, "e": np.ones(100)})
    assert target.learned["cuts"] == (20.0, 40.0, 60.0, 80.0)
    assert len(fitted().learned["cuts"]) == 12  # ⌈√133⌉
    many = np.random.default_rng(0).exponential(size=5000)
    target = Survival().fit("y", {"t": many, "e": np.ones(5000)})
    assert len(target.learned["cuts"]) == 20
    few = Survival().fit("y", {"t": np.array([0.0, 1.0, 1.0, 2.0]), "e": np.ones(4)})
    assert few.learned["cuts"] == (1.0,)


def test_long_curves_of_censoring_are_thinned():
    times = np.random.default_rng(0).exponential(size=20_000)
    happened = np.arange(20_000) % 2 == 0
    steps, kept = censoring_curve(times, happened)
    assert 400 < len(steps) <= 512
    at = np.linspace(0.01, 3, 50)
    np.testing.assert_allclose(values_at(at, steps, kept), np.exp(-at / 2), atol=0.03)


@given(seed=st.integers(0, 99), size=st.sampled_from([1.0, 100.0, 1e5]))
def test_curves_fall_from_1(seed, size):
    target = fitted(6)
    raw = (size * np.random.default_rng(seed).normal(size=(5, 6))).astype(np.float32)
    curves = Survival(6).response(raw, target)
    assert (np.diff(curves, axis=1, prepend=1.0) <= 0).all()
    assert (curves >= 0).all()


def test_the_loss_is_the_likelihood():
    kind, target = Survival(3), fitted(3)
    first, second, third = target.learned["cuts"]
    middle = (first + second) / 2
    cells = [(0.0, 1), (first, 1), (first, 0), (middle - 1e-3, 0), (middle + 1e-3, 0)]
    cells += [(middle, 1), (third, 1), (third + 9, 1), (third + 9, 0), (NAN, 0)]
    truth = np.array(cells)
    raw = np.random.default_rng(0).normal(size=(len(cells), 3)).astype(np.float32)
    curves = np.concatenate([np.ones((len(cells), 1)), kind.response(raw, target)], axis=1)
    drops = curves[:, :-1] - curves[:, 1:]
    expected = [drops[0, 0], drops[1, 0], curves[2, 1], curves[3, 1], curves[4, 2]]
    expected += [drops[5, 1], drops[6, 2], curves[7, 3], curves[8, 3], 1.0]
    encoded = torch.from_numpy(kind.encode(list(truth.T), target))
    mask = ~encoded.isnan()
    losses = HazardLikelihood().rowwise(torch.from_numpy(raw), encoded.nan_to_num(0.0), mask, {})
    np.testing.assert_allclose(losses.numpy(), -np.log(expected), rtol=1e-4, atol=1e-6)


@given(seed=st.integers(0, 99), members=st.integers(1, 4))
def test_an_ensemble_answers_with_the_mean_curve(seed, members):
    kind, target = Survival(6), fitted(6)
    raw = (3 * np.random.default_rng(seed).normal(size=(members, 4, 6))).astype(np.float32)
    expected = np.mean([kind.response(each, target) for each in raw], axis=0)
    averaged = kind.average(raw)
    np.testing.assert_allclose(kind.response(averaged, target), expected, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(kind.average(torch.from_numpy(raw)).numpy(), averaged, rtol=1e-4)


def test_the_constant_is_the_kaplan_meier_estimate():
    target = fitted()
    truth = np.stack(rows(200, 0), axis=1)
    curve = Survival().mean_response(truth, target, np.ones(200))
    np.testing.assert_allclose(curve, target.learned["survival"])
    best = IntegratedBrier().constant(curve, truth, np.ones(200), target)
    np.testing.assert_allclose(best, curve, atol=0.01)


def test_rows_censored_at_the_end_of_a_study_have_survived_it():
    """All rows that are left at the last cut are censored there; the best constant is Kaplan–Meier."""
    generator = np.random.default_rng(0)
    times = np.minimum(np.ceil(generator.exponential(4.0, 400)), 5.0)
    events = (generator.random(400) < 0.6).astype(float)
    kind, columns = Survival(), {"t": times, "e": events}
    target = kind.fit("y", columns)
    truth = kind.truth(list(columns.values()), target)
    curve = kind.mean_response(truth, target, np.ones(400))
    assert target.learned["cuts"][-1] == 5.0
    assert curve[-1] > 0.1
    best = IntegratedBrier().constant(curve, truth, np.ones(400), target)
    np.testing.assert_allclose(best, curve)


def test_estimators_learn_hazards_of_spans():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    times, ends = rng.exponential(np.exp(-x)), rng.exponential(2.0, 4000)
    columns = [np.minimum(times, ends), (times <= ends).astype(float)]
    kind = Survival(8)
    target = kind.fit("y", {"t": columns[0], "e": columns[1]})
    labels, factor = kind.estimator_labels(columns, target, standardized=True)
    assert factor is None
    assert labels.shape == (4000, 4)
    assert kind.estimator_counts(target) == {4}
    answers = [
        LogisticRegression().fit(x[seen, None], cell[seen])
        for cell, seen in zip(labels.T, np.isfinite(labels).T, strict=True)
    ]
    new = np.array([[-1.0], [0.0], [1.0]])
    curves = kind.response(kind.from_estimator(answers, new, target), target)
    true = np.exp(-np.exp(new) * np.array(target.learned["cuts"]))
    np.testing.assert_allclose(curves, true, atol=0.08)


def test_which_estimators_answer():
    ranks = [Survival().estimator_rank(each) for each in (LogisticRegression(), Ridge())]
    assert ranks == [1, 0]


def test_names_of_predictions():
    target = Survival(1).fit("y", {"t": np.array([1.0, 2.5, 4.0]), "e": np.ones(3)})
    columns = Survival(1).prediction_columns("death", np.array([[0.25]]), target)
    assert [(name, values.tolist()) for name, values in columns] == [
        ("death", [1.5625]),
        ("death_risk", [0.75]),
        ("death_survival_2.5", [0.25]),
    ]


# ── bad targets ───────────────────────────────────────────────────────────────
def read(times, events, target="death=t,e:survival"):
    inputs = np.arange(float(len(times)))
    return polytask.read({"x": inputs, "more": inputs, "t": times, "e": events}, [target])


GOOD = [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("times", "events", "said"),
    [
        ([1, 2, -3, 4], [1, 1, 1, 0], "column 't' holds -3 in row 2. A time is a number of at le"),
        (
            GOOD,
            [1, 2, 1, 0],
            "column 'e' holds 2 in row 1. Write 1 where the event happened, and 0",
        ),
        (GOOD, [1, 2, 1, 0], "One kind of event is one task"),
        ([1, 2, None, 4], [1, 1, 1, 0], "column 't' holds nothing in row 2. Fill it, or empty the"),
        (GOOD, [1, 1, 1, None], "column 'e' holds nothing in row 3. Fill it with 1 or 0, or empty"),
        (
            GOOD,
            [0, 0, 0, 0],
            "column 'e' holds no event in the training rows, which are all censor",
        ),
        (
            GOOD,
            [0, 0, 1, 0],
            "column 'e' holds a single event in the training rows, at 3 in column",
        ),
        (
            [1, 3, 3, 4],
            [0, 1, 1, 0],
            "all events of the training rows happen at one time, 3 in column 't'",
        ),
        ([1e40, 2, 3, 4], [1, 1, 1, 0], r"column 't' holds 1e\+40 in row 0. Give times in another"),
        (
            GOOD,
            ["y", "n", "y", "n"],
            "The event column 'e' of a survival holds text: 'n', 'y'. Wri",
        ),
        (["a", "b", "c", "d"], [1, 1, 1, 0], "target column 't' of a survival holds text"),
    ],
)
@pytest.mark.parametrize("kind", ["survival", "survival:cox"])
def test_cells_that_are_refused(times, events, said, kind):
    with pytest.raises(DataError, match=said):
        read(times, events, f"death=t,e:{kind}")


def test_what_is_read():
    data = read([0.0, 2.0, None, 4.0, 7.0], [True, True, False, False, True])
    assert data.sources[0].labelled().rows("death").tolist() == [0, 1, 3, 4]


@pytest.mark.parametrize("target", ["t:survival", "d=t,e,more:survival"])
def test_one_column_and_three(target):
    said = (
        "is survival and must have two target columns, the time and whether the event happened then. "
        r"Got \[.*\]. Write NAME=TIME,EVENT:survival"
    )
    with pytest.raises(DataError, match=said):
        read([1.0, 2.0, 3.0], [1, 1, 0], target)


def test_rows_that_lack_one_of_both():
    columns = {"t": np.array([1.0, NAN]), "e": np.array([NAN, 0.0])}
    with pytest.raises(DataError, match="no row in which both 't' and 'e' are given"):
        Survival().fit("y", columns)


def test_texts_after_the_name():
    assert Task("y", "survival", ("t", "e")).kind == Survival()
    assert Task("y", "survival:12", ("t", "e")).kind == Survival(12)
    for text in ("", "0", "-1", "5.5", "coxx", "1001", "9" * 30):
        with pytest.raises(ParameterError, match="takes a number of intervals, from 1 to 1000, as"):
            Task("y", f"survival:{text}", ("t", "e"))
    with pytest.raises(ParameterError, match="`n_intervals` parameter of Survival must be"):
        Survival(0)


LEARNED = fitted(3).learned


@pytest.mark.parametrize(
    "learned",
    [
        {},
        {**LEARNED, "cuts": (1.0, 1.0, 2.0)},
        {**LEARNED, "cuts": (0.0, 1.0, 2.0)},
        {**LEARNED, "cuts": (1.0, 2.0)},
        {**LEARNED, "survival": (0.5, 0.6, 0.1)},
        {**LEARNED, "survival": (1.5, 0.6, 0.1)},
        {**LEARNED, "uncensored": (1.0,)},
        {**LEARNED, "censoring_times": (), "uncensored": ()},
        {**LEARNED, "more": (1.0,)},
        dict.fromkeys(LEARNED, (1.0,) * 1001),
    ],
    ids=lambda learned: repr(learned)[:40],
)
def test_forged_targets(learned):
    assert Survival(3).accepts(fitted(3))
    assert not Survival(3).accepts(FittedTarget(("t", "e"), learned=learned))


def test_rows_censored_at_time_0_leave_a_target_that_a_file_may_hold():
    columns = {"t": np.array([0.0, 1.0, 2.0, 3.0]), "e": np.array([0.0, 1.0, 1.0, 1.0])}
    target = Survival(2).fit("y", columns)
    assert target.learned["censoring_times"] == (0.0,)
    assert target.learned["uncensored"] == (0.75,)
    assert Survival(2).accepts(target)


@pytest.mark.slow
def test_linear_hazards_are_nearly_as_good_as_those_of_cox_regression():
    """Golden value of scikit-survival 0.28, whose assumptions hold here.

    ``CoxPHSurvivalAnalysis().fit(X[:1500], …)`` on the rows below has, with the curves of its
    ``predict_survival_function`` at our cuts, the integrated Brier score and the concordance below;
    the true curves have 0.12663 and 0.76479.
    """
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 5))
    risk = X @ np.array([1.0, 0.5, -0.5, 0.0, 0.0])
    times = (rng.exponential(size=3000) / np.exp(risk)) ** (1 / 1.5)
    ends = rng.exponential(1.2, 3000)
    columns = {**{f"x{i}": X[:, i] for i in range(5)}, "t": np.minimum(times, ends)}
    columns["e"] = times <= ends
    train, validation = (
        polytask.read({name: values[part] for name, values in columns.items()}, ["y=t,e:survival"])
        for part in (slice(1500), slice(1500, 2000))
    )
    model = polytask.fit(train, "linear", validation=validation)
    answer = model.predict({f"x{i}": X[2000:, i] for i in range(5)})["y"]
    truth = np.stack([columns["t"][2000:], columns["e"][2000:]], axis=1).astype(float)
    score = IntegratedBrier().score(truth, answer.response, answer.target).value
    assert score < 1.01 * 0.12758
    concordance = Concordance().score(truth, answer.response, answer.target).value
    assert concordance > 0.76343 - 0.003
