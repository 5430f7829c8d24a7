"""LightGBM as a learner: stopped on validation rows, categories, threads, and where it is absent."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from learner_tables import MIXED_TASKS, halves, mixed_data

import polytask
from polytask import Task
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import MissingDependencyError, ParameterError
from polytask.learners import LightGBM, PerTaskEstimator, default_learners, resolve_learner
from polytask.tasks import TaskSet
from polytask.testing import check_learner, check_parameters_reject_bad_values, check_search_ranges

needs_lightgbm = pytest.mark.skipif(not LightGBM.is_installed(), reason="needs polytask[trees]")


def table(n_rows=400, seed=0):
    """A sum of two numbers, a class of three by the colour alone, and a rare class."""
    generator = np.random.default_rng(seed)
    x, z = generator.normal(size=(2, n_rows))
    colour = generator.integers(0, 20, n_rows)
    frame = pl.DataFrame(
        {
            "x": x,
            "z": np.where(generator.random(n_rows) < 0.1, np.nan, z),
            "colour": [f"c{code}" for code in colour],
            "total": x + np.nan_to_num(z) + 0.1 * generator.normal(size=n_rows),
            "kind": [f"k{(code * 7) % 3}" for code in colour],
        }
    )
    return MultiTaskDataset.from_table(
        frame, [Task("total", "regression"), Task("kind", "multiclass")]
    )


@pytest.mark.parametrize("name", ["lightgbm", "LightGBM", "light_gbm"])
def test_it_has_a_name(name):
    assert resolve_learner(name) == LightGBM()
    assert LightGBM().name == "lightgbm"


def test_its_settings(unchecked_types):
    check_parameters_reject_bad_values(LightGBM)
    check_search_ranges(LightGBM)


@needs_lightgbm
def test_the_common_checks():
    check_learner(LightGBM(max_iter=20, min_samples_leaf=3))


@needs_lightgbm
def test_it_stops_by_validation_rows():
    train, validation = table(), table(seed=1)
    fitted = LightGBM(learning_rate=0.3).fit(train, validation, 0, Budget())
    rounds = fitted.history.best_epochs
    assert all(0 < rounds[name] < 300 for name in ("total", "kind"))
    model = fitted.model.parts[0].estimators[0]
    assert model.n_estimators == 1000
    assert model.best_iteration_ == rounds["total"]
    predictions = fitted.predict(validation)
    truth = validation.sources[0].labels.columns("total")["total"]
    assert np.corrcoef(predictions["total"].response, truth)[0, 1] > 0.9


@needs_lightgbm
def test_it_splits_on_categories_and_draws_few_threads_for_few_rows():
    train, validation = table(), table(seed=1)
    fitted = LightGBM(max_leaf_nodes=4).fit(train, validation, 0, Budget())
    model = fitted.model.parts[1].estimators[0]
    assert "num_cat=0" not in model.booster_.model_to_string().split("Tree=1")[0]
    assert model.n_jobs == 1


@needs_lightgbm
def test_few_validation_rows_end_it_after_a_hundred_rounds():
    train, validation = table(), table(n_rows=8, seed=1)
    fitted = LightGBM(learning_rate=0.01).fit(train, validation, 0, Budget())
    assert fitted.model.parts[0].estimators[0].n_estimators == 100
    assert "too few validation rows to stop by" in fitted.history.stopped


@needs_lightgbm
def test_a_class_that_only_validation_rows_have():
    frame = pl.DataFrame({"x": np.linspace(0, 1, 200), "y": ["a", "b"] * 100})
    other = frame.with_columns(y=pl.Series(["a", "b", "c", "b"] * 50))
    task = Task("y", "multiclass")
    train, validation = (MultiTaskDataset.from_table(part, [task]) for part in (frame, other))
    LightGBM(max_iter=10).fit(train, validation, 0, Budget()).predict(validation)


@needs_lightgbm
def test_an_estimator_of_the_users_own_stops_too():
    from lightgbm import LGBMClassifier, LGBMRegressor

    both = (LGBMRegressor(verbose=-1, n_estimators=400), LGBMClassifier(verbose=-1))
    learner = PerTaskEstimator(both, early_stopping=True)
    fitted = learner.fit(table(), table(seed=1), 0, Budget())
    assert fitted.history.best_epochs["total"] < 400


@pytest.mark.slow
def test_starting_does_not_import_it():
    code = (
        "import sys, polytask.cli._run_comparison, polytask.learners as learners\n"
        "from polytask.tasks import Task, TaskSet\n"
        "learners.default_learners(TaskSet([Task('a', 'binary')]))\n"
        "assert 'lightgbm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_where_it_is_absent(monkeypatch):
    monkeypatch.setattr(LightGBM, "is_installed", staticmethod(lambda: False))
    assert LightGBM() not in default_learners(TaskSet(MIXED_TASKS))
    assert LightGBM().serves(TaskSet(MIXED_TASKS))
    train, validation = halves(mixed_data())
    sentence = r"lightgbm needs LightGBM, which is not installed. Install it: pip install 'polytask\[trees\]"
    with pytest.raises(ParameterError, match=sentence):
        polytask.fit(train, LightGBM(), validation=validation)
    with pytest.raises(MissingDependencyError, match=sentence):
        LightGBM().fit(train, validation, 0, Budget())
