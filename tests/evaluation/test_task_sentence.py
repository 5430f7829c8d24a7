"""What is said of a task whose interval and corrected test disagree."""

import pytest

from polytask.evaluation.judging._differences import HELPED, NOTHING, _task_sentence
from polytask.evaluation.judging._estimates import Estimate
from polytask.metrics import ROCAUC
from polytask.tasks import Task


def estimate(interval):
    return Estimate(0.002, interval, (0.002,))


@pytest.mark.parametrize(
    ("interval", "answer", "corrected", "said"),
    [
        ((0.001, 0.003), NOTHING, 0.0559, "(p = 0.056 once corrected over the tasks)"),
        ((-0.001, 0.005), NOTHING, 0.4, None),
        ((0.001, 0.003), HELPED, 0.01, None),
    ],
)
def test_correction_is_named_where_it_decides(interval, answer, corrected, said):
    sentence = _task_sentence(
        Task("income", "binary"), ROCAUC(), estimate(interval), answer, corrected
    )
    assert sentence.startswith(
        f"income: {'joint training helped' if answer == HELPED else answer}: ROC-AUC"
    )
    assert ("once corrected" in sentence) == (said is not None)
    assert said is None or sentence.endswith(said)
