"""The section on a search of task weights: front, weights that were kept."""

import pytest
from drawings import Drawing

from polytask.exceptions import ParameterError, StudyError
from polytask.report import render
from polytask.report._matplotlib import figure_settings
from polytask.report._weights_figures import front_figure
from polytask.report._weights_view import shown_pair, weights_view


def member(number, weights, gains, value):
    names = ("a", "b", "c")[: len(gains)]
    return {
        "number": number,
        "round": 0,
        "weights": dict(zip(names, weights, strict=True)),
        "metrics": {},
        "gains": dict(zip(names, gains, strict=True)),
        "value": value,
        "seconds": 1.0,
        "failure": "" if value is not None else "The loss is not finite.",
        "parent": None,
    }


@pytest.fixture
def weights():
    members = [
        member(0, (1.0, 1.0, 1.0), (0.5, 0.5, 0.2), 0.0),
        member(1, (2.0, 0.5, 0.5), (0.7, 0.4, 0.3), 0.05),
        member(2, (0.5, 2.0, 0.5), (0.4, 0.6, 0.25), -0.01),
        member(3, (0.5, 0.5, 2.0), (0.3, 0.3, 0.1), None),
    ]
    search = {
        "learner": "hard_sharing",
        "fold": 0,
        "metrics": dict.fromkeys("abc", "rmse"),
        "constant": dict.fromkeys("abc", 1.0),
        "members": members,
        "chosen": 1,
        "front": [0, 1, 2],
        "objectives": ["a", "b", "c"],
        "hypervolume": 0.123,
        "hypervolume_equal": 0.05,
    }
    return {
        "format": 1,
        "method": "tpe",
        "members": 4,
        "steps": 90,
        "rounds": 1,
        "seed": 0,
        "searches": [search],
    }


def test_the_kept_member_comes_first_then_equal_weights_then_the_front(weights):
    view = weights_view(weights)
    assert [(row.name, row.part) for row in view.rows] == [
        ("1", "kept, front"),
        ("0", "equal weights, front"),
        ("2", "front"),
    ]
    assert view.rows[0].weights == ["2.00", "0.50", "0.50"]
    assert "hypervolume is 0.123" in view.volume


def test_the_two_tasks_that_disagree_most_are_drawn(weights):
    assert shown_pair(weights["searches"][0]) == ("a", "b")
    with figure_settings():
        figure = front_figure(weights)
    titles = [t for t in Drawing(figure.drawings[0]).titles if "weights" in t]
    assert "kept: a 70.0 %, b 40.0 % (weights a 2.00, b 0.50)" in titles
    assert len(set(titles)) == 3  # a member without a model has no gains
    assert len({key.symbol for key in figure.legend}) == 4  # told apart without colour
    assert "may look dominated" in figure.caption


def test_many_tasks_fill_no_wide_table(record, weights):
    names = [f"t{k}" for k in range(139)]
    search = weights["searches"][0]
    search |= {"metrics": dict.fromkeys(names, "rmse"), "objectives": names}
    for entry in search["members"]:
        entry |= {"weights": dict.fromkeys(names, 1.0), "gains": dict.fromkeys(names, 0.1)}
    assert len(weights_view(weights).tasks) == 8
    assert "131 further tasks" in render(record, weights=weights)


def test_what_is_no_search_is_refused(record, weights):
    with pytest.raises(ParameterError, match="`weights` parameter of write_report must be"):
        render(record, weights={"format": 1})
    with pytest.raises(StudyError, match="searches of weights of format 1, and got format 2"):
        render(record, weights={**weights, "format": 2})
