"""Small saved models that every later version must read, with the predictions they must give.

Run it once for a new format of saved models, never again for one that was released:
``python tests/kept_bundles.py``.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP, PackedMLP, TabM
from polytask.learners import Constant, Linear, PerTaskEstimator
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.predictor._folder import FORMAT
from polytask.tasks import Task

HOME = Path(__file__).parent / "predictor/kept"
TASKS = (Task("price", "regression"), Task("sold", "binary", weight=2.0))


def table() -> pl.DataFrame:
    """Numbers, a category and missing cells."""
    generator = np.random.default_rng(7)
    size = generator.normal(size=40).round(2)
    colour = generator.choice(["red", "green"], 40)
    price = (3 * size + (colour == "red") + generator.normal(size=40)).round(2)
    frame = pl.DataFrame({"size": size, "colour": colour, "price": price, "sold": price > 0.5})
    return frame.with_columns(pl.when(pl.col("size") < 1.5).then(pl.col("size")).alias("size"))


def rows() -> pl.DataFrame:
    """What is predicted; the last row has a colour and a cell that training had not."""
    return pl.DataFrame(
        {"size": [0.5, -1.25, 3.0, None], "colour": ["red", "green", "red", "blue"]}
    )


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


LEARNERS: dict[str, Callable[[], Any]] = {
    "boosting": _boosting,
    "constant": Constant,
    "lightgbm": _lightgbm,
    "linear": Linear,
    "network": lambda: MultiTaskNetwork(HardSharing(MLP((3,)))),
    "packed_mlp": lambda: MultiTaskNetwork(HardSharing(PackedMLP(2, (4,)))),
    "tabm": lambda: MultiTaskNetwork(HardSharing(TabM(2, (4,)))),
    "xgboost": _xgboost,
}


def predicted(predictor: FittedPredictor) -> dict[str, list[float]]:
    """Every task's response for the rows."""
    return {name: one.response.tolist() for name, one in predictor.predict(rows()).items()}


def main() -> None:
    """Write the models that are not there yet."""
    data = MultiTaskDataset.from_table(table(), TASKS)
    for name, learner in LEARNERS.items():
        folder = HOME / f"format-{FORMAT}" / name
        if folder.exists():
            continue
        fitted = learner().fit(data, data, 0, Budget(steps=20))
        fitted.save(folder / "model")
        expected = json.dumps(predicted(fitted), indent=2)
        (folder / "expected.json").write_text(expected + "\n")


if __name__ == "__main__":
    main()
