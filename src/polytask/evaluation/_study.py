"""The frame of a study: splits, candidates, folder, fitting by some plan, judgement."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from polytask._files import sealed, sweep_workshops, workshop, write_json
from polytask._trust import checked_trust
from polytask._validation import Each, InstanceOf, Interval, OneOf, check, message
from polytask.bookkeeping import Budget
from polytask.data import (
    MultiTaskDataset,
    RandomSplit,
    Split,
    Splitter,
    as_splitter,
    check_parts,
    learnable_splits,
    own_split,
    own_split_note,
    rarity_notes,
    shared_id_notes,
    splits_of,
)
from polytask.evaluation._comparison import Comparison
from polytask.evaluation._conclude import conclude
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._test_answers import read_answers
from polytask.evaluation.judging._unit_ids import unit_ids
from polytask.evaluation.running._candidates import (
    Candidate,
    LearnersLike,
    check_served,
    decisions,
    make_candidates,
)
from polytask.evaluation.running._left_out import remaining, unserved_defaults, why_left_out
from polytask.evaluation.running._plan import measure_chosen
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._repetition import Repetition
from polytask.evaluation.running._run_progress import Notes
from polytask.evaluation.running._runner import Runner, check_jobs
from polytask.evaluation.running._study_folder import out_folder, study_folder
from polytask.evaluation.running._tuning import Tuned
from polytask.evaluation.running._twins import with_twins
from polytask.evaluation.wording._baselines import baseline_notes
from polytask.evaluation.wording._describe import described_study, identity
from polytask.exceptions import DiskError, ParameterError
from polytask.executors import Executor
from polytask.learners import with_checked_tasks
from polytask.learners._as_learner import encoder_note
from polytask.learners._table_networks import ensemble_note, form_note, has_images

__all__ = ["FitCandidates", "judged_study"]

_MOST_SEEDS = 10_000
_SEEDS = OneOf(
    (
        Interval(int, 1, _MOST_SEEDS),
        Each(Interval(int, 0, 2**32 - 1), minimum=1, maximum=_MOST_SEEDS),
    )
)
_TEMPORARY, _STUDY = "polytask-", "study"


@runtime_checkable
class FitCandidates(Protocol):
    """A plan: fits all candidates in all repetitions, and chooses settings on validation rows.

    It returns the candidates that gave models, and a failed record of each of the others.
    """

    def __call__(
        self,
        runner: Runner,
        candidates: Sequence[Candidate],
        repetitions: Sequence[Repetition],
        *,
        quiet: bool,
    ) -> tuple[dict[str, tuple[Tuned, ...]], dict[str, RunRecord]]: ...


def judged_study(
    data: MultiTaskDataset,
    learners: LearnersLike,
    fit: FitCandidates,
    *,
    owner: str,
    twins: bool,
    split: Splitter | str | None,
    seeds: int | Sequence[int],
    budget: Budget,
    jobs: int,
    executor: Executor | None,
    out: str | Path | None,
    quiet: bool,
    device: str | None,
    precision: str | None,
    trusted: str | Collection[str],
    notes: Sequence[str],
    identified: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda identity: identity,
    checked: Callable[[Sequence[Candidate]], None] = lambda _: None,
) -> Comparison:
    """Fit candidates by a plan, read the test rows once per kept model, and judge.

    Parameters
    ----------
    fit : FitCandidates
    owner : str
        Function that was called, for errors.
    identified : callable, optional
        Changes the values that must be equal for two studies to share a folder.
    checked : callable, optional
        Raises on candidates that the plan cannot fit, before a folder is claimed.
    data, learners, twins, split, seeds, budget, jobs, executor, out, quiet, device, precision
        As in `compare`, and so are `trusted`, `notes` and what is raised.
    """
    _check_arguments(owner, data, seeds, budget, quiet=quiet, twins=twins)
    check(owner, "notes", notes, Each(InstanceOf((str,))))
    check_jobs(owner, jobs, executor)
    data = with_checked_tasks(data)
    known = checked_trust(trusted, owner)
    out_path = None if out is None else out_folder(out, owner)
    started = time.perf_counter()
    rows = _split_rows(data, split, owner)
    repetitions = _repetitions(rows.splits, seeds)
    candidates = _served_candidates(learners, rows, device, precision, owner)
    candidates, without_twin = with_twins(candidates, rows.data) if twins else (candidates, ())
    checked(candidates)
    process_notes = Notes(quiet)
    with _folder(out_path) as folder:
        runner = Runner(folder, rows.data, budget, jobs, process_notes, executor, known)
        claimed = identified(identity(runner.digest, rows.splitter, rows.splits, budget))
        with study_folder(folder, claimed, process_notes), runner:
            entries, left_out = _entries(runner, candidates, repetitions, fit, quiet=quiet)
            said = [
                *notes,
                *rows.notes,
                *_on_candidates(learners, candidates, rows.data, without_twin),
                *left_out,
                *_on_rows(rows),
            ]
            study = described_study(rows.data, runner.digest, rows.splitter, repetitions, budget)
            comparison = conclude(
                entries,
                study,
                runner,
                rows.splits,
                kept=out is not None,
                started=started,
                notes=said,
            )
            _write(folder, comparison, entries)
            return comparison.kept(
                folder=comparison.folder, model=comparison.model, remarks=process_notes.kept
            )


class _Rows(NamedTuple):
    """The rows of a study and their splits, with notes on what was decided and left out."""

    data: MultiTaskDataset
    splitter: Splitter
    splits: Sequence[Split]
    notes: tuple[str, ...]


def _split_rows(data: MultiTaskDataset, split: Splitter | str | None, owner: str) -> _Rows:
    """Split the rows, and leave out the tasks that cannot be learned from the parts."""
    own = own_split(data) if split is None else None
    splitter = own or as_splitter(owner, split, RandomSplit())
    data, splits, too_small = splits_of(data, splitter, seed=0)
    data, splits, unlearnable = learnable_splits(data, splits)
    check_parts(splits)
    named = [own_split_note(own.column)] if own else []
    return _Rows(splitter.prepared(data), splitter, splits, (*named, *too_small, *unlearnable))


def _served_candidates(
    learners: LearnersLike,
    rows: _Rows,
    device: str | None,
    precision: str | None,
    owner: str,
) -> tuple[Candidate, ...]:
    """The candidates as suits the split; all of them can learn the data."""
    data = rows.data
    candidates = make_candidates(
        learners,
        data.tasks,
        device,
        precision,
        n_rows=data.n_rows,
        images=has_images(data),
        owner=owner,
    )
    check_served([candidate.learner for candidate in candidates], data)
    return tuple(replace(c, learner=c.learner.for_split(rows.splitter)) for c in candidates)


def _on_candidates(
    learners: LearnersLike,
    candidates: Sequence[Candidate],
    data: MultiTaskDataset,
    without_twin: Sequence[str],
) -> list[str]:
    """Notes on the choice of candidates, and on what they decide."""
    return [
        *unserved_defaults(learners, data.tasks),
        *_about_defaults(learners, data),
        *baseline_notes(candidates),
        *without_twin,
        *decisions(candidates, data),
    ]


def _on_rows(rows: _Rows) -> list[str]:
    """Notes on rare classes, and on rows that share an identifier across parts."""
    return [
        *rarity_notes(rows.data, rows.splits),
        *shared_id_notes(rows.data, rows.splitter, rows.splits[0]),
    ]


def _write(folder: Path, comparison: Comparison, entries: Sequence[Entry]) -> None:
    """Write ``comparison.json``, with the digests of the files of all runs."""
    runs = [run for entry in entries for run in entry.runs]
    files = {name: digest for run in runs for name, digest in run.files.items()}
    values = sealed({**comparison.to_dict(), "files": files}, but="seconds")
    write_json(folder / "comparison.json", values, make_folder=False)


def _check_arguments(
    owner: str, data: object, seeds: object, budget: object, **switches: object
) -> None:
    if not isinstance(data, MultiTaskDataset):
        remedy = "Make it with `polytask.read(table, tasks)`."
        raise ParameterError(message(owner, "data", "a MultiTaskDataset", data, remedy))
    check(owner, "seeds", seeds, _SEEDS)
    check(owner, "budget", budget, InstanceOf((Budget, type(None))))
    for name, value in switches.items():
        check(owner, name, value, InstanceOf((bool,)))
    if not any(task.is_primary for task in data.tasks):
        sentence = f"{owner} needs at least one primary task: all of these are auxiliary."
        raise ParameterError(sentence)


def _about_defaults(learners: LearnersLike, data: MultiTaskDataset) -> list[str]:
    if learners is not None:
        note = encoder_note(learners, data.tasks)
        return [] if note is None else [note]
    ensemble = ensemble_note(data.tasks, data.n_rows, images=has_images(data))
    return [note for note in (form_note(data.tasks), ensemble) if note is not None]


def _repetitions(splits: Sequence[Split], seeds: int | Sequence[int]) -> list[Repetition]:
    if len(splits) > 1:
        return [Repetition(split, split.fold) for split in splits]
    chosen = range(seeds) if isinstance(seeds, int) else dict.fromkeys(seeds)
    return [Repetition(splits[0], seed) for seed in chosen]


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with ExitStack() as stack:
        try:
            temporary = Path(tempfile.gettempdir())
            sweep_workshops(temporary, _TEMPORARY, {_STUDY})
            folder = stack.enter_context(workshop(temporary, _TEMPORARY))
        except OSError as error:
            sentence = f"No temporary folder can be made ({error.strerror or error}). Give `out`."
            raise DiskError(sentence) from error
        yield folder / _STUDY


def _entries(
    runner: Runner,
    candidates: Sequence[Candidate],
    repetitions: Sequence[Repetition],
    fit: FitCandidates,
    *,
    quiet: bool,
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Measured candidates, and a sentence per candidate left out."""
    tuned, failed = fit(runner, candidates, repetitions, quiet=quiet)
    left = remaining(candidates, failed)
    read = measure_chosen(runner, tuned, quiet=quiet)
    units = unit_ids(runner.data)
    entries = tuple(
        Entry(
            candidate=candidate,
            runs=read[candidate.name],
            answers=read_answers(read[candidate.name], runner.store, runner.data.tasks, units),
        )
        for candidate in left
    )
    return entries, why_left_out(failed)
