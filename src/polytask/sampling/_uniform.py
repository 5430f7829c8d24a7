"""Sampling of equally many rows per source."""

from __future__ import annotations

from dataclasses import dataclass

from polytask.sampling._mixed_sampler import MixedSampler

__all__ = ["Uniform"]


@dataclass
class Uniform(MixedSampler):
    r"""Sampling of equally many rows per source, whatever its size: :math:`p_s = 1 / S`.

    Notes
    -----
    Sources with fewer rows than that give all they have to every batch. The losses of small
    sources are then estimated as precisely as those of large ones; in expectation they are what
    they are with any sampler (`polytask.sampling.Sampler`), unlike in papers whose batch losses
    are averages over rows, where small sources also count more.

    Examples
    --------
    >>> from polytask.sampling import Uniform
    >>> sampler = Uniform()
    >>> sampler.start({"red": 6, "white": 18}, batch_size=8, seed=0, n_steps=3)
    >>> sampler.share(0)
    {'red': 4.0, 'white': 4.0}
    >>> [len(rows) for rows in sampler.rows(0).values()]
    [4, 4]
    """

    def proportions(self, epoch: int) -> dict[str, float]:
        """Equal proportions."""
        del epoch
        return dict.fromkeys(self.sizes, 1.0)
