"""What a step of an ensemble inside one network costs beside a plain network, on one thread.

Steps of the trainer on drawn rows, the networks in turn in one process; medians of rounds, as multiples
of `MLP` with 2 layers of 256 units without dropout.

    python benchmarks/ensemble_steps.py [--device cuda]
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Mapping

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch

from polytask.architectures import HardSharing
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP, Encoder, PackedMLP, TabM
from polytask.training import Trainer

STEPS, ROUNDS, BATCH = 30, 5, 512
PLAIN = "standardized"
ENCODERS: Mapping[str, Encoder] = {
    "`MLP`, 2 × 256": MLP(),
    "the same, bins, dropout 0.1": MLP(dropout=0.1, numbers="piecewise_linear"),
    "`TabM`, 8 of 2 × 128": TabM(dropout=0.0, numbers=PLAIN),
    "the same, all adapters": TabM(dropout=0.0, adapters="all", numbers=PLAIN),
    "the same, dropout 0.1": TabM(dropout=0.1, numbers=PLAIN),
    "the same, bins": TabM(dropout=0.0),
    "bins, dropout 0.1 (default)": TabM(),
    "`PackedMLP`, 4 of 2 × 256": PackedMLP(numbers=PLAIN),
    "the same, bins (default)": PackedMLP(),
    "`PackedMLP`, 4 of 2 × 128": PackedMLP(widths=(128, 128), numbers=PLAIN),
}


def drawn(n_columns: int) -> MultiTaskDataset:
    """Two regressions of 4096 rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4096, n_columns)).astype(np.float32)
    return MultiTaskDataset.from_arrays(X, X @ rng.normal(size=(n_columns, 2)))


def seconds(encoder: Encoder, data: MultiTaskDataset, steps: int, device: str) -> float:
    """Seconds of training."""
    trainer = Trainer(steps=steps, batch_size=BATCH, accelerator=device)
    return trainer.fit(HardSharing(encoder), data, progress=False).history.seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cpu")
    device = parser.parse_args().device
    torch.set_num_threads(1)
    print("| network | 20 columns | 60 columns | 200 columns |\n|---|---|---|---|")
    rows: dict[str, list[str]] = {name: [] for name in ENCODERS}
    for n_columns in (20, 60, 200):
        data = drawn(n_columns)
        taken: dict[str, list[float]] = {name: [] for name in ENCODERS}
        for _ in range(ROUNDS):
            for name, encoder in ENCODERS.items():
                taken[name].append(seconds(encoder, data, STEPS, device) / STEPS)
        medians = {name: statistics.median(values) for name, values in taken.items()}
        (plain, *_) = medians.values()
        for name, median in medians.items():
            rows[name].append(f"{1e3 * median:.1f} ms, {median / plain:.1f} ×")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
