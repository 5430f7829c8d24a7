"""`polytask tune`: read the table, whose errors come before torch is loaded, then tune."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polytask._workers import collection_paused
from polytask.cli._budget_options import budget
from polytask.cli._interrupt import ending_well
from polytask.cli._read_data import read_data
from polytask.cli._settings import TuneSettings, settings
from polytask.cli._tune_ranges import tune_ranges
from polytask.cli._voice import Voice
from polytask.data import check_parts, learnable_splits, splits_of

__all__ = ["run"]


_NOT_BEGUN = "no run had begun; trials that ended before are kept, and the same command goes on."


def run(given: Mapping[str, Any]) -> None:
    """Tune, and write report and log beside the files of the tuning."""
    options = settings(TuneSettings, given)
    paths, ranges = tune_ranges(options.tune)
    voice = Voice(options.quiet)
    voice.keep(f"asked for {options.model_dump_json(exclude_defaults=True)}")
    with ending_well(lambda: _NOT_BEGUN):
        data, splitter = read_data(options, voice)
        kept, splits, _ = splits_of(data, splitter, seed=0)
        _, splits, _ = learnable_splits(kept, splits)
        check_parts(splits)
        allowed = budget(options, kept, splitter, trials=options.trials)
        with collection_paused():
            from polytask.cli._run_tuning import run_tuning

        run_tuning(options, data, splitter, allowed, paths, ranges, voice)
