"""What each weighting promises."""

import math

import pytest
import torch

from polytask.exceptions import ParameterError
from polytask.weighting import Equal, Static, UncertaintyWeighting

LOSSES, PRESENT = torch.tensor([0.5, 2.0, 8.0]), torch.tensor([True, True, True])


def test_equal_leaves_losses_alone():
    assert float(Equal().scalarize(LOSSES, PRESENT)) == pytest.approx(10.5)


def test_static_weights_sum_to_the_number_of_tasks():
    weighting = Static((1.0, 1.0, 4.0))
    weighting.start(3)
    assert weighting.weights(LOSSES, PRESENT).tolist() == pytest.approx([0.5, 0.5, 2.0])


def test_static_weights_must_be_as_many_as_tasks():
    with pytest.raises(
        ParameterError, match=r"`task_weights` parameter of Static must be 2 weights"
    ):
        Static((1.0, 1.0, 4.0)).start(2)


def test_uncertainty_settles_where_the_variance_is_the_loss():
    weighting = UncertaintyWeighting(learning_rate=0.05)
    weighting.start(3)
    for _ in range(2000):
        weighting.learn(LOSSES, PRESENT)
    assert weighting.log_variance_.tolist() == pytest.approx(
        [math.log(v) for v in LOSSES.tolist()], abs=1e-3
    )
    assert weighting.weights(LOSSES, PRESENT).tolist() == pytest.approx(
        [1.0, 0.25, 0.0625], rel=1e-3
    )


def test_uncertainty_of_an_absent_task_stays():
    weighting = UncertaintyWeighting(learning_rate=0.1)
    weighting.start(3)
    weighting.learn(torch.tensor([0.0, 2.0, 8.0]), torch.tensor([False, True, True]))
    assert weighting.log_variance_.tolist()[0] == 0.0


def test_uncertainty_resumes_exactly():
    one, two = UncertaintyWeighting(), UncertaintyWeighting()
    one.start(3)
    for _ in range(3):
        one.learn(LOSSES, PRESENT)
    two.start(3)
    two.load_state_dict(one.state_dict())
    one.learn(LOSSES, PRESENT)
    two.learn(LOSSES, PRESENT)
    assert torch.equal(one.log_variance_, two.log_variance_)
