"""Intent and slots of travellers' sentences: one network for both beside one for each.

The published split; the state of a network is chosen on the published validation sentences, settings
by `--validation-only` runs. Intent accuracy, F1 of slots by the rules of CoNLL, and the share of
sentences with the right intent and every tag right, in per cent, mean over seeds and standard
deviation. Prints a Markdown table.

    POLYTASK_DATA=... python benchmarks/atis.py
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import polars as pl

from polytask.architectures import Architecture, HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.datasets import fetch_atis
from polytask.encoders import LSTM
from polytask.evaluation import evaluate
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.tasks import Task, Tokens
from polytask.training import Trainer

ARCHITECTURES: dict[str, type[Architecture]] = {"joint": HardSharing, "apart": SingleTask}
HEADS = ("intent accuracy", "slot F1", "sentence accuracy")


def figures(model: FittedPredictor, rows: MultiTaskDataset) -> list[float]:
    """Intent accuracy, slot F1 and sentence accuracy in per cent."""
    predictions, measured = model.predict(rows), evaluate(model, rows)
    labels = rows.sources[0].labelled()
    right = [
        predictions[task].decision == labels.columns(task)[task] for task in ("intent", "slots")
    ]
    shares = [
        float(right[0].mean()),
        measured["slots"]["chunk_f1"].value,
        float((right[0] & right[1]).mean()),
    ]
    return [100 * share for share in shares]


def sentences(given: argparse.Namespace) -> list[MultiTaskDataset]:
    """Training, validation and test sentences of the published split."""
    atis = fetch_atis()
    kind = Tokens(crf=given.crf)
    slots = Task("slots", kind, weight=given.slots_weight)
    data = atis.dataset.with_tasks({"slots": slots})
    if given.digits:
        (source,) = data.sources
        words = pl.col("words").str.replace_all(r"\d", "0")
        data = replace(data, sources=(replace(source, inputs=source.inputs.with_columns(words)),))
    return list(atis.split.splits(data, 0)[0].apply(data))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", nargs="*", choices=ARCHITECTURES, default=[*ARCHITECTURES])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=4200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--width", type=int, default=200)
    parser.add_argument("--word-dim", type=int, default=200)
    parser.add_argument("--dropout", type=float, default=0.5)
    parser.add_argument("--word-dropout", type=float, default=0.1)
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--crf", action="store_true", help="link the tags of neighbouring words")
    parser.add_argument("--digits", action="store_true", help="write every digit as 0")
    parser.add_argument("--slots-weight", type=float, default=1.0, help="of their loss")
    parser.add_argument("--validation-only", action="store_true", help="leave test rows alone")
    given = parser.parse_args()
    train, validation, test = sentences(given)
    rows = validation if given.validation_only else test
    encoder = LSTM(
        given.width,
        given.depth,
        dropout=given.dropout,
        word_dim=given.word_dim,
        word_dropout=given.word_dropout,
    )
    trainer = Trainer(
        batch_size=given.batch,
        learning_rate=given.rate,
        scheduler="cosine_with_warmup",
        evaluate_every=given.steps // 6,
        patience=None,
    )
    print(f"| learner | {' | '.join(HEADS)} | seconds a fit |")
    print("|---|" + "---|" * (len(HEADS) + 1))
    for name in given.learners:
        start, measured = time.perf_counter(), []
        for seed in given.seeds:
            network = MultiTaskNetwork(ARCHITECTURES[name](encoder), trainer)
            model = network.fit(train, validation, seed, Budget(steps=given.steps))
            measured.append(figures(model, rows))
            chosen = np.round(figures(model, validation), 2).tolist()
            print(
                f"{name}, seed {seed}: {np.round(measured[-1], 2).tolist()}, validation {chosen}",
                file=sys.stderr,
                flush=True,
            )
        seconds = (time.perf_counter() - start) / len(given.seeds)
        spread = np.std(measured, axis=0, ddof=1) if len(measured) > 1 else np.zeros(len(HEADS))
        cells = [
            f"{value:.2f} ± {deviation:.2f}"
            for value, deviation in zip(np.mean(measured, axis=0), spread, strict=True)
        ]
        print(f"| {name} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
