"""The section on a tuning: trials, settings that mattered, failures."""

import pytest
from drawings import Drawing

from polytask.exceptions import ParameterError, StudyError
from polytask.report import render
from polytask.report._matplotlib import figure_settings
from polytask.report._study import Study
from polytask.report._tuning_figures import history_figure
from polytask.report._tuning_view import histories, tuning_view


def trial(number, value, state="complete", failure="", **settings):
    return {
        "number": number,
        "settings": {"trainer.learning_rate": 0.001 * (1 + number), **settings},
        "value": value,
        "steps": 100,
        "state": state,
        "seconds": 1.5,
        "tasks": [],
        "failure": failure,
        "interruptions": 0,
    }


@pytest.fixture
def tuning(record):
    name = record["learners"][1]["name"]
    one = {
        "learner": name,
        "joint": True,
        "fold": 0,
        "seed": 0,
        "ranges": {"encoder.dropout": "0 to 0.5", "trainer.learning_rate": "1e-05 to 0.1 (log)"},
        "trials": [
            trial(0, 0.0),
            trial(1, None, "failed", "The loss of task 'a' is not finite."),
            trial(2, 0.042),
            trial(3, 0.01, "pruned"),
        ],
        "importance": {"trainer.learning_rate": 0.75, "encoder.dropout": 0.25},
    }
    return {
        "format": 1,
        "sampler": "tpe",
        "pruner": "halving",
        "folds": 1,
        "seed": 0,
        "trials": 4,
        "steps": 900,
        "metrics": {},
        "learners": [one, {**one, "learner": "constant", "ranges": {}}],
    }


def test_trials_are_counted_by_how_they_ended(tuning):
    (row,) = tuning_view(tuning).rows
    assert row.trials == "2 in full, 1 stopped early, 1 failed"
    assert (row.best, row.gain) == ("2", "+4.20\u00a0%")


def test_settings_are_ordered_by_how_much_they_mattered(tuning):
    rows = tuning_view(tuning).settings
    assert [(row.setting, row.share) for row in rows] == [
        ("trainer.learning_rate", "75\u00a0%"),
        ("encoder.dropout", "25\u00a0%"),
    ]
    assert rows[0].best == "0.003"


def test_the_curve_is_the_best_value_of_complete_trials_so_far(record, tuning):
    (history,) = histories(tuning)
    assert history.values == [0.0, 0.0, 4.2, 4.2]
    with figure_settings():
        figure = history_figure(Study(record), [history])
    titles = Drawing(figure.drawings[0]).titles
    assert f"{history.learner}: trial 2 was best, +4.20 %" in titles
    assert figure.legend[0].symbol  # learners are told apart without colour


def test_the_page_has_the_section_only_with_a_tuning(record, tuning):
    page = render(record, tuning)
    assert '<h2 id="tuning">Tuning</h2>' in page
    assert "The loss of task &#39;a&#39; is not finite." in page
    assert "successive halving" in page
    assert "Which settings mattered" not in render(record)


def test_what_is_no_tuning_is_refused(record, tuning):
    with pytest.raises(ParameterError, match="`tuning` parameter of write_report must be"):
        render(record, {"format": 1})
    with pytest.raises(StudyError, match="tunings of format 1, and got format 9"):
        render(record, {**tuning, "format": 9})
