"""What cheap surrogates miss: task gradients at the last layer or at the features, against all.

Networks are trained by the plain sum of their losses. At every tenth step the Gramian of the task
gradients on all shared parameters is found, and those of the surrogates: at the last shared layer
and at the features. Prints a Markdown table: how the tasks' cosines agree over pairs, steps and
seeds, and the cosine between the update that a method makes of the exact Gramian and the one that
it makes of a surrogate's, both on all shared parameters.

    POLYTASK_DATA=... OMP_NUM_THREADS=1 python benchmarks/surrogates.py
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from lenet import lenet
from torch import Tensor, nn
from torch.nn import functional as F

from polytask.aggregation import MGDA, NashMTL, PCGrad, Sum, UPGrad
from polytask.data import MultiTaskDataset
from polytask.datasets import (
    as_table,
    catalogue,
    fetch_multi_mnist,
    make_clustered_tasks,
    smiles_ngrams,
)
from polytask.gradients import gramian, per_task_jacobian

METHODS = (MGDA, UPGrad, PCGrad, NashMTL)
PLACES = ("last layer", "features", "plain sum")
EVERY = 10
BATCH_SIZE = 128


@dataclass
class Problem:
    """Rows, a trunk whose last layer is linear up to its activation, and a loss a task."""

    inputs: Tensor
    targets: Tensor
    trunk: Callable[[], nn.Sequential]
    outputs: tuple[int, ...]
    losses: tuple[Callable[[Tensor, Tensor], Tensor], ...]
    learning_rate: float = 1e-3


def squared(scores: Tensor, targets: Tensor) -> Tensor:
    """Of a regression task."""
    return F.mse_loss(scores[:, 0], targets)


def binary(scores: Tensor, targets: Tensor) -> Tensor:
    """Of a binary task with missing labels."""
    known = ~targets.isnan()
    return F.binary_cross_entropy_with_logits(scores[known, 0], targets[known])


def classes(scores: Tensor, targets: Tensor) -> Tensor:
    """Of a multiclass task."""
    return F.cross_entropy(scores, targets.long())


def mlp(n_inputs: int) -> nn.Sequential:
    """Three hidden layers."""
    return nn.Sequential(
        nn.Linear(n_inputs, 128),
        nn.ReLU(),
        nn.Linear(128, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
    )


def table(data: MultiTaskDataset) -> tuple[Tensor, Tensor]:
    """Standardised inputs, and targets with NaN where they are missing."""
    source = data.sources[0]
    inputs = source.inputs.to_numpy().astype(np.float32)
    inputs = (inputs - inputs.mean(axis=0)) / (inputs.std(axis=0) + 1e-6)
    targets = source.labels.frame.select(data.tasks.names).to_numpy().astype(np.float32)
    return torch.from_numpy(inputs), torch.from_numpy(targets)


def tox21() -> Problem:
    """Twelve assays of molecules."""
    data = as_table("tox21")
    pieces = smiles_ngrams(data["smiles"], 512, longest=3).astype(np.float32)
    tasks = next(info.tasks for info in catalogue() if info.name == "tox21")
    targets = torch.from_numpy(data.select(tasks).to_numpy().astype(np.float32))
    inputs = torch.from_numpy((pieces - pieces.mean(axis=0)) / (pieces.std(axis=0) + 1e-6))
    return Problem(inputs, targets, lambda: mlp(inputs.shape[1]), (1,) * 12, (binary,) * 12)


def clusters() -> Problem:
    """Four groups of three regression tasks each."""
    data, _ = make_clustered_tasks(n_clusters=4, tasks_per_cluster=3, n_rows=4000)
    inputs, targets = table(data)
    return Problem(inputs, targets, lambda: mlp(inputs.shape[1]), (1,) * 12, (squared,) * 12)


def digits() -> Problem:
    """The digits at the left and the right, their sum, and whether the left one is larger."""
    source = fetch_multi_mnist(5000, 1).dataset.sources[0]
    images = np.stack(source.inputs["image"].to_numpy())[:5000].astype(np.float32)
    inputs = torch.from_numpy(images).view(-1, 1, 36, 36)
    left, right = torch.from_numpy(
        source.labels.frame.select("left", "right").to_numpy()[:5000].astype(np.float32)
    ).T
    targets = torch.stack([left, right, (left + right - 9) / 4, (left > right).float()], dim=1)
    losses = (classes, classes, squared, binary)
    return Problem(
        (inputs - inputs.mean()) / inputs.std(),
        targets,
        lambda: lenet((1, 36, 36)),
        (10, 10, 1, 1),
        losses,
        2e-3,
    )


PROBLEMS = {"tox21, MLP": tox21, "clusters, MLP": clusters, "MultiMNIST, CNN": digits}


def gramians(problem: Problem, steps: int, seed: int) -> list[dict[str, Tensor]]:
    """Gramians along one training run."""
    torch.manual_seed(seed)
    trunk = problem.trunk()
    last = [*trunk[-2].parameters()]
    width = trunk[-2].out_features
    heads = nn.ModuleList(nn.Linear(width, size) for size in problem.outputs)
    parameters = [*trunk.parameters(), *heads.parameters()]
    optimizer = torch.optim.Adam(parameters, problem.learning_rate)
    found = []
    for step in range(steps):
        rows = torch.randint(len(problem.inputs), (BATCH_SIZE,))
        features = trunk(problem.inputs[rows])
        losses = [
            loss(head(features), target)
            for loss, head, target in zip(
                problem.losses, heads, problem.targets[rows].T, strict=True
            )
        ]
        if step % EVERY == 0:
            exact = gramian(losses, trunk.parameters())
            there = per_task_jacobian(torch.stack(losses), [features])
            surrogates = gramian(losses, last), there @ there.T
            found.append(dict(zip(("exact", *PLACES), (exact, *surrogates, exact), strict=True)))
        optimizer.zero_grad()
        sum(losses).backward()
        optimizer.step()
    return found


def cosines(gram: Tensor) -> Tensor:
    """Between every two tasks."""
    norms = gram.diagonal().sqrt()
    above = torch.triu_indices(len(gram), len(gram), offset=1)
    return (gram / (norms[:, None] * norms))[*above]


def weights(method: type, gram: Tensor) -> Tensor:
    """What a method makes of one Gramian; equal seeds draw equal orders of tasks."""
    made = method()
    made.start(len(gram), generator=torch.Generator().manual_seed(0))
    return made.weights(gram.double())


def alikeness(method: type, grams: dict[str, Tensor], place: str) -> float:
    """The cosine between the exact update and the surrogate's."""
    gram = grams["exact"].double()
    exact = weights(method, gram)
    other = weights(Sum if place == "plain sum" else method, grams[place])
    return float(other @ gram @ exact / ((exact @ gram @ exact) * (other @ gram @ other)).sqrt())


def row(name: str, place: str, runs: list[dict[str, Tensor]]) -> str:
    """One line of the table."""
    exact, other = (torch.cat([cosines(grams[key]) for grams in runs]) for key in ("exact", place))
    correlation, means, missed = "–", "–", "–"
    if place != "plain sum":
        correlation = f"{float(torch.corrcoef(torch.stack([exact, other]))[0, 1]):.2f}"
        means = f"{float(exact.mean()):.2f} / {float(other.mean()):.2f}"
        conflicts = exact < 0
        missed = (
            f"{100 * float((conflicts & (other >= 0)).sum() / conflicts.sum().clamp(min=1)):.0f}"
        )
    alike = [np.array([alikeness(method, grams, place) for grams in runs]) for method in METHODS]
    shown = " | ".join(f"{one.mean():.2f} ({np.quantile(one, 0.05):.2f})" for one in alike)
    return f"| {name} | {place} | {correlation} | {means} | {missed} | {shown} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    names = " | ".join(method.__name__ for method in METHODS)
    print(
        f"| problem | gradients at | correlation | mean cosine, exact / here | conflicts missed, % | {names} |"
    )
    print("|---" * (5 + len(METHODS)) + "|")
    for name, make in PROBLEMS.items():
        problem = make()
        runs = [
            grams
            for seed in range(arguments.seeds)
            for grams in gramians(problem, arguments.steps, seed)
        ]
        for place in PLACES:
            print(row(name, place, runs), flush=True)


if __name__ == "__main__":
    main()
