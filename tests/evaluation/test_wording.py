"""Sentences, tables and curves of comparisons that are made up by hand."""

from dataclasses import replace
from itertools import pairwise

import polars as pl
import pytest

from polytask.evaluation import (
    DeltaMEstimate,
    LearnerDifference,
    LearnerRow,
    RunRow,
    TaskDifference,
)
from polytask.evaluation.judging._answer import HELPED, HURT, MIXED, NOTHING, TOO_FEW, UNDEFINED
from polytask.evaluation.judging._comparison_records import TrialRow
from polytask.evaluation.judging._curves import curve
from polytask.evaluation.judging._estimates import Estimate, _dominant, delta_m_estimate, estimate
from polytask.evaluation.judging._population import Population
from polytask.evaluation.wording._average import average, average_sentence, left_out_sentence
from polytask.evaluation.wording._chosen_settings import chosen_settings
from polytask.evaluation.wording._found_structures import found_structures
from polytask.evaluation.wording._frame import as_frame
from polytask.evaluation.wording._joint import about_joint
from polytask.evaluation.wording._sentences import about_population, worded
from polytask.evaluation.wording._terminal_table import plain_table, rich_table, table_rows
from polytask.evaluation.wording._verdict import verdict
from polytask.evaluation.wording._warnings import warnings_of
from polytask.evaluation.wording._why import _doubt, on_validation, why
from polytask.evaluation.wording._words import amount, percent, share, signed, with_interval
from polytask.statistics import PairedGain, Single
from polytask.tasks import Task, TaskSet

DELTA = DeltaMEstimate(0.1, (0.05, 0.15), 0.01, tasks=("a", "b"))
PEOPLE = Population(("a", "b", "c"), {}, 3.5, 0.2, (0.1, 0.3), 0.01, (-0.1, 0.5), 0.71, 0)


def on_task(answer, *, counted=True, n_units=40, difference=0.5, interval=(0.1, 0.9), p=0.01):
    return TaskDifference("mae", difference, interval, 0.1, p, p, answer, f"said of {answer}",
                          "no rows", counted=counted, n_units=n_units, too_few="too few units: 4")  # fmt: skip


def difference(*answers, answer=NOTHING, delta=DELTA, population=None, **tasks):
    found = {f"t{n}": on_task(one) for n, one in enumerate(answers)} | tasks
    counts = dict.fromkeys([HELPED, HURT, NOTHING, TOO_FEW, UNDEFINED], 0)
    for one in found.values():
        counts[one.answer] += 1
    return LearnerDifference(
        "net", "alone", found, delta, answer, "said of net", counts, population
    )


def run(seed=0, gain=0.1, fold=0, trials=()):
    return RunRow(fold, seed, 1.0, 10, gain, {}, trials)


ONE_RUN = (run(),)


def learner(name, *, joint=False, gain=0.1, over=None, delta=None, runs=ONE_RUN, tasks=None):
    return LearnerRow(
        name, joint, None, {}, 1234, 2.0, 3.25, 1, gain, delta, over, tasks or {}, runs
    )


# ── words ──


def test_numbers():
    assert (signed(0.25, 1), signed(-1.26, 1), amount(-2, 2)) == ("+0.2", "−1.3", "−2.00")
    assert share(0.706) == "71 %"
    assert percent(12.3456, (10, 15)) == "+1234.56 % [1000.00 %, 1500.00 %]"
    assert with_interval(2e9, (1e9, 3e9)) == "2.000e+09 [1.000e+09, 3.000e+09]"
    assert with_interval(9e8, None) == "900000000"
    assert with_interval(1e-5, None) == "0.000010"
    assert with_interval(9e-6, None) == "9.000e−06"
    assert with_interval(3.0, (-2e9, 3.0)) == "3.000e+00 [−2.000e+09, 3.000e+00]"
    assert with_interval(0.31, (0.3, 0.5)) == "0.31 [0.30, 0.50]"
    assert with_interval(0.3, (0.3, 0.3002)) == "0.30000 [0.30000, 0.30020]"


# ── averages ──


def test_an_average_whose_interval_holds_zero_beside_a_small_p_says_so():
    aside = " (p = 0.01, though the interval, found in another way, holds 0)"
    parted = replace(DELTA, interval=(-0.01, 0.21))
    said = "Δm +10.00 % [−1.00 %, 21.00 %]"
    assert average_sentence(parted) == f"{said} over a and b{aside}."
    assert worded(difference(NOTHING, delta=parted), TASKS).sentence.endswith(
        f"{said} over 2 tasks{aside}."
    )
    for alike in (DELTA, replace(parted, p=0.051), replace(parted, p=None), DeltaMEstimate(0.1)):
        assert "though" not in average_sentence(alike)
    ratio = replace(DELTA, dominant="a", geometric=0.02, geometric_interval=(-0.01, 0.05))
    assert f"over a and b{aside}. The" in average_sentence(ratio)
    assert "though" not in average_sentence(replace(parted, dominant="a", geometric=0.1,
                                                    geometric_interval=(0.01, 0.2)))  # fmt: skip


def test_the_average_in_words():
    assert average(DELTA) == "Δm +10.00 % [5.00 %, 15.00 %]"
    assert average(DeltaMEstimate(None)) == "Δm is undefined"
    assert average_sentence(DeltaMEstimate(None, left_out={"a": "odd"})) == (
        "Δm is undefined. Left out of Δm: a (odd)."
    )
    assert average_sentence(DELTA) == "Δm +10.00 % [5.00 %, 15.00 %] over a and b."
    no_ratio = replace(DELTA, dominant="a")
    assert average(no_ratio) == average(DELTA)
    assert average_sentence(no_ratio) == average_sentence(DELTA)
    ratio = replace(DELTA, geometric=0.02, geometric_interval=(0.01, 0.03))
    assert average(ratio) == average(DELTA)
    assert average(replace(ratio, dominant="a")) == (
        "geometric mean of the tasks' ratios +2.00 % [1.00 %, 3.00 %]"
    )


def test_reasons_that_most_tasks_have_come_first():
    few = {"a": "odd", "b": "low", "c": "low", "d": "none", "e": "constant", "f": "constant",
           "g": "constant", "h": "none", "i": "small"}  # fmt: skip
    assert left_out_sentence(few) == (
        " Left out of Δm: e, f and g (constant); b and c (low); d and h (none); "
        "2 more tasks for other reasons."
    )
    assert left_out_sentence({"a": "odd"}) == " Left out of Δm: a (odd)."


@pytest.mark.parametrize(
    ("gains", "task"),
    [
        ({"a": 9.0}, None), ({"a": 0.49, "b": 0.1}, None), ({"a": 0.51, "b": -0.1}, "a"),
        ({"a": 0.6, "b": 0.6}, None), ({"a": -0.11, "b": 0.05, "c": 0.05}, "a"),
        ({"a": 0.09, "b": 0.01, "c": 0.01}, None), ({"a": 0.2, "b": 0.1, "c": 0.1}, None),
        ({"a": 0.0, "b": 0.0, "c": 0.0}, None), ({"a": 1.0, "b": 0.3, "c": -9.0}, "c"),
    ],
)  # fmt: skip
def test_the_task_that_outweighs_all_others(gains, task):
    assert _dominant(gains) == task
    found = delta_m_estimate(PairedGain(0.1, gains=gains, left_out={"y": "odd"}), {"z": "low"})
    assert (found.dominant, found.tasks) == (task, tuple(gains))
    assert found.left_out == {"z": "low", "y": "odd"}


def test_the_spread_over_runs_takes_two():
    assert estimate(Single(1.0, per_run=(1.0, None))).spread is None
    assert estimate(Single(2.0, per_run=(1.0, None, 3.0))).spread == pytest.approx(2**0.5)


# ── joint training ──


@pytest.mark.parametrize(
    ("answers", "answer", "opening"),
    [
        ([HELPED, NOTHING], HELPED, "Joint training helped on 1 of 2 tasks and hurt on none"),
        ([HURT, HURT, TOO_FEW], HURT, "Joint training hurt on 2 of 3 tasks and helped on none"),
        ([HELPED, HURT], MIXED, "Joint training helped on 1 and hurt on 1 of 2 tasks"),
        (
            [NOTHING, NOTHING],
            HELPED,
            "Joint training helped on average over 2 tasks, though on none by itself",
        ),
        (
            [NOTHING, NOTHING],
            HURT,
            "Joint training hurt on average over 2 tasks, though on none by itself",
        ),
        (
            [NOTHING, NOTHING],
            NOTHING,
            "No difference between joint and single-task training is shown on 2 tasks",
        ),
        (
            [TOO_FEW, TOO_FEW],
            TOO_FEW,
            "Whether joint training helps cannot be said: there are too few test units",
        ),
        (
            [UNDEFINED, UNDEFINED],
            UNDEFINED,
            "Whether joint training helps cannot be said: the metrics are undefined",
        ),
    ],
)
def test_the_headline_is_the_answer(answers, answer, opening):
    headline, sentences = about_joint(difference(*answers, answer=answer), some_joint=True)
    assert headline == f"{opening} (net against alone)."
    assert sentences[-1] == average_sentence(DELTA)


def test_an_average_is_over_the_tasks_that_it_counts():
    delta = replace(DELTA, left_out={"c": "constant"})
    found = difference(NOTHING, NOTHING, NOTHING, answer=HURT, delta=delta)
    headline, _ = about_joint(found, some_joint=True)
    assert headline.startswith("Joint training hurt on average over 2 tasks, though on none")


def test_without_a_pair_there_is_nothing_to_say():
    assert about_joint(None, some_joint=True)[0].endswith("training alone gave no model.")
    assert about_joint(None, some_joint=False)[0].startswith("No joint learner took part")
    assert about_joint(difference(HELPED), some_joint=True)[0].startswith("One task: ")


def test_tasks_with_too_few_units_share_a_sentence():
    few = {name: on_task(TOO_FEW, n_units=n) for name, n in [("x", 3), ("y", 5), ("z", 4)]}
    _, sentences = about_joint(difference(HELPED, **few, answer=HELPED), some_joint=True)
    assert sentences[:2] == [
        "said of helped",
        "Too few test units for a verdict on x, y and z (3 to 5 each, median 4).",
    ]
    del few["z"]
    _, sentences = about_joint(difference(HELPED, **few, answer=HELPED), some_joint=True)
    assert sentences[1] == "Too few test units for a verdict on x and y (3 to 5 each)."
    same = {name: on_task(TOO_FEW, n_units=4) for name in "xyz"}
    _, sentences = about_joint(difference(HELPED, **same, answer=HELPED), some_joint=True)
    assert sentences[1] == "Too few test units for a verdict on x, y and z (4 each)."
    alone = difference(HELPED, TOO_FEW, answer=HELPED)
    assert about_joint(alone, some_joint=True)[1][:2] == ["said of helped", "said of too few units"]


def test_more_than_twelve_tasks_are_named_by_answer():
    aside = on_task(HELPED, counted=False)
    twelve = difference(*[HELPED] * 11, aside=aside, answer=HELPED)
    assert about_joint(twelve, some_joint=True)[1][:12] == ["said of helped"] * 12
    many = difference(*[HELPED] * 2, *[HURT] * 9, UNDEFINED, aside=aside, answer=MIXED)
    assert about_joint(many, some_joint=True)[1][:-1] == [
        "Joint training helped on t0 and t1.",
        "Joint training hurt on t2, t3, t4, t5, t6 and 4 more.",
        "Undefined for t11.",
    ]


@pytest.mark.parametrize(
    ("answer", "opening"),
    [
        (HELPED, "Joint training helped tasks like these on average"),
        (HURT, "Joint training hurt tasks like these on average"),
        (NOTHING, "No difference on average over tasks like these is shown"),
    ],
)
def test_a_population_is_judged_as_one(answer, opening):
    found = difference(HELPED, HURT, HELPED, answer=answer, population=PEOPLE)
    headline, sentences = about_joint(found, some_joint=True)
    assert headline == f"{opening} (net against alone)."
    assert sentences == [
        (
            "Mean gain +20.00 % [10.00 %, 30.00 %] over a population of 3 tasks; about 71 % of them "
            "gain; one more such task would lie between −10.00 % and +50.00 %."
        ),
        "No single task has test units enough for a verdict of its own (the median task has 3.5).",
    ]
    some = replace(PEOPLE, tested_alone=2, left_out={"d": "odd"})
    _, sentences = about_joint(replace(found, population=some), some_joint=True)
    assert sentences[1:] == [
        (
            "2 tasks of 3 have test rows enough for a verdict of their own: joint training helped on 2 "
            "and hurt on 1."
        ),
        "Joint training helped on t0 and t2.",
        "Joint training hurt on t1.",
        "Left out of Δm: d (odd).",
    ]
    assert about_population(replace(PEOPLE, prediction=None, share_gaining=None)) == (
        "mean gain +20.00 % [10.00 %, 30.00 %] over a population of 3 tasks"
    )


TASKS = TaskSet([Task(f"t{n}", "regression", metrics=("mae",)) for n in range(4)])


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ([TOO_FEW, TOO_FEW], "too few test units for a verdict on any of 2 tasks"),
        ([TOO_FEW, NOTHING], "no difference shown on any of 2 tasks by itself"),
        ([HELPED, TOO_FEW], "joint training helped on 1 (t0) and hurt on 0 of 2 tasks"),
        ([HURT, HURT, NOTHING], "joint training helped on 0 and hurt on 2 (t0, t1) of 3 tasks"),
        ([HELPED] * 4, "joint training helped on 4 (t0, t1, t2, …) and hurt on 0 of 4 tasks"),
    ],
)
def test_a_learners_sentence(answers, shown):
    found = worded(difference(*answers), TASKS)
    assert found.sentence == (
        f"net against alone: {shown}; Δm +10.00 % [5.00 %, 15.00 %] over 2 tasks."
    )
    undefined = worded(difference(*answers, delta=DeltaMEstimate(None)), TASKS)
    assert undefined.sentence == f"net against alone: {shown}; Δm is undefined."
    many = worded(difference(*answers, population=PEOPLE), TASKS).sentence
    assert many == f"net against alone: {about_population(PEOPLE)}."


def test_a_tasks_sentence():
    def said(**changes):
        changed = replace(on_task(HELPED), **changes)
        return worded(difference(t0=changed), TASKS).tasks["t0"].sentence

    assert said() == "t0: joint training helped: MAE +0.50 [0.10, 0.90]"
    assert said(answer=HURT, counted=False) == (
        "t0: joint training hurt: MAE +0.50 [0.10, 0.90] (auxiliary, not counted)"
    )
    assert said(difference=None) == "t0: MAE is undefined (no rows)"
    nothing = "t0: no difference shown: MAE +0.50"
    assert said(answer=NOTHING, interval=None) == f"{nothing}00"
    assert said(answer=NOTHING, interval=(0.0, 0.9)) == f"{nothing} [0.00, 0.90]"
    assert said(answer=NOTHING, interval=(-0.9, 0.0)) == f"{nothing} [−0.90, 0.00]"
    corrected = " (p = 0.2 once corrected over the tasks)"
    assert said(answer=NOTHING, interval=(-0.9, -0.1), p_corrected=0.2).endswith(corrected)
    assert said(answer=NOTHING, p_corrected=0.2).endswith(corrected)
    assert said(answer=NOTHING, p_corrected=None) == f"{nothing} [0.10, 0.90]"


# ── the verdict ──


def judged(rows, differences=(), winner=None, lead=DELTA, **settings):
    return verdict(rows, differences, winner, "alone", lambda *_: lead, **settings)


def test_the_joint_learner_that_validation_rows_prefer_is_spoken_of():
    rows = [learner("alone", gain=0.0), learner("net", joint=True, gain=None),
            learner("big", joint=True, gain=0.3)]  # fmt: skip
    big = replace(difference(HURT, HURT, answer=HURT), learner="big", sentence="said of big")
    small = difference(HELPED, HELPED, answer=HELPED)
    found = judged(rows, [small, big], rows[2])
    assert (found.answer, found.joint, found.winner) == (HURT, "big", "big")
    assert found.winner_is_joint
    assert not found.nothing_beats_constant
    assert found.headline.endswith("(big against alone; one seed).")
    assert found.sentences[-1] == (
        "net against alone: better on average: Δm +10.00 % [5.00 %, 15.00 %] over 2 tasks (p = 0.01)."
    )
    assert not any(sentence.startswith("big against") for sentence in found.sentences)


def test_one_seed_is_said_where_there_is_an_answer():
    twice = [learner("alone", runs=(run(), run(1))), learner("net", joint=True)]
    pair = difference(HELPED, HELPED, answer=HELPED)
    assert "one seed" not in judged(twice, [pair], twice[1]).headline
    once = [learner("alone"), learner("net", joint=True)]
    assert "one seed" in judged(once, [pair], once[1]).headline
    for answer in (TOO_FEW, UNDEFINED):
        found = judged(once, [difference(answer, answer, answer=answer)], once[1])
        assert (found.answer, "one seed" in found.headline) == (answer, False)
    found = judged(once, [difference(HELPED)], once[1])
    assert found.answer == "nothing to share"
    assert "one seed" not in found.headline
    assert judged([learner("alone")], (), learner("alone")).answer == UNDEFINED


def test_nothing_that_beats_the_constant_comes_first():
    rows = [learner("alone", over=DeltaMEstimate(-0.2, (-0.3, -0.1))),
            learner("net", joint=True, over=DeltaMEstimate(-0.1, (-0.2, 0.0))), learner("x")]  # fmt: skip
    found = judged(rows, [difference(HELPED, HELPED, answer=HELPED)])
    assert found.headline == (
        "No learner is shown to beat the best constant prediction, so none is recommended "
        "(net comes nearest: Δm −10.00 % [−20.00 %, 0.00 %] over it)."
    )
    assert found.sentences[0].startswith("Joint training helped on 2 of 2 tasks")
    assert (found.winner, found.winner_is_joint, found.nothing_beats_constant) == (
        None,
        False,
        True,
    )
    unknown = judged([learner("alone", over=DeltaMEstimate(None)), learner("x")])
    assert unknown.headline.endswith("prediction, so none is recommended.")


@pytest.mark.parametrize(
    ("lead", "said"),
    [
        (DeltaMEstimate(0.1, p=0.05), " wins: Δm +10.00 % over net on test rows."),
        (DeltaMEstimate(0.1, p=0.051), " does best on validation rows, though not beyond chance: "),
        (DeltaMEstimate(0.1), " does best on validation rows, though not beyond chance: "),
        (DeltaMEstimate(0.0, p=0.01), " does best on validation rows, though not on test rows: "),
        (DeltaMEstimate(None), " does best on validation rows."),
    ],
)
def test_a_winner_that_shares_nothing_is_named_first(lead, said):
    rows = [learner("alone"), learner("net", joint=True), learner("trees")]
    pair = difference(NOTHING, NOTHING)
    found = judged(rows, [pair], rows[2], lead)
    assert found.headline.startswith(f"trees, which learns each task alone,{said}")
    assert found.sentences[0].startswith("No difference between joint")
    assert judged(rows, [pair], rows[0], lead).headline.startswith("No difference between joint")
    assert "over alone" in judged(rows, (), rows[2], DELTA).headline


# ── why ──


def test_why_a_model_is_recommended():
    two = learner("net", gain=0.02, runs=(run(), run(1)))
    said = why(two, two.runs[1], "alone", favourite=True)
    assert said == (
        "net has the highest mean relative gain on validation rows (+2.00 % over alone); "
        "of its 2 runs, seed 1 does best there."
    )
    folds = learner("alone", runs=(run(), run(fold=1)))
    assert why(folds, folds.runs[1], "alone", favourite=True) == (
        "alone: no learner does better on validation rows; of its 2 runs, fold 1 does best there."
    )
    one = learner("alone")
    assert why(one, one.runs[0], "alone", favourite=True).endswith("better on validation rows.")
    assert on_validation(favourite=True) == "on validation rows"
    assert on_validation(favourite=False).endswith(", of those ahead of the best constant")


@pytest.mark.parametrize(
    ("delta", "said"),
    [
        (DeltaMEstimate(0.1), ""),
        (DeltaMEstimate(0.1, (0.01, 0.2)), ""),
        (
            DeltaMEstimate(0.1, (0.0, 0.2)),
            " On test rows it is not shown to be better than alone (",
        ),
        (DeltaMEstimate(0.0, (0.0, 0.2)), " On test rows it is no better than alone ("),
        (DeltaMEstimate(-0.1), " On test rows it is no better than alone ("),
        (None, ""),
    ],
)
def test_what_test_rows_say_against_it(delta, said):
    found = _doubt(learner("net", delta=delta, over=DeltaMEstimate(0.1, p=0.2)), "alone")
    assert found.startswith(said)
    assert bool(found) == bool(said)


# ── warnings ──


def study(n_tasks=2, n_runs=2, folds=1, kind="random_split", units=100, *, trials=1, **parameters):
    task = {"metric": "mae", "labels": {"mae": "MAE"}, "role": "primary",
            "greater_is_better": {"mae": False}}  # fmt: skip
    tasks = [{**task, "name": f"t{n}"} for n in range(n_tasks)]
    return {
        "tasks": tasks,
        "runs": [{}] * n_runs,
        "budget": {"trials": trials},
        "split": {
            "folds": folds,
            "units": units,
            "recipe": {"type": kind, "parameters": parameters},
        },
    }


def measured(*values, left_out=()):
    return {f"t{n}": {"mae": Estimate(value, left_out=left_out)} for n, value in enumerate(values)}


def test_one_task_is_warned_of_where_a_learner_shares():
    alone, net = learner("a", tasks=measured(1, 1)), learner("n", joint=True, tasks=measured(1, 1))
    asked = "Whether joint training helps takes two tasks or more"
    assert warnings_of(study(1), [alone, net])[0].startswith(asked)
    assert not warnings_of(study(1), [alone])[0].startswith(asked)
    assert not warnings_of(study(2), [alone, net])[0].startswith(asked)


@pytest.mark.parametrize(
    ("runs", "folds", "said"),
    [(1, 1, "One seed: "), (2, 1, "All 2 seeds share one split"), (2, 2, "The 2 splits share")],
)
def test_what_the_verdict_is_about(runs, folds, said):
    rows = [learner("a", tasks=measured(1, 1))]
    (sentence,) = warnings_of(study(2, runs, folds), rows)
    assert sentence.startswith(said)


def test_where_several_settings_were_tried_the_verdict_is_about_those_kept():
    rows = [learner("a", tasks=measured(1, 1))]
    (sentence,) = warnings_of(study(2, 3, 1, trials=2), rows)
    assert "settings are chosen with the first" in sentence
    assert "and these settings" in sentence
    (sentence,) = warnings_of(study(2, 3, 1), rows)
    assert "settings" not in sentence


@pytest.mark.parametrize("runs", [1, 2])
def test_several_splits_are_proposed_of_the_same_kind(runs):
    rows = [learner("a", tasks=measured(1, 1))]

    def said(*args, **settings):
        return warnings_of(study(2, runs, 1, *args, **settings), rows)[0]

    assert said().endswith("--split folds:5 (split='folds:5' in Python).")
    assert "--split group-folds:who:5 (" in said("group_split", column="who")
    assert "--split folds:5 (" in said("group_split")
    assert "--split folds:5 (" in said("column_split", column="who")
    assert "--split" not in said("time_split", column="when")
    assert "--split folds:3 (" in said(units=6)
    assert "--split group-folds:who:2 (" in said("group_split", column="who", units=4)
    assert "--split" not in said(units=3)


def test_what_averages_leave_out_and_trials_that_failed():
    trials = (TrialRow({}, 0.1, 1.0, ("a",)), TrialRow({}, None, 1.0, (), "it diverged"))
    rows = [learner("a", tasks=measured(1, 1)),
            learner("b", tasks=measured(1, 1, left_out=("c: odd", "d: low")),
                    runs=(run(trials=trials), run(trials=trials[:1])))]  # fmt: skip
    assert warnings_of(study(2), rows)[1:] == (
        "MAE of t0 leaves out c: odd; d: low.",
        "MAE of t1 leaves out c: odd; d: low.",
        "b: 1 of 3 trials gave no model (it diverged)",
    )


# ── tables ──


def comparison(n_tasks=2, recommended="net"):
    def one(name, values, delta):
        found = {"interval": None, "spread": None, "n_units": 9, "undefined": None}
        tasks = {f"t{n}": {"mae": {**found, "value": value}} for n, value in enumerate(values)}
        return {"name": name, "tasks": tasks, "delta_m": delta, "n_parameters": 12345,
                "seconds_tuning": 1.26}  # fmt: skip

    gain = {"value": 0.1, "interval": (0.0, 0.2), "dominant": None, "geometric": 0.02,
            "geometric_interval": (0.01, 0.03)}  # fmt: skip
    values = [0.5, None, *[1.0] * (n_tasks - 2)]
    return {
        "study": study(n_tasks),
        "baseline": "alone",
        "learners": [one("alone", [0.25] * n_tasks, None), one("net", values, gain),
                     one("far", values, {**gain, "dominant": "t0"}),
                     one("none", values, {**gain, "value": None})],
        "differences": [{"learner": "net", "counts": {"helped": 2, "hurt": 1}}],
        "recommended": {"learner": recommended},
    }  # fmt: skip


def test_the_table_as_text():
    assert plain_table(comparison()).splitlines() == [
        "learner  t0, MAE ↓  t1, MAE ↓                         Δm over alone  parameters  seconds",
        "alone       0.2500     0.2500                                     –      12,345      1.3",
        "net ←       0.5000  undefined            +10.00 % [0.00 %, 20.00 %]      12,345      1.3",
        "far         0.5000  undefined  +2.00 % [1.00 %, 3.00 %] (geometric)      12,345      1.3",
        "none        0.5000  undefined                             undefined      12,345      1.3",
        "← the model to use",
    ]
    assert "←" not in plain_table(comparison(recommended=None))


def tried(*runs):
    """Runs of trials, each given as (settings, tasks that kept it)."""
    return [{"trials": [{"settings": s, "tasks": tasks} for s, tasks in run]} for run in runs]


def test_the_settings_that_were_kept():
    slow, fast = {"rate": 0.001, "decay": 0.0}, {"rate": 0.003, "decay": 0.0}
    found = {
        "learners": [
            {"name": "net", "runs": tried([(slow, "ab"), (fast, "")], [(slow, ""), (fast, "ab")])},
            {
                "name": "alone",
                "runs": tried([(slow, "b"), (fast, "a")], [(slow, ""), (fast, "ab")]),
            },
            {"name": "trees", "runs": tried([({"leaves": 9}, "ab"), ({"leaves": 5}, "")])},
            {"name": "once", "runs": tried([(slow, "ab")], [(slow, "ab")])},
            {"name": "none", "runs": tried([({}, "ab")])},
        ]
    }
    assert chosen_settings(found) == (
        "settings kept of those tried: net rate = 0.001 (in 50 %); alone rate = 0.003 (in 75 %); "
        "trees leaves = 9"
    )
    assert chosen_settings({"learners": found["learners"][3:]}) == ""


def test_many_tasks_are_counted_instead_of_shown():
    head, rows = table_rows(comparison(6))
    assert len(head) == 10
    head, rows = table_rows(comparison(7))
    assert head == ["learner", "helped / hurt", "Δm over alone", "parameters", "seconds"]
    assert [row[1] for row in rows] == ["–", "2 / 1", "–", "–"]


def test_the_table_for_terminals():
    table = rich_table(comparison())
    assert [column.justify for column in table.columns] == ["left", *["right"] * 5]
    assert [row.style for row in table.rows] == [None, "bold", None, None]
    assert table.caption == "← the model to use, chosen by validation rows"
    assert rich_table(comparison(recommended=None)).caption is None


def test_auxiliary_tasks_and_scores_are_marked():
    found = comparison()
    found["study"]["tasks"][0] |= {"role": "auxiliary", "greater_is_better": {"mae": True}}
    assert table_rows(found)[0][1:3] == ["t0 (auxiliary), MAE ↑", "t1, MAE ↓"]


def test_the_comparison_as_a_frame():
    found = comparison()
    found["learners"][0]["tasks"]["t0"]["mae"] |= {"interval": (0.1, 0.4), "spread": 0.05}
    found["learners"][0]["tasks"]["t0"]["rmse"] = found["learners"][1]["tasks"]["t1"]["mae"]
    frame = as_frame(found)
    assert frame.height == 9
    first = frame.filter(pl.col("learner") == "alone", pl.col("task") == "t0")
    assert first.rows(named=True)[0] == {
        "learner": "alone", "task": "t0", "metric": "mae", "headline": True, "value": 0.25,
        "low": 0.1, "high": 0.4, "spread": 0.05, "n_units": 9, "undefined": None,
    }  # fmt: skip
    assert first.rows(named=True)[1]["headline"] is False
    assert frame["headline"].sum() == 8


# ── curves ──


def history(n_epochs):
    losses = [{"a": 1 / 3 + n, "b": 2.0} if n % 2 else {"a": 1 / 3 + n} for n in range(n_epochs)]
    epochs = [
        {"epoch": n, "step": 10 * n, "train_losses": one, "validation_losses": {}, "weights": {}}
        for n, one in enumerate(losses)
    ]
    best = {"a": 3, "b": 4}
    return {"epochs": epochs, "best_epoch": 2, "best_epochs": best, "stopped": "patience"}


def test_curves_have_sixty_points_at_most():
    assert curve(history(60), 0, ["a"])["epoch"] == list(range(60))
    for n_epochs in (61, 100, 1000):
        epochs = curve(history(n_epochs), 0, ["a"])["epoch"]
        assert len(epochs) == 60
        assert (epochs[0], epochs[-1]) == (0, n_epochs - 1)
        gaps = {high - low for low, high in pairwise(epochs)}
        assert max(gaps) - min(gaps) <= 1
    assert curve({}, 0, ["a"]) is None
    assert curve(history(0), 0, ["a"]) is None


def test_a_curve_is_of_its_tasks_alone_with_five_digits():
    found = curve(history(4), 7, ["b", "c"])
    assert found == {
        "trial": 7, "epoch": [0, 1, 2, 3], "step": [0, 10, 20, 30],
        "train": {"b": [None, 2.0, None, 2.0]}, "validation": {}, "weights": {},
        "best_epoch": 2, "best_epochs": {"b": 4}, "stopped": "patience",
    }  # fmt: skip
    assert curve(history(2), 0, ["a"])["train"]["a"] == [0.33333, 1.3333]


def test_a_search_that_shares_nothing_is_said_beside_the_verdict():
    apart = {"groups": [[["x"], ["y"]]], "skips": [[]]}
    runs = tuple(replace(run(seed), found=found) for seed, found in enumerate([apart, {}, apart]))
    scores = measured(1, 1)
    rows = [
        learner("grouped", joint=True, runs=runs, tasks=scores),
        learner("net", joint=True, tasks=scores),
    ]
    (note,) = [note for note in warnings_of(study(2, 3), rows) if "found in" in note]
    assert note.startswith("grouped found in 2 of 3 runs that no tasks should share.")


def _searched(name, *runs):
    """A learner whose runs found groups per stage."""
    skips = [[] for _ in runs[0]]
    return {"name": name, "runs": [{"found": {"groups": run, "skips": skips}} for run in runs]}


def test_what_searches_found_is_said_per_learner_as_most_runs_found_it():
    a, b = [["x", "y"], ["z"]], [["z"], ["y", "x"]]
    together, apart = [["x", "y", "z"]], [["x"], ["y"], ["z"]]
    skipped = {"groups": [together, [["x", "y"]]], "skips": [[], ["z"]]}
    learners = [
        {"name": "hard_sharing", "runs": [{"found": {}}, {}]},
        _searched("grouped", [together], [a], [b]),
        _searched("learned_branching", [together, a, apart]),
        _searched("apart", [apart, apart]),
        {"name": "policy", "runs": [{"found": skipped}]},
    ]
    assert found_structures({"learners": learners}).splitlines() == [
        "found by grouped (in 2 of 3 runs): x + y, z",
        (
            "found by learned_branching: stage 1: all tasks together; stage 2: x + y, z; "
            "stage 3: every task apart"
        ),
        "found by apart: every task apart",
        "found by policy: stage 1: all tasks together; stage 2: x + y, skipped by z",
    ]
    many = [[f"t{k}" for k in range(start, start + 9)] for start in range(0, 90, 9)]
    (line,) = found_structures({"learners": [_searched("grouped", [many])]}).splitlines()
    assert "t0 + t1 + t2 + t3 + t4 + t5 + 3 more" in line
    assert line.endswith("and 2 more groups")
