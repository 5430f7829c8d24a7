"""What went less than well, and for which tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

__all__ = ["Notes"]

_MOST_NAMES = 5


class Notes:
    """Gathers remarks by their wording, so that 139 tasks make one sentence."""

    def __init__(self) -> None:
        self._tasks: dict[str, list[str]] = {}

    def about(self, tasks: Iterable[str]) -> Callable[[str], None]:
        """A function that takes remarks about some tasks."""
        names = tuple(tasks)

        def say(remark: str) -> None:
            known = self._tasks.setdefault(remark, [])
            known.extend(name for name in names if name not in known)

        return say

    def __str__(self) -> str:
        return " ".join(f"{_listed(tasks)}: {remark}." for remark, tasks in self._tasks.items())


def _listed(tasks: list[str]) -> str:
    more = len(tasks) - _MOST_NAMES
    return ", ".join(tasks[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
