"""Trials in Optuna's storage: begun, marked where they were interrupted, and ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from polytask.exceptions import WorkerError
from polytask.search._optuna import seeded_sampler
from polytask.search._proposal import first_settings, proposed, stored_values
from polytask.search._search import Attempt, Search
from polytask.search._settled import TRIES
from polytask.search._trial_store import undamaged
from polytask.search._tuning_plan import Plan

__all__ = ["counted", "end_attempt", "goes_on", "proposed_attempt"]

_MOST_STARTS = 5
_KILLS = f"its process was killed {_MOST_STARTS} times before the trial ended"
_STARTS, _FAILURE, _KILLED = "starts", "failure", "killed"


def proposed_attempt(
    search: Search, number: int, plan: Plan, note: Callable[[str], None]
) -> Attempt:
    """A trial with its settings: one on record, or a new one."""
    from optuna.trial import Trial, TrialState

    study: Any = search.study

    def before(name: str) -> None:
        study.sampler = seeded_sampler(plan.sampler, plan.seed, study.study_name, number, name)

    before("")
    trials = study.get_trials(deepcopy=False)
    first = dict(enumerate(first_settings(search.space)))
    if number < len(trials) and trials[number].state != TrialState.WAITING:
        trial = Trial(study, trials[number]._trial_id)  # noqa: SLF001 - no public way back
    else:
        if number in first and number == len(trials):
            study.enqueue_trial(stored_values(search.space, first[number]))
        trial = study.ask()
    with undamaged() if number < len(trials) else nullcontext():
        settings = proposed(trial, search.space, before, first.get(number))
    attempt = Attempt(number, settings, trial)
    if number < len(trials) and trials[number].state.is_finished():
        attempt.interruptions = trial.user_attrs.get(_STARTS, 0)
        attempt.killed = trial.user_attrs.get(_KILLED, 0)
        return attempt
    return _begun(attempt, f"Trial {number} of {study.study_name}", note)


def _begun(attempt: Attempt, name: str, note: Callable[[str], None]) -> Attempt:
    """Count a start of a trial; one that was interrupted too often has failed."""
    trial: Any = attempt.trial
    attempt.interruptions = starts = trial.user_attrs.get(_STARTS, 0)
    if starts >= _MOST_STARTS:
        attempt.killed = starts
        note(f"{name} is counted as failed: {_KILLS}.")
    elif starts:
        note(f"{name} was interrupted, and is run again.")
    trial.set_user_attr(_STARTS, starts + 1)
    return attempt


def goes_on(search: Search, attempt: Attempt) -> bool:
    """What the pruner decides, once; until a trial is complete, none is stopped."""
    trial: Any = attempt.trial
    key = f"goes on after {search.rungs[attempt.rung]} steps"
    decided = trial.user_attrs.get(key)
    if decided is None:
        steps = search.rungs[attempt.rung]
        frozen = trial.storage.get_trial(trial._trial_id)  # noqa: SLF001 - no public way back
        if steps not in frozen.intermediate_values:  # of a process that was killed just now
            trial.report(attempt.value, steps)
        decided = not trial.should_prune()
        decided |= not any(other.state == "complete" for other in search.attempts)
        trial.set_user_attr(key, decided)
    return bool(decided)


def end_attempt(attempt: Attempt, state: Any) -> None:
    """End a trial, here and in the storage; a failed one counts there as the worst."""
    from optuna.trial import TrialState

    attempt.state = state
    trial: Any = attempt.trial
    if trial is None or trial.storage.get_trial(trial._trial_id).state.is_finished():  # noqa: SLF001
        return
    if attempt.failure:
        trial.set_user_attr(_FAILURE, attempt.failure)
    if any(record.error == WorkerError.__name__ for record in attempt.last):
        trial.set_user_attr(_KILLED, attempt.killed or TRIES)
    else:  # it ended, so that an interruption of a later trial is not its own
        trial.set_user_attr(_STARTS, attempt.interruptions)
    if state == "complete":
        trial.study.tell(trial, attempt.value)
    else:
        trial.study.tell(trial, state=TrialState.PRUNED)


@contextmanager
def counted(attempts: Sequence[Attempt]) -> Iterator[None]:
    """While trials run: one that is interrupted in an orderly way does not count as killed."""
    try:
        yield
    except BaseException:
        for attempt in attempts:
            if attempt.trial is not None and attempt.state == "open":
                with suppress(Exception):  # the first error counts
                    starts = attempt.trial.user_attrs.get(_STARTS, 1)
                    attempt.trial.set_user_attr(_STARTS, max(starts - 1, 0))
        raise
