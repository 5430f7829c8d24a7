"""Generator of tasks of times to an event with known hazards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from polytask._validation import Interval, check
from polytask.data import MultiTaskDataset
from polytask.datasets._random_function import random_function
from polytask.tasks import Survival, Task

__all__ = ["SurvivalTruth", "make_survival"]

_OWNER = "make_survival"


@dataclass(frozen=True, eq=False)
class SurvivalTruth:
    """The true hazards of generated times to events.

    Parameters
    ----------
    rates : array of shape (n_rows, n_tasks)
        Cumulative hazards at time 1; at time t they are this times t to the power of `shape`.
    shape : float
    """

    rates: Float64[np.ndarray, "n t"]
    shape: float

    def survival(self, task: int, times: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, "n k"]:
        """The true survival curves of a task's rows at some times.

        Examples
        --------
        >>> import numpy as np
        >>> from polytask.datasets import SurvivalTruth
        >>> SurvivalTruth(np.array([[np.log(2)]]), 2.0).survival(0, np.array([1.0, 2.0]))
        array([[0.5   , 0.0625]])
        """
        return np.asarray(np.exp(-self.rates[:, task, None] * np.power(times, self.shape)))


def make_survival(
    n_tasks: int = 3,
    n_rows: int = 2000,
    n_features: int = 6,
    *,
    relatedness: float = 0.8,
    spread: float = 1.0,
    censoring: float = 0.4,
    shape: float = 1.5,
    seed: int = 0,
) -> tuple[MultiTaskDataset, SurvivalTruth]:
    r"""Make tasks of times to an event whose log-hazards are related functions of the inputs.

    .. math:: S_{ik}(t) = e^{-\lambda_{ik} t^a}, \qquad
              \log \lambda_{ik} = \sigma \left( \sqrt{\rho} \, g_0(x_i)
              + \sqrt{1 - \rho} \, g_k(x_i) \right)

    with the relatedness :math:`\rho`, the `spread` :math:`\sigma`, the `shape` a, and random
    functions :math:`g` of mean 0 and deviation 1 over the rows: a linear one, a sine and a product of
    projections of the inputs, summed. Hazards are proportional. Rows are observed for exponential
    times that depend on nothing else, common to all tasks.

    Parameters
    ----------
    n_tasks : int, default 3
    n_rows : int, default 2000
    n_features : int, default 6
        Standard normal inputs.
    relatedness : float in [0, 1], default 0.8
        Share of the variance of log-hazards that all tasks have in common.
    spread : float in [0, 10], default 1.0
        Standard deviation of log-hazards.
    censoring : float in [0, 1), default 0.4
        Share of the cells that are censored.
    shape : float in [0.1, 10], default 1.5
        Above 1, hazards rise with time.
    seed : int, default 0

    Returns
    -------
    dataset : MultiTaskDataset
        Tasks ``event_0``, ``event_1``, …, of the kind `Survival`, each with columns ``time_0``,
        ``happened_0``, ….
    truth : SurvivalTruth

    Raises
    ------
    ParameterError
        If an argument is out of range.

    Examples
    --------
    >>> from polytask.datasets import make_survival
    >>> dataset, truth = make_survival(n_tasks=2, n_rows=500)
    >>> dataset.tasks["event_1"].columns
    ('time_1', 'happened_1')
    >>> truth.rates.shape
    (500, 2)
    """
    for name, size in {"n_tasks": n_tasks, "n_rows": n_rows, "n_features": n_features}.items():
        check(_OWNER, name, size, Interval(int, 1))
    check(_OWNER, "relatedness", relatedness, Interval(float, 0.0, 1.0))
    check(_OWNER, "spread", spread, Interval(float, 0.0, 10.0))
    check(_OWNER, "censoring", censoring, Interval(float, 0.0, 1.0, closed="left"))
    check(_OWNER, "shape", shape, Interval(float, 0.1, 10.0))
    generator = np.random.default_rng(seed)
    X = generator.standard_normal((n_rows, n_features))
    common = random_function(generator, X)
    shares = np.sqrt(relatedness), np.sqrt(1 - relatedness)
    own = [random_function(generator, X) for _ in range(n_tasks)]
    rates = np.stack([np.exp(spread * (shares[0] * common + shares[1] * g)) for g in own], axis=1)
    times = (generator.exponential(size=rates.shape) / rates) ** (1 / shape)
    watched = generator.exponential(size=(n_rows, 1))
    ends = watched * (np.quantile(times / watched, 1 - censoring) if censoring else np.inf)
    columns = {f"x{feature}": X[:, feature] for feature in range(n_features)}
    tasks = []
    for task in range(n_tasks):
        names = (f"time_{task}", f"happened_{task}")
        seen, end = times[:, task], ends[:, 0]
        columns |= {names[0]: np.minimum(seen, end), names[1]: (seen <= end).astype(np.float64)}
        tasks.append(Task(f"event_{task}", Survival(), names))
    dataset = MultiTaskDataset.from_table(columns, tasks)
    return dataset, SurvivalTruth(rates, float(shape))
