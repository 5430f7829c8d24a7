"""Seven hourly series of a transformer, the next 24 hours of all forecast by one network.

POLYTASK_DATA=... python examples/forecast_ett.py

Twelve months train, four validate and four test; no window reaches into two parts. Printed is the mean
squared error of the standardised series.
"""

import numpy as np
from sklearn.linear_model import Ridge

from polytask.architectures import HardSharing, SingleTask
from polytask.data import MultiTaskDataset
from polytask.datasets import fetch_ett
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def arrays(data: MultiTaskDataset) -> tuple[np.ndarray, np.ndarray]:
    """Pasts (rows, lags, series) and futures (rows, hours, series)."""
    (source,) = data.sources
    futures = [[*source.labelled().columns(task).values()] for task in data.tasks.names]
    return source.inputs["past"].to_numpy(), np.array(futures, dtype=float).transpose(2, 1, 0)


def main(steps: int = 1500, seeds: int = 3, every: int = 1) -> dict[str, float]:
    """Print the error of each learner, as a mean and a range over seeds."""
    ett = fetch_ett("h1", lags=48, horizon=24, every=every, centered=True)
    (split,) = ett.split.splits(ett.dataset, seed=0)
    train, validation, test = split.apply(ett.dataset)
    (past, future), (seen, truth) = arrays(train), arrays(test)
    # Each series from its own past alone; for networks, all pasts are inputs of every series.
    series = range(past.shape[2])
    ridges = [Ridge().fit(past[:, :, k], future[:, :, k]).predict(seen[:, :, k]) for k in series]
    forecasts = {"the day before": [seen[:, -24:]], "ridge per series": [np.stack(ridges, axis=2)]}
    trainer = Trainer(steps=steps, batch_size=256, learning_rate=1e-3, patience=10)
    for architecture in (SingleTask, HardSharing):
        network = MultiTaskNetwork(architecture(MLP((256,), dropout=0.3)), trainer)
        fitted = [network.fit(train, validation, seed).predict(test) for seed in range(seeds)]
        forecasts[architecture.__name__] = [
            np.stack([predicted[task].response for task in test.tasks.names], axis=2)
            for predicted in fitted
        ]
    errors = {}
    for name, runs in forecasts.items():
        each = [float(np.mean((run - truth) ** 2)) for run in runs]
        errors[name] = float(np.mean(each))
        print(f"{name}: {errors[name]:.3f} ({min(each):.3f} to {max(each):.3f})")
    return errors


if __name__ == "__main__":
    main()
