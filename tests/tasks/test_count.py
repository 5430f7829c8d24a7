"""Counts: labels, exposures, rates, dispersions, ensembles, estimators, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge, TweedieRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import polytask
from polytask import Task
from polytask.exceptions import DataError, ParameterError
from polytask.losses import CountLikelihood
from polytask.metrics import MAE, RMSE, PoissonDeviance
from polytask.tasks import Count, FittedTarget, named_kind
from polytask.testing import check_kind, check_loss, check_metric

SPREAD = Count("negative_binomial")
FAMILIES = [Count(), SPREAD]
every_family = pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.family)
CLAIMS = {"claims": np.array([0.0, 3.0, np.nan, 6.0]), "months": np.array([6.0, 6.0, 1.0, 12.0])}


@every_family
def test_common_checks(kind):
    check_kind(kind)
    check_loss(CountLikelihood(), kind)
    for metric in (PoissonDeviance(), RMSE(), MAE()):
        check_metric(metric, kind)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("count", "poisson"),
        ("count:poisson", "poisson"),
        ("count:negative_binomial", "negative_binomial"),
        ("Count: Negative-Binomial", "negative_binomial"),
    ],
)
def test_families_by_text(text, family):
    assert named_kind(text) == Count(family)


@pytest.mark.parametrize("text", ["count:", "count:gamma", "count:poisson,visits:count"])
def test_unknown_families(text):
    expected = (
        "The `family` parameter of kind count must be poisson or negative_binomial, to the end"
    )
    with pytest.raises(ParameterError, match=expected):
        Task("claims", text)


def test_a_family_that_there_is_not(unchecked_types):
    with pytest.raises(ParameterError, match="`family` parameter of Count"):
        Count("gamma")


@every_family
def test_counts_over_exposures_are_learned(kind):
    target = kind.fit("claims", CLAIMS)
    assert target.columns == ("claims", "months")
    assert target.learned["mean_count"] == (3.0,)
    assert target.learned["mean_exposure"] == (8.0,)
    columns = list(CLAIMS.values())
    np.testing.assert_array_equal(kind.truth(columns, target), np.stack(columns, axis=1))
    encoded = kind.encode(columns, target)
    np.testing.assert_allclose(encoded[:, 0], CLAIMS["claims"] / 3.0)
    np.testing.assert_allclose(encoded[:, 1], np.log(CLAIMS["months"] / 8.0), rtol=1e-6)
    zeros = np.zeros((1, *kind.score_shape(target)), dtype=np.float32)
    assert kind.decide(kind.response(zeros, target), target) == pytest.approx(3 / 8)
    assert kind.note(target, "claims", inferred=False) == (
        "predictions are per unit of 'months', the exposure"
    )
    assert kind.note(kind.fit("n", {"n": np.arange(3.0)}), "n", inferred=False) == ""


COUNTS = st.lists(st.integers(0, 10**6), min_size=2, max_size=20).filter(any)
FACTORS = st.floats(1e-3, 1e3)


@given(counts=COUNTS, factor=FACTORS, seed=st.integers(0, 99))
def test_the_unit_of_the_exposure_is_a_factor_of_rates(counts, factor, seed):
    generator = np.random.default_rng(seed)
    exposures = generator.uniform(0.1, 9.0, len(counts))
    columns = {"n": np.array(counts, dtype=float), "e": exposures}
    other = {**columns, "e": exposures * factor}
    raw = generator.normal(size=(5, 1)).astype(np.float32)
    one, two = (Count().fit("n", each) for each in (columns, other))
    np.testing.assert_allclose(
        Count().encode(list(columns.values()), one),
        Count().encode(list(other.values()), two),
        rtol=1e-4,
        atol=1e-5,
    )
    np.testing.assert_allclose(Count().response(raw, one), factor * Count().response(raw, two))
    mean = Count().mean_response(
        Count().truth(list(columns.values()), one), one, np.ones(len(counts))
    )
    assert mean == pytest.approx(sum(counts) / exposures.sum())


@given(
    scores=st.lists(st.floats(-20, 20, width=32), min_size=6, max_size=6),
    members=st.sampled_from([1, 2, 3, 6]),
)
def test_an_ensemble_answers_with_the_mean_rate(scores, members):
    raw = np.array(scores, dtype=np.float32).reshape(members, -1, 1)
    target = FittedTarget(("n",), learned={"mean_count": (2.0,)})
    found = Count().response(Count().average(raw), target)
    rates = np.stack([Count().response(member, target) for member in raw])
    np.testing.assert_allclose(found, rates.mean(axis=0), rtol=1e-5)


@settings(max_examples=30)
@given(seed=st.integers(0, 999), members=st.integers(1, 5))
def test_an_ensemble_of_negative_binomials_has_the_variance_of_the_mixture(seed, members):
    raw = np.random.default_rng(seed).normal(size=(members, 4, 2)).astype(np.float32)
    target = FittedTarget(("n",), learned={"mean_count": (2.0,), "dispersion": (1.0,)})
    rates, dispersions = np.stack([SPREAD.response(each, target) for each in raw]).transpose(
        2, 0, 1
    )
    mean, dispersion = SPREAD.response(SPREAD.average(raw), target).T
    np.testing.assert_allclose(mean, rates.mean(axis=0), rtol=1e-5)
    # E y² − E y of a mixture is the mean of those of its members, (1 + α) μ²
    second = ((1 + dispersions) * rates**2).mean(axis=0)
    np.testing.assert_allclose((1 + dispersion) * mean**2, second, rtol=1e-4)


@every_family
@pytest.mark.parametrize("in_torch", [False, True], ids=["numpy", "torch"])
@pytest.mark.parametrize("scores", [0.0, -10.0, -40.0, 10.0, 800.0, 1e4, -1e4])
@pytest.mark.parametrize("rates", [0.0, 3.7, 40.0, 1e4, -1e4])
def test_an_ensemble_of_extreme_members(kind, in_torch, scores, rates):
    import torch

    learned = {"mean_count": (2.0,), "dispersion": (1.0,)}
    target = FittedTarget(("n",), learned=learned)
    size = kind.score_shape(target)[0]
    alike = np.tile(np.array([rates, scores], dtype=np.float32)[:size], (3, 1, 1))
    apart = alike.copy()
    apart[0, :, 0] = 0.0
    for raw in (alike, apart):
        averaged = kind.average(torch.from_numpy(raw) if in_torch else raw)
        answer = kind.response(np.asarray(averaged), target)
        members = np.stack([kind.response(member, target) for member in raw])
        assert np.isfinite(np.asarray(averaged)).all()
        np.testing.assert_allclose(
            kind.decide(answer, target),
            np.mean([kind.decide(member, target) for member in members], axis=0),
            rtol=1e-4,
        )
        if raw is alike:
            np.testing.assert_allclose(answer, members[0], rtol=1e-4)


def test_averages_of_tensors_stay_tensors():
    import torch

    for kind, size in ((Count(), 1), (SPREAD, 2)):
        raw = torch.randn(3, 5, size)
        averaged = kind.average(raw)
        assert isinstance(averaged, torch.Tensor)
        np.testing.assert_allclose(averaged.numpy(), kind.average(raw.numpy()), rtol=1e-6)


def test_the_dispersion_of_constants_is_that_around_the_rate():
    generator = np.random.default_rng(0)
    exposures = generator.uniform(1, 5, 4000)
    counts = generator.poisson(2.0 * exposures * generator.gamma(2.0, 0.5, 4000)).astype(float)
    target = SPREAD.fit("n", {"n": counts, "e": exposures})
    truth = np.stack([counts, exposures], axis=1)
    rate, dispersion = SPREAD.mean_response(truth, target, np.ones(4000))
    assert rate == pytest.approx(2.0, rel=0.05)
    assert dispersion == pytest.approx(0.5, rel=0.1)
    assert target.learned["dispersion"][0] == pytest.approx(dispersion)


def test_columns_of_predictions():
    response = np.array([[1.5, 0.2]])
    target = SPREAD.fit("n", {"n": np.arange(5.0)})
    columns = dict(SPREAD.prediction_columns("visits", response, target))
    assert {name: values.tolist() for name, values in columns.items()} == {
        "visits": [1.5],
        "visits_dispersion": [0.2],
    }
    plain = Count().prediction_columns("visits", np.array([1.5]), target)
    assert [name for name, _ in plain] == ["visits"]


# ── what is refused ───────────────────────────────────────────────────────────
def read(columns, target="claims=claims,months:count"):
    rows = len(next(iter(columns.values())))
    return polytask.read({"x": np.arange(float(rows)), **columns}, [target])


def changed(column, row, value):
    columns = {
        "claims": np.array([0.0, 1.0, 2.0, 4.0] * 10),
        "months": np.array([6.0, 6.0, 3.0, 12.0] * 10),
    }
    columns[column][row] = value
    return columns


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            changed("claims", 7, -2),
            (
                "Task 'claims': column 'claims' holds -2 in row 7. A count is a whole number of at least "
                "0; empty the cell if it is unknown."
            ),
        ),
        (
            changed("claims", 5, 0.5),
            (
                "Task 'claims': column 'claims' holds 0.5 in row 5. A count is a whole number of at least "
                "0. Choose the kind regression for amounts."
            ),
        ),
        (changed("claims", 1, 1e16), "holds 1e\\+16 in row 1. Counts end at 1e15."),
        (
            changed("months", 2, 0),
            (
                "column 'months' holds 0 in row 2. An exposure is a number above 0. Mend it, or empty the "
                "cell of 'claims'."
            ),
        ),
        (
            changed("months", 3, -1.5),
            "column 'months' holds -1.5 in row 3. An exposure is a number",
        ),
        (
            changed("months", 4, np.nan),
            (
                "column 'months' holds nothing in row 4. Fill it, or empty the cell of 'claims', which "
                "has a value there."
            ),
        ),
        (
            changed("months", 6, 1e40),
            "column 'months' holds 1e\\+40 in row 6. Give the exposure in",
        ),
    ],
)
def test_cells_that_are_refused(columns, sentence):
    with pytest.raises(DataError, match=sentence):
        read(columns)


def test_the_first_bad_row_is_named_of_counts_alone_and_by_fit_none():
    counts = np.array([1.0, 0.0, 1.5, -1.0])
    with pytest.raises(DataError, match="'claims' holds -1 in row 3"):
        read({"claims": counts}, "claims:count")
    with pytest.raises(DataError, match=r"column 'claims' holds 1\.5\. A count"):
        Count().fit("claims", {"claims": counts[:3]})


def test_an_exposure_without_a_count_may_be_anything():
    columns = changed("claims", 7, np.nan)
    columns["months"][7] = -3.0
    data = read(columns)
    assert 7 not in data.sources[0].labelled().rows("claims")


@every_family
@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"n": np.zeros(3)},
            "Task 'visits': column 'n' holds no count above 0 in the training rows",
        ),
        (
            {"n": np.ones(3), "e": np.ones(3), "f": np.ones(3)},
            (
                "Task 'visits' is a count and must have one target column, or two, the second of which is "
                r"the exposure. Got \['n', 'e', 'f'\]."
            ),
        ),
        (
            {"n": np.array([1.0, np.nan]), "e": np.array([np.nan, 1.0])},
            "there is no row in which both 'n' and its exposure, 'e', are given",
        ),
        ({"n": np.array(["a", "b"], dtype=object)}, "The target column 'n' of a count holds text"),
    ],
)
def test_columns_that_are_refused(kind, columns, sentence):
    with pytest.raises(DataError, match=sentence):
        kind.fit("visits", columns)


@every_family
def test_targets_from_files(kind):
    fitted = kind.fit("claims", CLAIMS)
    assert kind.accepts(fitted)
    forgeries = [
        {**fitted.learned, "mean_count": (0.0,)},
        {**fitted.learned, "mean_count": (-1.0,)},
        {**fitted.learned, "mean_count": (1e300,)},
        {**fitted.learned, "mean_exposure": (1e-300,)},
        {**fitted.learned, "mean_exposure": (1.0, 2.0)},
        {**fitted.learned, "other": (1.0,)},
        {"mean_count": (1.0,)},
        {},
    ]
    for learned in forgeries:
        assert not kind.accepts(FittedTarget(fitted.columns, learned=learned))
    assert not kind.accepts(FittedTarget(("claims",), learned=fitted.learned))
    assert not kind.accepts(FittedTarget(fitted.columns, (0, 1), fitted.learned))
    (other,) = set(FAMILIES) - {kind}
    assert not other.accepts(fitted)


# ── estimators ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("estimator", "rank"),
    [
        (PoissonRegressor(), 2),
        (make_pipeline(StandardScaler(), PoissonRegressor()), 2),
        (HistGradientBoostingRegressor(loss="poisson"), 2),
        (RandomForestRegressor(criterion="poisson"), 2),
        (HistGradientBoostingRegressor(), 1),
        (Ridge(), 1),
        (TweedieRegressor(power=1), 1),
        (LogisticRegression(), 0),
    ],
)
def test_ranks_of_estimators(estimator, rank):
    assert Count().estimator_rank(estimator) == rank


def test_boosting_gets_a_poisson_loss_unless_it_names_another():
    plain, absolute = HistGradientBoostingRegressor(), HistGradientBoostingRegressor(loss="gamma")
    assert Count().suited(plain).loss == "poisson"
    assert plain.loss == "squared_error"
    assert Count().suited(absolute) is absolute
    ridge = Ridge()
    assert Count().suited(ridge) is ridge


def test_light_gbm_gets_a_poisson_loss():
    lightgbm = pytest.importorskip("lightgbm")
    assert Count().suited(lightgbm.LGBMRegressor()).objective == "poisson"
    assert Count().suited(lightgbm.LGBMRegressor(objective="gamma")).objective == "gamma"


def test_estimators_learn_rates_weighted_by_exposure():
    target = Count().fit("claims", CLAIMS)
    labels, factor = Count().estimator_labels(list(CLAIMS.values()), target, standardized=True)
    np.testing.assert_allclose(labels[:, 0], [0, 4 / 3, np.nan, 4 / 3])
    np.testing.assert_array_equal(factor, CLAIMS["months"])
    alone = Count().fit("n", {"n": np.arange(4.0)})
    assert Count().estimator_labels([np.arange(4.0)], alone, standardized=False)[1] is None


def test_answers_of_zero_or_less_count_as_a_thousandth_of_the_mean_rate():
    class Answers:
        def predict(self, inputs):
            return np.array([-5.0, 0.0, 2.0])

    target = SPREAD.fit("n", {"n": np.array([0.0, 2.0, 7.0])})
    raw = SPREAD.from_estimator([Answers()], np.zeros((3, 1)), target)
    rate, dispersion = SPREAD.response(raw, target).T
    np.testing.assert_allclose(rate, [0.003, 0.003, 6.0], rtol=1e-5)
    np.testing.assert_allclose(dispersion, target.learned["dispersion"][0], rtol=1e-5)


def test_a_word_among_counts_is_named_with_its_row():
    words = np.array(["1", None, "many", 4.0], dtype=object)
    with pytest.raises(DataError, match="column 'n' holds 'many' in row 2, where others hold numb"):
        Count().check_cells("n", {"n": words})
