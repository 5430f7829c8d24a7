"""What travellers ask for, and a tag for each of their words: recurrent layers that both tasks share.

An LSTM and a GRU read the sentences of ATIS; each task has an output layer of its own, the tags of
neighbouring words are linked (a conditional random field), and a network per task stands beside them.

    POLYTASK_DATA=... python examples/intents_and_slots.py
"""

import numpy as np

from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing
from polytask.datasets import fetch_atis
from polytask.encoders import GRU, LSTM
from polytask.evaluation import evaluate
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def sentences(rows: int | None = None) -> list[MultiTaskDataset]:
    """Training, validation and test sentences of the published split, the first `rows` of each."""
    atis = fetch_atis()
    data = atis.dataset.with_tasks({"slots": Task("slots", "tokens:crf")})
    parts = atis.split.splits(data, seed=0)[0].apply(data)
    return [part.take({"table": np.arange(part.sources[0].n_rows)[:rows]}) for part in parts]


def main(rows: int | None = None, steps: int = 800, width: int = 128, seeds: int = 3) -> None:
    """Print the accuracy of intents and the F1 of slots on the test sentences, mean over seeds."""
    train, validation, test = sentences(rows)
    trainer = Trainer(
        steps=steps,
        batch_size=32,
        learning_rate=3e-3,
        scheduler="cosine_with_warmup",
        clip_norm=1.0,
        patience=None,
    )
    for encoder in (LSTM(width, dropout=0.4), GRU(width, dropout=0.4)):
        shared = HardSharing(encoder)
        for name, recipe in (("shared", shared), ("one per task", shared.single_task())):
            measured = []
            for seed in range(seeds):
                model = MultiTaskNetwork(recipe, trainer).fit(train, validation, seed)
                figures = evaluate(model, test)
                measured.append(
                    [figures["intent"]["accuracy"].value, figures["slots"]["chunk_f1"].value]
                )
            intents, slots = np.mean(measured, axis=0)
            print(
                f"{type(encoder).__name__}, {name}: intents {intents:.3f}, F1 of slots {slots:.3f}, "
                f"{model.history.n_parameters:,} parameters"
            )


if __name__ == "__main__":
    main()
