"""Tables to predict: frames, own rows and several sources."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from learner_tables import (
    INPUTS,
    MIXED_TASKS,
    halves,
    long_data,
    long_table,
    mixed_data,
    mixed_table,
)

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import DataError, PolytaskError
from polytask.learners import Linear
from polytask.predictor import FittedPredictor, Predictions, _sources_to_predict
from polytask.tasks import Task


def linear(data: MultiTaskDataset) -> FittedPredictor:
    return Linear().fit(*halves(data), 0, Budget())


MIXED = linear(mixed_data())
OWN_ROWS = linear(long_data())


def two_sources() -> MultiTaskDataset:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 2)), rng.normal(size=(30, 3))
    return MultiTaskDataset.from_per_task(
        {"a": (a, a[:, 0] + 5), "b": (b, 1e4 * b[:, 2] + rng.normal(size=30))}
    )


SEVERAL = linear(two_sources())


def assert_equal(first: Predictions, second: Predictions) -> None:
    assert list(first) == list(second)
    for task in first:
        np.testing.assert_array_equal(first[task].response, second[task].response)
        np.testing.assert_array_equal(first[task].row_ids, second[task].row_ids)


class TestFrames:
    table = mixed_table()
    expected = MIXED.predict(mixed_table())

    @pytest.mark.parametrize(
        "convert",
        [
            lambda frame: frame.select(INPUTS),
            lambda frame: frame.with_columns(note=pl.lit("x")),
            lambda frame: frame.select(reversed(frame.columns)),
            lambda frame: frame.lazy(),
            lambda frame: frame.to_dict(as_series=False),
            lambda frame: frame.to_pandas(),
            lambda frame: frame.to_arrow(),
            lambda frame: mixed_data(),
            lambda frame: {"table": frame},
            lambda frame: {"table": mixed_data().sources[0]},
        ],
        ids=[
            "inputs",
            "extra",
            "order",
            "lazy",
            "mapping",
            "pandas",
            "arrow",
            "data",
            "source",
            "s",
        ],
    )
    def test_the_same_from_any_of_them(self, convert):
        assert_equal(MIXED.predict(convert(self.table)), self.expected)

    def test_row_ids_are_positions(self):
        predictions = MIXED.predict(self.table[50:60])
        np.testing.assert_array_equal(predictions["rich"].row_ids, np.arange(10))
        np.testing.assert_allclose(
            predictions["rich"].response, self.expected["rich"].response[50:60], rtol=1e-6
        )

    def test_a_data_set_keeps_its_row_ids(self):
        part = mixed_data().take({"table": np.array([7, 3, 11])})
        np.testing.assert_array_equal(MIXED.predict(part)["price"].row_ids, [7, 3, 11])

    def test_nothing_is_modified(self):
        frame = self.table.to_pandas()
        before = frame.copy(deep=True)
        MIXED.predict(frame)
        pd.testing.assert_frame_equal(frame, before)

    def test_one_row(self):
        assert MIXED.predict(self.table[:1])["size"].response.shape == (1, 2)

    def test_unseen_categories_and_missing_inputs(self):
        frame = self.table[:3].with_columns(
            colour=pl.Series(["violet", None, "red"]), y=pl.Series([None, None, 1.0])
        )
        for prediction in MIXED.predict(frame).values():
            assert np.isfinite(prediction.response).all()

    def test_pieces_make_the_whole(self, monkeypatch):
        monkeypatch.setattr(_sources_to_predict, "_MOST_ROWS", 7)
        pieces = MIXED.predict(self.table)
        for task in pieces:
            np.testing.assert_array_equal(pieces[task].row_ids, self.expected[task].row_ids)
            np.testing.assert_allclose(
                pieces[task].raw, self.expected[task].raw, rtol=1e-4, atol=1e-6
            )

    def test_no_rows(self):
        with pytest.raises(DataError, match="no rows to predict"):
            MIXED.predict(self.table[:0])

    def test_an_absent_input(self):
        renamed = self.table.rename({"colour": "color"})
        with pytest.raises(DataError, match=r"'colour'.*Did you mean 'color'"):
            MIXED.predict(renamed)

    def test_an_input_of_another_type(self):
        with pytest.raises(DataError, match="'x'"):
            MIXED.predict(self.table.with_columns(x=pl.lit("many")))

    def test_something_that_is_no_table(self, unchecked_types):
        with pytest.raises(PolytaskError, match="must be"):
            MIXED.predict(3)


class TestOwnRows:
    table = long_table()

    def test_the_task_column_is_needed(self):
        with pytest.raises(DataError, match="'school'"):
            OWN_ROWS.predict(self.table.drop("school"))

    def test_each_task_gets_its_rows(self):
        predictions = OWN_ROWS.predict(self.table)
        for task in predictions:
            rows = np.flatnonzero((self.table["school"] == task).to_numpy())
            np.testing.assert_array_equal(predictions[task].row_ids, rows)

    def test_some_tasks_may_have_no_rows(self):
        only = self.table.filter(pl.col("school") == "school 2")
        predictions = OWN_ROWS.predict(only)
        assert len(predictions["school 2"].response) == only.height
        assert len(predictions["school 0"].response) == 0

    def test_unknown_tasks_are_named(self):
        more = self.table.with_columns(school=pl.lit("Eton"))
        with pytest.raises(DataError, match="'Eton'"):
            OWN_ROWS.predict(more)

    def test_a_data_set_with_other_tasks(self):
        frame = self.table.with_columns(school=pl.col("school").replace("school 2", "a school"))
        other = MultiTaskDataset.from_long(frame, "score", "school", drop=["passed"])
        with pytest.raises(DataError, match="'a school'"):
            OWN_ROWS.predict(other)

    def test_a_data_set_with_fewer_tasks_in_another_order(self):
        frame = self.table.filter(pl.col("school").is_in(["school 1", "school 3"]))
        part = MultiTaskDataset.from_long(frame, "score", "school", drop=["passed"])
        assert_equal(OWN_ROWS.predict(part), OWN_ROWS.predict(frame))

    def test_a_data_set_whose_task_column_is_an_input(self):
        data = MultiTaskDataset.from_table(self.table, [Task("score", "regression")])
        assert_equal(OWN_ROWS.predict(data), OWN_ROWS.predict(self.table))


class TestSeveralSources:
    data = two_sources()

    def test_each_has_its_own_table(self):
        assert len(SEVERAL.schemas) == 2
        predictions = SEVERAL.predict(self.data)
        assert predictions["a"].response.shape == (40,)
        assert predictions["b"].response.shape == (30,)
        tables = {source.name: source.inputs for source in self.data.sources}
        assert_equal(SEVERAL.predict(tables), predictions)

    def test_rows_of_a_task_in_two_sources_are_told_apart(self):
        source = self.data.source("a")
        twin = replace(source, name="twin")
        data = MultiTaskDataset((source, twin), source.tasks)
        answer = linear(data).predict(data.take({"a": np.arange(2), "twin": np.arange(1, 4)}))["a"]
        assert answer.row_ids.tolist() == [0, 1, 1, 2, 3]
        assert answer.source.tolist() == ["a", "a", "twin", "twin", "twin"]

    def test_asking_for_a_task_that_is_not_there(self):
        predictions = SEVERAL.predict(self.data)
        assert "a" in predictions
        assert "zz" not in predictions
        assert predictions.get("zz") is None

    def test_some_may_be_left_out(self):
        predictions = SEVERAL.predict({"b": self.data.source("b").inputs})
        assert list(predictions) == ["b"]

    def test_a_source_without_rows_gives_none(self):
        predictions = SEVERAL.predict(self.data.take({"a": np.arange(5)}))
        assert predictions["a"].response.shape == (5,)
        assert predictions["b"].response.shape == (0,)

    def test_no_rows_at_all(self):
        with pytest.raises(DataError, match="no rows to predict"):
            SEVERAL.predict(self.data.take({}))

    def test_one_table_is_not_enough(self):
        with pytest.raises(
            DataError, match=r"several sources, 'a', 'b'.*mapping of source to table"
        ):
            SEVERAL.predict(self.data.source("b").inputs)

    def test_an_unknown_source(self):
        with pytest.raises(DataError, match="no source named 'c'"):
            SEVERAL.predict({"c": self.data.source("b").inputs})


def test_predictions_are_a_mapping_by_task():
    predictions = MIXED.predict(mixed_table())
    assert len(predictions) == len(MIXED_TASKS)
    with pytest.raises(PolytaskError, match="Did you mean 'price'"):
        predictions["prices"]


def test_decisions_are_in_the_users_labels():
    predictions = MIXED.predict(mixed_table())
    assert set(predictions["rich"].decision) <= {"yes", "no"}
    assert set(predictions["grade"].decision) <= {3, 4, 5}


def test_a_column_may_be_called_as_the_source_is():
    table = {"table": [float(row) for row in range(20)], "y": [2.0 * row for row in range(20)]}
    predictor = linear(MultiTaskDataset.from_table(table, [Task("y", "regression")]))
    assert predictor.predict({"table": table["table"][:3]})["y"].response.shape == (3,)


def test_models_and_predictions_show_themselves_in_one_line():
    model = linear(mixed_data())
    names = "price, size, rich, grade, tags"
    assert repr(model) == (
        f"FittedPredictor('linear', tasks: {names}; {model.n_parameters:,} parameters)"
    )
    predictions = model.predict(mixed_table())
    rows = len(mixed_table())
    assert repr(predictions) == f"Predictions(5 tasks × {rows} rows: {names})"
    answer = next(iter(predictions.values()))
    assert f": raw {answer.raw.shape}, response {answer.response.shape}; " in repr(answer)
    assert len(repr(answer)) < 80


@pytest.mark.parametrize("repeats", [1, 2])
def test_predictions_name_new_categories(repeats):
    table = {"zip": ["01", "02"] * 10, "y": [0.0, 1.5] * 10}
    data = MultiTaskDataset.from_table(table, [Task("y", "regression")])
    predictions = linear(data).predict({"zip": ["01", "7"] * repeats})
    cells = "1 cell" if repeats == 1 else f"{repeats} cells"
    note = f"zip: '7' ({cells}) was not seen in fitting and counts as unknown"
    assert predictions.notes == (note,)
    assert repr(predictions) == f"Predictions(1 task × {2 * repeats} rows: y; 1 note)"
    assert linear(data).predict(data).notes == ()
