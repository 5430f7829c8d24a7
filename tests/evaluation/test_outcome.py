import numpy as np
import pytest
from fakes_evaluation import Apart, table
from sklearn.metrics import root_mean_squared_error

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, RandomSplit
from polytask.evaluation.running._outcome import measure, outcomes, read_outcomes, write_outcomes
from polytask.exceptions import StudyError


def fitted(data):
    (split,) = RandomSplit().splits(data, 0)
    train, validation, test = split.apply(data)
    return Apart().fit(train, validation, 0, Budget()), split, test


def test_truth_and_response_stand_side_by_side():
    data = table()
    predictor, split, test = fitted(data)
    found = outcomes(predictor, test, split.test, data.tasks.names)["y0"]
    answers = predictor.predict(test)["y0"].response
    np.testing.assert_array_equal(found.response, answers)
    np.testing.assert_array_equal(found.rows, split.test[data.sources[0].name])
    expected = root_mean_squared_error(found.truth, answers)
    assert measure(data.tasks, ["y0"], {"y0": found})["y0"]["rmse"].value == pytest.approx(expected)


def test_rows_without_a_label_are_left_out():
    generator = np.random.default_rng(0)
    X, Y = generator.normal(size=(100, 3)), generator.normal(size=(100, 2))
    Y[::3, 0] = np.nan
    data = MultiTaskDataset.from_arrays(X, Y)
    predictor, split, test = fitted(data)
    found = outcomes(predictor, test, split.test, data.tasks.names)
    assert not np.isnan(found["y0"].truth).any()
    assert (found["y0"].rows % 3 != 0).all()
    assert len(found["y1"].rows) == test.n_rows
    np.testing.assert_allclose(found["y0"].truth, Y[found["y0"].rows, 0])


def test_rows_of_their_own():
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(120, 3)), generator.normal(size=120)
    index = generator.integers(3, size=120)
    data = MultiTaskDataset.from_arrays(X, y[:, None], task_index=index)
    predictor, split, test = fitted(data)
    found = outcomes(predictor, test, split.test, data.tasks.names)
    for position, name in enumerate(data.tasks.names):
        rows = found[name].rows
        assert (index[rows] == position).all()
        np.testing.assert_allclose(found[name].truth, y[rows])
        expected = predictor.predict(test)[name].response
        np.testing.assert_allclose(found[name].response, expected)


def test_several_sources_are_numbered_one_after_another():
    generator = np.random.default_rng(0)
    tables = {
        "a": (generator.normal(size=(60, 3)), generator.normal(size=60)),
        "b": (generator.normal(size=(50, 2)), generator.normal(size=50)),
    }
    data = MultiTaskDataset.from_per_task(tables)
    assert len(data.sources) == 2
    predictor, split, test = fitted(data)
    rows = {"a": split.test[data.sources[0].name], "b": 60 + split.test[data.sources[1].name]}
    named = dict(zip((s.name for s in data.sources), rows.values(), strict=True))
    found = outcomes(predictor, test, named, data.tasks.names)
    np.testing.assert_array_equal(found["b"].rows, rows["b"])
    np.testing.assert_allclose(found["b"].truth, tables["b"][1][rows["b"] - 60])


def test_no_rows_are_undefined():
    data = table()
    found = measure(data.tasks, ["y1"], {})
    assert set(found) == {"y1"}
    assert all(record.undefined == "no rows" for record in found["y1"].values())


def test_written_and_read(tmp_path):
    data = table()
    predictor, split, test = fitted(data)
    found = outcomes(predictor, test, split.test, data.tasks.names)
    write_outcomes(tmp_path / "test.safetensors", found)
    back = read_outcomes(tmp_path / "test.safetensors")
    assert list(back) == list(found)
    for name, outcome in found.items():
        assert back[name].target == outcome.target
        for field in ("truth", "response", "rows", "weight"):
            np.testing.assert_array_equal(getattr(back[name], field), getattr(outcome, field))


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "test.safetensors"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(StudyError, match=r"test.safetensors cannot be read. Remove"):
        read_outcomes(path)
