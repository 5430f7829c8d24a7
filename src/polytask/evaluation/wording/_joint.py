"""Sentences on whether joint training helped."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from polytask._listing import count
from polytask.evaluation.judging._answer import HELPED, HURT, MIXED, TOO_FEW, UNDEFINED
from polytask.evaluation.judging._comparison_records import LearnerDifference, TaskDifference
from polytask.evaluation.judging._population import Population
from polytask.evaluation.wording._average import average, average_sentence, left_out_sentence
from polytask.evaluation.wording._sentences import about_population
from polytask.evaluation.wording._words import together

__all__ = ["about_joint"]

_MOST_TASK_SENTENCES = 12


def about_joint(main: LearnerDifference | None, some_joint: bool) -> tuple[str, list[str]]:
    """Write a headline and further sentences on joint training.

    Parameters
    ----------
    main : LearnerDifference or None
        The joint learner that validation rows prefer, against its single-task self.
    some_joint : bool
        Whether a joint learner took part.
    """
    if main is None and some_joint:
        return "Whether joint training helps cannot be said: training alone gave no model.", []
    if main is None:
        return "No joint learner took part, so whether joint training helps was not asked.", []
    pair = f"{main.learner} against {main.baseline}"
    if len(main.tasks) == 1:
        sentence = "One task: there is nothing to share."
        return f"{sentence} Differences of {pair} are those of architecture, size or chance.", []
    if main.population is not None:
        return _of_population(main, main.population, pair)
    tasks = _task_sentences(main)
    return f"{_opening(main)} ({pair}).", [
        *_contrast(main),
        *tasks,
        average_sentence(main.delta_m),
    ]


def _of_population(main: LearnerDifference, many: Population, pair: str) -> tuple[str, list[str]]:
    """Sentences on many small tasks, which are judged as a sample of tasks."""
    openings = {
        HELPED: "Joint training helped tasks like these on average",
        HURT: "Joint training hurt tasks like these on average",
    }
    opening = openings.get(main.answer, "No difference on average over tasks like these is shown")
    sentence = f"{about_population(many)}."
    sentences = [sentence[0].upper() + sentence[1:]]
    if many.tested_alone:
        sentences.append(
            f"{count(many.tested_alone, 'task')} of {len(many.tasks)} have test rows enough for a "
            f"verdict of their own: joint training helped on {main.counts[HELPED]} and hurt on "
            f"{main.counts[HURT]}."
        )
        sentences += _named(main, (HELPED, HURT))
    else:
        sentences.append(
            "No single task has test units enough for a verdict of its own (the median task has "
            f"{many.median_units:g})."
        )
    if many.left_out:
        sentences.append(left_out_sentence(many.left_out).strip())
    return f"{opening} ({pair}).", sentences


def _contrast(main: LearnerDifference) -> list[str]:
    """Sentence for tasks' answers that contradict their average."""
    value = main.delta_m.value
    if value is None or (main.answer, value > 0) not in {(HELPED, False), (HURT, True)}:
        return []
    sentence = (
        f"On average over tasks the change is {average(main.delta_m)}: "
        "tasks on which nothing is shown by itself weigh more."
    )
    return [sentence]


def _opening(main: LearnerDifference) -> str:
    total = count(sum(main.counts.values()), "task")
    helped, hurt = main.counts[HELPED], main.counts[HURT]
    if main.answer == UNDEFINED:
        return "Whether joint training helps cannot be said: the metrics are undefined"
    if main.answer == TOO_FEW:
        return "Whether joint training helps cannot be said: there are too few test units"
    if main.answer == MIXED:
        return f"Joint training helped on {helped} and hurt on {hurt} of {total}"
    if helped:
        return f"Joint training helped on {helped} of {total} and hurt on none"
    if hurt:
        return f"Joint training hurt on {hurt} of {total} and helped on none"
    if main.answer in {HELPED, HURT}:
        averaged = count(len(main.delta_m.tasks), "task")
        return f"Joint training {main.answer} on average over {averaged}, though on none by itself"
    return f"No difference between joint and single-task training is shown on {total}"


def _task_sentences(main: LearnerDifference) -> list[str]:
    """One sentence per task, or by answer where there are many; one for all with too few units."""
    too_few = {
        name: difference for name, difference in main.tasks.items() if difference.answer == TOO_FEW
    }
    if len(main.tasks) > _MOST_TASK_SENTENCES:
        return [*_named(main, (HELPED, HURT, UNDEFINED)), *_too_few(too_few)]
    if len(too_few) < 2:
        return [difference.sentence for difference in main.tasks.values()]
    rest = [difference.sentence for name, difference in main.tasks.items() if name not in too_few]
    return [*rest, *_too_few(too_few)]


def _named(main: LearnerDifference, answers: Sequence[str]) -> list[str]:
    """Sentences that name the primary tasks with these answers."""
    sentences = []
    for answer in answers:
        names = [
            name
            for name, difference in main.tasks.items()
            if difference.answer == answer and difference.counted
        ]
        if names:
            opening = {UNDEFINED: "Undefined for"}.get(answer, f"Joint training {answer} on")
            sentences.append(f"{opening} {together(names)}.")
    return sentences


def _too_few(tasks: dict[str, TaskDifference]) -> list[str]:
    """One sentence for all tasks without a verdict."""
    if not tasks:
        return []
    units = sorted(difference.n_units for difference in tasks.values())
    span = f"{units[0]}" if units[0] == units[-1] else f"{units[0]} to {units[-1]}"
    middle = f", median {median(units):g}" if len(units) > 2 and units[0] != units[-1] else ""
    names = together(list(tasks))
    return [f"Too few test units for a verdict on {names} ({span} each{middle})."]
