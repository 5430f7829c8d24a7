"""Classical learners on labels, reviews, images and torques, each beside single-task and pooled baselines and trees.

- `yeast`, `emotions`: 14 and 6 labels of the same rows, macro AUC
- `blitzer`: positive reviews or not in three domains, sparse words, accuracy
- `office`: ten kinds of objects in four domains of images, accuracy
- `sarcos`: seven torques, mean squared error over variance

Five random splits; settings are chosen by three folds of the training rows, or by folds of the learner's own.

    POLYTASK_DATA=... python benchmarks/classical_tables.py --only yeast [--learner l21] [--print]

Every split of every learner is a line of JSON in the folder of `--out`; one that is there is not measured again.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from classical_runs import run
from classical_sets import CASES


def main() -> None:
    """Measure what is missing, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=CASES, default=[*CASES], help="sets")
    parser.add_argument("--learner", nargs="*", help="names of learners; all by default")
    parser.add_argument("--out", type=Path, default=Path("runs/classical_tables"))
    parser.add_argument("--print", action="store_true", help="measure nothing")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    for name in arguments.only:
        print(f"\n{name}")
        options = arguments.learner, arguments.splits, arguments.jobs
        run(CASES[name], arguments.out / name, *options, dry=arguments.print)


if __name__ == "__main__":
    main()
