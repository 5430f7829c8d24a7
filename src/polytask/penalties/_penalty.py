"""Abstract base class of penalties on stacked task parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from polytask._validation import Constraint, Interval, check_parameters
from polytask.exceptions import ParameterError
from polytask.ranges import Range, SearchRange

__all__ = ["Array", "Penalty", "State"]

Array = Any
"""numpy array or torch tensor (array API)."""

State = Mapping[str, Array]
"""Learned quantities by name."""


@dataclass(frozen=True)
class Penalty(ABC):
    r"""A penalty :math:`\alpha\,\Omega(W)` on the parameters W of all tasks, in numpy or torch.

    W has the shape (n_tasks, …). Penalties on matrices see it as (n_tasks, n_features), with its
    further axes flattened; others keep them. A penalty is a recipe and never changes. What it
    learns, such as a covariance of tasks, is a mapping of names to arrays that its owner holds:
    `start` makes it and `refit` makes the next one.

    A class must define `value` and `gradient`; `prox` where it is not `smooth`; `start` and `refit`
    where something is learned. It is a frozen dataclass; fields beside `alpha` need constraints:
    ``parameter_constraints = {**Penalty.parameter_constraints, "k": Interval(int, 1)}``.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.

    Attributes
    ----------
    smooth : bool, default True
        Whether training adds `value` to the loss. Otherwise it takes the proximal step after that
        of the optimiser, with the learning rate as its length, and so reaches exact zeros, equal
        tasks or low ranks.
    relation : str, optional
        The learned quantity, (n_tasks, n_tasks), that says how tasks are related.
    sums_norms : bool, default False
        Whether it is alpha times the sum of the Euclidean norms of the columns.
    rotates : bool, default False
        Whether the penalty of a matrix is the same in every orthonormal basis of the features.

    Examples
    --------
    A penalty of one's own:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from polytask.penalties import Penalty
    >>> @dataclass(frozen=True)
    ... class Ridge(Penalty):
    ...     def value(self, weights, state=None):
    ...         return 0.5 * self.alpha * (weights * weights).sum()
    ...
    ...     def gradient(self, weights, state=None):
    ...         return self.alpha * weights
    >>> float(Ridge(alpha=0.1).value(np.ones((3, 4))))
    0.6...
    >>> from polytask.testing import check_penalty
    >>> check_penalty(Ridge())
    """

    alpha: float = 0.01

    smooth: ClassVar[bool] = True
    relation: ClassVar[str | None] = None
    sums_norms: ClassVar[bool] = False
    rotates: ClassVar[bool] = False
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": Range(1e-5, 10.0, log=True, default=0.01, step=10.0)
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"alpha": Interval(float, 0.0)}

    def __post_init__(self) -> None:
        check_parameters(self)

    @abstractmethod
    def value(self, weights: Array, state: State | None = None) -> Array:
        """The penalty, a scalar array through which torch can differentiate.

        Parameters
        ----------
        weights : array of shape (n_tasks, …)
        state : mapping of str to array, optional
            What was learned, as `start` and `refit` return it, in numpy or as torch tensors;
            ``start(weights.shape)`` if not given.

        Returns
        -------
        array of shape ()
            Terms of the learned quantities alone belong to it, so that `refit` minimises it.
        """

    @abstractmethod
    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """A (sub)gradient with respect to W, of W's shape."""

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        r""":math:`\arg\min_V \tfrac12\|V - W\|_F^2 + \mathrm{step}\cdot\alpha\,\Omega(V)`, exactly.

        Parameters
        ----------
        weights : array of shape (n_tasks, …)
        step : float in [0, inf)
        state : mapping of str to array, optional

        Raises
        ------
        ParameterError
            If the class has no proximal map.
        """
        del weights, step, state
        name = type(self).__name__
        sentence = f"{name} has no proximal map. Follow the gradient of its value instead."
        raise ParameterError(sentence)

    def dual_norm(self, gradient: Array) -> float | None:
        r"""The norm :math:`\max_V \langle G, V\rangle / \Omega(V)`; None where the penalty is no norm.

        W = 0 is optimal if that of the loss's gradient there is at most alpha.

        Parameters
        ----------
        gradient : array of shape (n_tasks, …)
        """
        del gradient
        return None

    def conjugate(self, slope: Array) -> float | None:
        r"""The conjugate of the penalty where it is finite for all G; None elsewhere.

        It is :math:`\max_V \langle G, V\rangle - \alpha\,\Omega(V)`. By it solvers know how far from the optimum they are, as by the dual norm of a norm.

        Parameters
        ----------
        slope : array of shape (n_tasks, …)
        """
        del slope
        return None

    def task_precision(self, n_tasks: int, state: State | None = None) -> Array | None:
        r"""P where the penalty of W is :math:`\tfrac12\alpha\operatorname{tr}(W^\top P W)`; None elsewhere.

        Terms of the learned quantities alone may be added to it. Such a penalty beside squared errors has a
        solution in closed form.

        Parameters
        ----------
        n_tasks : int
        state : mapping of str to array, optional
            ``start((n_tasks, …))`` if not given.

        Returns
        -------
        array of shape (n_tasks, n_tasks), or None
            Symmetric and positive semidefinite.
        """
        del n_tasks, state
        return None

    def alpha_max(self, gradient: Array) -> float:
        """The smallest strength at which W = 0 is optimal, for the gradient of the loss there.

        Raises
        ------
        ParameterError
            If no strength is large enough, as for penalties that are flat at 0, or none is known.
        """
        largest = self.dual_norm(gradient)
        if largest is None:
            name = type(self).__name__
            reason = "sets no parameters to zero" if self.smooth else "is no norm"
            raise ParameterError(f"{name} has no largest strength: it {reason}.")
        return largest

    def for_tasks(self, names: Sequence[str]) -> Penalty:
        """The penalty for W whose rows are tasks of these names; itself unless it names tasks.

        Raises
        ------
        ParameterError
            If it names others.
        """
        del names
        return self

    def start(self, shape: tuple[int, ...]) -> dict[str, Array]:
        """The learned quantities before anything is learned, in numpy; none by default.

        Parameters
        ----------
        shape : tuple of int
            Shape of W, (n_tasks, …).

        Raises
        ------
        ParameterError
            If a quantity that the recipe gives is of another size.
        """
        del shape
        return {}

    def refit(self, weights: Array, state: State) -> dict[str, Array]:
        """The learned quantities that minimise `value` for fixed W, or decrease it.

        Where several tensors share one relation of tasks, give them joined as one matrix
        (n_tasks, total): the value of penalties that are sums over columns of W is then the sum of
        their values with the state that is returned.

        Parameters
        ----------
        weights : array of shape (n_tasks, …)
            Detached from any graph.
        state : mapping of str to array
            The present quantities; they are not changed.

        Returns
        -------
        dict of str to array
            Of the names and shapes of `state`, in the array library, precision and device of W.
        """
        del weights
        return dict(state)
