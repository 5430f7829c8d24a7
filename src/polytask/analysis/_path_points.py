"""Where a path between two rows enters a network: numbers, and vectors of categories and of steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from polytask.architectures import Copies, MultiTaskModule
from polytask.architectures._unstacked import unstacked
from polytask.data import SourceBatch, part_has_steps
from polytask.exceptions import UnservedNeedError
from polytask.training._score import source_scores

__all__ = ["PathPoints", "refusal"]


@dataclass(frozen=True, eq=False)
class _Vectors:
    """A module that maps a part of the inputs to vectors, on which the path lies."""

    module: nn.Module
    part: str


class PathPoints:
    """The tensors of a row that a path moves, and the scores of a network at their values.

    Numbers are moved themselves. Categories are moved by their embeddings, and words, tokens and the
    steps of sequences by what the first module that reads them gives: vectors per step, or one per row.

    Parameters
    ----------
    network : MultiTaskModule
        In evaluation mode.
    source : str
    batch : SourceBatch
        Rows of it.

    Attributes
    ----------
    network : MultiTaskModule
        The one that is run: a copy whose `Copies` run one after another where they read the inputs.
    numbers : tuple of str
        Parts that are moved themselves.
    fixed : tuple of str
        Parts whose vectors are moved. The network may read them elsewhere, such as which steps there are.

    Raises
    ------
    UnservedNeedError
        If no module of the network maps a part of categories, words or steps to vectors.
    """

    def __init__(self, network: MultiTaskModule, source: str, batch: SourceBatch) -> None:
        self.source = source
        steps = [name for name in batch.inputs if part_has_steps(name)]
        floats = [n for n, array in batch.inputs.items() if array.is_floating_point()]
        self.numbers = tuple(name for name in floats if name not in steps)
        self.fixed = tuple(name for name in batch.inputs if name not in self.numbers)
        self.network = network
        if self.fixed and (stacked := self._stacked_readers(batch)):
            self.network = unstacked(network, stacked)
        self.vectors = self._found(batch) if self.fixed else ()

    @property
    def names(self) -> tuple[str, ...]:
        """The part of every tensor of `of`."""
        return (*self.numbers, *(own.part for own in self.vectors))

    def of(self, batch: SourceBatch) -> tuple[Tensor, ...]:
        """The tensors of rows."""
        numbers = [batch.inputs[name] for name in self.numbers]
        if not all(bool(array.isfinite().all()) for array in numbers):
            raise UnservedNeedError(refusal("cells that are not finite numbers"))
        with torch.no_grad(), _recording([own.module for own in self.vectors]) as calls:
            self._run(batch)
        return (*numbers, *(calls[own.module][0][1] for own in self.vectors))

    def raw(self, batch: SourceBatch, points: Sequence[Tensor]) -> Any:
        """Raw scores where a row's tensors have these values; what is `fixed` is that of the batch."""
        n_numbers = len(self.numbers)
        numbers = dict(zip(self.numbers, points[:n_numbers], strict=True))
        inputs = {name: numbers.get(name, array) for name, array in batch.inputs.items()}
        modules = [own.module for own in self.vectors]
        with _replacing(dict(zip(modules, points[n_numbers:], strict=True))):
            return self._run(replace(batch, inputs=inputs))

    def _run(self, batch: SourceBatch) -> Any:
        return source_scores(self.network, self.source, batch)

    def _stacked_readers(self, batch: SourceBatch) -> list[str]:
        """Names of `Copies` that read inputs in one pass, whose inner modules no hook sees."""
        named = {n: m for n, m in self.network.named_modules() if isinstance(m, Copies)}
        with torch.no_grad(), _recording(list(named.values())) as calls:
            self._run(batch)
        read = {m for m, of_module in calls.items() if isinstance(of_module[0][0], Mapping)}
        return [name for name, module in named.items() if module in read and module.stacked]

    def _found(self, batch: SourceBatch) -> tuple[_Vectors, ...]:
        """The outermost modules that receive one part alone, and map it to vectors."""
        parts = {name: batch.inputs[name] for name in self.fixed}
        named = dict(self.network.named_modules())
        with torch.no_grad(), _recording(list(named.values())) as calls:
            self._run(batch)
        found: dict[str, _Vectors] = {}
        for name, module in named.items():  # outer modules come before inner ones
            for taken, given in calls.get(module, []):
                part = next((p for p, array in parts.items() if _reads(p, array, taken)), None)
                within = any(name.startswith(f"{outer}.") for outer in found)
                if part is None or within or not _is_vectors(part, module, given, batch.n_rows):
                    continue
                if len(calls[module]) > 1:
                    raise UnservedNeedError(refusal("embeddings that are looked up more than once"))
                found[name] = _Vectors(module, part)
        unread = set(parts) - {own.part for own in found.values()}
        if unread:
            named_parts = " and ".join(sorted(unread))
            sentence = f"networks in which no module reads {named_parts} alone"
            raise UnservedNeedError(refusal(sentence))
        return tuple(found.values())


def refusal(what: str) -> str:
    """The sentence on something that integrated gradients do not serve."""
    return (
        f"Integrated gradients do not serve {what}. Take the method permutation_importance, which "
        "serves every learner."
    )


def _reads(part: str, array: Tensor, taken: object) -> bool:
    """Whether a module received a part, or, of pieces of words, their numbers in their model."""
    if not isinstance(taken, Tensor) or taken.shape != array.shape:
        return False
    if array.is_floating_point():
        return bool((taken.nan_to_num() == array.nan_to_num()).all())
    if bool((taken == array).all()):
        return True
    present = array != 0
    pieces = array.abs() - 1
    return part_has_steps(part) and bool((taken == pieces)[present].all()) and bool(present.any())


def _is_vectors(part: str, module: nn.Module, given: object, n_rows: int) -> bool:
    """Whether a module's output are vectors of rows; of categories, of each of their columns."""
    if not isinstance(given, Tensor) or not given.is_floating_point() or len(given) != n_rows:
        return False
    return part_has_steps(part) or isinstance(module, nn.Embedding)


Calls = dict[nn.Module, list[tuple[Any, Any]]]


@contextmanager
def _recording(modules: Sequence[nn.Module]) -> Iterator[Calls]:
    """What modules receive first and give, by module."""
    calls: Calls = {}

    def keep(module: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        calls.setdefault(module, []).append((arguments[0] if arguments else None, output))

    handles = [module.register_forward_hook(keep) for module in modules]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _replacing(given: Mapping[nn.Module, Tensor]) -> Iterator[None]:
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
