"""Tomorrow's volatility and direction of five series whose unrest has a common cause.

python examples/volatility.py

Generated: returns grow and shrink with a common unrest that lasts, and lean slightly towards yesterday's.
"""

import numpy as np
import polars as pl

import polytask
from polytask import Task
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import ColumnSplit, windows
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

SERIES = [f"stock_{number}" for number in range(5)]


def returns(days: int, seed: int = 0) -> pl.DataFrame:
    """Daily returns in per cent."""
    generator = np.random.default_rng(seed)
    shocks, noise = generator.normal(size=days), generator.normal(size=(days, len(SERIES)))
    unrest, daily = np.zeros(days), np.zeros((days, len(SERIES)))
    for day in range(1, days):
        unrest[day] = 0.95 * unrest[day - 1] + 0.25 * shocks[day]
        daily[day] = np.exp(unrest[day]) * noise[day] + 0.15 * daily[day - 1]
    return pl.DataFrame(daily, schema=SERIES)


def main(days: int = 1500, steps: int = 400, seeds: int = 3) -> None:
    """Compare one network for ten tasks with networks apart and linear models; the last days test."""
    table = returns(days).with_columns(
        pl.col(name).abs().log1p().alias(f"{name}_size") for name in SERIES
    )
    part = np.repeat(
        ["train", "validation", "test"], np.diff([0, days * 3 // 5, days * 4 // 5, days])
    )
    rows = windows(table.with_columns(split=part), table.columns, lags=10, part="split")
    ahead = {f"{name}_volatility": pl.col(f"{name}_size_1") for name in SERIES}
    ahead |= {f"{name}_up": (pl.col(f"{name}_1") > 0).cast(int) for name in SERIES}
    tasks = [Task(name, "binary" if name.endswith("up") else "regression") for name in ahead]
    data = polytask.read(rows.select("split", "past", **ahead), tasks)
    network = MultiTaskNetwork(HardSharing(MLP((64,), dropout=0.3)), Trainer(batch_size=64))
    learners, split, budget = [network, "linear"], ColumnSplit("split"), Budget(steps=steps)
    print(polytask.compare(data, learners, split=split, seeds=seeds, budget=budget))


if __name__ == "__main__":
    main()
