"""Records of finished runs: one JSON line each, so that an interrupted benchmark goes on."""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Records:
    """The file ``runs.jsonl`` of a folder; each line has a `key` that names its run."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "runs.jsonl"

    def read(self) -> list[dict[str, Any]]:
        """All records; a line that an interruption cut short is left out."""
        if not self.path.is_file():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("}\n")]

    def keys(self) -> set[str]:
        """Names of the runs that have ended."""
        return {record["key"] for record in self.read()}

    def add(self, record: Mapping[str, Any]) -> None:
        """Append a record, on a line of its own also after one that was cut short."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = self.path.read_text(encoding="utf-8") if self.path.is_file() else ""
        start = "\n" if text and not text.endswith("\n") else ""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{start}{json.dumps(record)}\n")


def key_of(*parts: object) -> str:
    """A short name of a run that changes with anything that defines it."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cpu_seconds() -> float:
    """Processor time of this process and of its workers that ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


@contextmanager
def progress(sentence: str) -> Iterator[dict[str, Any]]:
    """Measure a run, and show one line on stderr when it has ended; what is noted is shown too."""
    noted: dict[str, Any] = {}
    cpu, clock = cpu_seconds(), time.perf_counter()
    yield noted
    spent = {"CPU s": cpu_seconds() - cpu, "s": time.perf_counter() - clock}
    shown = " ".join(f"{name} {value:.4g}" for name, value in {**noted, **spent}.items())
    print(f"{sentence}: {shown}", file=sys.stderr, flush=True)
