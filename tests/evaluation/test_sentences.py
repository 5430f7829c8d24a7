"""Sentences where two numbers point apart."""

from dataclasses import replace

import pytest
from fakes_evaluation import Together, table

from polytask.evaluation import compare
from polytask.evaluation.judging._estimates import DeltaMEstimate
from polytask.evaluation.wording._average import average_sentence, left_out_sentence
from polytask.evaluation.wording._joint import _contrast
from polytask.evaluation.wording._why import _doubt


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
