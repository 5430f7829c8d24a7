"""The checkpoint of a training run while it trains."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polytask._files import writing
from polytask._reason import reason
from polytask.bookkeeping import EpochRecord
from polytask.exceptions import PolytaskError, StudyError
from polytask.training._checkpoint import Checkpoint
from polytask.training._run_state import Resumable, resume_run, save_run

__all__ = ["OnEpoch", "Saver"]

OnEpoch = Callable[[EpochRecord], None]


class Saver:
    """Writer of a run's checkpoint, at most once per interval.

    Parameters
    ----------
    checkpoint : Path or Checkpoint
    identity : str
        Of recipe, data and seed.
    seconds : float
        Least seconds between two writes.
    """

    def __init__(self, checkpoint: Path | Checkpoint, identity: str, seconds: float) -> None:
        self.kept: Mapping[str, Any] | None = None
        if isinstance(checkpoint, Checkpoint):
            self.path, self.kept = checkpoint.path, checkpoint.kept
        else:
            self.path = Path(checkpoint)
        self.identity, self.seconds = identity, seconds
        self.last = time.monotonic()
        self.resumed = False
        self.user_error: Exception | None = None

    def resume(self, run: Resumable) -> None:
        """Restore the state of the file, if it is there."""
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            resume_run(run, self.path, self.identity, self.kept)
            self.resumed = True

    def watched(self, on_epoch: OnEpoch | None) -> OnEpoch | None:
        """The user's function, with its errors recorded: they are not errors of training."""
        if on_epoch is None:
            return None

        def watching(record: EpochRecord) -> None:
            try:
                on_epoch(record)
            except Exception as error:
                self.user_error = error
                raise

        return watching

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Name the checkpoint in errors of a training run that was resumed from it.

        A wrong state of an optimiser or of early stopping fails only when it is used.
        """
        try:
            yield
        except PolytaskError:
            raise
        except Exception as error:
            if not self.resumed or error is self.user_error:
                raise
            sentence = (
                f"Training cannot go on from {self.path.name} ({reason(error)}). "
                "Delete it to start anew."
            )
            raise StudyError(sentence) from error

    def __call__(self, run: Resumable) -> None:
        """Write the run's state if the interval is over."""
        if time.monotonic() - self.last >= self.seconds:
            save_run(run, self.path, self.identity, self.kept)
            self.last = time.monotonic()
