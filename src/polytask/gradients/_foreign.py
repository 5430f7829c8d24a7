"""Adapters of TorchJD's methods and of plain functions to aggregators."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.gradients._foreign_state import load_plain_state, plain_state
from polytask.gradients._needs import Need
from polytask.gradients._served import Served

__all__ = ["ForeignAggregator", "as_aggregator", "is_foreign"]


def is_foreign(method: object) -> bool:
    """Whether a method is a callable on a matrix that declares no needs."""
    return callable(method) and not isinstance(method, type) and not hasattr(method, "needs")


def as_aggregator(method: Any) -> Any:
    """Wrap a callable on a Gramian or a Jacobian as an aggregator; return an aggregator as it is.

    Notes
    -----
    Callables with a ``gramian_weighting``, or whose ``forward`` names its argument ``gramian``,
    receive the Gramian, all others the Jacobian. Of the latter, weightings return one weight per
    row, all others the update.
    """
    if hasattr(method, "needs") and not isinstance(method, type):
        return method
    if not is_foreign(method):
        expected = "an aggregator, or a callable on a matrix such as TorchJD's aggregators"
        raise ParameterError(message("backward", "aggregator", expected, method))
    compute_weights = getattr(method, "gramian_weighting", None)
    if callable(compute_weights):
        return _ForeignWeighting(method, compute_weights)
    if _first_argument(method) == "gramian":
        return _ForeignWeighting(method, method)
    return _ForeignCombiner(method)


class ForeignAggregator:
    """A callable of another library with the lifecycle of `polytask.aggregation.Aggregator`.

    Parameters
    ----------
    method : callable

    Notes
    -----
    TorchJD's stateful methods do not handle absent tasks: they see the tasks present only.
    """

    needs: frozenset[str]
    properties: frozenset[Any] = frozenset()

    def __init__(self, method: Callable[[Tensor], Tensor]) -> None:
        self.method = method
        self._generator: torch.Generator | None = None

    def __repr__(self) -> str:
        return repr(self.method)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Reset the state."""
        del n_tasks, device
        self._generator = generator
        if hasattr(self.method, "reset"):
            self.method.reset()

    def state_dict(self) -> dict[str, Any]:
        """Buffers, parameters and plain attributes of a module."""
        return plain_state(self.method)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned, after `start`."""
        load_plain_state(self.method, state)

    def _call(self, function: Callable[[Tensor], Tensor], matrix: Tensor) -> Tensor:
        """Call a function with torch's global generator seeded from the aggregator's."""
        with torch.no_grad():
            if self._generator is None:
                return function(matrix)
            draw = torch.randint(
                2**62, (), generator=self._generator, device=self._generator.device
            )
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(int(draw))
                return function(matrix)

    def _checked(self, result: Any, matrix: Tensor, shape: torch.Size) -> Tensor:
        """The callable's result, refused if its shape is wrong."""
        if isinstance(result, Tensor) and result.shape == shape:
            return result
        got = f"the shape {tuple(result.shape)}" if isinstance(result, Tensor) else "no tensor"
        expected = (
            f"a callable that maps a matrix of shape {tuple(matrix.shape)} to a tensor of shape "
            f"{tuple(shape)}"
        )
        remedy = f"It returned {got}."
        raise ParameterError(message("backward", "aggregator", expected, self.method, remedy))


class _ForeignWeighting(ForeignAggregator):
    """A foreign method that computes weights from the Gramian.

    Parameters
    ----------
    method : callable
        The object that holds the state.
    compute_weights : callable
        Maps a Gramian to weights.
    """

    needs = frozenset({Need.GRAMIAN})

    def __init__(
        self, method: Callable[[Tensor], Tensor], compute_weights: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__(method)
        self._compute_weights = compute_weights

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the k tasks present."""
        weights = self._call(self._compute_weights, gramian)
        return self._checked(weights, gramian, gramian.shape[:1]).to(gramian)

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients, with weights from their Gramian."""
        del served
        return self.weights(jacobian @ jacobian.T) @ jacobian


class _ForeignCombiner(ForeignAggregator):
    """A foreign method that maps the Jacobian to an update, or to one weight per row."""

    needs = frozenset({Need.JACOBIAN})

    def combine(self, jacobian: Float[Tensor, "k p"]) -> Float[Tensor, " p"]:
        """The update."""
        result = self._call(self.method, jacobian)
        if _is_weighting(self.method):
            return self._checked(result, jacobian, jacobian.shape[:1]).to(jacobian) @ jacobian
        return self._checked(result, jacobian, jacobian.shape[1:]).to(jacobian)

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients."""
        del served
        return self.combine(jacobian)


def _first_argument(method: Any) -> str | None:
    """The name of a callable's first argument; None where it has no signature."""
    try:
        names = list(inspect.signature(getattr(method, "forward", method)).parameters)
    except (TypeError, ValueError):
        return None
    return names[0] if names else None


def _is_weighting(method: object) -> bool:
    return any(base.__name__ == "Weighting" for base in type(method).__mro__)
