"""Joint networks of the tables' benchmark, by family of sets: named recipes to choose from."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.architectures import HardSharing
from polytask.encoders import MLP, Encoder, PackedMLP, PiecewiseLinear, TabM
from polytask.learners import Learner, default_learners
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def networks(family: str) -> Mapping[str, Learner]:
    """Recipes that are tried on the sets of a family, and the joint networks of `compare`."""
    defaults = {
        f"compare's {learner.name}": learner
        for learner in default_learners()
        if learner.joint and isinstance(learner, MultiTaskNetwork)
    }
    return {**defaults, **_FAMILIES[family]}


def network(encoder: Encoder, **settings: object) -> Learner:
    """Hard sharing on an encoder, with a cosine schedule and the best state kept."""
    usual: dict[str, object] = {
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 3e-4,
        "scheduler": "cosine_with_warmup",
        "clip_norm": 1.0,
        "patience": None,
    }
    return MultiTaskNetwork(HardSharing(encoder), Trainer(**{**usual, **settings}))


def classes(encoder: Encoder, **settings: object) -> Learner:
    """For binary tasks of tables."""
    return network(encoder, **{"batch_size": 512, "epochs": 40, **settings})


def numbers(encoder: Encoder, **settings: object) -> Learner:
    """For regressions."""
    return network(encoder, **{"batch_size": 128, "epochs": 150, **settings})


def bits(encoder: Encoder, **settings: object) -> Learner:
    """For fingerprints, which are many and sparse."""
    usual = {"learning_rate": 3e-4, "weight_decay": 1e-2, "batch_size": 128, "epochs": 20}
    return network(encoder, **{**usual, **settings})


_FAMILIES: Mapping[str, Mapping[str, Learner]] = {
    "binary": {
        "mlp": classes(MLP((256, 256), dropout=0.1)),
        "tab_m": classes(TabM(), epochs=20),
        "tab_m, piecewise": classes(TabM(numbers=PiecewiseLinear())),
        "tab_m, piecewise, dropout 0.2": classes(
            TabM(numbers=PiecewiseLinear(), adapters="first", dropout=0.2)
        ),
        "tab_m, piecewise, 256": classes(
            TabM(widths=(256, 256), numbers=PiecewiseLinear(), adapters="first", dropout=0.2)
        ),
    },
    "regression": {
        "mlp": numbers(MLP((256, 256))),
        "tab_m": numbers(TabM(widths=(512, 512), dropout=0.0), epochs=80),
        "packed_mlp": numbers(PackedMLP(dropout=0.0)),
        "packed_mlp, rate 4e-3": numbers(PackedMLP(dropout=0.0), learning_rate=4e-3),
    },
    "fingerprints": {
        "mlp": bits(MLP((512, 256), dropout=0.5)),
        "tab_m": bits(TabM(widths=(512, 256), dropout=0.5, adapters="first")),
        "packed_mlp": bits(PackedMLP(widths=(512, 256), dropout=0.5)),
        "packed_mlp, 8 of one layer": bits(PackedMLP(members=8, widths=(256,), dropout=0.5)),
    },
}
