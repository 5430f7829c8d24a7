"""`polytask group`: read the table, whose errors come before torch is loaded, then train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polytask._workers import collection_paused
from polytask.cli._interrupt import ending_well
from polytask.cli._relation_data import (
    NOTHING_BEGUN,
    check_result_folder,
    relation_data,
    relation_settings,
)
from polytask.cli._settings import GroupSettings
from polytask.cli._voice import Voice

__all__ = ["run"]

_FILES = ("grouping.json", "report.html", "log.txt", "model")


def run(given: Mapping[str, Any]) -> None:
    """Group, train the groups, and write record, report, model and log."""
    options = relation_settings(GroupSettings, "group", given)
    voice = Voice(options.quiet)
    voice.keep(f"asked for {options.model_dump_json(exclude_defaults=True)}")
    with ending_well(lambda: NOTHING_BEGUN):
        check_result_folder(options.out, _FILES)
        found = relation_data(options, voice)
        with collection_paused():
            from polytask.cli._run_grouping import run_grouping

        run_grouping(options, found, voice)
