"""Check of what a penalty learns."""

from __future__ import annotations

import numpy as np
import torch

from polytask.penalties import Penalty
from polytask.testing._require import require, require_close, require_finite, require_same

__all__ = ["check_learned"]


def check_learned(name: str, penalty: Penalty, weights: np.ndarray) -> None:
    """Check `start` and `refit` at one W.

    Parameters
    ----------
    name : str
        The penalty's name in sentences.
    penalty : Penalty
    weights : array of shape (n_tasks, …)

    Raises
    ------
    AssertionError
        If a refit increases the value, changes its arguments or the form of the state, or
        numpy and torch learn differently.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import MeanDeviation
    >>> from polytask.testing._penalty_state import check_learned
    >>> check_learned("MeanDeviation", MeanDeviation(), np.eye(3))
    """
    state = penalty.start(weights.shape)
    for _ in range(3):
        state = _refitted(name, penalty, weights, state)
    wide = {key: torch.from_numpy(array.copy()) for key, array in state.items()}
    tensor = torch.from_numpy(weights.copy())
    again, learned = penalty.refit(weights, state), penalty.refit(tensor, wide)
    for key, array in again.items():
        require(
            isinstance(learned[key], torch.Tensor),
            f"{name}: `refit` of torch tensors returns a {type(learned[key]).__name__}.",
        )
        sentence = f"{name}: numpy and torch learn different `{key}`"
        require_close(learned[key], array, sentence, relative=1e-5, absolute=1e-7)
    for narrow, held in ((weights.astype(np.float32), state), (tensor.float(), wide)):
        for key, array in penalty.refit(narrow, held).items():
            sentence = f"{name}: `{key}` learned from {narrow.dtype} is {array.dtype}."
            require(array.dtype == narrow.dtype, sentence)
            require_finite(array, f"{name}: `{key}` learned from {narrow.dtype} is not finite")


def _refitted(
    name: str, penalty: Penalty, weights: np.ndarray, state: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    kept = {key: array.copy() for key, array in state.items()}
    learned = penalty.refit(weights, state)
    require(set(learned) == set(state), f"{name}: `refit` returns other names than `start`.")
    for key, array in learned.items():
        require(array.shape == state[key].shape, f"{name}: `refit` changes the shape of `{key}`.")
        require_finite(array, f"{name}: the learned `{key}` is not finite")
        require_same(state[key], kept[key], f"{name}: `refit` changed `{key}` in place")
    before, after = (float(penalty.value(weights, held)) for held in (state, learned))
    sentence = f"{name}: `refit` increased the value from {before:.6g} to {after:.6g}."
    require(after <= before + 1e-7 * (penalty.alpha + abs(before)), sentence)
    return learned
