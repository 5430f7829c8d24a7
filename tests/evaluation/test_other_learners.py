"""Sentences on twins, on joint learners that validation rows do not prefer, and notes on both."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from fakes_evaluation import Apart, table
from scipy.stats import norm

from polytask.architectures import HardSharing, Hierarchical
from polytask.bookkeeping import Budget
from polytask.evaluation import (
    LearnerDifference,
    LearnerRow,
    RunRecord,
    RunRow,
    TaskDifference,
    compare,
)
from polytask.evaluation.judging._answer import HELPED, HURT, MIXED, NOTHING, TOO_FEW, UNDEFINED
from polytask.evaluation.judging._estimates import DeltaMEstimate
from polytask.evaluation.judging._population import Population
from polytask.evaluation.running._candidates import make_candidates
from polytask.evaluation.running._left_out import remaining
from polytask.evaluation.running._twins import with_twins
from polytask.evaluation.wording._baselines import baseline_notes
from polytask.evaluation.wording._others import about_others
from polytask.evaluation.wording._sizes import size_notes
from polytask.evaluation.wording._twin import about_twin
from polytask.evaluation.wording._verdict import verdict
from polytask.report import render
from polytask.statistics import holm
from polytask.testing import tiny_dataset

BETTER = DeltaMEstimate(0.1, (0.05, 0.15), 0.01, tasks=("a", "b"))
WORSE = DeltaMEstimate(-0.1, (-0.15, -0.05), 0.01, tasks=("a", "b"))
ALIKE = DeltaMEstimate(0.01, (-0.05, 0.07), 0.7, tasks=("a", "b"))
ONE = Budget(trials=1)
ONE_RUN = RunRow(0, 0, 1.0, 1, 0.1, {}, ())
PEOPLE = Population(("a", "b"), {}, 3.5, 0.2, (0.1, 0.3), 0.01, None, None, 0)


def difference(learner="net", baseline="alone", delta=ALIKE, answer=NOTHING, **answers):
    tasks = {
        name: TaskDifference("mae", 0.5, (0.1, 0.9), 0.1, 0.01, 0.01, own, "", None, counted=True)
        for name, own in ({"a": NOTHING, "b": NOTHING} | answers).items()
    }
    counts = dict.fromkeys([HELPED, HURT, NOTHING, TOO_FEW, UNDEFINED], 0)
    for task in tasks.values():
        counts[task.answer] += 1
    return LearnerDifference(learner, baseline, tasks, delta, answer, "", counts)


def about(main, twin):
    """The sentence on a twin after what the two differ by."""
    return about_twin(main, replace(twin, baseline="separate(net)"))


# ── twins ──


def test_a_joint_network_is_compared_with_its_twin():
    said = about(difference(), difference(delta=BETTER, answer=HELPED, a=HELPED))
    assert said == (
        "net against its twin separate(net), as large and sharing nothing: joint training helped on "
        "1 (a) and hurt on 0 of 2 tasks; Δm +10.00 % [5.00 %, 15.00 %] over 2 tasks."
    )


@pytest.mark.parametrize(
    ("main", "twin", "said"),
    [
        (
            difference(delta=BETTER, answer=HELPED),
            difference(delta=BETTER, answer=HELPED),
            " Its gain over alone is not owed to size alone: sharing helps.",
        ),
        (
            difference(delta=ALIKE, answer=HELPED, a=HELPED, b=HELPED),
            difference(delta=BETTER, answer=HELPED, b=HELPED),
            " Its gain over alone on b is not owed to size alone: sharing helps there.",
        ),
        (
            difference(delta=BETTER, answer=MIXED, a=HELPED, b=HURT),
            difference(delta=ALIKE),
            " Its gain over alone is not shown to come from sharing: its size may explain it.",
        ),
        (
            difference(delta=BETTER, answer=HELPED, a=HELPED),
            difference(delta=ALIKE, answer=HELPED, b=HELPED),
            " Its gain over alone is not shown to come from sharing: its size may explain it.",
        ),
        (
            difference(delta=BETTER, answer=HELPED),
            difference(delta=WORSE, answer=HURT),
            " Its gain over alone is not shown to come from sharing: its size may explain it.",
        ),
        (
            difference(delta=BETTER, answer=HELPED),
            difference(delta=DeltaMEstimate(0.1), answer=TOO_FEW),
            " Whether its gain over alone comes from sharing cannot be said.",
        ),
        (difference(delta=WORSE, answer=HURT), difference(delta=BETTER, answer=HELPED), ""),
    ],
)
def test_sharing_is_the_cause_of_a_gain_over_both_alone(main, twin, said):
    assert about(main, twin).partition(" over 2 tasks.")[2] == said or (
        twin.answer == TOO_FEW and about(main, twin).endswith(said)
    )


def test_gains_on_tasks_over_baseline_and_twin_are_corrected_once():
    """Tasks that are sure in one of two families must not lighten the correction of the other."""
    main = with_p(difference(answer=HELPED, a=HELPED, b=HELPED), a=0.04, b=1e-9)
    twin = with_p(difference(answer=HELPED, a=HELPED, b=HELPED), a=1e-9, b=0.04)
    assert about(main, twin).endswith("not shown to come from sharing: its size may explain it.")
    sure = with_p(twin, a=1e-9, b=1e-9)
    assert "gain over alone on a and b is not owed" in about(main, sure)
    assert "gain over alone on b is not owed" in about(with_p(main, a=0.04, b=1e-9, few="a"), sure)


def with_p(base, few=None, **values):
    """A difference with these p-values; none for a task of too few units."""
    tasks = {
        task: replace(answer, p=None, answer=TOO_FEW)
        if task == few
        else replace(answer, p=values[task])
        for task, answer in base.tasks.items()
    }
    return replace(base, tasks=tasks)


@pytest.mark.parametrize("n_tasks", [2, 12])
def test_sharing_is_wrongly_said_to_help_in_at_most_five_percent(n_tasks):
    """The worst case: every gain is sure over one of the two others, and nought over the other."""
    n_studies, rng = 300, np.random.default_rng(0)
    z = rng.normal(size=(n_studies, 2, n_tasks + 1))
    for column in range(n_tasks + 1):
        z[:, column % 2, column] = 9.0
    p_values = 2 * norm.sf(np.abs(z))
    said = [
        "is not owed to size alone" in about(*map(drawn, *study))
        for study in zip(z, p_values, strict=True)
    ]
    assert np.mean(said) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / n_studies)


def drawn(z, p_values):
    """A difference with these statistics, the average's first."""
    corrected = holm({str(k): float(p) for k, p in enumerate(p_values[1:])})
    tasks = {
        name: TaskDifference(
            "mae", 0.5, (0.1, 0.9), 0.1, float(p_values[int(name) + 1]), p,
            (HELPED if z[int(name) + 1] > 0 else HURT) if p <= 0.05 else NOTHING,
            "", None, counted=True,
        )
        for name, p in corrected.items()
    }  # fmt: skip
    delta = DeltaMEstimate(float(z[0]), (0.0, 1.0), float(p_values[0]), tasks=tuple(tasks))
    counts = dict.fromkeys([HELPED, HURT, NOTHING, TOO_FEW, UNDEFINED], 0)
    return LearnerDifference("net", "alone", tasks, delta, HELPED, "", counts)


def test_a_population_has_a_twin_too():
    many = replace(difference(delta=BETTER, answer=HELPED), population=PEOPLE)
    said = about(many, replace(many, delta_m=ALIKE, answer=NOTHING))
    assert (
        "nothing: mean gain +20.00 % [10.00 %, 30.00 %] over a population of 2 tasks. Its" in said
    )
    assert said.endswith("is not shown to come from sharing: its size may explain it.")
    assert about(many, many).endswith("is not owed to size alone: sharing helps.")


def test_a_twin_that_gave_no_model_is_compared_with_nothing():
    data = tiny_dataset(["regression", "binary"])
    candidates, _ = with_twins(make_candidates([HardSharing()], data.tasks), data)
    assert [candidate.twin for candidate in candidates] == [
        None,
        "separate(hard_sharing)",
        None,
        None,
    ]
    failed = RunRecord.__new__(RunRecord)
    left = remaining(candidates, {"separate(hard_sharing)": failed})
    assert all(candidate.twin is None for candidate in left)


@dataclass(frozen=True)
class Large(Apart):
    """Its twin sees few rows."""

    def twin(self):
        return Apart("separate(large)", share=0.02)


def test_the_verdict_on_a_twin_comes_from_test_rows():
    large = Large("large", share=1.0, joint=True)
    found = compare(table(n_rows=600), large, twins=True, seeds=1, budget=ONE, quiet=True)
    (twin,) = found.twins
    assert (twin.learner, twin.baseline) == ("large", "separate(large)")
    assert twin.answer == "helped"
    (said,) = (s for s in found.judgement.sentences if s.startswith("large against its twin"))
    assert "as large and sharing nothing: joint training helped on" in said
    low, high = twin.delta_m.interval
    assert 0 < low < high
    assert type(found).from_dict(found.to_dict()).twins == found.twins
    page = render(found)
    assert "large against separate(large): joint training helped" in page
    assert "are corrected: Holm over the tasks of each learner, not over learners; Δm of" in page
    assert compare(table(), large, seeds=1, budget=ONE, quiet=True).twins == ()


# ── other joint learners ──


def test_a_difference_of_another_learner_is_one_line():
    others = [
        difference("up", delta=BETTER),
        difference("down", delta=replace(WORSE, p=0.02)),
        difference("mmoe", delta=ALIKE),
        difference("ple", delta=ALIKE),
    ]
    assert about_others(others) == [
        (
            "up against alone: better on average: Δm +10.00 % [5.00 %, 15.00 %] over 2 tasks "
            "(p = 0.04 once corrected over 4 joint learners)."
        ),
        (
            "down against alone: no difference shown on average: Δm −10.00 % [−15.00 %, −5.00 %] over "
            "2 tasks (p = 0.06 once corrected over 4 joint learners)."
        ),
        "No difference on average from training alone is shown for mmoe and ple.",
    ]


def test_a_learner_without_a_difference_from_another_baseline_than_the_tables_names_it():
    others = [difference("mmoe", delta=ALIKE), difference("ensemble", delta=ALIKE)]
    others[1] = replace(others[1], baseline="ensemble(single_task)")
    (sentence,) = about_others(others, yardstick="alone")
    assert sentence.endswith("is shown for mmoe and ensemble (against ensemble(single_task)).")


def test_another_learner_alone_is_not_corrected():
    assert about_others([difference(delta=replace(WORSE, p=0.04))]) == [
        "net against alone: worse on average: Δm −10.00 % [−15.00 %, −5.00 %] over 2 tasks (p = 0.04)."
    ]
    parted = replace(BETTER, interval=(-0.01, 0.21))
    assert about_others([difference(delta=parted)])[0].endswith(
        "(p = 0.01, though the interval, found in another way, holds 0)."
    )
    assert about_others([]) == []


def test_the_printed_interval_decides():
    ratio = replace(BETTER, p=0.06, dominant="a", geometric=0.05, geometric_interval=(-0.01, 0.11))
    assert about_others([difference(delta=ratio)]) == [
        "No difference on average from training alone is shown for net."
    ]


def test_too_few_units_say_nothing():
    few = difference(delta=DeltaMEstimate(0.1, (0.05, 0.15)))
    assert about_others([few, difference("odd", delta=DeltaMEstimate(None))]) == [
        "How net and odd compare with their single-task baselines cannot be said."
    ]


def test_other_twins_are_corrected_by_themselves():
    rows = [LearnerRow(name, name != "alone", None, {}, 1, 1.0, 1.0, 1, gain, None, None, {}, (ONE_RUN,))
            for name, gain in [("alone", 0.0), ("net", 0.2), ("mmoe", 0.1), ("ple", 0.0)]]  # fmt: skip
    mine = [difference(name) for name in ("net", "mmoe", "ple")]
    twins = [difference(name, f"separate({name})", BETTER) for name in ("net", "mmoe")]
    twins.append(difference("ple", "separate(ple)"))
    found = verdict(rows, mine, rows[1], "alone", lambda *_: ALIKE, twins=twins)
    assert found.sentences[-4].startswith("net against its twin separate(net), as large and")
    assert found.sentences[-3:] == (
        "No difference on average from training alone is shown for mmoe and ple.",
        (
            "mmoe against its twin separate(mmoe): better on average: Δm +10.00 % [5.00 %, 15.00 %] "
            "over 2 tasks (p = 0.02 once corrected over 2 joint learners)."
        ),
        "No difference on average from its twin is shown for ple.",
    )


# ── notes ──


def test_a_second_baseline_is_explained():
    data = tiny_dataset(["regression", "binary"])
    candidates = make_candidates([HardSharing(), Hierarchical()], data.tasks)
    (note,) = baseline_notes(candidates)
    assert note == (
        "single_task (hierarchical) is the single-task baseline of hierarchical, whose settings are "
        "other than those of single_task (widths (256, 256, 256), not (256, 256)): a joint learner is "
        "compared with a baseline that has its own settings. Δm in the table is over the first baseline."
    )
    assert baseline_notes(make_candidates([HardSharing()], data.tasks)) == []


def sized(name, n_parameters, baseline=None):
    return LearnerRow(
        name, baseline is not None, baseline, {}, n_parameters, 1.0, 1.0, 1, 0.1, None, None, {}, ()
    )


def test_a_network_of_more_than_three_times_the_parameters_is_remarked():
    rows = [sized("alone", 1000), sized("net", 3000, "alone"), sized("mmoe", 4500, "alone"),
            sized("ple", 9200, "alone"), sized("orphan", 99_000)]  # fmt: skip
    assert size_notes(rows, ["net", "mmoe", "ple", "orphan"]) == (
        (
            "ple has 9,200 parameters, 9.2 times the 1,000 of alone: what it gains may come from its "
            "size. --twins (twins=True in Python) adds a network that is as large and shares nothing."
        ),
    )
    assert size_notes(rows, ["net"]) == ()
    assert size_notes(rows, ["net", "mmoe"])[0].startswith("mmoe has 4,500 parameters, 4.5 times")
