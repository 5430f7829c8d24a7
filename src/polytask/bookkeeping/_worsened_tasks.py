"""Tasks whose validation got worse in joint training while others improved."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.bookkeeping._history import History

__all__ = ["worsened_tasks"]

_LAST = 3
"""Evaluations up to the kept one that must all be worse, since single ones are noisy."""
_SHARE = 0.1
"""Of what a task had gained: less is no alarm."""


def worsened_tasks(history: History) -> dict[str, float]:
    r"""Tasks of a joint training that lost what they had learned while the others went on.

    With the validation losses :math:`\ell_k(e)` of task k at evaluation e, its best evaluation
    :math:`b_k` and the kept evaluation E, its loss is

    .. math:: \rho_k = \frac{\min_{e \in \{E-2, \dots, E\}} \ell_k(e) - \ell_k(b_k)}
              {\ell_k(1) - \ell_k(b_k)}

    A task is named if :math:`b_k \leq E - 3`, :math:`\rho_k \geq 0.1`, and the other tasks improved
    between :math:`b_k` and E, in the mean of their shares of what each gained up to its best.

    Parameters
    ----------
    history : History

    Returns
    -------
    dict of task to float
        :math:`\rho_k`; empty where each task keeps a state of its own, or no evaluation was kept.

    Notes
    -----
    A sign of negative transfer, not a proof: a task may also be fitted too closely, as it would be
    alone. The comparison with its single-task self tells.

    Examples
    --------
    >>> from polytask.bookkeeping import EpochRecord, History, worsened_tasks
    >>> losses = [(4.0, 4.0), (2.0, 3.0), (3.0, 2.0), (3.0, 1.5), (3.5, 1.0)]
    >>> epochs = [
    ...     EpochRecord(k, k, 0.0, {}, {"a": a, "b": b}, {}, 0.1) for k, (a, b) in enumerate(losses)
    ... ]
    >>> worsened_tasks(History(epochs, best_epoch=5))
    {'a': 0.5}
    """
    kept = history.epochs[: history.best_epoch]
    names = kept[0].validation_losses if kept else {}
    whole = {
        name: [record.validation_losses[name] for record in kept]
        for name in names
        if all(name in record.validation_losses for record in kept)
    }
    found = {}
    for name, own in whole.items():
        share = _lost(own)
        others = [_gained_since(other, _best(own)) for n, other in whole.items() if n != name]
        if share >= _SHARE and others and sum(others) > 0:
            found[name] = share
    return found


def _best(losses: Sequence[float]) -> int:
    return min(range(len(losses)), key=lambda k: losses[k])


def _lost(losses: Sequence[float]) -> float:
    """What a task lost since its best evaluation, as a share of what it had gained until then."""
    best = _best(losses)
    gained = losses[0] - losses[best]
    if best > len(losses) - 1 - _LAST or gained <= 0:
        return 0.0
    return (min(losses[-_LAST:]) - losses[best]) / gained


def _gained_since(losses: Sequence[float], position: int) -> float:
    """What a task gained between an evaluation and the last, as a share of all it gained."""
    gained = losses[0] - min(losses)
    return (losses[position] - losses[-1]) / gained if gained > 0 else 0.0
