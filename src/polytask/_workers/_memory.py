"""Memory that is free for this process and its children."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["free_memory", "total_memory"]


def free_memory(proc: Path = Path("/proc"), control_groups: Path = Path("/sys/fs/cgroup")) -> float:
    """Free bytes of the machine, or of the control groups of this process if they have fewer.

    Elsewhere than on Linux it is the machine's whole memory, or infinity where even that is
    unknown.
    """
    try:
        free = _available_memory(proc)
    except (OSError, ValueError, IndexError):
        return total_memory()
    return max(0.0, min([free, *_free_in_groups(proc, control_groups)]))


def _available_memory(proc: Path) -> float:
    lines = (proc / "meminfo").read_text(encoding="ascii").splitlines()
    (kilobytes,) = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(kilobytes) * 1024.0


def total_memory() -> float:
    """Bytes of the machine's memory; infinite where they are unknown."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):  # no such function, or no such name
        return math.inf


def _free_in_groups(proc: Path, control_groups: Path) -> Iterator[float]:
    """Free bytes in each control group (version 1 or 2) of this process."""
    try:
        lines = (proc / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            names = ("memory.max", "memory.current", "inactive_file")
            yield from _free_in_group(control_groups, path, *names)
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _free_in_group(control_groups / "memory", path, *names)


def _free_in_group(root: Path, path: str, limit: str, used: str, cached: str) -> Iterator[float]:
    """Free bytes in a group and its ancestors, as far as a container shows them."""
    inner = root / path.strip("/")
    for group in [inner, *(parent for parent in inner.parents if parent.is_relative_to(root))]:
        try:
            maximum = int((group / limit).read_text(encoding="ascii"))
            current = int((group / used).read_text(encoding="ascii"))
        except (OSError, ValueError):  # not seen from here, or "max"
            continue
        yield float(maximum - current + _cached(group, cached))


def _cached(group: Path, name: str) -> int:
    """Bytes of cached files, which the system gives up when memory is needed."""
    try:
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
        return int(dict(line.split(maxsplit=1) for line in lines)[name])
    except (OSError, ValueError, KeyError):
        return 0
