"""The check of architectures finds what is broken, one promise at a time."""

import itertools
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
import torch
from torch import nn

from polytask.architectures import COSMOS, STEM, HardSharing, Heads, Owned, seeded
from polytask.architectures._cosmos import COSMOSNetwork
from polytask.architectures._hard_sharing import HardSharingNetwork
from polytask.encoders import MLP, State
from polytask.testing import check_architecture, tiny_dataset


class Joint(HardSharingNetwork):
    """A good network; each broken one changes one thing."""


@dataclass(frozen=True)
class Recipe(HardSharing):
    """Builds a network of the class it is told."""

    encoder: MLP = field(default_factory=lambda: MLP((4,)))
    network: type[nn.Module] = Joint

    def __post_init__(self):
        pass

    def build(self, schemas, tasks, seed):
        with seeded(seed):
            return self.network(self.encoder, schemas, tasks)


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


class LeftOut(Joint):
    def owners(self):
        return super().owners()[1:]


class StatedTwice(Joint):
    def owners(self):
        owners = super().owners()
        return [*owners, owners[0]]


class OfStrangers(Joint):
    def owners(self):
        return [Owned(owned.tensor, ("somebody",), owned.axis) for owned in super().owners()]


class OfNobody(Joint):
    def owners(self):
        return [Owned(owned.tensor, ()) for owned in super().owners()]


class OfAnotherNetwork(Joint):
    def owners(self):
        return [*super().owners(), Owned(torch.zeros(1), self.tasks.names)]


class TooManySlices(Joint):
    def owners(self):
        return [
            owned if owned.axis is None else Owned(owned.tensor, (*owned.tasks, *owned.tasks), 0)
            for owned in super().owners()
        ]


class SwappedSlices(Joint):
    def owners(self):
        return [
            owned if owned.axis is None else Owned(owned.tensor, owned.tasks[::-1], 0)
            for owned in super().owners()
        ]


class HeadsThatServeTheNext(Joint):
    """States that each task's head serves the first task too."""

    def owners(self):
        first = self.tasks.names[0]
        return [
            owned
            if owned.axis is None
            else Owned(
                owned.tensor,
                owned.tasks,
                0,
                tuple(() if name == first else (first,) for name in owned.tasks),
            )
            for owned in super().owners()
        ]


class DependantsOfNoSlice(Joint):
    def owners(self):
        return [
            owned
            if owned.axis is None
            else Owned(owned.tensor, owned.tasks, 0, ((),) * (len(owned.tasks) + 1))
            for owned in super().owners()
        ]


class TrunkOfOneTask(Joint):
    """States that the shared trunk serves the first task only."""

    def owners(self):
        trunk = {id(parameter) for parameter in self.trunk.parameters()}
        return [
            Owned(owned.tensor, self.tasks.names[:1]) if id(owned.tensor) in trunk else owned
            for owned in super().owners()
        ]


class UndeclaredHeads(Joint):
    """States that all tasks share the heads, whose slices serve one task each."""

    def owners(self):
        return [Owned(owned.tensor, owned.tasks) for owned in super().owners()]


class NeedsRows(Joint):
    """Fails at a batch without rows, for which a width of -1 is not defined."""

    def features(self, batch):
        states = super().features(batch)
        return {name: State(s.values.reshape(len(s.values), -1)) for name, s in states.items()}


class Identity(Joint):
    """A good network with two mixing matrices, which start where tasks do not meet."""

    def __init__(self, encoder, schemas, tasks):
        super().__init__(encoder, schemas, tasks)
        self.first, self.last = (nn.Parameter(torch.eye(len(tasks))) for _ in range(2))
        self.heads = Heads(self.blocks, tasks, self.trunk.shape, per_task=True)

    def answer(self, features, batch):
        mixed = {}
        for source, state in features.items():
            rows = torch.stack([state.values * (k + 1) for k in range(len(self.tasks))])
            for matrix in (self.first, self.last):
                rows = torch.einsum("kj,jnh->knh", matrix, rows)
            chosen = [self.tasks.index(name) for name in self.tasks_in(source)]
            mixed[source] = State(rows[chosen])
        return self.heads(mixed, batch)

    def owners(self):
        last = Owned(self.last, self.tasks.names, axis=0)
        return [last, *(o for o in super().owners() if o.tensor is not self.last)]


@pytest.mark.parametrize("recipe", [HardSharing(MLP((1,))), STEM(MLP((1,)))])
def test_a_unit_that_is_dead_for_a_task_is_no_fault(recipe):
    check_architecture(recipe)


def test_a_start_that_cuts_tasks_off_is_no_fault():
    check_architecture(Recipe(network=Identity))


class PlainHeads(Joint):
    """Adds an undeclared module of one task to its scores."""

    def __init__(self, encoder, schemas, tasks):
        super().__init__(encoder, schemas, tasks)
        self.own = nn.Linear(self.trunk.shape[0], self.blocks[0].size)

    def answer(self, features, batch):
        raw = super().answer(features, batch)
        block = self.blocks[0]
        for source in block.sources:
            if self.tasks.names[0] in block.tasks_in(source) and batch[source].task is None:
                scores = raw[source, block.name].clone()
                scores[:, 0] += self.own(features[source].values)
                raw[source, block.name] = scores
        return raw


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
        states = super().features(batch)
        return {k: State(v + torch.randn_like(v), m) for k, (v, m) in states.items()}


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
        return {**super().features(batch), "somewhere": State(torch.zeros(1, 1))}


class FeaturesOfAllTasks(Joint):
    """Says that rows stay apart, and gives own rows the features of every task."""

    def __init__(self, encoder, schemas, tasks):
        super().__init__(encoder, schemas, tasks)
        self.heads = Heads(self.blocks, tasks, self.trunk.shape, per_task=True)

    def features(self, batch):
        return {
            name: State(values.expand(len(self.tasks_in(name)), *values.shape))
            for name, (values, _) in super().features(batch).items()
        }


class OtherAnswer(Joint):
    def forward(self, batch):
        return {name: scores + 1 for name, scores in super().forward(batch).items()}


class NoAnswer(Joint):
    def forward(self, batch):
        return HardSharingNetwork.answer(self, self.features(batch), batch)

    def answer(self, features, batch):
        raise NotImplementedError("no answer")


class Undeclared(COSMOSNetwork):
    """Draws preferences, which its recipe does not declare."""

    def __init__(self, encoder, schemas, tasks):
        super().__init__(COSMOS(encoder), encoder, schemas, tasks)


class Unmoved(Undeclared):
    def preference(self, batch):
        return self.equal


class Unequal(Undeclared):
    def preference(self, batch):
        given = next(iter(batch.values())).preference
        return self.equal * 0 if given is None else given


class TooMuch(Undeclared):
    def draw_preference(self, generator):
        return 2 * super().draw_preference(generator)


class AtRandom(Undeclared):
    def draw_preference(self, generator):
        return super().draw_preference(torch.Generator().manual_seed(next(OwnSeeds.seeds)))


class PreferenceRecipe(Recipe):
    takes_preference = True


BROKEN_PREFERENCES = [
    (Recipe(network=Undeclared), "takes_preference of the recipe do not agree"),
    (PreferenceRecipe(), "takes_preference of the recipe do not agree"),
    (PreferenceRecipe(network=Unmoved), "do not depend on the preference"),
    (PreferenceRecipe(network=Unequal), "not answered at equal ones"),
    (PreferenceRecipe(network=TooMuch), "is none between all tasks"),
    (PreferenceRecipe(network=AtRandom), "depends on more than the generator"),
]


@pytest.mark.parametrize(("recipe", "words"), BROKEN_PREFERENCES)
def test_a_preference_that_is_not_used_as_declared_is_found(recipe, words):
    data = tiny_dataset(["regression", "regression"])
    with pytest.raises(AssertionError, match=words):
        check_architecture(recipe, [data])


def test_a_good_preference_passes():
    check_architecture(PreferenceRecipe(network=Undeclared))


class Router(Joint):
    """A good one, which is equally unsure of all rows."""

    routed_sources = ("table",)

    def route(self, batch):
        return {name: torch.zeros(rows.n_rows, len(self.tasks)) for name, rows in batch.items()}


class UndeclaredRouter(Router):
    routed_sources = ()


class RouterOfOneTask(Router):
    def route(self, batch):
        return {name: scores[:, :1] for name, scores in super().route(batch).items()}


class InfiniteRouter(Router):
    def route(self, batch):
        return {name: scores / 0 for name, scores in super().route(batch).items()}


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (UndeclaredRouter, r"route gives scores for {'table'}, not for set\(\)"),
        (RouterOfOneTask, r"route gives table scores \(60, 1\), not \(60, 2\)"),
        (InfiniteRouter, "scores that are not finite"),
    ],
)
def test_a_broken_router_is_found(network, words):
    data = tiny_dataset(["regression", "regression"], own_rows=True)
    check_architecture(Recipe(network=Router), [data])
    with pytest.raises(AssertionError, match=words):
        check_architecture(Recipe(network=network), [data])


BROKEN_NETWORKS = [
    (NeedsRows, r"a batch without rows cannot be scored: .*reshape"),
    (LeftOut, "leaves out"),
    (StatedTwice, "states .* twice"),
    (OfStrangers, "to the tasks"),
    (OfNobody, "which is not its own"),
    (OfAnotherNetwork, "none of its own"),
    (TooManySlices, "slices for"),
    (SwappedSlices, "which is not its own"),
    (HeadsThatServeTheNext, "too, but the loss of .* does not reach it"),
    (DependantsOfNoSlice, "states dependants of"),
    (TrunkOfOneTask, "which is not its own"),
    (UndeclaredHeads, "each slice of .* is reached by the loss of one task alone"),
    (PlainHeads, "own.weight to .* does not reach it"),
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
    (FeaturesOfAllTasks, r"rows_apart is True, and features of .* shape \(3, 60, 4\) for 60 rows"),
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
