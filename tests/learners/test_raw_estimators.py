"""Estimators of scikit-learn, architectures and classes as learners."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.utils.validation import check_is_fitted

import polytask
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.encoders import MLP
from polytask.evaluation import compare
from polytask.exceptions import ParameterError, UntrustedError
from polytask.learners import PerTaskEstimator, as_learners, fit
from polytask.testing import check_learner, tiny_dataset

NUMBERS = tiny_dataset(["regression", "regression"])
MIXED = tiny_dataset(["regression", "binary"])
FOREST, CLASSES = RandomForestRegressor(n_estimators=5), RandomForestClassifier(n_estimators=5)
PAIR = (FOREST, CLASSES)
STEPS = Budget(steps=5)


def names(learners, data=NUMBERS):
    return [learner.name for learner in as_learners(learners, "compare", data.tasks)]


def unfitted(estimator):
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)
    return True


@pytest.mark.parametrize("learners", [FOREST, [FOREST], (FOREST,), {FOREST}])
def test_compare_wraps_an_estimator(learners):
    found = compare(NUMBERS, learners, seeds=1, budget=STEPS, quiet=True)
    assert "random_forest_regressor" in [row.name for row in found.learners]
    assert unfitted(FOREST)


def test_compare_wraps_a_pair_beside_others():
    found = compare(MIXED, ["linear", PAIR], seeds=1, budget=STEPS, quiet=True)
    named = [row.name for row in found.learners]
    assert "random_forest_regressor_random_forest_classifier" in named
    assert unfitted(FOREST)
    assert unfitted(CLASSES)


def test_a_tuple_of_two_is_a_pair_where_one_alone_does_not_do():
    assert names(PAIR, MIXED) == ["random_forest_regressor_random_forest_classifier"]
    assert names((Ridge(), FOREST)) == ["ridge", "random_forest_regressor"]


@pytest.mark.parametrize(("learner", "data"), [(FOREST, NUMBERS), (PAIR, MIXED), ([*PAIR], MIXED)])
def test_fit_wraps_an_estimator(learner, data):
    predictor = fit(data, learner)
    assert predictor.tasks.names == data.tasks.names
    assert np.isfinite(predictor.predict(data)["task0"].response).all()
    assert unfitted(FOREST)


def test_an_estimator_predicts_like_the_wrapped_one():
    found = fit(NUMBERS, Ridge(alpha=3.0)).predict(NUMBERS)
    expected = fit(NUMBERS, PerTaskEstimator(Ridge(alpha=3.0))).predict(NUMBERS)
    np.testing.assert_array_equal(found["task0"].response, expected["task0"].response)


@pytest.mark.parametrize("run", [fit, compare])
@pytest.mark.parametrize(
    ("learner", "sentence"),
    [
        (
            FOREST,
            r"cannot learn these tasks: task1 \(binary\)\. Numbers take a regressor, classes a",
        ),
        (CLASSES, r"cannot learn these tasks: task0 \(regression\)\. Numbers take a regressor"),
        ((Ridge(), LinearSVC()), r"cannot learn these tasks: task1 \(binary\).*with predict_proba"),
    ],
)
def test_tasks_that_an_estimator_cannot_learn(run, learner, sentence):
    with pytest.raises(ParameterError, match=sentence):
        run(MIXED, learner if run is fit else [learner])


def test_names_are_unique_and_say_what_differs():
    assert names([Ridge(), Ridge(alpha=10.0), LinearRegression()]) == [
        "ridge",
        "ridge(alpha=10.0)",
        "linear_regression",
    ]
    assert names([Ridge(alpha=3.0)]) == ["ridge"]
    assert names(
        [(Ridge(), LogisticRegression()), (Ridge(), LogisticRegression(C=3.0))], MIXED
    ) == [
        "ridge_logistic_regression",
        "ridge_logistic_regression(C=3.0)",
    ]
    with pytest.raises(ParameterError, match=r"unique names\. Got 'ridge' twice"):
        names([Ridge(), Ridge()])


def test_meta_estimators_are_named_after_the_inner_one():
    assert names(make_pipeline(StandardScaler(), Ridge())) == ["standard_scaler_ridge"]
    search = GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [1.0]})
    assert names([search]) == ["grid_search_cv_standard_scaler_ridge"]
    fitted = fit(NUMBERS, search).predict(NUMBERS)
    assert np.isfinite(fitted["task0"].response).all()


def test_an_architecture_is_a_network():
    assert names([HardSharing(MLP((4,))), "linear"]) == ["hard_sharing", "linear"]
    assert fit(NUMBERS, HardSharing(MLP((4,))), budget=STEPS).name == "hard_sharing"


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (RandomForestRegressor, r"Make an object of it: RandomForestRegressor\(\)"),
        ([Ridge], r"Make an object of it: Ridge\(\)"),
        ([HardSharing], r"Make an object of it: HardSharing\(\)"),
        ([object()], r"`learners` parameter of compare must be learners or their names"),
        ([], r"must hold at least one learner"),
    ],
)
def test_objects_that_are_no_learner(given, sentence):
    with pytest.raises(ParameterError, match=sentence):
        polytask.compare(NUMBERS, given)


# ── estimators that are not like most ─────────────────────────────────────────
STACKS = (StackingRegressor([("a", Ridge())], cv=2), StackingClassifier([("a", SVC())], cv=2))


@pytest.mark.parametrize(
    "estimators",
    [
        (SVR(), CLASSES),  # draws from numpy's global generator
        (KNeighborsRegressor(3), KNeighborsClassifier(3)),  # learns nothing but the rows
        STACKS,  # has no `predict` before it is fitted
    ],
    ids=["draws", "keeps rows", "open end"],
)
def test_estimators_pass_the_check_of_learners(estimators):
    check_learner(PerTaskEstimator(estimators), [MIXED, NUMBERS])


def test_boosters_of_other_libraries_pass_the_check_of_learners():
    lightgbm, xgboost = map(pytest.importorskip, ("lightgbm", "xgboost"))
    few = {"n_estimators": 5, "n_jobs": 1}
    for estimator in (lightgbm.LGBMRegressor(verbose=-1, **few), xgboost.XGBRegressor(**few)):
        check_learner(PerTaskEstimator(estimator), [NUMBERS])


def test_numpy_functions_in_estimators_are_saved(tmp_path):
    estimator = TransformedTargetRegressor(Ridge(), func=np.arcsinh, inverse_func=np.sinh)
    found = compare(NUMBERS, estimator, seeds=1, budget=STEPS, quiet=True, out=tmp_path)
    again = compare(NUMBERS, estimator, seeds=1, budget=STEPS, quiet=True, out=tmp_path)
    assert again.to_dict()["learners"] == found.to_dict()["learners"]


def test_a_users_function_is_saved_if_it_is_trusted(tmp_path):
    estimator = TransformedTargetRegressor(Ridge(), func=np.arcsinh, inverse_func=np.sinh)
    model = fit(NUMBERS, estimator)
    with pytest.raises(UntrustedError, match=r"^The model holds .*numpy\.sinh.*saves or loads it"):
        model.save(tmp_path / "model")
    model.save(tmp_path / "model", trusted=["numpy.sinh", "numpy.arcsinh"])


def test_a_mapping_of_learners_is_refused():
    tasks = tiny_dataset(["regression"]).tasks
    with pytest.raises(ParameterError, match=r"must be a learner, or a list .* own `name`"):
        as_learners({"mine": Ridge()}, "compare", tasks)
