"""Every loss equals scikit-learn or a loop over rows."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error

from polytask.exceptions import ParameterError, UnknownNameError
from polytask.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    MultilabelBinaryCrossEntropy,
    loss_for,
)
from polytask.tasks import Binary, FittedTarget, Multiclass, Regression

ALL = torch.ones(50, 1, dtype=torch.bool)


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(0)


def test_regression_losses_equal_scikit_learn(draw):
    scores, values = draw.normal(size=(2, 50, 1)).astype(np.float32)
    tensors = torch.from_numpy(scores), torch.from_numpy(values), ALL, {}
    squared = MeanSquaredError().rowwise(*tensors).mean()
    absolute = MeanAbsoluteError().rowwise(*tensors).mean()
    assert float(squared) == pytest.approx(mean_squared_error(values, scores), rel=1e-5)
    assert float(absolute) == pytest.approx(mean_absolute_error(values, scores), rel=1e-5)


def test_huber_is_quadratic_inside_and_linear_outside():
    scores = torch.tensor([[0.5], [3.0]])
    rows = Huber(delta=1.0).rowwise(
        scores, torch.zeros(2, 1), torch.ones(2, 1, dtype=torch.bool), {}
    )
    assert rows.tolist() == pytest.approx([0.125, 2.5])


def test_vector_regression_averages_over_observed_columns():
    scores, values = torch.tensor([[1.0, 5.0, 2.0]]), torch.tensor([[0.0, 0.0, 0.0]])
    mask = torch.tensor([[True, False, True]])
    assert MeanSquaredError().rowwise(scores, values, mask, {}).tolist() == [2.5]


def test_binary_cross_entropy_equals_scikit_learn(draw):
    scores = draw.normal(size=(50, 1)).astype(np.float32)
    values = (draw.random((50, 1)) > 0.5).astype(np.float32)
    ours = BinaryCrossEntropy().rowwise(torch.from_numpy(scores), torch.from_numpy(values), ALL, {})
    assert float(ours.mean()) == pytest.approx(
        log_loss(values[:, 0], 1 / (1 + np.exp(-scores[:, 0]))), rel=1e-5
    )


def test_cross_entropy_equals_scikit_learn_and_torch_smoothing(draw):
    scores = torch.from_numpy(draw.normal(size=(50, 4)).astype(np.float32))
    codes = torch.from_numpy(draw.integers(0, 4, (50, 1)).astype(np.float32))
    ours = CrossEntropy().rowwise(scores, codes, ALL, {}).mean()
    theirs = log_loss(codes[:, 0], scores.double().softmax(1), labels=[0, 1, 2, 3])
    assert float(ours) == pytest.approx(theirs, rel=1e-5)
    smooth = CrossEntropy(label_smoothing=0.2).rowwise(scores, codes, ALL, {}).mean()
    reference = torch.nn.functional.cross_entropy(scores, codes[:, 0].long(), label_smoothing=0.2)
    assert float(smooth) == pytest.approx(float(reference), rel=1e-5)


def test_multilabel_sums_observed_cells_and_counts_them():
    scores, values = torch.zeros(2, 3), torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    mask = torch.tensor([[True, True, False], [True, True, True]])
    loss = MultilabelBinaryCrossEntropy()
    assert loss.rowwise(scores, values, mask, {}).tolist() == pytest.approx(
        [2 * np.log(2), 3 * np.log(2)]
    )
    assert loss.counts(mask).tolist() == [2.0, 3.0]


def test_balanced_weights_give_each_class_the_same_total():
    target = FittedTarget(("y",), classes=("no", "yes"), learned={"class_counts": (90.0, 10.0)})
    table = BinaryCrossEntropy(class_weight="balanced").constants([target])["class_weight"]
    negative, positive = table[0].tolist()
    assert 90 * negative == pytest.approx(10 * positive)
    assert 90 * negative + 10 * positive == pytest.approx(100)


def test_given_class_weights_multiply_rows():
    target = FittedTarget(
        ("y",), classes=("a", "b", "c"), learned={"class_counts": (1.0, 1.0, 1.0)}
    )
    loss = CrossEntropy(class_weight={"b": 5.0})
    scores, codes = torch.zeros(2, 3), torch.tensor([[0.0], [1.0]])
    rows = loss.rowwise(scores, codes, torch.ones(2, 1, dtype=torch.bool), loss.constants([target]))
    assert rows.tolist() == pytest.approx([np.log(3), 5 * np.log(3)])


def test_a_class_that_does_not_exist_has_no_weight():
    target = FittedTarget(("y",), classes=("no", "yes"), learned={"class_counts": (1.0, 1.0)})
    with pytest.raises(
        ParameterError, match=r"`class_weight` parameter of BinaryCrossEntropy.*'maybe'"
    ):
        BinaryCrossEntropy(class_weight={"maybe": 2.0}).constants([target])


def test_losses_are_found_by_kind_or_name():
    assert loss_for(Regression()) == MeanSquaredError()
    assert loss_for(Binary()) == BinaryCrossEntropy()
    assert loss_for(Multiclass()) == CrossEntropy()
    assert loss_for(Regression(), "mean_absolute_error") == MeanAbsoluteError()
    with pytest.raises(
        ParameterError, match=r"Huber serves tasks of kind regression. Got 'binary'"
    ):
        loss_for(Binary(), "huber")
    with pytest.raises(UnknownNameError, match=r"no loss named 'hubber'. Did you mean 'huber'"):
        loss_for(Regression(), "hubber")


def test_balanced_weights_of_a_task_with_one_class():
    target = FittedTarget(("y",), (0, 1), learned={"class_counts": (0.0, 8.0)})
    table = BinaryCrossEntropy(class_weight="balanced").constants([target])["class_weight"]
    assert table.tolist() == [[1.0, 1.0]]
