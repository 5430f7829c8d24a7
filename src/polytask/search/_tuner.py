"""The plan of a tuning: trials of every learner side by side, then runs of the settings kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from polytask._recipes import to_json
from polytask.data import Split
from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._repetition import Repetition
from polytask.evaluation.running._run_progress import RunProgress, run_progress, tell_runs
from polytask.evaluation.running._runner import Runner
from polytask.evaluation.running._tuning import Tuned
from polytask.search._attempts import counted, end_attempt, goes_on, proposed_attempt
from polytask.search._final_runs import final_runs
from polytask.search._importance import importance
from polytask.search._inner_splits import inner_splits
from polytask.search._optuna import make_pruner, storage_at
from polytask.search._proposal import described_space
from polytask.search._search import Attempt, Search, killed
from polytask.search._search_space import SearchSpace, check_paths
from polytask.search._settled import settled, shown_ends
from polytask.search._trial_store import TrialStore
from polytask.search._tuning_plan import Plan

__all__ = ["Tuner"]


@dataclass(eq=False)
class Tuner:
    """Fits the candidates of a study, as `FitCandidates`, and keeps what was tried.

    Parameters
    ----------
    plan : Plan
    as_they_are : bool, default False
        Whether joint learners are run as they are.
    searches : list of Search
        Filled by the call.
    """

    plan: Plan
    as_they_are: bool = False
    searches: list[Search] = field(default_factory=list)

    def __call__(
        self,
        runner: Runner,
        candidates: Sequence[Candidate],
        repetitions: Sequence[Repetition],
        *,
        quiet: bool,
    ) -> tuple[dict[str, tuple[Tuned, ...]], dict[str, RunRecord]]:
        """Try settings of every candidate on every split, then run those kept in all repetitions."""
        spaces = self._spaces(candidates)
        with storage_at(runner.store.folder / "tuning.sqlite") as storage:
            splits = list({id(r.split): r.split for r in repetitions}.values())
            store = TrialStore(storage, self._identity(runner, splits))
            first = {id(r.split): r.seed for r in reversed(repetitions)}
            for split in splits:
                inner = tuple(inner_splits(runner.data, split, self.plan.folds, self.plan.seed))
                self.searches += [
                    self._search(runner, store, c, spaces[c.name], split, inner, first[id(split)])
                    for c in candidates
                ]
            self._run(runner, quiet=quiet)
            for search in self.searches:
                search.importance = importance(search.study)
        return final_runs(runner, candidates, repetitions, self.searches, quiet=quiet)

    def check(self, candidates: Sequence[Candidate]) -> None:
        """Raise if there is nothing to search, or a path fits no candidate.

        Raises
        ------
        UnknownNameError
        ParameterError
        """
        spaces = self._spaces(candidates)
        check_paths(
            [spaces[c.name] for c in candidates if not c.reference] or list(spaces.values())
        )

    def _spaces(self, candidates: Sequence[Candidate]) -> dict[str, SearchSpace]:
        """What is searched of every candidate, by its name."""
        spaces = {
            c.name: SearchSpace(c.learner, self.plan.paths, self.plan.ranges) for c in candidates
        }
        if self.as_they_are:
            spaces |= {c.name: SearchSpace(c.learner, ()) for c in candidates if c.joint}
        return spaces

    def _identity(self, runner: Runner, splits: Sequence[Split]) -> dict[str, Any]:
        together = hashlib.sha256("".join(split.digest() for split in splits).encode())
        return {
            "data": runner.digest,
            "split": together.hexdigest(),
            "steps": runner.budget.steps,
            **self.plan.described(),
        }

    def _search(
        self,
        runner: Runner,
        store: TrialStore,
        candidate: Candidate,
        space: SearchSpace,
        split: Split,
        inner: tuple[Split, ...],
        seed: int,
    ) -> Search:
        rungs = self.plan.rungs(runner.budget.steps, counted=candidate.learner.has_own_budget)
        study = None
        if described := described_space(space):
            recipe = json.dumps([to_json(candidate.learner), described], sort_keys=True)
            digest = hashlib.sha256(recipe.encode()).hexdigest()[:8]
            study = store.study(f"{candidate.name}, {split.name}, {digest}")
            study.pruner = make_pruner(self.plan.pruner if len(rungs) > 1 else None, rungs[0])
        return Search(candidate, split, inner, seed, space, study, rungs)

    def _run(self, runner: Runner, *, quiet: bool) -> None:
        """Run trials until every search has as many as it may; equal numbers for all learners."""
        n_trials = runner.budget.trials
        total = sum((1 if s.study is None else n_trials) * len(s.inner) for s in self.searches)
        keys: list[str] = []
        with run_progress(total, quiet=quiet) as progress:
            while True:
                for search in self.searches:
                    self._refill(search, n_trials, runner.note)
                attempts = [
                    (search, attempt)
                    for search in self.searches
                    for attempt in search.attempts
                    if attempt.state == "open"
                ]
                if not attempts:
                    return
                with counted([attempt for _, attempt in attempts]):
                    keys += self._run_once(runner, attempts, progress, keys)

    def _run_once(
        self,
        runner: Runner,
        attempts: Sequence[tuple[Search, Attempt]],
        progress: RunProgress,
        keys: Sequence[str],
    ) -> list[str]:
        """One run of every open trial on every split that chooses; returns their keys."""
        for search, attempt in attempts:
            attempt.runs = search.requests(runner, attempt, search.inner)
        runs = [run for _, attempt in attempts if not attempt.killed for run in attempt.runs]
        fresh = [run.spec.key for run in runs]
        tell_runs([*keys, *fresh])
        ends = {
            run.spec.key
            for search, attempt in attempts
            if attempt.rung == len(search.rungs) - 1
            for run in attempt.runs
        }
        records = iter(
            settled(
                runner, runs, shown_ends(progress.fitted, ends), shown_ends(progress.known, ends)
            )
        )
        for _, attempt in attempts:
            attempt.records[attempt.rung] = tuple(
                killed(run, attempt.killed) if attempt.killed else next(records)
                for run in attempt.runs
            )
        for search, attempt in attempts:
            self._advance(search, attempt, runner)
            if attempt.state != "open" and attempt.rung < len(search.rungs) - 1:
                for record in attempt.last:
                    progress.fitted(record)
        return fresh

    def _refill(self, search: Search, n_trials: int, note: Callable[[str], None]) -> None:
        """Propose the next trials of a search, unless some are open; those on record come back."""
        if any(attempt.state == "open" for attempt in search.attempts):
            return
        known = len(search.attempts)
        if search.study is None:
            if not known:
                search.attempts.append(Attempt(0, {}, None))
            return
        for number in range(known, min(known + self.plan.at_once, n_trials)):
            search.attempts.append(proposed_attempt(search, number, self.plan, note))

    def _advance(self, search: Search, attempt: Attempt, runner: Runner) -> None:
        """Let a trial end, or go on with longer runs."""
        rung, tasks = attempt.rung, runner.data.tasks.primary
        records = attempt.records[rung]
        attempt.failure = next((record.failure for record in records if record.failure), "")
        if attempt.failure:
            end_attempt(attempt, "failed")
            return
        attempt.value = search.gain(attempt, rung, tasks)
        if rung == len(search.rungs) - 1:
            end_attempt(attempt, "complete")
        elif goes_on(search, attempt):
            attempt.rung += 1
        else:
            end_attempt(attempt, "pruned")
