import pytest
import torch

from polytask.weighting import Equal, Static, Weighting

PRESENT = torch.tensor([True, False, True])


@pytest.mark.parametrize("weighting", [Equal(), Static((3.0, 2.0, 1.0))])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_are_the_gradient_of_the_scalar(weighting, dtype):
    losses = torch.tensor([0.3, 0.0, 2.0], dtype=dtype)
    expected = Weighting.weights(weighting, losses, PRESENT)
    torch.testing.assert_close(weighting.weights(losses, PRESENT), expected)


def test_weights_are_the_callers_own():
    weighting, losses = Static((3.0, 1.0)), torch.ones(2)
    everyone = torch.ones(2, dtype=torch.bool)
    weighting.weights(losses, everyone).zero_()
    assert weighting.weights(losses, everyone).tolist() == [1.5, 0.5]


def test_weights_made_without_gradients_serve_where_there_are_some():
    weighting, everyone = Static((5.0, 3.0)), torch.ones(2, dtype=torch.bool)
    with torch.inference_mode():
        weighting.weights(torch.ones(2), everyone)
    losses = torch.ones(2, requires_grad=True)
    weighting.scalarize(losses, everyone).backward()
    assert losses.grad.tolist() == [1.25, 0.75]


def test_other_weights_count_from_then_on():
    weighting, everyone = Static((3.0, 1.0)), torch.ones(2, dtype=torch.bool)
    weighting.weights(torch.ones(2), everyone)
    weighting.task_weights = (1.0, 3.0)
    assert weighting.weights(torch.ones(2), everyone).tolist() == [0.5, 1.5]
