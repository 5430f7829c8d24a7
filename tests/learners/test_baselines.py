"""Classical single-task baselines by their names."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import ElasticNet as ElasticNetRegressor
from sklearn.linear_model import Lasso as LassoRegressor
from sklearn.svm import SVC

import polytask
from polytask import Task
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.learners import Linear, resolve_learner, unserved
from polytask.predictor._n_learned import n_learned
from polytask.testing import tiny_dataset

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 3))


def rare(counts):
    """A table whose classes have so many rows."""
    y = np.repeat([f"c{k}" for k in range(len(counts))], counts)
    columns = {f"x{j}": X[: len(y), j] for j in range(3)}
    return MultiTaskDataset.from_table({**columns, "y": y}, [Task("y", "multiclass")])


@pytest.mark.parametrize(
    "name", ["ridge", "logistic", "lasso", "elastic_net", "svm", "random_forest", "extra_trees"]
)
def test_names_settings_and_single_tasks(name):
    learner = resolve_learner(name)
    assert learner.name == name
    assert not learner.joint
    setting, declared = next(iter(learner.search_space().items()))
    value = declared.grid()[1]
    named = resolve_learner(f"{name}({setting}={value})")
    assert named.name == f"{name}({setting}={value})"
    assert named.search_space()[setting].default == value


def test_the_class_of_a_learner_names_it_too():
    assert resolve_learner("LogisticRegression") == resolve_learner("logistic")


def test_ridge_and_logistic_are_the_halves_of_linear():
    numbers, classes = tiny_dataset(["regression"] * 2), tiny_dataset(["binary", "multiclass"])
    for name, mine, other in (("ridge", numbers, classes), ("logistic", classes, numbers)):
        assert "task0" in unserved(resolve_learner(name), other)
        one, both = (
            learner.fit(mine, mine, 0, Budget()).predict(mine)["task1"].raw
            for learner in (resolve_learner(f"{name}(alpha=3)"), Linear(alpha=3.0))
        )
        assert (one == both).all()


def test_lasso_is_what_scikit_learn_finds():
    data = tiny_dataset(["regression"] * 2, missing=0.3)
    predictor = resolve_learner("lasso(alpha=0.1)").fit(data, data, 0, Budget())
    for part in predictor.model.parts:
        rows = data.sources[0].labels.rows(part.tasks[0])
        inputs = part.design.matrix(data.sources[0].take(rows), predictor.schemas["table"])
        one = predictor.predict(data)[part.tasks[0]]
        (columns,) = data.sources[0].labels.columns(part.tasks[0]).values()
        wanted = LassoRegressor(alpha=0.1, tol=1e-10).fit(inputs, standardised(columns))
        assert np.allclose(one.raw[rows, 0], wanted.predict(inputs), atol=1e-4)


def standardised(values):
    return (values - values.mean()) / values.std()


def test_settings_reach_the_estimators():
    data = tiny_dataset(["regression", "binary"])
    first, second = (
        resolve_learner("elastic_net(alpha=0.02, l1_ratio=0.3)")
        .fit(data, data, 0, Budget())
        .model.parts
    )
    assert isinstance(first.estimators[0], ElasticNetRegressor)
    assert first.estimators[0].alpha == 0.02
    assert pytest.approx(1 / 20) == second.estimators[0].C
    assert second.estimators[0].l1_ratio == 0.3
    trees = resolve_learner("extra_trees(trees=3, columns=0.5)").fit(data, data, 0, Budget())
    forest = trees.model.parts[0].estimators[0]
    assert isinstance(forest, ExtraTreesRegressor)
    assert (forest.n_estimators, forest.max_features) == (3, 0.5)


@pytest.mark.parametrize(
    ("counts", "folds", "remark"),
    [
        ((30, 20), 5, ""),
        ((30, 17, 3), 3, "3 folds in place of 5"),
        ((30, 20, 1), 5, "single training row are left out"),
        ((30, 1), None, "only one class among the training rows"),
        ((1, 1), None, "only one class among the training rows"),
    ],
)
def test_folds_of_calibration_hold_every_class(counts, folds, remark):
    data = rare(counts)
    predictor = resolve_learner("svm").fit(data, data, 0, Budget())
    (estimator,) = predictor.model.parts[0].estimators
    assert remark in predictor.history.stopped
    assert (predictor.history.stopped == "") == (remark == "")
    if folds is not None:
        assert estimator.cv == folds
    response = predictor.predict(data)["y"].response
    assert response.shape == (sum(counts), len(counts))
    assert np.allclose(response.sum(axis=1), 1)


def test_support_vectors_and_sigmoids_are_counted():
    y = (X[:, 0] > 0).astype(int)
    fitted = CalibratedClassifierCV(SVC(), cv=2, ensemble=False).fit(X, y)
    inner = fitted.calibrated_classifiers_[0].estimator
    assert n_learned(fitted) == n_learned(inner) + 2
    assert n_learned(inner) > inner.support_vectors_.size


def test_a_few_of_them_in_one_comparison():
    data = tiny_dataset(["regression", "binary"], n_rows=90)
    names = ["svm", "extra_trees(trees=5)", "elastic_net"]
    result = polytask.compare(data, names, seeds=1, budget=Budget(trials=1))
    assert {*names} < {row.name for row in result.learners}
