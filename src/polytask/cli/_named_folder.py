"""Folder of results that is named after table and study, so that the same command goes on there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polytask.cli._settings import DataSettings
from polytask.cli._source_paths import data_paths

__all__ = ["named_folder"]

_MOST_NAMES = 4


def named_folder(options: DataSettings, kind: str, parts: Sequence[Any]) -> Path:
    """A folder in ``runs`` whose name ends with a digest of what makes the study.

    Parameters
    ----------
    options : DataSettings
        Whose tables give the name.
    kind : str
        Begins the name; comparisons have none.
    parts : sequence
        Plain values for JSON, equal for commands that go on from each other.
    """
    study = json.dumps(list(parts), sort_keys=True)
    key = hashlib.sha256(study.encode()).hexdigest()[:8]
    paths = data_paths(options.table, options.source, "learn from")
    named = [name or path.name.split(".")[0] for name, path in paths.items()]
    more = f"-and-{len(named) - _MOST_NAMES}-more" * (len(named) > _MOST_NAMES)
    start = f"{kind}-" if kind else ""
    return Path("runs") / f"{start}{'-'.join(named[:_MOST_NAMES])}{more}-{key}"
