"""Trials: all settings with the first seed of a split, those kept with its other seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polytask._naming import suggestion
from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._grid import grid
from polytask.evaluation.running._labelled import labelled_rows
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._repetition import Repetition
from polytask.evaluation.running._run import Run
from polytask.evaluation.running._run_progress import RunProgress, tell_runs
from polytask.evaluation.running._runner import Runner
from polytask.evaluation.running._tuning import Tuned, choose
from polytask.exceptions import ParameterError
from polytask.learners import Learner
from polytask.ranges import SearchRange

__all__ = ["Trials", "TuningCase", "make_cases", "tuned_ranges", "well_validated"]

_ENOUGH_ROWS = 100


@dataclass(frozen=True, eq=False)
class TuningCase:
    """A candidate whose settings are chosen in a repetition.

    Parameters
    ----------
    candidate : Candidate
    repetition : Repetition
    points : sequence of mapping
        All settings that it may try.
    lead : TuningCase, optional
        The case of the same split whose choice is taken over; None where all settings are tried.
    """

    candidate: Candidate
    repetition: Repetition
    points: Sequence[Mapping[str, object]]
    lead: TuningCase | None = None


def make_cases(
    runner: Runner, candidates: Sequence[Candidate], repetitions: Sequence[Repetition]
) -> dict[Candidate, tuple[TuningCase, ...]]:
    """The cases of every candidate, in the order of the repetitions.

    Settings are chosen with the first seed of a split. A learner whose fit does not depend on the
    seed tries them with every seed, which is one fit; so does one with nothing to choose.
    """
    trains = {id(r.split): runner.train(r.split) for r in repetitions}
    made: dict[Candidate, tuple[TuningCase, ...]] = {}
    for candidate in candidates:
        learner = candidate.learner
        points = grid(tuned_ranges(learner), runner.budget.trials)
        leads: dict[int, TuningCase] = {}
        own = []
        for repetition in repetitions:
            split = id(repetition.split)
            follows = len(points) > 1 and learner.uses_seed(trains[split])
            case = TuningCase(candidate, repetition, points, leads.get(split) if follows else None)
            leads.setdefault(split, case)
            own.append(case)
        made[candidate] = tuple(own)
    return made


def tuned_ranges(learner: Learner) -> dict[str, SearchRange]:
    """Search ranges that a comparison tunes, in the learner's order."""
    space = learner.search_space()
    for path in learner.tuned or ():
        if path not in space:
            sentence = (
                f"{learner.name} names {path!r} in `tuned`, of which no search range is declared. "
                f"{suggestion(path, space)}"
            )
            raise ParameterError(sentence)
    return dict(space) if learner.tuned is None else {path: space[path] for path in learner.tuned}


class Trials:
    """Runs the settings of cases, and holds what was kept of each.

    Parameters
    ----------
    runner : Runner
    progress : RunProgress

    Attributes
    ----------
    failed : dict of Candidate to RunRecord
        Candidates that gave no model in some case, each with a failed record.
    tuned : dict of TuningCase to Tuned
        What was kept in the others.
    """

    def __init__(self, runner: Runner, progress: RunProgress) -> None:
        self._runner, self._progress = runner, progress
        self._keys: list[str] = []
        self.failed: dict[Candidate, RunRecord] = {}
        self.tuned: dict[TuningCase, Tuned] = {}

    def try_all(self, cases: Sequence[TuningCase], ahead: int = 0) -> None:
        """Run all settings, and choose per case on validation rows; so many runs follow at least."""
        tried = self._run(
            {c: [self._request(c, point) for point in c.points] for c in cases}, ahead
        )
        for case, (runs, records) in tried.items():
            if all(record.failure for record in records):
                self.failed.setdefault(case.candidate, records[0])
                continue
            data, split = self._runner.data, case.repetition.split
            alone = () if case.candidate.joint else well_validated(data, split)
            chosen = choose(records, data.tasks, alone=alone)
            self.tuned[case] = Tuned(runs, records, chosen)

    def follow(self, cases: Sequence[TuningCase]) -> list[TuningCase]:
        """Run the settings kept with the first seed; returns the cases in which one gave no model."""
        kept = {case: self._kept(case) for case in cases}
        followed = self._run({case: list(own.values()) for case, own in kept.items()})
        lacking = []
        for case, (runs, records) in followed.items():
            if any(record.failure for record in records):
                lacking.append(case)
                continue
            order = list(kept[case])
            chosen = {t: order.index(trial) for t, trial in self._lead(case).chosen.items()}
            self.tuned[case] = Tuned(runs, records, chosen, compared=False)
        return lacking

    def _lead(self, case: TuningCase) -> Tuned:
        if case.lead is None:
            raise ValueError("it follows no other case")
        return self.tuned[case.lead]

    def _kept(self, case: TuningCase) -> dict[int, Run]:
        """Runs of the settings that were kept with the first seed, by their positions.

        Where tasks that learn apart keep different settings, each run is of those that keep its own.
        """
        kept, train = self._lead(case).kept, self._runner.train(case.repetition.split)
        runs = {trial: self._request(case, case.points[trial]) for trial in kept}
        if len(kept) == 1 or not _of_common_rows(train):
            return runs
        if not all(run.learner.learns_apart(train) for run in runs.values()):
            return runs
        return {t: self._request(case, case.points[t], tasks) for t, tasks in kept.items()}

    def _request(
        self, case: TuningCase, settings: Mapping[str, object], tasks: Sequence[str] = ()
    ) -> Run:
        repetition = case.repetition
        return self._runner.request(
            case.candidate.learner, repetition.split, repetition.seed, settings, tasks
        )

    def _run(
        self, requests: Mapping[TuningCase, Sequence[Run]], ahead: int = 0
    ) -> dict[TuningCase, tuple[tuple[Run, ...], tuple[RunRecord, ...]]]:
        runs = [run for own in requests.values() for run in own]
        self._progress.expect(len(self._keys) + len(runs) + ahead)
        self._keys += [run.spec.key for run in runs]
        tell_runs(self._keys)
        records = iter(self._runner.run_all(runs, self._progress.fitted, self._progress.known))
        return {
            case: (tuple(own), tuple(next(records) for _ in own)) for case, own in requests.items()
        }


def _of_common_rows(train: MultiTaskDataset) -> bool:
    """Whether all tasks are learned from the rows of one table, so that their models encode inputs alike."""
    first, *others = train.sources
    common = first.weights is None or first.weights.ndim == 1
    return common and not others and not first.own_rows


def well_validated(data: MultiTaskDataset, split: Split) -> list[str]:
    """Tasks with enough validation rows to choose settings of their own.

    With few, the best of several settings is mostly luck: it tests worse than the setting that
    is best on average, and yet looks better on validation rows.
    """
    sizes = labelled_rows(data, split.validation)
    return [name for name, size in sizes.items() if size >= _ENOUGH_ROWS]
