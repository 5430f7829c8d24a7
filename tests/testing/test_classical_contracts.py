"""The contracts of penalties and datafits, held by fakes and broken one promise at a time."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from fakes_classical import AbsoluteSum, LearnedCentre, Squared, SquaredNorm

from polytask.datafits import Datafit, Huber
from polytask.exceptions import ParameterError
from polytask.penalties import Penalty
from polytask.testing import check_datafit, check_penalty


class Ridge(SquaredNorm):
    """Without a proximal map, which a smooth penalty need not have."""

    prox = Penalty.prox


@pytest.mark.parametrize(
    "penalty",
    [SquaredNorm(), SquaredNorm(0.3), AbsoluteSum(), AbsoluteSum(2), LearnedCentre(), Ridge()],
)
def test_fake_penalties_keep_the_contract(penalty):
    assert isinstance(penalty, Penalty)
    check_penalty(penalty)


def test_a_fake_datafit_keeps_the_contract():
    assert isinstance(Squared(), Datafit)
    check_datafit(Squared())


def test_a_penalty_without_a_proximal_map_says_so():
    with pytest.raises(ParameterError, match=r"Ridge has no proximal map\. Follow the gradient"):
        Ridge().prox(np.ones((3, 5)), 0.1)


def test_an_object_without_the_methods_is_neither():
    assert not isinstance(object(), Penalty)
    assert not isinstance(object(), Datafit)


class TwiceTheGradient(SquaredNorm):
    def gradient(self, weights, state=None):
        return 2 * self.alpha * weights


class GradientBeyondTheKink(AbsoluteSum):
    def gradient(self, weights, state=None):
        return super().gradient(weights) + 3.0 * (weights == 0)


class ProxWithoutAlpha(SquaredNorm):
    def prox(self, weights, step, state=None):
        return weights / (1 + step)


class ProxThatShrinksToZero(SquaredNorm):
    def prox(self, weights, step, state=None):
        return 0.0 * weights if step else weights


class ProxInPlace(SquaredNorm):
    def prox(self, weights, step, state=None):
        weights /= 1 + step * self.alpha
        return weights


class PerTask(SquaredNorm):
    def value(self, weights, state=None):
        return 0.5 * self.alpha * (weights * weights).sum(axis=1)


class NumpyOnly(SquaredNorm):
    def value(self, weights, state=None):
        plain = weights.detach().numpy() if isinstance(weights, torch.Tensor) else weights
        return super().value(plain)


class ScaledInTorch(SquaredNorm):
    def value(self, weights, state=None):
        return super().value(weights) * (2 if isinstance(weights, torch.Tensor) else 1)


class DetachedInTorch(SquaredNorm):
    def value(self, weights, state=None):
        return super().value(weights.detach() if isinstance(weights, torch.Tensor) else weights)


class HalvedInTorch(SquaredNorm):
    def value(self, weights, state=None):
        value = super().value(weights)
        return (value + value.detach()) / 2 if isinstance(weights, torch.Tensor) else value


class Widening(SquaredNorm):
    def prox(self, weights, step, state=None):
        if isinstance(weights, np.ndarray):
            return super().prox(weights.astype(np.float64), step)
        return super().prox(weights, step)


class Concave(SquaredNorm):
    """−½ α ‖W‖², whose proximal point exists for small steps only."""

    def value(self, weights, state=None):
        return -super().value(weights)

    def gradient(self, weights, state=None):
        return -super().gradient(weights)

    def prox(self, weights, step, state=None):
        return weights / (1 - step * self.alpha)


def altered(base, method, change):
    """An object of the base's class whose method's answer is changed."""

    def changed(self, *arguments):
        return change(getattr(base, method)(self, *arguments), *arguments)

    return type(base.__name__, (base,), {method: changed})()


def in_torch(change):
    return lambda answer, weights, *_: (
        change(answer) if isinstance(weights, torch.Tensor) else answer
    )


class GradientInPlace(SquaredNorm):
    def gradient(self, weights, state=None):
        gradient = super().gradient(weights)
        weights *= 1.001
        return gradient


class Nudging(SquaredNorm):
    """Moves numpy's weights too little for any answer to be wrong."""

    def value(self, weights, state=None):
        if isinstance(weights, np.ndarray):
            weights += 1e-14
        return super().value(weights)


class KinkDeclaredSmooth(AbsoluteSum):
    smooth = True


class KinkWithoutProx(AbsoluteSum):
    prox = Penalty.prox


class DeclaredNorms(AbsoluteSum):
    sums_norms = True


class DeclaredTurning(AbsoluteSum):
    rotates = True


class SquaredAlpha(SquaredNorm):
    def value(self, weights, state=None):
        return self.alpha * super().value(weights)

    def gradient(self, weights, state=None):
        return self.alpha * super().gradient(weights)

    def prox(self, weights, step, state=None):
        return weights / (1 + step * self.alpha**2)


class CentreInPlace(LearnedCentre):
    def refit(self, weights, state):
        state["centre"] += 1e-14
        return super().refit(weights, state)


class CentreAtZeroByDefault(LearnedCentre):
    def value(self, weights, state=None):
        return super().value(weights, state or {"centre": 0 * weights[:1]})


def relearned(change):
    """A penalty whose learned centre is changed."""
    return altered(LearnedCentre, "refit", lambda s, *_: {k: change(c) for k, c in s.items()})


@pytest.mark.parametrize(
    ("penalty", "words"),
    [
        (altered(SquaredNorm, "value", lambda v, *_: v / 0 * 0), "value is not finite"),
        (altered(SquaredNorm, "gradient", lambda g, *_: g[0]), "a gradient of shape"),
        (altered(AbsoluteSum, "gradient", lambda g, w, *_: g / abs(w)), "disagrees|not finite"),
        (
            altered(AbsoluteSum, "gradient", lambda g, w, *_: g * w / w),
            "the gradient is not finite",
        ),
        (altered(SquaredNorm, "prox", lambda p, *_: p[0]), "a proximal point of shape"),
        (altered(SquaredNorm, "prox", lambda p, *_: p + 1e-3), "without a step"),
        (altered(SquaredNorm, "gradient", in_torch(lambda g: 2 * g)), "disagree on the gradient"),
        (altered(SquaredNorm, "prox", in_torch(lambda p: 2 * p)), "disagree on the proximal point"),
        (GradientInPlace(), "finite differences|changed in place"),
        (Nudging(), "the weights were changed in place"),
        (TwiceTheGradient(), "disagrees with finite differences"),
        (GradientBeyondTheKink(), "norm 0 is no subgradient"),
        (Concave(0.01), "is no subgradient"),
        (ProxWithoutAlpha(0.3), "proximal point is not the best one"),
        (ProxThatShrinksToZero(), "proximal point is not the best one"),
        (ProxInPlace(), "proximal point is not the best one|changed in place"),
        (PerTask(), "the value is no scalar"),
        (NumpyOnly(), "torch in, float64 out"),
        (ScaledInTorch(), "numpy and torch disagree on the value"),
        (DetachedInTorch(), "carries no gradient"),
        (HalvedInTorch(), "autograd disagrees"),
        (Widening(), "float32 in, float64 out"),
        (KinkDeclaredSmooth(), "declared smooth, but its gradient jumps"),
        (KinkWithoutProx(), "is not smooth, so it needs `prox`"),
        (DeclaredNorms(), "declared a sum of norms of features, and is another"),
        (DeclaredTurning(), "declared the same in every basis of features, and is not"),
        (altered(AbsoluteSum, "dual_norm", lambda *_: 0.1), "the dual norm is too small"),
        (altered(AbsoluteSum, "dual_norm", lambda *_: 9.0), "dual norm of a subgradient is not 1"),
        (altered(SquaredNorm, "conjugate", lambda *_: 0.1), "conjugate of a subgradient"),
        (
            altered(SquaredNorm, "task_precision", lambda _, n, *__: 2 * np.eye(n)),
            "no gradient of its precision",
        ),
        (SquaredAlpha(), "with 2 times `alpha` the value is not 2 times as large"),
        (CentreInPlace(), "`refit` changed `centre` in place"),
        (CentreAtZeroByDefault(), "without a state the value is not that of `start`"),
        (relearned(lambda c: c + 3), "`refit` increased the value"),
        (relearned(lambda c: c[0]), "`refit` changes the shape of `centre`"),
        (relearned(lambda c: c * float("nan")), "learned `centre` is not finite"),
        (relearned(np.asarray), "`refit` of torch tensors returns a ndarray"),
        (relearned(lambda c: c * (1 + isinstance(c, torch.Tensor))), "learn different `centre`"),
        (altered(LearnedCentre, "refit", lambda *_: {}), "returns other names than `start`"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero")
def test_a_broken_penalty_is_found(penalty, words):
    with pytest.raises(AssertionError, match=words):
        check_penalty(penalty)


def test_a_penalty_that_is_not_convex_may_say_so():
    check_penalty(Concave(0.01), convex=False)


class Centring(Squared):
    def loss(self, scores, labels):
        labels -= 1e-14
        return super().loss(scores, labels)


class BoundTo(Squared):
    """Whose bound loss has another method than the datafit's."""

    change = staticmethod(lambda answer: answer)

    def bind(self, rows):
        bound, change = super().bind(rows), type(self).change
        answered = bound.value_and_gradient
        bound.value_and_gradient = lambda *point: change(answered(*point))
        return bound


class TwiceTheSlope(BoundTo):
    change = staticmethod(lambda answer: (answer[0], 2 * answer[1], answer[2]))


class WithoutIntercepts(BoundTo):
    change = staticmethod(lambda answer: (*answer[:2], 0 * answer[2]))


class TwiceTheValue(BoundTo):
    change = staticmethod(lambda answer: (2 * answer[0], *answer[1:]))


class TooSmooth(Squared):
    curvature = 0.9


@dataclass(frozen=True)
class OfMoments(Huber):
    by_moments = True


@pytest.mark.parametrize(
    ("datafit", "words"),
    [
        (altered(Squared, "loss", lambda v, *_: v + float("inf")), "loss is not finite"),
        (altered(Squared, "loss", lambda v, *_: -v), "not above its tangent"),
        (altered(Squared, "slope", lambda v, *_: v[:-1]), "another shape"),
        (altered(Squared, "slope", lambda v, *_: -v), "not above its tangent|falls"),
        (altered(Squared, "conjugate", lambda v, *_: 2 * v), "conjugate of a slope is not"),
        (altered(Squared, "constant", lambda v, *_: v + 1.0), "the constant score is not the best"),
        (altered(Squared, "constant", lambda v, *_: v / 0.0), "a constant score is not finite"),
        (altered(Squared, "problem", lambda *_: "must be even"), "does not accept the targets"),
        (TooSmooth(), "changes by more than the curvature"),
        (TwiceTheSlope(), "disagrees with finite differences"),
        (WithoutIntercepts(), "disagrees with finite differences"),
        (TwiceTheValue(), "`value` and `value_and_gradient` disagree"),
        (OfMoments(delta=0.1), "declared a loss of moments, but they give another"),
        (Centring(), "changed in place"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_a_broken_datafit_is_found(datafit, words):
    with pytest.raises(AssertionError, match=words):
        check_datafit(datafit)


def test_a_datafit_of_labels_gets_labels():
    class Signs(Squared):
        def problem(self, labels):
            return None if set(labels) <= {-1.0, 1.0} else "must be −1 or 1"

    with pytest.raises(AssertionError, match="must be −1 or 1"):
        check_datafit(Signs())
    check_datafit(Signs(), targets=np.array([-1.0, 1.0] * 5))
