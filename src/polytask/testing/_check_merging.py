"""Common check of merging methods."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from polytask.exceptions import ParameterError
from polytask.merging import Merging
from polytask.testing._require import (
    require,
    require_close,
    require_finite,
    require_instance,
    require_same,
)

__all__ = ["check_merging"]

State = dict[str, Tensor]


def check_merging(merging: Merging) -> None:
    """Check that a method keeps the promises of `polytask.merging.Merging`.

    Parameters
    ----------
    merging : Merging

    Raises
    ------
    AssertionError
        If merging changes its arguments, shapes or types, depends on more than them and the seed,
        moves what no network moved, changes counters, does not average buffers, gives values that
        are not finite, or accepts networks of different shapes; or if a method that learns needs no
        loss, or makes it larger.

    Examples
    --------
    >>> from polytask.merging import TIES
    >>> from polytask.testing import check_merging
    >>> check_merging(TIES())
    """
    require_instance("check_merging", "merging", merging, Merging)
    name = type(merging).__name__
    _check_attributes(name, merging)
    for method in (merging, *merging.candidates()):
        require(isinstance(method, Merging), f"{name}: `candidates` must give methods of merging.")
        start, tuned = _networks(3)
        _check_merged(name, method, start, tuned)
        _check_merged(name, method, start, {"a": tuned["a"]})
    start, tuned = _networks(3)
    _check_still(name, merging, start)
    _check_buffers(name, merging, start, tuned)
    _check_left_out(name, merging, start, tuned)
    _check_refused(name, merging, start, tuned)
    if merging.steps:
        _check_learning(name, merging, start, tuned)


def _networks(n_networks: int) -> tuple[State, dict[str, State]]:
    """A start and networks near it: floats of several widths, a scalar, a counter, a mask."""
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, device="cpu")

    start = {
        "weight": drawn(4, 3),
        "bias": drawn(4),
        "scalar": drawn().double(),
        "half": drawn(5).half(),
        "count": torch.tensor(7),
        "mask": torch.tensor([True, False]),
    }
    tuned = {
        task: {
            name: t + 0.3 * drawn(*t.shape).to(t.dtype) if t.is_floating_point() else t.clone()
            for name, t in start.items()
        }
        for task in "abc"[:n_networks]
    }
    for state in tuned.values():
        state["count"] = torch.tensor(9)
    return start, tuned


def _merged(
    merging: Merging, start: State, tuned: Mapping[str, State], seed: int = 0, **options: object
) -> State:
    return merging.merge(start, tuned, seed=seed, loss=_loss(tuned), **options)  # type: ignore[arg-type]


def _loss(tuned: Mapping[str, State]):  # type: ignore[no-untyped-def] # noqa: ANN202
    """Squared distance from the first network."""
    target = next(iter(tuned.values()))

    def loss(state: Mapping[str, Tensor], step: int) -> Tensor:
        del step
        terms = [
            ((state[name].float() - tensor.float()) ** 2).sum()
            for name, tensor in target.items()
            if tensor.is_floating_point()
        ]
        return torch.stack(terms).sum()

    return loss


def _check_attributes(name: str, merging: Merging) -> None:
    require(0 <= merging.held_out < 1, f"`held_out` of {name} must be in [0, 1).")
    require(merging.steps >= 0, f"`steps` of {name} must not be negative.")
    learns = bool(merging.steps)
    require(
        learns == (merging.held_out > 0),
        f"{name} must declare both `steps` and `held_out`, or neither.",
    )
    limited = merging.limited(3)
    require(
        limited.steps == min(merging.steps, 3),
        f"{name}: `limited(3)` takes {limited.steps} steps, not {min(merging.steps, 3)}.",
    )
    require(len(merging.candidates()) > 0, f"{name}: `candidates` must give at least one method.")


def _copied(state: State) -> State:
    return {name: tensor.clone() for name, tensor in state.items()}


def _check_merged(name: str, merging: Merging, start: State, tuned: dict[str, State]) -> None:
    before = _copied(start), {task: _copied(state) for task, state in tuned.items()}
    merged = _merged(merging, start, tuned)
    for what, state, kept in (
        ("the start", start, before[0]),
        *((f"the network of {task}", tuned[task], before[1][task]) for task in tuned),
    ):
        for tensor, value in kept.items():
            require_same(state[tensor], value, f"{name}: {tensor} of {what} was changed in place")
    require(list(merged) == list(start), f"{name}: other names of tensors: {list(merged)}.")
    held = {t.data_ptr() for state in (start, *tuned.values()) for t in state.values()}
    for tensor, value in merged.items():
        sentence = (
            f"{name}: {tensor} of {start[tensor].dtype} and shape {tuple(start[tensor].shape)}"
        )
        alike = value.dtype == start[tensor].dtype and value.shape == start[tensor].shape
        require(alike, f"{sentence} became {value.dtype} and {tuple(value.shape)}.")
        require_finite(value, f"{name}: {tensor} is not finite")
        require(not value.requires_grad, f"{name}: {tensor} carries a graph.")
        require(value.data_ptr() not in held, f"{name}: {tensor} shares memory with an argument.")
        if not value.is_floating_point():
            require_same(value, start[tensor], f"{name}: {tensor}, which is no float, was changed")
    again = _merged(merging, start, tuned)
    for tensor, value in merged.items():
        require_same(again[tensor], value, f"{name}: {tensor} differs under one seed")


def _check_still(name: str, merging: Merging, start: State) -> None:
    merged = _merged(merging, start, {"a": _copied(start), "b": _copied(start)})
    for tensor, value in merged.items():
        sentence = f"{name}: networks that equal the start give another {tensor}"
        require_same(value, start[tensor], sentence)


def _check_buffers(name: str, merging: Merging, start: State, tuned: dict[str, State]) -> None:
    merged = _merged(merging, start, tuned, buffers=["bias", "count"])
    mean = torch.stack([state["bias"] for state in tuned.values()]).mean(dim=0)
    require_close(merged["bias"], mean, f"{name}: a buffer is not the mean over the networks")
    require_same(merged["count"], start["count"], f"{name}: a counter was changed")


def _check_left_out(name: str, merging: Merging, start: State, tuned: dict[str, State]) -> None:
    """A tensor that a network leaves out comes from the others, or stays."""
    fewer = {task: {n: t for n, t in state.items() if n != "bias"} for task, state in tuned.items()}
    merged = merging.merge(start, fewer, loss=_loss(fewer))
    require_same(merged["bias"], start["bias"], f"{name}: what no network has was moved")
    partly = {**fewer, "a": tuned["a"]}
    merged = merging.merge(start, partly, loss=_loss(partly))
    require_finite(merged["bias"], f"{name}: what one network has is not finite")


def _check_refused(name: str, merging: Merging, start: State, tuned: dict[str, State]) -> None:
    wrong = {**tuned, "b": {**tuned["b"], "weight": torch.zeros(4, 5)}}
    try:
        _merged(merging, start, wrong)
    except ParameterError as error:
        for part in ("'weight'", "(4, 3)", "(4, 5)", "'b'"):
            require(
                part in str(error), f"{name}: the error of shapes does not name {part}: {error}"
            )
        return
    raise AssertionError(f"{name} merges networks of different shapes.")


def _check_learning(name: str, merging: Merging, start: State, tuned: dict[str, State]) -> None:
    try:
        merging.merge(start, tuned)
    except ParameterError:
        pass
    else:
        raise AssertionError(f"{name} declares `steps`, but learns without a loss.")
    loss, merged = _loss(tuned), _merged(merging, start, tuned)
    before, after = float(loss(start, 0)), float(loss(merged, 0))
    require(after <= before, f"{name}: learning raised the loss from {before:.4g} to {after:.4g}.")
