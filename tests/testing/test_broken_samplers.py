"""The check of a sampler finds what is broken, one promise at a time."""

import pytest
import torch

from polytask.sampling import MixedSampler, Proportional, RoundRobin, Uniform
from polytask.testing import check_sampler


class NeedsGold(Uniform):
    needs = frozenset({"gold"})


class ShortEpoch(Uniform):
    def prepare(self):
        super().prepare()
        self.steps_per_epoch = 1


class NoShare(Proportional):
    def share(self, step):
        return dict.fromkeys(super().share(step), 0.0)


class Anonymous(Proportional):
    def share(self, step):
        return {**super().share(step), "stranger": 1.0}


class Restless(Proportional):
    def share(self, step):
        return {name: share + step for name, share in super().share(step).items()}


class InfiniteFraction(Uniform):
    def fraction(self, step):
        return dict.fromkeys(super().fraction(step), float("inf"))


class Beyond(Proportional):
    def draw(self, step):
        return {name: rows + 1 for name, rows in super().draw(step).items()}


class Floats(Proportional):
    def rows(self, step):
        return {name: rows.double() for name, rows in super().rows(step).items()}


class Empty(Proportional):
    def draw(self, step):
        return {name: rows[:0] for name, rows in super().draw(step).items()}


class Nobody(Proportional):
    def draw(self, step):
        return {}


class Stranger(Proportional):
    def draw(self, step):
        return {f"{name}!": rows for name, rows in super().draw(step).items()}


class Twice(Proportional):
    def draw(self, step):
        return {name: torch.cat([rows, rows]) for name, rows in super().draw(step).items()}


class Lonely(Proportional):
    def draw(self, step):
        return {name: rows[:1] for name, rows in list(super().draw(step).items())[:1]}


class SameRows(Proportional):
    def draw(self, step):
        return super().draw(step % self.steps_per_epoch if len(self.sizes) > 1 else 0)


class DrawsFromAnywhere(Proportional):
    def prepare(self):
        super().prepare()
        self.seed = int(torch.randint(1000, ()))
        super().prepare()


class Watches(Proportional):
    def draw(self, step):
        torch.rand(1)
        return super().draw(step)


class Unseeded(Uniform):
    def prepare(self):
        self.seed = 0
        super().prepare()


class Forgetful(Uniform):
    def load_state_dict(self, state):
        super().load_state_dict({**state, "taken": dict.fromkeys(state["taken"], 0)})


class Lasting(Uniform):
    """Goes on where it was when it is started anew."""

    def prepare(self):
        taken = getattr(self, "_taken", None)
        super().prepare()
        self._taken = taken or self._taken


class EveryoneAll(Uniform):
    def rows(self, step):
        return dict(self.draw(step))


class Uneven(Uniform):
    def rows(self, step):
        rows = dict(self.draw(step))
        return rows if self.rank == 0 else {}


class WrongShare(Proportional):
    """It says what `Uniform` would draw."""

    def share(self, step):
        return dict.fromkeys(self.sizes, self.batch_size / len(self.sizes))


class Favours(MixedSampler):
    """It draws the first half of the rows twice as often as the second."""

    def proportions(self, epoch):
        return dict.fromkeys(self.sizes, 1.0)

    def draw(self, step):
        drawn = super().draw(step)
        if len(self.sizes) == 1:
            return drawn
        return {name: torch.where(rows % 4 == 3, rows // 2, rows) for name, rows in drawn.items()}


class FullTurns(RoundRobin):
    """Its fractions do not know that others have their turns."""

    def fraction(self, step):
        return {name: part / len(self.sizes) for name, part in super().fraction(step).items()}


@pytest.mark.parametrize(
    ("sampler", "words"),
    [
        (NeedsGold(), r"NeedsGold needs \['gold'\]"),
        (ShortEpoch(), "an epoch has 1 steps instead of 5"),
        (NoShare(), "every source must have a share"),
        (Anonymous(), r"`share` must name \['a'\]"),
        (Restless(), "`share` changes within an epoch, at step 1"),
        (InfiniteFraction(), "`fraction` must be finite"),
        (Beyond(), "source 'a' has no rows"),
        (Floats(), "rows must be a vector of int64"),
        (Empty(), "leave source 'a' out"),
        (Nobody(), "a batch of 0 rows"),
        (Stranger(), "there is no source 'a!'"),
        (Twice(), "a batch of 16 rows"),
        (Lonely(), "a batch of a single row"),
        (SameRows(), "a single source must be read once per epoch"),
        (DrawsFromAnywhere(), "equal seeds give different rows"),
        (Watches(), "draws from torch's global generator"),
        (Unseeded(), "different seeds give the same rows"),
        (Forgetful(), "resumed from its state at step 1, rows differ"),
        (Lasting(), "started anew, it gives other rows"),
        (EveryoneAll(), "parts of 2 processes are not the batch of one"),
        (Uneven(), r"2 processes get \[8, 0\] rows"),
        (WrongShare(), "rows are not `share` times `fraction`"),
        (Favours(), "losses divided by what is expected are not the mean over rows"),
        (FullTurns(), "rows are not `share` times `fraction`"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_broken_is_found(sampler, words):
    with pytest.raises(AssertionError, match=words):
        check_sampler(sampler)
