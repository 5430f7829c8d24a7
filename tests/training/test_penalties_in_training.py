"""Regularisers of an architecture in training: of a batch, proximal, and learned."""

from dataclasses import dataclass

import pytest
import torch

from polytask.architectures import Architecture, SharedPrivate, SoftSharing, seeded
from polytask.architectures._hard_sharing import HardSharingNetwork
from polytask.data import fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import NonFiniteLossError, ParameterError, UnservedNeedError
from polytask.penalties import MeanDeviation
from polytask.processes import OneProcess
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import Trainer
from polytask.training._process_checks import check_shared_work


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


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (
            SoftSharing(MLP((8,)), penalty=MeanDeviation(alpha=1e4)),
            r"SoftSharingNetwork .*`penalty.alpha` \(10000\)",
        ),
        (SoftSharing(MLP((8,)), representation=1e6), r"`representation` \(1e\+06\)"),
        (SharedPrivate(MLP((8,)), orthogonality=1e6), r"`orthogonality` \(1e\+06\)"),
        (Recipe(shrink=1e7), r"Penalized .* Lower its strength, or `learning_rate`"),
    ],
)
def test_a_penalty_that_diverges_is_named(recipe, words):
    with pytest.raises(NonFiniteLossError, match=words):
        Trainer(steps=400, learning_rate=0.1, optimizer="sgd", patience=None).fit(recipe, DATA)


def test_a_learning_rate_that_is_too_large_is_not_blamed_on_a_small_penalty():
    recipe = SoftSharing(MLP((8,)), penalty=MeanDeviation(alpha=1e-6))
    with pytest.raises(NonFiniteLossError, match="loss of task"):
        Trainer(steps=400, learning_rate=1e12, optimizer="sgd", patience=None).fit(recipe, DATA)


@pytest.mark.parametrize("encoder", [MLP((8,)), MLP(())])
def test_an_aggregator_needs_what_tasks_share(encoder):
    words = "must be None for a network whose tasks share no parameters. Got PCGrad instead, for a SoftSh"
    with pytest.raises(ParameterError, match=words):
        trained(SoftSharing(encoder), aggregation="pc_grad")


def test_the_network_knows_which_tasks_have_stopped():
    seen = []

    class Watching(Penalized):
        def batch_penalty(self, features, raw, batch):
            seen.append(self.stopped)
            return super().batch_penalty(features, raw, batch)

    class Watched(Recipe):
        def build(self, schemas, tasks, seed):
            return Watching(self, schemas, tasks)

    trainer = Trainer(steps=40, task_patience=1, evaluate_every=2, learning_rate=0.3, batch_size=16)
    history = trainer.fit(Watched(), DATA, DATA).history
    assert history.n_steps > 2
    assert seen[0] == frozenset()
    assert any(stopped and stopped < set(DATA.tasks.names) for stopped in seen)


class TwoProcesses(OneProcess):
    size = 2


def test_an_aggregator_beside_a_penalty_of_a_batch_is_for_one_process():
    recipe, schemas = Recipe(shrink=1.0), fit_schemas(DATA)
    network = recipe.build(schemas, DATA.tasks, 0)
    words = (
        "must be None over several processes for Penalized, .* Got PCGrad instead. Give `processes`"
    )
    with pytest.raises(UnservedNeedError, match=words):
        check_shared_work(Trainer(aggregation="pc_grad"), network, None, TwoProcesses())
