"""Trees of histogram boosting in files: a few arrays, the same trees, forged ones refused."""

import io
from itertools import chain
from zipfile import ZipFile

import numpy as np
import pytest
import skops.io
from forgery import files_of, resealed
from learner_tables import mixed_data
from sklearn.ensemble import (
    BaggingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    VotingRegressor,
)
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from polytask.bookkeeping import Budget
from polytask.exceptions import BundleError
from polytask.learners import GradientBoosting, PerTaskEstimator
from polytask.predictor import load
from polytask.predictor._estimator_checks import check_estimators, check_unmasked, parts_of
from polytask.predictor._packed_trees import pack_trees, unpack_trees
from polytask.tasks import Task

MIXED = mixed_data(n_rows=120)
NUMBERS = mixed_data([Task("price", "regression")], n_rows=120)
SKOPS = "estimators.skops"
ARRAYS = ("nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets")


def boosting(**more):
    return HistGradientBoostingRegressor(max_iter=3, max_leaf_nodes=4, **more)


CASES = {
    "by categories": (GradientBoosting(max_iter=5), MIXED),
    "in a pipeline": (PerTaskEstimator(make_pipeline(StandardScaler(), boosting())), NUMBERS),
    "in bags": (PerTaskEstimator(BaggingRegressor(boosting(), n_estimators=2)), NUMBERS),
    "beside others": (
        PerTaskEstimator(VotingRegressor([("a", boosting()), ("b", Ridge())])),
        NUMBERS,
    ),
    "no trees": (PerTaskEstimator(Ridge()), NUMBERS),
}


def trees_in(estimators):
    boosted = [part for part in parts_of(estimators) if hasattr(part, "_predictors")]
    return [tree for part in boosted for tree in chain(*part._predictors)]


def estimators_of(predictor):
    return [list(part.estimators) for part in predictor.model.parts]


@pytest.mark.parametrize("case", CASES)
def test_saved_trees_are_the_same_to_the_last_bit(tmp_path, case):
    learner, data = CASES[case]
    fitted = learner.fit(data, data, 0, Budget())
    fitted.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    before, after = trees_in(estimators_of(fitted)), trees_in(estimators_of(loaded))
    assert bool(before) == (case != "no trees")
    for tree, same in zip(before, after, strict=True):
        for name in ARRAYS:
            one, other = getattr(tree, name), getattr(same, name)
            assert (one.dtype, one.shape) == (other.dtype, other.shape)
            assert one.tobytes() == other.tobytes()
    loaded.save(tmp_path / "again")
    assert load(tmp_path / "again").n_parameters == fitted.n_parameters
    scores, again = (predictor.model.scores(data.sources) for predictor in (fitted, loaded))
    for source, by_task in scores.items():
        for name, values in by_task.items():
            np.testing.assert_array_equal(values, again[source][name])


def test_a_file_holds_a_few_arrays_whatever_the_number_of_trees():
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60.0)
    n_files = {}
    for n_trees in (2, 30):
        model = HistGradientBoostingRegressor(max_iter=n_trees, early_stopping=False).fit(X, y)
        packed = pack_trees([model])
        assert len(model._predictors) == n_trees
        with ZipFile(io.BytesIO(skops.io.dumps(packed))) as archive:
            n_files[n_trees] = len(archive.namelist())
    assert n_files[2] == n_files[30] < 20


def test_several_trees_per_round():
    X = np.random.default_rng(0).normal(size=(90, 2))
    model = HistGradientBoostingClassifier(max_iter=3).fit(X, np.arange(90) % 3)
    expected = model.predict_proba(X)
    packed = pack_trees([model])
    assert isinstance(packed[0]._predictors, dict)
    unpack_trees(packed)
    assert [len(trees) for trees in packed[0]._predictors] == [3, 3, 3]
    np.testing.assert_array_equal(packed[0].predict_proba(X), expected)


def test_trees_of_another_kind_stay_as_they_are():
    model = boosting().fit(np.arange(60.0)[:, None], np.arange(60.0))
    model._predictors[0][0].note = "mine"
    assert pack_trees([model])[0] is model
    unfitted = boosting()
    assert pack_trees([unfitted])[0] is unfitted


def test_files_with_a_file_per_array_are_read(tmp_path):
    fitted = GradientBoosting(max_iter=5).fit(MIXED, MIXED, 0, Budget())
    fitted.save(tmp_path / "model")
    apart = {SKOPS: skops.io.dumps(estimators_of(fitted))}
    folder = resealed(files_of(tmp_path / "model") | apart, tmp_path / "earlier")
    n_trees = len(trees_in(estimators_of(fitted)))
    assert len(trees_in(estimators_of(load(folder)))) == n_trees > 0


def astray(nodes, to):
    """Nodes of which the first one's left child leads elsewhere, and where that is."""
    nodes = nodes.copy()
    at = int(nodes["left"][0])
    nodes["left"][at] = nodes["right"][at] = to
    nodes["is_leaf"][at] = 0
    return nodes, np.arange(len(nodes)) == at


def masked(nodes, to):
    nodes, mask = astray(nodes, to)
    return np.ma.MaskedArray(nodes, mask)


FORGERIES = {
    "nodes in a table": lambda packed: packed.update(nodes=packed["nodes"][:, None]),
    "nodes with other names": lambda packed: packed.update(
        nodes=packed["nodes"].astype([(f"f{n}", "<f8") for n in range(13)])
    ),
    "sets of other numbers": lambda packed: packed.update(
        raw_left_cat_bitsets=np.zeros((0, 8), np.float64)
    ),
    "sets in a row": lambda packed: packed.update(binned_left_cat_bitsets=np.zeros(0, np.uint32)),
    "fewer nodes": lambda packed: packed.update(nodes=packed["nodes"][1:]),
    "nodes of numbers": lambda packed: packed.update(nodes=np.zeros(len(packed["nodes"]))),
    "a single node": lambda packed: packed.update(nodes=packed["nodes"][:1].reshape(())),
    "no nodes": lambda packed: packed.pop("nodes"),
    "text": lambda packed: packed.update(nodes="many"),
    "lengths below 0": lambda packed: packed.update(nodes_per_tree=-packed["nodes_per_tree"]),
    "lengths with fractions": lambda packed: packed.update(
        nodes_per_tree=packed["nodes_per_tree"] * 1.0
    ),
    "lengths in a table": lambda packed: packed.update(
        nodes_per_tree=packed["nodes_per_tree"][None]
    ),
    "lengths in a list": lambda packed: packed.update(
        nodes_per_tree=packed["nodes_per_tree"].tolist()
    ),
    "lengths that overflow": lambda packed: packed["nodes_per_tree"].__setitem__(
        slice(2), (1 << 63) - 1
    ),
    "a tree less": lambda packed: packed.update(
        raw_left_cat_bitsets_per_tree=packed["raw_left_cat_bitsets_per_tree"][1:]
    ),
    "a round less": lambda packed: packed.update(trees_per_round=packed["trees_per_round"][1:]),
    "rounds of two trees": lambda packed: packed.update(trees_per_round=np.array([2, 1])),
    "children before their parents": lambda packed: packed["nodes"]["left"].fill(0),
    "an empty tree": lambda packed: packed["nodes_per_tree"].__setitem__(
        slice(2), [0, packed["nodes_per_tree"][:2].sum()]
    ),
}


def with_estimators(tmp_path, estimators):
    """A forged folder: the model's files with other estimators."""
    forged = {SKOPS: skops.io.dumps(estimators)}
    return resealed(files_of(tmp_path / "model") | forged, tmp_path / "forged")


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_trees(tmp_path, forgery):
    fitted = PerTaskEstimator(boosting()).fit(NUMBERS, NUMBERS, 0, Budget())
    fitted.save(tmp_path / "model")
    estimators = pack_trees(estimators_of(fitted))
    FORGERIES[forgery](estimators[0][0]._predictors)
    folder = with_estimators(tmp_path, estimators)
    with pytest.raises(BundleError, match="holds no estimators that can predict"):
        load(folder)


def beyond(trees):
    trees["nodes"] = masked(trees["nodes"], 400_000_000)


def around(trees):
    trees["nodes"] = masked(trees["nodes"], 0)


def lengths(trees):
    trees["nodes_per_tree"] = np.ma.MaskedArray(trees["nodes_per_tree"], False)


@pytest.mark.parametrize("forge", [beyond, around, lengths])
def test_masked_arrays_of_packed_trees(tmp_path, forge):
    fitted = PerTaskEstimator(boosting()).fit(NUMBERS, NUMBERS, 0, Budget())
    fitted.save(tmp_path / "model")
    estimators = pack_trees(estimators_of(fitted))
    forge(estimators[0][0]._predictors)
    folder = with_estimators(tmp_path, estimators)
    with pytest.raises(BundleError, match="holds a masked array"):
        load(folder)
    with pytest.raises(ValueError, match="other than arrays"):
        unpack_trees(estimators)


@pytest.mark.parametrize("to", [0, 400_000_000])
def test_masked_nodes_of_a_tree(tmp_path, to):
    fitted = PerTaskEstimator(boosting()).fit(NUMBERS, NUMBERS, 0, Budget())
    fitted.save(tmp_path / "model")
    estimators = estimators_of(fitted)
    for tree in trees_in(estimators):
        tree.nodes = masked(tree.nodes, to)
    folder = with_estimators(tmp_path, estimators)
    with pytest.raises(BundleError, match="holds a masked array"):
        load(folder)
    with pytest.raises(ValueError, match="nodes that are none"):
        check_estimators(estimators)
    with pytest.raises(ValueError, match="masked"):
        check_unmasked(estimators)
