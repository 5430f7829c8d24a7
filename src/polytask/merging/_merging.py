"""Abstract base class of merging methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.exceptions import ParameterError
from polytask.merging._state_checks import check_merged, check_states

__all__ = ["Merging", "Objective", "Vectors"]

_RUNNING_STATISTICS = ("running_mean", "running_var")  # as the norm layers of torch name them

State = Mapping[str, Tensor]
Vectors = Mapping[str, Mapping[str, Tensor]]
"""Task vectors: of every network, the difference of each tensor from that of the start."""

Objective = Callable[[Mapping[str, Tensor], int], Float[Tensor, ""]]
"""``objective(update, step)``: loss of the start plus an update on held-out rows, with its graph."""


class Merging(ABC):
    r"""A method that merges networks fine-tuned from one start.

    .. math:: \theta = \theta_0 + u(\tau_1, \dots, \tau_K), \qquad \tau_k = \theta_k - \theta_0

    A subclass is a frozen dataclass of plain arguments that defines `combine`, the map u.

    Attributes
    ----------
    held_out : float
        Share of the training rows from which the method learns, and which must not be trained on;
        0 for methods that learn nothing.
    steps : int
        Steps on these rows; they count in a budget. 0 for methods that learn nothing.

    Examples
    --------
    >>> import torch
    >>> from polytask.merging import TaskArithmetic
    >>> start = {"weight": torch.tensor([1.0, 1.0])}
    >>> tuned = {
    ...     "price": {"weight": torch.tensor([3.0, 1.0])},
    ...     "size": {"weight": torch.tensor([1.0, -1.0])},
    ... }
    >>> TaskArithmetic(scale=0.5).merge(start, tuned)
    {'weight': tensor([2., 0.])}

    A method of one's own, which keeps the largest change of every number:

    >>> from dataclasses import dataclass
    >>> from polytask.merging import Merging
    >>> @dataclass(frozen=True)
    ... class LargestChange(Merging):
    ...     def combine(self, vectors, *, generator, objective=None):
    ...         names = {name for vector in vectors.values() for name in vector}
    ...         stacked = {n: torch.stack([v[n] for v in vectors.values()]) for n in names}
    ...         largest = {n: s.abs().argmax(0, keepdim=True) for n, s in stacked.items()}
    ...         return {n: s.gather(0, largest[n])[0] for n, s in stacked.items()}
    >>> LargestChange().merge(start, tuned)
    {'weight': tensor([ 3., -1.])}
    """

    @property
    def held_out(self) -> float:
        """Share of the training rows from which the method learns."""
        return 0.0

    @property
    def steps(self) -> int:
        """Steps on rows held out."""
        return 0

    def limited(self, steps: int) -> Merging:
        """The same method with at most so many steps."""
        del steps
        return self

    def candidates(self) -> Sequence[Merging]:
        """Methods among which validation rows choose: this one, with what was left open set."""
        return (self,)

    @abstractmethod
    def combine(
        self,
        vectors: Vectors,
        *,
        generator: torch.Generator,
        objective: Objective | None = None,
    ) -> Mapping[str, Tensor]:
        """Combine task vectors into the update of the start.

        Parameters
        ----------
        vectors : mapping of task to mapping of name to tensor
            At least in float32. A network may leave out tensors, which come from the others.
        generator : torch.Generator
            The only source of randomness, on the CPU.
        objective : callable, optional
            The loss of an update on rows held out; given to methods that learn.

        Returns
        -------
        mapping of name to tensor
            Of all names that any task vector has.
        """

    def merge(
        self,
        start: State,
        tuned: Mapping[str, State],
        *,
        buffers: Collection[str] = (),
        seed: int = 0,
        loss: Callable[[Mapping[str, Tensor], int], Float[Tensor, ""]] | None = None,
    ) -> dict[str, Tensor]:
        """Merge networks that were fine-tuned from one start; no argument is changed.

        Parameters
        ----------
        start : mapping of name to tensor
            Such as ``network.state_dict()`` before fine-tuning. Leave out what must not be merged,
            such as the heads of the tasks.
        tuned : mapping of task to mapping of name to tensor
            The same tensors of each network. One that has no use for some may leave them out: they
            are merged from the others, and stay as in `start` where no network has them.
        buffers : collection of str, default ()
            Names of tensors that are measured and not learned (``dict(network.named_buffers())``):
            the mean over the networks, whatever the method. Running statistics of batch norm, which
            are names that end in ``running_mean`` or ``running_var``, need not be listed: a task
            vector could make a variance negative.
        seed : int, default 0
            Of methods that draw random numbers.
        loss : callable, optional
            ``loss(state, step)``, a scalar with a graph, such as by `torch.func.functional_call`.
            Methods that learn need it; others ignore it.

        Returns
        -------
        dict of name to tensor
            With the shapes and types of `start`. Tensors that are not of floating point, such as
            counters, stay as in `start`.

        Raises
        ------
        ParameterError
            If a tensor has another shape in a network than in the start (both shapes and the
            networks are named), another type, is not in the start or not finite; if a merged
            tensor is not finite; or if the method learns and there is no `loss`.
        """
        owner = type(self).__name__
        check_states(owner, start, tuned, buffers)
        buffers = {*buffers, *(name for name in start if name.endswith(_RUNNING_STATISTICS))}
        if self.steps and loss is None:
            sentence = (
                f"{owner} learns from the loss on rows held out. Give `loss` to `merge`, a function "
                "(state, step) -> scalar tensor, or choose a method that does not learn."
            )
            raise ParameterError(sentence)
        measured = {name: _mean_of(name, start, tuned) for name in buffers}
        held = {**start, **measured}
        vectors = {
            task: {
                n: _difference(t, start[n]) for n, t in state.items() if _is_learned(t, n, buffers)
            }
            for task, state in tuned.items()
        }

        def objective(update: Mapping[str, Tensor], step: int) -> Tensor:
            assert loss is not None  # noqa: S101 - checked above; for the type checker
            return loss({**held, **_moved(start, update)}, step)

        generator = torch.Generator().manual_seed(derived_seed(seed, "merging"))
        update = self.combine(
            vectors, generator=generator, objective=None if loss is None else objective
        )
        with torch.no_grad():
            moved = _moved(start, update)
        check_merged(owner, moved)
        merged = {**held, **moved}
        return {name: merged[name].detach().clone() for name in start}


def _is_learned(tensor: Tensor, name: str, buffers: Collection[str]) -> bool:
    return tensor.is_floating_point() and name not in buffers


def _difference(tuned: Tensor, start: Tensor) -> Tensor:
    """A task vector, in float32 where the tensors are shorter."""
    wide = torch.promote_types(start.dtype, torch.float32)
    return (tuned.detach().to(start.device, wide) - start.detach().to(wide)).clone()


def _moved(start: State, update: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: (start[name].detach().to(change.dtype) + change).to(start[name].dtype)
        for name, change in update.items()
    }


def _mean_of(name: str, start: State, tuned: Mapping[str, State]) -> Tensor:
    """Mean of a buffer over the networks that have it."""
    own, states = start[name].detach(), tuned.values()
    values = [state[name].detach().to(own.device) for state in states if name in state]
    if not values or not own.is_floating_point():
        return own
    wide = torch.promote_types(own.dtype, torch.float32)
    return torch.stack([value.to(wide) for value in values]).mean(dim=0).to(own.dtype)
