"""Chosen groups against all tasks together and apart, on test rows of public data sets."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from grouping_sets import SETS, drawn

from polytask.analysis import GroupRuns
from polytask.analysis._measured_gain import mean_gain_of
from polytask.analysis._rounds import Round
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import Split
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.search import group

NETWORK, BUDGET = HardSharing(MLP((64, 64))), Budget(steps=300)
SPLITS, NETWORKS, FOLDS = 1, 2, 3
PATH = Path("grouping_real.jsonl")


def real_cases(names: Sequence[str]) -> None:
    done = [json.loads(line) for line in PATH.read_text().splitlines()] if PATH.exists() else []
    known = {(case["set"], case["seed"]) for case in done}
    for name in names or SETS:
        for seed in range(SPLITS):
            if (name, seed) not in known:
                case = {"set": name, "seed": seed} | real_case(name, seed)
                with PATH.open("a") as file:
                    file.write(json.dumps(case) + "\n")
                print(name, seed, case["answer"], case["groups"], case["gains"], flush=True)


def real_case(name: str, seed: int) -> dict:
    data, split = drawn(name, seed)
    started = time.process_time()
    train = Split(split.train, {}, split.test)
    found = group(data, NETWORK, split=train, folds=FOLDS, seeds=1, n_random=1, budget=BUDGET)
    tested = GroupRuns(
        data,
        MultiTaskNetwork(NETWORK),
        [Round(network, (split,)) for network in range(NETWORKS)],
        BUDGET,
    )
    together = (data.tasks.names,)
    apart = tuple((task,) for task in data.tasks.names)
    pairs = {
        "chosen − apart": (found.groups, apart),
        "chosen − together": (found.groups, together),
        "together − apart": (together, apart),
    }
    gains = {}
    for pair, (groups, over) in pairs.items():
        same = set(groups) == set(over)
        result = None if same else mean_gain_of(tested, groups, over)
        gains[pair] = (
            [0.0, 0.0, 0.0]
            if result is None
            else [result.value, *(result.interval or (None, None))]
        )
    return {
        "answer": found.answer,
        "groups": [list(g) for g in found.groups],
        "gains": gains,
        "tasks": len(data.tasks),
        "rows": data.n_rows,
        "networks": found.n_networks,
        "steps": found.steps,
        "search_seconds": found.seconds,
        "seconds": time.process_time() - started,
    }


def real_table() -> None:
    cases = [json.loads(line) for line in PATH.read_text().splitlines()]
    print(
        "| set | tasks | answers | chosen over apart | chosen over together | together over apart | "
        "networks in the search | seconds of the search |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in SETS:
        own = [case for case in cases if case["set"] == name]
        if not own:
            continue
        answers = ", ".join(_answer(case) for case in own)
        gains = " | ".join(
            "; ".join(_gain(case["gains"][pair]) for case in own)
            for pair in ("chosen − apart", "chosen − together", "together − apart")
        )
        networks, seconds = (
            np.mean([case[key] for case in own]) for key in ("networks", "search_seconds")
        )
        print(
            f"| {name} | {own[0]['tasks']} | {answers} | {gains} | {networks:,.0f} | {seconds:,.0f} |"
        )


def _answer(case: dict) -> str:
    if case["answer"] != "groups":
        return case["answer"]
    sizes = sorted(map(len, case["groups"]), reverse=True)
    return f"groups of {'+'.join(map(str, sizes))}"


def _gain(gain: Sequence[float | None]) -> str:
    value, low, high = gain
    if value == low == high == 0:
        return "same"
    shown = f"{100 * value:+.1f}"
    return shown if low is None else f"{shown} ({100 * low:+.1f} … {100 * high:+.1f}) %"
