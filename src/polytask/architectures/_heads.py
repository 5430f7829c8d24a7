"""Linear heads of all tasks of a block as one stacked parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask.architectures._block_heads import BlockHeads
from polytask.architectures._head_checks import check_state, check_steps, check_vectors, read_steps
from polytask.architectures._member_heads import block_heads
from polytask.architectures._multi_task_module import Raw
from polytask.architectures._owners import Owned, Owner
from polytask.architectures._places import places_among
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._size_groups import gathered
from polytask.architectures._step_scores import step_scores
from polytask.data import Batch, Block, tasks_in_source
from polytask.encoders import State, mean_pool
from polytask.encoders._pooling import pooled_width
from polytask.tasks import TaskSet

__all__ = ["Heads"]


class Heads(Owner, nn.ModuleList):
    """A linear head for every task, those of a block stacked; sequences and maps are mean-pooled.

    Tasks that label the steps of a sequence have the scores of their head for every step.

    Parameters
    ----------
    blocks : sequence of Block
    tasks : TaskSet
    shape : tuple of int, or mapping of block name to tuple of int
        Shape of a row's features: (h,), (l, h) or (c, height, width).
    per_task : bool, default False
        Whether every task has features of its own: values then have a leading axis over the
        tasks of the source, such as (n_tasks, n, h), in the order of the task set. Sequences of
        all tasks have one mask, (n, l). Where each row has one task, values may also be the
        features of that task, (n, h).
    members : int, default 1
        Members of an ensemble, each with heads of its own; rows are then those of every member, the
        members of a row one after another.

    Examples
    --------
    >>> from polytask.architectures import Heads
    >>> from polytask.data import MultiTaskDataset, fit_schemas, make_blocks
    >>> table = {"age": [31, 44, 28], "rich": [0, 1, 0], "single": ["yes", "no", None]}
    >>> data = MultiTaskDataset.from_table(table, ["rich", "single"])
    >>> heads = Heads(make_blocks(data.tasks, fit_schemas(data)), data.tasks, (16,))
    >>> [owned.tasks for owned in heads.owners()]
    [('rich', 'single'), ('rich', 'single')]
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        tasks: TaskSet,
        shape: tuple[int, ...] | Mapping[str, tuple[int, ...]],
        *,
        per_task: bool = False,
        members: int = 1,
    ) -> None:
        shapes = shape if isinstance(shape, Mapping) else {b.name: shape for b in blocks}
        super().__init__(block_heads(block, tasks, shapes[block.name], members) for block in blocks)
        self.blocks, self.per_task, self.members = tuple(blocks), per_task, members
        self._n_axes = len(next(iter(shapes.values()))) + 1
        self._places: dict[tuple[str, str], _Places] = {}
        self.widths = {name: pooled_width(shape) for name, shape in shapes.items()}
        self._tasks_of: dict[str, tuple[str, ...]] = {}
        self._sources = tuple(dict.fromkeys(source for b in blocks for source in b.sources))
        for i, source in enumerate(self._sources):
            of_source = tasks_in_source(source, blocks, tasks.names)
            self._tasks_of[source] = of_source
            place = places_among([tasks.index(name) for name in of_source], len(tasks))
            self.register_buffer(f"place_{i}", place, persistent=False)
            for block in blocks:
                self._places[source, block.name] = _places(block, source, of_source)

    def forward(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores of every source and block in the batch."""
        vectors = {name: self._vectors(name, s, batch) for name, s in features.items()}
        by_block = {name: self._by_block(name, rows, batch) for name, rows in vectors.items()}
        raw: Raw = {}
        for block, heads in zip(self.blocks, self, strict=True):
            if block.has_steps:
                raw |= self._of_steps(block, heads, features, batch)  # type: ignore[arg-type]
                continue
            own = {name: by_block[name][block.name] for name in block.sources if name in vectors}
            joined = self._joined(block, heads, own, batch)  # type: ignore[arg-type]
            raw |= {(source, block.name): scores for source, scores in joined.items()}
            for source, rows in own.items():
                if source not in joined:
                    places, task = self._places[source, block.name], batch[source].task
                    raw[source, block.name] = self._of_source(
                        heads,  # type: ignore[arg-type]
                        places,
                        source,
                        rows,
                        task,
                    )
        return raw

    def _by_block(self, source: str, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Vectors of the tasks of every block that the source carries."""
        names = [b.name for b in self.blocks if source in b.sources and not b.has_steps]
        if not self.per_task or batch[source].task is not None:
            return dict.fromkeys(names, vectors)
        places = [self._places[source, name].in_source for name in names]
        return dict(zip(names, _parts(vectors, places), strict=True))

    def _of_steps(
        self, block: Block, heads: BlockHeads, features: Mapping[str, State], batch: Batch
    ) -> Raw:
        """Scores of every step of the rows of a block's sources, flat, (n, n_tasks, size)."""
        raw: Raw = {}
        for source in (name for name in block.sources if name in features):
            places, rows = self._places[source, block.name], batch[source]
            check_steps(source, features[source], rows, block)
            (values, mask), task = features[source], rows.task
            each = values.ndim == 4 and task is None
            steps = (places.picked(values) if each else values).flatten(-3, -2)
            n_steps = values.shape[-2]
            own = None if task is None else task.repeat_interleave(n_steps)
            scores = self._of_source(heads, places, source, steps, own)
            mask = read_steps(mask, rows)
            if mask is not None and mask.ndim == 3:
                mask = self._own_masks(source, places, mask, task)
            links = heads.transitions_of(self._linked(heads, places, task))
            raw[source, block.name] = step_scores(
                scores, mask, n_steps, block.score_shape[0], links
            )
        return raw

    @staticmethod
    def _linked(
        heads: BlockHeads, places: _Places, task: Tensor | None
    ) -> list[int] | Tensor | None:
        """Tasks of the block whose steps are linked, or each row's; None for all."""
        if task is not None:
            return heads.in_block(task)
        return None if places.whole_block else places.in_block

    def _own_masks(
        self, source: str, places: _Places, masks: Tensor, task: Tensor | None
    ) -> Tensor:
        """Masks (n, n_tasks, l) of the steps that each task has, or (n, l) of rows of one task."""
        if task is None:
            return places.picked(masks).transpose(0, 1)
        place = self.get_buffer(f"place_{self._sources.index(source)}")[task]
        return masks[place, torch.arange(len(task), device=task.device)]

    def _vectors(self, source: str, state: State, batch: Batch) -> Tensor:
        """Vectors of a source's rows, checked.

        Raises
        ------
        ParameterError
            If they do not fit the heads.
        """
        own_rows = source in batch and batch[source].task is not None
        tasks = self._tasks_of.get(source, ())
        check_state(source, state, tasks)
        vectors = self._pooled(state, own_rows=own_rows)
        check_vectors(
            source, vectors, sorted(set(self.widths.values())), tasks, per_task=self.per_task
        )
        return vectors

    def mix_cheaply(self, n_experts: int) -> bool:
        """Whether scores of all experts are fewer than the mixed features of all tasks."""
        if self.members > 1 or any(block.has_steps for block in self.blocks):
            return False
        n_scores = sum(block.size * len(block.tasks) for block in self.blocks)
        n_features = sum(self.widths[block.name] * len(block.tasks) for block in self.blocks)
        return n_experts * n_scores < n_features

    def of_mixed(
        self,
        source: str,
        gates: Float[Tensor, "n_tasks n n_experts"],
        own: Float[Tensor, "n_tasks n_own n h"] | None,
        shared: Float[Tensor, "n_shared n h"],
    ) -> Raw:
        """Raw scores of a source's rows, from experts and the gates of its tasks that mix them.

        They are those of the mixed features, (n_tasks, n, h), which are not made. Gates weigh the
        tasks' own experts first, if there are any.
        """
        raw: Raw = {}
        for block, heads in zip(self.blocks, self, strict=True):
            places = self._places[source, block.name]
            if places.in_block:
                carried = None if places.whole_block else places.in_block
                of_tasks = None if own is None else places.picked(own)
                raw[source, block.name] = heads.of_mixed(  # type: ignore[operator]
                    places.picked(gates), of_tasks, shared, carried
                )
        return raw

    def _pooled(self, state: State, *, own_rows: bool) -> Tensor:
        """Vectors (n, h), or (n_tasks, n, h) from the features of every task."""
        if not self.per_task or (own_rows and state.values.ndim == self._n_axes):
            return mean_pool(state)
        return pooled_copies(state)

    def _joined(
        self,
        block: Block,
        heads: BlockHeads,
        vectors: Mapping[str, Tensor],
        batch: Batch,
    ) -> dict[str, Tensor]:
        """Scores of sources computed in one product: one task each, or equal numbers of rows."""
        dense = {name: rows for name, rows in vectors.items() if batch[name].task is None}
        places = {source: self._places[source, block.name] for source in dense}
        if not self.per_task:
            lone = [source for source in dense if len(places[source].in_block) == 1]
            return _lone_scores(heads, places, {source: dense[source] for source in lone})
        if len({rows.shape[1] for rows in dense.values()}) > 1:
            return {}
        return _each_scores(heads, places, dense)

    def _of_source(
        self,
        heads: BlockHeads,
        places: _Places,
        source: str,
        vectors: Tensor,
        task: Tensor | None,
    ) -> Tensor:
        """Scores of one source from (n, h), or those of every task of the block, (n_tasks, n, h)."""
        if task is not None:
            if vectors.ndim == 3:
                place = self.get_buffer(f"place_{self._sources.index(source)}")[task]
                vectors = vectors[place, torch.arange(len(task), device=task.device)]
            return heads.of_own(vectors, heads.in_block(task))
        carried = None if places.whole_block else places.in_block
        if not self.per_task:
            return heads.of_all(vectors, carried)
        return heads.of_each(vectors, carried)

    def owners(self) -> Sequence[Owned]:
        """Slice k of each block's heads belongs to its k-th task."""
        return [
            Owned(parameter, block.tasks, axis=0)
            for block, heads in zip(self.blocks, self, strict=True)
            for parameter in heads.parameters()
        ]


class _Places(NamedTuple):
    """Positions of the tasks of a block that a source carries.

    Attributes
    ----------
    in_block, in_source : list of int
        Positions among the block's tasks, and among the source's.
    whole_block, whole_source : bool
        Whether they are all of them.
    """

    in_block: list[int]
    in_source: list[int]
    whole_block: bool
    whole_source: bool

    def picked(self, vectors: Tensor) -> Tensor:
        """The features of these tasks, of (n_tasks, n, h) of all the source's."""
        return vectors if self.whole_source else vectors[self.in_source]


def _places(block: Block, source: str, of_source: Sequence[str]) -> _Places:
    carried = block.tasks_in(source)
    return _Places(
        [block.tasks.index(name) for name in carried],
        [of_source.index(name) for name in carried],
        carried == block.tasks,
        carried == tuple(of_source),
    )


def _parts(vectors: Tensor, places: Sequence[list[int]]) -> Sequence[Tensor]:
    """Slices along the first axis, all of them in groups; their gradients become one tensor."""
    if [place for own in places for place in own] == list(range(len(vectors))):
        return torch.split(vectors, [len(own) for own in places])
    return gathered(vectors, [torch.tensor(own, device=vectors.device) for own in places])


def _lone_scores(
    heads: BlockHeads, places: Mapping[str, _Places], vectors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Scores (n, 1, size) of sources that carry one task of the block each."""
    if len(vectors) < 2:
        return {}
    sizes = [len(rows) for rows in vectors.values()]
    rows = torch.cat(list(vectors.values()))
    lone = torch.tensor([places[source].in_block[0] for source in vectors], device=rows.device)
    counts = torch.tensor(sizes, device=rows.device)
    task = lone.repeat_interleave(counts, output_size=len(rows))
    scores = torch.split(heads.of_own(rows, task).unsqueeze(1), sizes)
    return dict(zip(vectors, scores, strict=True))


def _each_scores(
    heads: BlockHeads, places: Mapping[str, _Places], vectors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Scores (n, n_tasks, size) of sources whose tasks have as many rows each."""
    if len(vectors) < 2:
        return {}
    carried = [places[source].in_block for source in vectors]
    order = [position for positions in carried for position in positions]
    own = torch.cat(list(vectors.values()))
    in_order = order == list(range(len(heads.weight)))
    scores = heads.of_each(own, None if in_order else order)
    parts = torch.split(scores, [len(positions) for positions in carried], dim=1)
    return dict(zip(vectors, parts, strict=True))
