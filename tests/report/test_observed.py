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


STAGES = {
    "stages": ["trunk 1", "trunk 2"],
    "negative": [0.1, 0.5],
    "mean": [0.3, None],
    "magnitude": [0.9, 0.8],
}


def test_conflicts_of_stages_are_drawn_over_training_with_symbols_and_words(record, read_page):
    watched(record, stage_conflict=STAGES)
    (view,) = observed_views(Study.of(record), run=0)
    by_name = {one.name: one for one in view.series if one.name != "own"}
    assert list(by_name) == ["negative", "mean", "magnitude"]
    assert by_name["negative"].labels == ["trunk 1", "trunk 2"]
    assert by_name["negative"].lines == [[0.1, 0.1], [0.5, 0.5]]
    page = read_page(record)
    assert "trunk 2: negative, 0.5 at first, 0.5 at last" in page.source
    assert ("h4", "magnitude") in page.texts


@pytest.mark.parametrize("n_tasks", [2, 7, 139])
def test_many_lines_are_drawn_by_their_median_and_spread(record, n_tasks):
    from polytask.report._matplotlib import figure_settings
    from polytask.report._observed_figures import observed_figures

    shares = [i / (n_tasks - 1) for i in range(n_tasks)]
    watched(record, entropy={"tasks": [f"t{i}" for i in range(n_tasks)], "entropy": shares})
    (view,) = observed_views(Study.of(record), run=0)
    with figure_settings():
        (figure,) = (f for f in observed_figures(view, 0) if f.title == "entropy")
    names = [key.text for key in figure.legend]
    if n_tasks > 7:
        assert names == ["largest 10 %", "median", "smallest 10 %"]
        assert "median: entropy, 0.5 at first, 0.5 at last" in figure.alt
        assert "largest 10 %: entropy, 0.9 at first" in figure.alt
    else:
        assert names == [f"t{i}" for i in range(n_tasks)]
    assert len({key.symbol for key in figure.legend}) == len(names)  # told apart without colour


def test_a_single_evaluation_and_lists_that_could_be_of_several_things_are_not_mislabelled(record):
    watched(record, gates={"tasks": ["a", "b"], "experts": ["x", "y"], "mean": [0.5, 0.5]})
    (view,) = observed_views(Study.of(record), run=0)
    assert next(one for one in view.series if one.name == "mean").labels == ["1", "2"]
    for learner in record["learners"]:
        for run in learner["runs"]:
            for curve in run.get("curves") or ():
                for values in curve.get("observed", {}).values():
                    values[7] = None
    (view,) = observed_views(Study.of(record), run=0)
    assert view.series == []


def test_the_page_draws_the_structure_that_was_found(record, read_page):
    learner = next(entry for entry in record["learners"] if entry["joint"])
    for run in learner["runs"]:
        run["found"] = {
            "groups": [[["income", "age"]]],
            "skips": [[]],
            "words": "Both share.",
            "drawing": "stage 1\nA        age\n│        income",
        }
    page = read_page(record)
    assert "Structures found by search" in page.text
    assert "│        income" in page.source
    assert f"Both share. Found alike in {len(learner['runs'])} of" in page.text
