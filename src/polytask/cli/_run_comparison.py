"""Comparison of the named learners, with table, verdict, report and model."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from polytask._recipes import to_json
from polytask.bookkeeping import Budget
from polytask.cli._augmentations import with_augmentation
from polytask.cli._balancing import balanced, balancing, check_sampler
from polytask.cli._checked_tasks import checked
from polytask.cli._distinct_models import check_distinct
from polytask.cli._encoders import with_encoder
from polytask.cli._executors import executor_of
from polytask.cli._interrupt import ending_well
from polytask.cli._learners import named_learner, searching_learners
from polytask.cli._named_folder import named_folder
from polytask.cli._observers import with_observers
from polytask.cli._set_option import with_settings
from polytask.cli._settings import CompareSettings, TuneSettings
from polytask.cli._voice import Voice
from polytask.data import MultiTaskDataset, Splitter
from polytask.evaluation import Comparison, compare, progress_at_once
from polytask.evaluation.running._study_folder import on_entering
from polytask.exceptions import ParameterError
from polytask.learners import Learner, default_learners, unserved
from polytask.learners._as_learner import encoder_note
from polytask.learners._table_networks import ensemble_note, form_note, has_images
from polytask.report import write_report

__all__ = [
    "StudySettings",
    "kept_runs",
    "resolved_study",
    "run_comparison",
    "saying_where",
    "show_comparison",
]


class StudySettings(NamedTuple):
    """Learners of a comparison, the folder of its results, notes on the learners, and what is done."""

    data: MultiTaskDataset
    learners: tuple[Learner, ...]
    split: Splitter
    budget: Budget
    folder: Path
    notes: tuple[str, ...]
    words: str


def run_comparison(
    options: CompareSettings,
    data: MultiTaskDataset,
    splitter: Splitter,
    allowed: Budget,
    voice: Voice,
) -> None:
    """Compare, and write report and log beside the files of the comparison."""
    study = resolved_study(options, data, splitter, allowed, voice)
    with (
        progress_at_once() as keys,
        ending_well(lambda: kept_runs(study.folder, keys)),
        saying_where(study, voice),
        executor_of(options.executor, options.jobs, options.device, voice) as executor,
    ):
        comparison = compare(
            study.data,
            study.learners,
            twins=options.twins,
            split=study.split,
            seeds=options.seeds,
            budget=study.budget,
            executor=executor,
            out=study.folder,
            quiet=options.quiet,
            device=options.device,
            precision=options.precision,
            notes=study.notes,
        )
        report = write_report(comparison, study.folder / "report.html")
        show_comparison(comparison, study, report, voice)
        voice.write_log(study.folder / "log.txt")


def resolved_study(
    options: CompareSettings,
    data: MultiTaskDataset,
    splitter: Splitter,
    allowed: Budget,
    voice: Voice,
    doing: str = "comparing",
) -> StudySettings:
    """Resolve the names of models and methods, and the folder of the results.

    Parameters
    ----------
    options, data, splitter, allowed, voice
    doing : str, default "comparing"
        What is said of the models; folders of anything but comparisons bear it in their names.
    """
    data = checked(data, voice)
    suited = data.tasks if options.encoder is None else None
    requested = [named_learner(name, suited) for name in options.model]
    methods = balancing(options)
    check_sampler(options, data)
    learners = with_encoder(requested or _usual(options, data), options)
    learners = balanced(learners, methods)
    learners = with_observers(learners, options.observer)
    learners = with_augmentation(learners, options.augmentation)
    learners = with_settings(learners, options, voice.warning)
    check_distinct(learners, options.model)
    for learner in learners:  # before it is said that the comparison begins
        reason = unserved(learner, data)
        if reason is not None:
            raise ParameterError(reason)
    notes = _about_encoders(options, data) if requested else _about_defaults(options, data)
    for sentence in notes:
        voice.warning(sentence)
    folder = options.out or _folder(options, data, splitter, allowed, doing)
    names = ", ".join(learner.name for learner in learners)
    return StudySettings(
        data, learners, splitter, allowed, folder, tuple(notes), f"{doing} {names}"
    )


@contextmanager
def saying_where(study: StudySettings, voice: Voice) -> Iterator[None]:
    """Say what is done and where all is kept, once that is so."""
    with on_entering(lambda folder: voice.note(f"{study.words}; all is kept in {folder}")):
        yield


def _usual(options: CompareSettings, data: MultiTaskDataset) -> tuple[Learner, ...]:
    """The learners compared by default; with an encoder that is given, those that take it."""
    n_rows = data.n_rows if options.encoder is None else None
    return default_learners(data.tasks, n_rows, images=has_images(data))


def _about_encoders(options: CompareSettings, data: MultiTaskDataset) -> list[str]:
    """A sentence on the encoder of the models that are named without one, if the tasks decide on it."""
    note = None
    if options.encoder is None:
        note = encoder_note(options.model, data.tasks, searching_learners())
    return [] if note is None else [note]


def _about_defaults(options: CompareSettings, data: MultiTaskDataset) -> list[str]:
    """A sentence on each default learner that is left out, and on encoder and ensemble of the others."""
    reasons = [unserved(learner, data.tasks) for learner in default_learners()]
    usual: list[str | None] = []
    if options.encoder is None:
        ensemble = ensemble_note(data.tasks, data.n_rows, images=has_images(data))
        usual = [form_note(data.tasks), ensemble]
    left_out = [f"{reason} It is left out." for reason in reasons if reason is not None]
    return [*left_out, *(note for note in usual if note is not None)]


def _folder(
    options: CompareSettings,
    data: MultiTaskDataset,
    splitter: Splitter,
    allowed: Budget,
    doing: str,
) -> Path:
    """Return a folder named after the settings, so that the same command resumes there."""
    parts = [data.digest(), to_json(splitter), asdict(allowed)]
    if isinstance(options, TuneSettings):  # to which trials may be added
        own = [options.search, options.pruner, options.folds, options.at_once, options.seed]
        own += [options.weights, options.trials] if options.weights else []
        parts = [*parts[:2], allowed.steps, doing, own]
    return named_folder(options, "" if doing == "comparing" else doing, parts)


def kept_runs(folder: Path, keys: Collection[str]) -> str:
    """What an interrupted comparison left of its runs; the folder may hold those of others, too.

    Parameters
    ----------
    folder : Path
    keys : collection of str
        Of the runs of this comparison; empty if it was interrupted before they were known.
    """
    names = {path.name for path in (folder / "runs").glob("[!.]*")}
    runs = sum(f"{key}.json" in names for key in keys)
    started = sum(f"{key}.checkpoint.safetensors" in names for key in keys)
    if keys:  # those of runs that are trained together have keys of their own
        started += sum(name.endswith(".population") for name in names)
    kept = [
        f"{number} {thing}{'s' * (number > 1)}"
        for number, thing in ((runs, "finished run"), (started, "checkpoint"))
        if number
    ]
    if kept:
        verb = "is" if runs + started == 1 else "are"
        return f"{' and '.join(kept)} {verb} kept in {folder}; the same command goes on from there."
    if names and not keys:
        return f"earlier runs are kept in {folder}; the same command goes on from there."
    return "no run had ended; the same command starts anew."


def show_comparison(
    comparison: Comparison, study: StudySettings, report: Path, voice: Voice
) -> None:
    """Print table, verdict, notes and the places of model and report."""
    voice.note("")
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(comparison.table())
    else:
        voice.result(comparison.plain_table())
    for lines in filter(None, [comparison.chosen_settings, comparison.found_structures]):
        voice.result(lines)
    voice.result(f"\n{comparison.verdict}")
    for remark in comparison.remarks:
        (voice.result if voice.quiet else voice.keep)(f"note: {remark}")
    for warning in comparison.warnings:
        if warning in study.notes:  # which were said before
            continue
        voice.result(f"note: {warning}")
    voice.result("")
    voice.result(f"use     {comparison.recommended.why}")
    if comparison.recommended.learner is not None:
        voice.result(f"model   {study.folder / 'model'}")
    voice.result(f"report  {report}")
