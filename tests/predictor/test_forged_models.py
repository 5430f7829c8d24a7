"""Forged models with a matching manifest: each is refused with a sentence."""

import io
import json
import os
import re
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import skops.io
from forgery import files_of, laid_out, resealed, sealed_with, trap, unzipped, zipped
from fuzzed_bundles import MIXED, predictions, saved
from scipy import sparse
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, SVR
from sklearn.utils.validation import check_array
from torch.profiler import ProfilerActivity, profile

import polytask
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_related_regression
from polytask.encoders import TabM
from polytask.exceptions import BundleError, ParameterError, UntrustedError
from polytask.learners import PerTaskEstimator
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import load
from polytask.predictor._array_files import uncompressed
from polytask.predictor._estimator_checks import check_estimators, check_unmasked
from polytask.predictor._skops_file import dump_estimators, load_estimators
from polytask.training import Trainer

EVIL = "open('ran', 'w').close()\ndef f(shape): ...\n"
SKOPS, PARTS, RECIPE = "estimators.skops", "estimators.json", "architecture.json"


@pytest.fixture(autouse=True)
def inside(tmp_path, monkeypatch):
    """Be in the folder of the model, with all of it importable, as a careless user is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    assert not (tmp_path / "ran").exists()


def refused(folder: Path, match: str, error: type[Exception] = BundleError) -> str:
    with trap(folder) as alarms, pytest.raises(error, match=match) as caught:
        load(folder)
    assert not alarms
    assert "\n" not in str(caught.value)
    return str(caught.value)


def linear(**changes: bytes) -> dict[str, bytes]:
    return {**saved("linear")[0], **changes}


def network(recipe: object = None, **changes: bytes) -> dict[str, bytes]:
    files = {**saved("network")[0], **changes}
    return files if recipe is None else {**files, RECIPE: json.dumps(recipe).encode()}


def held(value: object) -> bytes:
    """A skops file with the value in place of the first estimator."""
    estimators = skops.io.loads(
        saved("linear")[0][SKOPS],
        trusted=skops.io.get_untrusted_types(data=saved("linear")[0][SKOPS]),
    )
    estimators[0][0] = value
    return skops.io.dumps(estimators)


# ── names in the manifest and in recipes ──────────────────────────────────────
def test_history_is_plain_data(tmp_path):
    history = {"type": "os:system", "parameters": {"command": "touch ran"}}
    refused(resealed(linear(), tmp_path / "model", history=history), "no recipe")
    nested = {"mapping": [["epochs", [history]]]}
    refused(resealed(linear(), tmp_path / "model", history=nested), "no recipe")


@pytest.mark.parametrize(
    "name", ["os:system", "model.evil:f", "evil:f", "builtins:eval", "torch.hub:load", "json:loads"]
)
@pytest.mark.parametrize("kind", ["type", "import"])
def test_code_that_nobody_trusts_is_not_imported(tmp_path, name, kind):
    (tmp_path / "evil.py").write_text(EVIL)
    encoder = {"import": name} if kind == "import" else {"type": name, "parameters": {}}
    recipe = {"type": "polytask.architectures:HardSharing", "parameters": {"encoder": encoder}}
    sentence = refused(resealed(network(recipe), tmp_path / "model"), name, UntrustedError)
    assert "trusted=[" in sentence
    assert "--trust " in sentence


@pytest.mark.parametrize(
    "name",
    [
        "polytask.cli:main",
        "polytask.predictor:load",
        "polytask.predictor._load:load",
        "polytask._trust:importlib.import_module",
        "polytask.encoders._mlp:MLP",
        "polytask.nowhere:Thing",
        "polytask:MLP",
        "polytask.data:read_table",
    ],
)
def test_only_public_classes_of_polytask(tmp_path, name):
    recipe = {
        "type": "polytask.architectures:HardSharing",
        "parameters": {"encoder": {"import": name}},
    }
    refused(resealed(network(recipe), tmp_path / "model"), "no public class", UntrustedError)


def test_a_public_class_that_is_no_architecture(tmp_path):
    recipe = {"type": "polytask.encoders:MLP", "parameters": {}}
    refused(resealed(network(recipe), tmp_path / "model"), "describes no architecture")


@pytest.mark.parametrize(
    ("field", "name"),
    [
        *((field, "evil:f") for field in ("kind", "loss", "metrics", "threshold")),
        ("loss", "evil:f(a=1)"),
    ],
)
def test_names_in_a_tasks_settings(tmp_path, field, name):
    (tmp_path / "evil.py").write_text(EVIL)
    task = {"type": "polytask.tasks:Task", "parameters": {"name": "price"}}
    task["parameters"][field] = [name] if field == "metrics" else name
    refused(resealed(linear(), tmp_path / "model", tasks=[task]), "'evil:f'", UntrustedError)


@pytest.mark.parametrize("kind", ["HardSharing", "SingleTask", "MLP", "TabM"])
def test_names_in_place_of_encoders_and_of_embeddings_of_numbers(tmp_path, kind):
    (tmp_path / "evil.py").write_text(EVIL)
    of_numbers = {"type": f"polytask.encoders:{kind}", "parameters": {"numbers": "evil:f"}}
    named = kind in {"MLP", "TabM"}
    recipe = {
        "type": f"polytask.architectures:{'HardSharing' if named else kind}",
        "parameters": {"encoder": of_numbers if named else "evil:f"},
    }
    refused(resealed(network(recipe), tmp_path / "model"), "'evil:f'", UntrustedError)


@pytest.mark.parametrize("name", ["FittedPredictor", "Model", "load", "os", "estimators_model", ""])
def test_the_class_of_the_model(tmp_path, name):
    refused(resealed(linear(), tmp_path / "model", model=name), "does not know")


# ── what the user trusts ──────────────────────────────────────────────────────
MINE = """
from subprocess import Popen
from torch import nn
import os


def encoder(in_shape):
    return nn.Linear(in_shape[0], 3)
"""


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine_here.py").write_text(MINE)
    yield
    sys.modules.pop("mine_here", None)


def own(name: str) -> dict[str, object]:
    return {
        "type": "polytask.architectures:HardSharing",
        "parameters": {"encoder": {"import": name}},
    }


@pytest.mark.parametrize("trusted", ["mine_here", ["mine_here"], ["mine_here:encoder"]])
def test_a_trusted_encoder(tmp_path, mine, trusted):
    from polytask.architectures import HardSharing
    from polytask.data import fit_schemas
    from polytask.predictor import FittedPredictor, NetworkModel

    sys.path_importer_cache.clear()
    import mine_here

    architecture = HardSharing(mine_here.encoder)
    schemas = fit_schemas(MIXED)
    network = architecture.build(schemas, MIXED.tasks, seed=0)
    model = NetworkModel(architecture, network, MIXED.tasks, schemas)
    FittedPredictor(MIXED.tasks, schemas, model).save("model")
    with pytest.raises(UntrustedError, match=r"trusted=\['mine_here'\].*--trust mine_here"):
        load("model")
    with pytest.raises(UntrustedError):
        load("model", ["mine_here:other", "mine", "mine_here.encoder_of_others"])
    assert polytask.load("model", trusted=trusted).predict(MIXED)["price"].response.shape == (60,)


@pytest.mark.parametrize("name", ["mine_here:Popen", "mine_here:os.system", "mine_here:os"])
def test_imports_of_a_trusted_module_are_not_trusted(tmp_path, mine, name):
    folder = resealed(network(own(name)), tmp_path / "model")
    with pytest.raises(UntrustedError, match="only takes from"):
        load(folder, trusted=["mine_here"])


@pytest.mark.parametrize("trusted", [3, [3], ["*"], ["a b"], [""], [".."], "a/b", b"os"])
def test_invalid_names_of_packages(tmp_path, trusted, unchecked_types):
    with pytest.raises(ParameterError, match="The `trusted` parameter of load"):
        load(tmp_path, trusted)


# ── files beside the model ────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "name",
    [
        "evil.py",
        "lightgbm.py",
        "evil.pyc",
        "evil.so",
        "evil.cpython-311-x86_64-linux-gnu.so",
        "evil.pth",
        "EVIL.PY",
        "evil.pyd",
        "evil.pyw",
        "deep/er/evil.py",
        "__pycache__/x",
        "evil-1.0.dist-info/entry_points.txt",  # whose entry points torch would load
        "evil.egg-info/entry_points.txt",
        "evil.egg",
        "python311._pth",
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_importable_files(tmp_path, name, named):
    folder = laid_out(linear(), tmp_path / "model")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(EVIL)
    if named and "/" not in name:
        manifest = json.loads(linear()["bundle.json"])
        manifest["files"][name] = {}
        sealed_with(files_of(folder), folder, manifest)
    refused(folder, rf"holds {name.partition('/')[0]}.*Python could import")


def test_a_linked_folder(tmp_path):
    folder = laid_out(linear(), tmp_path / "model")
    (tmp_path / "lightgbm").mkdir()
    (folder / "lightgbm").symlink_to(tmp_path / "lightgbm")
    refused(folder, "holds lightgbm")


def test_other_files_are_reported_and_not_opened(tmp_path):
    folder = laid_out(linear(), tmp_path / "model")
    (folder / "notes.txt").write_text("mine")
    (folder / "more").mkdir()
    (folder / "more" / "data.csv").write_text("a,b")
    os.mkfifo(folder / "pipe")  # who opens it waits for ever
    (note,) = load(folder).notes
    assert "more/data.csv, notes.txt, pipe" in note
    assert "not opened" in note
    assert load(laid_out(linear(), tmp_path / "other")).notes == ()


@pytest.mark.parametrize("files", [{}, None, [], {"bundle.json": {"bytes": 1, "sha256": ""}}])
def test_every_file_must_match_the_manifest(tmp_path, files):
    manifest = json.loads(linear()["bundle.json"]) | {"files": files}
    refused(sealed_with(linear(), tmp_path / "model", manifest), "bundle.json|manifest")


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../x", "..", ".", "", "a\\b", "a\0b"]
)
def test_paths_in_the_manifest(tmp_path, name):
    manifest = json.loads(linear()["bundle.json"])
    manifest["files"][name] = {"bytes": 0, "sha256": "0"}
    refused(sealed_with(linear(), tmp_path / "model", manifest), "no file's name")


def test_a_needed_file_must_be_listed(tmp_path):
    manifest = json.loads(linear()["bundle.json"])
    del manifest["files"][SKOPS]
    refused(sealed_with(linear(), tmp_path / "model", manifest), "does not list it")


def test_pipes_and_devices_are_no_files(tmp_path):
    folder = laid_out(linear(), tmp_path / "model")
    (folder / SKOPS).unlink()
    os.mkfifo(folder / SKOPS)
    refused(folder, "is missing")
    (folder / "bundle.json").unlink()
    (folder / "bundle.json").symlink_to("/dev/zero")
    refused(folder, "has no bundle.json")


@pytest.mark.parametrize("name", [SKOPS, "bundle.json"])
def test_a_file_that_the_system_does_not_let_us_read(tmp_path, name):
    folder = laid_out(linear(), tmp_path / "model")
    (folder / name).unlink()
    (folder / name).symlink_to("/proc/self/mem")
    if not (folder / name).is_file():
        pytest.skip("no such file here")
    refused(folder, f"{name} (cannot be read|has 0 bytes)")
    refused(tmp_path / ("x" * 300), "cannot be read")


def test_folders_in_folders(tmp_path, monkeypatch):
    folder = laid_out(linear(), tmp_path / "model")
    monkeypatch.chdir(folder)
    for _ in range(sys.getrecursionlimit() + 100):
        os.mkdir("d")  # noqa: PTH102 - a path of this length has none
        os.chdir("d")
    os.chdir(tmp_path)
    refused(folder, "more than 50 deep")
    subprocess.run(["rm", "-r", str(folder)], check=True)  # which pytest cannot remove


# ── JSON that is none ─────────────────────────────────────────────────────────
DEEP = b"[" * 5000 + b"]" * 5000


@pytest.mark.parametrize("content", [DEEP, b'{"a":' * 5000 + b"1" + b"}" * 5000, b"\xff\xfe", b""])
@pytest.mark.parametrize("name", ["bundle.json", PARTS, RECIPE])
def test_nested_lists(tmp_path, name, content):
    files = network() if name == RECIPE else linear()
    if name == "bundle.json":
        refused(laid_out({**files, name: content}, tmp_path / "model"), "bundle.json")
    else:
        refused(resealed({**files, name: content}, tmp_path / "model"), f"{name} cannot be read")


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e999", '"\\ud800"', "1" * 5000, '{"a":1,"a":2}']
)
def test_values_that_are_no_json(tmp_path, value):
    text = linear()["bundle.json"].decode().replace('"name": "linear"', f'"name": {value}')
    refused(laid_out(linear() | {"bundle.json": text.encode()}, tmp_path / "model"), "bundle.json")


def test_duplicate_names_in_json(tmp_path):
    text = linear()["bundle.json"].decode().replace('"name":', '"name": "x", "name":', 1)
    refused(laid_out(linear() | {"bundle.json": text.encode()}, tmp_path / "model"), "stands twice")


# ── numbers ───────────────────────────────────────────────────────────────────
def test_weights_that_are_no_numbers(tmp_path):
    import torch
    from safetensors.torch import load as read
    from safetensors.torch import save as write

    weights = read(network()["weights.safetensors"])
    for value in (float("nan"), float("inf")):
        changed = {**weights, "heads.0.bias": torch.full_like(weights["heads.0.bias"], value)}
        files = network() | {"weights.safetensors": write(changed)}
        refused(resealed(files, tmp_path / "model"), "heads.0.bias.*not finite")
    changed = {name: tensor.double() for name, tensor in weights.items()}
    files = network() | {"weights.safetensors": write(changed)}
    refused(resealed(files, tmp_path / "model"), "cannot be rebuilt")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("attribute", ["coef_", "intercept_"])
def test_coefficients_that_are_no_numbers(tmp_path, value, attribute):
    estimator = Ridge().fit(np.eye(6), np.arange(6.0))
    setattr(estimator, attribute, np.full_like(getattr(estimator, attribute), value))
    files = linear() | {SKOPS: stored_skops(estimator)}
    refused(resealed(files, tmp_path / "model"), "not finite")


def stored_skops(estimator: object) -> bytes:
    return uncompressed(held(estimator))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("columns", 0, "scale"), 0.0),
        (("columns", 0, "scale"), -1.0),
        (("columns", 0, "scale"), 10**400),
        (("columns", 0, "center"), "0"),
        (("columns", 0, "missing"), 1),
        (("columns", 0, "width"), 3),
        (("columns", 0, "encoder"), "os"),
        (("columns", 0, "name"), None),
        (("columns",), []),
        (("targets", 0, "learned", "scale"), [0.0]),
        (("targets", 0, "learned", "scale"), []),
        (("targets", 0, "learned", "scale"), 1.0),
        (("targets", 0, "learned", "center"), [1.0, 2.0]),
        (("targets", 0, "learned", "class_counts"), [1.0]),
        (("targets", 0, "learned"), {}),
        (("targets", 0, "classes"), ["yes", "no"]),
        (("targets", 0, "columns"), ["price", "other"]),
        (("targets", 0, "columns"), []),
        (("targets", 2, "classes"), ["yes", "yes"]),
        (("targets", 2, "classes"), []),
        (("targets", 2, "learned", "class_counts"), [1.0]),
        (("targets", 2, "learned", "class_counts"), [-1.0, 2.0]),
        (("targets", 2, "learned"), {}),
        (("tasks", "price"), 99),
        (("tasks",), {}),
        (("own_rows",), True),
        (("reading", "decimal"), ";"),
        (("reading", "roles"), {"x": "evil"}),
        (("reading", "dates"), {"x": "%#z"}),
        (("reading", "missing"), {"x": 3}),
        (("reading",), None),
        (("source",), "other"),
    ],
)
def test_absurd_schemas(tmp_path, path, value):
    manifest = json.loads(linear()["bundle.json"])
    place = manifest["schemas"]["table"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    folder = sealed_with(linear(), tmp_path / "model", manifest)
    with trap(folder) as alarms, pytest.raises(BundleError):
        load(folder)
    assert not alarms


@pytest.mark.parametrize("parameter", ["widths", "embedding_dim"])
def test_a_recipe_of_absurd_size(tmp_path, parameter):
    recipe = json.loads(network()[RECIPE])
    sizes = {"widths": [10**7, 10**7], "embedding_dim": 10**11}
    recipe["parameters"]["encoder"]["parameters"][parameter] = sizes[parameter]
    refused(resealed(network(recipe), tmp_path / "model"), "cannot be rebuilt")


def test_a_recipe_of_absurd_depth(tmp_path):
    encoder = {"type": "polytask.encoders:ResidualMLP", "parameters": {"depth": 10**12}}
    recipe = {"type": "polytask.architectures:HardSharing", "parameters": {"encoder": encoder}}
    match = "The `depth` parameter of ResidualMLP must be an int in"
    refused(resealed(network(recipe), tmp_path / "model"), match)


@pytest.mark.parametrize("shape", [[2**28], [1, 2**12, 2**13], [2**31]])
@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_cells_of_a_row_are_counted_before_they_are_listed(tmp_path, shape, dropout):
    table = {"tensor": np.random.default_rng(0).normal(size=(40, 3)), "y": np.arange(40.0)}
    encoder = TabM(2, (4,), column_dropout=dropout)
    learner = MultiTaskNetwork(HardSharing(encoder), Trainer(steps=1))
    learner.fit(polytask.read(table, ["y"]), None).save(tmp_path / "saved")
    files = files_of(tmp_path / "saved")
    schemas = json.loads(files["bundle.json"])["schemas"]
    (column,) = schemas["table"]["columns"]
    column["dimensions"] = shape
    folder = resealed(files, tmp_path / "model", schemas=schemas)
    started = time.monotonic()
    refused(folder, "more parameters than")
    assert time.monotonic() - started < 2.0


@pytest.mark.parametrize("kind", ["TabM", "PackedMLP"])
@pytest.mark.parametrize("members", [10**9, 10**13])
def test_a_recipe_of_absurdly_many_members(tmp_path, kind, members):
    numbers = {"type": "polytask.encoders:Standardized", "parameters": {}}
    parameters = {"members": members, "numbers": numbers}
    encoder = {"type": f"polytask.encoders:{kind}", "parameters": parameters}
    recipe = {"type": "polytask.architectures:HardSharing", "parameters": {"encoder": encoder}}
    refused(resealed(network(recipe), tmp_path / "model"), "cannot be rebuilt")


def test_adapters_of_members_are_counted_before_they_are_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr("polytask.predictor._weights._FEW", 0)
    monkeypatch.setattr("polytask.predictor._weights._REGISTERED_TWICE", 1)
    encoder = {"type": "polytask.encoders:TabM", "parameters": {"members": 1000}}
    encoder["parameters"]["numbers"] = {"type": "polytask.encoders:Standardized", "parameters": {}}
    recipe = {"type": "polytask.architectures:HardSharing", "parameters": {"encoder": encoder}}
    folder = resealed(network(recipe), tmp_path / "model")
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as allocated:
        refused(folder, "more parameters than")
    assert "aten::randint" not in {event.key for event in allocated.key_averages()}


# ── skops ─────────────────────────────────────────────────────────────────────
def with_node(change) -> dict[str, bytes]:
    """The linear model with the schema's first estimator changed."""
    entries = unzipped(linear()[SKOPS])
    schema = json.loads(entries["schema.json"])
    schema["content"][0]["content"][0] = change(schema["content"][0]["content"][0])
    return linear() | {SKOPS: zipped({**entries, "schema.json": json.dumps(schema).encode()})}


def text(value: object) -> dict[str, object]:
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
        "is_json": True,
    }


def listed(*items: object, loader: str = "TupleNode") -> dict[str, object]:
    kind = {"TupleNode": "tuple", "ListNode": "list"}[loader]
    return {
        "__class__": kind,
        "__module__": "builtins",
        "__loader__": loader,
        "content": list(items),
    }


def named(module: str, name: str, loader: str, **more: object) -> dict[str, object]:
    return {"__class__": name, "__module__": module, "__loader__": loader, **more}


ATTACKS = {
    "a function": named("os", "system", "FunctionNode"),
    "a type": named("subprocess", "Popen", "TypeNode"),
    "a class called with arguments": named(
        "os", "system", "ConstructorFromReduceNode", content=listed(text("touch ran"))
    ),
    "an estimator called with arguments": named(
        "sklearn.linear_model._ridge",
        "Ridge",
        "ConstructorFromReduceNode",
        content=listed(text("touch ran")),
    ),
    "a list of another class": named(
        "subprocess", "Popen", "ListNode", content=[text("touch"), text("ran")]
    ),
    "a list whose class is an estimator": named(
        "sklearn.linear_model._ridge", "Ridge", "ListNode", content=[text("touch")]
    ),
    "an object": named("subprocess", "Popen", "ObjectNode", content=None),
    "an estimator of the tests": named(
        "sklearn.utils._mocking", "CheckingClassifier", "ObjectNode", content=None
    ),
    "a mapped array": named("numpy", "memmap", "NdArrayNode", type="numpy", file="1.npy"),
    "a void of many bytes": named("numpy", "void", "NdArrayNode", type="numpy", file="1.npy"),
    "a method": named(
        "sklearn.linear_model._ridge",
        "Ridge",
        "MethodNode",
        content={"func": "fit", "obj": named("sklearn.linear_model._ridge", "Ridge", "ObjectNode")},
    ),
    "an operator": named("operator", "methodcaller", "OperatorFuncNode", attrs=listed(text("x"))),
    "bytes": named("builtins", "bytes", "BytesNode", file="schema.json"),
    "a default dict": named("collections", "defaultdict", "DefaultDictNode", content={}),
    "a type of an array": named("numpy", "dtype", "DTypeNode", content={}),
    "an unknown loader": named("os", "system", "EvilNode", content={}),
    "check_array outside of a partial": named(
        "sklearn.utils.validation", "check_array", "FunctionNode"
    ),
    "numpy's distutils": named("numpy.distutils.exec_command", "subprocess", "TypeNode"),
    "a partial of another function": named(
        "functools",
        "partial",
        "PartialNode",
        content={
            "func": named("os", "system", "FunctionNode"),
            "args": listed(text("touch ran")),
            "kwds": named(
                "builtins", "dict", "DictNode", content={}, key_types=listed(loader="ListNode")
            ),
            "namespace": text(None),
        },
    ),
    "a partial of a type": named(
        "functools",
        "partial",
        "PartialNode",
        content={"func": named("numpy", "memmap", "TypeNode"), "args": listed(text("ran"))},
    ),
    "JSON in JSON": {**text(0), "content": "[" * 5000 + "]" * 5000},
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_odd_nodes(tmp_path, attack):
    sentence = refused(
        resealed(with_node(lambda _: ATTACKS[attack]), tmp_path / "model"), "estimators.skops"
    )
    assert "holds types" in sentence or "cannot be read" in sentence


def test_keys_of_a_mapping_of_called_types(tmp_path):
    def change(node):
        node["content"]["key_types"]["content"][0] = named("os", "system", "TypeNode")
        return node

    refused(resealed(with_node(change), tmp_path / "model"), "os.system", UntrustedError)


def test_one_id_of_two_objects(tmp_path):
    def change(node):
        attributes = node["content"]["content"]
        attributes["coef_"]["__id__"] = attributes["alpha"]["__id__"]
        return node

    refused(resealed(with_node(change), tmp_path / "model"), "same id|file of another")


def test_special_attributes(tmp_path):
    def change(node):
        node["content"]["content"]["__deepcopy__"] = text(1)
        node["content"]["key_types"]["content"].append(named("builtins", "str", "TypeNode"))
        return node

    refused(resealed(with_node(change), tmp_path / "model"), "Python keeps for itself")


def test_attributes_that_hide_methods(tmp_path):
    estimator = Ridge().fit(np.eye(6), np.arange(6.0))
    estimator.predict = 3
    refused(
        resealed(linear() | {SKOPS: stored_skops(estimator)}, tmp_path / "model"),
        r"takes the place of its predict\(\)",
    )


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(FunctionTransformer(np.log1p), Ridge()),
        make_pipeline(FunctionTransformer(partial(os.system, "touch ran")), Ridge()),
        make_pipeline(FunctionTransformer(partial(np.memmap, "ran")), Ridge()),
        make_pipeline(FunctionTransformer(check_array), Ridge()),
    ],
    ids=["a ufunc", "a partial", "a mapped array", "check_array itself"],
)
def test_functions_inside_estimators(tmp_path, estimator):
    sentence = refused(
        resealed(linear() | {SKOPS: stored_skops(estimator)}, tmp_path / "model"),
        r"trusted=\['",
        UntrustedError,
    )
    assert "Nothing of them was imported" in sentence


def test_a_trusted_function_inside_an_estimator(tmp_path):
    learner = PerTaskEstimator(make_pipeline(FunctionTransformer(np.square), Ridge()))
    data = polytask.MultiTaskDataset.from_arrays(
        np.random.default_rng(0).normal(size=(40, 3)), np.arange(40.0)
    )
    fitted = learner.fit(data, data, 0, Budget())
    with pytest.raises(UntrustedError, match=r"numpy\.square.*trusted=\['numpy\.square'\]"):
        fitted.save("model")
    fitted.save("model", trusted=["numpy.square"])
    with pytest.raises(UntrustedError, match=r"trusted=\['numpy\.square'\]"):
        load("model")
    found = load("model", trusted=["numpy.square"]).predict(data)
    np.testing.assert_array_equal(found["y0"].raw, fitted.predict(data)["y0"].raw)


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: {**entries, "/tmp/evil.npy": b"x"},
        lambda entries: {**entries, "../evil.npy": b"x"},
        lambda entries: {**entries, "evil.py": b"x"},
        lambda entries: {**entries, "1.npy": b"x"},
        lambda entries: {"schema.json": b"[" * 5000},
        lambda entries: {"schema.json": b"{}"},
        lambda entries: {},
    ],
)
def test_entries_of_the_archive(tmp_path, change):
    files = linear() | {SKOPS: zipped(change(unzipped(linear()[SKOPS])))}
    refused(resealed(files, tmp_path / "model"), "estimators.skops cannot be read")


def test_an_archive_that_unpacks_to_more_than_it_is(tmp_path):
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in unzipped(linear()[SKOPS]).items():
            archive.writestr(name, content + b" " * 10**7)
    files = linear() | {SKOPS: buffer.getvalue()}
    refused(resealed(files, tmp_path / "model"), "compressed")


def test_an_array_of_73_tebibytes(tmp_path):
    entries = unzipped(linear()[SKOPS])
    name = max((n for n in entries if n.endswith(".npy")), key=lambda n: len(entries[n]))
    shape = str(np.load(io.BytesIO(entries[name])).shape).encode()
    huge = entries[name].replace(shape, b"(9999999999999,)").replace(b" " * 10, b"", 1)
    files = linear() | {SKOPS: zipped({**entries, name: huge})}
    refused(resealed(files, tmp_path / "model"), "estimators.skops cannot be read")


# ── compiled code that trusts its arrays ──────────────────────────────────────
def with_array(model: str, wanted, change) -> dict[str, bytes]:
    """A model whose first array that is wanted is changed."""
    files = saved(model)[0]
    entries = unzipped(files[SKOPS])
    for name, content in entries.items():
        array = np.load(io.BytesIO(content)) if name.endswith(".npy") else np.zeros(0)
        if wanted(array):
            buffer = io.BytesIO()
            np.save(buffer, change(array.copy()))
            return files | {SKOPS: zipped({**entries, name: buffer.getvalue()})}
    raise AssertionError(f"no such array in {model}")


def is_record(field: str):
    return lambda array: array.dtype.names is not None and field in array.dtype.names


def filled(field: str, value: float):
    def change(array):
        array[field][0] = value
        return array

    return change


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [
        ("forest", "left_child", 10**6),
        ("forest", "right_child", 0),
        ("forest", "left_child", -7),
        ("forest", "feature", 10**6),
        ("forest", "threshold", np.nan),
        ("boosting", "left", 10**6),
        ("boosting", "right", 0),
        ("boosting", "feature_idx", 10**6),
        ("boosting", "value", np.nan),
        ("boosting", "num_threshold", np.nan),
        ("neighbours", "idx_end", 10**6),
        ("neighbours", "idx_start", -1),
        ("neighbours", "is_leaf", 0),
    ],
)
def test_trees_with_missing_children_or_features(tmp_path, model, field, value):
    files = with_array(model, is_record(field), filled(field, value))
    refused(resealed(files, tmp_path / "model"), "estimators that can predict|cannot be read")


def test_trees_with_fewer_nodes_than_stated(tmp_path):
    files = with_array("forest", is_record("left_child"), lambda array: array[:-1])
    refused(resealed(files, tmp_path / "model"), "estimators.skops")


def test_texts_instead_of_the_values_of_a_tree(tmp_path):
    """Scikit-learn says so on three lines."""
    files = with_array(
        "forest",
        lambda array: array.ndim == 3,
        lambda array: np.full(array.shape, "x", "S3"),
    )
    refused(resealed(files, tmp_path / "model"), "incompatible dtype")


def test_support_vectors_of_another_number(tmp_path):
    def wanted(array):
        return array.ndim == 2 and array.shape[0] > 5 and array.dtype == float

    files = with_array("vectors", wanted, lambda array: array[:2])
    refused(resealed(files, tmp_path / "model"), "do not fit together")


def test_many_threads_are_not_started(tmp_path):
    entries = unzipped(saved("forest")[0][SKOPS])
    schema = json.loads(entries["schema.json"])
    owner = schema["content"][0]["content"][0]["content"]["content"]
    owner["n_jobs"] = {**text(10**6), "__id__": 1}
    content = zipped({**entries, "schema.json": json.dumps(schema).encode()})
    loaded = load(resealed(saved("forest")[0] | {SKOPS: content}, tmp_path / "model"))
    assert loaded.model.parts[0].estimators[0].n_jobs <= (os.cpu_count() or 1)
    assert predictions(loaded, "forest")


def changed(model: str, change) -> dict[str, bytes]:
    """A model whose every estimator is changed."""
    files = saved(model)[0]
    types = skops.io.get_untrusted_types(data=files[SKOPS])
    estimators = skops.io.loads(files[SKOPS], trusted=types)
    for one in (one for part in estimators for one in part):
        change(one)
    return files | {SKOPS: uncompressed(skops.io.dumps(estimators))}


def sparse_vectors(coefficients):
    def change(one):
        one._sparse = True
        one.support_vectors_ = sparse.csr_matrix(one.support_vectors_)
        one._dual_coef_ = one.dual_coef_ = coefficients(one._dual_coef_)

    return change


@pytest.mark.parametrize(
    "change",
    [
        sparse_vectors(lambda dense: sparse.csr_matrix(dense.shape)),  # no stored values at all
        sparse_vectors(lambda dense: dense),
        lambda one: setattr(one, "_sparse", True),
        lambda one: setattr(one, "kernel", RBF()),  # called, and its answer taken for distances
        lambda one: setattr(one, "kernel", "precomputed"),
        lambda one: setattr(one, "_gamma", np.nan),
        lambda one: setattr(one, "_intercept_", one._intercept_ * np.inf),
    ],
)
def test_support_vectors_that_libsvm_would_not_survive(tmp_path, change):
    refused(resealed(changed("vectors", change), tmp_path / "model"), "that can predict")


def test_sparse_support_vectors_are_sound():
    X = np.random.default_rng(0).integers(0, 2, (60, 9)).astype(float)
    for classes in (2, 3):
        labels = X[:, :2].sum(axis=1).clip(0, classes - 1).astype(int)
        check_estimators(SVC().fit(sparse.csr_matrix(X), labels))
    check_estimators(SVR().fit(sparse.csr_matrix(X), X[:, 0]))


def neighbours(**changes):
    def change(one):
        found = one[-1]
        for name, value in changes.items():
            setattr(found, name, value(getattr(found, name)))

    return change


@pytest.mark.parametrize(
    "changes",
    [
        {"_y": lambda y: y[:1]},
        {"n_samples_fit_": lambda n: 10**7, "n_neighbors": lambda k: 10**6},
        {"n_neighbors": lambda k: 0},
        {"n_neighbors": lambda k: 61},
    ],
)
def test_neighbours_without_answers(tmp_path, changes):
    files = changed("neighbours", neighbours(**changes))
    refused(resealed(files, tmp_path / "model"), "neighbours have|n_neighbors of")


@pytest.mark.parametrize("label", [7, -1, 10**12])
def test_neighbours_of_classes_that_do_not_exist(label):
    labels = np.array([0, 1] * 10)
    classifier = KNeighborsClassifier(3).fit(np.eye(20), labels)
    check_estimators(classifier)
    classifier._y = np.full_like(classifier._y, label)
    with pytest.raises(ValueError, match="more or fewer answers"):
        check_estimators(classifier)


@pytest.mark.parametrize(
    ("estimator", "name", "value"),
    [
        (GradientBoostingRegressor(n_estimators=2), "learning_rate", np.nan),
        (GradientBoostingRegressor(n_estimators=2), "learning_rate", -1.0),
        (KNeighborsRegressor(), "leaf_size", 0),
        (SVR(), "coef0", np.float64("nan")),
        (RadiusNeighborsRegressor(), "radius", np.nan),
    ],
)
def test_settings_outside_their_range(estimator, name, value):
    fitted = estimator.fit(np.eye(9), np.arange(9.0))
    check_estimators(fitted)
    setattr(fitted, name, value)
    with pytest.raises(ValueError, match=f"{name} of "):
        check_estimators([fitted])


def test_masked_counts_of_support_vectors(tmp_path):
    fitted = SVC().fit(np.eye(9), np.arange(9) % 2)
    counts = fitted._n_support.copy()
    counts[:] = 10**8, len(fitted.support_)
    fitted._n_support = np.ma.MaskedArray(counts, [True, False])
    files = linear(**{SKOPS: held(fitted)})
    refused(resealed(files, tmp_path / "model"), "holds a masked array")
    with pytest.raises(ValueError, match="masked"):
        check_unmasked([[fitted]])


def test_only_the_results_of_a_search_are_masked():
    """They may not lie anywhere else as well, as skops reuses an object by its id."""
    search = GridSearchCV(Ridge(), {"alpha": [1.0, 2.0]}, cv=2).fit(np.eye(9), np.arange(9.0))
    content = dump_estimators([[search]], "it")
    loaded = load_estimators(content, "it")
    assert isinstance(loaded[0][0].cv_results_["param_alpha"], np.ma.MaskedArray)
    check_unmasked(loaded)
    search.best_estimator_.coef_ = search.cv_results_
    with pytest.raises(ValueError, match="masked"):
        check_unmasked([[search]])


def test_answers_that_are_no_numbers(tmp_path):
    """Any number of an estimator may have been made NaN; the answers show it."""
    data = make_related_regression(n_tasks=2, n_rows=30, seed=0)[0]
    learner = PerTaskEstimator(GaussianProcessRegressor(normalize_y=True))
    fitted = learner.fit(data, data, 0, Budget())
    fitted.model.parts[0].estimators[0]._y_train_std = np.full(1, np.nan)
    fitted.save(tmp_path / "model")
    with pytest.raises(
        BundleError, match=r"no number for task 'task_0' in 30 of 30 rows, .* row 0\."
    ):
        load(tmp_path / "model").predict(data)


@pytest.mark.parametrize("name", ["n_jobs", "n_threads", "_n_threads"])
@pytest.mark.parametrize("number", [10**6, np.int64(10**6)])
def test_numbers_of_threads_of_any_name_and_type(name, number):
    estimator = Ridge()
    setattr(estimator, name, number)
    check_estimators(estimator)
    assert getattr(estimator, name) <= (os.cpu_count() or 1)


@pytest.mark.parametrize("matrix", [sparse.coo_matrix, sparse.dia_matrix, sparse.bsr_matrix])
def test_sparse_matrices_of_other_layouts(matrix):
    with pytest.raises(ValueError, match="laid out"):
        check_estimators([matrix(np.eye(3))])


# ── boosters in text ──────────────────────────────────────────────────────────
def in_lightgbm(pattern: str, text: str) -> dict[str, bytes]:
    return {
        name: re.sub(pattern, text, content.decode(), flags=re.MULTILINE).encode()
        if name.startswith("booster-")
        else content
        for name, content in saved("lightgbm")[0].items()
    }


def arabic(found: re.Match[str]) -> str:
    return found[1] + "".join(chr(0x660 + int(digit)) for digit in found[2])


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"num_class:\d+", "num_class:100000"),  # more probabilities than there is room for
        (r"^(objective=multiclass) .*$", r"\1"),
        (r"^objective=regression$", "objective=multiclass num_class:9"),
        (r"^objective=binary.*$", "objective=multiclassova num_class:9999999 sigmoid:1"),
        (r"^objective=binary.*$", "objective=binary sigmoid:nan"),
        (r"^(left_child=-)(\d+)", arabic),  # Python reads 1 where LightGBM reads 0
        (r"^(right_child=-)(\d+)", arabic),
        (r"^(num_leaves=)(\d+)", arabic),
        (r"^(num_leaves=)(\d+)", r"\g<1>0_\2"),
        (r"^(max_feature_idx=)(\d+)", r"\g<1>0_\2"),
        (r"^(threshold=)", "\\1\N{NO-BREAK SPACE}"),
        (r"^leaf_value=.*$", lambda found: re.sub(r"[-.\de+]+", "1e308", found[0])),
        (r"^num_leaves=.*$", "num_leaves=2147483647"),
    ],
)
def test_boosters_that_lightgbm_reads_differently(tmp_path, pattern, text):
    files = in_lightgbm(pattern, text)
    assert files != saved("lightgbm")[0]
    refused(resealed(files, tmp_path / "model"), "holds no booster that can predict")


def in_xgboost(change) -> dict[str, bytes]:
    files = dict(saved("xgboost")[0])
    for name, content in saved("xgboost")[0].items():
        if name.startswith("booster-"):
            booster = json.loads(content)
            change(booster["learner"])
            files[name] = json.dumps(booster).encode()
    return files


def in_trees(change):
    def change_all(learner):
        for tree in learner["gradient_booster"]["model"]["trees"]:
            change(tree)

    return change_all


SOFTMAX = {"name": "multi:softprob", "softmax_multiclass_param": {"num_class": "1000"}}


@pytest.mark.parametrize(
    "change",
    [
        in_trees(lambda tree: tree.update(parents=[10**6] * len(tree["parents"]))),
        in_trees(lambda tree: tree.update(parents=[-5] * len(tree["parents"]))),
        in_trees(lambda tree: tree.update(parents=[2**31 - 1] * len(tree["parents"]))),
        in_trees(lambda tree: tree["tree_param"].update(num_nodes="0_3")),
        in_trees(lambda tree: tree["tree_param"].update(num_nodes="٣")),
        in_trees(lambda tree: tree.update(split_conditions=[1e300] * len(tree["parents"]))),
        in_trees(lambda tree: tree.update(split_conditions=[3e38] * len(tree["parents"]))),
        lambda learner: learner.update(objective=SOFTMAX),
        lambda learner: learner["learner_model_param"].update(base_score="1e300"),
        lambda learner: learner["learner_model_param"].update(num_feature="0_8"),
    ],
)
def test_boosters_that_xgboost_would_not_survive(tmp_path, change):
    sentence = refused(resealed(in_xgboost(change), tmp_path / "model"), "holds no booster")
    assert "Stack trace" not in sentence
