"""Recurrent layers of several networks: PyTorch's LSTM one after another, or batched products step by step.

A forward and a backward pass over packed sequences, process time on one thread, medians of 7 turns.

    OMP_NUM_THREADS=1 python benchmarks/stacked_recurrence.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

SIZES = (
    (8, 64, 10, 8, 16),
    (8, 64, 20, 16, 32),
    (32, 64, 20, 16, 32),
    (8, 64, 20, 32, 100),
    (8, 32, 30, 64, 200),
)
"""Networks, rows, steps, inputs, units."""


def together(rows: Tensor, weights: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Outputs of the LSTMs of all networks, whose parameters are stacked."""
    of_inputs, of_states, bias = weights
    gates = torch.einsum("mnld,mgd->lmng", rows, of_inputs) + bias[None, :, None]
    state = rows.new_zeros(*rows.shape[:2], of_states.shape[-1])
    cell, outputs = state, []
    for own in gates:
        enters, forgets, new, leaves = torch.baddbmm(own, state, of_states.mT).chunk(4, -1)
        cell = forgets.sigmoid() * cell + enters.sigmoid() * new.tanh()
        state = leaves.sigmoid() * cell.tanh()
        outputs.append(state)
    return torch.stack(outputs, dim=2)


def milliseconds(run: Callable[[], Tensor], repeats: int = 7) -> float:
    """Median of a forward and a backward pass."""
    found = []
    for turn in range(repeats + 1):
        start = time.process_time()
        run().backward()
        if turn:
            found.append(time.process_time() - start)
    return statistics.median(found) * 1e3


def row(n_networks: int, n: int, steps: int, inputs: int, units: int) -> str:
    """A row of the table."""
    networks = [nn.LSTM(inputs, units, batch_first=True) for _ in range(n_networks)]
    rows, lengths = torch.randn(n_networks, n, steps, inputs), torch.full((n,), steps)

    def alone() -> Tensor:
        packed = [pack_padded_sequence(own, lengths, batch_first=True) for own in rows]
        outputs = [net(own)[0].data for net, own in zip(networks, packed, strict=True)]
        return torch.stack([own.square().sum() for own in outputs]).sum()

    stacked = tuple(
        torch.stack([getattr(net, name).detach() for net in networks]).requires_grad_()
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0")
    )
    apart = milliseconds(alone)
    one = milliseconds(lambda: together(rows, stacked).square().sum())  # type: ignore[arg-type]
    sizes = f"{n_networks} | {n} | {steps} | {inputs} | {units}"
    return f"| {sizes} | {apart:.1f} | {one:.1f} | {apart / one:.2f} |"


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print("| networks | rows | steps | inputs | units | apart, ms | together, ms | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for sizes in SIZES:
        print(row(*sizes), flush=True)


if __name__ == "__main__":
    main()
