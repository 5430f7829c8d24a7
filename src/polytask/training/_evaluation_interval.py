"""Steps between two evaluations of the validation rows."""

from __future__ import annotations

__all__ = ["evaluation_interval"]

_FEWEST, _FEWEST_OF_ALL_ROWS = 10, 5
_MOST = 25
_SHARE_OF_STEPS = 20


def evaluation_interval(step: int, epoch: int) -> int:
    """Steps from one evaluation to the next: an epoch, or more where epochs are short.

    Small tables are learned, and then learned by heart, within a few dozen steps, so that evaluations
    start close together. They move apart as training goes on, since a patience that counts
    evaluations must outlast the noise of a slow descent.

    Parameters
    ----------
    step : int
        Steps taken so far.
    epoch : int
        Steps in which every row is read once; the gradients of epochs of one step have no noise.

    Examples
    --------
    >>> from polytask.training._evaluation_interval import evaluation_interval
    >>> [evaluation_interval(step, epoch=1) for step in (0, 100, 200, 500, 2000)]
    [5, 5, 10, 25, 25]
    >>> [evaluation_interval(step, epoch=4) for step in (0, 200, 300, 2000)]
    [10, 10, 15, 25]
    >>> evaluation_interval(0, epoch=300)
    300
    """
    fewest = _FEWEST_OF_ALL_ROWS if epoch == 1 else _FEWEST
    return max(epoch, min(max(step // _SHARE_OF_STEPS, fewest), _MOST))
