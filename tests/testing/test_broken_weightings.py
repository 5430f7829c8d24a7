"""The check of a weighting finds what is broken, one promise at a time."""

import pytest
import torch

from polytask.gradients import Need
from polytask.testing import check_weighting
from polytask.weighting import Equal, Static, Weighting


class Plain(Weighting):
    def scalarize(self, losses, present):
        return (losses * present).sum()


class Vector(Plain):
    def scalarize(self, losses, present):
        return losses * present


class Inverse(Plain):
    """Σ log ℓ without a thought for absent tasks, whose loss is 0."""

    def scalarize(self, losses, present):
        return losses.log().sum()


class MeanOfAll(Plain):
    """Absent tasks count in the mean of the log-losses."""

    def scalarize(self, losses, present):
        return (losses * present).sum() + 0.1 * losses.mean()


class WeighsAbsent(Plain):
    def weights(self, losses, present):
        return torch.ones_like(losses)


class OtherWeights(Plain):
    def weights(self, losses, present):
        return 2.0 * present


class Infinite(Plain):
    def scalarize(self, losses, present):
        return (losses * present).sum() / 0


class InfiniteWeights(Plain):
    def weights(self, losses, present):
        return losses / 0


class Column(Plain):
    def weights(self, losses, present):
        return super().weights(losses, present)[:, None]


class WithGraph(Plain):
    def weights(self, losses, present):
        return super().weights(losses, present) * torch.ones(1, requires_grad=True)


class InPlace(Plain):
    def weights(self, losses, present):
        weights = super().weights(losses, present)
        losses += 1
        return weights


class FixedAtOne(Plain):
    fixed = True

    def scalarize(self, losses, present):
        return (losses * present).mean()


class Dice(Plain):
    def scalarize(self, losses, present):
        return (torch.rand(len(losses)) * losses * present).sum()


class Counter(Plain):
    """Weights that grow with the number of steps."""

    def start(self, n_tasks, *, device=None, generator=None):
        self.count = torch.zeros(1)

    def scalarize(self, losses, present):
        return ((1 + self.count) * losses * present).sum()

    def learn(self, losses, present):
        self.count = self.count + 1

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]


class Forgetting(Counter):
    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class NotRestoring(Counter):
    def load_state_dict(self, state):
        pass


class Aliasing(Counter):
    def learn(self, losses, present):
        self.count += 1


class SharingItsState(Aliasing):
    """Copies its state when it is asked for it, but not when it is given one."""

    def state_dict(self):
        return {"count": self.count.clone()}


class Stubborn(Counter):
    """Keeps its count when started anew."""

    steps = 0

    def start(self, n_tasks, *, device=None, generator=None):
        self.count = torch.full((1,), float(Stubborn.steps))

    def learn(self, losses, present):
        Stubborn.steps += 1
        super().learn(losses, present)


class Diverging(Counter):
    def learn(self, losses, present):
        self.count = (1 + self.count) * 1e30


@pytest.mark.parametrize(
    ("weighting", "words"),
    [
        (Vector(), "the scalar has shape"),
        (Infinite(), "the scalar is not finite"),
        (InfiniteWeights(), "weights are not finite"),
        (Column(), "weights of shape"),
        (SharingItsState(), "changes the state it was loaded from"),
        (Inverse(), "not finite when task 0 is absent|is absent"),
        (MeanOfAll(), "absent task 0 takes part in the scalar"),
        (WeighsAbsent(), "absent task 0 weighs 1"),
        (OtherWeights(), "not the gradient of the scalar"),
        (WithGraph(), "carry a graph"),
        (InPlace(), "changed in place"),
        (FixedAtOne(), "must sum to the number of tasks"),
        (Forgetting(), "resumed from its state, it answers differently at step 0"),
        (NotRestoring(), "loading a state does not restore it"),
        (Aliasing(), "`state_dict` changes as training goes on"),
        (Stubborn(), "started anew, it answers differently"),
        (Diverging(), "an answer is not finite"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_weighting_is_found(weighting, words):
    with pytest.raises(AssertionError, match=words):
        check_weighting(weighting)


def test_a_weighting_that_throws_dice_is_found():
    with pytest.raises(AssertionError, match=r"not the gradient|differently|global generator"):
        check_weighting(Dice())


def test_a_weighting_that_draws_without_using_it_is_found():
    class Wasteful(Plain):
        def learn(self, losses, present):
            torch.rand(1)

    with pytest.raises(AssertionError, match="draws from torch's global generator"):
        check_weighting(Wasteful())


class Lottery(Plain):
    """Random weights from the generator it is given."""

    def start(self, n_tasks, *, device=None, generator=None):
        self.generator = generator
        self.drawn = torch.ones(n_tasks)

    def scalarize(self, losses, present):
        return (self.drawn * losses * present).sum()

    def learn(self, losses, present):
        self.drawn = torch.rand(len(losses), generator=self.generator)

    def state_dict(self):
        return {"drawn": self.drawn}

    def load_state_dict(self, state):
        self.drawn = state["drawn"]


@pytest.mark.parametrize("weighting", [Plain(), Equal(), Counter(), Lottery()])
def test_a_good_weighting_passes(weighting):
    check_weighting(weighting)


def test_the_weighting_itself_is_left_alone():
    weighting = Counter()
    check_weighting(weighting)
    assert not hasattr(weighting, "count")


def test_a_weighting_may_serve_some_numbers_of_tasks_only():
    check_weighting(Static((1.0, 2.0, 3.0)), n_tasks=[3])
    with pytest.raises(ValueError, match="one per task"):
        check_weighting(Static((1.0, 2.0, 3.0)))


class Unserved(Plain):
    needs = frozenset({"tea"})


class AlwaysFloat(Plain):
    def weights(self, losses, present):
        return present.float()


class MeanOfPresent(Plain):
    """Finite while anyone is present."""

    def scalarize(self, losses, present):
        return (losses * present).sum() / present.sum()


class InverseOfPresent(Plain):
    """Σ log ℓ over those present, without a thought for losses of 0."""

    def scalarize(self, losses, present):
        return torch.where(present, losses, 1.0).log().sum()


class Squares(Plain):
    """Overflows where losses are huge."""

    def scalarize(self, losses, present):
        return (losses**4 * present).sum()


class Renormalised(Plain):
    fixed = True

    def scalarize(self, losses, present):
        return len(losses) * (losses * present).sum() / present.sum().clamp(min=1)


class Remembering(Plain):
    """Keeps the last number that a hook told, but not in its state."""

    def start(self, n_tasks, *, device=None, generator=None):
        self.told = torch.ones(n_tasks)

    def scalarize(self, losses, present):
        return (self.told * losses * present).sum()


class OfGramian(Remembering):
    needs = frozenset({Need.GRAMIAN})

    def before_step(self, gramian, present):
        self.told = self.told + gramian.diagonal().sqrt().clamp(max=1.0)


class OfSlopes(Remembering):
    needs = frozenset({Need.PRODUCT})

    def after_product(self, slopes, losses, present):
        self.told = self.told + slopes.tanh()


class OfHeldOutRows(Remembering):
    needs = frozenset({Need.VALIDATION})

    def after_validation(self, slopes, present):
        self.told = self.told + slopes.tanh()


class OfEpochs(Remembering):
    needs = frozenset({Need.EPOCH_LOSSES})

    def end_epoch(self, mean_losses):
        self.told = self.told + mean_losses


class OfLossesAfter(Remembering):
    needs = frozenset({Need.LOSSES_AFTER_STEP})

    def after_step(self, losses, present):
        self.told = self.told + losses


class Dividing(OfGramian):
    """Divides by gradients that may be 0, and keeps its state."""

    def before_step(self, gramian, present):
        self.told = 1 / gramian.diagonal()

    def weights(self, losses, present):
        return torch.where(present, super().weights(losses, present), 0.0)

    def state_dict(self):
        return {"told": self.told.clone()}

    def load_state_dict(self, state):
        self.told = state["told"].clone()


class Failing(OfGramian):
    def before_step(self, gramian, present):
        raise AssertionError("this hook cannot be called")


RESUMED = "resumed from its state, it answers differently"


@pytest.mark.parametrize(
    ("weighting", "words"),
    [
        (Unserved(), "needs .*tea.*, which `Need` lacks"),
        (AlwaysFloat(), "float64 losses get torch.float32 weights"),
        (MeanOfPresent(), "when no task is present"),
        (InverseOfPresent(), "weights are not finite after losses or gradients of 0"),
        (Squares(), "the scalar is not finite"),
        (Renormalised(), "changes the fixed weights of others"),
        (OfGramian(), RESUMED),
        (OfSlopes(), RESUMED),
        (OfHeldOutRows(), RESUMED),
        (OfEpochs(), RESUMED),
        (OfLossesAfter(), RESUMED),
        (Dividing(), "weights are not finite after losses or gradients of 0"),
        (Failing(), "this hook cannot be called"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_breaks_at_the_edges_is_found(weighting, words):
    with pytest.raises(AssertionError, match=words):
        check_weighting(weighting)
