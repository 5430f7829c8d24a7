"""Users' model classes, saved and loaded by their path."""

import json
import sys

import numpy as np
import pytest
import safetensors.numpy
from forgery import files_of, resealed
from users_kinds import BivariateNormal
from users_model import Levels

from polytask.data import MultiTaskDataset, fit_schemas
from polytask.exceptions import BundleError, UntrustedError
from polytask.predictor import CombinedModel, ConstantModel, FittedPredictor, load, models_loaded
from polytask.tasks import Task
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
    ("name", "sentence"),
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
def test_names_that_refer_to_no_model(tmp_path, data, name, sentence):
    fitted(data).save(tmp_path / "first")
    resealed(files_of(tmp_path / "first"), tmp_path / "model", model=name)
    with pytest.raises(BundleError, match=sentence):
        load(tmp_path / "model", trusted="users_model")


def test_arrays_that_are_not_of_numbers(tmp_path, data):
    with pytest.raises(BundleError, match="'task0', an array that is not of numbers"):
        fitted(data, task0=np.array(["a"])).save(tmp_path / "model")
    broken = fitted(data, task0=np.array(np.nan, np.float32))
    with pytest.raises(BundleError, match="'task0', an array with a number that is not finite"):
        broken.save(tmp_path / "model")
    fitted(data).save(tmp_path / "first")
    files = files_of(tmp_path / "first")
    files["arrays.safetensors"] = safetensors.numpy.save(dict(broken.model.arrays))
    resealed(files, tmp_path / "other")
    with pytest.raises(BundleError, match="'task0' holds a number that is not finite"):
        load(tmp_path / "other", trusted="users_model")


def test_own_models_that_are_loaded():
    loaded = models_loaded(["elsewhere:Learner"])
    assert "users_model:Levels" in loaded
    assert not [name for name in loaded if name.startswith("polytask.")]
    assert models_loaded([]) == ()  # polytask's own learners make none but its own models


def test_all_code_that_is_not_trusted_is_named_at_once(tmp_path):
    tasks = [Task("task0", BivariateNormal(), target=("a", "b")), Task("task1", "binary")]
    table = {"x": [0.0, 1.0, 2.0], "a": [1.0, 2.0, 4.0], "b": [0.0, 0.0, 1.0], "task1": [0, 1, 1]}
    own = fitted(MultiTaskDataset.from_table(table, tasks))
    both = CombinedModel((own.model, own.model), {"task0": 1, "task1": 0})
    FittedPredictor(own.tasks, own.schemas, both).save(tmp_path / "model")
    wanted = r"'users_kinds:BivariateNormal' and 'users_model:Levels', which .*--trust users_kinds "
    with pytest.raises(UntrustedError, match=wanted + "--trust users_model on"):
        load(tmp_path / "model")


def test_names_of_models_in_a_manifest(tmp_path, data):
    fitted(data).save(tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / "bundle.json").read_text())
    assert manifest["model"] == "users_model:Levels"


@pytest.mark.parametrize("name", ["evil:f", "evil.inner:Model", "os:system", "evil"])
def test_forged_parts_of_a_combined_model_import_nothing(tmp_path, data, name, monkeypatch):
    (tmp_path / "evil.py").write_text("open('imported', 'w').close()\ndef f(): ...\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    own = fitted(data)
    both = CombinedModel((own.model, own.model), {"task0": 1, "task1": 0})
    FittedPredictor(own.tasks, own.schemas, both).save(tmp_path / "first")
    files = files_of(tmp_path / "first")
    plan = json.loads(files["combined.json"])
    assert plan["models"] == ["users_model:Levels"] * 2
    files["combined.json"] = json.dumps({**plan, "models": [name, name]}).encode()
    resealed(files, tmp_path / "model")
    for trusted in ((), ("users_model",)):
        with pytest.raises(BundleError, match=name):
            load(tmp_path / "model", trusted)
    assert not (tmp_path / "imported").exists()
    assert "evil" not in sys.modules
