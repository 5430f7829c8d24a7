"""Records of further analyses that earlier commands wrote into the folder of a study."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from polytask._plain import read_json
from polytask.cli._further_analyses import FURTHER, FurtherAnalysis
from polytask.cli._voice import Voice
from polytask.exceptions import PolytaskError
from polytask.report import render_relations

__all__ = ["kept_records"]

_NO_RECORD = (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""What is raised where values are read or shown that no analysis wrote."""


def kept_records(
    folder: Path, measured: Collection[str], tasks: tuple[str, ...], voice: Voice
) -> dict[str, Any]:
    """The records of a folder that this command did not measure, by the name that `--also` takes.

    Parameters
    ----------
    folder : Path
        Of one study, which was checked to be that of this command.
    measured : collection of str
        What this command measures anew.
    tasks : tuple of str
        Of the study.
    voice : Voice
        Says which records are shown again, and which cannot be read; these stay as they are.
    """
    found = {}
    for name, one in FURTHER.items():
        path = folder / one.file
        if name in measured or not path.exists():
            continue
        record = _read(path, one)
        if record is not None and set(record.tasks) <= set(tasks):
            found[name] = record
            continue
        voice.warning(
            f"  {path} is no record of this study and is not shown; --also {name} writes it anew"
        )
    if found:
        voice.note(f"from earlier commands: {', '.join(found)}")
    return found


def _read(path: Path, one: FurtherAnalysis) -> Any:
    """The record in a file; None where it is none of that analysis, or cannot be shown."""
    try:
        plain = read_json(path)
        record = one.record_class().from_dict({k: v for k, v in plain.items() if k != "format"})
        str(record)  # where values of the right types are no record all the same
        render_relations(record)
    except (PolytaskError, *_NO_RECORD):
        return None
    return record
