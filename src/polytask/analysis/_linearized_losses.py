"""Losses of tasks in a network that is linear in few random directions of its parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import functional_call, vmap

from polytask.architectures import MultiTaskModule, Raw
from polytask.data import Batch
from polytask.gradients import projected_gradients
from polytask.losses import MultiTaskLoss

__all__ = ["LinearizedLosses", "minimized", "random_directions"]

_GROUPS_AT_ONCE = 4_000_000
"""Scores that are held at once: those of all rows, times the groups that are solved together."""


def random_directions(
    network: MultiTaskModule, n_dimensions: int, seed: int
) -> list[dict[str, Tensor]]:
    r"""Random signs, divided by :math:`\sqrt d`, for every parameter that tasks share.

    Parameters
    ----------
    network : MultiTaskModule
    n_dimensions : int
        Their number d.
    seed : int
    """
    generator = torch.Generator().manual_seed(seed)
    size = 1 / math.sqrt(n_dimensions)

    def drawn(parameter: Tensor) -> Tensor:
        signs = torch.randint(0, 2, parameter.shape, generator=generator, dtype=torch.int8)
        return (2 * signs - 1).to(parameter) * size

    trained = _shared(network)
    return [{name: drawn(p) for name, p in trained.items()} for _ in range(n_dimensions)]


class LinearizedLosses:
    r"""Losses of the tasks on given rows, with the scores linear in coordinates w.

    .. math:: s(w) = s(\theta) + \left(\nabla_\theta s(\theta) P\right) w

    Parameters
    ----------
    network : MultiTaskModule
        In evaluation mode; :math:`\theta` are its parameters.
    batch : Batch
        Rows with their labels.
    directions : sequence of mapping of str to tensor
        The columns of P.

    Attributes
    ----------
    slopes : tensor of shape (n_scores, n_directions)
    counts : tensor of shape (n_tasks,)
        Labels of each task, by weight.
    """

    def __init__(
        self, network: MultiTaskModule, batch: Batch, directions: list[dict[str, Tensor]]
    ) -> None:
        self.batch = network.with_members(batch)
        device = next(network.parameters()).device
        self.loss = MultiTaskLoss(network.blocks, network.tasks).to(device)
        with torch.no_grad():
            raw = network(self.batch)
            _, self.counts = self.loss.sums(_floats(raw), self.batch)
        self.shapes = {key: scores.shape for key, scores in raw.items()}

        def scores_at(parameters: Mapping[str, Tensor]) -> Tensor:
            raw: Raw = functional_call(network, dict(parameters), (self.batch,))
            return torch.cat([raw[key].float().flatten() for key in self.shapes])

        self.values, self.slopes = projected_gradients(scores_at, _shared(network), directions)

    def at(self, coordinates: Float[Tensor, "g d"]) -> Float[Tensor, "g n_tasks"]:
        """Mean losses of every task at several points; 0 for tasks without labels.

        Parameters
        ----------
        coordinates : tensor of shape (g, d)
        """
        try:
            sums = vmap(self._sums)(coordinates)
        except RuntimeError:  # a loss whose steps depend on its values
            sums = torch.stack([self._sums(one) for one in coordinates])
        return sums / self.counts.clamp(min=1e-30)

    def parts(self, coordinates: Tensor) -> Iterator[Tensor]:
        """Several points, as many at a time as memory allows."""
        return iter(torch.split(coordinates, max(1, _GROUPS_AT_ONCE // max(len(self.values), 1))))

    def _sums(self, coordinates: Tensor) -> Tensor:
        joined = self.values + self.slopes @ coordinates
        parts = torch.split(joined, [math.prod(shape) for shape in self.shapes.values()])
        raw = {
            key: part.view(shape)
            for (key, shape), part in zip(self.shapes.items(), parts, strict=True)
        }
        return self.loss.sums(raw, self.batch)[0]


def _shared(network: MultiTaskModule) -> dict[str, Tensor]:
    """Parameters that several tasks share, by name."""
    shared = set(map(id, network.shared_parameters()))
    return {name: p for name, p in network.named_parameters() if id(p) in shared}


def _floats(raw: Raw) -> Raw:
    return {key: scores.float() for key, scores in raw.items()}


def minimized(
    objective: Callable[[Float[Tensor, "g d"]], Float[Tensor, " g"]],
    shape: tuple[int, int],
    device: torch.device,
    steps: int,
) -> Float[Tensor, "g d"]:
    """Minimise the objectives of several groups, each convex in its own row, from zero.

    Parameters
    ----------
    objective : callable
        Its value for every row.
    shape : (int, int)
    device : torch.device
    steps : int
        Of L-BFGS, at most.
    """
    point = torch.zeros(shape, device=device, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [point], max_iter=steps, tolerance_grad=1e-6, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        total = objective(point).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return point.detach()
