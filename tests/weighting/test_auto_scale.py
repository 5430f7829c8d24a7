"""AutoScale: each window's weights are the best for its metric, and their average stays."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import tensor

from polytask.gradients import Need
from polytask.weighting import AutoScale
from polytask.weighting._matched_gradients import condition_number, equal_norms, well_conditioned

ALL = tensor([True, True, True])


def gramian(seed, n_tasks=3, rank=7):
    generator = torch.Generator().manual_seed(seed)
    jacobian = torch.randn(n_tasks, rank, generator=generator, dtype=torch.float64)
    scales = torch.logspace(-2, 3, n_tasks, dtype=torch.float64)[:, None]
    jacobian = jacobian * scales
    return jacobian @ jacobian.T


def similarity(gram, weights):
    norms = weights * gram.diagonal().sqrt()
    pairs = [(i, j) for i in range(len(norms)) for j in range(i)]
    terms = [2 * norms[i] * norms[j] / (norms[i] ** 2 + norms[j] ** 2) for i, j in pairs]
    return float(torch.stack(terms).mean())


def scaled(gram, weights):
    return float(condition_number(weights[:, None] * gram * weights[None, :]))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 6))
def test_equal_norms_are_the_most_similar(seed, n_tasks):
    assert similarity(gramian(seed, n_tasks), equal_norms(gramian(seed, n_tasks))) == pytest.approx(
        1.0
    )


@pytest.mark.parametrize("seed", range(5))
def test_no_other_weights_found_at_random_are_conditioned_better(seed):
    gram = gramian(seed, 4)
    found = scaled(gram, well_conditioned(gram))
    assert found <= scaled(gram, equal_norms(gram)) * (1 + 1e-9)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(500):
        noise = torch.randn(4, generator=generator, dtype=torch.float64)
        assert found <= scaled(gram, equal_norms(gram) * (0.5 * noise).exp()) * 1.01


def test_of_two_tasks_equal_norms_are_the_best_conditioned():
    gram = gramian(0, 2)
    assert scaled(gram, well_conditioned(gram)) == pytest.approx(scaled(gram, equal_norms(gram)))


def test_it_explores_and_then_keeps_the_average():
    weighting = AutoScale(n_windows=2, window=3)
    weighting.start(3)
    assert weighting.needs == {Need.GRAMIAN}
    one, two = gramian(1), gramian(2)
    losses = tensor([1.0, 2.0, 3.0])
    for _ in range(3):
        assert weighting.weights(losses, ALL).tolist() == [1.0, 1.0, 1.0]
        weighting.before_step(one.float(), ALL)
    chosen = [3 * w / w.sum() for w in map(equal_norms, (one, two))]
    torch.testing.assert_close(weighting.weights(losses, ALL).double(), chosen[0])
    for _ in range(3):
        weighting.before_step(two.float(), ALL)
    assert weighting.needs == frozenset()
    weighting.before_step(gramian(3).float(), ALL)  # too late to count
    final = weighting.weights(losses, ALL)
    torch.testing.assert_close(final.double(), (chosen[0] + chosen[1]) / 2)
    assert float(final.sum()) == pytest.approx(3.0)


def test_a_task_without_gradient_has_no_say():
    weighting = AutoScale(n_windows=1, window=1)
    present = tensor([True, False, True])
    weighting.before_step(torch.diag(tensor([1.0, 0.0, 9.0])), present)
    assert weighting.task_weights_.tolist() == pytest.approx([1.5, 1.0, 0.5])


def test_absent_steps_do_not_shorten_gradients():
    weighting = AutoScale(n_windows=1, window=2)
    weighting.before_step(torch.diag(tensor([4.0, 4.0])), tensor([True, True]))
    weighting.before_step(torch.diag(tensor([4.0, 0.0])), tensor([True, False]))
    assert weighting.task_weights_.tolist() == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("metric", ["gradient_magnitude_similarity", "condition_number"])
@pytest.mark.parametrize("scale", [0.0, 1e-15, 1.0, 1e15])
def test_any_gradients_are_served(metric, scale):
    opposing = tensor([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    for gram in (opposing, torch.ones(3, 3), torch.eye(3), gramian(4).float()):
        weighting = AutoScale(metric, n_windows=1, window=1)
        weighting.before_step(scale * gram, ALL)
        assert bool(torch.isfinite(weighting.task_weights_).all())
        assert float(weighting.task_weights_.sum()) == pytest.approx(3.0)


@pytest.mark.parametrize("metric", ["gradient_magnitude_similarity", "condition_number"])
def test_it_resumes_exactly(metric):
    one, two = (AutoScale(metric, n_windows=3, window=2) for _ in range(2))
    one.start(3)
    two.start(3)
    for seed in range(3):
        one.before_step(gramian(seed), ALL)
    two.load_state_dict(one.state_dict())
    for seed in range(3, 6):
        one.before_step(gramian(seed), ALL)
        two.before_step(gramian(seed), ALL)
        assert torch.equal(one.task_weights_, two.task_weights_)
        assert one.needs == two.needs
    assert one.n_explored_ == 3
