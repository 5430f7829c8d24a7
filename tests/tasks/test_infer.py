import numpy as np
import pytest

from polytask.exceptions import DataError
from polytask.tasks import Binary, Multiclass, Regression, infer_kind


def text(*values):
    return np.array(values, dtype=object)


@pytest.mark.parametrize(
    ("values", "integer", "kind", "reason"),
    [
        (np.array([0.0, 1.0, 1.0, np.nan]), True, Binary(), "2 distinct values"),
        (np.array([3.0, 3.0]), True, Binary(), "1 distinct value"),
        (np.array([0.5, 1.5, 1.5]), False, Regression(), "numbers with fractions"),
        (text(True, False, None), False, Binary(), "2 distinct values"),
        (text("a", "b", None, "b"), False, Binary(), "2 distinct values"),
        (text(*"abcabc", None), False, Multiclass(), "3 distinct texts"),
        (np.tile(np.arange(4.0), 5), True, Multiclass(), "4 distinct whole numbers"),
        (np.tile(np.arange(4.0), 5), False, Regression(), "numbers"),
        (np.tile(np.arange(4.0), 4), True, Regression(), "numbers"),
        (np.tile(np.arange(10.0), 9), True, Multiclass(), "10 distinct whole numbers"),
        (np.tile(np.arange(11.0), 9), True, Regression(), "numbers"),
        (np.tile(np.arange(21.0), 9), True, Regression(), "numbers"),
        (np.tile([500.0, 2000.0, 3000.0], 9), True, Regression(), "numbers"),
        (np.tile([1.0, 3.0, 5.0], 9), True, Multiclass(), "3 distinct whole numbers"),
        (np.tile([1.0, 3.0, 7.0], 9), True, Regression(), "numbers"),
    ],
)
def test_kind_and_reason(values, integer, kind, reason):
    assert infer_kind("task", "y", values, integer=integer) == (kind, reason)


def test_rows_without_label_do_not_count():
    values = np.r_[np.tile(np.arange(4.0), 4), np.full(100, np.nan)]
    assert infer_kind("task", "y", values, integer=True)[0] == Regression()
    column = text("a", "b", "c", "a", *[None] * 20)
    with pytest.raises(
        DataError, match="3 distinct texts in 4 labelled rows, which are no classes"
    ):
        infer_kind("task", "y", column, integer=False)


def test_nothing_to_infer_from():
    with pytest.raises(DataError, match="column 'y' has no observed label"):
        infer_kind("task", "y", np.full(3, np.nan), integer=False)
