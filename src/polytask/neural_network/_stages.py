"""Stages of a training, of which those that are done are not repeated after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polytask._files import writing
from polytask._reason import reason
from polytask.exceptions import CheckpointError, PolytaskError, StudyError
from polytask.training._checkpoint import Checkpoint, load_state, save_state

__all__ = ["Stages"]


class Stages:
    """Results of stages in one checkpoint, beside the state of the stage that runs.

    Parameters
    ----------
    path : Path, optional
        The checkpoint; without one nothing is kept.
    identity : str
        Of recipe, data and seed.
    """

    def __init__(self, path: Path | None, identity: str) -> None:
        self.path, self.identity = None if path is None else Path(path), identity
        self.kept: dict[str, Any] = self._read()

    @property
    def checkpoint(self) -> Checkpoint | None:
        """What the trainer of the next stage writes to."""
        return None if self.path is None else Checkpoint(self.path, self.kept)

    def done(self, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """The result of a stage: what the checkpoint holds, or that of `work`, which is then kept.

        Parameters
        ----------
        name : str
        work : callable
            Returns nested mappings of tensors and plain values.
        """
        if name not in self.kept:
            self.kept = {**self.kept, name: work()}
            if self.path is not None:
                save_state(self.path, {"kept": self.kept})
        return self.kept[name]

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Name the checkpoint in errors of what was read from it, whose values are wrong.

        Raises
        ------
        StudyError
        """
        read = set(self.kept)
        try:
            yield
        except PolytaskError:
            raise
        except Exception as error:
            if self.path is None or read == {"identity"} or set(self.kept) - read:
                raise
            sentence = (
                f"Training cannot go on from {self.path.name} ({reason(error)}). "
                "Delete it to start anew."
            )
            raise StudyError(sentence) from error

    def _read(self) -> dict[str, Any]:
        """Results of finished stages."""
        fresh = {"identity": self.identity}
        if self.path is None:
            return fresh
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            return fresh
        state = load_state(self.path)
        kept = state.get("kept")
        if not isinstance(kept, Mapping) or kept.get("identity") != self.identity:
            sentence = (
                f"{self.path.name} belongs to another recipe, data set or seed. "
                "Delete it, or name another checkpoint."
            )
            raise CheckpointError(sentence)
        return dict(kept)
