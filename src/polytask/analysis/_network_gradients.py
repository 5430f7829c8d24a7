"""Integrated gradients of one network for one task, per input column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor, nn

from polytask._torch_defaults import torch_defaults
from polytask.data import Schema, Source, SourceBatch, encode
from polytask.exceptions import UnservedNeedError
from polytask.predictor import FittedPredictor
from polytask.training._score import source_scores

__all__ = ["NetworkGradients"]

_ROWS_AT_ONCE = 8192


@dataclass(frozen=True, eq=False)
class _Table:
    """An embedding of the network, and the part of the inputs whose codes it looks up."""

    module: nn.Module
    part: str


class NetworkGradients:
    """Integrated gradients of the scores of one task.

    Numbers are moved along the path themselves, codes by their embeddings: the path's point replaces
    what an embedding gives.

    Parameters
    ----------
    predictor : FittedPredictor
        Of a network.
    source : str
    task : str
    n_steps : int
    """

    def __init__(self, predictor: FittedPredictor, source: str, task: str, n_steps: int) -> None:
        model: Any = predictor.model
        self.network, self.preference = model.network, model.preference
        self.schema: Schema = predictor.schemas[source]
        self.predictor, self.source, self.task, self.n_steps = predictor, source, task, n_steps
        self.block = next(b for b in self.network.blocks if task in b.tasks_in(source))

    @torch_defaults()
    def of_rows(
        self, rows: Source, training: Source, n_baselines: int, draw: np.random.Generator
    ) -> dict[str, Float64[np.ndarray, " n"]]:
        """Attributions of rows by column, averaged over baselines drawn from training rows.

        Parameters
        ----------
        rows, training : Source
        n_baselines : int
        draw : numpy.random.Generator

        Raises
        ------
        UnservedNeedError
            If the network's embeddings are out of reach, or a row has cells that are not finite.
        """
        training_network = self.network.training
        self.network.eval()
        try:
            size = n_baselines * rows.n_rows
            others = training.take(draw.integers(training.n_rows, size=size))
            repeated = rows.take(np.tile(np.arange(rows.n_rows), n_baselines))
            return {
                column: values.reshape(n_baselines, rows.n_rows).mean(axis=0)
                for column, values in self._of_pairs(repeated, others).items()
            }
        finally:
            self.network.train(training_network)

    def _of_pairs(self, rows: Source, others: Source) -> dict[str, np.ndarray]:
        """Attributions of each row against a row of its own."""
        from captum.attr import IntegratedGradients

        batch, baseline = self._encoded(rows), self._encoded(others)
        tables = self._tables(batch)
        start, end = self._points(baseline, tables), self._points(batch, tables)
        names = [*(name for name, _ in self._floats(batch)), *(table.part for table in tables)]
        with torch.no_grad():
            target = self._scores(batch).argmax(dim=1)
        codes = tuple(batch.inputs[table.part] for table in tables)
        constant = () if batch.task is None else (batch.task,)

        def forward(*arrays: Tensor) -> Tensor:
            points = arrays[: len(end)]
            rest = arrays[len(end) :]
            return self._at(batch, tables, points, rest[: len(codes)], rest[len(codes) :])

        with _without_parameter_gradients(self.network):
            found = IntegratedGradients(forward).attribute(
                end,
                start,
                target,
                additional_forward_args=(*codes, *constant) or None,
                n_steps=self.n_steps,
                internal_batch_size=_ROWS_AT_ONCE,
            )
        return self._by_column(_summed(names, found))

    def _encoded(self, rows: Source) -> SourceBatch:
        """The tensors of rows without labels."""
        hidden = replace(rows, labels=None, weights=None)
        by_source = encode(
            [hidden], self.predictor.tasks, self.predictor.schemas, self.network.blocks
        )
        device = next(self.network.parameters()).device
        encoded = replace(by_source[self.source], preference=self.preference)
        return encoded.map(lambda array: torch.as_tensor(array, device=device))

    def _floats(self, batch: SourceBatch) -> list[tuple[str, Tensor]]:
        """Parts of numbers."""
        return [(n, array) for n, array in batch.inputs.items() if array.is_floating_point()]

    def _points(self, batch: SourceBatch, tables: Sequence[_Table]) -> tuple[Tensor, ...]:
        """Numbers, and what embeddings give for codes."""
        floats = [array for _, array in self._floats(batch)]
        if not all(bool(array.isfinite().all()) for array in floats):
            raise UnservedNeedError(
                _unserved("sequences, whose steps have no path between two rows")
            )
        with torch.no_grad(), _recording([table.module for table in tables]) as given:
            self._scores(batch)
        return (*floats, *(given[id(table.module)][0][1] for table in tables))

    def _tables(self, batch: SourceBatch) -> list[_Table]:
        """The embeddings that are looked up, each once, with the part whose codes they receive."""
        codes = {n: array for n, array in batch.inputs.items() if not array.is_floating_point()}
        if not codes:
            return []
        modules = [module for module in self.network.modules() if isinstance(module, nn.Embedding)]
        with torch.no_grad(), _recording(modules) as given:
            self._scores(batch)
        tables = []
        for module in modules:
            calls = given.get(id(module), [])
            if not calls:
                continue
            parts = [n for n, array in codes.items() if _equal(array, calls[0][0])]
            if len(calls) > 1 or not parts or len(calls[0][1]) != batch.n_rows:
                raise UnservedNeedError(_unserved("embeddings that are looked up more than once"))
            tables.append(_Table(module, parts[0]))
        if set(codes) - {table.part for table in tables}:
            sentence = "columns of categories or words whose embeddings each task has for itself"
            raise UnservedNeedError(_unserved(sentence))
        return tables

    def _scores(self, batch: SourceBatch) -> Tensor:
        """Scores of the task (n, size); of maps their mean."""
        raw = source_scores(self.network, self.source, batch)[self.source, self.block.name]
        if batch.task is None:
            raw = raw[:, self.block.tasks_in(self.source).index(self.task)]
        flat = raw.flatten(1)
        return flat.mean(dim=1, keepdim=True) if raw.ndim > 2 else flat

    def _at(
        self,
        batch: SourceBatch,
        tables: Sequence[_Table],
        points: Sequence[Tensor],
        codes: Sequence[Tensor],
        task: Sequence[Tensor],
    ) -> Tensor:
        """Scores at points of the path."""
        floats = [name for name, _ in self._floats(batch)]
        inputs = dict(zip(floats, points, strict=False))
        inputs |= {table.part: own for table, own in zip(tables, codes, strict=True)}
        moved = replace(batch, inputs={n: inputs[n] for n in batch.inputs}, task=None)
        if task:
            moved = replace(moved, task=task[0])
        given = dict(zip((t.module for t in tables), points[len(floats) :], strict=True))
        with _replaced(given):
            return self._scores(moved)

    def _by_column(self, by_part: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
        """Sums over the numbers that each column is encoded into."""
        found, start = {}, {"numeric": 0, "categorical": 0}
        for column in self.schema.columns:
            values = by_part.get(column.part)
            if values is None:
                continue
            width = column.width if column.part == "numeric" else len(column.cardinalities)
            if column.part in start:
                first = start[column.part]
                start[column.part] += width
                own = values[:, first : first + width].sum(dim=1)
            else:
                own = values.flatten(1).sum(dim=1)
            found[column.name] = own.detach().cpu().double().numpy()
        return found


def _summed(names: Sequence[str], found: Sequence[Tensor]) -> dict[str, Tensor]:
    """Attributions by part: of categories (n, columns), the sum over all tables of a part."""
    total: dict[str, Tensor] = {}
    for name, values in zip(names, found, strict=True):
        own = values.sum(dim=-1) if name == "categorical" else values
        own = own if name in {"numeric", "categorical"} else own.flatten(1).sum(dim=1, keepdim=True)
        total[name] = total[name] + own if name in total else own
    return total


def _equal(array: Tensor, other: object) -> bool:
    return isinstance(other, Tensor) and array.shape == other.shape and bool((array == other).all())


@contextmanager
def _recording(modules: Sequence[nn.Module]) -> Iterator[dict[int, list[tuple[Any, Tensor]]]]:
    """What modules receive and give, by the module's id."""
    given: dict[int, list[tuple[Any, Tensor]]] = {}

    def keep(module: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
        given.setdefault(id(module), []).append((arguments[0], output))

    handles = [module.register_forward_hook(keep) for module in modules]
    try:
        yield given
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _replaced(given: Mapping[nn.Module, Tensor]) -> Iterator[None]:
    """Let modules give these tensors in place of their own."""
    handles = [
        module.register_forward_hook(lambda _module, _arguments, _output, own=own: own)
        for module, own in given.items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _without_parameter_gradients(network: nn.Module) -> Iterator[None]:
    """Leave parameters out of the graph, which halves the work."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)


def _unserved(what: str) -> str:
    return (
        f"Integrated gradients do not serve {what}. Take the method permutation_importance, which "
        "serves every learner."
    )
