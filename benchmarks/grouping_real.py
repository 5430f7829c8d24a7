"""Chosen groups against all tasks together and apart, on test rows of public data sets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from grouping_sets import SETS, drawn
from scipy import stats

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
FOLDS = 3
PATH = Path("grouping_real.jsonl")
PAIRS = ("chosen − apart", "chosen − together", "together − apart")


def real_cases(names: Sequence[str], splits: Iterable[int], seeds: int, networks: int) -> None:
    """Search on each split of each set, unless that stands in the file."""
    done = [json.loads(line) for line in PATH.read_text().splitlines()] if PATH.exists() else []
    known = {(case["set"], case["seed"], case["seeds"], case["tested"]) for case in done}
    for name in names or SETS:
        for seed in splits:
            if (name, seed, seeds, networks) not in known:
                key = {"set": name, "seed": seed, "seeds": seeds, "tested": networks}
                case = key | real_case(name, seed, seeds, networks)
                with PATH.open("a") as file:
                    file.write(json.dumps(case) + "\n")
                print(name, seed, case["answer"], case["groups"], case["gains"], flush=True)


def real_case(name: str, seed: int, seeds: int, networks: int) -> dict:
    """Gains on the test rows of one split, and what the search took."""
    data, split = drawn(name, seed)
    started = time.process_time()
    train = Split(split.train, {}, split.test)
    found = group(data, NETWORK, split=train, folds=FOLDS, seeds=seeds, budget=BUDGET)
    searched = time.process_time() - started
    tested = GroupRuns(
        data,
        MultiTaskNetwork(NETWORK),
        [Round(network, (split,)) for network in range(networks)],
        BUDGET,
    )
    together = (data.tasks.names,)
    apart = tuple((task,) for task in data.tasks.names)
    compared = ((found.groups, apart), (found.groups, together), (together, apart))
    gains = {}
    for pair, (groups, over) in zip(PAIRS, compared, strict=True):
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
        "search_seconds": searched,
        "why": found.why,
        "candidates": {
            one.name: [one.gain, one.p_corrected, [list(g) for g in one.groups]]
            for one in (*found.candidates, *found.random)
        },
        "seconds": time.process_time() - started,
    }


def real_table() -> None:
    """Print a line per split, and the mean over the splits of each set."""
    cases = [json.loads(line) for line in PATH.read_text().splitlines()]
    print(
        "| set | tasks | split | answer | chosen over the better of the two | chosen over apart | "
        "chosen over together | networks in the search | CPU seconds |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in SETS:
        own = [case for case in cases if case["set"] == name]
        for case in own:
            gains = " | ".join(_gain(gain) for gain in (_over_better(case), *_over_both(case)))
            print(
                f"| {name} | {case['tasks']} | {case['seed']} | {_answer(case)} | "
                f"{gains} | {case['networks']:,} | {case['search_seconds']:,.0f} |"
            )
        if len(own) > 1:
            each = zip(*((_over_better(case), *_over_both(case)) for case in own), strict=True)
            means = " | ".join(_mean([gain[0] for gain in gains]) for gains in each)
            print(f"| {name} | {own[0]['tasks']} | mean of {len(own)} | | {means} | | |")


def _over_both(case: dict) -> list[Sequence[float | None]]:
    """Gains of the chosen partition over training apart, and over all tasks together."""
    return [case["gains"][pair] for pair in PAIRS[:2]]


def _over_better(case: dict) -> Sequence[float | None]:
    """Gain over whichever of the two is better on the test rows, so the smaller of both gains."""
    return min(_over_both(case), key=lambda gain: gain[0] or 0.0)


def _mean(values: Sequence[float]) -> str:
    """Mean over splits with the 95 % interval of Student's t, whose splits share rows."""
    if not any(values):
        return "same"
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    low, mean, high = (100 * (np.mean(values) + step * half) for step in (-1, 0, 1))
    return f"{mean:+.1f} ({low:+.1f} … {high:+.1f}) %"


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
