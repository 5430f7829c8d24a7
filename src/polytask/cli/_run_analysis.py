"""Transfer map and affinities, with table, sentences and report."""

from __future__ import annotations

from collections.abc import Sequence

from polytask._files import write_json
from polytask._validation import message
from polytask.analysis import analyze
from polytask.cli._checked_tasks import checked
from polytask.cli._network_progress import network_progress
from polytask.cli._one_learner import one_learner
from polytask.cli._relation_data import RelationData
from polytask.cli._settings import AnalyzeSettings
from polytask.cli._voice import Voice
from polytask.exceptions import ParameterError
from polytask.learners import on_device
from polytask.report import write_relations

__all__ = ["run_analysis"]

_MOST_PAIRED = 12
"""Tasks of which all pairs are trained by default."""


def run_analysis(options: AnalyzeSettings, found: RelationData, voice: Voice) -> None:
    """Measure, write, and print what was found."""
    data = checked(found.data, voice)
    learner = one_learner(options, data, voice)
    (learner,) = on_device([learner], options.device, options.precision, "analyze")
    n_tasks = len(data.tasks)
    pairs = options.pairs if options.pairs is not None else n_tasks <= _MOST_PAIRED
    if options.pairs is None and not pairs:
        voice.warning(
            f"  {n_tasks * (n_tasks - 1) // 2:,} pairs of {n_tasks} tasks are not trained, as for up "
            f"to {_MOST_PAIRED} tasks; --pairs trains them, --sizes 4 random groups"
        )
    with network_progress(quiet=options.quiet) as advance:
        analysis = analyze(
            data,
            learner,
            affinities=options.affinity,
            split=found.split,
            folds=found.folds,
            seeds=options.seeds,
            budget=found.budget,
            pairs=pairs,
            sizes=_sizes(options.sizes),
            n_groups=options.random_groups,
            seed=options.seed,
            advance=advance,
        )
    options.out.mkdir(parents=True, exist_ok=True)
    write_json(options.out / "analysis.json", {"format": 1, **analysis.to_dict()})
    report = write_relations(analysis, options.out / "report.html")
    voice.result(str(analysis))
    voice.result(f"\nreport  {report}")
    voice.write_log(options.out / "log.txt")


def _sizes(texts: Sequence[str]) -> list[int]:
    for text in texts:
        if not text.isdecimal():
            expected = "whole numbers of at least 2"
            raise ParameterError(message("the command line", "sizes", expected, text))
    return [int(text) for text in texts]
