"""Tasks whose losses and metrics are checked before anything is fitted."""

from __future__ import annotations

from polytask.cli._voice import Voice
from polytask.data import MultiTaskDataset
from polytask.learners import with_checked_tasks

__all__ = ["checked"]


def checked(data: MultiTaskDataset, voice: Voice) -> MultiTaskDataset:
    """The data set with settled losses and metrics; prints the notes on what was settled."""
    settled = with_checked_tasks(data)
    for note in settled.notes:
        if note not in data.notes:
            voice.warning(f"  {note}")
    return settled
