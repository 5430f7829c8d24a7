"""Saved models changed at random, and what must become of each: a sentence, or sound predictions.

Run it with a first and a last case to try more of them: ``python tests/fuzzed_bundles.py 0 2000``.
"""

import io
import json
import random
import struct
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from forgery import (
    Files,
    at,
    files_of,
    laid_out,
    places,
    put,
    resealed,
    schema_of,
    sealed_with,
    trap,
    unzipped,
    with_schema,
    zipped,
)
from learner_tables import long_data, mixed_data
from sklearn.ensemble import RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import fit_schemas, read
from polytask.encoders import LSTM, MLP, TabM
from polytask.exceptions import PolytaskError
from polytask.learners import (
    Constant,
    Ensemble,
    GradientBoosting,
    Linear,
    PerTaskEstimator,
    StackedTargets,
    resolve_learner,
)
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import (
    CombinedModel,
    FittedPredictor,
    GroupedModel,
    NetworkModel,
    load,
    schemas_of_group,
)
from polytask.predictor._folder import MANIFEST
from polytask.tasks import Task
from polytask.training import Trainer

REGRESSIONS = [Task("price", "regression"), Task("size", "regression", target=("width", "height"))]
GRADED = [Task("grade", "ordinal"), Task("price", "quantile:0.1,0.9")]
MIXED = mixed_data(n_rows=60)
ORDERED = mixed_data(GRADED, n_rows=60)
RELATED = mixed_data([*REGRESSIONS, Task("rich", "binary"), Task("grade", "multiclass")], n_rows=60)
NUMBERS = mixed_data(REGRESSIONS, n_rows=60)
STEPPED = read(
    {
        "review": ["so good", "not so good", None, "bad", "not bad"] * 12,
        "path": [["a", "b"], ["a"], [], None, ["c", "b", "a"]] * 12,
        "pulse": [[1.0, 2.0], [3.0], [], None, [2.0, 5.0, 1.0]] * 12,
        "molecule": ["CCO", "c1ccccc1", "N", None, "CC"] * 12,
        "price": [1.0, 2.5, 3.0, 4.5, 5.0] * 12,
    },
    ["price"],
    columns={"review": "text", "molecule": "smiles"},
)

TAGGED = read(
    {
        "words": [["fly", "to", "rome"], ["go"], ["to", "rome"], [], ["go", "to"]] * 12,
        "tags": [["O", "O", "B"], ["O"], ["O", "B"], None, ["O", "O"]] * 12,
        "price": [1.0, 2.5, 3.0, 4.5, 5.0] * 12,
    },
    ["tags:tokens", "price:quantile:0.1,0.9"],
    columns={"words": "tokens=6"},
)


def _combined() -> FittedPredictor:
    first = Linear().fit(NUMBERS, NUMBERS, 0, Budget())
    second = MultiTaskNetwork(SingleTask(MLP((3,)))).fit(NUMBERS, NUMBERS, 0, Budget(steps=2))
    model = CombinedModel((first.model, second.model), {"price": 0, "size": 1})
    return FittedPredictor(first.tasks, first.schemas, model, None, "combined")


def _ensemble() -> FittedPredictor:
    network = MultiTaskNetwork(HardSharing(MLP((3,))))
    return Ensemble(network, members=2).fit(NUMBERS, NUMBERS, 0, Budget(steps=4))


def _grouped() -> FittedPredictor:
    """The first two tasks in one network, the others in another, encoded by common schemas."""
    schemas, names = fit_schemas(MIXED), MIXED.tasks.names
    groups, models = (names[:2], names[2:]), []
    for group in groups:
        own, recipe = MIXED.without_tasks(set(names) - set(group)), HardSharing(MLP((3,)))
        known = schemas_of_group(schemas, group)
        trained = Trainer(steps=2).fit(recipe, own, schemas=known)
        models.append(NetworkModel(recipe, trained.network, own.tasks, known))
    model = GroupedModel(tuple(models), groups)
    return FittedPredictor(MIXED.tasks, schemas, model, None, "grouped")


def _forest() -> Any:
    return PerTaskEstimator(RandomForestRegressor(2, max_depth=2), categorical="codes")


def _neighbours() -> Any:
    return PerTaskEstimator(
        make_pipeline(StandardScaler(), KNeighborsRegressor(algorithm="kd_tree"))
    )


def _lightgbm() -> Any:
    import lightgbm

    settings: dict[str, Any] = {"n_estimators": 2, "num_leaves": 4, "verbose": -1}
    both = (lightgbm.LGBMRegressor(**settings), lightgbm.LGBMClassifier(**settings))
    return PerTaskEstimator(both, categorical="codes")


def _xgboost() -> Any:
    import xgboost

    settings: dict[str, Any] = {"n_estimators": 2, "max_depth": 2}
    return PerTaskEstimator((xgboost.XGBRegressor(**settings), xgboost.XGBClassifier(**settings)))


MODELS: dict[str, Callable[[], FittedPredictor]] = {
    "linear": lambda: Linear().fit(MIXED, MIXED, 0, Budget()),
    "own rows": lambda: Linear().fit(long_data(), long_data(), 0, Budget()),
    "boosting": lambda: GradientBoosting(max_iter=2).fit(MIXED, MIXED, 0, Budget()),
    "joint": lambda: resolve_learner("l21").fit(RELATED, RELATED, 0, Budget()),
    "own rows jointly": lambda: resolve_learner("l21").fit(long_data(), long_data(), 0, Budget()),
    "forest": lambda: _forest().fit(NUMBERS, NUMBERS, 0, Budget()),
    "neighbours": lambda: _neighbours().fit(NUMBERS, NUMBERS, 0, Budget()),
    "vectors": lambda: PerTaskEstimator((SVR(), SVC(probability=True))).fit(
        MIXED, MIXED, 0, Budget()
    ),
    "network": lambda: MultiTaskNetwork(HardSharing(MLP((3,), normalization="batch"))).fit(
        MIXED, MIXED, 0, Budget(steps=2)
    ),
    "combined": _combined,
    "ensemble of networks": _ensemble,
    "grouped": _grouped,
    "stacked": lambda: StackedTargets(folds=2).fit(NUMBERS, NUMBERS, 0, Budget()),
    "grades and quantiles": lambda: GradientBoosting(max_iter=2).fit(ORDERED, ORDERED, 0, Budget()),
    "network of these": lambda: MultiTaskNetwork(HardSharing(MLP((3,)))).fit(
        ORDERED, ORDERED, 0, Budget(steps=2)
    ),
    "texts and lists": lambda: Linear().fit(STEPPED, STEPPED, 0, Budget()),
    "network of texts and lists": lambda: MultiTaskNetwork(HardSharing(MLP((3,)))).fit(
        STEPPED, STEPPED, 0, Budget(steps=2)
    ),
    "ensemble": lambda: MultiTaskNetwork(HardSharing(TabM(widths=(3,), members=2))).fit(
        MIXED, MIXED, 0, Budget(steps=2)
    ),
    "network of tags": lambda: MultiTaskNetwork(HardSharing(LSTM(width=3))).fit(
        TAGGED, TAGGED, 0, Budget(steps=2)
    ),
    "constant": lambda: Constant().fit(MIXED, MIXED, 0, Budget()),
    "lightgbm": lambda: _lightgbm().fit(MIXED, MIXED, 0, Budget()),
    "xgboost": lambda: _xgboost().fit(MIXED, MIXED, 0, Budget()),
}


@cache
def saved(name: str) -> tuple[Files, dict[str, np.ndarray]]:
    """A model's files and its predictions."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        fitted = MODELS[name]()
        fitted.save(f"{folder}/model")
        return files_of(Path(folder) / "model"), predictions(fitted, name)


def predictions(predictor: FittedPredictor, name: str) -> dict[str, np.ndarray]:
    """Every task's response for a few rows."""
    own = {"own rows", "own rows jointly"}
    others = {"network of tags": TAGGED, **dict.fromkeys(own, long_data())}
    data = others.get(name, STEPPED if name.endswith("texts and lists") else MIXED)
    found = (
        predictor.predict({source.name: source.inputs for source in data.sources})
        if name not in own
        else predictor.predict(data)
    )
    return {task: found[task].response for task in found}


# ── changes that digests tell ─────────────────────────────────────────────────
def flipped(content: bytes, draw: random.Random) -> bytes:
    if not content:
        return b"x"
    changed = bytearray(content)
    for _ in range(draw.choice([1, 1, 3])):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def truncated(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content) or 1)]


def extended(content: bytes, draw: random.Random) -> bytes:
    return content + draw.randbytes(draw.choice([1, 8, 1000]))


DAMAGES = (flipped, truncated, extended)


def damaged(files: Files, folder: Path, draw: random.Random) -> Path:
    """One file changed, missing or in another's place; the manifest as it was."""
    name = draw.choice(sorted(files))
    kind = draw.randrange(5)
    if kind < 3:
        return laid_out({**files, name: DAMAGES[kind](files[name], draw)}, folder)
    if kind == 3:
        return laid_out({key: content for key, content in files.items() if key != name}, folder)
    other = draw.choice(sorted(files))
    return laid_out({**files, name: files[other], other: files[name]}, folder)


# ── changes that digests do not tell ──────────────────────────────────────────
DEEP = json.loads("[" * 300 + "]" * 300)
HOSTILE: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    7,
    2**31,
    10**30,
    0.5,
    -1e308,
    1e-320,
    "",
    "x",
    "os",
    "system",
    "../../etc/passwd",
    "/etc/passwd",
    "os:system",
    "builtins:eval",
    "polytask.cli:main",
    "\ud800",
    "\0",
    [],
    {},
    [[]],
    DEEP,
    {"type": "os:system", "parameters": {"command": "touch forged"}},
    {"type": "subprocess:Popen", "parameters": {"args": ["touch", "forged"]}},
    {"import": "os:abort"},
    {"import": "model.evil:f"},
    {"float": "nan"},
    {"mapping": [[1]]},
    {"type": "polytask.tasks:Task", "parameters": {"name": "x", "kind": "antigravity:x"}},
    {"type": "polytask.tasks:Task", "parameters": {"name": "x", "loss": "antigravity:x"}},
]
TYPES = [
    ("os", "system"),
    ("subprocess", "Popen"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("numpy", "memmap"),
    ("numpy", "void"),
    ("numpy.distutils.exec_command", "subprocess"),
    ("sklearn.utils._mocking", "CheckingClassifier"),
    ("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
    ("sklearn.externals._arff", "ArffDecoder"),
    ("antigravity", "x"),
    ("functools", "partial"),
    ("operator", "methodcaller"),
    ("joblib.memory", "Memory"),
    ("sklearn.pipeline", "Pipeline"),
    ("sklearn.linear_model._ridge", "Ridge"),
]
LOADERS = [
    "CachedNode",
    "ConstructorFromReduceNode",
    "DefaultDictNode",
    "DictNode",
    "DTypeNode",
    "FunctionNode",
    "JsonNode",
    "ListNode",
    "LossNode",
    "MaskedArrayNode",
    "MethodNode",
    "NdArrayNode",
    "ObjectNode",
    "OperatorFuncNode",
    "PartialNode",
    "RandomGeneratorNode",
    "RandomStateNode",
    "SetNode",
    "SliceNode",
    "SparseMatrixNode",
    "TreeNode",
    "TupleNode",
    "TypeNode",
    "NoNode",
]


def forged_json(value: Any, draw: random.Random) -> Any:
    """One or a few values replaced, swapped, left out or nested."""
    for _ in range(draw.choice([1, 1, 1, 2, 4])):
        every = list(places(value))
        path = draw.choice(every)
        kind = draw.randrange(6)
        if kind == 0 and path:
            parent = at(value, path[:-1])
            fewer = (
                {k: v for k, v in parent.items() if k != path[-1]}
                if isinstance(parent, dict)
                else [v for k, v in enumerate(parent) if k != path[-1]]
            )
            value = put(value, path[:-1], fewer)
        elif kind == 1:
            value = put(value, path, at(value, draw.choice(every)))
        elif kind == 2:
            value = put(value, path, [at(value, path)])
        elif kind == 3 and isinstance(at(value, path), int | float):
            value = put(value, path, draw.choice([0, -1, 10**12, 1e300, 2.5]))
        else:
            value = put(value, path, draw.choice(HOSTILE))
    return value


def forged_schema(schema: Any, draw: random.Random) -> Any:
    """Types, loaders, ids and files of a skops schema replaced."""
    nodes = [path for path in places(schema) if isinstance(at(schema, path), dict)]
    nodes = [path for path in nodes if "__loader__" in at(schema, path)]
    for _ in range(draw.choice([1, 1, 2])):
        node, other = draw.choice(nodes), draw.choice(nodes)
        kind = draw.randrange(6)
        if kind == 0:
            module, name = draw.choice(TYPES)
            schema = put(put(schema, (*node, "__module__"), module), (*node, "__class__"), name)
        elif kind == 1:
            schema = put(schema, (*node, "__loader__"), draw.choice(LOADERS))
        elif kind == 2:
            schema = put(schema, (*node, "__id__"), at(schema, other).get("__id__"))
        elif kind == 3 and "file" in at(schema, other):
            schema = put(schema, (*node, "file"), at(schema, other)["file"])
        elif kind == 4:
            schema = put(schema, node, at(schema, other))
        else:
            schema = forged_json(schema, draw)
        nodes = [path for path in nodes if _has(schema, path)]
        if not nodes:
            break
    return schema


def _has(value: Any, path: tuple[Any, ...]) -> bool:
    try:
        return "__loader__" in at(value, path)
    except (LookupError, TypeError):
        return False


def forged_array(content: bytes, draw: random.Random) -> bytes:
    """Values, shape or type of an array replaced."""
    try:
        array = np.load(io.BytesIO(content))
    except ValueError:
        return flipped(content, draw)
    kind = draw.randrange(5)
    if kind == 0:
        return content.replace(str(array.shape).encode(), b"(10000000000000,)")
    if kind == 1 and array.size:
        changed = array.copy().ravel()
        fill = {"f": np.nan, "i": 2**31 - 1, "u": 2**31 - 1}.get(array.dtype.kind)
        if fill is not None:
            changed[draw.randrange(changed.size)] = draw.choice([fill, 0, 1])
        array = changed.reshape(array.shape)
    elif kind == 2:
        array = array.ravel()[: draw.randrange(array.size + 1)]
    elif kind == 3:
        array = np.full(3 if draw.random() < 0.5 else array.shape, "x", "S3")
    else:
        return flipped(content, draw)
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def forged_skops(content: bytes, draw: random.Random) -> bytes:
    """Another schema, other arrays, or entries that a saved model does not have."""
    kind = draw.randrange(8)
    if kind < 4:
        return with_schema(content, forged_schema(schema_of(content), draw))
    entries = unzipped(content)
    name = draw.choice(list(entries))  # as they stand: their names are addresses in memory
    if kind < 6 and name.endswith(".npy"):
        return zipped({**entries, name: forged_array(entries[name], draw)})
    if kind == 6:
        strange = draw.choice(["../evil.npy", "/tmp/evil.npy", "evil.py", "1.npz", name + "x"])
        return zipped({**entries, strange: b"x"})
    return draw.choice(DAMAGES)(content, draw)


def forged_weights(content: bytes, draw: random.Random) -> bytes:
    """Values or header of a safetensors file replaced."""
    (size,) = struct.unpack("<Q", content[:8])
    header, body = json.loads(content[8 : 8 + size]), content[8 + size :]
    kind = draw.randrange(5)
    if kind == 0:
        body = np.full(len(body) // 4, np.nan, np.float32).tobytes().ljust(len(body), b"\0")
    elif kind == 1:
        header = forged_json(header, draw)
    elif kind == 2:
        return struct.pack("<Q", draw.choice([0, 1, 2**62, size + 1])) + content[8:]
    elif kind == 3:
        body = flipped(body, draw)
    else:
        return draw.choice(DAMAGES)(content, draw)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def forged_text(content: bytes, draw: random.Random) -> bytes:
    """Numbers or lines of a booster's text replaced."""
    lines = content.decode().split("\n")
    position = draw.randrange(len(lines))
    kind = draw.randrange(4)
    if kind == 0:
        name, _, values = lines[position].partition("=")
        words = values.split(" ")
        words[draw.randrange(len(words))] = draw.choice(
            ["-7", "0", "1", "99999", "1e400", "nan", ""]
        )
        lines[position] = f"{name}={' '.join(words)}"
    elif kind == 1:
        del lines[position]
    elif kind == 2:
        lines.insert(position, draw.choice(lines))
    else:
        return draw.choice(DAMAGES)(content, draw)
    return "\n".join(lines).encode()


def forged(files: Files, folder: Path, draw: random.Random) -> Path:
    """One file changed so that its format still holds, and the manifest made to agree."""
    name = draw.choice(sorted(files))
    if name == MANIFEST:
        manifest = forged_json(json.loads(files[MANIFEST]), draw)
        if draw.random() < 0.2 and isinstance(manifest, dict):
            manifest["files"] = draw.choice([{}, None, [], {"bundle.json": {}}])
        if isinstance(manifest, dict):
            return sealed_with(files, folder, manifest)
        return laid_out({**files, MANIFEST: json.dumps(manifest).encode()}, folder)
    content = files[name]
    if name.endswith(".json"):
        content = json.dumps(forged_json(json.loads(content), draw)).encode()
    elif name.endswith(".skops"):
        content = forged_skops(content, draw)
    elif name.endswith(".safetensors"):
        content = forged_weights(content, draw)
    else:
        content = forged_text(content, draw)
    return resealed({**files, name: content}, folder)


# ── cases ─────────────────────────────────────────────────────────────────────
def try_case(number: int, folder: Path) -> str:
    """Change one model, load it and predict; return what was said, or "" where all went well.

    Raises
    ------
    AssertionError
        If code ran, something was written, or a change was missed that digests tell.
    """
    draw = random.Random(number)
    name = draw.choice(sorted(MODELS))
    files, expected = saved(name)
    told = draw.random() < 0.25
    place = (damaged if told else forged)(files, folder / str(number), draw)
    with trap(place) as alarms, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = predictions(load(place), name)
            said = ""
        except PolytaskError as error:
            said = str(error)
    assert not alarms, f"case {number} ({name}): {alarms}"
    assert "\n" not in said.strip(), f"case {number} ({name}): {said}"
    if not said:
        assert not any(np.isnan(response).any() for response in found.values())
    if not said and told:
        for task, response in expected.items():
            words = f"case {number} ({name}): a changed prediction of {task}"
            np.testing.assert_array_equal(found[task], response, words)
    return said


def main() -> None:
    """Try the cases from the first to the last argument."""
    first, last = map(int, sys.argv[1:3])
    loaded = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, last):
            try:
                loaded += not try_case(number, Path(folder))
            except BaseException:
                print("case", number, flush=True)  # noqa: T201
                raise
    print(f"{last - first} cases, {loaded} loaded")  # noqa: T201


if __name__ == "__main__":
    main()
