import numpy as np
import pytest
from sklearn.linear_model import Ridge

import polytask
from polytask.bookkeeping import Budget
from polytask.data import GroupSplit, RandomSplit
from polytask.exceptions import DataError, ParameterError, UnknownNameError
from polytask.learners import GradientBoosting, Linear, PooledEstimator, fit
from polytask.testing import tiny_dataset

DATA = tiny_dataset(["regression", "binary"])


def test_polytask_fit_is_this_function():
    assert polytask.fit is fit


@pytest.mark.parametrize("learner", ["hard_sharing", "linear", GradientBoosting()])
def test_a_name_or_a_recipe(learner):
    predictor = fit(DATA, learner, budget=Budget(steps=5))
    found = predictor.predict(DATA)
    assert found.tasks.names == DATA.tasks.names
    assert np.isfinite(found["task0"].response).all()


def test_validation_rows_are_split_off_or_given():
    train, validation, _ = RandomSplit(test=0.0).splits(DATA, 3)[0].apply(DATA)
    given = fit(train, "linear", validation=validation, seed=3).predict(DATA)
    drawn = fit(DATA, "linear", seed=3).predict(DATA)
    np.testing.assert_array_equal(given["task0"].response, drawn["task0"].response)


def test_test_rows_are_not_used():
    split = RandomSplit(test=0.5)
    train, validation, _ = split.splits(DATA, 0)[0].apply(DATA)
    expected = Linear().fit(train, validation, 0, Budget()).predict(DATA)
    found = fit(DATA, Linear(), split=split).predict(DATA)
    np.testing.assert_array_equal(found["task1"].response, expected["task1"].response)


def test_the_split_column_is_no_input():
    predictor = fit(DATA, "linear", split=GroupSplit("colour", test=0.0))
    (schema,) = predictor.schemas.values()
    assert "colour" not in {column.name for column in schema.columns}


def test_unknown_names():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'hard_sharing'"):
        fit(DATA, "hard_sharin")


def test_a_learner_that_cannot_learn_these_tasks():
    from sklearn.linear_model import Ridge

    with pytest.raises(
        ParameterError, match=r"'pooled_ridge' cannot learn these tasks: task1 \(binary\)"
    ):
        fit(DATA, PooledEstimator(Ridge()))


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (({"x": [1]},), "The `data` parameter of fit must be a MultiTaskDataset"),
        ((DATA, 3), "The `learner` parameter of fit must be a learner or the name of one"),
        ((DATA, Ridge), r"Make an object of it: Ridge\(\)"),
        ((DATA, Ridge()), r"'ridge' cannot learn these tasks: task1 \(binary\)\. Numbers take a"),
    ],
)
def test_invalid_data_and_learners(arguments, sentence):
    with pytest.raises(ParameterError, match=sentence):
        fit(*arguments)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("name", "value"),
    [("seed", -1), ("seed", 0.5), ("budget", 10), ("split", 5), ("validation", 0.2)],
)
def test_invalid_settings(name, value):
    with pytest.raises(ParameterError, match=f"The `{name}` parameter of fit must be"):
        fit(DATA, "linear", **{name: value})


def test_validation_and_split():
    with pytest.raises(ParameterError, match="either `validation` or `split`"):
        fit(DATA, "linear", validation=DATA, split=RandomSplit())


def test_too_few_rows():
    with pytest.raises(DataError, match="too few to split"):
        fit(tiny_dataset(["regression"], n_rows=1, missing=0.0), "linear")


def test_a_column_that_names_the_parts_is_obeyed_as_on_the_command_line():
    parts = ["train"] * 40 + ["test"] * 20
    table = {"x": range(60), "part": parts, "y": [2.0 * row for row in range(60)]}
    data = polytask.read(table, "y:regression")
    with pytest.warns(UserWarning, match="the table's own column 'part' for train and test rows"):
        model = fit(data, "linear")
    assert [column.name for column in model.schemas["table"].columns] == ["x"]
    drawn = fit(data, "linear", split="random").schemas["table"]
    assert [column.name for column in drawn.columns] == ["x", "part"]
