"""Records of comparisons as `Comparison.to_dict` writes them, made by hand."""

from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from random import Random
from typing import Any

import pytest

from polytask.report import render

Record = dict[str, Any]

_METRICS = {
    "binary": {"roc_auc": True, "log_loss": False},
    "regression": {"rmse": False, "r2": True},
}
_LABELS = {"roc_auc": "ROC-AUC", "log_loss": "log loss", "rmse": "RMSE", "r2": "R²"}


def _task(name: str, kind: str, role: str) -> Record:
    metrics = _METRICS[kind]
    return {
        "name": name,
        "kind": kind,
        "role": role,
        "weight": 1.0,
        "metric": next(iter(metrics)),
        "metrics": list(metrics),
        "greater_is_better": dict(metrics),
        "labels": {metric: _LABELS[metric] for metric in metrics},
        "test_rows": 40,
    }


def _labels(task: Record) -> Record:
    common = {
        "name": task["name"],
        "kind": task["kind"],
        "role": task["role"],
        "columns": [task["name"]],
        "rows": 200,
        "labelled": 150,
        "missing": 0.25,
    }
    if task["kind"] == "binary":
        return {**common, "classes": ["no", "yes"], "counts": [120, 30]}
    return {**common, "mean": [34.5], "std": [22.3]}


def _measure(value: float, width: float, runs: int) -> Record:
    return {
        "value": value,
        "interval": [value - width, value + width],
        "spread": 0.001,
        "per_run": [value] * runs,
        "undefined": None,
    }


def _curve(tasks: list[str], trial: int, draw: Random) -> Record:
    steps = [100 * epoch for epoch in range(1, 9)]
    line = [1.0 / epoch + 0.2 for epoch in range(1, 9)]
    return {
        "trial": trial,
        "epoch": list(range(1, 9)),
        "step": steps,
        "train": {task: [value * draw.uniform(0.9, 1.0) for value in line] for task in tasks},
        "validation": {task: list(line) for task in tasks},
        "weights": {task: [1.0] * 8 for task in tasks},
        "best_epoch": 7,
        "best_epochs": {task: 3 + i % 4 for i, task in enumerate(tasks)},
        "stopped": "patience of 2 epochs ran out",
    }


def _run(place: Record, tasks: list[str], *, joint: bool, trained: bool, draw: Random) -> Record:
    chosen = [[], tasks] if joint else [tasks[::2], tasks[1::2]]
    curves = [_curve(names, i, draw) for i, names in enumerate(chosen) if names]
    return {
        **place,
        "seconds": 12.0,
        "n_parameters": 1000,
        "validation_gain": 0.01,
        "validation": {task: {} for task in tasks},
        "trials": [
            {
                "settings": {"learning_rate": rate},
                "gain": gain,
                "seconds": 12.0,
                "tasks": names,
                "failure": "",
            }
            for rate, gain, names in zip((0.01, 0.001), (0.0, 0.02), chosen, strict=True)
        ],
        "curves": curves if trained else [],
    }


def _learner(
    name: str, tasks: list[Record], runs: list[Record], shift: float, draw: Random
) -> Record:
    joint, trained = name.startswith("hard"), name != "trees"
    names = [task["name"] for task in tasks]
    values = {"roc_auc": 0.94 + shift, "log_loss": 0.13 - shift, "rmse": 9.8 - 10 * shift}
    delta = {"value": shift, "interval": [shift - 0.002, shift + 0.002], "p": 0.004}
    return {
        "name": name,
        "joint": joint,
        "baseline": "single_task" if joint else None,
        "recipe": {"type": "polytask.neural_network:MultiTaskNetwork", "parameters": {}},
        "n_parameters": 150_000 if joint else 420_000,
        "seconds": 15.0 if joint else 30.0,
        "seconds_tuning": 60.0,
        "test_reads": len(runs) * (1 if joint else 2),
        "validation_gain": shift,
        "delta_m": None if name == "single_task" else {**delta, "tasks": names, "left_out": {}},
        "over_constant": None,
        "tasks": {
            task["name"]: {
                metric: _measure(
                    values.get(metric, 0.5 + shift) * draw.uniform(1, 1.0001), 0.003, len(runs)
                )
                for metric in task["metrics"]
            }
            for task in tasks
        },
        "runs": [_run(run, names, joint=joint, trained=trained, draw=draw) for run in runs],
    }


def _difference(task: Record, learner: Record, baseline: Record, draw: Random) -> Record:
    metric = task["metric"]
    apart, together = (x["tasks"][task["name"]][metric]["value"] for x in (baseline, learner))
    difference = together - apart + draw.gauss(0, 0.01)
    sign = 1 if task["greater_is_better"][metric] else -1
    width = abs(difference) * draw.uniform(0.2, 1.8)
    shown = width < abs(difference)
    answer = ("helped" if sign * difference > 0 else "hurt") if shown else "no difference shown"
    return {
        "metric": metric,
        "difference": difference,
        "interval": [difference - width, difference + width],
        "gain": sign * difference / apart,
        "p": 0.01,
        "p_corrected": 0.02,
        "answer": answer,
        "sentence": f"{task['name']}: {answer}",
        "undefined": None,
        "counted": task["role"] == "primary",
    }


def _differences(tasks: list[Record], learners: list[Record], draw: Random) -> list[Record]:
    baseline = learners[0]
    found = []
    for learner in learners:
        if not learner["joint"]:
            continue
        entries = {t["name"]: _difference(t, learner, baseline, draw) for t in tasks}
        answers = [entry["answer"] for entry in entries.values() if entry["counted"]]
        every = ("helped", "hurt", "no difference shown", "undefined")
        found.append(
            {
                "learner": learner["name"],
                "baseline": "single_task",
                "tasks": entries,
                "delta_m": learner["delta_m"],
                "answer": "helped",
                "sentence": f"{learner['name']} against single_task: joint training helped.",
                "counts": {answer: answers.count(answer) for answer in every},
            }
        )
    return found


def make(
    tasks: Mapping[str, str] | None = None,
    auxiliary: tuple[str, ...] = (),
    learners: Mapping[str, float] | None = None,
) -> Record:
    """Make a record of tasks (name to kind) and learners (name to how much better they are)."""
    draw = Random(0)
    kinds = tasks or {"income": "binary", "married": "binary", "age": "regression"}
    better = learners or {"single_task": 0.0, "hard_sharing": 0.004, "trees": 0.002}
    listed = [
        _task(name, kind, "auxiliary" if name in auxiliary else "primary")
        for name, kind in kinds.items()
    ]
    runs = [{"fold": 0, "seed": seed} for seed in range(3)]
    rows = [_learner(name, listed, runs, shift, draw) for name, shift in better.items()]
    differences = _differences(listed, rows, draw)
    return {
        "format": 2,
        "versions": {"polytask": "0.1.0", "numpy": "2.4.6"},
        "study": {
            "title": f"{len(listed)} tasks, 200 rows",
            "data": {
                "digest": "ab" * 32,
                "summary": {
                    "rows": 200,
                    "sources": [
                        {
                            "name": "table",
                            "rows": 200,
                            "columns": {"numeric": 7, "categorical": 3},
                            "tasks": list(kinds),
                            "own_rows": False,
                            "weighted": False,
                            "groups": None,
                        }
                    ],
                    "tasks": [_labels(task) for task in listed],
                    "notes": [],
                },
                "notes": ["income: binary, because of 2 distinct values"],
            },
            "split": {
                "kind": "RandomSplit",
                "recipe": {"type": "random_split", "parameters": {"test": 0.2}},
                "folds": 1,
                "rows": [{"fold": 0, "name": "random", "train": 128, "validation": 32, "test": 40}],
            },
            "runs": runs,
            "budget": {"trials": 2, "steps": 800},
            "tasks": listed,
            "statistics": {
                "replicates": 1000,
                "level": 0.95,
                "unit": "rows",
                "method": "95% intervals of each metric's own family",
                "correction": "Holm over tasks",
            },
        },
        "baseline": "single_task",
        "learners": rows,
        "differences": differences,
        "verdict": {
            "answer": "helped" if differences else "undefined",
            "joint": differences[0]["learner"] if differences else None,
            "headline": "Joint training helped on 2 of 3 tasks and hurt on none.",
            "sentences": ["income: joint training helped: ROC-AUC +0.0040 [0.0010, 0.0070]"],
            "winner": rows[-1]["name"],
            "winner_is_joint": rows[-1]["joint"],
        },
        "recommended": {
            "learner": rows[-1]["name"],
            "run": 1,
            "fold": 0,
            "seed": 1,
            "why": "It has the highest mean relative gain on validation rows.",
            "settings": {"learning_rate": 0.001},
            "model": "model",
        },
        "warnings": ["3 seeds alone prove nothing."],
        "seconds": 412.7,
    }


class Page(HTMLParser):
    """A page's tags with their attributes, and the text of every element by its tag."""

    def __init__(self, source: str):
        super().__init__()
        self.source = source
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open = ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data):
        self.texts.append((self._open, data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of every element of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        """The text that a reader sees, with single blanks between words."""
        seen = [text for tag, text in self.texts if tag not in {"script", "style", "title"}]
        return " ".join(" ".join(seen).split())


POPULATION = {
    "tasks": ["t"] * 137,
    "left_out": {"a": "its metric is undefined", "b": "its metric is undefined"},
    "median_units": 12.0,
    "mean": 0.021,
    "interval": [0.011, 0.031],
    "p": 0.001,
    "prediction": [-0.034, 0.076],
    "share_gaining": 0.78,
    "tested_alone": 3,
}


@pytest.fixture
def population_record() -> Record:
    """A record whose tasks are many and small."""
    record = make({f"school {i}": "regression" for i in range(24)})
    difference = record["differences"][0]
    difference["population"] = dict(POPULATION)
    for entry in difference["tasks"].values():
        entry.update(answer="too few units", p=None, p_corrected=None, n_units=12)
        entry.update(too_few="12 test rows are too few for 24 tasks")
    return record


@pytest.fixture
def make_record() -> Callable[..., Record]:
    return make


@pytest.fixture
def record() -> Record:
    return make(auxiliary=("age",))


@pytest.fixture
def read_page() -> Callable[[Record], Page]:
    return lambda values: Page(render(values))
