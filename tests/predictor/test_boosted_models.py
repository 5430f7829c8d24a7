"""Saved boosting of several tasks: it loads without trust, and forged ones are refused."""

from functools import cache

import numpy as np
import pytest
import skops.io
from forgery import files_of, resealed, trap
from sklearn.linear_model import Ridge

from polytask.bookkeeping import Budget
from polytask.exceptions import BundleError
from polytask.learners import JointEstimator
from polytask.predictor import load
from polytask.predictor._packed_trees import pack_trees, unpack_trees
from polytask.testing import tiny_dataset
from polytask.tree_models import MultiTaskBoostingClassifier, MultiTaskBoostingRegressor

SKOPS = "estimators.skops"
SMALL = {"max_iter": 4, "max_leaf_nodes": 3, "min_samples_leaf": 3, "folds": None}
FORMS = {
    "table": tiny_dataset(["regression"] * 3, missing=0.2),
    "class_rows": tiny_dataset(["binary"] * 2, own_rows=True, n_rows=60),
}


@cache
def saved(form):
    import tempfile
    from pathlib import Path

    estimators = (MultiTaskBoostingRegressor(**SMALL), MultiTaskBoostingClassifier(**SMALL))
    data = FORMS[form]
    predictor = JointEstimator(estimators).fit(data, data, 0, Budget())
    with tempfile.TemporaryDirectory() as folder:
        predictor.save(Path(folder) / "model")
        return predictor, files_of(Path(folder) / "model")


@pytest.mark.parametrize("form", FORMS)
def test_the_same_is_predicted_after_loading_without_trust(tmp_path, form):
    predictor, files = saved(form)
    again, data = load(resealed(files, tmp_path / "model")), FORMS[form]
    for name in data.tasks.names:
        assert (again.predict(data)[name].raw == predictor.predict(data)[name].raw).all()
    assert again.n_parameters == predictor.n_parameters > 20


def lead_nowhere(estimator):
    estimator.own_[0][0]._predictors[0][0].nodes["left"][0] = 10**6


def change(name, function):
    return lambda estimator: setattr(estimator, name, function(getattr(estimator, name)))


FORGERIES = {
    "trees that lead nowhere": lead_nowhere,
    "no boosters": change("common_", lambda _: [[Ridge().fit(np.eye(6), np.ones(6))]]),
    "trees of fewer tasks": change("own_", lambda own: own[:-1]),
    "levels that are no numbers": change("level_", lambda level: level * np.nan),
    "levels of fewer tasks": change("level_", lambda level: level[:-1]),
    "groups of fewer tasks": change("group_", lambda group: group[:-1]),
    "rounds of fewer tasks": change("n_common_iter_", lambda rounds: rounds[:-1]),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_trees_that_could_not_predict(tmp_path, forge):
    files = dict(saved("table")[1])
    trusted = skops.io.get_untrusted_types(data=files[SKOPS])
    estimators = skops.io.loads(files[SKOPS], trusted=trusted)
    unpack_trees(estimators)
    forge(estimators[0][0])
    files[SKOPS] = skops.io.dumps(pack_trees(estimators))
    folder = resealed(files, tmp_path / "model")
    with trap(folder) as alarms, pytest.raises(BundleError, match="no estimators that can predict"):
        load(folder)
    assert not alarms
