"""What balancing costs: one optimisation step as a multiple of the plain scalarised step.

Hard sharing, batches of 128, K linear heads of one output, mean squared errors; an MLP trunk
512-1024-1024-512 or three convolutions on 3 × 32 × 32. Process time of forward, backward,
balancing and optimiser on one thread, over that of `sum(losses).backward()` on the same network;
polytask and its peers take turns in one process. `error` is the relative distance of polytask's
update to the one made of the explicit Jacobian.

    LIBMTL_PATH=... python benchmarks/balancing.py --rows exact features --k 2 8 --network mlp
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from balancing_case import NETWORKS, AbsentError, Case, Contender, SkipError, make_case
from balancing_memory import memory_table
from balancing_ours import error, plain
from balancing_rows import GROUPS, Group
from balancing_solvers import solver_table
from balancing_timing import step, step_multiples

EXTRA = ("memory", "solvers")
Key = tuple[str, str]
_TOO_LARGE = 6e9


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=(*GROUPS, *EXTRA), default=[*GROUPS, *EXTRA])
    parser.add_argument("--k", nargs="+", type=int, default=[2, 8, 40], help="numbers of tasks")
    parser.add_argument("--network", nargs="+", choices=tuple(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--methods", nargs="+", help="only these, by name")
    parser.add_argument("--optimizer", choices=("adam", "sgd"), default="adam")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=10.0, help="of one contender, about")
    parser.add_argument("--device", default="cpu", help="memory and solvers are of the CPU alone")
    parser.add_argument("--only-ours", action="store_true", help="leave the peers out")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    given = arguments()
    torch.set_num_threads(1)
    torch.set_default_device(given.device)
    warnings.filterwarnings("ignore", module="torchjd|LibMTL|cvxpy")
    warnings.filterwarnings("ignore", message="You are solving a parameterized problem")
    for name in given.rows:
        if name in EXTRA and given.device != "cpu":
            continue
        if name == "memory":
            memory_table(given.network, [k for k in given.k if k == max(given.k)])
        elif name == "solvers":
            solver_table(max(given.k), given.rounds)
        else:
            for network in given.network:
                _print_group(GROUPS[name], network, given)


def _print_group(group: Group, network: str, given: argparse.Namespace) -> None:
    methods = [name for name in group.methods if not given.methods or name in given.methods]
    columns = list(group.makers("MGDA"))[: 1 if given.only_ours else None]
    print(f"\n### {group.title}, {network} ({given.optimizer})\n")
    print(f"| method | tasks | plain step, ms | {' | '.join(columns)} | error |")
    print("|---" * (len(columns) + 4) + "|", flush=True)
    for n_tasks in given.k:
        skipped: dict[Key, str] = {}
        contenders = dict(_contenders(group, network, n_tasks, methods, columns, given, skipped))
        baseline = make_case(network, n_tasks, given.optimizer, group.rows), plain()
        milliseconds, multiples = step_multiples(baseline, contenders, given.rounds, given.seconds)
        for name in methods:
            cells = [_shown(multiples.get((name, column))) for column in columns]
            off = _error(group, network, n_tasks, name)
            print(
                f"| {name} | {n_tasks} | {milliseconds:.1f} | {' | '.join(cells)} | {off} |",
                flush=True,
            )
        for (name, column), reason in skipped.items():
            print(f"{name}, {column}, {n_tasks} tasks: {reason}", file=sys.stderr)


def _contenders(
    group: Group,
    network: str,
    n_tasks: int,
    methods: list[str],
    columns: list[str],
    given: argparse.Namespace,
    skipped: dict[Key, str],
) -> Iterator[tuple[Key, tuple[Case, Contender]]]:
    """Each with a case of its own; reasons of those that are missing go to `skipped`."""
    for name in methods:
        makers = group.makers(name)
        for column in columns:
            try:
                case = make_case(network, n_tasks, given.optimizer, group.rows)
                _check_size(case, column)
                contender = makers[column](case)
                step(case, contender)  # what fails, fails here
                yield (name, column), (case, contender)
            except AbsentError:
                continue
            except SkipError as reason:
                skipped[name, column] = str(reason)
            except Exception as failure:  # noqa: BLE001 - one that fails must not stop the others
                skipped[name, column] = f"fails: {failure}".splitlines()[0]


def _check_size(case: Case, column: str) -> None:
    """TorchJD carries the gradients of all tasks through the trunk at once."""
    with torch.no_grad():
        features, largest = case.inputs[:1], 0
        for layer in case.trunk:
            features = layer(features)
            largest = max(largest, features.numel())
    size = 4.0 * largest * len(case.inputs) * case.n_tasks
    if column.startswith("TorchJD auto") and case.rows is not None and size > _TOO_LARGE:
        raise SkipError(f"a layer's gradients of all tasks take {size / 2**30:.0f} GiB")


def _error(group: Group, network: str, n_tasks: int, name: str) -> str:
    """How far our update is from the explicit one, in words."""
    if group.level is None:
        return "–"
    try:
        case = make_case(network, n_tasks, rows=group.rows)
        contender = group.makers(name)["polytask"](case)
        return f"{error(case, contender, group.made(name, n_tasks), group.level):.0e}"
    except SkipError:
        return "–"
    except Exception as failure:  # noqa: BLE001 - the other rows are still worth having
        return f"fails: {failure}".splitlines()[0]


def _shown(multiple: float | None) -> str:
    return "–" if multiple is None else f"{multiple:.2f}"


if __name__ == "__main__":
    main()
