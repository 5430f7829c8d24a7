"""Fitted models of a user's own, saved and loaded by the path of their class."""

import json

import numpy as np
import pytest
from forgery import files_of, resealed
from users_model import Levels

from polytask.data import MultiTaskDataset, fit_schemas
from polytask.exceptions import BundleError, UntrustedError
from polytask.predictor import CombinedModel, ConstantModel, FittedPredictor, load, models_beside
from polytask.testing import tiny_dataset


@pytest.fixture(scope="module")
def data() -> MultiTaskDataset:
    return tiny_dataset(["regression", "binary"])


def fitted(data, **arrays):
    schemas = fit_schemas(data)
    arrays = {"task0": np.array(0.5, np.float32), "task1": np.array(-1.0, np.float32), **arrays}
    model = Levels(data.tasks, schemas, arrays)
    return FittedPredictor(data.tasks, schemas, model, name="levels")


def test_saved_and_loaded_where_it_is_trusted(tmp_path, data):
    predictor = fitted(data)
    assert predictor.n_parameters == 2
    predictor.save(tmp_path / "model")
    with pytest.raises(UntrustedError, match=r"'users_model:Levels'.*trusted=\['users_model'\]"):
        load(tmp_path / "model")
    back = load(tmp_path / "model", trusted="users_model")
    assert isinstance(back.model, Levels)
    wanted, found = predictor.predict(data), back.predict(data)
    for task in data.tasks.names:
        np.testing.assert_array_equal(found[task].raw, wanted[task].raw)


def test_as_a_part_of_another_model(tmp_path, data):
    own = fitted(data)
    constant = ConstantModel({name: np.zeros(1, np.float32) for name in data.tasks.names})
    both = CombinedModel((constant, own.model), {"task0": 1, "task1": 0})
    FittedPredictor(own.tasks, own.schemas, both).save(tmp_path / "model")
    with pytest.raises(UntrustedError, match="users_model:Levels"):
        load(tmp_path / "model")
    raw = load(tmp_path / "model", trusted="users_model").predict(data)["task0"].raw
    assert (raw == np.float32(0.5)).all()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("users_model:NoModel", "which this polytask does not know"),
        ("polytask.predictor:Model", "which this polytask does not know"),
        ("polytask.predictor:ArraysModel", "which this polytask does not know"),
        ("polytask.predictor._model:Model", "no public class of this polytask"),
        ("users_model:Nothing", "cannot be imported"),
        ("os:system", "no dataclass of polytask's own"),
        (":", "no name of any"),
    ],
)
def test_names_that_are_no_model(tmp_path, data, name, words):
    fitted(data).save(tmp_path / "first")
    resealed(files_of(tmp_path / "first"), tmp_path / "model", model=name)
    with pytest.raises(BundleError, match=words):
        load(tmp_path / "model", trusted="users_model")


def test_arrays_that_are_none(tmp_path, data):
    with pytest.raises(BundleError, match="'task0', an array that is not of numbers"):
        fitted(data, task0=np.array(["a"])).save(tmp_path / "model")
    fitted(data, task0=np.array(np.nan, np.float32)).save(tmp_path / "other")
    with pytest.raises(BundleError, match="'task0' holds a number that is not finite"):
        load(tmp_path / "other", trusted="users_model")


def test_the_models_in_a_module():
    assert models_beside(["users_model:Anything"]) == ("users_model:Levels",)
    assert models_beside(["nowhere:Learner"]) == ()
    assert "polytask.predictor._constant_model:ConstantModel" in models_beside(
        ["polytask.predictor._constant_model:x"]
    )


def test_what_a_manifest_calls_models(tmp_path, data):
    fitted(data).save(tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / "bundle.json").read_text())
    assert manifest["model"] == "users_model:Levels"
