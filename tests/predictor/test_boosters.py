"""Boosters of LightGBM and XGBoost: saved in their own formats, with equal predictions."""

import contextlib
import json
import random

import numpy as np
import pytest
from forgery import files_of, resealed, unzipped
from fuzzed_bundles import forged_text
from learner_tables import mixed_data
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingRegressor, VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from polytask.bookkeeping import Budget
from polytask.exceptions import BundleError
from polytask.learners import PerTaskEstimator
from polytask.predictor import load
from polytask.tasks import Task

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

MIXED = mixed_data(n_rows=120)
REGRESSIONS = mixed_data([Task("price", "regression")], n_rows=120)
CLASSES = mixed_data([Task("rich", "binary"), Task("grade", "multiclass")], n_rows=120)
LGB = {"n_estimators": 5, "num_leaves": 7, "verbose": -1}
XGB = {"n_estimators": 5, "max_depth": 3}


def regressor(**more):
    return lightgbm.LGBMRegressor(**LGB | more)


def classifier(**more):
    return lightgbm.LGBMClassifier(**LGB | more)


CASES = {
    "lightgbm": ((regressor(), classifier()), MIXED),
    "lightgbm, linear": (regressor(linear_tree=True), REGRESSIONS),
    "lightgbm, forest": (
        regressor(boosting_type="rf", bagging_freq=1, bagging_fraction=0.5),
        REGRESSIONS,
    ),
    "lightgbm, dart": (regressor(boosting_type="dart"), REGRESSIONS),
    "lightgbm, quantile": (regressor(objective="quantile"), REGRESSIONS),
    "lightgbm in a pipeline": (make_pipeline(StandardScaler(), regressor()), REGRESSIONS),
    "lightgbm in an ensemble": (
        VotingRegressor([("a", regressor()), ("b", Ridge()), ("c", xgboost.XGBRegressor(**XGB))]),
        REGRESSIONS,
    ),
    "lightgbm in bags": (BaggingRegressor(regressor(), n_estimators=2), REGRESSIONS),
    "lightgbm, calibrated": (CalibratedClassifierCV(classifier(), cv=2), CLASSES),
    "xgboost": ((xgboost.XGBRegressor(**XGB), xgboost.XGBClassifier(**XGB)), MIXED),
    "xgboost, linear": (xgboost.XGBRegressor(booster="gblinear", n_estimators=3), REGRESSIONS),
    "xgboost, dart": (xgboost.XGBRegressor(booster="dart", **XGB), REGRESSIONS),
    "xgboost, forest": (xgboost.XGBRFRegressor(**XGB), REGRESSIONS),
    "xgboost, missing": (xgboost.XGBRegressor(missing=0.0, **XGB), REGRESSIONS),
    "xgboost, two outputs": (
        xgboost.XGBRegressor(**XGB),
        mixed_data([Task("size", "regression", target=("width", "height"))], n_rows=120),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_predictions_are_bit_identical(case, tmp_path):
    estimator, data = CASES[case]
    fitted = PerTaskEstimator(estimator).fit(data, data, 0, Budget())
    fitted.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    loaded.save(tmp_path / "again")
    for other in (loaded, load(tmp_path / "again")):
        before, after = fitted.predict(data), other.predict(data)
        for task in data.tasks.names:
            np.testing.assert_array_equal(before[task].raw, after[task].raw)
    files = files_of(tmp_path / "model")
    assert any(name.startswith("booster-") for name in files)
    schema = unzipped(files["estimators.skops"])["schema.json"]
    assert b'"lightgbm' not in schema
    assert b'"xgboost' not in schema
    assert not any(b"parameters:" in content for name, content in files.items() if ".txt" in name)


def test_early_stopping_is_kept(tmp_path):
    generator = np.random.default_rng(0)
    X = generator.normal(size=(200, 4))
    y = X[:, 0] + generator.normal(size=200)
    fitted = PerTaskEstimator(xgboost.XGBRegressor(**XGB)).fit(
        REGRESSIONS, REGRESSIONS, 0, Budget()
    )
    model = xgboost.XGBRegressor(n_estimators=200, early_stopping_rounds=2, max_depth=3)
    width = fitted.model.parts[0].estimators[0].n_features_in_
    X = np.tile(X, (1, 2))[:, :width]
    model.fit(X[:100], y[:100], eval_set=[(X[100:], y[100:])], verbose=False)
    assert model.best_iteration < 199
    object.__setattr__(fitted.model.parts[0], "estimators", (model,))
    fitted.save(tmp_path / "model")
    raw = load(tmp_path / "model").predict(REGRESSIONS)["price"].raw
    np.testing.assert_array_equal(raw, fitted.predict(REGRESSIONS)["price"].raw)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_classifiers_with_a_users_objective_are_refused(library, tmp_path):
    fitted = PerTaskEstimator(CASES[library][0]).fit(CLASSES, CLASSES, 0, Budget())
    fitted.model.parts[0].estimators[0].objective = lambda truth, raw: (raw, raw)
    with pytest.raises(BundleError, match="objective of its own"):
        fitted.save(tmp_path / "model")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    found = {}
    for case in ("lightgbm", "lightgbm, linear", "xgboost", "xgboost, dart"):
        estimator, data = CASES[case]
        folder = tmp_path_factory.mktemp("saved") / "model"
        PerTaskEstimator(estimator, categorical="codes").fit(data, data, 0, Budget()).save(folder)
        found[case] = files_of(folder)
    return found


TEXTS = [
    ("num_leaves=", "num_leaves=9"),
    ("num_leaves=", "num_leaves=99999999999"),
    ("split_feature=", "split_feature=99 "),
    ("left_child=", "left_child=0 "),
    ("right_child=-", "right_child=-99"),
    ("leaf_value=", "leaf_value=nan "),
    ("leaf_value=-", "leaf_value=1e999 -"),
    ("num_class=1", "num_class=1000000000"),
    ("max_feature_idx=", "max_feature_idx=9"),
    ("num_tree_per_iteration=1", "num_tree_per_iteration=3"),
    ("objective=regression", "objective=evil"),
    ("Tree=1\n", "Tree=7\n"),
    ("end of trees", "end of trees\nparameters:\n[output_model: x]"),
    ("version=v4", "version=v4\ntree_sizes=1 1 1 1 1"),
    ("tree\n", "tree\nforcedsplits_filename=/etc/passwd\n"),
]


@pytest.mark.parametrize(("old", "new"), TEXTS)
def test_forged_text(saved, old, new, tmp_path):
    files = saved["lightgbm"]
    changed = files["booster-0.txt"].decode().replace(old, new, 1).encode()
    assert changed != files["booster-0.txt"]
    with pytest.raises(BundleError, match=r"booster-0\.txt holds no booster that can predict"):
        load(resealed(files | {"booster-0.txt": changed}, tmp_path / "model"))


def test_forged_text_at_random(saved, tmp_path):
    for number in range(40):
        draw = random.Random(number)
        case = draw.choice(["lightgbm", "lightgbm, linear"])
        content = forged_text(saved[case]["booster-0.txt"], draw)
        folder = resealed(saved[case] | {"booster-0.txt": content}, tmp_path / str(number))
        with contextlib.suppress(BundleError):
            load(folder).predict(MIXED)


JSONS = {
    "a child that does not exist": lambda tree: tree["left_children"].__setitem__(0, 9999),
    "a circle": lambda tree: tree["left_children"].__setitem__(1, 0),
    "one child twice": lambda tree: tree["right_children"].__setitem__(0, tree["left_children"][0]),
    "a feature that does not exist": lambda tree: tree["split_indices"].__setitem__(0, 9999),
    "fewer nodes": lambda tree: tree["split_conditions"].pop(),
    "more nodes": lambda tree: tree["tree_param"].update(num_nodes="99999999"),
    "categories": lambda tree: tree["categories"].append(1),
    "a kind of split": lambda tree: tree["split_type"].__setitem__(0, 1),
    "a leaf of vectors": lambda tree: tree["tree_param"].update(size_leaf_vector="9"),
}


@pytest.mark.parametrize("change", JSONS)
@pytest.mark.parametrize("case", ["xgboost", "xgboost, dart"])
def test_forged_trees(saved, change, case, tmp_path):
    model = json.loads(saved[case]["booster-0.json"])
    booster = model["learner"]["gradient_booster"]
    JSONS[change](booster.get("gbtree", booster)["model"]["trees"][0])
    files = saved[case] | {"booster-0.json": json.dumps(model).encode()}
    with pytest.raises(BundleError, match=r"booster-0\.json holds no booster that can predict"):
        load(resealed(files, tmp_path / "model"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("num_class", "1000000000"), ("num_target", "7000000"), ("num_feature", "0")],
)
def test_forged_shapes(saved, name, value, tmp_path):
    model = json.loads(saved["xgboost"]["booster-0.json"])
    model["learner"]["learner_model_param"][name] = value
    files = saved["xgboost"] | {"booster-0.json": json.dumps(model).encode()}
    with pytest.raises(BundleError, match=r"booster-0\.json holds no booster that can predict"):
        load(resealed(files, tmp_path / "model"))


@pytest.mark.parametrize("value", [-1, 99, True, "0", None])
def test_a_mark_without_its_booster_is_refused(saved, value, tmp_path):
    files = saved["lightgbm"]
    described = json.loads(files["estimators.json"])
    described["boosters"] = [] if value == 99 else described["boosters"]
    described["boosters"] = described["boosters"][:-1]
    files = files | {"estimators.json": json.dumps(described).encode()}
    with pytest.raises(BundleError):
        load(resealed(files, tmp_path / "model"))
