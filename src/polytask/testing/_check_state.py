"""Check that a method resumes exactly from its saved state."""

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
        Its name in errors.
    fresh : callable
        Gives a started copy that draws from a generator, whose state the caller saves.
    advance : callable
        ``advance(copy, step)`` advances it by one step and returns its answer.
    """
    generator, other_generator = torch.Generator(), torch.Generator()
    method: Any = fresh(generator)
    before = _answers(method, advance, range(6))
    state = method.state_dict()
    other_generator.set_state(generator.get_state())
    kept = copy.deepcopy(state)
    wanted = _answers(method, advance, range(6, 12))
    for answer in [*before, *wanted]:
        require_finite(answer, f"{name}: an answer is not finite")
    require(_equal(state, kept), f"{name}: `state_dict` changes as training goes on; copy it.")
    resumed: Any = fresh(other_generator)
    resumed.load_state_dict(state)
    require(_equal(resumed.state_dict(), kept), f"{name}: loading a state does not restore it.")
    _require_alike(
        _answers(resumed, advance, range(6, 12)), wanted, f"{name}: resumed from its state"
    )
    require(_equal(state, kept), f"{name}: training on changes the state it was loaded from.")
    again = _answers(fresh(torch.Generator()), advance, range(6))
    _require_alike(again, before, f"{name}: started anew")


def _answers(method: T, advance: Callable[[T, int], Any], steps: range) -> list[Any]:
    return [advance(method, step).clone() for step in steps]


def _require_alike(got: list[Any], wanted: list[Any], when: str) -> None:
    for step, (ours, theirs) in enumerate(zip(got, wanted, strict=True)):
        require_same(ours, theirs, f"{when}, it answers differently at step {step}")


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, torch.Tensor):
        return isinstance(second, torch.Tensor) and torch.equal(first, second)
    if isinstance(first, dict):
        return set(first) == set(second) and all(_equal(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(_equal, first, second))
    return bool(first == second)
