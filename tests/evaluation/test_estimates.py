import pytest

from polytask.evaluation.judging._estimates import delta_m_estimate, estimate
from polytask.statistics import PairedGain, Single


def test_the_spread_over_runs():
    found = estimate(Single(2.0, (1.0, 3.0), (1.0, 2.0, 3.0), n_units=40))
    assert (found.value, found.interval, found.n_units) == (2.0, (1.0, 3.0), 40)
    assert found.spread == 1.0
    assert estimate(Single(2.0, per_run=(2.0,))).spread is None
    assert estimate(Single(2.0, per_run=(2.0, None))).spread is None
    assert estimate(Single(1.0, per_run=(0.0, None, 2.0))).spread == pytest.approx(2**0.5)


def test_what_is_undefined_stays_so():
    found = estimate(Single(None, per_run=(None,), undefined="only one class"))
    assert (found.value, found.interval, found.undefined) == (None, None, "only one class")


@pytest.mark.parametrize(
    ("gains", "dominant"),
    [
        ({"a": -3.0, "b": 0.1, "c": 0.1}, "a"),
        ({"a": 0.2, "b": -0.9, "c": 0.3}, "b"),
        ({"a": 0.2, "b": 0.02, "c": 0.03}, "a"),
        ({"a": 0.09, "b": 0.02, "c": 0.03}, None),  # both means are alike
        ({"a": 0.4, "b": 0.001}, None),  # one of two nearly always outweighs the other
        ({"a": 0.6, "b": 0.001}, "a"),
        ({"a": 0.5, "b": -0.5}, None),
        ({"a": 0.3, "b": 0.2, "c": 0.2}, None),
        ({"a": -3.0}, None),
        ({"a": 0.0, "b": 0.0}, None),
    ],
)
def test_a_task_that_drowns_the_rest_is_named(gains, dominant):
    value = sum(gains.values()) / len(gains)
    found = delta_m_estimate(PairedGain(value, gains=gains), {"z": "constant"})
    assert found.dominant == dominant
    assert found.tasks == tuple(gains)
    assert found.left_out == {"z": "constant"}
