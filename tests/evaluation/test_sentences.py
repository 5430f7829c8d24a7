"""Sentences where two numbers point apart."""

import io
from collections import Counter
from dataclasses import replace

import pytest
from fakes_evaluation import Together, table
from rich.console import Console

from polytask.evaluation import compare
from polytask.evaluation.judging._answer import HELPED, HURT, MIXED, NOTHING, TOO_FEW, UNDEFINED
from polytask.evaluation.judging._differences import _overall
from polytask.evaluation.judging._estimates import DeltaMEstimate
from polytask.evaluation.wording._average import average_sentence, left_out_sentence
from polytask.evaluation.wording._joint import _contrast
from polytask.evaluation.wording._terminal_table import rich_table
from polytask.evaluation.wording._verdict import verdict
from polytask.evaluation.wording._why import _doubt, why


@pytest.fixture(scope="module")
def found():
    return compare(table(), Together(), seeds=1)


@pytest.mark.parametrize(
    ("value", "interval", "said"),
    [
        (-0.0062, (-0.011, -0.001), " On test rows it is no better than apart (Δm −0.62 % ["),
        (0.002, (-0.001, 0.005), " On test rows it is not shown to be better than apart (Δm +0.20"),
        (0.002, (0.001, 0.003), ""),
        (None, None, ""),
    ],
)
def test_test_rows_that_disagree_are_named(found, value, interval, said):
    row = replace(found.learners[1], delta_m=DeltaMEstimate(value, interval))
    assert _doubt(row, "apart").startswith(said)
    assert bool(_doubt(row, "apart")) == bool(said)


def test_constants_that_cannot_be_compared_with_are_no_matter_of_few_rows(found):
    row = replace(found.learners[1], over_constant=DeltaMEstimate(None), delta_m=None)
    assert _doubt(row, "apart").endswith("best constant on test rows cannot be said.")
    assert "too few" in _doubt(replace(row, over_constant=DeltaMEstimate(0.1)), "apart")


def test_a_learner_that_validation_rows_do_not_prefer_is_not_said_to_be_best(found):
    row = replace(found.learners[1], validation_gain=0.02)
    said = why(row, row.runs[0], "apart", favourite=False)
    assert "on validation rows, of those ahead of the best constant (+2.00 % over apart)" in said
    assert "constant" not in why(row, row.runs[0], "apart", favourite=True)
    said = why(replace(row, validation_gain=None), row.runs[0], "apart", favourite=True)
    assert said.endswith("no relative gain is defined on validation rows, so the first is taken.")


@pytest.mark.parametrize(
    ("value", "p", "favourite", "said"),
    [
        (
            0.1,
            0.01,
            True,
            "trees, which learns each task alone, wins: Δm +10.00 % over together on",
        ),
        (0.1, 0.2, True, "does best on validation rows, though not beyond chance: Δm +10.00 %"),
        (0.1, 0.2, False, "of those ahead of the best constant, though not beyond chance: Δm"),
        (-0.1, 0.01, True, "does best on validation rows, though not on test rows: Δm −10.00 %"),
        (None, None, True, "does best on validation rows."),
    ],
)
def test_a_winner_that_shares_nothing(found, value, p, favourite, said):
    winner = replace(found.learners[0], name="trees", joint=False)
    lead = DeltaMEstimate(value, p=p)
    rows, differences = found.learners, found.differences
    assert (
        said
        in verdict(
            rows, differences, winner, "apart", lambda *_: lead, favourite=favourite
        ).headline
    )


@pytest.mark.parametrize(
    ("counts", "value", "p", "answer"),
    [
        ({NOTHING: 2}, None, None, NOTHING),  # Δm leaves both out
        ({NOTHING: 1, TOO_FEW: 1}, 0.1, None, NOTHING),
        ({TOO_FEW: 2}, None, None, TOO_FEW),
        ({UNDEFINED: 2}, None, None, UNDEFINED),
        ({NOTHING: 2}, 0.1, 0.01, HELPED),
        ({NOTHING: 2}, -0.1, 0.01, HURT),
        ({NOTHING: 2}, -0.1, 0.1, NOTHING),
        ({HELPED: 1, HURT: 1}, 0.1, 0.01, MIXED),
        ({HURT: 1, NOTHING: 1}, 0.1, 0.01, HURT),
    ],
)
def test_the_answer_over_all_tasks(counts, value, p, answer):
    assert _overall(Counter(counts), DeltaMEstimate(value, p=p)) == answer


@pytest.mark.parametrize(
    ("answer", "value", "said"),
    [("hurt", 0.0092, True), ("helped", -0.01, True), ("hurt", -0.01, False), ("mixed", 1, False)],
)
def test_an_average_against_the_tasks_is_explained(found, answer, value, said):
    delta = DeltaMEstimate(value, (value - 0.001, value + 0.001))
    sentences = _contrast(replace(found.differences[0], answer=answer, delta_m=delta))
    assert len(sentences) == said
    assert not said or sentences[0].startswith("On average over tasks the change is ")


def test_the_mark_is_explained(found):
    assert "\n← the model to use\n" in str(found)


def test_names_are_no_markup(found):
    table = rich_table({**found.to_dict(), "baseline": "mg [/l]"})
    console = Console(width=200, file=io.StringIO())
    console.print(table)
    assert "Δm over mg [/l]" in console.file.getvalue()


def test_the_geometric_mean_leads_where_one_task_outweighs_the_others():
    delta = DeltaMEstimate(-80.0, (-90.0, -70.0), 0.01, 0.02, (0.01, 0.03), "odd", ("a", "odd"))
    assert average_sentence(delta) == (
        "Geometric mean of the tasks' ratios +2.00 % [1.00 %, 3.00 %] over a and odd. "
        "The arithmetic mean, Δm −8000.00 % [−9000.00 %, −7000.00 %], is mostly odd alone."
    )
    assert average_sentence(replace(delta, dominant=None)).startswith("Δm −8000.00 % [")


def test_what_is_left_out_is_one_sentence():
    many = {f"t{i}": "no test rows" for i in range(40)} | {"a": "constant", "b": "odd", "c": "low"}
    assert left_out_sentence(many) == (
        " Left out of Δm: t0, t1, t2, t3, t4 and 35 more (no test rows); a (constant); b (odd); "
        "1 more task for other reasons."
    )
    assert left_out_sentence({}) == ""
