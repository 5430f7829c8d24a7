"""Found structures as text: one line per task, one column per stage."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["drawing"]

_WIDTH = 9
_SKIPPED = "–"

Partition = Sequence[Sequence[str]]


def drawing(
    tasks: Sequence[str], groups: Sequence[Partition], skips: Sequence[Sequence[str]]
) -> str:
    """One line per task with a letter for the copy of each stage that it goes through.

    Tasks are ordered by their paths. ``│`` stands for the copy in the line above, so that branches
    of a tree stand together; ``–`` for a stage that is skipped.

    Parameters
    ----------
    tasks : sequence of str
    groups : sequence of partition
        Per stage, the tasks that share a copy of it.
    skips : sequence of sequence of str
        Per stage, the tasks that skip it.

    Examples
    --------
    >>> from polytask.search._structure_drawing import drawing
    >>> print(drawing(("a", "b", "c"), ((("a", "b", "c"),), (("a", "c"), ("b",))), ((), ())))
    stage 1  stage 2
    A        A        a
    │        │        c
    │        B        b
    """
    head = "".join(f"stage {stage + 1}".ljust(_WIDTH) for stage in range(len(groups)))
    paths = {name: _path(name, groups, skips) for name in tasks}
    before: tuple[int, ...] = ()
    lines = [head.rstrip()]
    for name in sorted(tasks, key=lambda name: paths[name]):
        path, cells = paths[name], []
        for stage, node in enumerate(path):
            again = before[: stage + 1] == path[: stage + 1] and node >= 0
            cells.append("│" if again else _letters(node) if node >= 0 else _SKIPPED)
        lines.append("".join(cell.ljust(_WIDTH) for cell in cells) + name)
        before = path
    return "\n".join(lines)


def _path(
    name: str, groups: Sequence[Partition], skips: Sequence[Sequence[str]]
) -> tuple[int, ...]:
    """The position of the task's group at each stage; -1 where it skips the stage."""
    return tuple(
        -1 if name in skipping else next(i for i, group in enumerate(partition) if name in group)
        for partition, skipping in zip(groups, skips, strict=True)
    )


def _letters(position: int) -> str:
    """Letters for a position: A, B, …, Z, AA, AB and so on."""
    before, letter = divmod(position, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + letter)
