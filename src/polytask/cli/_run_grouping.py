"""Groups of tasks, verified by training, with table, sentences, report and model."""

from __future__ import annotations

from typing import Any

from polytask._files import write_json
from polytask.cli._checked_tasks import checked
from polytask.cli._executors import executor_of
from polytask.cli._network_progress import network_progress
from polytask.cli._one_learner import one_learner
from polytask.cli._relation_data import RelationData
from polytask.cli._relation_folder import relation_folder, saying_what_is_kept
from polytask.cli._said_warnings import warnings_as_notes
from polytask.cli._score_table import score_table
from polytask.cli._settings import GroupSettings
from polytask.cli._voice import Voice
from polytask.data import MultiTaskDataset
from polytask.evaluation import evaluate
from polytask.learners import on_device
from polytask.predictor import FittedPredictor, check_folder, remove_unfinished_saves
from polytask.report import write_relations
from polytask.search import Grouping, group, train_groups
from polytask.training import silently

__all__ = ["run_grouping"]


def run_grouping(options: GroupSettings, found: RelationData, voice: Voice) -> None:
    """Group, train one network per group, write, and print what was found."""
    data = checked(found.data, voice)
    learner: Any = one_learner(options, data, voice)
    (learner,) = on_device([learner], options.device, options.precision, "group")
    folder = relation_folder(options, found, learner, "grouping")
    remove_unfinished_saves(folder / "model")
    check_folder(folder / "model")
    with (
        saying_what_is_kept(folder, voice),
        warnings_as_notes(voice),
        executor_of(options.executor, options.jobs, options.device, voice) as executor,
        network_progress(quiet=options.quiet) as advance,
    ):
        grouping = group(
            data,
            learner,
            affinities=options.affinity,
            split=found.split,
            folds=found.folds,
            seeds=options.seeds,
            budget=found.budget,
            most_networks=options.most_networks,
            n_random=options.random_groups,
            seed=options.seed,
            advance=advance,
            out=folder,
            executor=executor,
        )
        with silently():
            predictor = train_groups(
                grouping,
                data.take(found.split.train),
                data.take(found.split.validation),
                learner,
                budget=found.budget,
            )
    write_json(folder / "grouping.json", {"format": 1, **grouping.to_dict()})
    report = write_relations(grouping, folder / "report.html")
    predictor.save(folder / "model")
    _show(grouping, predictor, data.take(found.split.test), voice)
    voice.result(f"model   {folder / 'model'}")
    voice.result(f"report  {report}")
    voice.write_log(folder / "log.txt")


def _show(
    grouping: Grouping, predictor: FittedPredictor, test: MultiTaskDataset, voice: Voice
) -> None:
    voice.result(str(grouping))
    if test.n_rows:
        voice.result(f"\nthe model on {test.n_rows:,} test rows:")
        voice.result(score_table(predictor.tasks, evaluate(predictor, test)))
    voice.result("")
