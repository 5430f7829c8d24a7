"""MultiMNIST and MultiFashion: one LeNet for both images beside one for each.

All 60 000 training images, a tenth of them for validation, and the 10 000 test images of the published
files; the network of Sener & Koltun (NeurIPS 2018). Every learner tries the same learning rates with
the first seed, and keeps the one that is best on validation rows, which choose the epoch too. Prints a
Markdown table of test accuracy in per cent, mean over seeds and standard deviation.

    POLYTASK_DATA=... python benchmarks/multi_images.py [--set fashion]
"""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from lenet import pooled_lenet

from polytask.architectures import Architecture, HardSharing, SingleTask
from polytask.data import MultiTaskDataset
from polytask.datasets import fetch_multi_fashion, fetch_multi_mnist
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.training import Trainer

SETS = {"mnist": fetch_multi_mnist, "fashion": fetch_multi_fashion}
ARCHITECTURES: dict[str, type[Architecture]] = {
    "hard sharing": HardSharing,
    "single-task": SingleTask,
}


def accuracies(model: FittedPredictor, rows: MultiTaskDataset) -> np.ndarray:
    """Accuracy of both tasks in per cent."""
    predictions, labels = model.predict(rows), rows.sources[0].labelled()
    shares = []
    for task in rows.tasks.names:
        (truth,) = labels.columns(task).values()
        shares.append(np.mean(predictions[task].decision == truth))
    return 100 * np.array(shares)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=SETS, default="mnist")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rates", nargs="*", type=float, default=[1e-3, 3e-3])
    parser.add_argument("--learners", nargs="*", choices=ARCHITECTURES, default=[*ARCHITECTURES])
    arguments = parser.parse_args()
    fetched = SETS[arguments.set]()
    print("| learner | left, % | right, % | validation, % | rate chosen | seconds a fit |")
    print("|---|---|---|---|---|---|")
    for name in arguments.learners:
        start, tested, validated, n_fits = time.process_time(), [], [], 0
        rates = arguments.rates
        for seed in range(arguments.seeds):
            parts = fetched.split.splits(fetched.dataset, seed)[0].apply(fetched.dataset)
            train, validation, test = parts
            tried = []
            for rate in rates:
                trainer = Trainer(
                    epochs=arguments.epochs,
                    batch_size=256,
                    learning_rate=rate,
                    scheduler="cosine_with_warmup",
                    patience=None,
                )
                network = MultiTaskNetwork(ARCHITECTURES[name](pooled_lenet), trainer)
                model = network.fit(train, validation, seed)
                tried.append((accuracies(model, validation).mean(), rate, model))
            best, rate, model = max(tried, key=lambda trial: trial[0])
            n_fits += len(tried)
            rates = [rate]
            validated.append(best)
            tested.append(accuracies(model, test))
            print(name, seed, [trial[:2] for trial in tried], tested[-1], file=sys.stderr)
        seconds = (time.process_time() - start) / n_fits
        deviations = np.std(tested, axis=0, ddof=1) if arguments.seeds > 1 else np.zeros(2)
        left, right = (
            f"{mean:.2f} ± {deviation:.2f}"
            for mean, deviation in zip(np.mean(tested, axis=0), deviations, strict=True)
        )
        print(
            f"| {name} | {left} | {right} | {np.mean(validated):.2f} | {rates[0]:g} | "
            f"{seconds:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
