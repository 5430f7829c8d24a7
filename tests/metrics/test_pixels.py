"""Metrics of pixels against plain loops, and losses of pixels against PyTorch's."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from polytask.exceptions import ParameterError
from polytask.losses import DenseCrossEntropy, HeatMapFocalLoss
from polytask.metrics import DenseMAE, DenseRelativeError, MeanIoU, PixelAccuracy, WithinFactor
from polytask.tasks import FittedTarget

N, C, H, W = 6, 3, 4, 5
CLASSES = FittedTarget(("mask",), (0, 4, 7), {"shape": (4.0, 5.0), "pixel_counts": (5.0, 3.0, 1.0)})
NUMBERS = FittedTarget(("depth",), learned={"shape": (4.0, 5.0)})


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, C + 1, (N, H, W)).astype(float)  # the last was not seen in training
    truth[0, :2], truth[4] = np.nan, np.nan
    response = rng.dirichlet(np.ones(C), (N, H, W)).transpose(0, 3, 1, 2)
    return truth, response, rng.uniform(0.5, 2, N)


def test_intersections_over_unions_of_weighted_pixels(case):
    truth, response, weight = case
    both, either, right, all_pixels = np.zeros(C), np.zeros(C), 0.0, 0.0
    for row in range(N):
        for v in range(H):
            for u in range(W):
                true, decided = truth[row, v, u], response[row, :, v, u].argmax()
                if np.isnan(true):
                    continue
                all_pixels += weight[row]
                right += weight[row] * (true == decided)
                for code in range(C):
                    both[code] += weight[row] * (true == code == decided)
                    either[code] += weight[row] * (code in (true, decided))
    scored = MeanIoU().score(truth, response, CLASSES, weight)
    assert scored.value == pytest.approx((both / either).mean())
    accuracy = PixelAccuracy().score(truth, response, CLASSES, weight)
    assert accuracy.value == pytest.approx(right / all_pixels)


def test_classes_without_a_pixel_are_named():
    truth = np.zeros((2, H, W))
    response = np.zeros((2, C, H, W))
    response[:, 0], response[0, :, 0, 0] = 1.0, [0.0, 1.0, 0.0]
    scored = MeanIoU().score(truth, response, CLASSES)
    assert scored.value == pytest.approx((39 / 40 + 0) / 2)
    assert scored.left_out == ("class 7: no pixel has it or is decided for it",)
    unseen = MeanIoU().score(np.full((2, H, W), np.nan), response, CLASSES)
    assert unseen.undefined == "no labelled rows"


def test_errors_of_depth(case):
    rng, weight = np.random.default_rng(1), case[2]
    truth, response = rng.normal(2, 2, (N, H, W)), rng.normal(2, 2, (N, H, W))
    truth[0, 0], truth[3], truth[1, 1, 1] = np.nan, np.nan, 0.0
    every = np.broadcast_to(weight[:, None, None], truth.shape)
    known = ~np.isnan(truth)
    errors = np.abs(truth - response)[known]
    mean = DenseMAE().score(truth, response, NUMBERS, weight).value
    assert mean == pytest.approx(np.average(errors, weights=every[known]))
    known &= truth != 0
    relative = np.abs(truth - response)[known] / np.abs(truth[known])
    mean = DenseRelativeError().score(truth, response, NUMBERS, weight).value
    assert mean == pytest.approx(np.average(relative, weights=every[known]))
    known &= truth > 0
    with np.errstate(all="ignore"):
        ratio = np.maximum(truth / response, response / truth)[known]
    near = (ratio < 1.5) & (response[known] > 0)
    mean = WithinFactor(1.5).score(truth, response, NUMBERS, weight).value
    assert mean == pytest.approx(np.average(near, weights=every[known]))
    assert DenseRelativeError().score(
        np.zeros((2, 1, 1)), np.ones((2, 1, 1)), NUMBERS
    ).undefined == ("no labelled pixel other than 0")


def test_the_best_constant_of_absolute_errors_is_the_median_of_each_pixel(case):
    rng, weight = np.random.default_rng(2), np.ones(N)
    truth = rng.normal(size=(5, H, W))
    truth[0, 0, 0], truth[:, 1, 1] = np.nan, np.nan
    constant = DenseMAE().constant(np.full((H, W), 9.0), truth, weight[:5], NUMBERS)
    assert constant[1, 1] == 9
    np.testing.assert_allclose(constant[2:], np.median(truth, axis=0)[2:])
    assert constant[0, 0] in np.sort(truth[1:, 0, 0])[1:3]


def test_a_response_of_another_shape():
    with pytest.raises(ParameterError, match=r"of shape \(2, 3, 4, 5\), a probability for each"):
        MeanIoU().score(np.zeros((2, H, W)), np.zeros((2, H, W, C)), CLASSES)


def test_cross_entropy_of_pixels_is_that_of_torch(case):
    truth = np.where(case[0] < C, case[0], np.nan)
    scores = torch.randn(N, C, H, W, generator=torch.Generator().manual_seed(0))
    mask = torch.from_numpy(~np.isnan(truth))
    values = torch.from_numpy(np.nan_to_num(truth))
    codes = torch.where(mask, values.long(), -100)
    loss = DenseCrossEntropy(0.1)
    wanted = functional.cross_entropy(scores, codes, reduction="none", label_smoothing=0.1)
    given = loss.rowwise(scores, values, mask, {})
    torch.testing.assert_close(given, wanted.sum(dim=(1, 2)))
    weighted = DenseCrossEntropy(class_weight={4: 3.0})
    constants = weighted.constants([CLASSES])
    wanted = functional.cross_entropy(
        scores, codes, weight=torch.tensor([1.0, 3.0, 1.0]), reduction="none"
    )
    given = weighted.rowwise(scores[:, None], values[:, None], mask[:, None], constants)
    torch.testing.assert_close(given[:, 0], wanted.sum(dim=(1, 2)))


def test_focal_loss_of_two_heat_maps():
    learned = {"shape": (2.0, 1.0, 3.0), "log_odds": (-1.0, 2.0), "share_of_ones": (0.25,)}
    loss = HeatMapFocalLoss()
    constants = loss.constants([FittedTarget(("centers",), learned=learned)])
    scores = torch.randn(4, 1, 2, 1, 3, generator=torch.Generator().manual_seed(0))
    values = torch.rand(4, 1, 2, 1, 3, generator=torch.Generator().manual_seed(1)).round(decimals=1)
    values[0, 0, 0, 0, 0] = 1.0
    mask = values > 0.2
    p = torch.sigmoid(scores + torch.tensor([-1.0, 2.0])[:, None, None])
    wanted = torch.where(
        values == 1, -((1 - p) ** 2) * p.log(), -((1 - values) ** 4) * p**2 * (1 - p).log()
    )
    wanted = torch.where(mask, wanted, 0.0).sum(dim=(2, 3, 4)) / 0.25
    torch.testing.assert_close(loss.rowwise(scores, values, mask, constants), wanted)
