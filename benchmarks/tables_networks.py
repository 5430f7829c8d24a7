"""Joint networks of the tables' benchmark, by family of sets: named recipes to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP, BinCoordinates, Encoder, PackedMLP, Standardized, TabM
from polytask.evaluation import grid
from polytask.learners import Learner, default_learners
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

_DEFAULT_TRIALS = 3


@dataclass(frozen=True)
class Network:
    """A recipe, and the budget that limits it; without one, its own steps or epochs count."""

    learner: Learner
    budget: Budget | None = None


def networks(family: str, data: MultiTaskDataset) -> Mapping[str, Network]:
    """Recipes that are tried on the sets of a family, and all that `compare` tries by default."""
    tried = {name: Network(learner) for name, learner in _FAMILIES[family].items()}
    n_rows = sum(source.n_rows for source in data.sources)
    for learner in default_learners(data.tasks, n_rows):
        if learner.joint and isinstance(learner, MultiTaskNetwork):
            space = learner.search_space()
            points = grid({path: space[path] for path in learner.tuned}, _DEFAULT_TRIALS)
            for number, settings in enumerate(points, start=1):
                name = f"compare's {learner.name}, trial {number}"
                tried[name] = Network(learner.configured(settings), Budget())
    return tried


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
        "tab_m, standardized": classes(TabM(numbers=Standardized())),
        "tab_m, dropout 0.2": classes(TabM(dropout=0.2)),
        "tab_m, 256, dropout 0.2": classes(TabM(widths=(256, 256), dropout=0.2)),
        "tab_m, all adapters": classes(TabM(adapters="all")),
    },
    "regression": {
        "mlp": numbers(MLP((256, 256))),
        "tab_m, 512, standardized": numbers(
            TabM(widths=(512, 512), dropout=0.0, numbers=Standardized()), epochs=80
        ),
        "packed_mlp, standardized": numbers(PackedMLP(numbers=Standardized())),
        "packed_mlp, 3 × 256, standardized": MultiTaskNetwork(
            HardSharing(PackedMLP(widths=(256, 256, 256), numbers=Standardized()))
        ),
        "packed_mlp, standardized, rate 4e-3": numbers(
            PackedMLP(numbers=Standardized()), learning_rate=4e-3
        ),
    },
    "fingerprints": {
        "mlp": bits(MLP((512, 256), dropout=0.5)),
        "tab_m": bits(TabM(widths=(512, 256), dropout=0.5)),
        "packed_mlp": bits(PackedMLP(widths=(512, 256), dropout=0.5)),
        "packed_mlp, 8 of one layer": bits(PackedMLP(members=8, widths=(256,), dropout=0.5)),
        "packed_mlp, 8 of one layer, coordinates": bits(
            PackedMLP(members=8, widths=(256,), dropout=0.5, numbers=BinCoordinates()),
            learning_rate=2e-3,
            batch_size=256,
            epochs=10,
        ),
    },
}
