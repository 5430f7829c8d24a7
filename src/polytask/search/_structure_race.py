"""Structures held against each other by the losses of networks that were trained with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float64
from scipy.stats import norm

from polytask.search._forest_training import N_BLOCKS, ForestLosses
from polytask.search._structure_nodes import SKIPPED, Structure

__all__ = ["StructureRace"]

_DRAWS = 200
"""Of starts, for the standard error of a mean over the better half of them."""

Train = Callable[[Sequence[Structure]], ForestLosses]


class StructureRace:
    r"""The networks that were trained while searching, and the structure that they speak for.

    .. math:: v(s) = \operatorname{mean}_{r \in H(s)} \operatorname{mean}_k
        \frac{\ell_{kr}(s)}{\bar\ell_k(\text{apart})}

    with the loss :math:`\ell_{kr}` of task k on the rows that judge, of the network of structure s that
    started from weights r, and the better half H of the starts. The first structures that are trained
    must hold the one in which all tasks are apart, whose mean losses after the last step are the unit.

    Parameters
    ----------
    train : callable
        Trains a network per structure that it is given.
    sizes : sequence of int
        Parameters of the stages of an encoder.
    counted : array of shape (n_tasks,), bool
        The tasks that count.
    level : float
        Of the test that another structure is better than a smaller one.

    Attributes
    ----------
    values : dict of Structure to array of shape (n_starts, N_BLOCKS)
        Losses relative to those apart, on each part of the rows that judge.
    """

    def __init__(
        self, train: Train, sizes: Sequence[int], counted: Sequence[bool], level: float
    ) -> None:
        self.train_each, self.sizes, self.level = train, list(sizes), level
        self.counted = np.array(counted, dtype=bool)
        self.values: dict[Structure, Float64[np.ndarray, "starts blocks"]] = {}
        self._unit: Float64[np.ndarray, " tasks"] | None = None

    def train(self, structures: Sequence[Structure], n_starts: int) -> None:
        """Train each structure from some further starts."""
        each = [structure for structure in structures for _ in range(n_starts)]
        if not each:
            return
        losses = self.train_each(each)
        if self._unit is None:
            n_tasks = len(self.counted)
            apart = [all(len(set(stage) - {SKIPPED}) == n_tasks for stage in s) for s in each]
            last = losses.sums[-1][apart].sum(axis=1) / np.maximum(losses.counts.sum(axis=0), 1e-30)
            self._unit = np.maximum(np.abs(last.mean(axis=0)), 1e-12)
        relative = _at_best_looks(_relative(losses, self._unit)[..., self.counted].mean(axis=-1))
        for place, structure in enumerate(structures):
            own = relative[place * n_starts : (place + 1) * n_starts]
            before = self.values.get(structure)
            self.values[structure] = own if before is None else np.concatenate([before, own])

    def size(self, structure: Structure) -> float:
        """Parameters of the stages, relative to those of all tasks apart."""
        n_copies = [len(set(stage) - {SKIPPED}) for stage in structure]
        used = sum(size * n for size, n in zip(self.sizes, n_copies, strict=True))
        return float(used / max(sum(self.sizes) * len(structure[0]), 1))

    def value(self, structure: Structure) -> float:
        """Mean relative loss of the better half of the starts; infinite if one of these has diverged."""
        value = float(_better_half(self.values[structure]).mean())
        return value if np.isfinite(value) else np.inf

    def difference(self, one: Structure, other: Structure) -> tuple[float, float]:
        """How much larger the loss of the first is than that of the second, and its standard error.

        Rows and starts are both random: the variance is the sum of that over the parts of the rows and of
        that over draws of starts.
        """
        first, second = self.values[one], self.values[other]
        by_block = _better_half(first) - _better_half(second)
        of_rows = by_block.var(ddof=1) / N_BLOCKS
        return float(by_block.mean()), float(
            np.sqrt(of_rows + self._of_starts(first) + self._of_starts(second))
        )

    def _of_starts(self, values: Float64[np.ndarray, "starts blocks"]) -> float:
        """Variance of a mean over the better half of starts, no less than is usual for so many.

        The usual one is the median of all structures: that of four starts alone is hardly known.
        """
        usual = np.median([len(own) * _variance(own.mean(axis=1)) for own in self.values.values()])
        return max(_variance(values.mean(axis=1)), float(usual) / len(values))

    def best(self, among: Sequence[Structure] | None = None) -> Structure:
        """The structure with the lowest loss."""
        return min(self.values if among is None else among, key=self.value)

    def contenders(
        self, among: Sequence[Structure] | None = None, most: int | None = None
    ) -> list[Structure]:
        """Structures that the best one does not beat beyond chance, the smallest first.

        Parameters
        ----------
        among : sequence of Structure, optional
            By default all that were trained.
        most : int, optional
            How many: half of them the nearest to the best, and then the smallest. The level is then divided
            by the number of comparisons, so that none is lost by chance.
        """
        structures = list(self.values if among is None else among)
        best = self.best(structures)
        n_tests = 1 if most is None else max(len(structures) - 1, 1)
        limit = float(norm.ppf(1 - self.level / n_tests))
        distance = {s: self._distance(s, best) for s in structures}
        near = sorted((s for s in structures if distance[s] <= limit), key=distance.__getitem__)
        small = sorted(near, key=lambda s: (self.size(s), self.value(s)))
        if most is None:
            return small
        kept = list(dict.fromkeys([*near[: most // 2], *small]))[:most]
        return [structure for structure in small if structure in kept]

    def _distance(self, structure: Structure, other: Structure) -> float:
        """How much worse a structure is than another, in standard errors."""
        if structure == other:
            return -np.inf
        difference, error = self.difference(structure, other)
        return difference / max(error, 1e-30)

    def chosen(
        self, among: Sequence[Structure] | None = None, most_worse: float = np.inf
    ) -> Structure:
        """The smallest of the contenders whose loss is not more than so much above the lowest.

        Where few rows or starts leave differences uncertain, chance alone would excuse a large harm.
        """
        small, lowest = self.contenders(among), self.value(self.best(among))
        return next(s for s in small if self.value(s) <= lowest + most_worse)

    def better(self, among: Sequence[Structure], than: Structure) -> list[Structure]:
        """Structures that are better than another beyond chance, the level divided by their number."""
        others = [structure for structure in among if structure != than]
        limit = float(norm.ppf(1 - self.level / max(len(others), 1)))
        return [s for s in others if self._distance(than, s) > limit]


def _relative(
    losses: ForestLosses, unit: Float64[np.ndarray, " tasks"]
) -> Float64[np.ndarray, "looks members blocks tasks"]:
    """Parts of the tasks' mean losses by block, whose mean over the blocks is the mean loss."""
    per_label = N_BLOCKS / np.maximum(losses.counts.sum(axis=0), 1e-30)
    relative: np.ndarray = losses.sums * per_label / unit
    return relative


def _at_best_looks(
    values: Float64[np.ndarray, "looks members blocks"],
) -> Float64[np.ndarray, "members blocks"]:
    """Values of every block at the step at which the blocks of the other parity were best."""
    even = np.arange(values.shape[2]) % 2 == 0
    members = np.arange(values.shape[1])
    found = np.empty(values.shape[1:])
    for own in (even, ~even):
        look = np.nan_to_num(values[:, :, ~own].mean(axis=2), nan=np.inf).argmin(axis=0)
        found[:, own] = values[look, members][:, own]
    return found


def _better_half(values: Float64[np.ndarray, "starts blocks"]) -> Float64[np.ndarray, " blocks"]:
    """Mean over the better half of the starts, by block."""
    order = values.mean(axis=1).argsort()
    half: np.ndarray = values[order[: -(-len(order) // 2)]].mean(axis=0)
    return half


def _variance(values: Float64[np.ndarray, " starts"]) -> float:
    """Variance of the mean over the better half of starts, by drawing again those that did not diverge."""
    known = values[np.isfinite(values)]
    n = len(known)
    if n < 2:
        return 0.0
    drawn = np.sort(known[np.random.default_rng(0).integers(0, n, (_DRAWS, n))], axis=1)
    return float(drawn[:, : -(-n // 2)].mean(axis=1).var() * n / (n - 1))
