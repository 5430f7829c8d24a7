"""Dependencies between tasks: what feeds a task, and what it feeds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from polytask.data import Block
from polytask.tasks import TaskSet

__all__ = ["ancestors_of", "blocks_of", "descendants_of"]


def ancestors_of(tasks: TaskSet) -> dict[str, tuple[str, ...]]:
    """The tasks that feed each task, directly or through others, each once and in order.

    Examples
    --------
    >>> from polytask import Task, TaskSet
    >>> from polytask.architectures._dependencies import ancestors_of
    >>> funnel = TaskSet(["click", Task("buy", after="click"), Task("return", after="buy")])
    >>> ancestors_of(funnel)["return"]
    ('click', 'buy')
    """
    upstream: dict[str, set[str]] = {}
    for level in tasks.levels():
        for name in level:
            direct = tasks.after(name)
            upstream[name] = {*direct, *(above for task in direct for above in upstream[task])}
    return {name: tuple(n for n in tasks.names if n in upstream[name]) for name in tasks.names}


def descendants_of(ancestors: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """The tasks that each task feeds, directly or through others.

    Examples
    --------
    >>> from polytask.architectures._dependencies import descendants_of
    >>> descendants_of({"click": (), "buy": ("click",)})
    {'click': ('buy',), 'buy': ()}
    """
    return {
        name: tuple(other for other, upstream in ancestors.items() if name in upstream)
        for name in ancestors
    }


def blocks_of(blocks: Sequence[Block], names: Collection[str]) -> tuple[Block, ...]:
    """The blocks without all other tasks, under the same names; those left empty are dropped."""
    return tuple(
        _of_tasks(block, names) for block in blocks if any(name in names for name in block.tasks)
    )


def _of_tasks(block: Block, names: Collection[str]) -> Block:
    carried = {
        source: tuple(name for name in members if name in names)
        for source, members in zip(block.sources, block.members, strict=True)
    }
    carried = {source: members for source, members in carried.items() if members}
    kept = [position for position, name in enumerate(block.tasks) if name in names]
    return replace(
        block,
        tasks=tuple(block.tasks[position] for position in kept),
        targets=tuple(block.targets[position] for position in kept),
        sources=tuple(carried),
        members=tuple(carried.values()),
        own_rows=block.own_rows & set(carried),
    )
