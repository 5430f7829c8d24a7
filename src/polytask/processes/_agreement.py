"""Comparison of values between processes."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

import torch

from polytask.processes._processes import Processes

__all__ = ["differing_ranks"]


def differing_ranks(
    processes: Processes, values: Mapping[str, object], device: torch.device | None = None
) -> dict[str, int]:
    """The values that differ between processes, each with the first rank that has another.

    Values are compared with those of rank 0 by a digest of their `repr`.

    Parameters
    ----------
    processes : Processes
    values : mapping of name to object
        With the same names in every process.
    device : torch.device, optional
        The device of the tensors that are exchanged; the CPU by default.

    Examples
    --------
    >>> from polytask.processes import OneProcess, differing_ranks
    >>> differing_ranks(OneProcess(), {"seed": 3, "tasks": ["a", "b"]})
    {}
    """
    digests = [crc32(repr(value).encode()) for value in values.values()]
    gathered = processes.gather(torch.tensor(digests, dtype=torch.int64, device=device))
    differs = gathered != gathered[0]
    columns = zip(values, differs.T.tolist(), strict=True)
    return {name: column.index(True) for name, column in columns if any(column)}
