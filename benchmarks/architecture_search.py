"""Searches of structures: planted trees found again, and what is found on public data sets."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

from grouping_sets import drawn

from polytask import compare
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_branched_tasks
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.search import LearnedBranching, SharingPolicy
from polytask.training import Trainer

SETS = ("sarcos", "rf1")
TREES = {"one fork": ((1, 2, 1), 3), "two forks": ((1, 2, 2), 3)}
ENCODER = MLP((6, 6, 6), activation="tanh")
ROWS, STEPS = 2000, 1500


def planted(tree: str, seeds: Sequence[int]) -> None:
    branches, leaf = TREES[tree]
    learner = LearnedBranching(
        HardSharing(ENCODER),
        Trainer(learning_rate=0.03, batch_size=64, scheduler="cosine_with_warmup"),
        search_share=1.0,
    )
    right, stages, proposed, seconds, networks = 0, [0] * len(branches), 0, 0.0, 0
    for seed in seeds:
        data, truth = make_branched_tasks(branches, leaf, n_rows=ROWS, seed=seed)
        found = learner.search(data, seed, Budget(steps=STEPS))
        same = [_alike(a, b) for a, b in zip(found.groups, truth.groups, strict=True)]
        right += all(same)
        proposed += all(_alike(a, b) for a, b in zip(found.proposed, truth.groups, strict=True))
        stages = [n + one for n, one in zip(stages, same, strict=True)]
        seconds, networks = seconds + found.seconds, networks + found.n_networks
        losses = [one for one in found.trained if all(map(_alike, one.groups, truth.groups))]
        true = f"{losses[0].worse:.3f} ± {losses[0].error:.3f}" if losses else "not trained"
        print(
            seed,
            same,
            [len(g) for g in found.groups],
            "the true tree is worse by",
            true,
            flush=True,
        )
    print(
        f"| {tree} | {len(truth.signals[0])} | {right} of {len(seeds)} | "
        f"{', '.join(map(str, stages))} | {proposed} | {networks / len(seeds):.0f} | "
        f"{seconds / len(seeds):.0f} |"
    )


def _alike(some: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> bool:
    return set(map(frozenset, some)) == set(map(frozenset, others))


def real(name: str, share: float, out: Path) -> None:
    data, _ = drawn(name, 0)
    architecture = HardSharing(MLP((64, 64, 64)))
    light = {"search_share": share, "starts": 2, "rounds": 1}
    learners = [
        MultiTaskNetwork(architecture),
        LearnedBranching(architecture, **light),
        SharingPolicy(architecture, **light),
    ]
    started = time.monotonic()
    comparison = compare(data, learners, seeds=1, budget=Budget(steps=1500), quiet=True)
    record = comparison.to_dict()
    (out / f"architecture_search_{name}.json").write_text(json.dumps(record))
    for learner in record["learners"]:
        gain = learner["delta_m"] or {}
        low, high = gain.get("interval") or (None, None)
        delta = (
            "–"
            if not gain
            else f"{100 * gain['value']:+.1f} ({100 * low:+.1f} … {100 * high:+.1f}) %"
        )
        found = [run["found"] for run in learner["runs"] if run["found"]]
        shape = "; ".join("-".join(str(len(g)) for g in one["groups"]) for one in found) or "–"
        networks = "; ".join(str(sum(t["starts"] for t in one["trained"])) for one in found) or "–"
        print(
            f"| {name} | {learner['name']} | {delta} | {learner['n_parameters']:,} | "
            f"{learner['flops']:,.0f} | {1000 * learner['seconds_of_pass']:.2f} | "
            f"{learner['seconds']:.0f} | {networks} | {shape} |"
        )
        for one in found:
            print(one["drawing"], one["words"], sep="\n")
    print(f"{time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=("planted", "real"))
    parser.add_argument("names", nargs="*", help="trees or sets")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--share", type=float, default=1.0, help="of the steps, on public sets")
    parser.add_argument("--out", type=Path, default=Path())
    given = parser.parse_args()
    if given.case == "planted":
        for tree in given.names or TREES:
            planted(tree, range(given.first, given.first + given.seeds))
    else:
        for name in given.names or SETS:
            real(name, given.share, given.out)


if __name__ == "__main__":
    main()
