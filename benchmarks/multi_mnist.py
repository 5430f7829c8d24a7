"""MultiMNIST: every balancing method on one network, beside a network for each digit.

Ten thousand training images, a tenth of them for validation, and five thousand test images; hard
sharing over a small LeNet, the same steps, batches and learning rate for all. Prints a Markdown
table of test accuracies and of Δm, their mean relative gain over the networks apart.

    POLYTASK_DATA=... python benchmarks/multi_mnist.py
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from public_methods import combinators, public_methods
from torch import nn

from polytask.aggregation import Aggregator
from polytask.architectures import HardSharing, SingleTask
from polytask.data import MultiTaskDataset
from polytask.datasets import fetch_multi_mnist
from polytask.exceptions import PolytaskError
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

TASKS = ("left", "right")
Parts = tuple[MultiTaskDataset, MultiTaskDataset, MultiTaskDataset]


def lenet(in_shape: tuple[int, ...]) -> nn.Module:
    """Two convolutions and a layer of 50 units for images (1, 36, 36)."""
    return nn.Sequential(
        nn.Conv2d(in_shape[0], 10, 5, stride=2),
        nn.ReLU(),
        nn.Conv2d(10, 20, 3),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(20 * 7 * 7, 50),
        nn.ReLU(),
    )


def accuracies(learner: MultiTaskNetwork, parts: Parts, seed: int) -> np.ndarray:
    """Test accuracy of both tasks, in per cent."""
    train, validation, test = parts
    predictions = learner.fit(train, validation, seed).predict(test)
    labels = test.sources[0].labelled()
    truths = [next(iter(labels.columns(task).values())) for task in TASKS]
    decisions = [predictions[task].decision for task in TASKS]
    return np.array(
        [100 * np.mean(got == true) for got, true in zip(decisions, truths, strict=True)]
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000, help="training images")
    parser.add_argument("--test-rows", type=int, default=5000)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="names of methods")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message="This recipe can be trained, but")
    fetched = fetch_multi_mnist(arguments.rows, arguments.test_rows)
    parts = fetched.split.splits(fetched.dataset, seed=0)[0].apply(fetched.dataset)
    plain = Trainer(
        steps=arguments.steps, batch_size=128, learning_rate=2e-3, evaluate_every=50, patience=None
    )
    learners = {
        "single-task networks": MultiTaskNetwork(SingleTask(lenet), plain),
        "plain sum of the losses": MultiTaskNetwork(HardSharing(lenet), plain),
    }
    for method in public_methods(arguments.only):
        slot = "aggregation" if isinstance(method, Aggregator) else "weighting"
        trainer = replace(plain, **{slot: method})
        learners[type(method).__name__] = MultiTaskNetwork(HardSharing(lenet), trainer)
    print("| method | left, % | right, % | Δm, % | seconds |")
    print("|---|---|---|---|---|")
    alone = None
    left_out = [f"{name} is made of other methods." for name in combinators()]
    for name, learner in learners.items():
        start = time.perf_counter()
        try:
            runs = np.stack([accuracies(learner, parts, seed) for seed in range(arguments.seeds)])
        except PolytaskError as error:
            left_out.append(f"{name}: {error}")
            continue
        seconds = (time.perf_counter() - start) / arguments.seeds
        left, right = runs.mean(axis=0)
        alone = runs if alone is None else alone
        gain = round(100 * float(np.mean((runs - alone) / alone)), 1) + 0.0  # no minus zero
        shown = "–" if runs is alone else f"{gain:+.1f}"
        print(f"| {name} | {left:.1f} | {right:.1f} | {shown} | {seconds:.0f} |", flush=True)
    print("\nLeft out: " + (" ".join(left_out) or "none."))


if __name__ == "__main__":
    main()
