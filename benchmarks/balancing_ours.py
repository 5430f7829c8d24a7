"""Polytask's ways to fill gradients, and the update they must equal."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from balancing_case import Case, Contender, SkipError
from torch import Tensor

from polytask import aggregation, weighting
from polytask.gradients import Need, Served, backward, per_task_jacobian
from polytask.weighting import Weighting

__all__ = ["aggregated", "error", "method", "plain", "weighted", "weightings"]


def plain() -> Contender:
    """The step that everything is a multiple of."""
    return Contender(lambda case: torch.stack(case.forward()[1]).sum().backward())


def method(name: str, n_tasks: int, **options: object) -> Any:
    """A started aggregator."""
    aggregator = getattr(aggregation, name)(**options)
    aggregator.start(n_tasks, generator=torch.Generator().manual_seed(0))
    return aggregator


def apart(aggregator: Any) -> Contender:
    """`polytask.gradients.backward` over losses that came from a forward pass each."""
    return Contender(lambda case: backward(case.losses_apart(), case.shared, aggregator))


def aggregated(aggregator: Any, *, engine: str = "auto", own_rows: bool = False) -> Contender:
    """`polytask.gradients.backward`."""

    def gradients(case: Case) -> None:
        features, losses = case.forward()
        backward(
            losses,
            case.shared,
            aggregator,
            engine=engine,
            features=features if engine == "features" else None,
            task_of_row=case.rows if own_rows else None,
        )

    return Contender(gradients)


def weightings() -> list[str]:
    """Names of the public weightings."""
    found = [(name, getattr(weighting, name)) for name in weighting.__all__]
    return [
        name
        for name, item in found
        if inspect.isclass(item) and issubclass(item, Weighting) and not inspect.isabstract(item)
    ]


def weighted(name: str, n_tasks: int) -> Contender:
    """A loss weighting in a loop of one's own, with all that it asks for after the step."""
    found = getattr(weighting, name)
    one: Weighting = found([1.0] * n_tasks) if name == "Static" else found()
    more = one.needs - {Need.LOSSES_AFTER_STEP, Need.EPOCH_LOSSES}
    if more:
        raise SkipError(f"{name} needs {', '.join(sorted(more))}: not a pure loss weighting")
    one.start(n_tasks, generator=torch.Generator().manual_seed(0))
    present = torch.ones(n_tasks, dtype=torch.bool)
    last: list[Tensor] = []

    def gradients(case: Case) -> None:
        losses = torch.stack(case.forward()[1])
        last[:] = [losses.detach()]
        (one.weights(losses, present) * losses).sum().backward()

    def after_step(case: Case) -> None:
        one.learn(last[0], present)
        if Need.LOSSES_AFTER_STEP in one.needs:
            with torch.no_grad():
                one.after_step(torch.stack(case.forward()[1]), present)

    return Contender(gradients, after_step)


def error(case: Case, contender: Contender, aggregator: Any, level: str = "shared") -> float:
    """Relative distance of the update to what a fresh aggregator makes of the explicit Jacobian."""
    features, losses = case.forward()
    jacobian = per_task_jacobian(torch.stack(losses), case.shared)
    told = Served(torch.ones(len(losses), dtype=torch.bool), torch.stack(losses).detach())
    if level == "shared":
        update = aggregator.aggregate(jacobian, told)
    else:
        at = [features] if level == "features" else _last_layer(case)
        slim = per_task_jacobian(torch.stack(losses), at)
        served = (told,) if aggregator.needs & {Need.PRESENT, Need.LOSSES} else ()
        update = aggregator.weights(slim @ slim.T, *served) @ jacobian
    case.optimizer.zero_grad()
    contender.gradients(case)
    made = torch.cat([p.grad.flatten() for p in case.shared if p.grad is not None])
    case.optimizer.zero_grad()
    return float((made - update).norm() / update.norm())


def _last_layer(case: Case) -> list[Tensor]:
    layers = [layer for layer in case.trunk if list(layer.parameters())]
    return list(layers[-1].parameters())
