"""Saved joint estimators: they load without trust, and forged ones are refused."""

import copy
import inspect
import json
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
import skops.io
from forgery import at, files_of, places, put, resealed, schema_of, trap, with_schema
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge

from polytask._trust import is_own
from polytask.bookkeeping import Budget
from polytask.datafits import Huber
from polytask.exceptions import BundleError
from polytask.learners import JointEstimator, resolve_learner
from polytask.linear_model import L21Regressor
from polytask.predictor import ESTIMATOR_ROOMS, _skops_schema, load
from polytask.predictor._estimator_rooms import SETTING_ROOMS
from polytask.predictor._skops_schema import is_estimator, is_setting
from polytask.testing import tiny_dataset

SKOPS, PARTS = "estimators.skops", "estimators.json"
FORMS = {
    "table": tiny_dataset(["regression"] * 3),
    "rows": tiny_dataset(["regression"] * 3, own_rows=True, n_rows=60),
    "classes": tiny_dataset(["binary", "multiclass", "binary", "multiclass"], missing=0.1),
    "class_rows": tiny_dataset(["binary"] * 2, own_rows=True, n_rows=60),
}


@cache
def saved(form):
    import tempfile
    from pathlib import Path

    data = FORMS[form]
    predictor = resolve_learner("l21").fit(data, data, 0, Budget())
    with tempfile.TemporaryDirectory() as folder:
        predictor.save(Path(folder) / "model")
        return predictor, files_of(Path(folder) / "model")


def forged(tmp_path, form, change=None, parts=None):
    """The saved model with a change of its first estimator, or of the entries of its parts."""
    files = dict(saved(form)[1])
    if change is not None:
        trusted = skops.io.get_untrusted_types(data=files[SKOPS])
        estimators = skops.io.loads(files[SKOPS], trusted=trusted)
        estimators[0] = [change(estimators[0][0]) or estimators[0][0]]
        files[SKOPS] = skops.io.dumps(estimators)
    if parts is not None:
        entries = json.loads(files[PARTS])
        entries["parts"][0] |= parts
        files[PARTS] = json.dumps(entries).encode()
    return resealed(files, tmp_path / "model")


@pytest.mark.parametrize("form", FORMS)
def test_the_same_is_predicted_after_loading_without_trust(tmp_path, form):
    predictor, _ = saved(form)
    again = load(forged(tmp_path, form))
    data = FORMS[form]
    for name in data.tasks.names:
        assert (again.predict(data)[name].raw == predictor.predict(data)[name].raw).all()
    assert again.n_parameters == predictor.n_parameters


def test_a_fresh_process_finds_the_room_of_the_estimators(tmp_path):
    folder = forged(tmp_path, "table")
    code = f"import polytask; print(polytask.load({str(folder)!r}).tasks.names)"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "task2" in ran.stdout


def test_public_estimators_are_known_and_nothing_else_of_their_room():
    assert is_estimator("polytask.linear_model._l21_regressor.L21Regressor")
    assert not is_estimator("polytask.linear_model.L21Regressor")
    assert not is_estimator("polytask.linear_model._penalized_estimator.solve")
    assert not is_estimator("polytask.linear_model._nowhere.L21Regressor")


HOSTILE = [
    "os.system",
    "polytask.cli._main.main",
    "polytask.predictor._load.load",
    "polytask.executors._ray_work.RayWork",
    "polytask.linear_modelling._evil.Evil",
    "polytask.linear_model._evil.Evil",
    "polytask.linear_model._penalized_estimator.solve",
    "polytask.linear_model._penalized_estimator.PenalizedEstimator",
    "polytask.linear_model._l21.JointSelection",
    "polytask.datafits._datafit.Datafit",
    "polytask.datafits._shared_rows.SharedRows",
    "polytask.penalties._evil.Evil",
    "polytask.solvers._closed_form.ClosedForm",
]
"""Names that no saved model holds: functions, rooms of others, base classes, files that do not exist."""


def test_names_in_files_import_nothing_but_public_rooms(monkeypatch):
    imported = []
    monkeypatch.setattr(
        _skops_schema.importlib,
        "import_module",
        lambda name: imported.append(name) or sys.modules[name],
    )
    for name in HOSTILE:
        is_estimator(name)
        is_setting(name)
    assert set(imported) <= {*ESTIMATOR_ROOMS, *SETTING_ROOMS}


def test_estimators_that_files_may_hold_are_public_unless_nothing_can_be_one():
    """Abstract bases cannot be instantiated; boosters stand for models of other libraries."""
    ahead, found = [BaseEstimator], []
    while ahead:
        ahead += (subclasses := ahead.pop().__subclasses__())
        found += subclasses
    public = {
        thing
        for room in ESTIMATOR_ROOMS
        for thing in vars(sys.modules[room]).values()
        if isinstance(thing, type)
    }
    for kind in found:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if is_own(name) and kind.__module__ != "polytask.predictor._booster" and is_estimator(name):
            assert kind in public or inspect.isabstract(kind), name


@pytest.mark.parametrize("name", HOSTILE)
def test_names_in_place_of_the_estimator_reach_no_call(tmp_path, name):
    files = dict(saved("table")[1])
    schema = schema_of(files[SKOPS])
    paths = [path for path in places(schema) if path[-1:] == ("__class__",)]
    (path,) = (path[:-1] for path in paths if at(schema, path) == "L21Regressor")
    module, _, attribute = name.rpartition(".")
    for loader in ("ObjectNode", "FunctionNode", "TypeNode"):
        node = {"__module__": module, "__class__": attribute, "__loader__": loader}
        changed = put(schema, path, at(schema, path) | node)
        forgery = {**files, SKOPS: with_schema(files[SKOPS], changed)}
        folder = resealed(forgery, tmp_path / loader)
        with trap(folder) as alarms, pytest.raises(BundleError):
            load(folder)
        assert not alarms


def test_losses_among_the_settings_are_saved_and_checked(tmp_path):
    learner = JointEstimator(L21Regressor(loss=Huber(2.0)))
    data = FORMS["table"]
    predictor = learner.fit(data, data, 0, Budget())
    predictor.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.model.parts[0].estimators[0].loss == Huber(2.0)
    files = files_of(tmp_path / "model")
    estimators = skops.io.loads(
        files[SKOPS], trusted=skops.io.get_untrusted_types(data=files[SKOPS])
    )
    for name, value in (("delta", -1.0), ("loss", 3), ("other", 1.0)):
        (estimator,) = copy.deepcopy(estimators)[0]
        vars(estimator.loss)[name] = value
        forgery = {**files, SKOPS: skops.io.dumps([[estimator]])}
        with pytest.raises(BundleError, match="no estimators that can predict"):
            load(resealed(forgery, tmp_path / name))
    assert is_setting("polytask.penalties._l21.L21")
    for name in (
        "polytask.datafits.Huber",
        "polytask.tasks._task.Task",
        "polytask.datafits._huber.np",
    ):
        assert not is_setting(name)


def setting(**values):
    def change(estimator):
        for name, value in values.items():
            setattr(estimator, name, value)

    return change


def changed(name, function):
    return lambda estimator: setattr(estimator, name, function(getattr(estimator, name)))


@pytest.mark.parametrize(
    ("form", "change"),
    {
        "coefficients that are no numbers": ("table", changed("coef_", lambda c: c * np.nan)),
        "of other features": ("table", changed("coef_", lambda c: c[:, :-1])),
        "of fewer tasks": ("table", changed("coef_", lambda c: c[:-1])),
        "of one task": ("rows", changed("coef_", lambda c: c[0])),
        "intercepts of fewer tasks": ("table", changed("intercept_", lambda b: b[:-1])),
        "intercepts that are texts": ("table", changed("intercept_", lambda b: b.astype(str))),
        "ids of fewer tasks": ("rows", changed("tasks_", lambda t: t[:-1])),
        "other ids": ("rows", changed("tasks_", lambda t: t + 7)),
        "a number of tasks": ("table", setting(n_tasks_=10**9)),
        "a number of features": ("table", setting(n_features_in_=2)),
        "a setting outside its range": ("table", setting(alpha=-1.0)),
        "a method": ("table", setting(predict=3)),
        "classes that do not exist": ("classes", changed("classes_", lambda c: c + 5)),
        "one class": ("classes", changed("classes_", lambda c: c[:1])),
        "columns that do not exist": ("class_rows", changed("_columns", lambda c: c + 10**6)),
        "columns of text": ("class_rows", changed("_columns", lambda c: c.astype(str))),
        "another estimator": ("rows", lambda _: Ridge().fit(np.eye(6), np.ones(6))),
    }.values(),
)
def test_estimators_that_could_not_predict(tmp_path, form, change):
    folder = forged(tmp_path, form, change)
    with trap(folder) as alarms, pytest.raises(BundleError, match="no estimators that can predict"):
        load(folder)
    assert not alarms


@pytest.mark.parametrize(
    ("form", "parts"),
    [
        ("table", {"outputs": [0, 1, 3]}),
        ("table", {"outputs": [0, 1, -1]}),
        ("table", {"outputs": [0, 1]}),
        ("table", {"outputs": [0, 1, 2, 3]}),
        ("table", {"by_row": True, "outputs": [0, 1, 9]}),
        ("table", {"spread": False}),
        ("rows", {"outputs": [0, 1, 3]}),
        ("rows", {"spread": False}),
        ("rows", {"by_row": False, "spread": False, "outputs": []}),
    ],
)
def test_outputs_that_an_estimator_does_not_have(tmp_path, form, parts):
    folder = forged(tmp_path, form, parts=parts)
    with trap(folder) as alarms, pytest.raises(BundleError, match="no estimators that can predict"):
        load(folder)
    assert not alarms
