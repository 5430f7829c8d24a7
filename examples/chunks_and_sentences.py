"""Marks of chunks low in a network, their types above them, what the sentence asks for at the top.

The sentences of ATIS say for each word whether a chunk begins (B), goes on (I) or is none (O), and of
which type it is. Each level of the hierarchy hands its scores on to the next, word by word; beside it
stands one trunk that answers all three tasks at the top.

    POLYTASK_DATA=... python examples/chunks_and_sentences.py
"""

import numpy as np
import polars as pl

from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing, Hierarchical
from polytask.datasets import fetch_atis
from polytask.encoders import LSTM
from polytask.evaluation import evaluate
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

TASKS = [
    Task("marks", "tokens"),
    Task("slots", "tokens", after=("marks",)),
    Task("intent", "multiclass", after=("slots",)),
]
METRICS = {"marks": "token_accuracy", "slots": "chunk_f1", "intent": "accuracy"}


def sentences(rows: int | None = None) -> list[MultiTaskDataset]:
    """Training, validation and test sentences of the published split, the first `rows` of each."""
    atis = fetch_atis()
    parts = atis.split.splits(atis.dataset, seed=0)[0].apply(atis.dataset)
    made = []
    for part in parts:
        (source,) = part.sources
        labelled = source.labelled()
        columns = {
            "words": source.inputs["words"],
            **{name: labelled.columns(name)[name] for name in ("slots", "intent")},
        }
        frame = pl.DataFrame(columns).head(rows or part.n_rows)
        marks = pl.col("slots").str.replace_all(r"([BI])-\S+", "$1").alias("marks")
        made.append(
            MultiTaskDataset.from_table(
                frame.with_columns(marks), TASKS, columns={"words": "tokens"}
            )
        )
    return made


def main(rows: int | None = None, steps: int = 800, width: int = 64, seeds: int = 3) -> None:
    """Print a figure of each task on the test sentences, mean over seeds."""
    train, validation, test = sentences(rows)
    trainer = Trainer(
        steps=steps,
        batch_size=32,
        learning_rate=3e-3,
        scheduler="cosine_with_warmup",
        clip_norm=1.0,
        patience=None,
    )
    encoder = LSTM(width, 3, dropout=0.3)
    for recipe in (Hierarchical(encoder), HardSharing(encoder)):
        measured = []
        for seed in range(seeds):
            model = MultiTaskNetwork(recipe, trainer).fit(train, validation, seed)
            figures = evaluate(model, test)
            measured.append([figures[task][metric].value for task, metric in METRICS.items()])
        marks, slots, intent = np.mean(measured, axis=0)
        print(
            f"{type(recipe).__name__}: marks {marks:.3f}, F1 of slots {slots:.3f}, "
            f"intents {intent:.3f}"
        )


if __name__ == "__main__":
    main()
