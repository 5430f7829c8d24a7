"""Further analyses of `polytask analyze --also NAME`.

An analysis is a function that takes a `polytask.analysis.GroupRuns` (data, network, splits, seeds, budget and
the networks trained so far) and returns a record with `words`, `to_dict()` and `str()`. Add one by its
line in `FURTHER`, and its section of the report in `polytask.report._sections`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from polytask._naming import fold, suggestion
from polytask.exceptions import MissingDependencyError, UnknownNameError

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
    takes : tuple of (str, str), optional
        A package that it imports, and the extra of polytask that installs it.
    groups_path : str, optional
        A function, ``module:function``, that takes the `GroupRuns` and returns the groups that it trains.
    record : str
        The class of its record, ``module:class``, with `from_dict`.
    """

    file: str
    what: str
    path: str
    takes: tuple[str, str] | None = None
    groups_path: str | None = None
    record: str = field(kw_only=True)

    def check(self) -> None:
        """Raise unless the package that it takes is there.

        Raises
        ------
        MissingDependencyError
        """
        if self.takes is not None and find_spec(self.takes[0]) is None:
            package, extra = self.takes
            sentence = (
                f"{self.what[0].upper()}{self.what[1:]}, takes {package}, which is not installed. "
                f"Install it: pip install 'polytask[{extra}]'."
            )
            raise MissingDependencyError(sentence)

    def function(self) -> Callable[..., Any]:
        """The function that measures."""
        return _imported(self.path)

    def record_class(self) -> Any:
        """The class of its record."""
        return _imported(self.record)

    def groups(self, runs: Any) -> Sequence[tuple[str, ...]]:
        """The groups of tasks that it trains, beside each task alone and all together."""
        return () if self.groups_path is None else _imported(self.groups_path)(runs)


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


FURTHER: Mapping[str, FurtherAnalysis] = {
    "attributions": FurtherAnalysis(
        "attributions.json",
        "which columns each task looks at, by shuffling them",
        "polytask.analysis._attribute:attributions_of_runs",
        record="polytask.analysis:Attributions",
    ),
    "gradients": FurtherAnalysis(
        "gradients.json",
        "which columns each task looks at, by integrated gradients of the network",
        "polytask.analysis._attribute:gradients_of_runs",
        ("captum", "explain"),
        record="polytask.analysis:Attributions",
    ),
    "relations": FurtherAnalysis(
        "relations.json",
        "what one joint network has learned of how tasks are related",
        "polytask.analysis._relations_of_runs:relations_of_runs",
        record="polytask.analysis:LearnedRelations",
    ),
    "sources": FurtherAnalysis(
        "sources.json",
        "which source task helped which prediction, by leaving out one task at a time",
        "polytask.analysis._measure_sources:sources_of_runs",
        groups_path="polytask.analysis._measure_sources:groups_of_sources",
        record="polytask.analysis:SourceTasks",
    ),
}
"""By the name that `--also` takes, in the order of the alphabet."""

LISTED = "; ".join(f"{name} ({one.what})" for name, one in FURTHER.items())
"""For the help of `--also`."""


def further_analyses(names: Iterable[str]) -> dict[str, FurtherAnalysis]:
    """The analyses that `--also` names, each once.

    Raises
    ------
    UnknownNameError
        If there is no such analysis.
    MissingDependencyError
        If it takes a package that is not installed.
    """
    known = {fold(name): name for name in FURTHER}
    chosen = {}
    for name in names:
        if fold(name) not in known:
            sentence = f"--also: there is no analysis named {name!r}. {suggestion(name, FURTHER)}"
            raise UnknownNameError(sentence)
        analysis = FURTHER[known[fold(name)]]
        analysis.check()
        chosen[known[fold(name)]] = analysis
    return chosen
