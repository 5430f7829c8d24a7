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
from collections.abc import Sequence

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from lenet import pooled_lenet

from polytask.architectures import HardSharing
from polytask.data import MultiTaskDataset
from polytask.datasets import fetch_multi_fashion, fetch_multi_mnist
from polytask.evaluation import evaluate
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

Groups = Sequence[Sequence[str]]
Parts = Sequence[MultiTaskDataset]
SETS = {"mnist": fetch_multi_mnist, "fashion": fetch_multi_fashion}
NETWORKS = {"hard sharing": [("left", "right")], "single-task": [("left",), ("right",)]}


def accuracies(network: MultiTaskNetwork, groups: Groups, parts: Parts, seed: int) -> np.ndarray:
    """Accuracy on validation and test rows of both tasks in per cent, of a network per group."""
    shares = []
    for group in groups:
        others = [task for task in parts[0].tasks.names if task not in group]
        train, *measured = (part.without_tasks(others) for part in parts)
        model = network.fit(train, measured[0], seed)
        figures = [evaluate(model, rows) for rows in measured]
        shares += [[each[task]["accuracy"].value for each in figures] for task in group]
    return 100 * np.array(shares).T


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", choices=SETS, default="mnist")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rates", nargs="*", type=float, default=[1e-3, 3e-3])
    parser.add_argument("--learners", nargs="*", choices=NETWORKS, default=[*NETWORKS])
    arguments = parser.parse_args()
    fetched = SETS[arguments.set]()
    print("| learner | left, % | right, % | validation, % | rate chosen | seconds a fit |")
    print("|---|---|---|---|---|---|")
    for name in arguments.learners:
        start, tested, validated, n_fits = time.process_time(), [], [], 0
        rates = arguments.rates
        for seed in range(arguments.seeds):
            parts = fetched.split.splits(fetched.dataset, seed)[0].apply(fetched.dataset)
            tried = []
            for rate in rates:
                trainer = Trainer(
                    epochs=arguments.epochs,
                    batch_size=256,
                    learning_rate=rate,
                    scheduler="cosine_with_warmup",
                    patience=None,
                )
                network = MultiTaskNetwork(HardSharing(pooled_lenet), trainer)
                tried.append((*accuracies(network, NETWORKS[name], parts, seed), rate))
            n_fits += len(tried)
            valid, right, rate = max(tried, key=lambda trial: trial[0].mean())
            rates = [rate]
            validated.append(valid.mean())
            tested.append(right)
            print(
                name, seed, [(trial[0].mean(), trial[2]) for trial in tried], right, file=sys.stderr
            )
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
