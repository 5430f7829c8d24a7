"""Sentiment in three domains of reviews: one joint network beside single-task networks.

Every learner tries the same settings with the same steps on every split; the setting and the step with
the best mean accuracy on validation rows are tested. Splits are drawn by seed, of texts that differ: by
default 60 % of each domain's rows for training, 20 % for validation, 20 % for test. Prints a Markdown
table of accuracy in per cent, mean over seeds and standard deviation.

    POLYTASK_DATA=... python benchmarks/blitzer.py [--test 0.6]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from polytask.architectures import (
    Architecture,
    HardSharing,
    MMoE,
    SharedPrivate,
    SingleTask,
)
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets import fetch_blitzer
from polytask.encoders import GRU, LSTM, MLP, Encoder, NGramBag, TemporalCNN
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.training import Trainer

ARCHITECTURES: dict[str, type[Architecture]] = {
    "single-task": SingleTask,
    "hard sharing": HardSharing,
    "shared and private": SharedPrivate,
    "experts": MMoE,
}
SETTINGS: dict[str, Sequence[tuple[Encoder, float]]] = {
    "bag": [
        (NGramBag((), word_dim=32), 1e-2),
        (NGramBag((), word_dim=32, most_words=1), 1e-2),
        (NGramBag((64,), word_dim=32), 3e-3),
    ],
    "mean": [(MLP((128,), dropout=0.5), 3e-3)],
    "cnn": [(TemporalCNN((64,), kernel=3, dropout=0.5, pooling="max"), 2e-3)],
    "gru": [(GRU(width=64, dropout=0.5, pooling="attention"), 3e-3)],
    "lstm": [(LSTM(width=64, dropout=0.5, pooling="max"), 3e-3)],
}


def accuracies(model: FittedPredictor, rows: MultiTaskDataset) -> np.ndarray:
    """Accuracy of every task in per cent."""
    predictions, labels = model.predict(rows), rows.sources[0].labelled()
    shares = []
    for task in rows.tasks.names:
        (truth,) = labels.columns(task).values()
        shares.append(np.mean((predictions[task].response > 0.5) == (truth.astype(float) > 0.5)))
    return 100 * np.array(shares)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--test", type=float, default=0.2, help="share of the rows")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--encoders", choices=SETTINGS, default="bag")
    parser.add_argument("--learners", nargs="*", choices=ARCHITECTURES, default=[*ARCHITECTURES])
    parser.add_argument("--validation-only", action="store_true", help="leave test rows alone")
    arguments = parser.parse_args()
    data = fetch_blitzer().dataset
    names = data.tasks.names
    print(f"| learner | mean | {' | '.join(names)} | validation | chosen | seconds a fit |")
    print("|---|" + "---|" * (len(names) + 4))
    means = {}
    for name in arguments.learners:
        start, tested, validated, chosen = time.perf_counter(), [], [], []
        for seed in range(arguments.seeds):
            splitter = RandomSplit(test=arguments.test, validation=0.2)
            train, validation, test = splitter.splits(data, seed)[0].apply(data)
            tried = []
            for encoder, rate in SETTINGS[arguments.encoders]:
                trainer = Trainer(batch_size=64, learning_rate=rate, patience=6)
                network = MultiTaskNetwork(ARCHITECTURES[name](encoder), trainer)
                model = network.fit(train, validation, seed, Budget(steps=arguments.steps))
                tried.append((accuracies(model, validation).mean(), len(tried), model))
            best, number, model = max(tried, key=lambda trial: trial[0])
            validated.append(best)
            chosen.append(number + 1)
            tested.append(accuracies(model, validation if arguments.validation_only else test))
        fits = arguments.seeds * len(SETTINGS[arguments.encoders])
        seconds = (time.perf_counter() - start) / fits
        means[name] = np.mean(tested, axis=1)
        cells = [f"{value:.1f}" for value in np.mean(tested, axis=0)]
        print(
            f"| {name} | {means[name].mean():.2f} ± {means[name].std(ddof=1):.2f} | "
            f"{' | '.join(cells)} | {np.mean(validated):.2f} | "
            f"{', '.join(map(str, chosen))} | {seconds:.0f} |",
            flush=True,
        )
    for name in arguments.learners[1:]:
        gains = means[name] - means[arguments.learners[0]]
        print(f"\n{name}: {gains.mean():+.2f} points, by seed {np.round(gains, 2).tolist()}")


if __name__ == "__main__":
    main()
