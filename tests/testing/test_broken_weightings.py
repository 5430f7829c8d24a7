"""The check of a weighting finds what breaks at the edges, and what hooks forget."""

import pytest
import torch

from polytask.gradients import Need
from polytask.testing import check_weighting
from polytask.weighting import Weighting


class Plain(Weighting):
    def scalarize(self, losses, present):
        return (losses * present).sum()


class Unserved(Plain):
    needs = frozenset({"tea"})


class AlwaysFloat(Plain):
    def weights(self, losses, present):
        return present.float()


class MeanOfPresent(Plain):
    """Finite while anyone is present."""

    def scalarize(self, losses, present):
        return (losses * present).sum() / present.sum()


class Inverse(Plain):
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
        (Inverse(), "weights are not finite after losses or gradients of 0"),
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
def test_a_broken_weighting_is_found(weighting, words):
    with pytest.raises(AssertionError, match=words):
        check_weighting(weighting)
