"""The check of architectures finds what is broken, one promise at a time."""

import itertools
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
import torch
from torch import nn

from polytask.architectures import HardSharing
from polytask.architectures._hard_sharing import HardSharingNetwork
from polytask.encoders import MLP
from polytask.testing import check_architecture, tiny_dataset


class Joint(HardSharingNetwork):
    """A good network; each broken one changes one thing."""

    def features(self, batch):
        return super().features(batch)


@dataclass(frozen=True)
class Recipe(HardSharing):
    """Builds a network of the class it is told."""

    encoder: MLP = field(default_factory=lambda: MLP((4,)))
    network: type[nn.Module] = Joint

    def __post_init__(self):
        pass

    def build(self, schemas, tasks, seed):
        network = super().build(schemas, tasks, seed)
        network.__class__ = self.network
        return network


def test_a_good_architecture_passes():
    check_architecture(Recipe())


class AsTheWindBlows(Recipe):
    """Draws from a copy of the global generator, which it leaves as it was."""

    def build(self, schemas, tasks, seed):
        network = super().build(schemas, tasks, seed)
        with torch.random.fork_rng(devices=[]):
            nn.init.normal_(next(network.parameters()))
        return network


class NoNetwork(Recipe):
    def build(self, schemas, tasks, seed):
        return nn.Linear(3, 2)


class OneSeed(Recipe):
    def build(self, schemas, tasks, seed):
        return super().build(schemas, tasks, 0)


class OwnSeeds(Recipe):
    seeds: ClassVar = itertools.count()

    def build(self, schemas, tasks, seed):
        return super().build(schemas, tasks, next(self.seeds))


class FromTheGlobalGenerator(Recipe):
    def build(self, schemas, tasks, seed):
        network = super().build(schemas, tasks, seed)
        nn.init.normal_(next(network.parameters()))
        return network


class Seeding(Recipe):
    def build(self, schemas, tasks, seed):
        torch.manual_seed(seed)
        return super().build(schemas, tasks, seed)


class Ungrouped(Joint):
    def parameter_groups(self):
        groups = super().parameter_groups()
        groups.pop(max(groups, key=len))
        return groups


class GroupedTwice(Joint):
    def parameter_groups(self):
        groups = super().parameter_groups()
        everyone = max(groups, key=len)
        return {**groups, frozenset(list(everyone)[:1]): groups[everyone]}


class GroupOfStrangers(Joint):
    def parameter_groups(self):
        groups = super().parameter_groups()
        groups[frozenset({"somebody"})] = groups.pop(max(groups, key=len))
        return groups


class FrozenInAGroup(Joint):
    def parameter_groups(self):
        groups = super().parameter_groups()
        next(iter(groups.values())).append(nn.Parameter(torch.zeros(1), requires_grad=False))
        return groups


class TooManySlices(Joint):
    def task_owned(self):
        return {parameter: (*tasks, *tasks) for parameter, tasks in super().task_owned().items()}


class SwappedSlices(Joint):
    def task_owned(self):
        return {parameter: tasks[::-1] for parameter, tasks in super().task_owned().items()}


class OthersSlices(Joint):
    def task_owned(self):
        return {p: ("somebody",) * len(tasks) for p, tasks in super().task_owned().items()}


class TrunkOfOneTask(Joint):
    """Says that the shared trunk serves the first task only."""

    def parameter_groups(self):
        groups = super().parameter_groups()
        everyone = max(groups, key=len)
        first = frozenset(sorted(everyone)[:1])
        groups[first] = [*groups.get(first, []), *groups.pop(everyone)]
        return groups


class FirstBlockOnly(Joint):
    def answer(self, features, batch):
        raw = super().answer(features, batch)
        return dict(list(raw.items())[:1])


class Flat(Joint):
    def answer(self, features, batch):
        return {name: scores.flatten(1) for name, scores in super().answer(features, batch).items()}


class NotANumber(Joint):
    def answer(self, features, batch):
        return {name: scores / 0 for name, scores in super().answer(features, batch).items()}


class Noisy(Joint):
    def features(self, batch):
        return {k: v + torch.randn_like(v) for k, v in super().features(batch).items()}


class Centring(Joint):
    def answer(self, features, batch):
        raw = super().answer(features, batch)
        return {name: scores - scores.mean(dim=0) for name, scores in raw.items()}


class Deaf(Joint):
    def answer(self, features, batch):
        return {name: scores.detach() for name, scores in super().answer(features, batch).items()}


class HalfDeaf(Joint):
    """The first block's scores carry no gradient."""

    def answer(self, features, batch):
        raw = super().answer(features, batch)
        first = next(iter(raw))
        return {name: s * 0 if name == first else s for name, s in raw.items()}


class InfiniteSlope(Joint):
    """√0 has no derivative."""

    def answer(self, features, batch):
        raw = super().answer(features, batch)
        return {name: scores + (0 * scores).sqrt() for name, scores in raw.items()}


class PenaltyPerParameter(Joint):
    def penalty(self):
        return torch.stack([parameter.square().sum() for parameter in self.parameters()])


class InfinitePenalty(Joint):
    def penalty(self):
        return torch.tensor(float("inf"))


class FeaturesOfStrangers(Joint):
    def features(self, batch):
        return {**super().features(batch), "somewhere": torch.zeros(1)}


class OtherAnswer(Joint):
    def forward(self, batch):
        return {name: scores + 1 for name, scores in super().forward(batch).items()}


class NoAnswer(Joint):
    def forward(self, batch):
        return HardSharingNetwork.answer(self, self.features(batch), batch)

    def answer(self, features, batch):
        raise NotImplementedError("no answer")


BROKEN_NETWORKS = [
    (Ungrouped, "is in no parameter group"),
    (GroupedTwice, "is in two parameter groups"),
    (GroupOfStrangers, "a parameter group of the tasks"),
    (FrozenInAGroup, "a parameter that is not trained"),
    (TooManySlices, "slices for"),
    (SwappedSlices, "which is not its own"),
    (OthersSlices, "owned by other tasks than its group's"),
    (TrunkOfOneTask, "which is not its own"),
    (FirstBlockOnly, "regression"),
    (Flat, "scores of .* are"),
    (NotANumber, "are not finite"),
    (Noisy, "evaluation is random"),
    (Centring, "depends on other rows"),
    (Deaf, "pull at no parameter"),
    (HalfDeaf, "pulls at no parameter"),
    (InfiniteSlope, "the gradient of .* is not finite"),
    (PenaltyPerParameter, "the penalty has shape"),
    (InfinitePenalty, "the penalty is not finite"),
    (FeaturesOfStrangers, "which are no sources"),
    (OtherAnswer, "not what `forward` gives"),
    (NoAnswer, "no `answer` from them"),
]


@pytest.mark.parametrize(("network", "words"), BROKEN_NETWORKS)
def test_a_broken_network_is_found(network, words):
    with pytest.raises(AssertionError, match=words):
        check_architecture(Recipe(network=network))


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (NoNetwork(), "which is no MultiTaskModule"),
        (OneSeed(), "another seed builds the same network"),
        (OwnSeeds(), "is not decided by the seed"),
        (FromTheGlobalGenerator(), "changes torch's global generator"),
        (AsTheWindBlows(), "is not decided by the seed"),
        (Seeding(), "changes torch's global generator"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_recipe_that_builds_wrongly_is_found(recipe, words):
    with pytest.raises(AssertionError, match=words):
        check_architecture(recipe)


def test_the_global_generator_is_left_as_it_was():
    before = torch.get_rng_state()
    check_architecture(Recipe())
    assert torch.equal(torch.get_rng_state(), before)


def test_data_sets_may_be_brought():
    with pytest.raises(AssertionError, match="which is not its own"):
        check_architecture(
            Recipe(network=SwappedSlices), [tiny_dataset(["regression", "regression"])]
        )
    check_architecture(Recipe(network=SwappedSlices), [tiny_dataset(["regression"])])
