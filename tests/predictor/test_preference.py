"""Predictions at a preference between the tasks."""

import numpy as np
import pytest
from forgery import files_of, resealed

import polytask
from polytask import TaskSet
from polytask.architectures import COSMOS, HardSharing, ParetoHyperNetwork
from polytask.bookkeeping import Budget
from polytask.encoders import MLP
from polytask.exceptions import BundleError, ParameterError, UnknownNameError
from polytask.predictor._preference import normalised_preference
from polytask.testing import tiny_dataset

DATA = tiny_dataset(["regression", "binary"])
TABLES = tiny_dataset(["regression", "regression"], own_tables=True)
TASKS = TaskSet(["income", "married", "age"])


def fitted(recipe, data=DATA):
    return polytask.fit(data, recipe, budget=Budget(steps=3))


PREDICTORS = [
    pytest.param(fitted(recipe), id=recipe.name)
    for recipe in (COSMOS(MLP((5,))), ParetoHyperNetwork(MLP((5,)), hidden=8))
]


def responses(predictor, data=DATA, **options):
    predictions = predictor.predict(data, **options)
    return np.concatenate([predictions[task].raw.ravel() for task in predictions])


@pytest.mark.parametrize("predictor", PREDICTORS)
def test_preferences_are_normalised_and_equal_by_default(predictor):
    seventy = responses(predictor, preference={"task0": 0.7, "task1": 0.3})
    sevenths = responses(predictor, preference={"task1": 3, "task0": np.int64(7)})
    np.testing.assert_array_equal(seventy, sevenths)
    plain = responses(predictor)
    np.testing.assert_array_equal(responses(predictor, preference={"task0": 2, "task1": 2}), plain)
    assert not np.array_equal(seventy, plain)
    np.testing.assert_array_equal(responses(predictor), plain)


@pytest.mark.parametrize("predictor", PREDICTORS)
def test_a_saved_model_takes_any_preference(predictor, tmp_path):
    predictor.save(tmp_path / "model")
    loaded = polytask.load(tmp_path / "model")
    for preference in (None, {"task0": 1, "task1": 0}, {"task0": 0.1, "task1": 0.9}):
        np.testing.assert_array_equal(
            responses(loaded, preference=preference), responses(predictor, preference=preference)
        )


@pytest.mark.parametrize("predictor", PREDICTORS)
def test_a_forged_manifest_cannot_take_the_preference_away(predictor, tmp_path):
    predictor.save(tmp_path / "model")
    files = files_of(tmp_path / "model")
    forged = resealed(files, tmp_path / "forged", takes_preference=False)
    with pytest.raises(BundleError, match="do not agree on whether it takes a preference"):
        polytask.load(forged)


def test_rows_of_many_chunks_and_of_several_tables_have_one_preference():
    predictor = fitted(COSMOS(MLP((5,))), TABLES)
    preference = dict.fromkeys(predictor.tasks.names, 0.0) | {"task0": 1.0}
    together = responses(predictor, TABLES, preference=preference)
    apart = [
        responses(predictor, {source.name: source}, preference=preference)
        for source in TABLES.sources
    ]
    np.testing.assert_allclose(np.concatenate(apart), together, rtol=1e-6)
    assert not np.allclose(responses(predictor, TABLES), together)


def test_some_tasks_are_predicted_at_a_preference_between_all():
    preference = {"task0": 0.9, "task1": 0.1}
    predictor = PREDICTORS[0].values[0]
    alone = predictor.predict(DATA, tasks=["task1"], preference=preference)
    assert list(alone) == ["task1"]
    every = predictor.predict(DATA, preference=preference)
    np.testing.assert_array_equal(alone["task1"].raw, every["task1"].raw)


BAD = {
    "negative": ({"income": -1, "married": 1, "age": 1}, r"Got -1 for 'income' instead"),
    "NaN": ({"income": np.nan, "married": 1, "age": 1}, r"at least 0. Got nan for 'income'"),
    "infinite": ({"income": np.inf, "married": 1, "age": 1}, r"Got inf for 'income'"),
    "text": ({"income": "0.5", "married": 1, "age": 1}, r"Got '0.5' for 'income'"),
    "zero": (
        dict.fromkeys(TASKS.names, 0.0),
        r"must give a number above 0 to one task at least. Got 0 for all instead",
    ),
    "missing": ({"income": 1}, r"every task of the model a number. Got none for married, age .*0"),
    "no mapping": ((0.7, 0.3), r"must be a mapping of task to number. Got \(0.7, 0.3\) instead"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_preferences_are_named(name):
    preference, sentence = BAD[name]
    with pytest.raises(ParameterError, match=f"^The `preference` parameter .*{sentence}"):
        normalised_preference(preference, TASKS)


def test_an_unknown_task_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no task named 'incme'.*'income'"):
        normalised_preference({"incme": 1.0}, TASKS)
    with pytest.raises(UnknownNameError, match="no task named 'task2'"):
        PREDICTORS[0].values[0].predict(DATA, preference={"task2": 1.0})


def test_extreme_numbers_are_normalised():
    shares = normalised_preference({"income": 1e308, "married": 1e308, "age": 5e-324}, TASKS)
    np.testing.assert_array_equal(shares, np.float32([0.5, 0.5, 0.0]))


@pytest.mark.parametrize("learner", [HardSharing(MLP((5,))), "linear"])
def test_models_without_preferences_say_which_have_them(learner):
    sentence = (
        r"The model takes no preference: .* Leave out `preference`, or fit a model that takes one: "
        r"cosmos and pareto_hyper_network\."
    )
    predictor = fitted(learner)
    for preference in ({"task0": 1, "task1": 1}, {"task0": 1}, {"task2": -1}):
        with pytest.raises(ParameterError, match=sentence):
            predictor.predict(DATA, preference=preference)
