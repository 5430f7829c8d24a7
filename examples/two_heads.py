"""A softmax head and a sigmoid head on one trunk, trained on αL_A + βL_B + λR.

python examples/two_heads.py
"""

from collections.abc import Sequence
from dataclasses import replace

import torch

import polytask
from polytask.architectures import HardSharing
from polytask.data import RandomSplit
from polytask.datasets import load_digits_tasks
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def main(steps: int = 400) -> None:
    """Fit with several α, β and λ on scikit-learn's digits."""
    # Task A: which of ten digits it is (softmax). Task B: whether it is odd (sigmoid).
    data = load_digits_tasks(("digit", "odd"))
    (split,) = RandomSplit().splits(data, seed=0)
    for alpha, beta in ((1.0, 1.0), (1.0, 0.1), (0.1, 1.0)):
        # A task's weight multiplies its loss, before any balancing of tasks.
        weights = {"digit": alpha, "odd": beta}
        tasks = {task.name: replace(task, weight=weights[task.name]) for task in data.tasks}
        report(f"α {alpha}, β {beta}", split.apply(data.with_tasks(tasks)), Trainer(steps=steps))
    # λR: L1 is added to the loss, L2 is the optimiser's weight decay.
    report("L1, λ 0.001", split.apply(data), Trainer(steps=steps, l1=1e-3))
    report("L2, λ 0.001", split.apply(data), Trainer(steps=steps, weight_decay=1e-3))


def report(title: str, parts: Sequence[polytask.MultiTaskDataset], trainer: Trainer) -> None:
    """Print test accuracies, and how many of the trunk's weights are close to zero."""
    train, validation, test = parts
    network = MultiTaskNetwork(HardSharing(MLP((64,))), trainer)
    predictor = polytask.fit(train, network, validation=validation)
    predictions, truth = predictor.predict(test), test.sources[0].labelled().frame
    right = {
        task: (predictions[task].decision == truth[task].to_numpy()).mean()
        for task in truth.columns
    }
    accuracies = ", ".join(f"{task} {share:.3f}" for task, share in right.items())
    weights = torch.cat([w.flatten() for w in predictor.model.network.trunk.parameters()])
    print(f"{title}: accuracy {accuracies}; {(weights.abs() < 1e-2).float().mean():.0%} near zero")


if __name__ == "__main__":
    main()
