"""Every joint estimator of polytask's rooms is a learner by the name of its method."""

import numpy as np
import pytest
from sklearn.base import is_classifier

from polytask._naming import fold
from polytask.bookkeeping import Budget
from polytask.learners import JointEstimator, joint_methods, resolve_learner
from polytask.predictor import load
from polytask.tasks import TaskSet
from polytask.testing import check_learner, tiny_dataset

METHODS = joint_methods()
NUMBERS, CLASSES = ["regression"] * 3, ["binary", "multiclass", "binary", "multiclass"]
TABLES = {
    "numbers": tiny_dataset(NUMBERS, n_rows=50),
    "classes": tiny_dataset(CLASSES, n_rows=80, missing=0.1),
    "counts": tiny_dataset(["count"] * 3, n_rows=50),
    "labels": tiny_dataset(["multilabel", "binary"], n_rows=60),
    "rows": tiny_dataset(NUMBERS, own_rows=True, n_rows=60),
    "class_rows": tiny_dataset(["multiclass"] * 2, own_rows=True, n_rows=80),
}
SEARCHING = [name for name in METHODS if name.endswith("_cv")]  # slow, and the same when fitted
QUICK = {"numbers", "class_rows"}  # both forms of rows, and both kinds of estimators


def cases():
    for name in METHODS:
        for table in ("numbers",) if name in SEARCHING else TABLES:
            if resolve_learner(name).serves(TABLES[table].tasks):
                quick = table in QUICK and name not in SEARCHING
                yield pytest.param(name, table, marks=() if quick else pytest.mark.slow)


def test_there_are_some():
    assert "l21" in METHODS
    assert all(1 <= len(classes) <= 2 for classes in METHODS.values())
    for classes in METHODS.values():
        assert len({is_classifier(each()) for each in classes}) == len(classes)


@pytest.mark.parametrize("name", METHODS)
def test_its_name_means_it(name):
    learner = resolve_learner(name)
    assert isinstance(learner, JointEstimator)
    assert learner.name == name
    assert fold(name) == fold(resolve_learner(name.upper()).name)
    declared = any(cls.search_ranges for cls in METHODS[name])
    assert bool(learner.search_space()) is declared is (name not in (*SEARCHING, "empirical_bayes"))
    alone, own = learner.single_task(), "independent_ridge" if name == "empirical_bayes" else name
    assert (alone.name, alone.joint) == (f"per_task_{own}", False)


@pytest.mark.parametrize(
    "name",  # boosting by folds of so few rows ends with few trees, whatever their rate
    [name for name in METHODS if name not in (*SEARCHING, "multi_task_boosting")],
)
def test_the_first_setting_that_is_tried_of_tasks_alone_changes_what_they_answer(name):
    data = next(each for each in TABLES.values() if resolve_learner(name).serves(each.tasks))
    alone = resolve_learner(name, tasks=data.tasks).single_task()
    first = list(alone.search_space().items())[:1]
    tried = [{setting: declared.grid()[1]} for setting, declared in first]
    answers = [
        np.hstack([answer.raw.ravel() for answer in predicted.values()])
        for chosen in ({}, *tried)
        for predicted in [alone.configured(chosen).fit(data, data, 0, Budget()).predict(data)]
    ]
    assert not (tried and np.allclose(*answers, rtol=1e-3, atol=1e-4))


@pytest.mark.parametrize(("name", "table"), list(cases()))
def test_it_is_fitted_saved_and_loaded_without_trust(name, table, tmp_path):
    data = TABLES[table]
    learner = resolve_learner(name, tasks=data.tasks)
    predictor = learner.fit(data, data, 0, Budget())
    assert "stopped after" not in predictor.history.stopped
    predictor.save(tmp_path / "model")
    found, again = predictor.predict(data), load(tmp_path / "model").predict(data)
    for task in data.tasks.names:
        assert np.isfinite(found[task].raw).all()
        assert (found[task].raw == again[task].raw).all()


@pytest.mark.parametrize("name", METHODS)
def test_of_one_kind_of_tasks_only_what_learns_it_is_held(name):
    estimators = resolve_learner(name).estimator
    if isinstance(estimators, tuple):
        numbers = TaskSet(list(TABLES["numbers"].tasks))
        assert not is_classifier(resolve_learner(name, tasks=numbers).estimator)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in METHODS if name not in SEARCHING])
def test_it_passes_the_common_checks_of_learners(name):
    learner = resolve_learner(name)
    tables = [TABLES[form] for form in TABLES if form not in {"counts", "labels"}]
    check_learner(learner, [data for data in tables if learner.serves(data.tasks)])
