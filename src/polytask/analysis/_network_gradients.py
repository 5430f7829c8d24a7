"""Integrated gradients of one network for one task, per input column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor, nn

from polytask._torch_defaults import torch_defaults
from polytask.analysis._path_points import PathPoints, refusal
from polytask.data import Schema, Source, SourceBatch, encode
from polytask.exceptions import UnservedNeedError
from polytask.predictor import FittedPredictor

__all__ = ["NetworkGradients"]

_ROWS_AT_ONCE = 8192
_MOST_DOUBLED, _GAP = 3, 0.05
"""How often the points of the rule are doubled while attributions miss this share of the differences."""


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Rows, the rows that they are held against, and the ends of the paths between them."""

    points: PathPoints
    batch: SourceBatch
    baseline: SourceBatch
    start: tuple[Tensor, ...]
    end: tuple[Tensor, ...]
    target: Tensor
    """The score of every row that is attributed."""


class NetworkGradients:
    """Integrated gradients of the scores of one task.

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
        """Attributions of each row against a row of its own, some rows at a time."""
        most = min(_ROWS_AT_ONCE, self.network.rows_at_once)
        chunks = np.array_split(np.arange(rows.n_rows), -(-rows.n_rows // most))
        found = [self._of_some(rows.take(chunk), others.take(chunk), most) for chunk in chunks]
        return {name: np.concatenate([own[name] for own in found]) for name in found[0]}

    def _of_some(self, rows: Source, others: Source, most: int) -> dict[str, np.ndarray]:
        batch = self._encoded(rows)
        baseline = replace(self._encoded(others), task=batch.task)
        points = PathPoints(self.network, self.source, batch)
        start, end = points.of(baseline), points.of(batch)
        with torch.no_grad():
            target = self._of_task(points.raw(batch, end), batch).argmax(dim=1)
        pairs = _Pairs(points, batch, baseline, start, end, target)
        return self._by_column(self._with_jumps(pairs, self._along_path(pairs, most)))

    def _along_path(self, pairs: _Pairs, most: int) -> dict[str, Tensor]:
        """Attributions by part, with more points of the rule where they miss the path's difference."""
        from captum.attr import IntegratedGradients

        batch, n_points = pairs.batch, len(pairs.end)
        constant = (*batch.inputs.values(), *(() if batch.task is None else (batch.task,)))

        def forward(*arrays: Tensor) -> Tensor:
            points, rest = arrays[:n_points], arrays[n_points:]
            moved = replace(batch, inputs=dict(zip(batch.inputs, rest, strict=False)))
            if batch.task is not None:
                moved = replace(moved, task=rest[-1])
            return self._of_task(pairs.points.raw(moved, points), moved)

        with torch.no_grad():
            ends = (self._scores(pairs, batch, own) for own in (pairs.end, pairs.start))
            difference = torch.sub(*ends)[:, 0]
        by_part: dict[str, Tensor] = {}
        for doubled in range(_MOST_DOUBLED + 1):
            with _only_inputs_differentiated(pairs.points.network):
                found = IntegratedGradients(forward).attribute(
                    pairs.end,
                    pairs.start,
                    pairs.target,
                    additional_forward_args=constant,
                    n_steps=self.n_steps * 2**doubled,
                    internal_batch_size=max(most, batch.n_rows),
                )
            by_part = _summed(pairs.points.names, found)
            total = torch.stack([part.sum(dim=1) for part in by_part.values()]).sum(dim=0)
            if (total - difference).abs().mean() <= _GAP * difference.abs().mean():
                break
        return by_part

    def _with_jumps(self, pairs: _Pairs, by_part: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """With what the path leaves out: parts change one at a time where it begins.

        The path holds fixed which steps a row has. With the change from these to the steps of the
        baseline row, the attributions sum to the whole difference of scores.
        """
        found, inputs = dict(by_part), dict(pairs.batch.inputs)
        with torch.no_grad():
            before = self._scores(pairs, pairs.batch, pairs.start)
            for name in pairs.points.fixed:
                inputs[name] = pairs.baseline.inputs[name]
                after = self._scores(pairs, replace(pairs.batch, inputs=inputs), pairs.start)
                if found[name].shape[1] == 1:
                    found[name] = found[name] + (before - after)
                elif not torch.allclose(before, after, rtol=1e-3, atol=1e-3):
                    raise UnservedNeedError(refusal(f"networks that read {name} codes directly"))
                before = after
        return found

    def _scores(self, pairs: _Pairs, batch: SourceBatch, points: Sequence[Tensor]) -> Tensor:
        """The chosen score (n, 1) of every row."""
        scores = self._of_task(pairs.points.raw(batch, points), batch)
        return scores.gather(1, pairs.target[:, None])

    def _encoded(self, rows: Source) -> SourceBatch:
        """The tensors of rows without labels."""
        hidden = replace(rows, labels=None, weights=None)
        by_source = encode(
            [hidden], self.predictor.tasks, self.predictor.schemas, self.network.blocks
        )
        device = next(self.network.parameters()).device
        encoded = replace(by_source[self.source], preference=self.preference)
        return encoded.map(lambda array: torch.as_tensor(array, device=device))

    def _of_task(self, by_block: Mapping[tuple[str, str], Tensor], batch: SourceBatch) -> Tensor:
        """Scores of the task (n, size); of maps their mean."""
        raw = by_block[self.source, self.block.name]
        if batch.task is None:
            raw = raw[:, self.block.tasks_in(self.source).index(self.task)]
        flat = raw.flatten(1)
        return flat.mean(dim=1, keepdim=True) if raw.ndim > 2 else flat

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
    """Attributions by part: of numbers and categories (n, columns), of others (n, 1)."""
    total: dict[str, Tensor] = {}
    for name, values in zip(names, found, strict=True):
        own = values
        if name == "categorical":
            own = values.sum(dim=-1)
        elif name != "numeric":
            own = values.flatten(1).sum(dim=1, keepdim=True)
        total[name] = total[name] + own if name in total else own
    return total


@contextmanager
def _only_inputs_differentiated(network: nn.Module) -> Iterator[None]:
    """Leave parameters out of the graph, which halves the work."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    with ExitStack() as kept:
        if any(isinstance(module, nn.RNNBase) for module in network.modules()):
            # cuDNN has no gradients of recurrent layers in evaluation mode
            kept.enter_context(torch.backends.cudnn.flags(enabled=False))
        for parameter in trained:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in trained:
                parameter.requires_grad_(True)
