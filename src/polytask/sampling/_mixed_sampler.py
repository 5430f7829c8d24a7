"""Base class of samplers that mix sources in given proportions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int64
from torch import Tensor

from polytask._seeds import derived_seed
from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.sampling._sampler import Sampler
from polytask.sampling._shares import expected_rows, systematic_counts
from polytask.sampling._shuffled_rows import ShuffledRows, shuffled_sources

__all__ = ["MixedSampler"]


@dataclass
class MixedSampler(Sampler):
    r"""Base of samplers that mix the sources of every batch in proportions set per epoch.

    With proportions p, a full batch of B rows is expected to hold :math:`b_s = B\,p_s` rows of
    source s, but no more than the source has; the excess is split among the other
    sources in their proportions. A batch has B rows in total, and per source a number within one
    of what is expected (systematic sampling with a random offset). Each source is read in a
    shuffled order of its own and shuffled again at its end, so that rows of a small source come
    back before those of a large one.

    Notes
    -----
    With a single source, the batches are those of `Proportional`.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from polytask.sampling import MixedSampler
    >>> @dataclass
    ... class LargerHalf(MixedSampler):
    ...     def proportions(self, epoch):
    ...         half = sorted(self.sizes.values())[len(self.sizes) // 2]
    ...         return {name: 1.0 if n >= half else 0.1 for name, n in self.sizes.items()}
    >>> sampler = LargerHalf()
    >>> sampler.start({"a": 5, "b": 50, "c": 60}, batch_size=21, seed=0, n_steps=10)
    >>> {name: round(rows, 6) for name, rows in sampler.share(0).items()}
    {'a': 1.0, 'b': 10.0, 'c': 10.0}
    """

    _sources: dict[str, ShuffledRows] = field(init=False, repr=False, compare=False)
    _taken: dict[str, int] = field(init=False, repr=False, compare=False)
    _shares: dict[str, float] = field(init=False, repr=False, compare=False)
    _epoch: int = field(init=False, repr=False, compare=False)
    _next: int = field(init=False, repr=False, compare=False)

    @abstractmethod
    def proportions(self, epoch: int) -> Mapping[str, float]:
        """Positive numbers, on any scale, one per source of `sizes`; called once per epoch."""

    def prepare(self) -> None:
        """Forget how far each source was read."""
        self._sources = shuffled_sources(self.sizes, self.seed)
        self._taken = dict.fromkeys(self.sizes, 0)
        self._shares, self._epoch, self._next = {}, -1, 0

    def share(self, step: int) -> dict[str, float]:
        """The shares that follow from the epoch's proportions."""
        epoch = step // self.steps_per_epoch
        if epoch != self._epoch:
            self._shares, self._epoch = self._expected(self.proportions(epoch)), epoch
        return dict(self._shares)

    def draw(self, step: int) -> dict[str, Int64[Tensor, " _"]]:
        """The next rows of each source, their number by systematic sampling."""
        if step != self._next:
            expected = f"{self._next}, since steps are taken in order"
            raise ParameterError(message(type(self).__name__, "step", expected, step))
        shares = np.array(list(self.share(step).values()))
        offset = (derived_seed(self.seed, "counts", step) >> 3) / 2**53
        counts = systematic_counts(shares, self.rows_in_step(step), offset)
        self._next += 1
        return {
            name: self._next_rows(name, count)
            for name, count in zip(self.sizes, counts.tolist(), strict=True)
            if count
        }

    def _next_rows(self, name: str, count: int) -> Int64[Tensor, " n"]:
        start = self._taken[name]
        self._taken[name] = start + count
        return self._sources[name].rows(start, start + count)

    def state_dict(self) -> dict[str, Any]:
        """The step, how far each source was read, and the epoch's shares."""
        return {
            "step": self._next,
            "taken": dict(self._taken),
            "epoch": self._epoch,
            "shares": dict(self._shares),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave, after `start` with the same arguments."""
        self._next, self._epoch = int(state["step"]), int(state["epoch"])
        self._taken = {name: int(state["taken"][name]) for name in self.sizes}
        self._shares = {name: float(share) for name, share in state["shares"].items()}

    def _expected(self, proportions: Mapping[str, float]) -> dict[str, float]:
        values = np.array([proportions.get(name, np.nan) for name in self.sizes])
        if not (np.isfinite(values) & (values > 0)).all():
            expected = f"positive and finite, one per source of {sorted(self.sizes)}"
            owner = type(self).__name__
            raise ParameterError(message(owner, "proportions", expected, dict(proportions)))
        n_rows = np.array(list(self.sizes.values()))
        shares = expected_rows(values / values.max(), n_rows, self.batch_size)
        return dict(zip(self.sizes, shares.tolist(), strict=True))
