"""Remarks about problems of a fit, and the tasks that they concern."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from polytask._listing import first_and_more

__all__ = ["Remarks"]

_MOST_NAMES = 5
_MOST_REMARKS = 10


class Remarks:
    """Remarks grouped by their wording, so that 139 tasks make one sentence."""

    def __init__(self) -> None:
        self._tasks: dict[str, list[str]] = {}

    def about(self, tasks: Iterable[str]) -> Callable[[str], None]:
        """Return a function that adds a remark about these tasks."""
        names = tuple(tasks)

        def add(remark: str) -> None:
            known = self._tasks.setdefault(remark, [])
            known.extend(name for name in names if name not in known)

        return add

    def __str__(self) -> str:
        sentences = [
            f"{first_and_more(tasks, _MOST_NAMES)}: {remark}."
            for remark, tasks in self._tasks.items()
        ]
        left = len(sentences) - _MOST_REMARKS
        if left > 1:
            sentences[_MOST_REMARKS:] = [f"{left} more remarks on other tasks."]
        return " ".join(sentences)
