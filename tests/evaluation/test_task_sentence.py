"""What is said of a task whose interval and corrected test disagree, or that has few units."""

import pytest

from polytask.evaluation import TaskDifference
from polytask.evaluation.judging._answer import HELPED, NOTHING, TOO_FEW
from polytask.evaluation.wording._sentences import _task_sentence


def difference(interval, answer, corrected, too_few=None):
    return TaskDifference(
        "roc_auc",
        0.002,
        interval,
        0.01,
        corrected,
        corrected,
        answer,
        "",
        None,
        counted=True,
        n_units=4,
        too_few=too_few,
    )


@pytest.mark.parametrize(
    ("interval", "answer", "corrected", "said"),
    [
        ((0.001, 0.003), NOTHING, 0.0559, "(p = 0.056 once corrected over the tasks)"),
        ((-0.001, 0.005), NOTHING, 0.4, None),
        ((0.001, 0.003), HELPED, 0.01, None),
    ],
)
def test_correction_is_named_where_it_decides(interval, answer, corrected, said):
    sentence = _task_sentence("income", "ROC-AUC", difference(interval, answer, corrected))
    assert sentence.startswith(
        f"income: {'joint training helped' if answer == HELPED else answer}: ROC-AUC"
    )
    assert ("once corrected" in sentence) == (said is not None)
    assert said is None or sentence.endswith(said)


@pytest.mark.parametrize(
    ("interval", "answer", "said"),
    [
        ((-0.001, 0.005), HELPED, True),
        ((0.0, 0.005), HELPED, True),
        ((0.001, 0.003), HELPED, False),
        ((-0.001, 0.005), NOTHING, False),
    ],
)
def test_an_interval_that_holds_zero_beside_a_call_is_named(interval, answer, said):
    corrected = 0.031 if answer == HELPED else 0.4
    sentence = _task_sentence("income", "ROC-AUC", difference(interval, answer, corrected))
    aside = " (p = 0.031, though the interval, found in another way, holds 0)"
    assert sentence.endswith(aside) == said
    assert ("though" in sentence) == said


def test_too_few_units_are_counted():
    few = difference((0.001, 0.003), TOO_FEW, None, "too few units: 4, at least 6 needed")
    assert _task_sentence("income", "ROC-AUC", few).startswith(
        "income: too few units: 4, at least 6 needed, so no verdict: ROC-AUC +0.0020 ["
    )
