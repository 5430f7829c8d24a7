"""Figure of a tuning: the best value so far, trial by trial."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.report._drawing._canvas import both
from polytask.report._drawing._lines import Line, Point, lines
from polytask.report._figure import Figure, Key
from polytask.report._format import number
from polytask.report._study import Study
from polytask.report._tuning_view import History

__all__ = ["LEARNERS", "history_figure"]

LEARNERS = 8  # in the figure
FOLDS = 5  # further splits are left out


def history_figure(study: Study, histories: Sequence[History]) -> Figure | None:
    """Draw the best value so far against trials, with a symbol at the best trial."""
    known = [history for history in histories if any(v is not None for v in history.values)]
    names = [name for name in study.by_weight if any(name == h.learner for h in known)][:LEARNERS]
    if not names:
        return None
    drawn = [h for name in names for h in known if h.learner == name and h.fold < FOLDS]
    drawings, _ = both(
        lambda width: lines(
            [_line(study, history) for history in drawn],
            [point for history in drawn for point in _best(study, history)],
            width,
            x_label="trials",
            y_label="best gain so far, %",
            height=300,
        ),
        "tuning",
    )
    best = ", ".join(f"{h.learner} {number(_last(h), 2, signed=True)} %" for h in drawn[:LEARNERS])
    return Figure(
        title="Best gain on the rows that choose, trial by trial",
        alt=f"Best gain so far over each learner's own first trial, in percent: {best}. The table "
        "below says which trial was best.",
        drawings=drawings,
        caption="Each learner against its own first trial, which is the learner as given: curves say "
        "how much tuning brought, not which learner is better. A symbol stands at the best trial; "
        "faint lines are further splits. Gains on rows that chose are larger than on new rows.",
        legend=[Key(name, study.styles[name].color, study.styles[name].symbol) for name in names],
    )


def _last(history: History) -> float:
    return next(value for value in reversed(history.values) if value is not None)


def _line(study: Study, history: History) -> Line:
    gain = number(_last(history), 2, signed=True)
    return Line(
        range(1, len(history.values) + 1),
        history.values,
        study.styles[history.learner].color,
        f"{history.learner}: {gain} % after {len(history.values)} trials",
        faint=history.fold > 0,
    )


def _best(study: Study, history: History) -> list[Point]:
    if history.best is None or history.fold > 0:
        return []
    value = history.values[history.best]
    if value is None:
        return []
    style = study.styles[history.learner]
    text = f"{history.learner}: trial {history.best} was best, {number(value, 2, signed=True)} %"
    return [Point(history.best + 1, value, style.color, style.symbol, text)]
