"""Where every balancing method ends on a problem whose Pareto front is known.

Two losses of two parameters with steep valleys, five starts, Adam with 4000 steps of 0.01
instead of tens of thousands of 0.001; see `polytask.testing.toy_losses`. Prints a Markdown table
of the distances from the front, in the plane of the losses, and draws the ways there.

    python benchmarks/pareto_toy.py --figure docs/balancing_toy.svg
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from joblib import Parallel, delayed
from public_methods import combinators, public_methods
from svg_panels import Panel, write_panels
from torch import Tensor

from polytask.aggregation import Aggregator
from polytask.exceptions import UnservedNeedError
from polytask.testing import TOY_STARTS, toy_distance, toy_front, toy_path
from polytask.weighting import Weighting

ON_THE_FRONT = 0.1
COLORS = ("#0072b2", "#009e73", "#d55e00", "#cc79a7", "#56b4e9")
NOTE = (
    "Ways of Adam from five starts (○) in the plane of both parameters. Thick grey: "
    "Pareto-optimal, best for task 2 at its left end, for task 1 at its right. Thin: valleys."
)


@dataclass(frozen=True)
class Descent:
    """Where a method went, or why it could not."""

    name: str
    group: str
    path: Tensor | None
    seconds: float = 0.0
    reason: str = ""


def descend(method: Aggregator | Weighting, steps: int, learning_rate: float) -> Descent:
    """Let a method descend from all starts."""
    group = "Aggregators" if isinstance(method, Aggregator) else "Weightings"
    name, start = type(method).__name__, time.process_time()
    try:
        path = toy_path(method, steps=steps, learning_rate=learning_rate)
    except UnservedNeedError as error:
        return Descent(name, group, None, reason=str(error))
    return Descent(name, group, path, time.process_time() - start)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--learning-rate", type=float, default=0.01)
    parser.add_argument("--figure", type=Path, default=None, help="where to draw, an .svg file")
    parser.add_argument("--only", nargs="*", default=[], help="names of methods")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    heads = [f"from ({x:g}, {y:g})" for x, y in TOY_STARTS]
    print(f"| method | {' | '.join(heads)} | on the front | seconds |")
    print("|---|" + "---|" * (len(heads) + 2))
    panels: dict[str, list[Panel]] = {}
    left_out = [f"{name} is made of other methods." for name in combinators()]
    for descent in Parallel(n_jobs=arguments.jobs, return_as="generator")(
        delayed(descend)(method, arguments.steps, arguments.learning_rate)
        for method in public_methods(arguments.only)
    ):
        if descent.path is None:
            left_out.append(descent.reason)
            continue
        distances = toy_distance(descent.path[-1]).tolist()
        reached = f"{sum(distance < ON_THE_FRONT for distance in distances)} of {len(distances)}"
        cells = " | ".join(f"{distance:.2f}" for distance in distances)
        print(f"| {descent.name} | {cells} | {reached} | {descent.seconds:.0f} |", flush=True)
        ways = list(descent.path.transpose(0, 1).numpy())
        panel = Panel(f"{descent.name}: {reached}", ways, COLORS)
        panels.setdefault(descent.group, []).append(panel)
    print("\nLeft out: " + (" ".join(left_out) or "none."))
    if arguments.figure is not None:
        front = toy_front(101).numpy()
        write_panels(
            arguments.figure,
            panels,
            [front, *valleys()],
            limits=((-11, 11), (-10, 11)),
            columns=6,
            note=NOTE,
        )


def valleys() -> list[np.ndarray]:
    """Where the logarithm of either loss is least, above y = 0."""
    y = np.linspace(0, 11, 56)
    bend = np.tanh(y)
    return [np.stack([2 * bend - 7, y], axis=1), np.stack([7 - 2 * bend, y], axis=1)]


if __name__ == "__main__":
    main()
