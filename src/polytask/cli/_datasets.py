"""`polytask datasets`: list public data sets, and write them as plain tables."""

from __future__ import annotations

import shlex
from pathlib import Path

from polytask._listing import count, first_names
from polytask._naming import fold
from polytask.cli._interrupt import ending_well
from polytask.cli._places import at_home
from polytask.cli._tables import check_writable, new_folder, write_table
from polytask.cli._voice import Voice
from polytask.datasets import DatasetInfo, as_table, catalogue
from polytask.exceptions import ParameterError

__all__ = ["run"]

_MOST_TASKS = 6


def run(name: str | None, out: Path | None) -> None:
    """List all data sets, describe one, or write one."""
    voice = Voice()
    with ending_well(lambda: "nothing was written."):
        if name is None:
            if out is not None:
                raise ParameterError("Name the data set to write, as in: polytask datasets digits.")
            _list(voice)
        elif out is None:
            _describe(voice, name)
        else:
            _write(voice, name, at_home(out))


def _list(voice: Voice) -> None:
    infos = catalogue()
    head = ("name", "rows", "tasks", "where", "what")
    rows = [
        (info.name, f"{info.rows:,}", str(len(info.tasks)), info.availability, info.description)
        for info in infos
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for cells in [head, *rows]:
        padded = (
            cell.rjust(width) if index in {1, 2} else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        voice.result("  ".join(padded).rstrip())


def _describe(voice: Voice, name: str) -> None:
    info = _info(name)
    shown = first_names(info.tasks, _MOST_TASKS)
    file = f"{info.name}.csv"
    voice.result(f"{info.name}: {info.description}")
    voice.result(f"  rows      {info.rows:,}")
    voice.result(f"  tasks     {len(info.tasks)}: {shown}")
    voice.result(f"  licence   {info.licence}")
    voice.result(f"  source    {info.citation}")
    voice.result(f"  where     {info.availability}")
    voice.result(f"  write     polytask datasets {info.name} --out {file}")
    voice.result(f"  compare   polytask compare {file} {info.flags}")


def _info(name: str) -> DatasetInfo:
    for info in catalogue():
        if fold(info.name) == fold(name):
            return info
    as_table(name)  # raises, naming the nearest
    raise AssertionError(name)


def _write(voice: Voice, name: str, out: Path) -> None:
    check_writable(out)
    table, made = as_table(name), new_folder(out)
    write_table(table, out)
    voice.result(f"{out}: {count(table.height, 'row')}, {count(table.width, 'column')}{made}")
    voice.result(f"next: polytask compare {shlex.quote(str(out))} {_info(name).flags}")
