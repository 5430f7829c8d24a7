"""TorchJD's aggregators and weightings, and plain functions, seen as aggregators."""

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

__all__ = ["ForeignAggregator", "ForeignCombiner", "ForeignWeighting", "adopt", "is_foreign"]


def is_foreign(method: object) -> bool:
    """Whether it is a callable on a matrix that declares no needs."""
    return callable(method) and not isinstance(method, type) and not hasattr(method, "needs")


def adopt(method: Any) -> Any:
    """An aggregator as it is; a callable on a Gramian or a Jacobian as an aggregator.

    Notes
    -----
    What a callable works on is read off the object: those with a ``gramian_weighting``, or
    whose ``forward`` calls its argument ``gramian``, are given the Gramian, all others the
    Jacobian. Of the latter, weightings return a weight a row, everything else the update.
    """
    if hasattr(method, "needs") and not isinstance(method, type):
        return method
    if not is_foreign(method):
        expected = "an aggregator, or a callable on a matrix such as TorchJD's aggregators"
        raise ParameterError(message("backward", "aggregator", expected, method))
    weigh = getattr(method, "gramian_weighting", None)
    if callable(weigh):
        return ForeignWeighting(method, weigh)
    if _argument(method) == "gramian":
        return ForeignWeighting(method, method)
    return ForeignCombiner(method)


class ForeignAggregator:
    """The lifecycle that `polytask.aggregation.Aggregator` has, around somebody else's callable.

    Parameters
    ----------
    method : callable

    Notes
    -----
    TorchJD's stateful methods know nothing of absent tasks: they see the tasks present only.
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
        """Forget everything."""
        del n_tasks, device
        self._generator = generator
        if hasattr(self.method, "reset"):
            self.method.reset()

    def state_dict(self) -> dict[str, Any]:
        """Buffers, parameters and plain attributes of a module."""
        return plain_state(self.method)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave, after `start`."""
        load_plain_state(self.method, state)

    def _call(self, function: Callable[[Tensor], Tensor], matrix: Tensor) -> Tensor:
        """Call it; what it draws from torch's global generator follows from ours."""
        with torch.no_grad():
            if self._generator is None:
                return function(matrix)
            draw = torch.randint(
                2**62, (), generator=self._generator, device=self._generator.device
            )
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(int(draw))
                return function(matrix)

    def _checked(self, found: Any, matrix: Tensor, wanted: torch.Size) -> Tensor:
        """What the callable made of a matrix, refused if it has another shape."""
        if isinstance(found, Tensor) and found.shape == wanted:
            return found
        shape = f"the shape {tuple(found.shape)}" if isinstance(found, Tensor) else "no tensor"
        expected = (
            f"a callable that maps a matrix of shape {tuple(matrix.shape)} to a tensor of shape "
            f"{tuple(wanted)}"
        )
        remedy = f"It gave {shape}."
        raise ParameterError(message("backward", "aggregator", expected, self.method, remedy))


class ForeignWeighting(ForeignAggregator):
    """Somebody else's weights of a Gramian.

    Parameters
    ----------
    method : callable
        What holds the state.
    weigh : callable
        Maps a Gramian to weights.
    """

    needs = frozenset({Need.GRAMIAN})

    def __init__(
        self, method: Callable[[Tensor], Tensor], weigh: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__(method)
        self._weigh = weigh

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the k tasks present."""
        found = self._call(self._weigh, gramian)
        return self._checked(found, gramian, gramian.shape[:1]).to(gramian)

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients, by their Gramian."""
        del served
        return self.weights(jacobian @ jacobian.T) @ jacobian


class ForeignCombiner(ForeignAggregator):
    """Somebody else's map from the Jacobian to an update, or to a weight a row."""

    needs = frozenset({Need.JACOBIAN})

    def combine(self, jacobian: Float[Tensor, "k p"]) -> Float[Tensor, " p"]:
        """The update."""
        found = self._call(self.method, jacobian)
        if _is_weighting(self.method):
            return self._checked(found, jacobian, jacobian.shape[:1]).to(jacobian) @ jacobian
        return self._checked(found, jacobian, jacobian.shape[1:]).to(jacobian)

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients."""
        del served
        return self.combine(jacobian)


def _argument(method: Any) -> str | None:
    """What it calls its first argument."""
    try:
        names = list(inspect.signature(getattr(method, "forward", method)).parameters)
    except (TypeError, ValueError):
        return None
    return names[0] if names else None


def _is_weighting(method: object) -> bool:
    return any(base.__name__ == "Weighting" for base in type(method).__mro__)
