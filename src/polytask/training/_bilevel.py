"""The effect of a training step on the loss of rows held out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask.gradients import slopes

__all__ = ["TrialStep"]


class TrialStep:
    r"""Slopes of the training losses along the gradient of the held-out loss after a trial step.

    .. math:: \theta' = \theta - \eta \sum_k w_k g_k(\theta), \qquad
              s_k = g_k(\theta)^\top \nabla L_{\text{held out}}(\theta')

    over shared and task parameters, with the held-out loss summed over the tasks that count.
    :math:`-\eta s_k` is the change of the held-out loss per unit of weight :math:`w_k`.
    Parameters, buffers and random numbers stay as they are.

    Parameters
    ----------
    network : nn.Module
    loss : callable
        ``loss(state, step)`` returns the held-out loss on the batch of a step, for the network with
        its parameters and buffers replaced by `state`.
    """

    def __init__(
        self, network: nn.Module, loss: Callable[[Mapping[str, Tensor], int], Float[Tensor, ""]]
    ) -> None:
        self.network, self.loss = network, loss

    def slopes(
        self,
        losses: Float[Tensor, " n_tasks"],
        weights: Float[Tensor, " n_tasks"],
        learning_rate: float,
        step: int,
        scale: float = 1.0,
    ) -> Float[Tensor, " n_tasks"]:
        """Slopes s; the losses keep their graph.

        Parameters
        ----------
        losses : tensor of shape (n_tasks,)
            Losses of the training batch, with their graph.
        weights : tensor of shape (n_tasks,)
            Weights of the losses in the trial step.
        learning_rate : float
            Learning rate of the trial step.
        step : int
            Chooses the held-out batch.
        scale : float, default 1.0
            The factor by which the losses were multiplied beforehand, for half precision.
        """
        named = [(n, p) for n, p in self.network.named_parameters() if p.requires_grad]
        parameters = [parameter for _, parameter in named]
        total = (weights * losses).sum()
        gradients = torch.autograd.grad(total, parameters, retain_graph=True, allow_unused=True)
        moved = {
            name: _moved(parameter, gradient, learning_rate / scale)
            for (name, parameter), gradient in zip(named, gradients, strict=True)
        }
        held_out = scale * self._held_out_loss(moved, step)
        if not held_out.requires_grad:
            return torch.zeros_like(losses.detach())
        direction = torch.autograd.grad(held_out, list(moved.values()), allow_unused=True)
        return slopes(losses, parameters, direction) / scale**2

    def _held_out_loss(self, moved: Mapping[str, Tensor], step: int) -> Tensor:
        buffers = {name: buffer.clone() for name, buffer in self.network.named_buffers()}
        cuda = {p.device for p in moved.values() if p.device.type == "cuda"}
        with torch.random.fork_rng(devices=list(cuda)):
            return self.loss({**moved, **buffers}, step)


def _moved(parameter: Tensor, gradient: Tensor | None, learning_rate: float) -> Tensor:
    step = 0.0 if gradient is None else learning_rate * gradient
    return (parameter.detach() - step).requires_grad_()
