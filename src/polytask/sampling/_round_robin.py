"""Sampling of one source per step, in turns."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Int64
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.sampling._epoch_batches import bounds, n_batches
from polytask.sampling._sampler import Sampler
from polytask.sampling._shuffled_rows import ShuffledRows, shuffled_sources

__all__ = ["RoundRobin"]


@dataclass
class RoundRobin(Sampler):
    r"""Sampling of a single source per batch; the sources take turns.

    .. math:: b_s = \frac{\min(B, n_s)}{S}

    rows are expected of source s, averaged over the turns of all S sources.

    Notes
    -----
    A source gives B rows at each of its turns, or all that it has; the last batch of a pass over
    its rows may be smaller, as the last batch of an epoch is with other samplers. The source that
    begins is drawn. A batch's losses are divided by what is expected over all turns, so they are S
    times the mean over its rows. Tasks of other sources are absent from the batch: methods
    that compare the gradients of tasks (`polytask.aggregation`) have nothing to compare where
    sources share no task. With a single source, the batches are those of `Proportional`.

    References
    ----------
    Stickland & Murray, "BERT and PALs: projected attention layers for efficient adaptation in
    multi-task learning", ICML 2019, where it is a baseline.

    Examples
    --------
    >>> from polytask.sampling import RoundRobin
    >>> sampler = RoundRobin()
    >>> sampler.start({"red": 6, "white": 18}, batch_size=8, seed=0, n_steps=4)
    >>> [(*sampler.rows(step),) for step in range(4)]
    [('red',), ('white',), ('red',), ('white',)]
    >>> sampler.share(0)
    {'red': 3.0, 'white': 4.0}
    """

    _sources: dict[str, ShuffledRows] = field(init=False, repr=False, compare=False)
    _order: list[str] = field(init=False, repr=False, compare=False)

    def prepare(self) -> None:
        """Draw the source that begins, and forget how far each source was read."""
        names = list(self.sizes)
        first = derived_seed(self.seed, "first source") % len(names)
        self._order = names[first:] + names[:first]
        self._sources = shuffled_sources(self.sizes, self.seed)

    def draw(self, step: int) -> dict[str, Int64[Tensor, " _"]]:
        """The next rows of the source in turn."""
        turn, name = self._turn(step)
        return {name: self._sources[name].batch(turn, self._size(name))}

    def share(self, step: int) -> dict[str, float]:
        """Rows at a turn, divided by the number of sources."""
        del step
        return {name: self._size(name) / len(self.sizes) for name in self.sizes}

    def fraction(self, step: int) -> dict[str, float]:
        """The number of sources for the source in turn, less in its last batch; 0 for others."""
        turn, name = self._turn(step)
        n_rows, size = self.sizes[name], self._size(name)
        batch = bounds(turn % n_batches(n_rows, size), n_rows, size)
        taken = len(self.sizes) * (batch.stop - batch.start) / size
        return {**dict.fromkeys(self.sizes, 0.0), name: taken}

    def _turn(self, step: int) -> tuple[int, str]:
        turn, position = divmod(step, len(self._order))
        return turn, self._order[position]

    def _size(self, name: str) -> int:
        return min(self.batch_size, self.sizes[name])
