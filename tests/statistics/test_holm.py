import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask.statistics import holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def named(values):
    return {str(place): value for place, value in enumerate(values)}


def test_three_p_values_by_hand():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06}
    )


@given(P_VALUES, st.floats(0.001, 0.2))
def test_rejections_are_those_of_the_step_down_procedure(values, alpha):
    rejected = set()
    for rank, place in enumerate(np.argsort(values, kind="stable")):
        if values[place] > alpha / (len(values) - rank):
            break
        rejected.add(str(place))
    found = {name for name, p in holm(named(values)).items() if p <= alpha}
    borderline = any(
        abs(p - alpha / (len(values) - r)) < 1e-12 for r, p in enumerate(sorted(values))
    )
    assert borderline or found == rejected


@given(P_VALUES)
def test_never_smaller_than_given_never_above_one_and_in_the_same_order(values):
    found = np.array(list(holm(named(values)).values()))
    assert (found >= values).all()
    assert (found <= 1).all()
    assert (np.diff(found[np.argsort(values, kind="stable")]) >= 0).all()


def test_tests_without_a_p_value_are_not_counted():
    assert holm({"a": 0.02, "b": None}) == {"a": 0.02, "b": None}
    assert holm({}) == {}
