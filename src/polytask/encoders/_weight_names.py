"""Which tensors of a file are those of a network's stages, by their names, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import takewhile

from torch import Tensor

__all__ = ["listed_tensors", "nothing_fits", "weights_report", "without_shared_start"]

_MOST_NAMES = 3


def without_shared_start(held: Mapping[str, Tensor], own: Sequence[str]) -> dict[str, Tensor]:
    """Tensors of a file by the names of the stages, without what all names of either begin with."""
    names = {name[len(start) :]: name for start in _shared_starts(own) for name in own}
    starts: Counter[str] = Counter()
    for name in held:
        parts = name.split(".")
        for position in range(len(parts)):
            if ".".join(parts[position:]) in names:
                starts["".join(f"{part}." for part in parts[:position])] += 1
    if not starts:
        return dict(held)
    start = max(starts, key=lambda start: (starts[start], -len(start)))
    within = {name.removeprefix(start): t for name, t in held.items() if name.startswith(start)}
    return {names.get(name, name): tensor for name, tensor in within.items()}


def _shared_starts(names: Sequence[str]) -> list[str]:
    """What all names begin with, up to each of its points, the longest first.

    Examples
    --------
    >>> from polytask.encoders._weight_names import _shared_starts
    >>> _shared_starts(["0.backbone.stem.weight", "0.backbone.fc.weight"])
    ['0.backbone.', '0.', '']
    """
    by_place = zip(*(name.split(".")[:-1] for name in names), strict=False)
    shared = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, by_place)]
    return ["".join(f"{part}." for part in shared[:end]) for end in range(len(shared), -1, -1)]


def weights_report(
    file: str,
    encoder: str,
    given: Mapping[str, Tensor],
    own: Mapping[str, Tensor],
    fits: Sequence[str],
) -> str:
    """Sentence on the tensors of a file that stages start from, and on those that differ."""
    parts = [f"{file} gives {len(fits)} of the {len(own)} tensors of {encoder}"]
    shapes = [
        f"{name} ({tuple(given[name].shape)} there, {tuple(own[name].shape)} here)"
        for name in own
        if name in given and name not in fits
    ]
    if shapes:
        parts.append(f"of another shape, which start as drawn: {_some(shapes)}")
    if missing := [name for name in own if name not in given]:
        parts.append(f"not in it, which start as drawn: {_some(missing)}")
    if unused := [name for name in given if name not in own]:
        parts.append(f"not used: {_some(unused)}")
    return f"{'; '.join(parts)}."


def nothing_fits(
    file: str, encoder: str, held: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> str:
    """Sentence on a file of which no tensor is one of the stages'."""
    got, has = listed_tensors(held), listed_tensors(own)
    if not held:
        return (
            f"The `path` parameter of Pretrained must be a file of named tensors. {file} holds none; "
            "choose another file."
        )
    return (
        f"The `path` parameter of Pretrained must be a file with tensors of the stages of {encoder}, such "
        f"as {has}. None of the {len(held)} of {file} fits: {got}, …. Say by `rename` how names begin, "
        'such as {"layer1.": "1."}, or choose another file.'
    )


def listed_tensors(tensors: Mapping[str, Tensor]) -> str:
    """Names and shapes of the first tensors."""
    first = list(tensors.items())[:_MOST_NAMES]
    return ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in first)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
