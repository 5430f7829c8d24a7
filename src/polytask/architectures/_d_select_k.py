"""Mixture of experts of which each task chooses few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from polytask._validation import Choice, Constraint, Each, Interval
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._gated_experts import GatedExpertsNetwork
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._smooth_step_mixture import SmoothStepMixture
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State, mean_pool
from polytask.encoders._sizes import WIDTH
from polytask.ranges import Choices, Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["DSelectK"]


@dataclass(frozen=True)
class DSelectK(EncoderArchitecture):
    r"""Experts that all tasks share, of which each task's gate chooses at most k, row by row.

    .. math:: s_k = V_k t_k\Big(\sum_e g_k(x)_e \, f_e(x)\Big) + b_k

    with experts :math:`f_e` and the gate :math:`g_k` of task k: a softmax over selectors, each of
    which names an expert by bits, :math:`S(Z x)`, of a smooth step S that reaches 0 and 1. So
    weights of experts become exactly 0, and gates are differentiable all the same.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its stages are those of one expert; its entry, x, is common to all experts and gates.
    initializer : str, optional
        How weight matrices are drawn, but those of gates; PyTorch's own way when None.
    n_experts : {2, 4, 8, 16, 32, 64}, default 8
        A power of two, so that each code names an expert.
    n_selected : int, default 2
        Selectors k of each task. Once all have decided, at most k experts have a weight for a row;
        until then more do.
    gamma : float, default 1.0
        Width of the smooth step; a wider one decides later.
    entropy : float, default 1e-3
        Strength of the entropy of the selectors' choices, summed over tasks and selectors and
        averaged over rows, which is added to the loss so that selectors decide. It does not
        guarantee that they do.
    tower_widths : tuple of int, default ()
        Fully connected layers with ReLU, of each task, between the mixture and its head.

    Notes
    -----
    Gates depend on the row, the paper's per-example gating. `polytask.observers.GateUsage` records
    their weights.

    Deviations: numbers of experts that are no power of two, and gates that are the same for all
    rows, are left out; experts of weight 0 are computed all the same. In LibMTL selectors have
    biases, the smooth step has a width of 1 whatever its setting, and the entropy is that of the
    last task, at a fixed strength; where the biases are 0 and `gamma` is 1, scores are the same,
    unless NumPy reads the digit "0" as true, which makes LibMTL's codes all alike.

    References
    ----------
    Hazimeh, Zhao, Chowdhery, Sathiamoorthy, Chen, Mazumder, Hong & Chi, "DSelect-k:
    differentiable selection in the mixture of experts with applications to multi-task learning",
    NeurIPS 2021.

    Examples
    --------
    >>> from polytask.architectures import DSelectK
    >>> DSelectK(n_experts=16, n_selected=4).shares
    True
    """

    n_experts: int = 8
    n_selected: int = 2
    gamma: float = 1.0
    entropy: float = 1e-3
    tower_widths: tuple[int, ...] = ()

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "n_experts": Choices((4, 8, 16), 8),
        "n_selected": Choices((1, 2, 4), 2),
        "gamma": Range(0.1, 10.0, log=True, default=1.0),
        "entropy": Range(1e-5, 0.1, log=True, default=1e-3),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "n_experts": Choice((2, 4, 8, 16, 32, 64)),
        "n_selected": Interval(int, 1),
        "gamma": Interval(float, 0.0, closed="neither"),
        "entropy": Interval(float, 0.0),
        "tower_widths": Each(WIDTH),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build experts, gates, towers and heads."""
        return DSelectKNetwork(self, encoder, schemas, tasks)


class DSelectKNetwork(GatedExpertsNetwork):
    """The module of `DSelectK`: gated experts, and the entropy of what their gates choose."""

    mixture: SmoothStepMixture

    def __init__(
        self, recipe: DSelectK, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> None:
        n_bits = recipe.n_experts.bit_length() - 1
        super().__init__(
            encoder,
            schemas,
            tasks,
            owner="DSelectK",
            n_experts=recipe.n_experts,
            tower_widths=recipe.tower_widths,
            mixture=lambda width: SmoothStepMixture(
                width, n_bits, recipe.n_selected, tasks.names, recipe.gamma
            ),
        )
        self.strength = recipe.entropy

    def strengths(self) -> Mapping[str, float]:
        """That of the penalty."""
        return {"entropy": self.strength}

    def batch_penalty(self, features: Mapping[str, State], raw: Raw, batch: Batch) -> Tensor | None:
        """Entropy of the selectors' choices for the rows of all sources, scaled."""
        del features, raw
        if not self.strength:
            return None
        of_sources = [
            self._entropy(name, mean_pool(state), batch[name].task)
            for name, state in self.inputs(batch).items()
        ]
        return self.strength * torch.stack(of_sources).sum()

    def _entropy(self, source: str, rows: Tensor, task: Tensor | None) -> Tensor:
        """Entropy for one source, without the gates of stopped tasks."""
        members = self.members_of[source]
        if self.stopped:
            names = set(self.tasks_in(source)) - self.stopped
            active = [self.tasks.index(name) for name in self.tasks.names if name in names]
            if task is not None:
                kept = torch.isin(task, torch.tensor(active, device=task.device))
                rows, task = rows[kept], task[kept]
            else:
                members = active
        return self.mixture.entropy(rows, members, task)
