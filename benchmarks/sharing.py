"""Ways of sharing beside single-task networks and boosted trees, one budget, one table per data set.

Every learner is one setting; the state of a network is chosen on validation rows. Figures are means
over seeds with 95 % intervals on test rows, of the headline metric or the case's. Prints a Markdown
table.

    POLYTASK_DATA=... python benchmarks/sharing.py census
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from polytask.architectures import SoftSharing
from polytask.bookkeeping import Budget
from polytask.datasets import (
    FetchedDataset,
    fetch_census_income,
    fetch_hillstrom,
    fetch_mulan,
    fetch_sarcos,
    fetch_tox21,
)
from polytask.encoders import MLP, Encoder
from polytask.evaluation import compare
from polytask.learners import GradientBoosting, Learner, resolve_learner
from polytask.neural_network import MultiTaskNetwork
from polytask.penalties import MeanDeviation, TaskCovariance, TraceNorm
from polytask.training import Trainer


@dataclass(frozen=True)
class Case:
    """A data set, the encoder and training of all networks, the ways of sharing to compare, a metric."""

    fetch: Callable[[], FetchedDataset]
    encoder: Encoder
    trainer: Trainer
    steps: int
    models: tuple[str, ...]
    trees: bool = True
    metric: str | None = None


_SOFT = ("soft_sharing", "soft_sharing(task_covariance)")
_EXPERTS = ("hard_sharing", "omoe", "mmoe", "ple", "cross_stitch")
CASES = {
    "census": Case(
        fetch_census_income,
        MLP((256, 256), dropout=0.2),
        Trainer(batch_size=1024, learning_rate=1e-3, patience=4),
        2000,
        (*_EXPERTS, "aitm", "ada_tt", *_SOFT),
    ),
    "hillstrom": Case(
        fetch_hillstrom,
        MLP((64, 64, 64), dropout=0.1),
        Trainer(batch_size=512, learning_rate=1e-3, patience=4),
        1500,
        ("hard_sharing", "esmm", "aitm", "hierarchical"),
    ),
    "tox21": Case(
        partial(fetch_tox21, n_features=2048),
        MLP((512, 256), dropout=0.5),
        Trainer(batch_size=128, learning_rate=5e-4, patience=5, weight_decay=1e-3),
        1500,
        ("hard_sharing", "soft_sharing(task_covariance=0.01)", "soft_sharing(trace_norm=10)"),
    ),
    "sarcos": Case(
        fetch_sarcos,
        MLP((256, 256)),
        Trainer(batch_size=128, learning_rate=1e-3, patience=10),
        3000,
        (*_EXPERTS, *_SOFT),
        metric="nmse",
    ),
    "scm20d": Case(
        partial(fetch_mulan, "scm20d"),
        MLP((256, 256)),
        Trainer(batch_size=128, learning_rate=1e-3, patience=10),
        3000,
        (*_EXPERTS, *_SOFT),
        metric="nmse",
    ),
}
_PENALTIES = {
    "mean_deviation": MeanDeviation(alpha=1e-3),
    "task_covariance": TaskCovariance(alpha=1e-4),
    "trace_norm": TraceNorm(alpha=1e-4),
}


def learner(model: str, case: Case) -> Learner:
    """A network with the case's encoder and trainer; a penalty may have a strength, `name=0.01`."""
    name, _, penalty = model.rstrip(")").partition("(")
    if name == "soft_sharing":
        kind, _, alpha = (penalty or "mean_deviation").partition("=")
        chosen = _PENALTIES[kind]
        chosen = replace(chosen, alpha=float(alpha)) if alpha else chosen
        return MultiTaskNetwork(SoftSharing(case.encoder, penalty=chosen), case.trainer)
    architecture = resolve_learner(name).architecture
    return MultiTaskNetwork(type(architecture)(encoder=case.encoder), case.trainer)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--fingerprints", action="store_true", help="of Tox21's molecules")
    parser.add_argument("--models", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", help="folder for records, to go on after an interruption")
    arguments = parser.parse_args()
    case = CASES[arguments.case]
    fetched = (
        fetch_tox21("fingerprints", 2048)
        if arguments.fingerprints and arguments.case == "tox21"
        else case.fetch()
    )
    models = arguments.models or case.models
    learners: list[Learner] = [learner(model, case) for model in models]
    if case.trees:
        learners.append(GradientBoosting())
    comparison = compare(
        fetched.dataset,
        learners,
        split=fetched.split,
        seeds=arguments.seeds,
        budget=Budget(steps=arguments.steps or case.steps),
        jobs=arguments.jobs,
        out=arguments.out,
    )
    print_table(comparison, fetched.dataset.tasks.names, case.metric)


def print_table(comparison: object, tasks: tuple[str, ...], metric: str | None) -> None:
    """The metric or the headline one of every task, or the mean over tasks where there are many."""
    metrics = {task: metric or next(iter(comparison.learners[0].tasks[task])) for task in tasks}
    shown = tasks if len(tasks) <= 4 else ()
    heads = [f"{task}, {metrics[task]}" for task in shown] or [
        "mean over tasks" if metric is None else f"mean {metric} over tasks"
    ]
    print(f"| learner | {' | '.join(heads)} | seconds a run | parameters |")
    print("|---|" + "---|" * (len(heads) + 2))
    for row in comparison.learners:
        cells = [cell(row.tasks[task][metrics[task]]) for task in shown]
        if not shown:
            values = [row.tasks[task][metrics[task]].value for task in tasks]
            cells = [f"{sum(values) / len(values):.4f}"]
        size = getattr(row, "n_parameters", None)
        print(f"| {row.name} | {' | '.join(cells)} | {row.seconds:.0f} | {size or '–'} |")
    print(f"\n{comparison.verdict}")


def cell(estimate: object) -> str:
    """A mean over seeds and its 95 % interval."""
    low, high = estimate.interval
    return f"{estimate.value:.4f} [{low:.4f}, {high:.4f}]"


if __name__ == "__main__":
    main()
