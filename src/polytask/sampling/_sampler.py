"""Abstract base class of samplers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from jaxtyping import Int64
from torch import Tensor

from polytask._validation import Interval, check, message
from polytask.exceptions import ParameterError
from polytask.sampling._epoch_batches import bounds, steps_per_epoch

__all__ = ["VALIDATION_LOSSES", "Sampler"]

VALIDATION_LOSSES = "validation_losses"
"""The need of samplers that follow the progress of tasks."""

_AT_LEAST_ONE = Interval(int, 1)


class Sampler(ABC):
    r"""The choice of the rows of each source that make each batch.

    Call `start` first, then `share` and `rows` of step 0, 1, 2, … in order. Steps count
    batches. An epoch has as many steps as reading every row of all sources once would take,
    whatever the sampler.

    A batch estimates task k's mean loss over its labelled rows by

    .. math:: \hat\ell_k = \frac{1}{n_k} \sum_s \frac{n_s}{b_s} \sum_{i \in B_s \cap O_k} \ell_{ik}

    with the :math:`n_s` rows of source s, the rows :math:`B_s` drawn from them, of which
    :math:`b_s` are expected in a full batch (`share`), and the :math:`n_k` labelled rows
    :math:`O_k` of all sources. The expectation does not depend on the sampler. Where all rows of
    a task lie in one source, this is the sum of losses divided by the expected labels.

    Attributes
    ----------
    needs : frozenset of str
        ``"validation_losses"`` if `end_epoch` must be called with them.
    sizes : dict of source name to int
        Rows per source, without sources that have none.
    n_rows : int
        Rows of all sources.
    batch_size : int
        Rows of a full batch; at most `n_rows`.
    steps_per_epoch : int
    n_steps : int
        Steps of the whole training.

    Notes
    -----
    Because of the division by what is expected, a sampler decides how *precisely* the losses of
    each source are estimated, not how much they count: that is set by weights. This deviates from
    papers that average losses over the rows of a batch, where sampling also weights the losses.

    Examples
    --------
    >>> from polytask.sampling import Uniform
    >>> sampler = Uniform()
    >>> sampler.start({"red": 20, "white": 40}, batch_size=10, seed=0, n_steps=12)
    >>> losses = {"red": 1.0, "white": 4.0}  # of every row
    >>> sums = dict.fromkeys(losses, 0.0)
    >>> for step in range(sampler.steps_per_epoch):
    ...     share = sampler.share(step)
    ...     for source, rows in sampler.rows(step).items():
    ...         sums[source] += losses[source] * len(rows) / share[source]
    >>> {source: total / sampler.steps_per_epoch for source, total in sums.items()}
    {'red': 1.0, 'white': 4.0}
    """

    needs: ClassVar[frozenset[str]] = frozenset()

    sizes: dict[str, int]
    n_rows: int
    batch_size: int
    steps_per_epoch: int
    n_steps: int
    seed: int
    rank: int
    size: int

    def start(
        self,
        sizes: Mapping[str, int],
        batch_size: int,
        *,
        seed: int,
        n_steps: int,
        rank: int = 0,
        size: int = 1,
    ) -> None:
        """Reset the state and prepare for training.

        Parameters
        ----------
        sizes : mapping of source name to int
            Rows per source.
        batch_size : int
            Rows of a batch, over all sources and processes.
        seed : int
            The only source of randomness; the same in every process.
        n_steps : int
            Batches of the whole training, as planned.
        rank, size : int, default 0 and 1
            This process, and how many there are.

        Raises
        ------
        ParameterError
            If there are no rows, or an argument is out of range.
        """
        owner = type(self).__name__
        for name, value in (("batch_size", batch_size), ("n_steps", n_steps), ("size", size)):
            check(owner, name, value, _AT_LEAST_ONE)
        check(owner, "rank", rank, Interval(int, 0, size - 1))
        self.sizes = {name: n_rows for name, n_rows in sizes.items() if n_rows}
        if not self.sizes:
            expected = "a mapping of source names to numbers of rows, one of them positive"
            raise ParameterError(message(owner, "sizes", expected, dict(sizes)))
        self.n_rows = sum(self.sizes.values())
        self.batch_size = min(batch_size, self.n_rows)
        self.steps_per_epoch = steps_per_epoch(self.n_rows, self.batch_size)
        self.seed, self.n_steps, self.rank, self.size = seed, n_steps, rank, size
        self.prepare()

    def prepare(self) -> None:  # noqa: B027 - an optional hook
        """Reset the state of an earlier training; called at the end of `start`."""

    @abstractmethod
    def draw(self, step: int) -> Mapping[str, Int64[Tensor, " _"]]:
        """Rows of a step's whole batch, of all processes; called once per step, in order.

        Sources without a row in the batch are left out.
        """

    @abstractmethod
    def share(self, step: int) -> Mapping[str, float]:
        """Expected rows of each source in a full batch of all processes together.

        Positive for every source that has rows, and constant within an epoch.
        """

    def fraction(self, step: int) -> Mapping[str, float]:
        """Expected rows of each source in the step's batch, divided by its `share`.

        By default 1 except in the last batch of an epoch, which may be smaller or larger; samplers
        whose steps differ override it. The losses of several steps, divided by the sum of their
        fractions, estimate the mean loss over rows. That sum may be 0 where a source had no turn.
        """
        return dict.fromkeys(self.sizes, self.rows_in_step(step) / self.batch_size)

    def rows(self, step: int) -> dict[str, Int64[Tensor, " _"]]:
        """Rows of a step's batch for this process: positions in each source that takes part.

        The parts of all processes are disjoint, of equal size up to one row, and together the
        batch that a single process would have. Where that has fewer than two rows per process,
        the last processes get none, since nothing can be normalised over a single row.
        """
        drawn = self.draw(step)
        if self.size == 1:
            return dict(drawn)
        n_parts = min(self.size, max(sum(map(len, drawn.values())) // 2, 1))
        if self.rank >= n_parts:
            return {}
        parts, start = {}, 0
        for name, rows in drawn.items():
            part = rows[(self.rank - start) % n_parts :: n_parts]
            start += len(rows)
            if len(part):
                parts[name] = part
        return parts

    def rows_in_step(self, step: int) -> int:
        """Rows of a step's batch, full except in the last step of an epoch."""
        rows = bounds(step % self.steps_per_epoch, self.n_rows, self.batch_size)
        return rows.stop - rows.start

    def end_epoch(self, losses: Mapping[str, Mapping[str, float]]) -> None:
        """Receive validation losses per source and task; only called if `needs` declares it.

        Called at every evaluation of validation rows; takes effect with the next epoch.

        Parameters
        ----------
        losses : mapping of source name to mapping of task name to float
            The tasks labelled in each source, as far as they have validation labels.
        """
        del losses

    def state_dict(self) -> dict[str, Any]:
        """All state, in plain values and tensors, so that training resumes exactly."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave, after `start` with the same arguments."""
        del state
