"""Configurations of the study behind the defaults: one base per kind, and changes of it."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.architectures import HardSharing
from polytask.encoders import (
    DCN,
    MLP,
    Encoder,
    PackedMLP,
    Periodic,
    PiecewiseLinear,
    ResidualMLP,
    Standardized,
    TabM,
)
from polytask.learners import Learner
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

Settings = Mapping[str, object]

_TRAINER: Settings = {
    "optimizer": "adamw",
    "learning_rate": 2e-3,
    "weight_decay": 3e-4,
    "scheduler": "cosine_with_warmup",
    "clip_norm": 1.0,
    "batch_size": 256,
    "steps": 2000,
    "patience": 16,
}
ENCODERS: Mapping[str, Encoder] = {
    "tab_m": TabM(),
    "packed_mlp": PackedMLP(),
    "packed_mlp, standardized": PackedMLP(numbers=Standardized()),
    **{
        f"packed_mlp of {name}{mark}": PackedMLP(widths=widths, numbers=numbers)
        for name, widths in {
            "64": (64, 64),
            "128": (128, 128),
            "256": (256, 256),
            "3 × 64": (64, 64, 64),
            "3 × 128": (128, 128, 128),
            "3 × 256": (256, 256, 256),
        }.items()
        for mark, numbers in {"": PiecewiseLinear(), ", standardized": Standardized()}.items()
    },
    "mlp": MLP((256, 256), dropout=0.1),
    "mlp, piecewise": MLP((256, 256), dropout=0.1, numbers=PiecewiseLinear()),
    "residual_mlp": ResidualMLP(),
    "dcn": DCN(),
}

# The training of `MLP` in a comparison without further wishes.
_PLAIN: Settings = {
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "scheduler": None,
    "clip_norm": None,
    "patience": 10,
    "encoder.dropout": 0.0,
}

# What a configuration changes: `encoder`, or fields of the encoder (`encoder.…`) or of the trainer.
CONFIGURATIONS: Mapping[str, Settings] = {
    "base": {},
    **{f"encoder {name}": {"encoder": name} for name in ENCODERS if name != "tab_m"},
    "plain": {"encoder": "mlp", **_PLAIN},
    "plain, piecewise": {"encoder": "mlp, piecewise", **_PLAIN},
    "packed_mlp of 128, rate 4e-3, batch 128, 100 epochs": {
        "encoder": "packed_mlp of 128",
        "learning_rate": 4e-3,
        "batch_size": 128,
        "epochs": 100,
    },
    **{
        f"{name}, rate 4e-3": {"encoder": name, "learning_rate": 4e-3}
        for name in ENCODERS
        if name.startswith("packed_mlp of")
    },
    "members 1": {"encoder.members": 1},
    "members 4": {"encoder.members": 4},
    "members 16": {"encoder.members": 16},
    "all adapters": {"encoder.adapters": "all"},
    "widths 64": {"encoder.widths": (64, 64)},
    "widths 256": {"encoder.widths": (256, 256)},
    "widths 512": {"encoder.widths": (512, 512)},
    "three layers": {"encoder.widths": (128, 128, 128)},
    "dropout 0": {"encoder.dropout": 0.0},
    "dropout 0.2": {"encoder.dropout": 0.2},
    "dropout 0.4": {"encoder.dropout": 0.4},
    "columns 0.05": {"encoder.column_dropout": 0.05},
    "columns 0.1": {"encoder.column_dropout": 0.1},
    "columns 0.2": {"encoder.column_dropout": 0.2},
    "numbers standardized": {"encoder.numbers": Standardized()},
    "numbers periodic": {"encoder.numbers": Periodic()},
    **{
        f"numbers piecewise by {way}": {"encoder.numbers": PiecewiseLinear(by=way)}
        for way in ("quantiles", "atoms", "trees")
    },
    **{
        f"numbers width {width}": {"encoder.numbers": PiecewiseLinear(width=width)}
        for width in (2, 4, 8)
    },
    "embedding 4": {"encoder.embedding_dim": 4},
    "embedding 16": {"encoder.embedding_dim": 16},
    "rate 5e-4": {"learning_rate": 5e-4},
    "rate 1e-3": {"learning_rate": 1e-3},
    "rate 4e-3": {"learning_rate": 4e-3},
    "decay 0": {"weight_decay": 0.0},
    "decay 1e-2": {"weight_decay": 1e-2},
    "decay 0.1": {"weight_decay": 0.1},
    "batch 64": {"batch_size": 64},
    "batch 128": {"batch_size": 128},
    "batch 512": {"batch_size": 512},
    "batch 1024": {"batch_size": 1024},
    "1000 steps": {"steps": 1000},
    "4000 steps": {"steps": 4000},
    "40 epochs": {"epochs": 40},
    "no schedule": {"scheduler": None},
    "no clipping": {"clip_norm": None},
    "patience 8": {"patience": 8},
    "patience 32": {"patience": 32},
}


def learner(settings: Settings) -> Learner:
    """Hard sharing with the base's settings and those of a configuration."""
    encoder = ENCODERS[str(settings.get("encoder", "tab_m"))]
    fields = {
        name.removeprefix("encoder."): value
        for name, value in settings.items()
        if name.startswith("encoder.")
    }
    trainer = {
        name: value for name, value in settings.items() if name.partition(".")[0] != "encoder"
    }
    network = HardSharing(type(encoder)(**{**vars(encoder), **fields}))
    return MultiTaskNetwork(network, Trainer(**{**_TRAINER, **trainer}))
