"""Joint networks of the tables' benchmark, by family of sets: named recipes to choose from."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.architectures import HardSharing
from polytask.encoders import MLP, Encoder, ResidualMLP
from polytask.learners import Learner, resolve_learner
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def network(encoder: Encoder, **settings: object) -> Learner:
    """Hard sharing on an encoder, trained as the sketches of such networks are."""
    usual = {
        "optimizer": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 3e-4,
        "scheduler": "cosine_annealing_lr",
        "clip_norm": 1.0,
        "batch_size": 512,
        "epochs": 60,
        "patience": 16,
    }
    return MultiTaskNetwork(HardSharing(encoder), Trainer(**{**usual, **settings}))


def networks(family: str) -> Mapping[str, Learner]:
    """Recipes that are tried on the sets of a family; `defaults` is what `compare` would fit."""
    return {"defaults": resolve_learner("hard_sharing"), **_FAMILIES[family]}


_REGRESSION = {"batch_size": 128, "epochs": 80}
_FINGERPRINTS = {"learning_rate": 3e-4, "weight_decay": 1e-2, "batch_size": 128, "patience": 10}
_FAMILIES: Mapping[str, Mapping[str, Learner]] = {
    "binary": {
        "mlp": network(MLP((256, 256), dropout=0.1)),
        "residual_mlp": network(ResidualMLP()),
    },
    "regression": {
        "mlp": network(MLP((256, 256)), **_REGRESSION),
        "residual_mlp": network(ResidualMLP(dropout=0.0), **_REGRESSION),
    },
    "fingerprints": {
        "mlp": network(MLP((512, 256), dropout=0.5), **_FINGERPRINTS),
    },
}
