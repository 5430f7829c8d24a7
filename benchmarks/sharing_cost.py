"""What a step of each architecture costs, as a multiple of hard sharing, and beside LibMTL's.

Forward, mean squared error of K tasks, backward and Adam on batches of 256 rows of 64 numbers;
every encoder is an MLP of 2 × 256, mixtures have 8 shared experts (CGC, PLE and STEM one more per
task). The optimiser is that of `Trainer`, for LibMTL's networks too. Everything runs turn by turn in
one process on one thread; figures are medians of process time. With `--profile` it prints which
share of a step everything but the experts' own matrix products takes: forward and both backward
products of every linear layer of every expert, shared or of a task, those of the first layer on the
common rows included, and no gradient of the rows there. Prints Markdown tables.

    LIBMTL_PATH=... python benchmarks/sharing_cost.py [--profile] [--device cuda]
"""

from __future__ import annotations

import argparse
import inspect
import os
import statistics
import time
from collections.abc import Callable, Collection, Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from sharing_libmtl import libmtl_network
from torch import Tensor, nn

import polytask.architectures
from polytask.architectures import Architecture
from polytask.data import MultiTaskDataset, SourceBatch, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.training._freed_memory import keep_freed_memory
from polytask.training._optimizers import make_optimizer

N_ROWS, N_FEATURES, WIDTHS, N_EXPERTS = 256, 64, (256, 256), 8
N_TASKS = (2, 8, 40)
ROUNDS = 9
EXPERTS = ("MMoE", "OMoE", "CGC", "PLE", "DSelectK", "STEM")


def architectures() -> Iterator[tuple[str, Architecture]]:
    """Every public architecture that takes an encoder, mixtures with eight experts."""
    for name in polytask.architectures.__all__:
        kind = getattr(polytask.architectures, name)
        if not (inspect.isclass(kind) and issubclass(kind, Architecture)):
            continue
        parameters = inspect.signature(kind).parameters
        if inspect.isabstract(kind) or "encoder" not in parameters or name == "SingleTask":
            continue
        shared = [field for field in ("n_experts", "n_shared") if field in parameters]
        settings = dict.fromkeys(shared, N_EXPERTS) if name in EXPERTS else {}
        try:
            yield name, kind(encoder=MLP(WIDTHS), **settings)
        except TypeError:
            continue  # it needs what there is no default for


def steps_of(network: nn.Module, scores: Callable[[], Tensor], device: str) -> Callable[[], None]:
    """One optimisation step of a network."""
    optimizer = make_optimizer("adam", network.parameters(), 1e-4, 0.0, {})
    target: list[Tensor] = []

    def step() -> None:
        optimizer.zero_grad()
        predicted = scores()
        if not target:
            target.append(torch.randn(predicted.shape, device=device))
        (predicted - target[0]).square().mean(dim=0).sum().backward()
        optimizer.step()

    return step


def ours(recipe: Architecture, n_tasks: int, device: str) -> Callable[[], None]:
    """A step of one of the library's networks."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(64, N_FEATURES)).astype(np.float32)
    targets = {f"t{k}": generator.normal(size=64) for k in range(n_tasks)}
    data = MultiTaskDataset.from_arrays(inputs, targets)
    network = recipe.build(fit_schemas(data), data.tasks, 0).to(device).train()
    rows = torch.randn(N_ROWS, N_FEATURES, device=device)
    (part,) = (p.name for p in next(iter(fit_schemas(data).values())).parts)
    batch = {network.sources[0]: SourceBatch({part: rows})}
    return steps_of(network, lambda: next(iter(network(batch).values())).flatten(1), device)


def theirs(name: str, n_tasks: int, device: str) -> Callable[[], None] | None:
    """A step of LibMTL's network of that name; None where there is none."""
    network = libmtl_network(name, n_tasks, N_FEATURES, WIDTHS, N_EXPERTS, device)
    if network is None:
        return None
    rows = torch.randn(N_ROWS, N_FEATURES, device=device)
    return steps_of(network, lambda: torch.cat(list(network(rows).values()), dim=1), device)


def seconds(step: Callable[[], None], device: str) -> float:
    """Time of one step in a block of some."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    start, count = clock(), 0
    while count < 3 or clock() - start < 0.1:
        step()
        count += 1
        if device != "cpu" and count % 10 == 0:
            torch.cuda.synchronize()
    if device != "cpu":
        torch.cuda.synchronize()
    return (clock() - start) / count


def table(n_tasks: int, device: str, skipped: Collection[str] = ()) -> None:
    """Measure everything for one number of tasks."""
    contenders: dict[tuple[str, str], Callable[[], None]] = {}
    for name, recipe in architectures():
        if name in skipped:
            continue
        try:
            contenders[name, "polytask"] = ours(recipe, n_tasks, device)
        except ParameterError:
            continue  # it needs rows of one task each
        peer = theirs(name, n_tasks, device)
        if peer is not None:
            contenders[name, "LibMTL"] = peer
    for step in contenders.values():
        step()
    times: dict[tuple[str, str], list[float]] = {key: [] for key in contenders}
    for _ in range(ROUNDS):
        for key, step in contenders.items():
            times[key].append(seconds(step, device))
    plain = times["HardSharing", "polytask"]
    print(f"\n{n_tasks} tasks; hard sharing takes {1000 * statistics.median(plain):.2f} ms\n")
    print("| architecture | × hard sharing | LibMTL's, × polytask's |\n|---|---|---|")
    for name in dict.fromkeys(name for name, _ in contenders):
        mine, peer = times[name, "polytask"], times.get((name, "LibMTL"))
        against = "–" if peer is None else f"{median_ratio(peer, mine):.2f}"
        print(f"| {name} | {median_ratio(mine, plain):.2f} | {against} |", flush=True)


def median_ratio(above: list[float], below: list[float]) -> float:
    """Median over rounds of the ratio of two."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def profile(n_tasks: int = 40) -> None:
    """Share of a step that the experts' own matrix products take.

    They are timed alone: the same products, forward and backward, of stacked matrices.
    """
    print(f"\n| architecture, {n_tasks} tasks | ms a step | beside the experts' products, % |")
    print("|---|---|---|")
    for name, recipe in architectures():
        if name not in EXPERTS:
            continue
        step = ours(recipe, n_tasks, "cpu")
        products = _products(recipe, n_tasks)
        pairs = [(seconds(step, "cpu"), seconds(products, "cpu")) for _ in range(ROUNDS)]
        share = statistics.median(100 * (1 - alone / whole) for whole, alone in pairs)
        whole = 1000 * statistics.median(whole for whole, _ in pairs)
        print(f"| {name} | {whole:.1f} | {share:.0f} |", flush=True)


def _products(recipe: Architecture, n_tasks: int) -> Callable[[], None]:
    """Forward and backward of the stacked linear maps of all experts."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(64, N_FEATURES)).astype(np.float32)
    data = MultiTaskDataset.from_arrays(
        inputs, {f"t{k}": generator.normal(size=64) for k in range(n_tasks)}
    )
    network = recipe.build(fit_schemas(data), data.tasks, 0)
    matrices = [
        parameter.detach()
        for name, parameter in network.named_parameters()
        if parameter.ndim == 3 and name.endswith("__weight")
    ]
    rows_of = [torch.randn(len(m), N_ROWS, m.shape[2]) for m in matrices]

    def step() -> None:
        for rows, matrix in zip(rows_of, matrices, strict=True):
            outputs = rows @ matrix.mT  # which stand for their gradients, too
            _ = outputs.mT @ rows
            if matrix.shape[2] != N_FEATURES:
                _ = outputs @ matrix

    return step


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--skip", nargs="*", default=(), help="architectures to leave out")
    parser.add_argument("--only", nargs="*", help="architectures beside hard sharing")
    parser.add_argument("--tasks", type=int, nargs="*", default=N_TASKS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    if arguments.profile:
        profile(*arguments.tasks[-1:])
        return
    skipped = set(arguments.skip)
    if arguments.only is not None:
        skipped |= {n for n, _ in architectures()} - {"HardSharing", *arguments.only}
    for n_tasks in arguments.tasks:
        table(n_tasks, arguments.device, skipped)


if __name__ == "__main__":
    main()
