"""State goes on exactly where it was saved."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from polytask.testing._require import require, require_finite, require_same

__all__ = ["check_state"]

T = TypeVar("T")


def check_state(
    name: str, fresh: Callable[[torch.Generator], T], advance: Callable[[T, int], Any]
) -> None:
    """Check that a method forgets on `start`, and resumes exactly from its `state_dict`.

    Parameters
    ----------
    name : str
        What to call it in errors.
    fresh : callable
        Gives a started copy that draws from a generator, whose state the caller saves.
    advance : callable
        ``advance(copy, step)`` lets it live one step and returns what it answered.
    """
    generator, other_generator = torch.Generator(), torch.Generator()
    one: Any = fresh(generator)
    before = _live(one, advance, range(6))
    state = one.state_dict()
    other_generator.set_state(generator.get_state())
    kept = copy.deepcopy(state)
    wanted = _live(one, advance, range(6, 12))
    for answer in [*before, *wanted]:
        require_finite(answer, f"{name}: an answer is not finite")
    require(_equal(state, kept), f"{name}: `state_dict` changes as training goes on; copy it.")
    other: Any = fresh(other_generator)
    other.load_state_dict(state)
    require(_equal(other.state_dict(), kept), f"{name}: loading a state does not restore it.")
    _require_alike(_live(other, advance, range(6, 12)), wanted, f"{name}: resumed from its state")
    require(_equal(state, kept), f"{name}: training on changes the state it was loaded from.")
    again = _live(fresh(torch.Generator()), advance, range(6))
    _require_alike(again, before, f"{name}: started anew")


def _live(one: T, advance: Callable[[T, int], Any], steps: range) -> list[Any]:
    return [advance(one, step).clone() for step in steps]


def _require_alike(got: list[Any], wanted: list[Any], when: str) -> None:
    for step, (ours, theirs) in enumerate(zip(got, wanted, strict=True)):
        require_same(ours, theirs, f"{when}, it answers differently at step {step}")


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return set(one) == set(other) and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
