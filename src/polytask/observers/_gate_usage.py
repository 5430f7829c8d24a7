"""Weights that gates give to experts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from polytask.exceptions import UnservedNeedError
from polytask.observers._gate_sums import GateSums, expert_names, gate_sums
from polytask.observers._observer import VALIDATION_ROWS, Observer
from polytask.observers._rounded import rounded
from polytask.observers._view import View

__all__ = ["GateUsage"]

_MOST_VALUES = 900


@dataclass(frozen=True)
class GateUsage(Observer):
    r"""How a network's gates weigh its experts on the validation rows, task by task.

    .. math:: u_{ke} = \frac{1}{n_k} \sum_x g_{ke}(x), \qquad
              H_k = -\frac{1}{n_k} \sum_x \sum_e g_{ke}(x) \log g_{ke}(x)

    with the weight :math:`g_{ke}(x)` of expert e in the gate of task k, over all validation rows
    of the task's sources, labelled or not; where each row has one task, over its own.

    Notes
    -----
    `observe` returns, rounded to four decimals,

    - ``tasks``: their names;
    - ``experts``: ``own 1``, …, for the experts that a task has to itself, ``shared 1``, … for
      those of all tasks;
    - ``weights``: :math:`u`, task by task, experts in their order; in `CGC` and `PLE` the gates
      are those of the last level, and a task's own experts come first;
    - ``largest``: the shares of rows at which each expert has the largest weight;
    - ``entropy``: :math:`H`, in nats; 0 where gates choose one expert, log n_experts where they
      weigh all alike;
    - ``mean``: :math:`u` of the experts that all tasks share, averaged over the tasks;
    - ``own``: the weight of a task's own experts together, averaged over the tasks; None where
      tasks have none. They are other modules for each task, and so have no ``mean``.

    Of a network without gates it returns nothing, and nothing is kept. The report of a comparison
    shows the weights at the epoch of the kept state.

    What is per task is None where there are so many tasks and experts that it would fill the
    records, and a task without rows has None.

    Examples
    --------
    >>> from polytask.architectures import MMoE
    >>> from polytask.encoders import MLP
    >>> from polytask.observers import GateUsage
    >>> from polytask.testing import tiny_dataset
    >>> from polytask.training import Trainer
    >>> data, mixture = tiny_dataset(), MMoE(MLP((8,)), n_experts=2)
    >>> trained = Trainer(steps=5, observers=(GateUsage(),)).fit(mixture, data, data)
    >>> len(trained.history.epochs[0].observed["gate_usage"]["weights"][0])
    2
    """

    needs: ClassVar[frozenset[str]] = frozenset({VALIDATION_ROWS})

    def observe(self, view: View) -> dict[str, Any]:
        """Measure gates on the validation rows of a view."""
        if view.validation is None:
            raise UnservedNeedError("GateUsage needs `validation` in its view. Give rows.")
        usage = gate_sums(view.network, view.validation)
        return {} if usage is None else _values(view, usage)


def _values(view: View, usage: GateSums) -> dict[str, Any]:
    seen = usage.rows > 0
    weights, largest = usage.weights / usage.rows[:, None], usage.largest / usage.rows[:, None]
    mean, n_own = weights[seen].mean(dim=0), view.network.n_own_experts
    few = 2 * weights.numel() + 2 * len(weights) + 2 * weights.shape[1] <= _MOST_VALUES
    return {
        "tasks": list(view.tasks) if few else None,
        "experts": expert_names(len(mean), n_own) if few else None,
        "weights": rounded(weights) if few else None,
        "largest": rounded(largest) if few else None,
        "entropy": rounded(usage.entropy / usage.rows) if few else None,
        "mean": rounded(mean[n_own:]),
        "own": rounded(mean[:n_own].sum()) if n_own else None,
    }
