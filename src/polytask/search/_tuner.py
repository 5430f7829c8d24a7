"""The plan of a tuning: trials of every learner side by side, then runs of the settings kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from polytask._recipes import to_json
from polytask.data import Split
from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._plan import Repetition
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._run import Run
from polytask.evaluation.running._run_progress import RunProgress, run_progress, tell_runs
from polytask.evaluation.running._runner import Runner
from polytask.evaluation.running._tuning import Tuned
from polytask.exceptions import WorkerError
from polytask.ranges import SearchRange
from polytask.search._final_runs import final_runs
from polytask.search._importance import importance
from polytask.search._inner_splits import inner_splits
from polytask.search._optuna import (
    REDUCTION,
    Pruner,
    Sampler,
    make_pruner,
    seeded_sampler,
    storage_at,
)
from polytask.search._proposal import described_space, first_values, proposed
from polytask.search._search import Attempt, Search, killed
from polytask.search._search_space import SearchSpace, check_paths
from polytask.search._trial_store import TrialStore

__all__ = ["Plan", "Tuner"]

_MOST_STARTS, _TRIES = 5, 2
_FEWEST_STEPS = 10
_KILLS = f"its process was killed {_MOST_STARTS} times before the trial ended"
_STARTS, _FAILURE, _KILLED = "starts", "failure", "killed"


@dataclass(frozen=True)
class Plan:
    """What a tuning tries, and how; the parameters are those of `tune`."""

    sampler: Sampler
    pruner: Pruner | None
    folds: int
    at_once: int
    seed: int
    paths: Sequence[str] | None
    ranges: Mapping[str, SearchRange | Sequence[Any]]

    def described(self) -> dict[str, Any]:
        """What must be equal for trials to belong to one tuning; learners may be added."""
        return {
            "sampler": self.sampler,
            "pruner": self.pruner,
            "folds": self.folds,
            "at once": self.at_once,
            "seed": self.seed,
        }

    def rungs(self, steps: int, *, counted: bool) -> tuple[int, ...]:
        """Steps of the runs of a trial; one run for learners whose training counts no steps."""
        if self.pruner is None or not counted:
            return (steps,)
        shorter = [steps // REDUCTION**power for power in (2, 1)]
        return (*(number for number in shorter if number >= _FEWEST_STEPS), steps)


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
        spaces = {
            c.name: SearchSpace(c.learner, self.plan.paths, self.plan.ranges) for c in candidates
        }
        if self.as_they_are:
            spaces |= {c.name: SearchSpace(c.learner, ()) for c in candidates if c.joint}
        check_paths(
            [spaces[c.name] for c in candidates if not c.reference] or list(spaces.values())
        )
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
                with self._counted(attempts):
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
            _settled(runner, runs, _shown(progress.fitted, ends), _shown(progress.known, ends))
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

    def _counted(self, attempts: Sequence[tuple[Search, Attempt]]) -> _Interruptible:
        return _Interruptible([attempt for _, attempt in attempts])

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
            search.attempts.append(self._proposed(search, number, note))

    def _proposed(self, search: Search, number: int, note: Callable[[str], None]) -> Attempt:
        """A trial with its settings: one on record, or a new one."""
        from optuna.trial import Trial

        study: Any = search.study

        def before(name: str) -> None:
            study.sampler = seeded_sampler(
                self.plan.sampler, self.plan.seed, study.study_name, number, name
            )

        before("")
        trials = study.get_trials(deepcopy=False)
        if number < len(trials):
            trial = Trial(study, trials[number]._trial_id)  # noqa: SLF001 - no public way back
        else:
            if number == 0:
                study.enqueue_trial(first_values(search.space))
            trial = study.ask()
        settings = proposed(trial, search.space, before, as_it_is=number == 0)
        attempt = Attempt(number, settings, trial)
        attempt.interruptions = starts = trial.user_attrs.get(_STARTS, 0)
        attempt.killed = trial.user_attrs.get(_KILLED, 0)
        if number < len(trials) and trials[number].state.is_finished():
            return attempt
        if starts >= _MOST_STARTS:
            attempt.killed = starts
            note(f"Trial {number} of {study.study_name} is counted as failed: {_KILLS}.")
        elif starts:
            note(f"Trial {number} of {study.study_name} was interrupted, and is run again.")
        trial.set_user_attr(_STARTS, starts + 1)
        return attempt

    def _advance(self, search: Search, attempt: Attempt, runner: Runner) -> None:
        """Let a trial end, or go on with longer runs."""
        rung, tasks = attempt.rung, runner.data.tasks.primary
        records = attempt.records[rung]
        attempt.failure = next((record.failure for record in records if record.failure), "")
        if attempt.failure:
            _end(attempt, "failed")
            return
        attempt.value = search.gain(attempt, rung, tasks)
        if rung == len(search.rungs) - 1:
            _end(attempt, "complete")
        elif self._goes_on(search, attempt):
            attempt.rung += 1
        else:
            _end(attempt, "pruned")

    def _goes_on(self, search: Search, attempt: Attempt) -> bool:
        """What the pruner decides, once; until a trial is complete, none is stopped."""
        trial: Any = attempt.trial
        key = f"goes on after {search.rungs[attempt.rung]} steps"
        decided = trial.user_attrs.get(key)
        if decided is None:
            trial.report(attempt.value, search.rungs[attempt.rung])
            decided = not trial.should_prune()
            decided |= not any(other.state == "complete" for other in search.attempts)
            trial.set_user_attr(key, decided)
        return bool(decided)


class _Interruptible:
    """While trials run: one that is interrupted in an orderly way does not count as killed."""

    def __init__(self, attempts: Sequence[Attempt]) -> None:
        self._attempts = attempts

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            return
        for attempt in self._attempts:
            if attempt.trial is not None and attempt.state == "open":
                with suppress(Exception):  # the first error counts
                    starts = attempt.trial.user_attrs.get(_STARTS, 1)
                    attempt.trial.set_user_attr(_STARTS, max(starts - 1, 0))


def _end(attempt: Attempt, state: Any) -> None:
    """End a trial, here and in the storage; a failed one counts there as the worst."""
    from optuna.trial import TrialState

    attempt.state = state
    trial: Any = attempt.trial
    if trial is None or trial.storage.get_trial(trial._trial_id).state.is_finished():  # noqa: SLF001
        return
    if attempt.failure:
        trial.set_user_attr(_FAILURE, attempt.failure)
    if any(record.error == WorkerError.__name__ for record in attempt.last):
        trial.set_user_attr(_KILLED, attempt.killed or _TRIES)
    else:  # it ended, so that an interruption of a later trial is not its own
        trial.set_user_attr(_STARTS, attempt.interruptions)
    if state == "complete":
        trial.study.tell(trial, attempt.value)
    else:
        trial.study.tell(trial, state=TrialState.PRUNED)


def _settled(
    runner: Runner,
    runs: Sequence[Run],
    on_done: Callable[[RunRecord], None],
    on_known: Callable[[RunRecord], None],
) -> list[RunRecord]:
    """Records of all runs; one that ends its worker process twice has failed."""
    try:
        return runner.run_all(runs, on_done, on_known)
    except WorkerError as error:
        runner.note(f"{str(error).splitlines()[0]} What was not done is run one by one.")
    records = []
    for run in runs:
        try:
            records += runner.run_all([run])
        except WorkerError:
            records.append(killed(run, _TRIES))
    return records


def _shown(show: Callable[[RunRecord], None], ends: set[str]) -> Callable[[RunRecord], None]:
    """Show the last run of a trial only, since how many there will be is not known."""

    def shown(record: RunRecord) -> None:
        if record.spec.key in ends:
            show(record)

    return shown
