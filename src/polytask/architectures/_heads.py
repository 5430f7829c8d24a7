"""Linear heads of all tasks of a block as one stacked parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from torch import Tensor, nn

from polytask.architectures._block_heads import BlockHeads
from polytask.architectures._head_checks import check_state, check_vectors
from polytask.architectures._head_places import (
    Places,
    each_scores,
    lone_scores,
    parts_of,
    places_of,
    scores_of,
)
from polytask.architectures._map_scores import scores_of_pixels
from polytask.architectures._member_heads import block_heads
from polytask.architectures._multi_task_module import Raw
from polytask.architectures._owners import Owned, Owner
from polytask.architectures._places import places_among
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._step_scores import scores_of_steps
from polytask.data import Batch, Block, tasks_in_source
from polytask.encoders import State, mean_pool
from polytask.encoders._pooling import pooled_width
from polytask.tasks import TaskSet

__all__ = ["Heads"]


class Heads(Owner, nn.ModuleList):
    """A linear head for every task, those of a block stacked; sequences and maps are mean-pooled.

    Tasks that label the steps of a sequence, or the pixels of an image, have the scores of their head
    for every step or pixel.

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
        self._places: dict[tuple[str, str], Places] = {}
        self.widths = {name: pooled_width(shape) for name, shape in shapes.items()}
        self._tasks_of: dict[str, tuple[str, ...]] = {}
        self._sources = tuple(dict.fromkeys(source for b in blocks for source in b.sources))
        for i, source in enumerate(self._sources):
            of_source = tasks_in_source(source, blocks, tasks.names)
            self._tasks_of[source] = of_source
            place = places_among([tasks.index(name) for name in of_source], len(tasks))
            self.register_buffer(f"place_{i}", place, persistent=False)
            for block in blocks:
                self._places[source, block.name] = places_of(block, source, of_source)

    def forward(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores of every source and block in the batch."""
        vectors = {name: self._vectors(name, s, batch) for name, s in features.items()}
        by_block = {name: self._by_block(name, rows, batch) for name, rows in vectors.items()}
        raw: Raw = {}
        for block, heads in zip(self.blocks, self, strict=True):
            if block.has_places:
                raw |= self._of_places(block, heads, features, batch)  # type: ignore[arg-type]
                continue
            own = {name: by_block[name][block.name] for name in block.sources if name in vectors}
            joined = self._joined(block, heads, own, batch)  # type: ignore[arg-type]
            raw |= {(source, block.name): scores for source, scores in joined.items()}
            for source, rows in own.items():
                if source not in joined:
                    raw[source, block.name] = scores_of(
                        heads,  # type: ignore[arg-type]
                        self._places[source, block.name],
                        rows,
                        batch[source].task,
                        self._of_task(source),
                        per_task=self.per_task,
                    )
        return raw

    def _by_block(self, source: str, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Vectors of the tasks of every block that the source carries."""
        names = [b.name for b in self.blocks if source in b.sources and not b.has_places]
        if not self.per_task or batch[source].task is not None:
            return dict.fromkeys(names, vectors)
        places = [self._places[source, name].in_source for name in names]
        return dict(zip(names, parts_of(vectors, places), strict=True))

    def _of_places(
        self, block: Block, heads: BlockHeads, features: Mapping[str, State], batch: Batch
    ) -> Raw:
        """Scores of every step or pixel of the rows of a block's sources, flat."""
        of_rows = scores_of_steps if block.has_steps else scores_of_pixels
        return {
            (source, block.name): of_rows(
                source,
                block,
                heads,
                self._places[source, block.name],
                features[source],
                batch[source],
                self._of_task(source),
            )
            for source in block.sources
            if source in features
        }

    def _of_task(self, source: str) -> Tensor:
        """Positions of the tasks of the set among the source's."""
        return self.get_buffer(f"place_{self._sources.index(source)}")

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
        if self.members > 1 or any(block.has_places for block in self.blocks):
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
            return lone_scores(heads, places, {source: dense[source] for source in lone})
        if len({rows.shape[1] for rows in dense.values()}) > 1:
            return {}
        return each_scores(heads, places, dense)

    def owners(self) -> Sequence[Owned]:
        """Slice k of each block's heads belongs to its k-th task."""
        return [
            Owned(parameter, block.tasks, axis=0)
            for block, heads in zip(self.blocks, self, strict=True)
            for parameter in heads.parameters()
        ]
