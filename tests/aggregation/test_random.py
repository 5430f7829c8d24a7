"""Random weights: their distribution, and where they are drawn."""

import pytest
import torch

from polytask.aggregation import Random


def drawn(seed, n_tasks=3, n_steps=1):
    random = Random()
    random.start(n_tasks, generator=torch.Generator().manual_seed(seed))
    gramian = torch.eye(n_tasks, dtype=torch.float64)
    return torch.stack([random.weights(gramian) for _ in range(n_steps)])


def test_weights_are_a_softmax_of_normals():
    weights = drawn(0, n_tasks=4, n_steps=4000)
    torch.testing.assert_close(weights.sum(1), torch.ones(4000, dtype=torch.float64))
    logs = weights.log()
    differences = logs[:, 0] - logs[:, 1]  # of two normals, hence of variance 2
    assert abs(float(differences.mean())) < 0.1
    assert float(differences.var()) == pytest.approx(2.0, abs=0.15)


def test_every_step_draws_anew_from_the_generator():
    weights = drawn(1, n_steps=2)
    assert not torch.equal(weights[0], weights[1])
    assert torch.equal(weights, drawn(1, n_steps=2))
    assert not torch.equal(weights, drawn(2, n_steps=2))


def test_weights_are_torchjds():
    aggregation = pytest.importorskip("torchjd.aggregation")
    torch.manual_seed(3)
    theirs = aggregation.RandomWeighting()(torch.eye(5, dtype=torch.float64))
    torch.manual_seed(3)
    torch.testing.assert_close(Random().weights(torch.eye(5, dtype=torch.float64)), theirs)
