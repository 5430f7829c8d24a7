"""Properties of every public learner."""

import inspect
import json
from functools import cache

import numpy as np
import pytest
from learner_tables import MIXED_TASKS, halves, long_data, mixed_data
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import Ridge as RidgeRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import polytask.learners
from polytask._recipes import from_json, to_json
from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.learners import (
    SVM,
    Constant,
    ElasticNet,
    Ensemble,
    ExtraTrees,
    GradientBoosting,
    JointEstimator,
    Lasso,
    Learner,
    LightGBM,
    Linear,
    LogisticRegression,
    PerTaskEstimator,
    PooledEstimator,
    PooledLinear,
    RandomForest,
    Ridge,
    StackedTargets,
    TargetChain,
)
from polytask.linear_model import L21Classifier, L21Regressor
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor, Predictions, load
from polytask.testing import check_parameters_reject_bad_values, check_recipe_round_trip
from polytask.training import Trainer

BUDGET = Budget(steps=150)
NUMBERS = MIXED_TASKS[:2]
FOREST = (RandomForestRegressor(5), RandomForestClassifier(5))

LEARNERS = {
    "constant": Constant(),
    "linear": Linear(),
    "gradient_boosting": GradientBoosting(max_iter=20, min_samples_leaf=3),
    **({"lightgbm": LightGBM(max_iter=20, min_samples_leaf=3)} if LightGBM.is_installed() else {}),
    "ridge": Ridge(),
    "logistic": LogisticRegression(),
    "lasso": Lasso(alpha=0.001),
    "elastic_net": ElasticNet(alpha=0.001),
    "svm": SVM(),
    "random_forest": RandomForest(trees=5),
    "extra_trees": ExtraTrees(trees=5),
    "pooled_linear": PooledLinear(),
    "pooled_linear_with_task": PooledLinear(task_as_input=True),
    "forest_a_task": PerTaskEstimator(FOREST, categorical="codes"),
    "pipeline": PerTaskEstimator(make_pipeline(StandardScaler(), RidgeRegressor())),
    "pooled_forest": PooledEstimator(FOREST, categorical="codes", task_as_input=True),
    "joint": JointEstimator((L21Regressor(), L21Classifier())),
    "stacked_targets": StackedTargets(folds=2),
    "target_chain": TargetChain(folds=2),
    "ensemble": Ensemble(
        MultiTaskNetwork(HardSharing(MLP((16,))), Trainer(learning_rate=0.01)), members=2
    ),
    "single_task": MultiTaskNetwork(SingleTask(MLP((16,)))),
    "hard_sharing": MultiTaskNetwork(HardSharing(MLP((16,)))),
}
TABLES = {
    "mixed": mixed_data(),
    "numbers": mixed_data(NUMBERS),
    "long": long_data(),
    "long_classes": long_data("passed"),
}
UNSERVED = {  # what a learner says no to, in `serves` or, where only the table shows it, in fit
    *(("ridge", table) for table in ("mixed", "long_classes")),
    *(("logistic", table) for table in ("mixed", "numbers", "long")),
    ("joint", "mixed"),
    ("pooled_linear", "mixed"),
    ("pooled_linear_with_task", "mixed"),
    ("pooled_forest", "mixed"),
    ("pipeline", "mixed"),
    ("pipeline", "long_classes"),
}
PAIRS = [(one, table) for one in LEARNERS for table in TABLES if (one, table) not in UNSERVED]


@cache
def fitted(learner: str, table: str) -> FittedPredictor:
    return fit(learner, table)


def fit(learner: str, table: str) -> FittedPredictor:
    train, validation = halves(TABLES[table])
    return LEARNERS[learner].fit(train, validation, 3, BUDGET)


def test_every_public_learner_is_here():
    tested = {type(learner).__name__ for learner in LEARNERS.values()}
    public = {
        name
        for name in polytask.learners.__all__
        if inspect.isclass(thing := getattr(polytask.learners, name))
        and issubclass(thing, Learner)
        and not inspect.isabstract(thing)
    }
    assert public - tested == ({"LightGBM"} if not LightGBM.is_installed() else set())


@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS)
class TestRecipe:
    def test_extends_the_base_class(self, learner):
        assert isinstance(learner, Learner)
        assert isinstance(learner.name, str)
        assert isinstance(learner.joint, bool)
        assert learner.reference is isinstance(learner, Constant)
        network = isinstance(learner, MultiTaskNetwork)
        assert (learner.resumes, learner.has_own_budget) == (network, network)

    def test_goes_through_json(self, learner):
        check_recipe_round_trip(learner)
        again = from_json(json.loads(json.dumps(to_json(learner))))
        assert again.name == learner.name

    def test_its_space_starts_with_its_settings(self, learner):
        for name, declared in learner.search_space().items():
            first, *others = declared.grid()
            assert to_json(learner.configured({name: first})) == to_json(learner)
            for value in others:
                other = learner.configured({name: value})
                assert to_json(other) != to_json(learner)
                assert other.name == learner.name

    def test_refuses_an_unknown_setting(self, learner):
        with pytest.raises(ParameterError):
            learner.configured({"no_such_setting": 1})


@pytest.mark.parametrize("recipe", [Constant, Linear, PooledLinear, GradientBoosting])
def test_bad_settings_are_refused(recipe, unchecked_types):
    check_parameters_reject_bad_values(recipe)


@pytest.mark.parametrize("recipe", [PerTaskEstimator, PooledEstimator])
def test_objects_that_are_no_estimator_are_refused(recipe, unchecked_types):
    check_parameters_reject_bad_values(recipe, estimator=RidgeRegressor())


@pytest.mark.parametrize(("learner", "table"), PAIRS)
class TestFit:
    def test_serves_and_predicts_every_task(self, learner, table):
        data = TABLES[table]
        assert LEARNERS[learner].serves(data.tasks)
        predictor = fitted(learner, table)
        assert predictor.name == LEARNERS[learner].name
        assert predictor.n_parameters > 0
        predictions = predictor.predict(data)
        assert list(predictions) == list(data.tasks.names)
        for task in data.tasks:
            check_shapes(data, predictions, task.name)

    def test_learns_something(self, learner, table):
        if learner == "constant":
            return  # of inputs it learns nothing
        data = TABLES[table]
        task = data.tasks[0]
        one = fitted(learner, table).predict(data)[task.name]
        source = data.sources[0]
        rows = source.labels.rows(task.name)
        truth = task.known_kind.truth(list(source.labels.columns(task.name).values()), one.target)
        position = {row: index for index, row in enumerate(one.row_ids)}
        response = one.response[[position[row] for row in source.row_ids[rows]]]
        assert np.corrcoef(response, truth)[0, 1] > 0.2

    def test_is_the_same_after_saving(self, learner, table, tmp_path):
        predictor = fitted(learner, table)
        predictor.save(tmp_path / "model")
        again = load(tmp_path / "model")
        assert again.name == predictor.name
        assert again.tasks == predictor.tasks
        assert again.schemas == predictor.schemas
        assert again.n_parameters == predictor.n_parameters
        assert again.history.to_dict() == predictor.history.to_dict()
        assert_equal(again.predict(TABLES[table]), predictor.predict(TABLES[table]))


@pytest.mark.parametrize("learner", ["pooled_linear_with_task", "pooled_forest", "pipeline"])
def test_the_seed_decides(learner):  # others are held to it by the common checks
    again = fit(learner, "numbers").predict(TABLES["numbers"])
    assert_equal(fitted(learner, "numbers").predict(TABLES["numbers"]), again)


def check_shapes(data: MultiTaskDataset, predictions: Predictions, task: str) -> None:
    one, source = predictions[task], data.sources[0]
    n_rows = len(source.rows_of(task))
    assert one.raw.shape == (n_rows, *one.kind.score_shape(one.target))
    assert one.raw.dtype == np.float32
    assert np.isfinite(one.raw).all()
    assert len(one.response) == len(one.decision) == n_rows
    np.testing.assert_array_equal(one.row_ids, source.row_ids[source.rows_of(task)])
    if one.target.classes:
        assert one.response.min() >= 0
        assert one.response.max() <= 1
    else:
        center, scale = (np.array(one.target.learned[name]) for name in ("center", "scale"))
        low, high = center - 5 * scale, center + 5 * scale
        assert (one.response > low).all()
        assert (one.response < high).all()


def assert_equal(first: Predictions, second: Predictions) -> None:
    for task in first:
        np.testing.assert_array_equal(first[task].raw, second[task].raw)
        np.testing.assert_array_equal(first[task].response, second[task].response)
        np.testing.assert_array_equal(first[task].row_ids, second[task].row_ids)
