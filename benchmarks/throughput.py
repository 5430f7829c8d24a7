"""What `Trainer` costs beside loops of plain PyTorch: an LSTM on ATIS and a CNN on MultiMNIST.

The loop that people write has a module of its own with the same layers, the same rows per batch, and
lists of words that are cut to the longest of a batch. Both take turns in one process on one thread;
medians of process time per step and their ratio are printed as a Markdown table.

    POLYTASK_DATA=... python benchmarks/throughput.py
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from lenet import lenet
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from polytask.architectures import HardSharing
from polytask.data import MultiTaskDataset, encode, fit_schemas, make_blocks
from polytask.datasets import fetch_atis, fetch_multi_mnist
from polytask.encoders import LSTM
from polytask.training import Trainer, to_tensors

RATE = 1e-3
WIDTH = 200
DROPOUT = 0.5
WORDS, TAGS, IMAGES = "tokens:words", "tokens", "tensor:image"

Arrays = Mapping[str, Tensor]


class Tagger(nn.Module):
    """Intent and slots by a bidirectional LSTM of plain PyTorch."""

    def __init__(self, n_words: int, n_intents: int, n_tags: int) -> None:
        super().__init__()
        self.words = nn.Embedding(n_words, WIDTH, padding_idx=0)
        self.lstm = nn.LSTM(WIDTH, WIDTH, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.intent, self.tags = nn.Linear(2 * WIDTH, n_intents), nn.Linear(2 * WIDTH, n_tags)

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of intents (n, c) and of tags (n, l, c)."""
        lengths = (codes > 0).sum(dim=1)
        words = self.dropout(self.words(codes))
        packed = pack_padded_sequence(words, lengths, batch_first=True, enforce_sorted=False)
        steps, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        steps = self.dropout(steps)
        return self.intent(steps.sum(dim=1) / lengths[:, None]), self.tags(steps)


class Digits(nn.Module):
    """Two digits of an image by the same small LeNet."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = lenet((1, 36, 36))
        self.left, self.right = nn.Linear(50, 10), nn.Linear(50, 10)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of both digits."""
        features = self.trunk(images)
        return self.left(features), self.right(features)


def tagger_losses(network: nn.Module, batch: Arrays) -> list[Tensor]:
    """Cross-entropies of intents and of the tags of words."""
    longest = int((batch["words"] > 0).sum(dim=1).max())
    intents, tags = network(batch["words"][:, :longest])
    labels = batch["slots"][:, :longest]
    return [
        nn.functional.cross_entropy(intents, batch["intent"]),
        nn.functional.cross_entropy(tags.flatten(0, 1), labels.flatten(), ignore_index=-1),
    ]


def digit_losses(network: nn.Module, batch: Arrays) -> list[Tensor]:
    """Cross-entropies of both digits."""
    left, right = network(batch["images"])
    cross_entropy = nn.functional.cross_entropy
    return [cross_entropy(left, batch["left"]), cross_entropy(right, batch["right"])]


def plain_loop(
    network: nn.Module,
    losses: Callable[[nn.Module, Arrays], list[Tensor]],
    arrays: Arrays,
    size: int,
    steps: int,
    clip_norm: float | None,
) -> float:
    """Process seconds of the loop that people write."""
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    n_rows = len(next(iter(arrays.values())))
    order, done, start = torch.randperm(n_rows), 0, time.process_time()
    for _ in range(steps):
        if done + size > n_rows:
            order, done = torch.randperm(n_rows), 0
        index = order[done : done + size]
        done += size
        batch = {name: array[index] for name, array in arrays.items()}
        optimizer.zero_grad()
        sum(losses(network, batch)).backward()  # type: ignore[union-attr]
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(network.parameters(), clip_norm)
        optimizer.step()
    return time.process_time() - start


def trainer_loop(
    architecture: HardSharing,
    train: MultiTaskDataset,
    size: int,
    steps: int,
    clip_norm: float | None,
) -> float:
    """Process seconds of as many steps of `Trainer`, measured between two evaluations."""
    marks: list[float] = []
    trainer = Trainer(
        batch_size=size,
        learning_rate=RATE,
        clip_norm=clip_norm,
        steps=2 * steps,
        evaluate_every=steps,
        patience=None,
    )
    trainer.fit(architecture, train, on_epoch=lambda _: marks.append(time.process_time()))
    return marks[1] - marks[0]


def encoded(train: MultiTaskDataset) -> tuple[Arrays, dict[str, Tensor]]:
    """Inputs and labels of the training rows, labels -1 where missing."""
    schemas = fit_schemas(train)
    blocks = make_blocks(train.tasks, schemas)
    (rows,) = to_tensors(encode(train.sources, train.tasks, schemas, blocks)).values()
    labels = {}
    for block in blocks:
        targets = rows.labels(block.name)
        codes = torch.where(targets.mask, targets.values, -1.0).long()
        for position, task in enumerate(block.tasks):
            own = codes[:, position]
            labels[task] = own if block.has_steps else own.squeeze(-1)
    return rows.inputs, labels


def atis() -> tuple[Callable[[int], float], Callable[[int], float]]:
    """The loops of an LSTM on the sentences of ATIS, of 32 each."""
    found = fetch_atis()
    train = found.split.splits(found.dataset, seed=0)[0].apply(found.dataset)[0]
    inputs, labels = encoded(train)
    arrays = {"words": inputs[WORDS], **labels}
    sizes = [int(array.max()) + 1 for array in arrays.values()]
    recipe = LSTM(WIDTH, dropout=DROPOUT, word_dim=WIDTH, word_dropout=0.0)
    return (
        lambda steps: plain_loop(Tagger(*sizes), tagger_losses, arrays, 32, steps, clip_norm=1.0),
        lambda steps: trainer_loop(HardSharing(recipe), train, 32, steps, clip_norm=1.0),
    )


def multi_mnist() -> tuple[Callable[[int], float], Callable[[int], float]]:
    """The loops of a CNN on two digits in an image, 256 images each."""
    train = fetch_multi_mnist(10_000, 100).dataset
    inputs, labels = encoded(train)
    arrays = {"images": inputs[IMAGES], **labels}
    return (
        lambda steps: plain_loop(Digits(), digit_losses, arrays, 256, steps, clip_norm=None),
        lambda steps: trainer_loop(HardSharing(lenet), train, 256, steps, clip_norm=None),
    )


CASES = {"LSTM on ATIS": atis, "CNN on MultiMNIST": multi_mnist}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", choices=CASES, default=[*CASES])
    parser.add_argument("--steps", type=int, default=60, help="steps of a run")
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("| case | hand-written loop, ms a step | Trainer, ms a step | ratio of medians | range |")
    print("|---|---|---|---|---|")
    for name in given.cases:
        by_hand, trainer = CASES[name]()
        seconds = [(by_hand(given.steps), trainer(given.steps)) for _ in range(given.repeats)]
        plain, ours = (statistics.median(side) for side in zip(*seconds, strict=True))
        ratios = sorted(mine / other for other, mine in seconds)
        print(
            f"| {name} | {1000 * plain / given.steps:.2f} | {1000 * ours / given.steps:.2f} | "
            f"{ours / plain:.2f} | {ratios[0]:.2f} to {ratios[-1]:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
