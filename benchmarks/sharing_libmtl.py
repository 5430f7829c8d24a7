"""LibMTL's architectures for any encoder, from the checkout that LIBMTL_PATH names."""

from __future__ import annotations

import os
import sys
import types
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

__all__ = ["libmtl_network"]

_THEIR_NAMES = {"HardSharing": "HPS", "MMoE": "MMoE", "CGC": "CGC", "DSelectK": "DSelect_k"}
"""Its other architectures take ResNets only."""


def libmtl_network(
    name: str, n_tasks: int, n_features: int, widths: tuple[int, ...], n_experts: int, device: str
) -> nn.Module | None:
    """LibMTL's network; None where it has none or LIBMTL_PATH is not set."""
    folder, theirs = os.environ.get("LIBMTL_PATH"), _THEIR_NAMES.get(name)
    if folder is None or theirs is None:
        return None
    for package in ("LibMTL", "LibMTL.architecture"):
        module = sys.modules.setdefault(package, types.ModuleType(package))
        module.__path__ = [str(Path(folder).joinpath(*package.split(".")))]
    base = import_module("LibMTL.architecture.abstract_arch")
    sys.modules["LibMTL.architecture"].AbsArchitecture = base.AbsArchitecture
    kind = getattr(import_module(f"LibMTL.architecture.{theirs}"), theirs)

    def encoder() -> nn.Module:
        layers = [
            layer
            for before, after in pairwise((n_features, *widths))
            for layer in (nn.Linear(before, after), nn.ReLU())
        ]
        return nn.Sequential(*layers)

    names = [f"t{k}" for k in range(n_tasks)]
    experts = [n_experts] if theirs != "CGC" else [n_experts, *[1] * n_tasks]
    return kind(
        names,
        encoder,
        nn.ModuleDict({task: nn.Linear(widths[-1], 1) for task in names}),
        rep_grad=False,
        multi_input=False,
        device=torch.device(device),
        img_size=[n_features],
        num_experts=experts,
        num_nonzeros=2,
        kgamma=1.0,
    ).to(device)
