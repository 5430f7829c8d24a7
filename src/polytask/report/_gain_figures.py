"""Figures of gains over single-task: a forest plot of few tasks, a ranked plot of many."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.report._contests import Contest, Gain
from polytask.report._drawing._canvas import both
from polytask.report._drawing._forest import PlottedEstimate, forest
from polytask.report._drawing._ranked_plot import drawn_every, ranked_plot
from polytask.report._figure import Figure, Key
from polytask.report._format import interval, percent, plural
from polytask.report._population_view import percents
from polytask.report._study import Study, Style
from polytask.report._verdict_view import Answer

__all__ = ["few_figure", "many_figure", "population_figure"]

LEARNERS = 8  # in one figure
_UNIT = "\u00a0%"
_CAPTION = (
    "Dots are gains on the test rows, relative to the single-task value and signed so that "
    "positive is better; whiskers are their intervals."
)
_CUT = "An arrow stands for what lies beyond the axis; the table has its numbers."


def few_figure(study: Study, contests: Sequence[Contest]) -> Figure | None:
    """Draw a dot with its interval per task, for the first joint learners."""
    drawn = contests[:LEARNERS]
    estimates = [
        _estimate(gain, study.styles[contest.learner], contest.learner)
        for contest in drawn
        for gain in contest.gains
        if gain.gain is not None
    ]
    rows = [name for name in study.by_task if any(e.row == name for e in estimates)]
    if not rows:
        return None
    drawings, cut = both(
        lambda width: forest(
            rows, estimates, width, label="relative gain (right is better)", unit=_UNIT
        ),
        "gains",
    )
    styles = [(contest.learner, study.styles[contest.learner]) for contest in drawn]
    more = f" Drawn are {LEARNERS} of {len(contests)} learners." if len(contests) > LEARNERS else ""
    return Figure(
        title="Relative gain over single-task, by task",
        alt=_alt(drawn),
        drawings=drawings,
        caption=_caption(
            f"Filled: a difference was shown; hollow: none was.{more}",
            cut=cut,
        ),
        legend=[Key(name, style.color, style.symbol) for name, style in styles]
        if len(drawn) > 1
        else (),
    )


def many_figure(contest: Contest, position: int) -> Figure | None:
    """Draw all gains in order, coloured by answer, with their distribution at the side."""
    if not contest.ranked:
        return None
    estimates = [_estimate(gain, _style(gain.answer)) for gain in contest.ranked]
    drawings, cut = both(
        lambda width: ranked_plot(
            estimates,
            width,
            x_label="tasks, from the lowest gain up",
            y_label="relative gain",
            unit=_UNIT,
        ),
        f"gains{position}",
    )
    answers = [gain.answer for gain in contest.ranked]
    return Figure(
        title=f"{contest.learner}: gains of {plural(len(estimates), 'task')}, in order",
        alt=_alt([contest]),
        drawings=drawings,
        caption=_caption(
            "At the right, how many tasks have which gain."
            + (f" One in {drawn_every(estimates)} is drawn." if drawn_every(estimates) > 1 else ""),
            cut=cut,
        ),
        legend=[
            Key(
                f"{answer.text} ({answers.count(answer)})",
                answer.color,
                answer.symbol,
                answer.shown,
            )
            for answer in dict.fromkeys(answers)
        ],
    )


def population_figure(contest: Contest, position: int) -> Figure | None:
    """Draw the mean gain of tasks like these, and the interval of a further task's gain."""
    sample = contest.population
    if sample is None:
        return None
    estimates = [
        _of_population("mean of such tasks", sample.mean, sample.interval, solid=True),
        *(
            [_of_population("one more such task", sample.mean, sample.prediction, solid=False)]
            if sample.prediction
            else []
        ),
    ]
    drawings, cut = both(
        lambda width: forest(
            [estimate.row for estimate in estimates],
            estimates,
            width,
            label="relative gain (right is better)",
            unit=_UNIT,
        ),
        f"population{position}",
    )
    return Figure(
        title=f"{contest.learner}: tasks like these",
        alt="; ".join(f"{name}: {text}" for name, text in sample.facts) + ".",
        drawings=drawings,
        caption=f"{plural(sample.tasks, 'task')} as a sample of such tasks: the mean gain with its "
        "interval, and, hollow, the interval in which the gain of one more task lies."
        + (f" {_CUT}" if cut else ""),
    )


def _of_population(
    row: str, value: float, bounds: tuple[float, float], *, solid: bool
) -> PlottedEstimate:
    return PlottedEstimate(
        row=row,
        value=100 * value,
        interval=(100 * bounds[0], 100 * bounds[1]),
        color="accent",
        symbol="diamond",
        solid=solid,
        text=f"{row}: {percent(value, 2, signed=True)} {percents(bounds)}",
    )


def _style(answer: Answer) -> Style:
    return Style(answer.color, answer.symbol)


def _estimate(gain: Gain, style: Style, learner: str = "") -> PlottedEstimate:
    value = 100 * (gain.gain or 0.0)
    bounds = (100 * gain.bounds[0], 100 * gain.bounds[1]) if gain.bounds else None
    return PlottedEstimate(
        row=gain.task,
        value=value,
        interval=bounds,
        color=style.color,
        symbol=style.symbol,
        solid=gain.answer.shown,
        text=_gain_text(gain, learner),
    )


def _gain_text(gain: Gain, learner: str) -> str:
    bounds = [100 * bound for bound in gain.bounds] if gain.bounds else None
    subject = f"{gain.task}, {learner}" if learner else gain.task
    return f"{subject}: {gain.gain_text} {interval(bounds, 2)}, {gain.answer.text}"


def _caption(text: str, *, cut: bool) -> str:
    return " ".join([_CAPTION, text, *([_CUT] if cut else [])])


def _alt(contests: Sequence[Contest]) -> str:
    parts = []
    for contest in contests:
        values = [gain.gain for gain in contest.ranked if gain.gain is not None]
        if values:
            low, high = (percent(value, 2, signed=True) for value in (min(values), max(values)))
            parts.append(
                f"{contest.learner} against {contest.baseline}: "
                f"{plural(len(values), 'task')}, gains from {low} to {high}."
            )
    return " ".join(["Relative gains on the test rows.", *parts, "The table below has them all."])
