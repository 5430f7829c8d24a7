"""Tuning of the named learners, with table, verdict, report and model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytask.bookkeeping import Budget
from polytask.cli._interrupt import ending_well
from polytask.cli._run_comparison import executor_of, kept_runs, resolved_study, show_comparison
from polytask.cli._settings import TuneSettings
from polytask.cli._voice import Voice
from polytask.data import MultiTaskDataset, Splitter
from polytask.evaluation import progress_at_once
from polytask.ranges import SearchRange
from polytask.report import write_report
from polytask.search import tune

__all__ = ["run_tuning"]


def run_tuning(
    options: TuneSettings,
    data: MultiTaskDataset,
    splitter: Splitter,
    allowed: Budget,
    paths: Sequence[str] | None,
    ranges: Mapping[str, SearchRange | Sequence[str]],
    voice: Voice,
) -> None:
    """Tune, and write report and log beside the files of the tuning."""
    study = resolved_study(options, data, splitter, allowed, voice, "tuning")
    how: Any = {"sampler": options.search, "pruner": options.pruner}
    with (
        progress_at_once() as keys,
        ending_well(lambda: kept_runs(study.folder, keys)),
        executor_of(options.jobs) as executor,
    ):
        tuning = tune(
            study.data,
            study.learners,
            paths=paths,
            ranges=ranges or None,
            **how,
            folds=options.folds,
            at_once=options.at_once,
            seed=options.seed,
            twins=options.twins,
            split=study.split,
            seeds=options.seeds,
            budget=study.budget,
            jobs=options.jobs or 1,
            executor=executor,
            out=study.folder,
            quiet=options.quiet,
            device=options.device,
            precision=options.precision,
            notes=study.notes,
        )
        report = write_report(tuning.comparison, study.folder / "report.html", tuning=tuning)
        assert tuning.comparison is not None  # noqa: S101 - it has just been made
        show_comparison(tuning.comparison, study, report, voice)
        voice.write_log(study.folder / "log.txt")
