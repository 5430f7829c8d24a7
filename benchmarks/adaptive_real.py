"""Adaptive sharing against all tasks together and apart, on test rows of public data sets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from grouping_sets import drawn

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.encoders import MLP
from polytask.evaluation.running._outcome import Outcome, outcomes
from polytask.evaluation.running._tuning import headline
from polytask.neural_network import MultiTaskNetwork
from polytask.search import Adaptive, SharingRecord
from polytask.statistics import Answers, PairedGain, paired_gain
from polytask.tasks import TaskSet

ENCODER, BUDGET = HardSharing(MLP((64, 64))), Budget(steps=300)
NAMES = ("school, 10 groups", "rf1", "sarcos", "scm20d", "yeast")
NETWORKS = 4
PATH = Path("adaptive_real.jsonl")
PAIRS = ("adaptive − together", "adaptive − apart", "together − apart")


def real_cases(names: Sequence[str], splits: Iterable[int]) -> None:
    done = [json.loads(line) for line in PATH.read_text().splitlines()] if PATH.exists() else []
    known = {(case["set"], case["seed"]) for case in done}
    for name in names or NAMES:
        for seed in splits:
            if (name, seed) not in known:
                case = {"set": name, "seed": seed} | real_case(name, seed)
                with PATH.open("a") as file:
                    file.write(json.dumps(case) + "\n")
                print(name, seed, case["groups"], case["alone"], case["gains"], flush=True)


def real_case(name: str, seed: int, adaptive: Adaptive = Adaptive(ENCODER)) -> dict:  # noqa: B008
    data, split = drawn(name, seed)
    parts = (split.train, split.validation, split.test)
    train, validation, test = (data.take(dict(rows)) for rows in parts)
    network = MultiTaskNetwork(ENCODER)
    learners = {"adaptive": adaptive, "together": network, "apart": network.single_task()}
    found: dict[str, list[Mapping[str, Outcome]]] = {}
    seconds, records = {}, []
    for kind, learner in learners.items():
        started = time.process_time()
        for run in range(NETWORKS):
            model = learner.fit(train, validation, run, BUDGET, progress=False)
            found.setdefault(kind, []).append(
                outcomes(model, test, dict(split.test), data.tasks.names)
            )
            if kind == "adaptive":
                records.append(SharingRecord.of(model))
        seconds[kind] = (time.process_time() - started) / NETWORKS
    gains = {pair: _gain(found, *pair.split(" − "), data.tasks) for pair in PAIRS}
    return {
        "tasks": len(data.tasks),
        "gains": {pair: [g.value, *(g.interval or (None, None))] for pair, g in gains.items()},
        "groups": [[len(group) for group in r.changes[-1].groups] for r in records],
        "alone": [len(r.changes[-1].alone) for r in records],
        "changes": [len(r.changes) for r in records],
        "seconds": seconds,
    }


def _gain(
    found: Mapping[str, Sequence[Mapping[str, Outcome]]], one: str, other: str, tasks: TaskSet
) -> PairedGain:
    metrics = {task: headline(tasks, task) for task in tasks.names}
    return paired_gain(_answers(found[one], tasks), _answers(found[other], tasks), metrics)


def _answers(runs: Sequence[Mapping[str, Outcome]], tasks: TaskSet) -> dict[str, list[Answers]]:
    return {
        task: [
            Answers(
                first.truth,
                tuple(run[task].response for run in runs),
                first.weight,
                first.rows,
                first.target,
                tasks[task].known_kind,
            )
        ]
        for task, first in runs[0].items()
    }


def real_table() -> None:
    cases = [json.loads(line) for line in PATH.read_text().splitlines()]
    print(
        "| set | tasks | split | groups | alone | "
        + " | ".join(PAIRS)
        + " | CPU seconds of a fit |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for case in sorted(cases, key=lambda case: (NAMES.index(case["set"]), case["seed"])):
        gains = " | ".join(_shown(case["gains"][pair]) for pair in PAIRS)
        seconds = ", ".join(
            f"{case['seconds'][kind]:.1f}" for kind in ("adaptive", "together", "apart")
        )
        groups = "; ".join("+".join(map(str, sizes)) for sizes in case["groups"])
        alone = "; ".join(map(str, case["alone"]))
        print(
            f"| {case['set']} | {case['tasks']} | {case['seed']} | {groups} | {alone} | {gains} | {seconds} |"
        )


def _shown(gain: Sequence[float | None]) -> str:
    value, low, high = gain
    shown = f"{100 * value:+.1f}"
    return shown if low is None else f"{shown} ({100 * low:+.1f} … {100 * high:+.1f}) %"
