"""Sampling in proportion to a power of the sources' sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint, Interval, check_parameters
from polytask.ranges import Range, SearchRange
from polytask.sampling._mixed_sampler import MixedSampler

__all__ = ["Temperature"]


@dataclass
class Temperature(MixedSampler):
    r"""Sampling between proportional and uniform: a power of the sources' sizes.

    .. math:: p_s = \frac{n_s^\alpha}{\sum_j n_j^\alpha}

    Parameters
    ----------
    alpha : float, default 0.5
        α; 1 is proportional to the rows, 0 uniform over the sources. The temperature T of some
        papers is 1 / α. XLM used 0.5, multilingual BERT 0.7, XLM-R 0.3.

    Notes
    -----
    Deviations: rows of one batch are drawn by systematic sampling from shuffled orders, not one
    by one; no artificial limit is put on the size of a source, as T5 does before scaling. In
    the papers the proportions are weights of the losses too; here, they are not
    (`polytask.sampling.Sampler`).

    References
    ----------
    Conneau & Lample, "Cross-lingual language model pretraining", NeurIPS 2019.
    Devlin, Chang, Lee & Toutanova, "BERT: pre-training of deep bidirectional transformers for
    language understanding", NAACL 2019 (the multilingual model).
    Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text
    transformer", JMLR 2020.

    Examples
    --------
    >>> from polytask.sampling import Temperature
    >>> sampler = Temperature(alpha=0.5)
    >>> sampler.start({"red": 100, "white": 900}, batch_size=40, seed=0, n_steps=25)
    >>> sampler.share(0)
    {'red': 10.0, 'white': 30.0}
    """

    alpha: float = 0.5

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": Range(0.0, 1.0, default=0.5),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"alpha": Interval(float, 0.0, 1.0)}

    def __post_init__(self) -> None:
        check_parameters(self)

    def proportions(self, epoch: int) -> dict[str, float]:
        """The sources' sizes to the power α."""
        del epoch
        return {name: float(n_rows) ** self.alpha for name, n_rows in self.sizes.items()}
