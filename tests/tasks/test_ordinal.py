"""Ordered grades: their order, probabilities and decisions."""

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from polytask.data import read
from polytask.exceptions import DataError, OneClassError, ParameterError
from polytask.losses import CumulativeLogLoss
from polytask.tasks import FittedTarget, Ordinal, Task, median_grades

RISKS = ("low", "mid", "high")


def objects(*values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def target(n_grades):
    return FittedTarget(("y",), tuple(range(n_grades)), {"class_counts": (1.0,) * n_grades})


def raw_scores(low, high):
    shapes = st.tuples(st.integers(1, 5), st.integers(1, 6))
    elements = st.floats(low, high, width=32)
    return shapes.flatmap(lambda shape: arrays.arrays(np.float32, shape, elements=elements))


def test_scores_of_zero_make_all_grades_equally_likely():
    for n_grades in (2, 3, 7, 1000):
        raw = np.zeros((1, n_grades - 1), dtype=np.float32)
        response = Ordinal().response(raw, target(n_grades))
        np.testing.assert_allclose(response, 1 / n_grades, rtol=1e-9)


@given(raw=raw_scores(-100, 100))
def test_probabilities_sum_to_one_and_those_of_higher_grades_fall(raw):
    n_grades = raw.shape[1] + 1
    response = Ordinal().response(raw, target(n_grades))
    np.testing.assert_allclose(response.sum(axis=1), 1, rtol=1e-12)
    assert (response >= 0).all()
    above = 1 - np.cumsum(response, axis=1)
    assert (np.diff(above, axis=1) <= 1e-12).all()


@given(raw=raw_scores(-8, 8))
def test_probabilities_are_differences_of_logistic_functions(raw):
    from polytask.tasks._grade_scores import uniform_grade_scores

    n_grades = raw.shape[1] + 1
    shifted = raw.astype(np.float64) + uniform_grade_scores(n_grades)
    logits = shifted.copy()
    for k in range(1, n_grades - 1):
        logits[:, k] = logits[:, k - 1] - np.log1p(np.exp(shifted[:, k]))
    above = 1 / (1 + np.exp(-logits))
    ends = np.ones((len(raw), 1)), np.zeros((len(raw), 1))
    expected = -np.diff(np.hstack([ends[0], above, ends[1]]), axis=1)
    response = Ordinal().response(raw, target(n_grades))
    np.testing.assert_allclose(response, expected, rtol=1e-9, atol=1e-13)


@given(raw=raw_scores(-30, 30))
def test_the_loss_is_the_negative_log_of_the_response(raw):
    fitted = target(raw.shape[1] + 1)
    scores = torch.from_numpy(raw).double()
    loss = CumulativeLogLoss()
    constants = {name: value.double() for name, value in loss.constants([fitted]).items()}
    response = Ordinal().response(raw, fitted)
    for grade in range(response.shape[1]):
        values = torch.full((len(raw), 1), float(grade), dtype=torch.float64)
        rows = loss.rowwise(scores, values, torch.ones_like(values, dtype=torch.bool), constants)
        kept = response[:, grade] > 1e-300
        np.testing.assert_allclose(
            rows.numpy()[kept], -np.log(response[kept, grade]), rtol=1e-5, atol=1e-5
        )


@given(raw=raw_scores(-10, 10), seed=st.integers(0, 99))
def test_an_ensemble_answers_the_mean_probabilities(raw, seed):
    order = np.random.default_rng(seed).permutation(raw.size)
    members = np.stack([raw, raw.ravel()[order].reshape(raw.shape), -raw])
    kind, fitted = Ordinal(), target(raw.shape[1] + 1)
    expected = np.mean([kind.response(member, fitted) for member in members], axis=0)
    averaged = kind.average(members)
    np.testing.assert_allclose(kind.response(averaged, fitted), expected, rtol=1e-4, atol=1e-6)
    tensor = kind.average(torch.from_numpy(members))
    np.testing.assert_allclose(tensor.numpy(), averaged, rtol=1e-5, atol=1e-5)


def test_constant_later_scores_are_proportional_odds():
    kind, fitted = Ordinal(), target(4)
    raw = np.array([[-2.0, 0.3, -0.5], [1.5, 0.3, -0.5]], dtype=np.float32)
    above = 1 - np.cumsum(kind.response(raw, fitted), axis=1)[:, :-1]
    logits = np.log(above / (1 - above))
    np.testing.assert_allclose(logits[1] - logits[0], 3.5, rtol=1e-6)


def test_the_decision_is_the_median_grade():
    kind, fitted = Ordinal(RISKS), FittedTarget(("y",), RISKS)
    response = np.array([[0.4, 0.2, 0.4], [0.5, 0.0, 0.5], [0.1, 0.3, 0.6], [1.0, 0.0, 0.0]])
    assert kind.decide(response, fitted).tolist() == ["mid", "low", "high", "low"]
    even = np.full((1, 10), 0.1)  # sums of tenths are not exact
    assert median_grades(even).tolist() == [4]


@pytest.mark.parametrize(
    ("order", "column", "classes"),
    [
        ((), np.array([3.0, 0.0, np.nan, 5.0, 1.0]), (0, 1, 3, 5)),
        ((), objects(False, True, None), (False, True)),
        (RISKS, objects("mid", None, "low"), RISKS),
        (["low", "mid", "high"], objects("mid", None, "low"), RISKS),
        ((5, 3, 1), np.array([1.0, 5.0]), (5, 3, 1)),
        (("0", "1", "3", "5"), np.array([3.0, 0.0]), (0, 1, 3, 5)),
        (("0.5", "1", "1.5"), np.array([0.5, 1.0]), (0.5, 1, 1.5)),
        ((1, 2, 10), objects("10", "2"), ("1", "2", "10")),
        (("false", "true"), objects(True, False), (False, True)),
        (("A", "a"), objects("a", "A", "a"), ("A", "a")),
    ],
)
def test_orders(order, column, classes):
    kind = Ordinal(order)
    fitted = kind.fit("task", {"y": column})
    assert fitted.classes == classes
    assert list(map(type, fitted.classes)) == list(map(type, classes))
    truth = kind.truth([column], fitted)
    for label, code in zip(column, truth, strict=True):
        assert np.isnan(code) if label is None or label != label else classes[int(code)] == label  # noqa: PLR0124
    assert kind.accepts(fitted)


def test_grades_of_one_block_may_have_other_names():
    assert Ordinal(RISKS).block_key == Ordinal().block_key
    assert hash(Ordinal(["a", "b"])) == hash(Ordinal(("a", "b")))


def test_a_grade_seen_only_later_is_above_all_others_unless_there_is_an_order():
    fitted = Ordinal().fit("task", {"y": np.array([0.0, 1.0])})
    later = np.array([2.0, 1.0, np.nan])
    np.testing.assert_array_equal(Ordinal().truth([later], fitted), [2, 1, np.nan])
    np.testing.assert_array_equal(Ordinal().encode([later], fitted)[:, 0], [np.nan, 1, np.nan])
    kind = Ordinal((0, 1))
    said = r"The target column 'y' holds 2, which is none of its grades 0 < 1\. Add it"
    for method in (kind.truth, kind.encode):
        with pytest.raises(DataError, match=said):
            method([later], fitted)


BAD_ORDERS = [("low",), ("low", "low"), (1, "1"), (1, True), ("", "low"), "low<mid", ({}, 1), 3]
BAD_ORDERS.append(tuple(range(1001)))


@pytest.mark.parametrize("make", ["polars", "pandas", "backwards"])
def test_a_column_may_state_the_order(make):
    grades = ["mid", "low", "high", None] * 3
    order = RISKS[::-1] if make == "backwards" else RISKS
    if make == "polars":
        column = pl.Series(grades, dtype=pl.Enum(order))
        table = pl.DataFrame({"x": range(12), "g": column})
    else:
        pandas = pytest.importorskip("pandas")
        table = pandas.DataFrame({"x": range(12), "g": pandas.Categorical(grades, order, True)})
    data = read(table, ["g:ordinal"])
    assert data.tasks["g"].kind == Ordinal(order)
    assert read(table, [Task("g", Ordinal(RISKS))]).tasks["g"].kind == Ordinal(RISKS)
    if make != "polars":
        numbers = pandas.Categorical([1, 0, 2] * 4, [2, 1, 0], ordered=True)
        kind = read(table.assign(g=numbers), ["g:ordinal"]).tasks["g"].kind
        assert kind == Ordinal(("2", "1", "0"))


@pytest.mark.parametrize("order", BAD_ORDERS, ids=lambda order: repr(order)[:20])
def test_bad_orders(order, unchecked_types):
    said = "The `order` parameter of Ordinal must be a tuple of at least 2 different labels from"
    with pytest.raises(ParameterError, match=said):
        Ordinal(order)


@pytest.mark.parametrize(
    ("order", "column", "said"),
    [
        (
            (),
            objects("low", "high"),
            "Task 'g' is ordinal, but column 'y' holds text, whose order is not known. Give",
        ),
        (
            (),
            np.array([1.0, 1.5]),
            r"column 'y' holds fractions such as 1\.5\. Choose the kind regression, or give the",
        ),
        ((), np.arange(1001.0), r"holds 1001 distinct values; at most 1000 grades can be learned"),
        (
            RISKS,
            objects("low", "extreme"),
            (
                "Task 'g': column 'y' holds 'extreme', which is none of its grades "
                "low < mid < high. Add it to these, or leave such cells empty."
            ),
        ),
        (
            RISKS,
            np.array([1.0, 2.0]),
            "column 'y' holds numbers, but the grade 'low' of its order is none. Write the order",
        ),
        (
            ("1", "1.0", "2"),
            np.array([1.0, 2.0]),
            r"the order 1 < 1\.0 < 2 names a grade of column 'y' twice",
        ),
    ],
)
def test_columns_that_have_no_order(order, column, said):
    with pytest.raises(DataError, match=said):
        Ordinal(order).fit("g", {"y": column})


def test_the_first_strange_row_of_a_table_is_named():
    kind = Ordinal(RISKS)
    kind.check_cells("g", {"y": objects("mid", None, "low")})
    kind.check_cells("g", {"y": objects(None, None)})
    said = "Task 'g': row 2 of column 'y' holds 'lo', which is none of its grades low < mid < high"
    with pytest.raises(DataError, match=said):
        kind.check_cells("g", {"y": objects("mid", None, "lo", "hi")})


def test_orders_in_text():
    assert Task("g", "ordinal:low<mid<high").kind == Ordinal(RISKS)
    assert Ordinal.from_text(" 1 < 2<a:b, c ") == Ordinal(("1", "2", "a:b, c"))


@pytest.mark.parametrize("text", ["", "low", "low<", "low<<high", "low<low", "low,mid"])
def test_bad_orders_in_text(text):
    said = f"with < between them, as in ordinal:low<mid<high. Got '{text}' instead"
    with pytest.raises(ParameterError, match=said):
        Task("g", f"ordinal:{text}")


def test_long_orders_are_shortened():
    kind = Ordinal(tuple(range(20)))
    with pytest.raises(DataError, match=r"its grades 0 < 1 < 2 < 3 < 4 < 5 < … < 19\. Add"):
        kind.fit("g", {"y": np.array([3.0, 25.0])})


@pytest.mark.parametrize("order", [(), RISKS])
def test_one_grade(order):
    column = objects("mid", "mid", None) if order else np.ones(3)
    with pytest.raises(OneClassError, match="Task 'g': column 'y' holds only one grade, "):
        Ordinal(order).fit("g", {"y": column})


def test_a_thousand_grades_can_be_kept():
    kind = Ordinal(tuple(map(str, range(1000))))
    assert kind.accepts(kind.fit("g", {"y": np.array([3.0, 25.0, np.nan])}))


@pytest.mark.parametrize(
    ("order", "column", "forged"),
    [
        (RISKS, objects("mid", "low"), [("mid", "low", "high"), ("low", "mid"), (0, 1, 2)]),
        (("10", "5", "1"), np.array([5.0, 1.0]), [(1, 5, 10), ("10", "5", 1), (10, 5, 2)]),
        (("no", "true"), objects("no", "true"), [("true", "no"), ("no", 1)]),
        (("false", "true"), np.array([True, False]), [(True, False), ("false", True)]),
        ((), np.array([1.0, 2.0, 4.0]), [(2, 1, 4), ("1", "2", "4"), (1, 2.5, 4)]),
        ((), np.array([True, False]), [(True, False)]),
    ],
)
def test_grades_of_files_must_be_in_order(order, column, forged):
    kind = Ordinal(order)
    fitted = kind.fit("g", {"y": column})
    assert kind.accepts(fitted)
    for classes in forged:
        learned = {"class_counts": (1.0,) * len(classes)}
        assert not kind.accepts(FittedTarget(("y",), classes, learned))


def test_two_columns():
    said = r"Task 'g' is ordinal and must have one target column\. Got \['y', 'z'\] instead"
    with pytest.raises(DataError, match=said):
        Ordinal().fit("g", {"y": np.arange(3.0), "z": np.arange(3.0)})


def test_numbers_beyond_floats_are_no_grades():
    with pytest.raises(ParameterError, match="must be a tuple of at least 2 different labels"):
        Ordinal((1, 10**400))


def test_grades_that_no_row_has_are_named():
    column = np.array(["mid", "low", "mid"], dtype=object)
    kind = Ordinal(("low", "mid", "high", "top"))
    note = kind.note(kind.fit("g", {"g": column}), "g", inferred=False)
    assert note == "grades low < mid < high < top; no row is high, top"
