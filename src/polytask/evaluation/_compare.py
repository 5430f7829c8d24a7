"""`compare`: whether joint training helps, and which model to use."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

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
from polytask.evaluation.running._plan import Repetition, fit_candidates, measure_chosen
from polytask.evaluation.running._run_progress import Notes
from polytask.evaluation.running._runner import Runner, check_jobs
from polytask.evaluation.running._study_folder import out_folder, study_folder
from polytask.evaluation.running._twins import with_twins
from polytask.evaluation.wording._baselines import baseline_notes
from polytask.evaluation.wording._describe import described_study, identity
from polytask.exceptions import DiskError, ParameterError
from polytask.executors import Executor
from polytask.learners import with_checked_tasks
from polytask.learners._as_learner import encoder_note
from polytask.learners._table_networks import ensemble_note, form_note, has_images

__all__ = ["compare"]

_MOST_SEEDS = 10_000
_SEEDS = OneOf(
    (
        Interval(int, 1, _MOST_SEEDS),
        Each(Interval(int, 0, 2**32 - 1), minimum=1, maximum=_MOST_SEEDS),
    )
)
_TEMPORARY, _STUDY = "polytask-", "study"


def compare(
    data: MultiTaskDataset,
    learners: LearnersLike = None,
    *,
    twins: bool = False,
    split: Splitter | str | None = None,
    seeds: int | Sequence[int] = 3,
    budget: Budget | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    out: str | Path | None = None,
    quiet: bool = False,
    device: str | None = None,
    precision: str | None = None,
    trusted: str | Collection[str] = (),
    notes: Sequence[str] = (),
) -> Comparison:
    """Train tasks jointly and separately under one budget, and report which is better.

    Parameters
    ----------
    data : MultiTaskDataset
        As `polytask.read` gives it.
    learners : learners or their names, optional
        Such as ``["hard_sharing", "gradient_boosting"]``, also with settings, encoder and balancing
        as on the command line, such as ``"mmoe(n_experts=4)+tab_m+mgda"``; by default single-task
        and joint networks, on tables of at least 500 rows an ensemble inside one joint network,
        linear models and boosted trees. A network that is named without an encoder gets `LSTM`
        where a task labels the steps of rows, and a small `UNet` where one labels the pixels of
        images. The single-task self of every joint learner takes part in any case. Estimators of
        scikit-learn are cloned and fitted to each task; a regressor and a classifier in a tuple are
        one learner.
    twins : bool, default False
        Whether the twin of every joint network takes part too: a network of the same architecture
        for each task alone (`polytask.architectures.Separate`), as large and sharing nothing. The
        verdict says whether the joint network beats its twin: what is gained over it is gained by
        sharing.
    split : Splitter or str, optional
        Or as on the command line, such as ``"folds:5"`` or ``"time:COLUMN"``; by default the
        column that names train and test rows, else `RandomSplit()`. One that gives several splits
        is run with one seed each, whatever `seeds` says.
    seeds : int or sequence of int, default 3
        Runs of every learner on the one split, at most 10,000.
    budget : Budget, default Budget(trials=3)
        Steps of a run, and settings that every learner may try in each of its runs.
    jobs : int, default 1
        Runs side by side, in worker processes: short for ``LocalExecutor(jobs)``.
    executor : polytask.executors.Executor, optional
        What carries out the runs, in place of `jobs`. It stays open: close it, or use it as a
        context manager.
    out : str or Path, optional
        Folder for records, predictions, models and ``comparison.json``. What is done there is
        not done again, so a comparison that was interrupted goes on where it stood, and learners
        or seeds can be added. Without it nothing is kept but what is returned. The report is
        written by `polytask.report.write_report`.
    quiet : bool, default False
        Show no progress, also on a terminal.
    device : str, optional
        Where networks are trained: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"auto"``, …; by default
        as each network's trainer says, whose `accelerator` it is.
    precision : str, optional
        Number format of networks in training: ``"32"``, ``"bf16"`` or ``"16"``, the last two mixed.
    trusted : collection of str, optional
        Packages whose code the models of the study may name, as in `polytask.load`. Code of the
        learners and tasks given here, and classes of models, need no mention.
    notes : sequence of str, optional
        Sentences that the report shows beside its own, such as why these learners were chosen.

    Returns
    -------
    Comparison
        `print` shows the table and the verdict; `chosen` is the model to use.

    Raises
    ------
    StudyError
        If `out` holds another study, or another process writes to it.
    ParameterError
        If a learner that was asked for is unknown, or it is plain before any run that it cannot
        learn the data.
    DataError
        If there are too few rows to split.
    DiskError
        If the disk is full, or `out` was removed meanwhile.
    WorkerError
        If a worker process cannot be started, or ends before its run does.
    PolytaskError
        What the first learner raised, if none of those asked for could be fitted.

    Notes
    -----
    - Settings, and which model to use, are chosen by validation rows alone. A joint learner
      keeps one setting for all tasks; one whose tasks share nothing keeps a setting for each
      task that has at least 100 labelled validation rows, so that no baseline is tuned less
      than it could be.
    - Test rows are predicted once by every model that was kept, and never by the others.
    - Two learners are compared on the same test rows, by exchanging their predictions one unit (a
      row, or a group) at a time and by Student's t; the larger p counts. Seeds are a level of
      their own; over several splits the Nadeau–Bengio variance takes their place. No verdict is
      given where too few units could carry one.
    - A constant predictor takes part in every comparison. Where no learner is shown to beat it,
      none is recommended.
    - A learner that fails while it is fitted is left out, and `warnings` say why; the others go
      on. So are learners of the default set that cannot learn the tasks, and tasks of which the
      training rows of a split hold one class alone, or that have too few rows to be split.
    - p-values are corrected over tasks by Holm's method, and those of joint learners that
      validation rows do not prefer over these learners. Auxiliary tasks are reported and
      counted nowhere.

    Examples
    --------
    >>> import polytask
    >>> from polytask.datasets import make_related_regression
    >>> from polytask.bookkeeping import Budget
    >>> data, _ = make_related_regression(n_tasks=2, seed=0)
    >>> found = polytask.compare(data, "linear", seeds=1, budget=Budget(steps=10))
    >>> found.recommended.learner
    'linear'
    """
    _check_arguments(data, seeds, budget, quiet=quiet, twins=twins)
    check("compare", "notes", notes, Each(InstanceOf((str,))))
    check_jobs("compare", jobs, executor)
    data = with_checked_tasks(data)
    known = checked_trust(trusted, "compare")
    out_path = None if out is None else out_folder(out)
    own = own_split(data) if split is None else None
    splitter = own or as_splitter("compare", split, RandomSplit())
    allowed = budget or Budget(trials=3)
    started = time.perf_counter()
    data, splits, too_small = splits_of(data, splitter, seed=0)
    data, splits, unlearnable = learnable_splits(data, splits)
    check_parts(splits)
    repetitions = _repetitions(splits, seeds)
    data = splitter.prepared(data)
    candidates = make_candidates(
        learners, data.tasks, device, precision, n_rows=data.n_rows, images=has_images(data)
    )
    check_served([candidate.learner for candidate in candidates], data)
    candidates, without_twin = with_twins(candidates, data) if twins else (candidates, ())
    process_notes = Notes(quiet)
    with _folder(out_path) as folder:
        runner = Runner(folder, data, allowed, jobs, process_notes, executor, known)
        with (
            study_folder(folder, identity(runner.digest, splitter, splits, allowed), process_notes),
            runner,
        ):
            entries, left_out = _entries(runner, candidates, repetitions, quiet=quiet)
            said = [
                *notes,
                *([own_split_note(own.column)] if own else []),
                *too_small,
                *unlearnable,
                *unserved_defaults(learners, data.tasks),
                *_about_defaults(learners, data),
                *baseline_notes(candidates),
                *without_twin,
                *decisions(candidates, data),
                *left_out,
                *rarity_notes(data, splits),
                *shared_id_notes(data, splitter, splits[0]),
            ]
            study = described_study(data, runner.digest, splitter, repetitions, allowed)
            comparison = conclude(
                entries, study, runner, splits, kept=out is not None, started=started, notes=said
            )
            _write(folder, comparison, entries)
            return comparison.kept(
                folder=comparison.folder, model=comparison.model, remarks=process_notes.kept
            )


def _write(folder: Path, comparison: Comparison, entries: Sequence[Entry]) -> None:
    """Write ``comparison.json``, with the digests of the files of all runs."""
    runs = [run for entry in entries for run in entry.runs]
    files = {name: digest for run in runs for name, digest in run.files.items()}
    values = sealed({**comparison.to_dict(), "files": files}, but="seconds")
    write_json(folder / "comparison.json", values, make_folder=False)


def _check_arguments(data: object, seeds: object, budget: object, **switches: object) -> None:
    if not isinstance(data, MultiTaskDataset):
        remedy = "Make it with `polytask.read(table, tasks)`."
        raise ParameterError(message("compare", "data", "a MultiTaskDataset", data, remedy))
    check("compare", "seeds", seeds, _SEEDS)
    check("compare", "budget", budget, InstanceOf((Budget, type(None))))
    for name, value in switches.items():
        check("compare", name, value, InstanceOf((bool,)))
    if not any(task.is_primary for task in data.tasks):
        sentence = "compare needs at least one primary task: all of these are auxiliary."
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
    *,
    quiet: bool,
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Measured candidates, and a sentence per candidate left out."""
    tuned, failed = fit_candidates(runner, candidates, repetitions, quiet=quiet)
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
