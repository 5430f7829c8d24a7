"""Records of runs, also of those that end their worker process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._run import Run
from polytask.evaluation.running._runner import Runner
from polytask.exceptions import WorkerError
from polytask.search._search import killed

__all__ = ["TRIES", "settled", "shown_ends"]

TRIES = 2


def settled(
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
            records.append(killed(run, TRIES))
    return records


def shown_ends(show: Callable[[RunRecord], None], ends: set[str]) -> Callable[[RunRecord], None]:
    """Show the last run of a trial only, since how many there will be is not known."""

    def shown(record: RunRecord) -> None:
        if record.spec.key in ends:
            show(record)

    return shown
