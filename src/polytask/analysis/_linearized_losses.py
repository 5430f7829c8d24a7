"""Losses of tasks in a network that is linear in few random directions of its parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import functional_call, vmap

from polytask.architectures import MultiTaskModule, Raw
from polytask.data import Batch, Block
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

    .. math:: s_k(w) = c_k + \left(\nabla_\theta s_k(\theta)^\top P\right) w

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
    values : tensor of shape (n_scores,)
        The constants :math:`c_k`, as `set_constants` placed them; 0 before.
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
            self.counts = self.loss.counts(self.batch)
        self.shapes = {key: scores.shape for key, scores in raw.items()}

        def scores_at(parameters: Mapping[str, Tensor]) -> Tensor:
            raw: Raw = functional_call(network, dict(parameters), (self.batch,))
            return torch.cat([raw[key].float().flatten() for key in self.shapes])

        _, self.slopes = projected_gradients(scores_at, _shared(network), directions)
        self.values = torch.zeros(len(self.slopes), device=device)
        self._places = _places_of_constants(network, self.batch, self.shapes)

    def best_constants(self, steps: int) -> Float[Tensor, " n_constants"]:
        """The constant scores of each task that have the lowest loss on these rows.

        Parameters
        ----------
        steps : int
            Of L-BFGS, at most.
        """

        def objective(points: Tensor) -> Tensor:
            sums = self._sums_of(points[0, self._places])
            return (sums / self.counts.clamp(min=1e-30)).sum()[None]

        size = sum(block.size * len(block.tasks) for block in self.loss.blocks)
        with torch.enable_grad():
            return minimized(objective, (1, size), self._places.device, steps)[0]

    def set_constants(self, constants: Float[Tensor, " n_constants"]) -> None:
        """Take each task's constant scores.

        Parameters
        ----------
        constants : tensor of shape (n_constants,)
            As of `best_constants`, of these rows or others.
        """
        self.values = constants[self._places]

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
        return self._sums_of(self.values + self.slopes @ coordinates)

    def _sums_of(self, scores: Tensor) -> Tensor:
        parts = torch.split(scores, [math.prod(shape) for shape in self.shapes.values()])
        raw = {
            key: part.view(shape)
            for (key, shape), part in zip(self.shapes.items(), parts, strict=True)
        }
        return self.loss.sums(raw, self.batch)[0]


def _shared(network: MultiTaskModule) -> dict[str, Tensor]:
    """Parameters that several tasks share, by name."""
    shared = set(map(id, network.shared_parameters()))
    return {name: p for name, p in network.named_parameters() if id(p) in shared}


def _places_of_constants(
    network: MultiTaskModule, batch: Batch, shapes: Mapping[tuple[str, str], torch.Size]
) -> Tensor:
    """The number of the constant of every score, all blocks of tasks one after another."""
    starts, device = _starts(network.blocks), next(network.parameters()).device
    places = []
    for (source, name), shape in shapes.items():
        block = next(block for block in network.blocks if block.name == name)
        of_rows, index = batch[source].task, {n: i for i, n in enumerate(block.tasks)}
        # rows of other blocks' tasks have no label in this one
        names = block.tasks_in(source) if of_rows is None else network.tasks.names
        tasks = torch.tensor([index.get(n, 0) for n in names], device=device)
        tasks = tasks if of_rows is None else tasks[of_rows]
        numbers = tasks[:, None] * block.size + torch.arange(block.size, device=device)
        places.append((starts[name] + numbers).expand(shape).flatten())
    return torch.cat(places)


def _starts(blocks: Sequence[Block]) -> dict[str, int]:
    """The number of the first constant of each block, by its name."""
    sizes = [block.size * len(block.tasks) for block in blocks]
    return {block.name: sum(sizes[:i]) for i, block in enumerate(blocks)}


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
