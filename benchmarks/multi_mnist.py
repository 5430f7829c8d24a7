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
from collections.abc import Sequence
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from lenet import lenet
from public_methods import combinators, public_methods

from polytask.aggregation import Aggregator
from polytask.architectures import HardSharing, SingleTask
from polytask.data import MultiTaskDataset
from polytask.datasets import fetch_multi_mnist
from polytask.exceptions import PolytaskError
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

TASKS = ("left", "right")
Parts = tuple[MultiTaskDataset, MultiTaskDataset, MultiTaskDataset]


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


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000, help="training images")
    parser.add_argument("--test-rows", type=int, default=5000)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="names of methods")
    return parser.parse_args()


def learners(steps: int, only: Sequence[str]) -> dict[str, MultiTaskNetwork]:
    """Networks apart, the plain sum and every method."""
    plain = Trainer(
        steps=steps, batch_size=128, learning_rate=2e-3, evaluate_every=50, patience=None
    )
    found = {
        "single-task networks": MultiTaskNetwork(SingleTask(lenet), plain),
        "plain sum of the losses": MultiTaskNetwork(HardSharing(lenet), plain),
    }
    for method in public_methods(only):
        slot = "aggregation" if isinstance(method, Aggregator) else "weighting"
        trainer = replace(plain, **{slot: method})
        found[type(method).__name__] = MultiTaskNetwork(HardSharing(lenet), trainer)
    return found


def shown(values: np.ndarray) -> str:
    """The mean over seeds, with their range."""
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{values.mean():.1f} ({values.min():.1f} to {values.max():.1f})"


def main() -> None:
    """Measure and print."""
    given = arguments()
    warnings.filterwarnings("ignore", message="This recipe can be trained, but")
    fetched = fetch_multi_mnist(given.rows, given.test_rows)
    parts = fetched.split.splits(fetched.dataset, seed=0)[0].apply(fetched.dataset)
    print("| method | left, % | right, % | Δm, % | seconds |")
    print("|---|---|---|---|---|")
    alone = None
    left_out = [f"{name} is made of other methods." for name in combinators()]
    for name, learner in learners(given.steps, given.only).items():
        start = time.perf_counter()
        try:
            runs = np.stack([accuracies(learner, parts, seed) for seed in range(given.seeds)])
        except PolytaskError as error:
            left_out.append(f"{name}: {error}")
            continue
        seconds = (time.perf_counter() - start) / given.seeds
        left, right = map(shown, runs.T)
        alone = runs if alone is None else alone
        gain = round(100 * float(np.mean((runs - alone) / alone)), 1) + 0.0  # no minus zero
        better = "–" if runs is alone else f"{gain:+.1f}"
        print(f"| {name} | {left} | {right} | {better} | {seconds:.0f} |", flush=True)
    print("\nLeft out: " + (" ".join(left_out) or "none."))


if __name__ == "__main__":
    main()
