"""Every metric equals scikit-learn's on the rows (and columns) that are labelled."""

import itertools

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from metric_cases import METRICS, PAIR_NAMES, PAIRS, SEEDS, TAGS, make_case
from scipy import stats

from polytask.metrics import ExpectedCalibrationError
from polytask.tasks import FittedTarget, Multiclass


def decided(response):
    return (response > 0.5).astype(int) if response.ndim == 1 else response.argmax(axis=1)


def means(response):
    """Means of distributions; other answers as they are."""
    return response if response.ndim == 1 else response[:, 0]


def rmse(truth, response, weight):
    return reference.mean_squared_error(truth, means(response), sample_weight=weight) ** 0.5


def mae(truth, response, weight):
    return reference.mean_absolute_error(truth, means(response), sample_weight=weight)


def crps(truth, response, weight):
    """Mean distance of a draw from the true value, less half that of two draws."""
    mean, deviation = response.T
    distance = stats.foldnorm(np.abs(truth - mean) / deviation, scale=deviation).mean()
    return np.average(distance - deviation / np.sqrt(np.pi), weights=weight)


def gaussian_log_score(truth, response, weight):
    return -np.average(stats.norm(*response.T).logpdf(truth), weights=weight)


def nmse(truth, response, weight):
    center = np.average(truth, weights=weight)
    error = reference.mean_squared_error(truth, response, sample_weight=weight)
    return error / np.average((truth - center) ** 2, weights=weight)


def f1(truth, response, weight):
    average = "binary" if response.ndim == 1 else "macro"
    answer = decided(response)
    return reference.f1_score(
        truth, answer, average=average, labels=np.unique(truth), sample_weight=weight
    )


def roc_auc(truth, response, weight):
    if response.ndim == 1:
        return reference.roc_auc_score(truth, response, sample_weight=weight)
    onehot = np.eye(response.shape[1])[truth.astype(int)]
    return reference.roc_auc_score(onehot, response, average="macro", sample_weight=weight)


def log_loss(truth, response, weight):
    labels = np.arange(2 if response.ndim == 1 else response.shape[1])
    return reference.log_loss(truth, response, labels=labels, sample_weight=weight)


def brier(truth, response, weight):
    if response.ndim == 1:
        return reference.brier_score_loss(truth, response, sample_weight=weight)
    onehot = np.eye(response.shape[1])[truth.astype(int)]
    parts = [
        reference.brier_score_loss(y, p, sample_weight=weight)
        for y, p in zip(onehot.T, response.T, strict=True)
    ]
    return sum(parts)


def on_decisions(function):
    return lambda truth, response, weight: function(truth, decided(response), sample_weight=weight)


def ranked_probability_score(truth, response, weight):
    rows = [
        sum((p[: k + 1].sum() - (y <= k)) ** 2 for k in range(len(p) - 1))
        for y, p in zip(truth, response, strict=True)
    ]
    return np.average(rows, weights=weight)


def median(response):
    return np.array([next(k for k in range(len(p)) if p[: k + 1].sum() >= 0.5) for p in response])


def grade_error(truth, response, weight):
    return reference.mean_absolute_error(truth, median(response), sample_weight=weight)


def quadratic_kappa(truth, response, weight):
    decided = median(response)
    labels = np.arange(response.shape[1])
    return reference.cohen_kappa_score(
        truth, decided, weights="quadratic", labels=labels, sample_weight=weight
    )


LEVELS = (0.1, 0.5, 0.9)


def pinball(truth, response, weight):
    by_level = [
        reference.mean_pinball_loss(truth, answer, alpha=level, sample_weight=weight)
        for level, answer in zip(LEVELS, response.T, strict=True)
    ]
    return np.mean(by_level)


def quantiles(response):
    """Those of three levels, or of normal distributions."""
    if response.shape[1] == 3:
        return response
    return stats.norm(*response.T).ppf(np.array(LEVELS)[:, None]).T


def coverage_error(truth, response, weight):
    pairs = zip(truth, quantiles(response), strict=True)
    inside = [low <= y <= high for y, (low, _, high) in pairs]
    return abs(np.average(inside, weights=weight) - 0.8)


def interval_width(truth, response, weight):
    return np.average([high - low for low, _, high in quantiles(response)], weights=weight)


def top_k(truth, response, weight):
    labels = np.arange(response.shape[1])
    return reference.top_k_accuracy_score(truth, response, labels=labels, sample_weight=weight)


def expected_calibration_error(truth, response, weight):
    if response.ndim == 1:
        stated, happened = response, truth
    else:
        stated, happened = response.max(axis=1), response.argmax(axis=1) == truth
    error = 0.0
    for low, high in itertools.pairwise(np.linspace(0, 1, 16)):
        inside = (stated > low) & (stated <= high) | ((low == 0) & (stated == 0))
        error += abs((weight * (happened - stated))[inside].sum()) / weight.sum()
    return error


def plain(function):
    return lambda truth, response, weight: function(truth, response, sample_weight=weight)


def rows_of_tags(truth, response):
    """True and decided tags of every row's labelled steps; other steps are none."""
    for true, decided in zip(truth, response.argmax(axis=-1), strict=True):
        known = np.isfinite(true)
        yield [
            [
                TAGS[int(code)] if step else None
                for code, step in zip(np.nan_to_num(one), known, strict=True)
            ]
            for one in (true, decided)
        ]


def chunks(tags):
    """Chunks of a row as (type, first, last), read one tag after another."""
    found, begin, kind = set(), None, None
    for place, tag in enumerate([*tags, None]):
        mark, _, name = (tag or "O").partition("-")
        goes_on = begin is not None and mark == "I" and name == kind
        if begin is not None and not goes_on:
            found.add((kind, begin, place - 1))
            begin = None
        if mark != "O" and not goes_on:
            begin, kind = place, name
    return found


def chunk_f1(truth, response, weight):
    right = both = 0.0
    for (true, decided), w in zip(rows_of_tags(truth, response), weight, strict=True):
        first, second = chunks(true), chunks(decided)
        right, both = right + w * len(first & second), both + w * (len(first) + len(second))
    return 2 * right / both


def of_steps(error):
    """The weighted mean of the errors of all labelled steps."""

    def mean(truth, response, weight):
        known = np.isfinite(truth)
        weights = np.repeat(weight[:, None], truth.shape[1], axis=1)[known]
        return np.average(error(truth[known] - response[known]), weights=weights)

    return mean


def token_accuracy(truth, response, weight):
    pairs = [
        (one == other, w)
        for (true, decided), w in zip(rows_of_tags(truth, response), weight, strict=True)
        for one, other in zip(true, decided, strict=True)
        if one is not None
    ]
    return np.average([right for right, _ in pairs], weights=[w for _, w in pairs])


def sequence_accuracy(truth, response, weight):
    right = [true == decided for true, decided in rows_of_tags(truth, response)]
    return np.average(right, weights=weight)


def concordance(truth, response, weight):
    """Pair by pair."""
    later = np.append(0.0, CUTS)
    curves = np.concatenate([np.ones((len(response), 1)), response], axis=1)
    expected = np.trapezoid(curves, later, axis=1)
    right = both = 0.0
    for i, j in itertools.permutations(range(len(truth)), 2):
        (time, event), (other, other_event) = truth[i], truth[j]
        if event and (time < other or (time == other and not other_event)):
            pair = weight[i] * weight[j]
            both += pair
            right += pair * (np.sign(expected[j] - expected[i]) + 1) / 2
    return right / both


CUTS = np.arange(2, 13) / 2.0


def integrated_brier(truth, response, weight):
    """Trapezoids over the scores at the cuts, row by row; G as in the case."""

    def uncensored_before(time):
        steps = [(0.0, 1.0), (1.5, 0.9), (2.5, 0.7), (4.5, 0.4)]
        return min(g for t, g in steps if t < time or t == 0)

    scores = [0.0]
    for cut, curve in zip(CUTS, response.T, strict=True):
        rows = []
        for (time, event), share in zip(truth, curve, strict=True):
            if time > cut or (time == cut and not event):
                rows.append((1 - share) ** 2 / uncensored_before(cut))
            else:
                rows.append(event * share**2 / uncensored_before(time))
        scores.append(np.average(rows, weights=weight))
    return np.trapezoid(scores, np.append(0.0, CUTS)) / CUTS[-1]


def on_pixels(function):
    """A function of labelled pixels, of their likeliest class where there are classes."""

    def of_rows(truth, response, weight):
        known = np.isfinite(truth)
        answers = response.argmax(axis=1) if response.ndim == 4 else response
        each = np.broadcast_to(weight[:, None, None], truth.shape)[known]
        return function(truth[known], answers[known], sample_weight=each)

    return of_rows


def mean_iou(truth, decided, sample_weight):
    return reference.jaccard_score(truth, decided, average="macro", sample_weight=sample_weight)


def within_factor(truth, response, sample_weight):
    near = (np.abs(np.log(truth / response)) < np.log(1.25)).astype(float)
    return np.average(near, weights=sample_weight)


REFERENCES = {
    "accuracy": on_decisions(reference.accuracy_score),
    "average_precision": plain(reference.average_precision_score),
    "balanced_accuracy": on_decisions(reference.balanced_accuracy_score),
    "brier": brier,
    "chunk_f1": chunk_f1,
    "concordance": concordance,
    "coverage_error": coverage_error,
    "crps": crps,
    "dense_mae": on_pixels(reference.mean_absolute_error),
    "dense_relative_error": on_pixels(reference.mean_absolute_percentage_error),
    "expected_calibration_error": expected_calibration_error,
    "explained_variance": plain(reference.explained_variance_score),
    "f1": f1,
    "gaussian_log_score": gaussian_log_score,
    "grade_error": grade_error,
    "integrated_brier": integrated_brier,
    "heat_map_error": on_pixels(reference.mean_squared_error),
    "interval_width": interval_width,
    "log_loss": log_loss,
    "mae": mae,
    "mcc": on_decisions(reference.matthews_corrcoef),
    "mean_iou": on_pixels(mean_iou),
    "nmse": nmse,
    "pinball": pinball,
    "quadratic_kappa": quadratic_kappa,
    "pixel_accuracy": on_pixels(reference.accuracy_score),
    "poisson_deviance": plain(reference.mean_poisson_deviance),
    "r2": plain(reference.r2_score),
    "ranked_probability_score": ranked_probability_score,
    "rmse": rmse,
    "roc_auc": roc_auc,
    "sequence_accuracy": sequence_accuracy,
    "step_mae": of_steps(np.abs),
    "step_rmse": lambda *case: np.sqrt(of_steps(np.square)(*case)),
    "token_accuracy": token_accuracy,
    "top_k": top_k,
    "within_factor": on_pixels(within_factor),
}


def test_every_metric_has_a_reference():
    assert {metric.name for metric in METRICS} == set(REFERENCES)


@pytest.mark.parametrize(("metric", "kind"), PAIRS, ids=PAIR_NAMES)
@settings(max_examples=15)
@given(seed=SEEDS)
def test_equal(metric, kind, seed):
    case = make_case(kind, 60, seed, ties=seed % 2 == 0)
    weight = 10.0 ** np.random.default_rng(seed).uniform(-4, 4, 60)
    expected = []
    for truth, response in case.columns:
        kept = np.isfinite(truth.reshape(60, -1)).any(axis=1)
        expected.append(REFERENCES[metric.name](truth[kept], response[kept], weight[kept]))
    result = metric.score(case.truth, case.response, case.fitted, weight)
    assert result.left_out == ()
    assert result.value == pytest.approx(np.mean(expected), rel=1e-9, abs=1e-12)


@given(seed=SEEDS)
def test_multiclass_log_loss_and_brier_agree_with_two_columns_of_binary(seed):
    metrics = {metric.name: metric for metric in METRICS}
    case = make_case(Multiclass, 30, seed)
    two = case.rows(case.truth < 2)
    pair = two.response[:, :2] / two.response[:, :2].sum(axis=1, keepdims=True)
    for name, factor in (("log_loss", 1), ("brier", 2), ("accuracy", 1), ("balanced_accuracy", 1)):
        several = metrics[name].score(two.truth, pair, two.fitted)
        single = metrics[name].score(two.truth, pair[:, 1], two.fitted)
        assert several.value == pytest.approx(factor * single.value)


def test_a_probability_on_the_edge_of_a_bin_is_in_the_lower_one():
    metric, target = ExpectedCalibrationError(n_bins=100), FittedTarget(("y",), ("no", "yes"))
    stated, truth = np.array([0.07, 0.065]), np.array([1.0, 0.0])  # of one bin
    expected = abs(1 - 0.07 - 0.065) / 2
    assert metric.score(truth, stated, target).value == pytest.approx(expected)
