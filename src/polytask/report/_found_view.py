"""Section *Structures found by search*: which tasks share which stages, per learner that searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polytask.bookkeeping._shape_of_found import shape_of_found
from polytask.report._study import Study

__all__ = ["FoundView", "found_views"]


@dataclass(frozen=True)
class FoundView:
    """What one learner found in a run.

    Attributes
    ----------
    learner : str
    drawing : str
        The structure as text, one line per task.
    words : str
        One paragraph.
    alike : str
        In how many of the runs the same was found.
    """

    learner: str
    drawing: str
    words: str
    alike: str


def found_views(study: Study, run: int) -> Sequence[FoundView]:
    """Read the section: the structure that each learner found in a run, if it searched for one."""
    views = []
    for learner in study.learners:
        runs = [one.get("found") or {} for one in learner["runs"]]
        found = runs[run] if run < len(runs) else {}
        if "drawing" not in found:
            continue
        same = sum(shape_of_found(one) == shape_of_found(found) for one in runs)
        alike = f"Found alike in {same} of {len(runs)} runs." if len(runs) > 1 else ""
        views.append(FoundView(learner["name"], found["drawing"], found["words"], alike))
    return views
