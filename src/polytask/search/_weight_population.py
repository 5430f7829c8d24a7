"""Population-based search of task weights: exploit and explore between rounds of training."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from polytask._files import write_bytes
from polytask.exceptions import PolytaskError
from polytask.search._weight_problem import WeightProblem
from polytask.search._weight_proposals import first_rows, perturbed
from polytask.search._weight_search import WeightMember
from polytask.training import Trained, silently
from polytask.weighting import Static

__all__ = ["population_rounds", "round_rows"]

_QUANTILE = 0.25
States = Mapping[int, Mapping[str, Tensor]]


def round_rows(
    last: Sequence[WeightMember], n_tasks: int, size: int, seed: int, rounds: int
) -> list[tuple[tuple[float, ...], int | None]]:
    """Weights of the next round, and the member that each takes over.

    The worst quarter, and members without a model, take over the network of one of the best
    quarter, with its weights perturbed; the others go on as they are.

    Parameters
    ----------
    last : sequence of WeightMember
        Of the round before; empty for the first.
    n_tasks, size : int
        Of a row, and of the population.
    seed : int
    rounds : int
        Number of the round.
    """
    if not last:
        return [(row, None) for row in first_rows(n_tasks, size, seed)]
    order = sorted(last, key=_value)
    alive = [member for member in order if member.value is not None]
    n_replaced = max(round(_QUANTILE * size), 1) if size > 1 else 0
    best = alive[-n_replaced:] or alive
    replaced = {member.number for member in order[:n_replaced] if member not in best}
    replaced |= {member.number for member in last if member.value is None}
    generator = np.random.default_rng([seed, 2, rounds])
    rows: list[tuple[tuple[float, ...], int | None]] = []
    for member in last:
        drawn = best[int(generator.integers(len(best)))] if best else member
        own = tuple(member.weights.values())
        if member.number in replaced and best:
            taken = perturbed(tuple(drawn.weights.values()), seed, rounds, member.number)
            rows.append((taken, drawn.number))
        else:
            rows.append((own, member.number))
    return rows


def _value(member: WeightMember) -> float:
    return -np.inf if member.value is None else member.value


def population_rounds(
    problem: WeightProblem,
    known: Sequence[WeightMember],
    size: int,
    rounds: int,
    states: Path,
    keep: Callable[[list[WeightMember]], None],
    on_done: Callable[[], None],
) -> list[WeightMember]:
    """All rounds of a population; those that are known are not trained again.

    It ends early where no member of a round gave a model.

    Parameters
    ----------
    problem : WeightProblem
        Its steps are those of a member over all rounds.
    known : sequence of WeightMember
        Whole rounds that were kept before.
    size, rounds : int
    states : Path
        File of the networks of a round; the round's number comes before its suffix. Those of a round
        stay until the members of the next are kept, so that a kill between the two costs no more
        than that round. Where they are missing or damaged, all is trained again.
    keep : callable
        Receives all members after every round.
    on_done : callable
        Called after every network.
    """
    members, held = _known(known, size, states)
    for number in range(len(members) // size, rounds):
        last = members[-size:] if number else []
        if last and all(member.failure for member in last):
            break
        fresh: dict[int, Mapping[str, Tensor]] = {}
        rows = round_rows(last, len(problem.names), size, problem.seed, number)
        for place, (row, parent) in enumerate(rows):
            member, state = _trained(problem, place, row, parent, held, number, rounds)
            first = next((other for other in members if not other.failure), None)
            members.append(problem.valued(member, first))
            if state is not None:
                fresh[place] = state
            on_done()
        held = fresh
        _write(_of_round(states, number), held)
        keep(members)
        _of_round(states, number - 1).unlink(missing_ok=True)
    return members


def _of_round(states: Path, number: int) -> Path:
    return states.with_suffix(f".{number}{states.suffix}")


def _known(
    known: Sequence[WeightMember], size: int, states: Path
) -> tuple[list[WeightMember], States]:
    """Members of whole rounds with the networks of the last; nothing if these cannot be read."""
    if not known:
        return [], {}
    try:
        return list(known), _read(_of_round(states, len(known) // size - 1))
    except (OSError, ValueError, SafetensorError):
        return [], {}


def _trained(
    problem: WeightProblem,
    place: int,
    row: tuple[float, ...],
    parent: int | None,
    held: States,
    number: int,
    rounds: int,
) -> tuple[WeightMember, Mapping[str, Tensor] | None]:
    """One member's training in a round, from the state that it goes on from."""
    steps = max(problem.steps // rounds, 1)
    trainer = replace(problem.trainer, steps=steps, weighting=Static(row))
    started = time.perf_counter()
    result: Trained | PolytaskError
    try:
        with silently():
            result = trainer.fit(
                problem.learner.architecture,
                problem.train,
                problem.validation,
                seed=problem.seed + number,
                start=None if parent is None else held[parent],
                progress=False,
            )
    except PolytaskError as error:
        result = error
    about: dict[str, Any] = {
        "round": number,
        "seconds": time.perf_counter() - started,
        "parent": parent,
    }
    member = problem.measured(place, row, result, **about)
    return member, None if isinstance(result, PolytaskError) else result.network.state_dict()


def _write(path: Path, states: States) -> None:
    tensors = {
        f"{place}/{name}": tensor.detach().cpu().contiguous().clone()
        for place, state in states.items()
        for name, tensor in state.items()
    }
    write_bytes(path, save(tensors))


def _read(path: Path) -> dict[int, Mapping[str, Tensor]]:
    states: dict[int, dict[str, Tensor]] = {}
    for key, tensor in load_file(path).items():
        place, _, name = key.partition("/")
        states.setdefault(int(place), {})[name] = tensor
    return dict(states)
