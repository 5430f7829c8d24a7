"""`polytask analyze`: read the table, whose errors come before torch is loaded, then train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytask._workers import collection_paused
from polytask.cli._further_analyses import FURTHER, further_analyses
from polytask.cli._interrupt import ending_well
from polytask.cli._relation_data import (
    NOTHING_BEGUN,
    check_result_folder,
    relation_data,
    relation_settings,
)
from polytask.cli._settings import AnalyzeSettings
from polytask.cli._voice import Voice
from polytask.exceptions import ParameterError

__all__ = ["run"]

_FILES = ("analysis.json", "report.html", "log.txt", *(one.file for one in FURTHER.values()))


def run(given: Mapping[str, Any]) -> None:
    """Analyze, and write record, report and log."""
    options = relation_settings(AnalyzeSettings, "analyze", given)
    voice = Voice(options.quiet)
    voice.keep(f"asked for {options.model_dump_json(exclude_defaults=True)}")
    with ending_well(lambda: NOTHING_BEGUN):
        further = further_analyses(options.also)
        check_result_folder(options.out, _FILES)
        found = relation_data(options, voice)
        _check_sizes(options.sizes, len(found.data.tasks))
        with collection_paused():
            from polytask.cli._run_analysis import run_analysis

        run_analysis(options, found, further, voice)


def _check_sizes(sizes: Sequence[int], n_tasks: int) -> None:
    for size in sizes:
        if size > n_tasks:
            sentence = f"--sizes must be at most the number of tasks, {n_tasks}. Got {size}."
            raise ParameterError(sentence)
