"""The checks of kinds, losses and metrics find what is broken, one promise at a time."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from users_gumbel import Miss

from polytask.exceptions import DataError
from polytask.losses import (
    BinaryCrossEntropy,
    Loss,
    MeanSquaredError,
    MultilabelBinaryCrossEntropy,
)
from polytask.losses._reduce import mean_over_observed
from polytask.metrics import MAE, RMSE, MetricValue
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel, Regression
from polytask.testing import check_kind, check_loss, check_metric


def altered(base, method, change):
    """A class of the base's name whose method's answer is changed."""

    def changed(self, *arguments):
        return change(getattr(base, method)(self, *arguments))

    return type(base.__name__, (base,), {method: changed})


class Nameless(Regression):
    name = ""


class ShiftsColumns(Regression):
    def fit(self, owner, columns):
        fitted = super().fit(owner, columns)
        next(iter(columns.values()))[0] += 1
        return fitted


class Moody(Regression):
    moods: ClassVar[list[float]] = []

    def fit(self, owner, columns):
        self.moods.append(1.0)
        fitted = super().fit(owner, columns)
        return replace(fitted, learned={**fitted.learned, "moods": tuple(self.moods)})


class Miscounted(Regression):
    """Its metrics would take it for counts."""

    def fit(self, owner, columns):
        fitted = super().fit(owner, columns)
        return replace(fitted, learned={**fitted.learned, "mean_count": (1.0,)})


class WrongColumns(Regression):
    def fit(self, owner, columns):
        return replace(super().fit(owner, columns), columns=("other",) * len(columns))


class ZeroForMissing(Regression):
    def encode(self, columns, fitted):
        return np.nan_to_num(super().encode(columns, fitted))


class DoublePrecision(Regression):
    def encode(self, columns, fitted):
        return super().encode(columns, fitted).astype(np.float64)


class OrderedLabels(Regression):
    def encode(self, columns, fitted):
        encoded = super().encode(columns, fitted)
        return encoded + np.arange(len(encoded), dtype=np.float32)[:, None]


class UpsideDown(Regression):
    """`raw` forgets the centre."""

    def raw(self, response, fitted):
        learned = {**fitted.learned, "center": (0.0,) * len(fitted.columns)}
        return super().raw(response, replace(fitted, learned=learned))


class OverflowingOdds(Binary):
    def response(self, raw, fitted):
        with np.errstate(over="ignore", invalid="ignore"):
            odds = np.exp(raw[:, 0].astype(np.float64))
            return odds / (1 + odds)


class Inventive(Multiclass):
    def decide(self, response, fitted):
        return np.array(["somewhere else"] * len(response), dtype=object)


class AcceptsNothingness(Regression):
    def fit(self, owner, columns):
        numbers = all(column.dtype != object for column in columns.values())
        if numbers and all(np.isnan(column).all() for column in columns.values()):
            size = len(columns)
            learned = {"center": (0.0,) * size, "scale": (1.0,) * size}
            return FittedTarget(tuple(columns), learned=learned)
        return super().fit(owner, columns)


class AcceptsInfinity(Regression):
    def fit(self, owner, columns):
        if any(column.dtype == object for column in columns.values()):
            return super().fit(owner, columns)
        return super().fit(owner, {k: np.where(np.isinf(v), 0, v) for k, v in columns.items()})


class Tongue(Regression):
    def fit(self, owner, columns):
        try:
            return super().fit(owner, columns)
        except DataError as error:
            raise DataError("this column is bad") from error


class Picky(Regression):
    def fit(self, owner, columns):
        raise DataError("nothing is good enough")


class Brittle(Regression):
    """Fails with an error of numpy's where a column holds text."""

    def fit(self, owner, columns):
        for column in columns.values():
            column.astype(np.float64)
        return super().fit(owner, columns)


class SecondIgnored(Regression):
    def encode(self, columns, fitted):
        encoded = super().encode(columns, fitted)
        return np.where(np.isnan(encoded), encoded, encoded[:, :1]) if len(columns) > 1 else encoded


class SecondUntrue(Regression):
    def truth(self, columns, fitted):
        truth = super().truth(columns, fitted)
        return np.where(np.isnan(truth), truth, [1.0, 0.0] * truth) if truth.ndim > 1 else truth

    def units(self, fitted):
        return ()


class Trusting(Regression):
    """Accepts from a file what it cannot use."""

    def accepts(self, fitted):
        return Kind.accepts(self, fitted)


class Hasty(Regression):
    def mean_response(self, truth, fitted, weight):
        return super().mean_response(truth, fitted, np.ones_like(weight))


class FixedUnits(Regression):
    def units(self, fitted):
        return (1.0,) * len(fitted.columns)


class VarianceAsUnit(Regression):
    def units(self, fitted):
        return tuple(unit**2 for unit in super().units(fitted))


class Thousandths(Regression):
    def units(self, fitted):
        return tuple(unit / 1000 for unit in super().units(fitted))


class StandardisedTruth(Regression):
    def truth(self, columns, fitted):
        return super().truth(columns, fitted) / 2


class FixedLabels(Regression):
    def encode(self, columns, fitted):
        return (self._table(columns, fitted) / 2).astype(np.float32)


class FixedDecision(Regression):
    def decide(self, response, fitted):
        return response / np.array(fitted.learned["scale"])


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Nameless(), "has no name"),
        (ShiftsColumns(), "`fit` changed column"),
        (Moody(), "twice gives two answers"),
        (WrongColumns(), "wrong columns"),
        (Miscounted(), "'mean_count' among the learned numbers declares counts. Name Count in"),
        (ZeroForMissing(), "NaN exactly where the target is missing"),
        (DoublePrecision(), "not float32"),
        (OrderedLabels(), "must not depend on the order of rows"),
        (UpsideDown(), "not the same response"),
        (OverflowingOdds(), "extreme scores"),
        (Inventive(), "which are no classes"),
        (AcceptsNothingness(), "no observed label is accepted"),
        (AcceptsInfinity(), "infinite values is accepted"),
        (Tongue(), "names neither task nor column"),
        (Picky(), "accepts none of the common example columns"),
        (Brittle(), r"must raise DataError for columns .*'y' of object.*but raises Value"),
        (SecondIgnored(), "values of column 'z' do not change its `encode`"),
        (SecondUntrue(), "values of column 'z' do not change its `truth`"),
        (Trusting(), "accepts a target without learned numbers, but fails with it: KeyError"),
        (Hasty(), "in the mean response a weight of n is not n equal rows"),
        (FixedUnits(), "must have units times 4"),
        (VarianceAsUnit(), "must have units times 4"),
        (Thousandths(), "far from its standard deviation"),
        (StandardisedTruth(), "has units, but its truth is not the columns themselves"),
        (FixedLabels(), "columns times 4 must have the same labels"),
        (FixedDecision(), "columns times 4 must have decisions times 4"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_kind_is_found(kind, words):
    with pytest.raises(AssertionError, match=words):
        check_kind(kind)


class ShiftsWithScores(Regression):
    """What it learns of scores changes labels."""

    def refit(self, truth, raw, fitted, weight):
        center = tuple(center + 1 for center in fitted.learned["center"])
        return replace(fitted, learned={**fitted.learned, "center": center})


class RefitsUnweighted(Regression):
    """It counts rows without their weights, which only decisions show."""

    def refit(self, truth, raw, fitted, weight):
        return replace(fitted, learned={**fitted.learned, "bias": (float(raw.sum()),)})

    def accepts(self, fitted):
        learned = {name: fitted.learned[name] for name in fitted.learned if name != "bias"}
        return super().accepts(replace(fitted, learned=learned))

    def response(self, raw, fitted):
        return super().response(raw, fitted) + fitted.learned.get("bias", (0.0,))[0]

    def raw(self, response, fitted):
        return super().raw(response - fitted.learned.get("bias", (0.0,))[0], fitted)


class LearnsInSecret(Regression):
    """Refuses what it learned itself."""

    def refit(self, truth, raw, fitted, weight):
        return replace(fitted, learned={**fitted.learned, "more": (1.0,)})


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ShiftsWithScores(), "`refit` changes labels"),
        (RefitsUnweighted(), "in `refit` a weight of n is not n equal rows"),
        (LearnsInSecret(), "refuses what `refit` learned"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_refit_is_found(kind, words):
    with pytest.raises(AssertionError, match=words):
        check_kind(kind, columns={"y": np.random.default_rng(0).normal(size=30)})


class Unequal(Regression):
    def __eq__(self, other):
        return False

    __hash__ = None


@pytest.mark.parametrize(
    ("base", "method", "change", "words"),
    [
        (Regression, "score_shape", lambda shape: (*shape, 0), "at least one raw score"),
        (Regression, "target_shape", lambda shape: (), "at least one label"),
        (Binary, "fit", lambda f: replace(f, classes=list(f.classes)), "does not survive JSON"),
        (Regression, "accepts", lambda accepted: True, "accepts a target without columns"),
        (Regression, "encode", lambda encoded: encoded[1:], "labels have shape"),
        (Regression, "encode", np.cumsum, "labels have shape"),
        (Regression, "encode", lambda encoded: encoded + np.float32(np.inf), "must be finite"),
        (Regression, "truth", lambda truth: truth[:-1], "truth has shape"),
        (Regression, "units", lambda units: (*units, 1.0), "a unit, a label and a true value"),
        (Multiclass, "class_codes", lambda codes: codes[:, 0], "class codes have shape"),
        (Multiclass, "class_codes", lambda codes: codes + 1, "are those of no class"),
        (Multiclass, "class_codes", lambda codes: None, "class counts for"),
        (Multiclass, "mean_response", lambda mean: mean[:1], "the mean response has shape"),
        (Multiclass, "prediction_columns", lambda c: [(n, v[1:]) for n, v in c], "has shape"),
        (Regression, "from_estimator", lambda raw: raw[:, 0], "Ridge gives scores of shape"),
        (Binary, "from_estimator", np.float64, "estimators give float64"),
        (Regression, "truth", np.cumsum, "must not depend on the order of rows"),
        (Regression, "response", lambda response: response[:-1], "regression: response"),
        (Regression, "response", np.float32, "responses are float32"),
        (Regression, "raw", lambda raw: raw[:, 0], "`raw` gives"),
        (Regression, "raw", np.float64, "`raw` gives float64, not float32"),
        (Regression, "decide", lambda decided: decided[:-1], "8 decisions for 9 rows"),
    ],
)
@pytest.mark.usefixtures("unchecked_types")
def test_a_kind_with_one_broken_method_is_found(base, method, change, words):
    with pytest.raises(AssertionError, match=words):
        check_kind(altered(base, method, change)())


def test_a_kind_that_does_not_equal_itself_is_found():
    with pytest.raises(AssertionError, match="must equal itself"):
        check_kind(Unequal())


def test_certainty_without_a_finite_score_is_found():
    class Certain(Binary):
        def raw(self, response, fitted):
            with np.errstate(divide="ignore"):
                odds = np.log(response) - np.log1p(-response)
            return odds[:, None].astype(np.float32)

    with pytest.raises(AssertionError, match="`raw` of extreme responses"):
        check_kind(Certain())


@pytest.mark.parametrize("kind", [Regression(), Binary(), Multiclass(), Multilabel()])
def test_a_good_kind_passes(kind):
    check_kind(kind)


def test_a_kind_may_bring_columns_of_its_own():
    labels = np.array(["a", "b", None, "b"], dtype=object)
    check_kind(Binary(positive="a"), columns={"letter": labels})


@dataclass(frozen=True)
class Squares(MeanSquaredError):  # noqa: N818 - a loss, no exception
    """The good loss that the broken ones derive from."""


class ServesNone(Squares):
    kinds = ()


class DefaultElsewhere(Squares):
    default_for = (Kind,)


class Total(Squares):
    def rowwise(self, scores, values, mask, constants):
        return super().rowwise(scores, values, mask, constants).sum()


class Blind(Squares):
    """Missing cells count as the 0 they hold."""

    def rowwise(self, scores, values, mask, constants):
        return (scores - values).square().mean(dim=-1)


class Broken(Squares):
    """Divides by the number of labels, which may be 0."""

    def rowwise(self, scores, values, mask, constants):
        return ((scores - values).square() * mask).sum(dim=-1) / mask.sum(dim=-1)


class InfiniteGradient(Squares):
    """√0 where nothing is labelled has no derivative."""

    def rowwise(self, scores, values, mask, constants):
        return ((scores - values).square() * mask).sum(dim=-1).sqrt()


class Stopped(Squares):
    def rowwise(self, scores, values, mask, constants):
        return super().rowwise(scores.detach() + 0 * scores, values, mask, constants)


class HalfStopped(Squares):
    def rowwise(self, scores, values, mask, constants):
        return super().rowwise((scores + scores.detach()) / 2, values, mask, constants)


class AlwaysOne(Squares):
    def rowwise(self, scores, values, mask, constants):
        return 1 + 0 * super().rowwise(scores, values, mask, constants)


class AcrossTasks(Squares):
    def rowwise(self, scores, values, mask, constants):
        rows = super().rowwise(scores, values, mask, constants)
        return rows / rows.shape[-1]


class Doubling(Squares):
    def rowwise(self, scores, values, mask, constants):
        return super().rowwise(scores, values, mask, constants).double()


class Exploding(Squares):
    def rowwise(self, scores, values, mask, constants):
        return torch.exp(super().rowwise(scores, values, mask, constants))


class CountsEverything(Squares):
    def counts(self, mask):
        return torch.ones(mask.shape[:-1])


class SecondCellIgnored(Squares):
    def rowwise(self, scores, values, mask, constants):
        first = torch.arange(values.shape[-1]) == 0
        return super().rowwise(scores, values * first, mask, constants)


class Unlearnable(Squares):
    def rowwise(self, scores, values, mask, constants):
        return super().rowwise(scores.detach(), values, mask, constants)


class Rounded(Squares):
    def rowwise(self, scores, values, mask, constants):
        return (super().rowwise(scores, values, mask, constants) > 1).to(scores.dtype)


class Mixing(Squares):
    """Each task of several gets the mean loss of all, which shows where tasks differ."""

    def rowwise(self, scores, values, mask, constants):
        rows = super().rowwise(scores, values, mask, constants)
        several = scores.ndim > 2
        return rows.mean(dim=-1, keepdim=True).expand_as(rows) if several else rows


class FirstTaskCounts(Squares):
    """The first task's constant is used for all."""

    def constants(self, targets):
        return {"scale": torch.tensor([target.learned["scale"] for target in targets])}

    def rowwise(self, scores, values, mask, constants):
        scaled = constants["scale"][:1].mean()
        return super().rowwise(scores, values, mask, constants) * scaled


class Overflowing(Squares):
    """Finite in double precision alone."""

    def rowwise(self, scores, values, mask, constants):
        return mean_over_observed(torch.exp(scores - values) - (scores - values), mask)


class FlatFarAway(Squares):
    """Finite far from the labels, but without a gradient."""

    def rowwise(self, scores, values, mask, constants):
        away = torch.exp((scores - values).abs())
        return mean_over_observed(torch.where(away.isinf(), 1e9, away), mask)


class CountsCells(Squares):
    def counts(self, mask):
        return mask.sum(dim=-1).to(torch.float32)


class CountsRows(MultilabelBinaryCrossEntropy):
    def counts(self, mask):
        return mask.any(dim=-1).to(torch.float32)


@dataclass(frozen=True)
class WeighsNothing(BinaryCrossEntropy):
    def rowwise(self, scores, values, mask, constants):
        return super().rowwise(scores, values, mask, {})


@dataclass(frozen=True)
class NeedsArguments(Squares):
    strength: float

    default_for = (Regression,)

    def __init__(self, strength):
        object.__setattr__(self, "strength", strength)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (SecondCellIgnored(), "the labels in cell 1 of 2 do not change the loss"),
        (Unlearnable(), "no gradient with respect to the scores"),
        (Rounded(), "no gradient with respect to the scores"),
        (Mixing(), "two different tasks side by side"),
        (FirstTaskCounts(), "two different tasks side by side"),
        (Overflowing(), "in float32, scores up to ±100 give losses that are not finite"),
        (FlatFarAway(), "in float32, scores up to ±100 give gradients that are not finite"),
        (CountsCells(), "`counts` disagrees with the kind, of which a row is one label"),
        (CountsRows(), "`counts` disagrees with the kind, of which cells are labels of their own"),
        (WeighsNothing(), "declares `weighs_classes`, but does not multiply rows"),
        (NeedsArguments(1.0), "is a default, but cannot be made without strength"),
        (ServesNone(), "serves no kind"),
        (DefaultElsewhere(), "which it does not serve"),
        (Total(), r"\(\) losses for 40 rows"),
        (Blind(), "the value in a missing cell changes the loss"),
        (Broken(), "a row's loss is not finite"),
        (InfiniteGradient(), "a gradient is not finite"),
        (Stopped(), "disagrees with finite differences"),
        (HalfStopped(), "disagrees with finite differences"),
        (AlwaysOne(), "no labelled row pulls at the scores"),
        (AcrossTasks(), "two equal tasks side by side"),
        (Doubling(), "float32 in, torch.float64 out"),
        (Exploding(), "scores up to ±30 give losses that are not finite"),
        (CountsEverything(), "rows without a label count"),
        (altered(Squares, "counts", lambda counts: counts[None])(), "counts"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_loss_is_found(loss, words):
    with pytest.raises(AssertionError, match=words):
        check_loss(loss)


@pytest.mark.parametrize("loss", [Squares(), MultilabelBinaryCrossEntropy()])
def test_a_good_loss_passes(loss):
    assert isinstance(loss, Loss)
    check_loss(loss)


class Anonymous(RMSE):
    label = ""


class MayCrossZero(RMSE):
    positive_scale = False


class OtherWayRound(MAE):
    greater_is_better = True


class Negative(MAE):
    greater_is_better = True

    def score(self, truth, response, fitted, weight=None):
        scored = super().score(truth, response, fitted, weight)
        return replace(scored, value=None if scored.value is None else -scored.value)


class MissingIsZero(MAE):
    def score(self, truth, response, fitted, weight=None):
        return super().score(np.nan_to_num(truth), response, fitted, weight)


class Unweighted(MAE):
    def score(self, truth, response, fitted, weight=None):
        return super().score(truth, response, fitted)


class TotalWeight(MAE):
    """Divides by the number of rows, missing or not."""

    def score(self, truth, response, fitted, weight=None):
        scored = super().score(truth, response, fitted, weight)
        share = np.isfinite(truth).mean()
        return replace(scored, value=None if scored.value is None else scored.value * share)


class Sequential(MAE):
    def score(self, truth, response, fitted, weight=None):
        ramp = np.linspace(1, 2, len(truth))
        return super().score(truth, response, fitted, ramp)


class NumberFromNothing(MAE):
    def score(self, truth, response, fitted, weight=None):
        scored = super().score(truth, response, fitted, weight)
        return MetricValue(0.0) if scored.value is None else scored


class Silent(MAE):
    def score(self, truth, response, fitted, weight=None):
        scored = super().score(truth, response, fitted, weight)
        return MetricValue(None, "") if scored.value is None else scored


class NotANumber(MAE):
    def score(self, truth, response, fitted, weight=None):
        scored = super().score(truth, response, fitted, weight)
        return MetricValue(float("nan")) if scored.value is None else scored


class Imputing(MAE):
    def score(self, truth, response, fitted, weight=None):
        scored = super().score(truth, response, fitted, weight)
        truth[np.isnan(truth)] = 0.0
        return scored


class ServesNoKind(MAE):
    kinds = ()


class DefaultOfAll(MAE):
    default_for = (Kind,)


class ByTotalWeight(MAE):
    """Counts given weights twice."""

    def score(self, truth, response, fitted, weight=None):
        scored = super().score(truth, response, fitted, weight)
        factor = 1 if weight is None or scored.value is None else 2
        return scored if scored.value is None else replace(scored, value=factor * scored.value)


class Cutting(MAE):
    def score(self, truth, response, fitted, weight=None):
        scored = super().score(truth, response, fitted, weight)
        response[:] = 0
        return scored


class Undecided(MAE):
    def score(self, truth, response, fitted, weight=None):
        return MetricValue(None, "who knows")


class Both(MAE):
    def score(self, truth, response, fitted, weight=None):
        return MetricValue(1.0, "but not really")


class FirstColumn(MAE):
    def parts(self, truth, response, fitted):
        yield next(iter(super().parts(truth, response, fitted)))


class LabelsIgnored(MAE):
    positive_scale = False
    default_for = ()

    def measure(self, truth, response, weight, fitted):
        return MetricValue(float(np.average(response, weights=weight)))


class HiddenResponses(MAE):
    """Responses of rows without a label count."""

    def score(self, truth, response, fitted, weight=None):
        scored = super().score(truth, response, fitted, weight)
        seen = float(np.square(response).sum()) / len(truth)
        return scored if scored.value is None else replace(scored, value=scored.value + seen)


class TotalOfWeights(MAE):
    def score(self, truth, response, fitted, weight=None):
        scored = super().score(truth, response, fitted, weight)
        total = 1.0 if weight is None else float(weight.max())
        return scored if scored.value is None else replace(scored, value=scored.value / total)


class FarIsUndefined(MAE):
    def measure(self, truth, response, weight, fitted):
        return MetricValue(float(np.average(np.exp(np.abs(truth - response)) ** 20)))


class Unsurpassable(MAE):
    best = 1.0


class NoUnits(MAE):
    in_target_units = False


class SquaredUnits(MAE):
    """A mean of squares is not in the target's units."""

    def measure(self, truth, response, weight, fitted):
        return MetricValue(float(np.average(np.square(truth - response), weights=weight)))

    def influence(self, truth, response, weight, fitted):
        return None


class PowerOfOne(RMSE):
    power = 1


class PowerOfTwo(MAE):
    power = 2


class HalfInfluence(MAE):
    def influence(self, truth, response, weight, fitted):
        return super().influence(truth, response, weight, fitted) / 2


class UnweightedInfluence(MAE):
    def influence(self, truth, response, weight, fitted):
        return super().influence(truth, response, np.ones_like(weight), fitted)


class ShapeOfInfluence(MAE):
    def influence(self, truth, response, weight, fitted):
        return super().influence(truth, response, weight, fitted)[1:]


class WrongWay(Miss):
    """Of a kind whose loss is the user's own."""

    greater_is_better, best = True, None


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (FirstColumn(), "the labels in column 1 of 2 do not change the value"),
        (LabelsIgnored(), "good predictions score|the labels do not change the value"),
        (HiddenResponses(), "rows without a label change the value|in cells without a label"),
        (TotalOfWeights(), "a factor of all weights changes the value|a weight of n"),
        (FarIsUndefined(), "undefined .the value over .* labelled rows is not finite"),
        (Unsurpassable(), "surpasses 1, its `best`"),
        (NoUnits(), "`in_target_units` is False, but a target times 4 changes the value"),
        (SquaredUnits(), "`in_target_units` is True, but a target times 4 changes the value"),
        (PowerOfOne(), "`power` is 1, but the metric to the power of 2 is the mean over rows"),
        (PowerOfTwo(), "`power` is 2, but the metric to the power of 1 is the mean over rows"),
        (HalfInfluence(), "`influence` disagrees with finite differences"),
        (UnweightedInfluence(), "`influence` disagrees with finite differences"),
        (ShapeOfInfluence(), "`influence` has shape"),
        (WrongWay(), "good predictions score"),
        (ServesNoKind(), "serves no kind"),
        (DefaultOfAll(), "which it does not serve"),
        (ByTotalWeight(), "weights of one change the value"),
        (Cutting(), "the response was changed in place"),
        (Undecided(), "undefined .who knows."),
        (Both(), "a value and a reason against it"),
        (Anonymous(), "has no name or label"),
        (MayCrossZero(), "may cross zero"),
        (OtherWayRound(), "good predictions score"),
        (Negative(), "below zero on a positive scale"),
        (MissingIsZero(), "rows without a label change the value|without a single label"),
        (Unweighted(), "a weight of n is not n equal rows"),
        (TotalWeight(), "rows without a label change the value"),
        (Sequential(), "the order of rows changes the value"),
        (NumberFromNothing(), "without a single label"),
        (Silent(), "neither a value nor a reason"),
        (NotANumber(), "nan is no value"),
        (Imputing(), "the truth was changed in place"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_metric_is_found(metric, words):
    with pytest.raises(AssertionError, match=words):
        check_metric(metric)
