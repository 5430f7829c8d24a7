"""A day of traffic at eight sensors, forecast by one network: they have seasons in common.

python examples/forecast_traffic.py

Generated, with noise of deviation 0.3: no forecast has a lower root mean squared error.
"""

import numpy as np

import polytask
from polytask import Task
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import ColumnSplit, windows
from polytask.datasets import make_traffic
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def main(n_weeks: int = 6, steps: int = 600, seeds: int = 3) -> None:
    """Compare one network, networks apart and ridge: a week validates, and the last two test."""
    table, _ = make_traffic(8, n_weeks, noise=0.3)
    parts = np.repeat(["train", "validation", "test"], np.multiply(168, [n_weeks - 3, 1, 2]))
    table = table.with_columns(split=parts)
    sensors = [f"sensor_{sensor}" for sensor in range(8)]
    rows = windows(table, sensors, lags=24, horizon=24, part="split", keep=["weekday", "hour"])
    tasks = [
        Task(name, "regression", [f"{name}_{step + 1}" for step in range(24)]) for name in sensors
    ]
    data = polytask.read(rows, tasks, columns={"weekday": "categorical", "hour": "categorical"})
    network = MultiTaskNetwork(HardSharing(MLP((128,), dropout=0.2)), Trainer(batch_size=64))
    learners, budget = [network, "linear"], Budget(steps=steps)
    print(polytask.compare(data, learners, split=ColumnSplit("split"), seeds=seeds, budget=budget))


if __name__ == "__main__":
    main()
