"""TorchJD's ways to fill gradients: autojac and autogram."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
from balancing_case import AbsentError, Case, Contender, SkipError
from torch import Tensor

__all__ = ["autogram", "autojac", "on_features", "scalarized", "solver"]

_THEIR_NAMES = {
    "DynamicWeightAverage": "DWA",
    "Equal": "Sum",
    "GeometricLoss": "GeometricMean",
    "RandomLossWeighting": "Random",
    "SmoothTchebycheff": "STCH",
    "UncertaintyWeighting": "UW",
}


def _room(name: str) -> Any:
    try:
        return import_module(f"torchjd.{name}")
    except ImportError as failure:
        raise SkipError("torchjd is not installed") from failure


def solver(name: str, n_tasks: int) -> Any:
    """TorchJD's aggregator of that name."""
    options: dict[str, dict[str, object]] = {
        "CAGrad": {"c": 0.5},
        "FairGrad": {"alpha": 2.0},
        "NashMTL": {"n_tasks": n_tasks},
    }
    found = getattr(_room("aggregation"), name, None)
    if found is None:
        raise AbsentError(f"torchjd has no {name}")
    return found(**options.get(name, {}))


def _gramian_weighting(name: str, n_tasks: int) -> Any:
    aggregator = solver(name, n_tasks)
    if not hasattr(aggregator, "gramian_weighting"):
        raise SkipError(f"torchjd's {name} works on the Jacobian only")
    return aggregator.gramian_weighting


def autojac(name: str, n_tasks: int, *, lean: bool = False) -> Contender:
    """`mtl_backward` and `jac_to_grad`: every row of the Jacobian in one vectorised pass.

    `lean` is its own option to sum Gramians of parameters instead of joining Jacobians.
    """
    tools, aggregator = _room("autojac"), solver(name, n_tasks)

    def gradients(case: Case) -> None:
        features, losses = case.forward()
        tools.mtl_backward(losses, features)
        tools.jac_to_grad(case.shared, aggregator, optimize_gramian_computation=lean)

    return Contender(gradients)


def apart(name: str, n_tasks: int) -> Contender:
    """`backward` over losses that came from a forward pass each."""
    tools, aggregator = _room("autojac"), solver(name, n_tasks)

    def gradients(case: Case) -> None:
        losses = case.losses_apart()
        heads = [parameter for head in case.heads for parameter in head.parameters()]
        tools.backward(losses, inputs=case.shared, retain_graph=True)
        tools.jac_to_grad(case.shared, aggregator)
        torch.stack(losses).sum().backward(inputs=heads)

    return Contender(gradients)


def autogram(name: str, n_tasks: int, case: Case, *, last_layer: bool = False) -> Contender:
    """`Engine`: the Gramian without the Jacobian, then an ordinary backward pass."""
    weigh = _gramian_weighting(name, n_tasks)
    layers = [layer for layer in case.trunk if list(layer.parameters())]
    hooked = layers[-1:] if last_layer else [case.trunk]
    engine = _room("autogram").Engine(*hooked, batch_dim=None)

    def gradients(case: Case) -> None:
        losses = torch.stack(case.forward()[1])
        losses.backward(weigh(engine.compute_gramian(losses)))

    return Contender(gradients)


def on_features(name: str, n_tasks: int) -> Contender:
    """Gradients of the features are aggregated and sent down the trunk once."""
    tools, aggregator = _room("autojac"), solver(name, n_tasks)

    def gradients(case: Case) -> None:
        features = case.trunk(case.inputs)
        leaf = features.detach().requires_grad_()
        through = leaf.clone()  # what it differentiates must not be a leaf
        tools.mtl_backward(case.losses(through), through, shared_params=[leaf])
        tools.jac_to_grad([leaf], aggregator)
        features.backward(leaf.grad)

    return Contender(gradients)


def scalarized(name: str, n_tasks: int) -> Contender:
    """A loss weighting of TorchJD."""
    theirs = _THEIR_NAMES.get(name, name)
    found = getattr(_room("scalarization"), theirs, None)
    if found is None:
        raise AbsentError(f"torchjd has no {name}")
    sized = dict.fromkeys(("FAMO", "IMTLL", "UW"), (n_tasks,))
    scalarizer = found(*{**sized, "STCH": (1.0,)}.get(theirs, ()))

    def gradients(case: Case) -> None:
        scalarizer(torch.stack(case.forward()[1])).backward()

    def after_step(case: Case) -> None:
        if hasattr(scalarizer, "update"):
            with torch.no_grad():
                losses: Tensor = torch.stack(case.forward()[1])
            scalarizer.update(losses)

    return Contender(gradients, after_step)
