"""Records of a training run: its evaluations, and the state that was kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from polytask._plain import from_plain

__all__ = ["EpochRecord", "History"]


@dataclass(frozen=True)
class EpochRecord:
    """Losses and weights at one evaluation during training.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    step : int
        Optimiser steps taken so far.
    seconds : float
        Wall-clock seconds since training began.
    train_losses : mapping of task to float
        Mean loss over the labelled rows seen in the epoch, before balancing.
    validation_losses : mapping of task to float
        Mean loss over the labelled validation rows; tasks without any are left out.
    weights : mapping of task to float
        Mean of the balancing weights over the epoch.
    learning_rate : float
    observed : mapping of observer to mapping
        What each observer (`polytask.observers`) returned, by its name, where that is something.
    """

    epoch: int
    step: int
    seconds: float
    train_losses: Mapping[str, float]
    validation_losses: Mapping[str, float]
    weights: Mapping[str, float]
    learning_rate: float
    observed: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.observed:  # read from a recipe's JSON, sequences are tuples
            object.__setattr__(self, "observed", _with_lists(self.observed))


def _with_lists(value: Any) -> Any:
    """Plain values in which every sequence is a list and every mapping a dict."""
    if isinstance(value, Mapping):
        return {key: _with_lists(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_lists(item) for item in value]
    return value


@dataclass
class History:
    """The epochs of a training run, the kept state, and why training ended.

    Attributes
    ----------
    epochs : list of EpochRecord
    best_epoch : int
        Epoch of the kept state (joint training; 0 where nothing was kept).
    best_epochs : dict of task to int
        Each task's own best epoch.
    stopped : str
        Why training ended, as a sentence.
    n_parameters : int
        Trainable parameters of the network.
    n_steps : int
        Optimiser steps taken.
    seconds : float
    found : dict
        The structure that a search found before training, as plain values; {} without a search.

    Examples
    --------
    >>> from polytask.bookkeeping import History
    >>> history = History(stopped="All epochs were run.", n_steps=40)
    >>> History.from_dict(history.to_dict()) == history
    True
    """

    epochs: list[EpochRecord] = field(default_factory=list)
    best_epoch: int = 0
    best_epochs: dict[str, int] = field(default_factory=dict)
    stopped: str = ""
    n_parameters: int = 0
    n_steps: int = 0
    seconds: float = 0.0
    found: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.found:
            self.found = _with_lists(self.found)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> History:
        """Build what `to_dict` wrote.

        Raises
        ------
        ValueError
            Naming the first field that is missing, unknown or holds something else.
        """
        return from_plain(cls, values)
