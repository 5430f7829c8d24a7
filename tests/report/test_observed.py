"""The section on what observers returned, and the twins' sentences."""

import pytest

from polytask.report._observed_view import observed_views
from polytask.report._study import Study

GATES = {
    "tasks": ["income", "age"],
    "experts": ["own 1", "shared 1", "shared 2"],
    "weights": [[0.5, 0.25, 0.25], [0.125, 0.875, None]],
    "entropy": [1.04, 0.38],
    "mean": [0.5625, 0.25],
    "own": 0.3125,
}
CONFLICT = {"tasks": ["income", "age"], "cosines": [[1.0, -0.25], [-0.25, 1.0]], "negative": 0.75}


def watched(record, **values):
    """The record with what observers returned of its first joint learner at 8 epochs."""
    learner = next(entry for entry in record["learners"] if entry["joint"])
    for run in learner["runs"]:
        for curve in run["curves"]:
            curve["observed"] = {
                name: [None] * 6 + [value, {**value, "own": 9.0}] for name, value in values.items()
            }
    return learner["name"]


def test_tables_and_facts_of_the_kept_epoch(record):
    name = watched(record, gate_usage=GATES)
    (view,) = observed_views(Study.of(record), run=1)
    assert (view.learner, view.observer, view.epoch) == (name, "gate_usage", 7)
    (weights,) = view.tables
    assert (weights.title, weights.columns) == ("weights", ["own 1", "shared 1", "shared 2"])
    assert [task for task, _ in weights.rows] == ["income", "age"]
    assert [cell.text for cell in weights.rows[1][1]] == ["0.125", "0.875", "–"]
    assert [cell.share for cell in weights.rows[1][1]] == [0.125, 0.875, 0.0]
    assert view.facts == [("entropy", "1.04, 0.38"), ("mean", "0.562, 0.25"), ("own", "0.312")]


def test_tasks_are_columns_of_their_own_matrix(record):
    watched(record, gradient_conflict=CONFLICT)
    (view,) = observed_views(Study.of(record), run=0)
    (cosines,) = view.tables
    assert cosines.columns == ["income", "age"]
    first = cosines.rows[0][1]
    assert [(cell.text, cell.share, cell.negative) for cell in first] == [
        ("1", 1.0, False),
        ("−0.25", 0.25, True),
    ]
    assert view.facts == [("negative", "0.75")]


def test_the_page_shades_weights(record, read_page):
    name = watched(record, gate_usage=GATES, gradient_conflict=CONFLICT)
    page = read_page(record)
    assert f"{name}: gate_usage" in page.text
    assert "color-mix(in srgb, var(--accent) 39%, transparent)" in page.source
    assert "color-mix(in srgb, var(--bad) 11%, transparent)" in page.source
    assert 'href="#observed"' in page.source
    assert {("h4", "weights"), ("h4", "cosines")} <= set(page.texts)


def test_without_observers_there_is_no_section(record, read_page):
    assert "Observed in training" not in read_page(record).text


@pytest.mark.parametrize(
    ("values", "n_tables", "facts"),
    [
        ({"tasks": None, "weights": None, "mean": [0.5, 0.5]}, 0, [("mean", "0.5, 0.5")]),
        ({"tasks": [f"t{n}" for n in range(41)], "weights": [[1.0]] * 41}, 0, []),
        ({"tasks": ["a"], "weights": [[0.1] * 25]}, 0, []),
        ({"tasks": ["a"], "weights": [[0.1, 0.2]]}, 1, []),
        (
            {"note": "nothing to see", "flag": True, "many": [0.1] * 13},
            0,
            [("note", "nothing to see")],
        ),
    ],
)
def test_what_has_no_place_is_left_out(record, values, n_tables, facts):
    watched(record, own=values)
    (view,) = observed_views(Study.of(record), run=0)
    assert len(view.tables) == n_tables
    assert [fact for fact in view.facts if fact[0] != "own"] == facts


def test_twins_have_a_sentence(record, read_page):
    learner = record["differences"][0]["learner"]
    sentence = f"{learner} against separate({learner}): no difference shown on any of 3 tasks."
    record["twins"] = [{"learner": learner, "sentence": sentence}]
    assert sentence in read_page(record).text
