"""A metric and a loss of a user's own, written as the docstrings show."""

from polytask.losses import Loss
from polytask.metrics import Metric, MetricValue
from polytask.tasks import Regression


class LargestError(Metric):
    """The largest error."""

    name, label, kinds, greater_is_better = "largest", "largest", (Regression,), False
    in_target_units = True

    def measure(self, truth, response, weight, fitted):
        return MetricValue(float(abs(truth - response).max()))


class Cubic(Loss):
    """Cubes of errors."""

    kinds = (Regression,)

    def rowwise(self, scores, values, mask, constants):
        return (scores - values).abs().pow(3).squeeze(-1)
