"""Small saved models that every later version must read, with the predictions they must give.

Run it once for a new format of saved models, never again for one that was released:
``python tests/kept_bundles.py``.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kept_tables import Table, numbered, pictured, priced, related, stepped, tagged, written
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.encoders import (
    LSTM,
    MLP,
    CharacterCNN,
    Encoder,
    NGramBag,
    PackedMLP,
    TabM,
    Transformer,
    UNet,
)
from polytask.learners import Constant, Linear, PerTaskEstimator, resolve_learner
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.predictor._folder import FORMAT

HOME = Path(__file__).parent / "predictor/kept"


def _boosting() -> Any:
    settings: dict[str, Any] = {"max_iter": 2, "max_leaf_nodes": 3, "min_samples_leaf": 5}
    return PerTaskEstimator((HistGradientBoostingRegressor(**settings), LogisticRegression()))


def _lightgbm() -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor

    settings: dict[str, Any] = {"n_estimators": 2, "num_leaves": 3, "verbose": -1}
    return PerTaskEstimator((LGBMRegressor(**settings), LGBMClassifier(**settings)))


def _xgboost() -> Any:
    from xgboost import XGBClassifier, XGBRegressor

    settings: dict[str, Any] = {"n_estimators": 2, "max_depth": 1}
    return PerTaskEstimator((XGBRegressor(**settings), XGBClassifier(**settings)))


def _network(encoder: Encoder) -> MultiTaskNetwork:
    return MultiTaskNetwork(HardSharing(encoder))


MODELS: dict[str, tuple[Callable[[], Table], Callable[[], Any]]] = {
    "boosting": (priced, _boosting),
    "characters": (written, lambda: _network(CharacterCNN((4,), (3,), word_dim=4))),
    "constant": (priced, Constant),
    "constant_kinds": (numbered, Constant),
    "joint": (related, lambda: resolve_learner("l21")),
    "lightgbm": (priced, _lightgbm),
    "linear": (priced, Linear),
    "linear_kinds": (numbered, Linear),
    "network": (priced, lambda: _network(MLP((3,)))),
    "network_kinds": (numbered, lambda: _network(MLP((3,)))),
    "packed_mlp": (priced, lambda: _network(PackedMLP(2, (4,)))),
    "pixels": (pictured, lambda: _network(UNet((4, 4)))),
    "steps": (stepped, lambda: _network(Transformer(4, 1, 2, 4, word_dim=4))),
    "tabm": (priced, lambda: _network(TabM(2, (4,)))),
    "tags": (tagged, lambda: _network(LSTM(3, word_dim=4))),
    "words": (written, lambda: _network(NGramBag((), buckets=64, word_dim=4))),
    "xgboost": (priced, _xgboost),
}


def predicted(predictor: FittedPredictor, table: Table) -> dict[str, list[float]]:
    """Every task's response for the rows of a table that are predicted."""
    return {name: one.response.tolist() for name, one in predictor.predict(table.rows()).items()}


def main() -> None:
    """Write the models that are not there yet."""
    for name, (table, learner) in MODELS.items():
        folder = HOME / f"format-{FORMAT}" / name
        if folder.exists():
            continue
        data = table().data()
        fitted = learner().fit(data, data, 0, Budget(steps=20))
        fitted.save(folder / "model")
        expected = json.dumps(predicted(fitted, table()))
        (folder / "expected.json").write_text(expected + "\n")


if __name__ == "__main__":
    main()
