"""Tuning of the named learners, with table, verdict, report and model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytask.bookkeeping import Budget
from polytask.cli._executors import executor_of
from polytask.cli._interrupt import ending_well
from polytask.cli._run_comparison import (
    StudySettings,
    kept_runs,
    resolved_study,
    saying_where,
    show_comparison,
)
from polytask.cli._settings import TuneSettings
from polytask.cli._voice import Voice
from polytask.data import MultiTaskDataset, Splitter
from polytask.evaluation import Comparison, progress_at_once
from polytask.exceptions import ParameterError
from polytask.learners import Learner
from polytask.neural_network import MultiTaskNetwork
from polytask.ranges import SearchRange
from polytask.report import write_report
from polytask.search import tune, tune_weights

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
    with (
        progress_at_once() as keys,
        ending_well(lambda: kept_runs(study.folder, keys)),
        saying_where(study, voice),
        executor_of(options.executor, options.jobs, options.device, voice) as executor,
    ):
        common = {
            "seed": options.seed,
            "split": study.split,
            "seeds": options.seeds,
            "budget": study.budget,
            "executor": executor,
            "out": study.folder,
            "quiet": options.quiet,
            "device": options.device,
            "precision": options.precision,
            "notes": study.notes,
        }
        if options.weights is None:
            comparison, parts = _tuned(options, study, paths, ranges, common)
        else:
            comparison, parts = _weighed(options, study, [*(paths or ()), *ranges], common)
        report = write_report(comparison, study.folder / "report.html", **parts)
        show_comparison(comparison, study, report, voice)
        voice.write_log(study.folder / "log.txt")


def _tuned(
    options: TuneSettings,
    study: StudySettings,
    paths: Sequence[str] | None,
    ranges: Mapping[str, SearchRange | Sequence[str]],
    common: Mapping[str, Any],
) -> tuple[Comparison, dict[str, Any]]:
    """Tune settings; the comparison, and what the report shows beside it."""
    how: Any = {"sampler": options.search, "pruner": options.pruner}
    tuning = tune(
        study.data,
        study.learners,
        paths=paths,
        ranges=ranges or None,
        folds=options.folds,
        at_once=options.at_once,
        twins=options.twins,
        **how,
        **common,
    )
    comparison: Any = tuning.comparison
    return comparison, {"tuning": tuning}


def _weighed(
    options: TuneSettings,
    study: StudySettings,
    tuned: Sequence[str],
    common: Mapping[str, Any],
) -> tuple[Comparison, dict[str, Any]]:
    """Search the task weights of the first model; the others stand beside it."""
    given = {
        "--tune": tuned,
        "--pruner": options.pruner,
        "--folds": options.folds > 1,
        "--at-once": options.at_once > 1,
        "--twins": options.twins,
    }
    for flag, value in given.items():
        if value:
            sentence = f"{flag} is about settings, and --weights about weights. Give one of them."
            raise ParameterError(sentence)
    method: Any = options.weights
    learners = study.learners if options.model else _default_joint(study.learners)
    weights = tune_weights(study.data, learners[0], method=method, beside=learners[1:], **common)
    comparison: Any = weights.comparison
    return comparison, {"weights": weights}


def _default_joint(learners: Sequence[Learner]) -> Sequence[Learner]:
    """The first joint network without balancing among the default learners."""
    return [
        learner for learner in learners if isinstance(learner, MultiTaskNetwork) and learner.joint
    ][:1]
