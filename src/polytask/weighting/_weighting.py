"""Abstract base class of loss weightings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._torch_defaults import graphs_on
from polytask.gradients import Need
from polytask.gradients._missed_hooks import Hook, HookWatch

__all__ = ["Weighting"]


_IN_EVERY_STEP, _IN_EVERY_EPOCH = 10, 100

_WATCH = HookWatch(
    "Weighting",
    ("weights", "scalarize"),
    (
        Hook("learn", None, "`learn(losses, present)` after every step", _IN_EVERY_STEP),
        Hook(
            "after_step",
            Need.LOSSES_AFTER_STEP,
            "`after_step(losses, present)` after every step, with the new losses of its batch",
            _IN_EVERY_STEP,
        ),
        Hook(
            "before_step",
            Need.GRAMIAN,
            "`before_step(gramian, present)` before every step, with what "
            "`polytask.gradients.gramian` gives",
            _IN_EVERY_STEP,
        ),
        Hook(
            "after_product",
            Need.PRODUCT,
            "`after_product(slopes, losses, present)` after the weights of every step",
            _IN_EVERY_STEP,
        ),
        Hook(
            "after_validation",
            Need.VALIDATION,
            "`after_validation(slopes, present)` in every step, with slopes along the gradient of "
            "held-out rows",
            _IN_EVERY_STEP,
        ),
        Hook(
            "end_epoch",
            Need.EPOCH_LOSSES,
            "`end_epoch(mean_losses)` after every epoch",
            _IN_EVERY_EPOCH,
        ),
    ),
)


class Weighting(ABC):
    r"""A scalar function of the losses, :math:`\varphi(\ell)`; its weights are its gradient.

    :math:`w_k = \partial\varphi / \partial\ell_k`. A weighting does not see the network. Its own
    parameters, if any, learn from :math:`\varphi` on detached losses, with an optimiser of
    their own. Fixed weightings sum to the number of tasks.

    Attributes
    ----------
    needs : frozenset of str
        What it needs beside the losses, as `polytask.gradients.Need`: ``"losses_after_step"``
        calls `after_step`, ``"epoch_losses"`` `end_epoch`, ``"gramian"`` `before_step`,
        ``"product"`` `after_product` and ``"validation"`` `after_validation`. A training loop
        that never calls such a hook, or `learn` where it is implemented, gets one warning.
    fixed : bool
        Whether the weights do not depend on the losses; with all tasks present they then sum to
        the number of tasks, and an absent task's weight becomes 0 without changing the others.
    """

    needs: ClassVar[frozenset[str]] = frozenset()
    fixed: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _WATCH.watch(cls)

    @abstractmethod
    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Map losses to one scalar; absent tasks (loss 0, present False) take no part."""

    @_WATCH.count
    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """The gradient of `scalarize` at detached losses; 0 for absent tasks."""
        with graphs_on():
            leaf = losses.detach().clone().requires_grad_()
            (gradient,) = torch.autograd.grad(self.scalarize(leaf, present), leaf)
        return gradient * present

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Reset the state and prepare for `n_tasks` tasks.

        Parameters
        ----------
        n_tasks : int
        device : torch.device, optional
            The device of the losses.
        generator : torch.Generator, optional
            The only source of randomness; owned and checkpointed by whoever calls.
        """
        del n_tasks, device, generator

    def learn(self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]) -> None:
        """Update the weighting's own parameters from detached losses."""
        del losses, present

    def before_step(
        self, gramian: Float[Tensor, "n_tasks n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> None:
        """Receive the Gramian of the tasks' gradients; rows and columns of absent tasks are 0."""
        del gramian, present

    def after_product(
        self,
        slopes: Float[Tensor, " n_tasks"],
        losses: Float[Tensor, " n_tasks"],
        present: Bool[Tensor, " n_tasks"],
    ) -> None:
        r"""Receive slopes :math:`g_k^\top d` along the gradient d of the weighted sum."""
        del slopes, losses, present

    def after_validation(
        self, slopes: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> None:
        r"""Receive slopes :math:`g_k^\top v` along the held-out loss's gradient v after a trial."""
        del slopes, present

    def after_step(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> None:
        """Receive the losses of the same batch after the update."""
        del losses, present

    def end_epoch(self, mean_losses: Float[Tensor, " n_tasks"]) -> None:
        """Receive the mean training losses of the epoch."""
        del mean_losses

    def state_dict(self) -> dict[str, Any]:
        """All state, so that training resumes exactly."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned, after `start`."""
        del state
