"""Stages whose parameters soft sharing couples: which they are, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polytask.exceptions import ParameterError

__all__ = ["check_coupled", "coupled_stages", "layer_names"]


def layer_names(parameters: Sequence[tuple[str, str]]) -> list[str]:
    """Readable names of coupled parameters, each given as the name of its stage and its own.

    Examples
    --------
    >>> from polytask.architectures._coupled_stages import layer_names
    >>> layer_names([("stage 1", "weight"), ("stage 2", "0__weight"), ("stage 2", "1__weight")])
    ['stage 1, weight', 'stage 2, 0.weight', 'stage 2, 1.weight']
    """
    dotted = [(stage, name.replace("__", ".")) for stage, name in parameters]
    layers: dict[str, set[str]] = {}
    for stage, name in dotted:
        layers.setdefault(stage, set()).add(name.rpartition(".")[0])
    return [
        f"{stage}, {name.rpartition('.')[2] if len(layers[stage]) == 1 else name}"
        for stage, name in dotted
    ]


def coupled_stages(named: Sequence[int] | None, last: int) -> set[int]:
    """The stages to couple, counted from the entry, of those named; all by default.

    Parameters
    ----------
    named : sequence of int, optional
    last : int
        Position of the heads.

    Raises
    ------
    ParameterError
        If a stage is named that there is not, or one twice.
    """
    if named is None:
        return set(range(last + 1))
    beyond = [stage for stage in named if stage > last]
    if beyond:
        sentence = (
            f"The `stages` parameter of SoftSharing must be stages between 0, the entry, and {last}, "
            f"the heads. Got {beyond[0]} instead; the encoder has {last - 1} stages."
        )
        raise ParameterError(sentence)
    if -1 in named and last in named:
        sentence = (
            "The `stages` parameter of SoftSharing must be different stages. "
            f"Got -1 and {last}, which both mean the heads; leave out one of them."
        )
        raise ParameterError(sentence)
    return {last if stage == -1 else stage for stage in named}


def check_coupled(named: Sequence[int] | None, last: int, coupled: Iterable[str]) -> None:
    """Refuse a named stage in which there is nothing that all tasks have alike.

    Parameters
    ----------
    named, last
        As in `coupled_stages`.
    coupled : iterable of str
        Coupled parameters, as ``"STAGE/PARAMETER"``.
    """
    stages = {int(name.partition("/")[0]) for name in coupled}
    empty = sorted(coupled_stages(named, last) - stages) if named is not None else []
    if empty:
        why = {
            0: "the entry has no weights that all tasks have in one source",
            last: "no block of equal kind and size holds several tasks for this penalty",
        }
        sentence = (
            f"The `stages` parameter of SoftSharing must name stages with weights that tasks have "
            f"alike. Got {empty[0]} instead: {why.get(empty[0], 'this stage has none')}. Leave it "
            "out, or couple others."
        )
        raise ParameterError(sentence)
