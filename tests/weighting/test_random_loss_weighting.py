"""Random weights: one draw a step, from the generator given."""

import pytest
import torch

from polytask.weighting import RandomLossWeighting

LOSSES, ALL = torch.tensor([0.5, 2.0, 8.0]), torch.tensor([True, True, True])

# LibMTL.weighting.RLW.backward after torch.manual_seed(3), in float32: its weights times 3.
LIBMTL = [1.482977271080017, 0.7910525798797607, 0.7259702682495117]


def seeded(seed=3):
    weighting, generator = RandomLossWeighting(), torch.Generator().manual_seed(seed)
    weighting.start(3, generator=generator)
    return weighting, generator


def test_it_draws_as_libmtl_does():
    weighting, _ = seeded()
    assert weighting.weights(LOSSES, ALL).tolist() == pytest.approx(LIBMTL, rel=1e-6)


def test_weights_hold_for_a_step():
    weighting, _ = seeded()
    first = weighting.weights(LOSSES, ALL)
    assert torch.equal(weighting.weights(LOSSES, ALL), first)
    assert float(weighting.scalarize(LOSSES, ALL)) == pytest.approx(float((first * LOSSES).sum()))
    weighting.learn(LOSSES, ALL)
    assert not torch.equal(weighting.weights(LOSSES, ALL), first)


def test_it_resumes_in_the_middle_of_a_step():
    one, generator = seeded()
    two, other = seeded(seed=7)
    first = one.weights(LOSSES, ALL)
    two.load_state_dict(one.state_dict())
    other.set_state(generator.get_state())
    assert torch.equal(two.weights(LOSSES, ALL), first)
    for weighting in (one, two):
        weighting.learn(LOSSES, ALL)
    assert torch.equal(two.weights(LOSSES, ALL), one.weights(LOSSES, ALL))


def test_the_mean_weight_is_one():
    weighting, _ = seeded()
    weights = []
    for _ in range(2000):
        weights.append(weighting.weights(LOSSES, ALL))
        weighting.learn(LOSSES, ALL)
    drawn = torch.stack(weights)
    assert drawn.mean(dim=0).tolist() == pytest.approx([1.0, 1.0, 1.0], abs=0.06)
    assert drawn.sum(dim=1).tolist() == pytest.approx([3.0] * 2000, rel=1e-5)


def test_without_a_generator_it_draws_from_torchs():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        weights = RandomLossWeighting().weights(LOSSES, ALL)
    assert weights.tolist() == pytest.approx(LIBMTL, rel=1e-6)
