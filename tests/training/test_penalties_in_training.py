"""Regularisers of an architecture in training: of a batch, proximal, and learned."""

from dataclasses import dataclass

import pytest
import torch

from polytask.architectures import Architecture, seeded
from polytask.architectures._hard_sharing import HardSharingNetwork
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import Trainer


class Penalized(HardSharingNetwork):
    """Features are pulled to 0, heads thresholded, and a buffer counts refits."""

    def __init__(self, recipe, schemas, tasks):
        super().__init__(MLP((8,)), schemas, tasks)
        self.recipe = recipe
        self.register_buffer("n_refits", torch.zeros(()))

    def batch_penalty(self, features, raw, batch):
        assert set(raw) == {(s, b.name) for s in batch for b in self.blocks if s in b.sources}
        return self.recipe.shrink * sum(s.values.square().mean() for s in features.values())

    def proximal_step(self, step):
        for heads in self.heads:
            weight = heads.weight
            with torch.no_grad():
                weight.copy_(torch.nn.functional.softshrink(weight, step * self.recipe.sparse))

    def refit(self):
        self.n_refits += 1


@dataclass(frozen=True)
class Recipe(Architecture):
    shrink: float = 0.0
    sparse: float = 0.0
    forbidden: str = ""

    def refuses(self, tasks):
        return f"Recipe takes no {self.forbidden}." if self.forbidden in tasks.names else None

    def build(self, schemas, tasks, seed):
        with seeded(seed):
            return Penalized(self, schemas, tasks)


DATA = tiny_dataset(["regression", "binary", "regression"])


def trained(recipe, **options):
    trainer = Trainer(steps=12, batch_size=16, learning_rate=0.05, patience=None, **options)
    return trainer.fit(recipe, DATA, DATA, progress=False)


def norm_of_features(recipe, **options):
    network = trained(recipe, **options).network
    return sum(float(p.detach().square().sum()) for p in network.trunk.parameters())


@pytest.mark.parametrize("aggregation", [None, "pc_grad", "mgda"])
def test_a_penalty_of_the_batch_acts_beside_any_balancing(aggregation):
    plain = norm_of_features(Recipe(), aggregation=aggregation)
    assert norm_of_features(Recipe(shrink=100.0), aggregation=aggregation) < 0.8 * plain


def test_a_proximal_step_reaches_exact_zeros():
    sparse = trained(Recipe(sparse=5.0)).network.heads
    assert sum(int((heads.weight == 0).sum()) for heads in sparse) > 5
    dense = trained(Recipe()).network.heads
    assert not any((heads.weight == 0).any() for heads in dense)


def test_learned_buffers_are_refitted_before_every_evaluation():
    result = trained(Recipe(), evaluate_every=4)
    assert len(result.history.epochs) == 3
    assert 1 <= int(result.network.n_refits) <= 3  # that of the best epoch


def test_an_architecture_refuses_tasks_before_training():
    with pytest.raises(ParameterError, match="Recipe takes no"):
        trained(Recipe(forbidden=DATA.tasks.names[0]))


def test_the_network_keeps_the_contract():
    check_architecture(Recipe(shrink=1.0, sparse=1.0))
