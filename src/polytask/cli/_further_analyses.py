"""Further analyses of `polytask analyze --also NAME`.

An analysis is a function that takes a `polytask.analysis.GroupRuns` (data, network, splits, seeds, budget and
the networks trained so far) and returns a record with `words`, `to_dict()` and `str()`. Add one by its
line in `FURTHER`, and its section of the report in `polytask.report._sections`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from polytask._naming import fold, suggestion
from polytask.exceptions import UnknownNameError

__all__ = ["FURTHER", "LISTED", "FurtherAnalysis", "further_analyses"]


@dataclass(frozen=True)
class FurtherAnalysis:
    """An analysis beside transfer map and affinities.

    Parameters
    ----------
    file : str
        Name of its record in the folder of results.
    what : str
        What it measures, for the help.
    path : str
        Its function, ``module:function``; imported when it is used.
    """

    file: str
    what: str
    path: str

    def function(self) -> Callable[..., Any]:
        """The function that measures."""
        module, _, name = self.path.partition(":")
        return getattr(import_module(module), name)


FURTHER: Mapping[str, FurtherAnalysis] = {}
"""By the name that `--also` takes, in the order of the alphabet."""

LISTED = "; ".join(f"{name} ({one.what})" for name, one in FURTHER.items())
"""For the help of `--also`."""


def further_analyses(names: Iterable[str]) -> dict[str, FurtherAnalysis]:
    """The analyses that `--also` names, each once.

    Raises
    ------
    UnknownNameError
        If there is no such analysis.
    """
    known = {fold(name): name for name in FURTHER}
    chosen = {}
    for name in names:
        if fold(name) not in known:
            sentence = f"--also: there is no analysis named {name!r}. {suggestion(name, FURTHER)}"
            raise UnknownNameError(sentence)
        chosen[known[fold(name)]] = FURTHER[known[fold(name)]]
    return chosen
