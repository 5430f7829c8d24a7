"""Saved models: loaded bit for bit, or refused with a sentence that says what is wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from learner_tables import halves, long_data, mixed_data
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from polytask._files import sha256
from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import BundleError
from polytask.learners import GradientBoosting, Linear, PerTaskEstimator
from polytask.predictor import CombinedModel, FittedPredictor, NetworkModel, load
from polytask.predictor._folder import MANIFEST, _digest
from polytask.predictor._weights import load_weights

MIXED = mixed_data()


def of_estimators(learner=None, data: MultiTaskDataset = MIXED) -> FittedPredictor:
    return (learner or Linear()).fit(*halves(data), 0, Budget())


def of_network(architecture=None, data: MultiTaskDataset = MIXED) -> FittedPredictor:
    architecture = architecture or HardSharing(MLP((8,)))
    schemas = fit_schemas(data)
    network = architecture.build(schemas, data.tasks, seed=5)
    model = NetworkModel(architecture, network, data.tasks, schemas)
    return FittedPredictor(data.tasks, schemas, model, None, "net")


def combined() -> FittedPredictor:
    linear, boosting = of_estimators(), of_estimators(GradientBoosting(max_iter=5))
    answers = {name: index % 2 for index, name in enumerate(MIXED.tasks.names)}
    model = CombinedModel((linear.model, boosting.model), answers)
    return FittedPredictor(linear.tasks, linear.schemas, model, None, "combined")


def of_a_users_encoder() -> FittedPredictor:
    # importable, since the folder of the tests is on the path
    from users_encoder import users_encoder

    return of_network(HardSharing(users_encoder))


IDENTIFIERS = MultiTaskDataset.from_table(
    {
        "user": [f"u{row * row % 9973}" for row in range(20_000)],
        "x": [row % 17 for row in range(20_000)],
        "bought": [row * row % 9973 % 2 for row in range(20_000)],
    },
    "bought",
    columns={"user": "identifier"},
)


def of_identifiers(learner=None) -> FittedPredictor:
    return of_network(data=IDENTIFIERS) if learner is None else of_estimators(learner, IDENTIFIERS)


MODELS = {
    "users encoder": of_a_users_encoder,
    "combined": combined,
    "linear": of_estimators,
    "boosting": lambda: of_estimators(GradientBoosting(max_iter=5)),
    "linear own rows": lambda: of_estimators(data=long_data()),
    "hard sharing": of_network,
    "single task": lambda: of_network(SingleTask(MLP((8,)))),
    "hard sharing own rows": lambda: of_network(data=long_data("passed")),
    "hard sharing identifiers": of_identifiers,
    "linear identifiers": lambda: of_identifiers(Linear(max_iter=50)),
    "boosting identifiers": lambda: of_identifiers(GradientBoosting(max_iter=5)),
    "dense identifiers": lambda: of_identifiers(PerTaskEstimator(GaussianNB())),
}
FILES = [
    ("linear", "bundle.json"),
    ("linear", "estimators.json"),
    ("linear", "estimators.skops"),
    ("hard sharing", "bundle.json"),
    ("hard sharing", "architecture.json"),
    ("hard sharing", "weights.safetensors"),
]


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> dict[str, bytes]:
    """Every file's bytes by model and name."""
    contents = {}
    for name in {model for model, _ in FILES}:
        folder = tmp_path_factory.mktemp("saved") / "model"
        MODELS[name]().save(folder)
        contents[name] = {path.name: path.read_bytes() for path in folder.iterdir()}
    return contents


def laid_out(files: dict[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_bit_identical(name, tmp_path):
    predictor = MODELS[name]()
    data = MIXED if "own rows" not in name else long_data("passed" if "hard" in name else "score")
    data = IDENTIFIERS if "identifiers" in name else data
    predictor.save(tmp_path / "model")
    trusted = ["users_encoder"] if "users" in name else ()
    before, after = predictor.predict(data), load(tmp_path / "model", trusted).predict(data)
    for task in data.tasks.names:
        np.testing.assert_array_equal(before[task].raw, after[task].raw)
        np.testing.assert_array_equal(before[task].response, after[task].response)
        np.testing.assert_array_equal(before[task].decision, after[task].decision)


def test_every_file_is_tested(saved):
    assert {(model, file) for model in saved for file in saved[model]} == set(FILES)


@pytest.mark.parametrize(("model", "file"), FILES)
class TestFaults:
    @pytest.mark.parametrize("position", [0.0, 0.01, 0.2, 0.5, 0.83, 1.0])
    def test_a_flipped_bit(self, saved, model, file, position, tmp_path):
        content = bytearray(saved[model][file])
        content[int(position * (len(content) - 1))] ^= 1
        folder = laid_out({**saved[model], file: bytes(content)}, tmp_path)
        with pytest.raises(BundleError, match=file) as caught:
            load(folder)
        assert "Copy the whole folder again" in str(caught.value)

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
    def test_a_truncated_file(self, saved, model, file, share, tmp_path):
        content = saved[model][file]
        folder = laid_out({**saved[model], file: content[: int(share * len(content))]}, tmp_path)
        with pytest.raises(BundleError, match=f"{file}.*truncated"):
            load(folder)

    def test_a_deleted_file(self, saved, model, file, tmp_path):
        left = {name: content for name, content in saved[model].items() if name != file}
        with pytest.raises(BundleError, match=file):
            load(laid_out(left, tmp_path))

    def test_appended_bytes(self, saved, model, file, tmp_path):
        folder = laid_out({**saved[model], file: saved[model][file] + b"x"}, tmp_path)
        with pytest.raises(BundleError, match=file):
            load(folder)


def test_every_file_may_be_read_by_the_same_people(tmp_path):
    MODELS["hard sharing"]().save(tmp_path / "model")
    assert len({path.stat().st_mode for path in (tmp_path / "model").iterdir()}) == 1


def test_an_edited_manifest(saved, tmp_path):
    manifest = json.loads(saved["linear"][MANIFEST])
    manifest["name"] = "mine"
    text = json.dumps(manifest).encode()
    with pytest.raises(BundleError, match=r"bundle\.json was edited or damaged"):
        load(laid_out({**saved["linear"], MANIFEST: text}, tmp_path))


@pytest.mark.parametrize("text", [b"[]", b"3", b"{}", b'{"format": 1}'])
def test_a_manifest_of_something_else(saved, text, tmp_path):
    with pytest.raises(BundleError, match=r"bundle\.json"):
        load(laid_out({**saved["linear"], MANIFEST: text}, tmp_path))


def test_a_later_format(saved, tmp_path):
    manifest = {**json.loads(saved["linear"][MANIFEST]), "format": 99, "polytask": "7.0"}
    text = json.dumps(manifest).encode()
    with pytest.raises(BundleError, match=r"format 99, written by polytask '7\.0'.*Install"):
        load(laid_out({**saved["linear"], MANIFEST: text}, tmp_path))


def test_no_saved_model(tmp_path):
    with pytest.raises(BundleError, match=r"has no bundle\.json"):
        load(tmp_path)
    with pytest.raises(BundleError, match=r"has no bundle\.json"):
        load(tmp_path / "nowhere")


# ── what a bundle may bring to life ───────────────────────────────────────────
def signed(files: dict[str, bytes], folder: Path, **changes: object) -> Path:
    """Lay out changed files whose manifest agrees with them, as a forger would."""
    laid_out(files, folder)
    manifest = json.loads(files[MANIFEST]) | changes
    for name in manifest["files"]:
        path = folder / name
        manifest["files"][name] = {"bytes": path.stat().st_size, "sha256": sha256(path)}
    del manifest["sha256"]
    (folder / MANIFEST).write_text(json.dumps({**manifest, "sha256": _digest(manifest)}))
    return folder


def test_a_signed_copy_loads(saved, tmp_path):
    assert load(signed(saved["linear"], tmp_path, name="copy")).name == "copy"


@pytest.mark.parametrize(
    "recipe",
    [
        {"type": "os:mkdir", "parameters": {"path": "made"}},
        {"type": "subprocess:Popen", "parameters": {"args": ["touch", "made"]}},
        {
            "type": "polytask.architectures:HardSharing",
            "parameters": {"encoder": {"type": "os:mkdir", "parameters": {"path": "made"}}},
        },
    ],
)
def test_a_recipe_that_would_run_something(saved, recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = {**saved["hard sharing"], "architecture.json": json.dumps(recipe).encode()}
    with pytest.raises(BundleError, match="is no dataclass"):
        load(signed(files, tmp_path))
    assert not (tmp_path / "made").exists()


def test_a_factory_that_is_not_installed(saved, tmp_path):
    recipe = {
        "type": "polytask.architectures:HardSharing",
        "parameters": {"encoder": {"import": "nowhere_to_be_found:encoder"}},
    }
    files = {**saved["hard sharing"], "architecture.json": json.dumps(recipe).encode()}
    with pytest.raises(BundleError, match=r"'nowhere_to_be_found:encoder'.*Install the package"):
        load(signed(files, tmp_path))


def test_weights_of_another_network(saved, tmp_path):
    recipe = json.loads(saved["hard sharing"]["architecture.json"])
    recipe["parameters"]["encoder"]["parameters"]["widths"] = [9]
    files = {**saved["hard sharing"], "architecture.json": json.dumps(recipe).encode()}
    with pytest.raises(BundleError, match=r"cannot be rebuilt.*install these versions"):
        load(signed(files, tmp_path))


def shout(X):
    raise AssertionError("code of an estimator's author ran")


def test_estimators_of_unknown_packages_are_not_saved(tmp_path):
    predictor = of_estimators(data=mixed_data(MIXED.tasks[:1]))
    part = predictor.model.parts[0]
    strange = make_pipeline(FunctionTransformer(shout), Ridge())
    object.__setattr__(part, "estimators", (strange,))
    with pytest.raises(BundleError, match=r"The model holds types outside.*shout"):
        predictor.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


# ── where it is saved ─────────────────────────────────────────────────────────
class Interrupted(NetworkModel):
    """A model that is interrupted when all its files are there."""

    def save(self, folder):
        super().save(folder)
        raise KeyboardInterrupt


class TestFolder:
    def test_an_earlier_model_is_replaced(self, tmp_path):
        folder = tmp_path / "deep" / "model"
        of_network().save(folder)
        of_estimators().save(folder)
        assert load(folder).name == "linear"
        assert [path.name for path in folder.parent.iterdir()] == ["model"]
        assert "weights.safetensors" not in {path.name for path in folder.iterdir()}

    def test_a_model_of_an_earlier_format_is_replaced(self, saved, tmp_path):
        signed(saved["linear"], tmp_path, format=1)
        of_network().save(tmp_path)
        assert load(tmp_path).name == "net"

    def test_an_empty_folder_is_taken(self, tmp_path):
        of_estimators().save(str(tmp_path))
        assert load(str(tmp_path)).name == "linear"

    @pytest.mark.parametrize("file", ["thesis.txt", "bundle.json"])
    def test_a_folder_of_other_things_is_left_alone(self, tmp_path, file):
        (tmp_path / file).write_text("years of work")
        with pytest.raises(BundleError, match="something other than a saved model"):
            of_estimators().save(tmp_path)
        assert (tmp_path / file).read_text() == "years of work"

    def test_a_model_with_a_stranger_beside_it_is_left_alone(self, tmp_path):
        of_estimators().save(tmp_path)
        (tmp_path / "thesis.txt").write_text("years of work")
        with pytest.raises(BundleError, match="something other than a saved model"):
            of_estimators().save(tmp_path)
        assert load(tmp_path).name == "linear"

    def test_a_file_is_left_alone(self, tmp_path):
        (tmp_path / "model").write_text("years of work")
        with pytest.raises(BundleError, match="is a file"):
            of_estimators().save(tmp_path / "model")

    def test_an_interrupted_save_leaves_the_earlier_model(self, tmp_path):
        of_estimators().save(tmp_path / "model")
        whole = of_network()
        model = whole.model
        half = Interrupted(model.architecture, model.network, model.tasks, model.schemas)
        with pytest.raises(KeyboardInterrupt):
            FittedPredictor(whole.tasks, whole.schemas, half).save(tmp_path / "model")
        assert load(tmp_path / "model").name == "linear"
        assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_estimators_keep_their_names_out_of_private_modules(saved):
    """A file that moves inside the package must not make saved models unreadable."""
    for files in saved.values():
        for name, content in files.items():
            if name.endswith(".json"):
                assert b"polytask._" not in content
                assert b"._" not in content.replace(b"..", b"")


def test_lightgbm_is_saved(tmp_path):
    pytest.importorskip("lightgbm")
    from lightgbm import LGBMRegressor

    data = mixed_data(MIXED.tasks[:2])
    learner = PerTaskEstimator(LGBMRegressor(n_estimators=3, verbose=-1), categorical="codes")
    predictor = of_estimators(learner, data)
    predictor.save(tmp_path / "model")
    before, after = predictor.predict(data), load(tmp_path / "model").predict(data)
    np.testing.assert_array_equal(before["price"].raw, after["price"].raw)


def test_constants_of_single_tasks_are_not_saved_and_once_were():
    """Such as the places of columns in a table of categories, which the recipe says."""
    network = of_network(SingleTask(MLP((8,)))).model.network
    state = network.state_dict()
    constants = dict(network.named_buffers()).keys() - state.keys()
    assert any("table" in name for name in constants)
    load_weights(network, {**state, **{name: torch.zeros(3) for name in constants}})
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, state[name])
    with pytest.raises(ValueError, match="no place for 'other'"):
        load_weights(network, {**state, "other": torch.zeros(3)})
