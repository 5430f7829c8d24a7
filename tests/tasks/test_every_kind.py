"""What holds for each kind: labels, raw scores, responses and decisions belong together."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask import tasks
from polytask._recipes import from_json, to_json
from polytask.exceptions import DataError
from polytask.tasks import (
    Binary,
    Count,
    DenseClasses,
    DenseNumbers,
    Distribution,
    FittedTarget,
    HeatMap,
    Kind,
    Multiclass,
    Multilabel,
    Ordinal,
    ProportionalSurvival,
    Quantile,
    Regression,
    StepNumbers,
    Survival,
    Tokens,
)

KINDS = [
    thing
    for thing in map(tasks.__dict__.get, tasks.__all__)
    if isinstance(thing, type) and issubclass(thing, Kind) and thing is not Kind
]
CLASSES = [Binary, Multiclass]
SCORES = st.integers(1, 20).flatmap(
    lambda n: st.lists(st.floats(-10, 10, width=32), min_size=3 * n, max_size=3 * n)
)
TARGETS = {
    Binary: FittedTarget(("y",), ("no", "yes")),
    Count: FittedTarget(("y",), learned={"mean_count": (3.0,)}),
    Distribution: FittedTarget(("y",), learned={"center": (-5.0,), "scale": (2.0,)}),
    DenseClasses: FittedTarget(("y",), (0, 1, 7), {"shape": (1.0, 1.0)}),
    DenseNumbers: FittedTarget(
        ("y",), learned={"shape": (1.0, 3.0), "center": (5.0,), "scale": (1e-3,)}
    ),
    HeatMap: FittedTarget(
        ("y",), learned={"shape": (1.0, 3.0), "log_odds": (-2.0,), "share_of_ones": (0.1,)}
    ),
    Multiclass: FittedTarget(("y",), ("a", "b", "c")),
    Multilabel: FittedTarget(("y", "z", "w"), (0, 1)),
    Ordinal: FittedTarget(("y",), (1, 2, 3, 4)),
    ProportionalSurvival: FittedTarget(
        ("y", "z"),
        learned={
            "cuts": (1.0, 2.0, 5.0),
            "survival": (0.9, 0.7, 0.2),
            "censoring_times": (0.0, 3.0),
            "uncensored": (1.0, 0.5),
            "log_baseline": (-9.0, -5.0, -4.0),
        },
    ),
    Quantile: FittedTarget(
        ("y",), learned={"center": (-5.0,), "scale": (2.0,), "levels": (0.1, 0.5, 0.9)}
    ),
    Regression: FittedTarget(
        ("y", "z", "w"), learned={"center": (1.0, -5.0, 1e3), "scale": (2.0, 1e-3, 7.0)}
    ),
    Survival: FittedTarget(
        ("y", "z"),
        learned={
            "cuts": (1.0, 2.0, 5.0),
            "survival": (0.9, 0.7, 0.2),
            "censoring_times": (0.0, 3.0),
            "uncensored": (1.0, 0.5),
        },
    ),
    StepNumbers: FittedTarget(
        ("y",), learned={"steps": (3.0,), "center": (5.0,), "scale": (1e-3,)}
    ),
    Tokens: FittedTarget(("y",), ("a", "b", "c"), {"steps": (1.0,)}),
}

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def objects(*values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def shaped(scores, kind):
    """Rows of three numbers as raw scores of the kind."""
    shape = kind().score_shape(TARGETS[kind])
    rows = np.array(scores, dtype=np.float32).reshape(-1, 3)
    return rows[:, : np.prod(shape)].reshape(len(rows), *shape)


def test_every_kind_is_tried():
    assert set(KINDS) == set(TARGETS)


@every_kind
@given(scores=SCORES)
def test_raw_undoes_response(kind, scores):
    fitted = TARGETS[kind]
    raw = shaped(scores, kind)
    response = kind().response(raw, fitted)
    back = kind().raw(response, fitted)
    if kind in {Multiclass, Tokens, DenseClasses}:  # scores count up to a constant per label
        axis = 1 if kind is DenseClasses else -1
        raw, back = (each - each.max(axis=axis, keepdims=True) for each in (raw, back))
    np.testing.assert_allclose(back, raw, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(kind().response(back, fitted), response, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", CLASSES)
@given(scores=SCORES)
def test_decisions_follow_the_response(kind, scores):
    fitted = TARGETS[kind]
    raw = shaped(scores, kind)
    response = kind().response(raw, fitted)
    decided = kind().decide(response, fitted)
    codes = kind().truth([decided], fitted).astype(int)
    table = np.stack([1 - response, response], axis=1) if response.ndim == 1 else response
    np.testing.assert_array_equal(table[np.arange(len(table)), codes], table.max(axis=1))


@every_kind
def test_responses_to_extreme_scores(kind):
    fitted = TARGETS[kind]
    raw = shaped([1e4, -1e4, 0.0, -1e4, 1e4, 1e4], kind)
    response = kind().response(raw, fitted)
    assert np.isfinite(response).all()
    assert np.isfinite(kind().raw(response, fitted)).all()


LABELS = st.one_of(
    st.lists(st.text(min_size=1, max_size=6), min_size=2, max_size=6, unique=True),
    st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=6, unique=True),
    st.just([False, True]),
)


@given(labels=LABELS, picks=st.lists(st.integers(0, 5), min_size=1, max_size=30), data=st.data())
def test_classes_of_any_sort(labels, picks, data):
    kind = Binary() if len(labels) == 2 else Multiclass()
    rows = [*labels, *(labels[pick % len(labels)] for pick in picks)]
    missing = data.draw(st.lists(st.booleans(), min_size=len(picks), max_size=len(picks)))
    column = objects(*labels, *rows[len(labels) :])
    column[len(labels) :][np.array(missing)] = None
    fitted = kind.fit("task", {"y": column})
    assert sorted(fitted.classes) == sorted(labels)
    assert sum(fitted.learned["class_counts"]) == len(column) - sum(missing)
    assert all(type(label) in {str, int, float, bool} for label in fitted.classes)
    assert from_json(json.loads(json.dumps(to_json(fitted)))) == fitted
    truth = kind.truth([column], fitted)
    encoded = kind.encode([column], fitted)
    np.testing.assert_array_equal(encoded[:, 0], truth.astype(np.float32))
    np.testing.assert_array_equal(np.isfinite(encoded)[:, 0], np.not_equal(column, None))
    for value, code in zip(column, truth, strict=True):
        assert np.isnan(code) if value is None else fitted.classes[int(code)] == value


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    "column",
    [
        np.array([0.0, 1.0, np.nan, 1.0]),
        np.array([0, 1, 0, 1]),
        np.array([0, 1, 0, 1], dtype=np.int8),
        np.array([False, True, True]),
        objects(np.int64(0), np.int64(1), None),
        objects(0.0, 1.0, None, float("nan")),
        objects(False, True, None),
    ],
    ids=["floats", "ints", "small ints", "bools", "numpy ints", "float objects", "bool objects"],
)
def test_numbers_as_labels(kind, column):
    fitted = kind().fit("task", {"y": column})
    assert fitted.classes == (0, 1)
    assert json.loads(json.dumps(fitted.classes)) in ([0, 1], [False, True])
    observed = column[[not (value is None or value != value) for value in column]]  # noqa: PLR0124
    np.testing.assert_array_equal(kind().truth([observed], fitted), observed.astype(float))


@pytest.mark.parametrize("kind", CLASSES)
def test_labels_keep_their_spaces_and_case(kind):
    column = objects(" a", "a", "a", None)
    fitted = kind().fit("task", {"y": column})
    assert fitted.classes == (" a", "a")
    assert fitted.learned["class_counts"] == (1.0, 2.0)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_class_seen_only_later_is_not_learned_from(kind):
    fitted = kind().fit("task", {"y": objects("a", "b")})
    later = objects("b", "c", 1, None, "a")
    encoded = kind().encode([later], fitted)[:, 0]
    np.testing.assert_array_equal(encoded, [1, np.nan, np.nan, np.nan, 0])
    fitted = kind().fit("task", {"y": np.array([1.0, 2.0])})
    later = np.array([2.0, 3.0, 1.5, np.nan])
    np.testing.assert_array_equal(kind().encode([later], fitted)[:, 0], [1, np.nan, np.nan, np.nan])


@every_kind
def test_nothing_observed(kind):
    for column in (np.full(3, np.nan), objects(None, None), np.zeros(0)):
        with pytest.raises(DataError, match="Task 'price': column 'y' has no observed"):
            kind().fit("price", {"y": column})


@every_kind
def test_infinite_values(kind):
    with pytest.raises(DataError, match="'y'"):
        kind().fit("price", {"y": np.array([1.0, np.inf, 0.0])})


@pytest.mark.parametrize("kind", CLASSES)
def test_labels_of_several_types(kind):
    said = "Task 'price': column 'y' mixes labels of several types"
    for column in (objects("a", 1), objects([1], [2]), objects(1j, 2j)):
        with pytest.raises(DataError, match=said):
            kind().fit("price", {"y": column})


@pytest.mark.parametrize("kind", CLASSES)
def test_one_column_only(kind):
    said = rf"Task 'price' is {kind.name} and must have one target column\. Got \['y', 'z'\]"
    with pytest.raises(DataError, match=said):
        kind().fit("price", {"y": np.zeros(2), "z": np.ones(2)})


@pytest.mark.parametrize("kind", CLASSES)
def test_one_class_only(kind):
    with pytest.raises(DataError, match="Task 'price': column 'y' holds only one class, 1, in the"):
        kind().fit("price", {"y": np.ones(3)})
