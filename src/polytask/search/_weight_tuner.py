"""The plan of a search of task weights: networks by weights, the others by settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from polytask._files import remove_folder, sealed, unsealed, write_json
from polytask._plain import from_plain, read_json, to_plain
from polytask._recipes import to_json
from polytask.data import Split
from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._repetition import Repetition
from polytask.evaluation.running._run_progress import progress_bar
from polytask.evaluation.running._runner import Runner
from polytask.evaluation.running._tuning import Tuned, headlines
from polytask.exceptions import NonFiniteLossError
from polytask.neural_network import MultiTaskNetwork
from polytask.search._hypervolume import hypervolume
from polytask.search._pareto_front import pareto_front
from polytask.search._search import request
from polytask.search._tuner import Tuner
from polytask.search._tuning_plan import Plan
from polytask.search._weight_population import population_rounds
from polytask.search._weight_problem import WeightProblem
from polytask.search._weight_proposals import first_rows, proposed_rows
from polytask.search._weight_search import WeightMember, WeightSearch
from polytask.weighting import Static

__all__ = ["TUNED", "WeightMethod", "WeightTuner", "searched_learner"]

WeightMethod = Literal["random", "tpe", "population"]
TUNED = "+tuned_weights"
_AT_ONCE = 4
"""Rows that TPE proposes together, and that train as one population."""


@dataclass(eq=False)
class WeightTuner:
    """Fits the candidates of a study, as `FitCandidates`.

    Candidates whose name ends in ``+tuned_weights`` get the weights that a search finds; those that
    share nothing are tuned by as many trials of their settings; others are run as they are.

    Parameters
    ----------
    method : {"random", "tpe", "population"}
    rounds : int
        Of a population.
    seed : int
    searches : list of WeightSearch
        Filled by the call.
    """

    method: WeightMethod
    rounds: int
    seed: int
    searches: list[WeightSearch] = field(default_factory=list)

    def __call__(
        self,
        runner: Runner,
        candidates: Sequence[Candidate],
        repetitions: Sequence[Repetition],
        *,
        quiet: bool,
    ) -> tuple[dict[str, tuple[Tuned, ...]], dict[str, RunRecord]]:
        """Search weights on every split, run the kept ones in all repetitions, tune the others."""
        searched = [candidate for candidate in candidates if candidate.name.endswith(TUNED)]
        others = [candidate for candidate in candidates if candidate not in searched]
        tuned: dict[str, tuple[Tuned, ...]] = {}
        splits = list({id(r.split): r.split for r in repetitions}.values())
        for candidate in searched:
            kept = {
                id(split): self._search(runner, candidate, split, quiet=quiet) for split in splits
            }
            tuned[candidate.name] = _final(runner, candidate, repetitions, kept)
        plan = Plan("tpe", None, 1, 1, self.seed, None, {})
        rest, failed = Tuner(plan, as_they_are=True)(runner, others, repetitions, quiet=quiet)
        failed |= {
            name: runs[0].trials[0]
            for name, runs in tuned.items()
            if any(run.trials[0].failure for run in runs)
        }
        return {n: runs for n, runs in {**tuned, **rest}.items() if n not in failed}, failed

    def _search(
        self, runner: Runner, candidate: Candidate, split: Split, *, quiet: bool
    ) -> tuple[float, ...]:
        """Search the weights of one learner on one split, and return those that are kept."""
        learner: Any = candidate.learner
        problem = WeightProblem(
            learner,
            runner.data.take(split.train),
            runner.data.take(split.validation),
            runner.budget.steps,
            self.seed,
        )
        size = runner.budget.trials
        store = _MemberStore(runner.store.folder, self._key(runner, learner, split))
        total = size * (self.rounds if self.method == "population" else 1)
        with progress_bar(total, "weights", quiet=quiet) as advance:
            members = self._members(problem, store, size, lambda: advance(candidate.name))
        search = _concluded(problem, candidate.name, split.fold, members)
        self.searches.append(search)
        return tuple(search.members[search.chosen].weights.values())

    def _members(
        self, problem: WeightProblem, store: _MemberStore, size: int, on_done: Callable[[], None]
    ) -> list[WeightMember]:
        if self.method == "population":
            known = store.read()
            return population_rounds(
                problem, known, size, self.rounds, store.states, store.write, on_done
            )
        members = store.read()
        while len(members) < size:
            rows = self._rows(problem, members, size)
            results = problem.trained(rows, store.population, on_done)
            for row, (result, seconds) in zip(rows, results, strict=True):
                first = next((member for member in members if not member.failure), None)
                member = problem.measured(len(members), row, result, round=0, seconds=seconds)
                members.append(problem.valued(member, first))
            store.write(members)
        return members

    def _rows(
        self, problem: WeightProblem, members: Sequence[WeightMember], size: int
    ) -> list[tuple[float, ...]]:
        """Weights that are trained next, as one population."""
        known, n_tasks = len(members), len(problem.names)
        if self.method == "random":
            return first_rows(n_tasks, size, self.seed)[known:]
        n_rows = min(_AT_ONCE, size - known)
        if known:
            return proposed_rows(problem.names, members, n_rows, self.seed)
        further = proposed_rows(problem.names, [_equal(problem.names)], n_rows - 1, self.seed)
        return [(1.0,) * n_tasks, *further]

    def _key(self, runner: Runner, learner: MultiTaskNetwork, split: Split) -> str:
        parts = [
            runner.digest,
            split.digest(),
            to_json(learner),
            runner.budget.steps,
            self.method,
            self.rounds,
            self.seed,
            runner.budget.trials if self.method == "population" else None,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def _equal(names: Sequence[str]) -> WeightMember:
    return WeightMember(0, 0, dict.fromkeys(names, 1.0), {}, {}, 0.0)


class _MemberStore:
    """Members that were trained, so that a search that was interrupted goes on.

    Parameters
    ----------
    folder : Path
        Of the study.
    key : str
        Digest of what determines the members.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._path = folder / "weights" / f"{key}.json"
        self.states = self._path.with_suffix(".safetensors")
        self.population = self._path.with_suffix(".population")

    def read(self) -> list[WeightMember]:
        """Members that were kept; none where the file is missing or damaged."""
        try:
            values = unsealed(read_json(self._path))
            return [from_plain(WeightMember, value) for value in values["members"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return []

    def write(self, members: Sequence[WeightMember]) -> None:
        """Keep the members; what was under way is done."""
        write_json(self._path, sealed({"members": to_plain(list(members))}))
        remove_folder(self.population)


def _concluded(
    problem: WeightProblem, name: str, fold: int, members: Sequence[WeightMember]
) -> WeightSearch:
    """The search with the member that is kept, the front and its hypervolume."""
    last = max(member.round for member in members)
    alive = [p for p, member in enumerate(members) if member.value is not None]
    final = [p for p in alive if members[p].round == last] or alive
    if not final:
        raise NonFiniteLossError(members[0].failure)
    primary = problem.train.tasks.primary.names
    objectives = tuple(
        task for task in primary if all(members[p].gains.get(task) is not None for p in alive)
    )
    points = np.array([[members[p].gains[task] for task in objectives] for p in alive], dtype=float)
    front = pareto_front(points) if objectives else np.zeros(len(alive), dtype=bool)
    origin = np.zeros(len(objectives))
    return WeightSearch(
        learner=name.removesuffix(TUNED),
        fold=fold,
        metrics={t: metric.name for t, metric in headlines(problem.train.tasks.primary).items()},
        constant=problem.constant,
        members=tuple(members),
        chosen=max(final, key=lambda place: members[place].value or 0.0),
        front=tuple(place for place, on in zip(alive, front, strict=True) if on),
        objectives=objectives,
        hypervolume=hypervolume(points, origin) if objectives else None,
        hypervolume_equal=hypervolume(points[:1], origin) if objectives and 0 in alive else None,
    )


def _final(
    runner: Runner,
    candidate: Candidate,
    repetitions: Sequence[Repetition],
    kept: Mapping[int, tuple[float, ...]],
) -> tuple[Tuned, ...]:
    """Runs of the kept weights with every seed, trained anew."""
    runs = [
        request(
            runner,
            candidate,
            repetition.split,
            repetition.seed,
            {"trainer.weighting": Static(kept[id(repetition.split)])},
            runner.budget.steps,
        )
        for repetition in repetitions
    ]
    records = runner.run_all(runs)
    chosen = dict.fromkeys(runner.data.tasks.names, 0)
    return tuple(
        Tuned((run,), (record,), chosen) for run, record in zip(runs, records, strict=True)
    )


def searched_learner(learner: MultiTaskNetwork) -> MultiTaskNetwork:
    """The learner under the name of one whose weights are searched."""
    return replace(learner, label=f"{learner.name}{TUNED}")
