"""What a population holds in memory, and what networks of single tasks cost that do not stack.

Memory: 2 x 256 networks of eight tasks, so many members in one call, each count in a process of its own.
Steps: the networks of eight single tasks, side by side, and with mixup and in bf16, which do not stack.

    OMP_NUM_THREADS=1 python benchmarks/population_limits.py
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import torch
from populations import per_step, table

from polytask.architectures import HardSharing, SingleTask
from polytask.augmentation import Mixup
from polytask.encoders import MLP
from polytask.training import Member, Trainer

_PLAIN = Trainer(batch_size=64, patience=None, evaluate_every=10**6)
SETTINGS = {
    "as they are": {},
    "mixup": {"augmentation": Mixup()},
    "bf16": {"precision": "bf16-mixed"},
}


def held(what: str) -> float:
    """Megabytes of this process, now (``VmRSS``) or at most (``VmHWM``)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def memory(n_members: int) -> str:
    """A row of the table on memory."""
    data, ended = table(8, 2000), []
    before = held("VmRSS")
    trained = Trainer(steps=20).fit_many(
        HardSharing(MLP((256, 256))),
        [Member(seed=seed) for seed in range(n_members)],
        data,
        on_done=lambda *_: ended.append(held("VmRSS") - before),
        progress=False,
    )
    numbers = sum(p.numel() for run in trained for p in run.network.parameters())
    peak = held("VmHWM") - before
    return f"| {n_members} | {numbers * 4 / 2**20:.0f} | {peak:.0f} | {ended[-1]:.0f} |"


def steps(name: str, width: int, repeats: int) -> str:
    """A row of the table on steps."""
    data, architecture = table(8, 20_000), SingleTask(MLP((width, width)))
    trainer = replace(_PLAIN, **SETTINGS[name])
    found = per_step(
        lambda n: replace(trainer, steps=n).fit(architecture, data, progress=False),
        100,
        repeats,
        "cpu",
    )
    reason = trainer.stacking(architecture, [Member(), Member(seed=1)], data)
    how = "side by side" if reason is None else "one after another"
    return f"| 2 × {width} | {name} | {how} | {statistics.median(found):.1f} |"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--widths", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.one is not None:
        print(memory(args.one))
        return
    print("| members | their networks, MB | most at a time, MB | when the last ended, MB |")
    print("|---|---|---|---|")
    for n_members in args.members:
        command = [sys.executable, __file__, "--one", str(n_members)]
        row = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        print(row.strip(), flush=True)
    print("\n| network | setting | eight networks | a step of all, ms |")
    print("|---|---|---|---|")
    for width in args.widths:
        for name in SETTINGS:
            print(steps(name, width, args.repeats), flush=True)


if __name__ == "__main__":
    main()
