"""Figures of gains over single-task: every task while they are few, else in order."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.report._contests import Contest, Gain
from polytask.report._drawing._canvas import both
from polytask.report._drawing._forest import Estimate, forest
from polytask.report._drawing._ranked import every, ranked
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


def few_figure(study: Study, found: Sequence[Contest]) -> Figure | None:
    """A dot with its interval for every task, of the first joint learners."""
    drawn = found[:LEARNERS]
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
    more = f" Drawn are {LEARNERS} of {len(found)} learners." if len(found) > LEARNERS else ""
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


def many_figure(contest: Contest, place: int) -> Figure | None:
    """All gains in order, coloured by answer, with their distribution at the side."""
    if not contest.ranked:
        return None
    estimates = [_estimate(gain, _style(gain.answer)) for gain in contest.ranked]
    drawings, cut = both(
        lambda width: ranked(
            estimates,
            width,
            x_label="tasks, from the lowest gain up",
            y_label="relative gain",
            unit=_UNIT,
        ),
        f"gains{place}",
    )
    answers = [gain.answer for gain in contest.ranked]
    return Figure(
        title=f"{contest.learner}: gains of {plural(len(estimates), 'task')}, in order",
        alt=_alt([contest]),
        drawings=drawings,
        caption=_caption(
            "At the right, how many tasks have which gain."
            + (f" One in {every(estimates)} is drawn." if every(estimates) > 1 else ""),
            cut=cut,
        ),
        legend=[
            Key(
                f"{answer.words} ({answers.count(answer)})",
                answer.color,
                answer.symbol,
                answer.shown,
            )
            for answer in dict.fromkeys(answers)
        ],
    )


def population_figure(contest: Contest, place: int) -> Figure | None:
    """The mean gain of tasks like these, and where the gain of one more of them lies."""
    found = contest.population
    if found is None:
        return None
    estimates = [
        _of_population("mean of such tasks", found.mean, found.interval, solid=True),
        *(
            [_of_population("one more such task", found.mean, found.prediction, solid=False)]
            if found.prediction
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
        f"population{place}",
    )
    return Figure(
        title=f"{contest.learner}: tasks like these",
        alt="; ".join(f"{name}: {words}" for name, words in found.facts) + ".",
        drawings=drawings,
        caption=f"{plural(found.tasks, 'task')} as a sample of such tasks: the mean gain with its "
        "interval, and, hollow, the interval in which the gain of one more task lies."
        + (f" {_CUT}" if cut else ""),
    )


def _of_population(row: str, value: float, bounds: tuple[float, float], *, solid: bool) -> Estimate:
    return Estimate(
        row=row,
        value=100 * value,
        interval=(100 * bounds[0], 100 * bounds[1]),
        color="accent",
        symbol="diamond",
        solid=solid,
        words=f"{row}: {percent(value, 2, signed=True)} {percents(bounds)}",
    )


def _style(answer: Answer) -> Style:
    return Style(answer.color, answer.symbol)


def _estimate(gain: Gain, style: Style, learner: str = "") -> Estimate:
    value = 100 * (gain.gain or 0.0)
    bounds = (100 * gain.bounds[0], 100 * gain.bounds[1]) if gain.bounds else None
    return Estimate(
        row=gain.task,
        value=value,
        interval=bounds,
        color=style.color,
        symbol=style.symbol,
        solid=gain.answer.shown,
        words=_words(gain, learner),
    )


def _words(gain: Gain, learner: str) -> str:
    bounds = [100 * bound for bound in gain.bounds] if gain.bounds else None
    subject = f"{gain.task}, {learner}" if learner else gain.task
    return f"{subject}: {gain.gain_text} {interval(bounds, 2)}, {gain.answer.words}"


def _caption(words: str, *, cut: bool) -> str:
    return " ".join([_CAPTION, words, *([_CUT] if cut else [])])


def _alt(found: Sequence[Contest]) -> str:
    parts = []
    for contest in found:
        values = [gain.gain for gain in contest.ranked if gain.gain is not None]
        if values:
            low, high = (percent(value, 2, signed=True) for value in (min(values), max(values)))
            parts.append(
                f"{contest.learner} against {contest.baseline}: "
                f"{plural(len(values), 'task')}, gains from {low} to {high}."
            )
    return " ".join(["Relative gains on the test rows.", *parts, "The table below has them all."])
