"""Averages of members whose scores are infinite, in numpy and torch."""

import numpy as np
import pytest
import torch

from polytask.tasks._averages import mean_log_odds, mean_log_probabilities

INF = np.inf


def both(average, members):
    raw = np.array(members, dtype=np.float32)
    found = average(raw)
    np.testing.assert_allclose(average(torch.from_numpy(raw)).numpy(), found, rtol=1e-6)
    return found


@pytest.mark.parametrize(
    ("members", "mean"),
    [
        ([INF, INF], INF),
        ([-INF, -INF], -INF),
        ([INF, -INF], 0.0),
        ([INF, 0.0], np.log(3.0)),
        ([-INF, 0.0], -np.log(3.0)),
    ],
)
def test_log_odds(members, mean):
    found = both(mean_log_odds, [[[score]] for score in members])
    np.testing.assert_allclose(found, [[mean]], rtol=1e-6)


def test_a_class_that_no_member_expects():
    found = both(mean_log_probabilities, [[[-INF, 0.0, 0.0]], [[-INF, 2.0, 2.0]]])
    np.testing.assert_allclose(found, [[-INF, *[np.log(0.5)] * 2]], rtol=1e-6)


def test_a_class_that_one_member_expects():
    found = both(mean_log_probabilities, [[[-INF, 0.0]], [[0.0, 0.0]]])
    np.testing.assert_allclose(found, [np.log([0.25, 0.75])], rtol=1e-6)
