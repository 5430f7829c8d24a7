"""Transfer map, affinities and further analyses, with tables, sentences and report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polytask._files import write_json
from polytask.analysis import Analysis, GroupRuns, analyze_runs
from polytask.analysis._analysis import plan_runs
from polytask.cli._checked_tasks import checked
from polytask.cli._executors import executor_of
from polytask.cli._further_analyses import FURTHER, FurtherAnalysis
from polytask.cli._kept_records import kept_records
from polytask.cli._network_progress import network_progress
from polytask.cli._one_learner import one_learner
from polytask.cli._relation_data import RelationData
from polytask.cli._relation_folder import relation_folder, saying_what_is_kept
from polytask.cli._settings import AnalyzeSettings
from polytask.cli._voice import Voice
from polytask.learners import on_device
from polytask.report import write_relations

__all__ = ["run_analysis"]

_MOST_PAIRED = 12
"""Tasks of which all pairs are trained by default."""


def run_analysis(
    options: AnalyzeSettings,
    found: RelationData,
    further: Mapping[str, FurtherAnalysis],
    voice: Voice,
) -> None:
    """Measure, write, and print what was found."""
    data = checked(found.data, voice)
    learner: Any = one_learner(options, data, voice)
    (learner,) = on_device([learner], options.device, options.precision, "analyze")
    pairs = _pairs(options, len(data.tasks), voice)
    folder = relation_folder(options, found, learner, "analysis")
    with (
        saying_what_is_kept(folder, voice),
        executor_of(options.executor, options.jobs, options.device, voice) as executor,
        network_progress(quiet=options.quiet) as advance,
    ):
        runs = GroupRuns.of(
            data,
            learner,
            split=found.split,
            folds=found.folds,
            seeds=options.seeds,
            budget=found.budget,
            advance=advance,
            executor=executor,
        )
        asked: dict[str, Any] = {
            "affinities": options.affinity,
            "pairs": pairs,
            "sizes": options.sizes,
            "n_groups": options.random_groups,
            "seed": options.seed,
        }
        also = [group for one in further.values() for group in one.groups(runs)]
        planned = plan_runs(runs, **asked, also=also, most_networks=options.most_networks)
        voice.note(planned.words)
        with runs.keeping(folder, voice.warning):
            # those that read networks come first, since these are kept then for all
            first = {name: one for name, one in further.items() if one.groups_path is None}
            records = {name: one.function()(runs) for name, one in first.items()}
            analysis = analyze_runs(runs, **asked)
            rest = {name: one for name, one in further.items() if name not in first}
            records |= {name: one.function()(runs) for name, one in rest.items()}
    _write(folder, analysis, records, voice)


def _pairs(options: AnalyzeSettings, n_tasks: int, voice: Voice) -> bool:
    """Whether all pairs are trained; of many tasks only if the user says so."""
    if options.pairs is not None:
        return options.pairs
    if n_tasks > _MOST_PAIRED:
        voice.warning(
            f"  {n_tasks * (n_tasks - 1) // 2:,} pairs of {n_tasks} tasks are not trained, as for up "
            f"to {_MOST_PAIRED} tasks; --pairs trains them, --sizes 4 random groups"
        )
    return n_tasks <= _MOST_PAIRED


def _write(folder: Path, analysis: Analysis, records: Mapping[str, Any], voice: Voice) -> None:
    """Files and words; the report shows what earlier commands on the same study measured, too."""
    kept = kept_records(folder, records, analysis.transfer.tasks, voice)
    write_json(folder / "analysis.json", {"format": 1, **analysis.to_dict()})
    for name, record in records.items():
        write_json(folder / FURTHER[name].file, {"format": 1, **record.to_dict()})
    both = {**kept, **records}
    shown = tuple(both[name] for name in FURTHER if name in both)
    report = write_relations(analysis, folder / "report.html", shown)
    voice.result("\n\n".join(map(str, (analysis, *records.values()))))
    voice.result(f"\nreport  {report}")
    voice.write_log(folder / "log.txt")
