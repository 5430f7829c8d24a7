"""LibMTL's weightings, from the checkout that LIBMTL_PATH names, on a thin stand-in for its model."""

from __future__ import annotations

import os
import sys
import types
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from balancing_case import AbsentError, Case, Contender, SkipError

__all__ = ["weighting"]

_OPTIONS: dict[str, dict[str, object]] = {
    "MGDA": {"mgda_gn": "none"},
    "CAGrad": {"calpha": 0.5, "rescale": 1},
    "Nash_MTL": {"update_weights_every": 1, "optim_niter": 20, "max_norm": 1.0},
    "FairGrad": {"FairGrad_alpha": 1.0},
    "DWA": {"T": 2.0},
    "FAMO": {"FAMO_w_lr": 0.025, "FAMO_w_gamma": 1e-3},
    "UPGrad": {"UPGrad_norm_eps": 1e-4, "UPGrad_reg_eps": 1e-4},
}
_THEIR_NAMES = {
    "AlignedMTL": "Aligned_MTL",
    "DynamicWeightAverage": "DWA",
    "Equal": "EW",
    "GeometricLoss": "GLS",
    "IMTLG": "IMTL",
    "NashMTL": "Nash_MTL",
    "RandomLossWeighting": "RLW",
    "UncertaintyWeighting": "UW",
}


def _load(name: str) -> Any:
    """One class; the package's own `__init__` would import what is not needed here."""
    folder = os.environ.get("LIBMTL_PATH")
    if folder is None:
        raise SkipError("LIBMTL_PATH is not set")
    for package in ("LibMTL", "LibMTL.weighting"):
        module = sys.modules.setdefault(package, types.ModuleType(package))
        module.__path__ = [str(Path(folder).joinpath(*package.split(".")))]
    if not Path(folder, "LibMTL", "weighting", f"{name}.py").is_file():
        raise AbsentError(f"LibMTL has no {name}")
    try:
        return getattr(import_module(f"LibMTL.weighting.{name}"), name)
    except ImportError as failure:
        raise SkipError(f"LibMTL's {name}: {failure}") from failure


def weighting(name: str, case: Case, *, on_features: bool = False) -> Contender:
    """Forward and backward as LibMTL's trainer runs them."""
    theirs = _THEIR_NAMES.get(name, name)
    model = _load(theirs)()
    names = [str(task) for task in range(case.n_tasks)]
    settings = {
        "task_num": case.n_tasks,
        "task_name": names,
        "device": torch.get_default_device(),
        "rep_grad": on_features,
        "rep_tasks": {},
        "epoch": 0,
        "get_share_params": case.trunk.parameters,
        "zero_grad_share_params": lambda: case.trunk.zero_grad(set_to_none=False),
    }
    for attribute, value in settings.items():
        object.__setattr__(model, attribute, value)
    model.init_param()
    options = _OPTIONS.get(theirs, {})

    def gradients(case: Case) -> None:
        if case.rows is not None:  # its `multi_input`: a forward pass per task
            model.backward(torch.stack(case.losses_apart()), **options)
            return
        features = case.trunk(case.inputs)
        if on_features:
            object.__setattr__(model, "rep", features)
            model.rep_tasks = {task: features.detach().clone().requires_grad_() for task in names}
            losses = [
                (head(model.rep_tasks[task]).squeeze(1) - target).square().mean()
                for head, task, target in zip(case.heads, names, case.targets.T, strict=True)
            ]
        else:
            losses = case.losses(features)
        model.backward(torch.stack(losses), **options)

    def after_step(case: Case) -> None:
        if hasattr(model, "update_w"):
            with torch.no_grad():
                model.update_w(torch.stack(case.forward()[1]))

    return Contender(gradients, after_step)
