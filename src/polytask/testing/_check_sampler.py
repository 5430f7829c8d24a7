"""Common check of samplers."""

from __future__ import annotations

import copy
import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from polytask.sampling import Sampler
from polytask.sampling._sampler import VALIDATION_LOSSES
from polytask.testing._require import require, require_instance, require_same
from polytask.training._checkpoint import load_state, save_state

__all__ = ["check_sampler"]

_NEEDS = {VALIDATION_LOSSES}
_CASES: tuple[tuple[dict[str, int], int], ...] = (
    ({"a": 40}, 8),
    ({"a": 9}, 4),
    ({"a": 1}, 4),
    ({"a": 30, "b": 30}, 16),
    ({"a": 5, "b": 61, "empty": 0, "c": 3}, 17),
    ({"a": 1, "b": 2, "c": 200}, 32),
    ({"a": 7, "b": 4}, 1),
    ({"a": 7, "b": 4}, 1000),
)
_RUNS = 30
_RESUMPTIONS = 12
_LARGEST_Z = 5.0
"""Standard errors that a mean may lie away from what it estimates."""

_FEW = 6
"""Rows that may be expected over all trainings and yet not be drawn once."""


def check_sampler(
    sampler: Sampler, cases: Sequence[tuple[Mapping[str, int], int]] = _CASES
) -> None:
    """Check that a sampler keeps the promises of `polytask.sampling.Sampler`.

    Parameters
    ----------
    sampler : Sampler
        It is copied, not changed.
    cases : sequence of (sizes, batch_size)
        Rows per source and rows of a batch to try.

    Raises
    ------
    AssertionError
        If it needs what nobody serves; if an epoch has other than the promised number of steps,
        or a batch holds rows that do not exist, too many, or a single one where there are
        several; if a single source is not read once per epoch; if equal seeds give
        different rows, different seeds the same, or a saved state does not continue exactly; if
        processes do not share the batch of a single one; if rows or losses, normalised by
        `share`, are not on average what they should be; or if the global generator is drawn from.

    Examples
    --------
    >>> from polytask.sampling import Uniform
    >>> from polytask.testing import check_sampler
    >>> check_sampler(Uniform(), [({"red": 5, "white": 20}, 8)])
    """
    require_instance("check_sampler", "sampler", sampler, Sampler)
    unknown = sorted(sampler.needs - _NEEDS)
    name = type(sampler).__name__
    require(not unknown, f"{name} needs {unknown}; known are {sorted(_NEEDS)}.")
    before = torch.get_rng_state()
    for sizes, batch_size in cases:
        life = _Life(sampler, sizes, batch_size)
        _check_steps(life)
        _check_seeds(life)
        _check_resume(life)
        _check_processes(life)
        _check_means(life)
    sentence = f"{name}: draws from torch's global generator; derive generators from `seed`"
    require_same(torch.get_rng_state(), before, sentence)


class _Life:
    """One training after another with copies of a sampler, on sources of given sizes."""

    def __init__(self, sampler: Sampler, sizes: Mapping[str, int], batch_size: int) -> None:
        self.sampler, self.sizes, self.batch_size = sampler, dict(sizes), batch_size
        self.n_rows = sum(sizes.values())
        size = min(batch_size, self.n_rows)
        joins = self.n_rows % size == 1 and 1 < size < self.n_rows
        self.steps_per_epoch = math.ceil(self.n_rows / size) - joins
        self.n_steps = 2 * self.steps_per_epoch + 1
        self.name = f"{type(sampler).__name__} with {self.sizes} and batches of {batch_size}"

    def started(self, seed: int = 0, rank: int = 0, size: int = 1) -> Sampler:
        sampler = copy.deepcopy(self.sampler)
        sampler.start(
            self.sizes, self.batch_size, seed=seed, n_steps=self.n_steps, rank=rank, size=size
        )
        return sampler

    def step(self, sampler: Sampler, step: int) -> dict[str, Tensor]:
        """The rows of one step; the last step of an epoch ends it, as far as that is needed."""
        sampler.share(step)
        rows = dict(sampler.rows(step))
        if sampler.needs and (step + 1) % self.steps_per_epoch == 0:
            sampler.end_epoch(self._losses(step))
        return rows

    def _losses(self, step: int) -> dict[str, dict[str, float]]:
        """Validation losses of a task per source and a common one; some are extreme."""
        draw = np.random.default_rng(step)
        losses = {name: {name: float(draw.uniform(0.1, 2.0))} for name in sorted(self.sizes)[:-1]}
        extreme = (math.inf, 0.0)[step // self.steps_per_epoch % 2]
        return {name: {**own, "common": extreme} for name, own in losses.items()}

    def steps(self, seed: int = 0) -> Iterator[tuple[Sampler, int, dict[str, Tensor]]]:
        sampler = self.started(seed)
        for step in range(self.n_steps):
            yield sampler, step, self.step(sampler, step)


def _check_steps(life: _Life) -> None:
    """Rows, shares and fractions of each step by themselves."""
    name, sources = life.name, {source for source, n in life.sizes.items() if n}
    several = life.n_rows > 1 and life.batch_size > 1 and min(life.sizes[s] for s in sources) > 1
    shares: dict[int, dict[str, float]] = {}
    read: Counter[tuple[int, int]] = Counter()
    for sampler, step, rows in life.steps():
        length = sampler.steps_per_epoch
        sentence = f"{name}: an epoch has {length} steps instead of {life.steps_per_epoch}."
        require(length == life.steps_per_epoch, sentence)
        epoch = step // length
        share, fraction = dict(sampler.share(step)), dict(sampler.fraction(step))
        for what, values in (("share", share), ("fraction", fraction)):
            require(set(values) == sources, f"{name}: `{what}` must name {sorted(sources)}.")
            good = all(math.isfinite(value) and value >= 0 for value in values.values())
            require(good, f"{name}: `{what}` must be finite and not negative, not {values}.")
        require(min(share.values()) > 0, f"{name}: every source must have a share, not {share}.")
        constant = shares.setdefault(epoch, share) == share
        require(constant, f"{name}: `share` changes within an epoch, at step {step}.")
        _check_rows(f"{name}, step {step}", life, rows, several=several)
        read.update((epoch, row) for part in rows.values() for row in part.tolist())
    if len(sources) == 1:
        whole = {(epoch, row): 1 for epoch in range(2) for row in range(life.n_rows)}
        passed = {key: count for key, count in read.items() if key[0] < 2}
        require(passed == whole, f"{name}: a single source must be read once per epoch.")


def _check_rows(name: str, life: _Life, rows: Mapping[str, Tensor], *, several: bool) -> None:
    total = sum(map(len, rows.values()))
    for source, part in rows.items():
        require(source in life.sizes, f"{name}: there is no source {source!r}.")
        require(len(part) > 0, f"{name}: leave source {source!r} out, which has no row.")
        integers = part.dtype == torch.int64 and part.ndim == 1
        require(integers, f"{name}: rows must be a vector of int64, not {part.dtype}.")
        inside = bool(((part >= 0) & (part < life.sizes[source])).all())
        require(inside, f"{name}: source {source!r} has no rows {part.tolist()}.")
    most = life.batch_size + (life.batch_size > 1)
    require(0 < total <= most, f"{name}: a batch of {total} rows.")
    require(total > 1 or not several, f"{name}: a batch of a single row.")


def _all_rows(life: _Life, seed: int = 0) -> list[dict[str, list[int]]]:
    return [_plain(rows) for _, _, rows in life.steps(seed)]


def _plain(rows: Mapping[str, Tensor]) -> dict[str, list[int]]:
    return {source: part.tolist() for source, part in rows.items()}


def _check_seeds(life: _Life) -> None:
    first = _all_rows(life)
    require(_all_rows(life) == first, f"{life.name}: equal seeds give different rows.")
    if life.n_rows > 8 and life.batch_size < life.n_rows:
        require(_all_rows(life, 1) != first, f"{life.name}: different seeds give the same rows.")
    again, sampler = [], life.started()
    for _ in range(2):
        sampler.start(life.sizes, life.batch_size, seed=0, n_steps=life.n_steps)
        again = [_plain(life.step(sampler, step)) for step in range(life.n_steps)]
    require(again == first, f"{life.name}: started anew, it gives other rows.")


def _check_resume(life: _Life) -> None:
    wanted = _all_rows(life)
    sampler = life.started()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state"
        for step in range(life.n_steps):
            if step % max(1, life.n_steps // _RESUMPTIONS) == 0:
                save_state(path, {"sampler": sampler.state_dict()})
                other = life.started()
                other.load_state_dict(load_state(path)["sampler"])
                rest = [_plain(life.step(other, at)) for at in range(step, life.n_steps)]
                sentence = f"{life.name}: resumed from its state at step {step}, rows differ."
                require(rest == wanted[step:], sentence)
            life.step(sampler, step)


def _check_processes(life: _Life) -> None:
    wanted = _all_rows(life)
    for size in (2, 3):
        processes = [life.started(rank=rank, size=size) for rank in range(size)]
        for step in range(life.n_steps):
            parts = [_plain(life.step(sampler, step)) for sampler in processes]
            lengths = [sum(map(len, part.values())) for part in parts]
            n_parts = min(size, max(sum(lengths) // 2, 1))
            taking, idle = lengths[:n_parts], lengths[n_parts:]
            even = max(taking) - min(taking) <= 1 and not any(idle)
            require(even, f"{life.name}: {size} processes get {lengths} rows at step {step}.")
            together = {
                source: sorted(row for part in parts for row in part.get(source, []))
                for source in {source for part in parts for source in part}
            }
            whole = {source: sorted(rows) for source, rows in wanted[step].items()}
            sentence = f"{life.name}: parts of {size} processes are not the batch of one, at {step}"
            require(together == whole, sentence)


def _check_means(life: _Life) -> None:
    """Rows and losses over many trainings, against their `share` and `fraction`."""
    labels = _labels(life)
    known = np.array([mask.sum() for _, mask in labels.values()])
    sums = np.array([(values * mask).sum() for values, mask in labels.values()])
    drawn, losses, expected, fractions = map(
        np.array, zip(*(_totals(life, labels, seed) for seed in range(_RUNS)), strict=True)
    )
    rare = _FEW / _RUNS
    sentence = f"{life.name}: rows are not `share` times `fraction`"
    _check_mean(sentence, drawn - expected, 0.0, rare)
    sentence = f"{life.name}: a source's `fraction` is on average far from 1"
    _check_mean(sentence, fractions / life.n_steps, 1.0, 0.5)
    sentence = f"{life.name}: losses divided by what is expected are not the mean over rows"
    rare = sums * rare / expected.mean(axis=0)
    _check_mean(sentence, losses / (known * fractions), sums / known, rare / known)
    joint = losses.sum(axis=1) / (known * fractions).sum(axis=1)
    _check_mean(sentence, joint, sums.sum() / known.sum(), rare.sum() / known.sum())


def _totals(life: _Life, labels: Mapping[str, tuple[Any, Any]], seed: int) -> tuple[Any, ...]:
    """Per source of one training: rows, losses, expected rows, and fractions of full batches."""
    totals = np.zeros((4, len(labels)))
    for sampler, step, rows in life.steps(seed):
        share, fraction = sampler.share(step), sampler.fraction(step)
        for at, (source, (values, mask)) in enumerate(labels.items()):
            totals[2:, at] += share[source] * fraction[source], fraction[source]
            if source in rows:
                taken, rate = rows[source].numpy(), share[source] / life.sizes[source]
                totals[:2, at] += len(taken), (values * mask)[taken].sum() / rate
    return tuple(totals)


def _labels(life: _Life) -> dict[str, tuple[Any, Any]]:
    """A positive value per row and whether it is known; at random, and once at least."""
    labels = {}
    for at, (source, n_rows) in enumerate(life.sizes.items()):
        if n_rows:
            draw = np.random.default_rng(at)
            mask = draw.random(n_rows) < 0.7
            mask[0] = True
            labels[source] = (1.0 + at + draw.random(n_rows), mask)
    return labels


def _check_mean(sentence: str, runs: Any, wanted: Any, slack: Any) -> None:
    error = runs.std(axis=0, ddof=1) / math.sqrt(len(runs))
    got, tolerance = runs.mean(axis=0), _LARGEST_Z * error + slack + 1e-9
    near = np.all(abs(got - wanted) <= tolerance)
    require(near, f"{sentence}: got {got}, expected {wanted}")
