"""Adam of one number a task: textbook where all are present, still where one is absent."""

import math

import pytest
import torch

from polytask.weighting._per_task_adam import PerTaskAdam

ALL = torch.tensor([True, True, True])


def gradients(n_steps, scale=1.0):
    generator = torch.Generator().manual_seed(1)
    return scale * torch.randn(n_steps, 3, generator=generator)


@pytest.mark.parametrize("scale", [1e-15, 1.0, 1e15])
def test_it_is_adam_while_all_are_present(scale):
    ours, theirs = PerTaskAdam(3, 0.05), torch.zeros(3, requires_grad=True)
    adam = torch.optim.Adam([theirs], lr=0.05)
    for gradient in gradients(50, scale):
        ours.step(gradient, ALL)
        theirs.grad = gradient
        adam.step()
    torch.testing.assert_close(ours.values, theirs.detach(), rtol=1e-4, atol=1e-6)


def test_an_absent_task_takes_the_path_it_would_take_alone():
    together, alone = PerTaskAdam(3, 0.05), PerTaskAdam(3, 0.05)
    for step, gradient in enumerate(gradients(20)):
        present = torch.tensor([step % 3 == 0, True, step >= 10])
        together.step(gradient * present, present)
        if present[0]:
            alone.step(gradient, ALL)
    assert float(together.values[0]) == float(alone.values[0])


def test_what_was_never_present_stays_at_zero():
    adam = PerTaskAdam(2, 1.0)
    for _ in range(5):
        adam.step(torch.tensor([0.0, 1.0]), torch.tensor([False, True]))
    assert adam.values.tolist() == pytest.approx([0.0, -5.0])


def test_values_keep_where_exponentials_are_finite():
    adam = PerTaskAdam(3, 30.0)
    for _ in range(10):
        adam.step(torch.tensor([-math.inf, 1e30, 1.0]), ALL)
    assert adam.values.tolist() == [80.0, -80.0, -80.0]
    both = torch.stack((adam.values, -adam.values))
    assert torch.exp(both).isfinite().all()
