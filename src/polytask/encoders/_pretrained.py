"""An encoder whose weights come from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Choice, Constraint, InstanceOf, MappingOf, Satisfies
from polytask.data import Bins, Part
from polytask.encoders._custom_encoder import ENCODER, as_encoder, named_encoder
from polytask.encoders._encoder import Encoder
from polytask.encoders._state import MaskedStage, State
from polytask.encoders._weight_files import WEIGHT_FILES, file_digest, read_tensors, renamed
from polytask.exceptions import ParameterError

__all__ = ["Pretrained", "reported_weights", "without_weight_files"]

_REPORTS: ContextVar[list[str] | None] = ContextVar("reports", default=None)
_READS: ContextVar[bool] = ContextVar("reads", default=True)
_MOST_NAMES = 3


@dataclass(frozen=True)
class Pretrained(Encoder):
    """An encoder whose stages start from the tensors of a local file.

    Parameters
    ----------
    recipe : Encoder, callable or str
        An encoder such as `ResNet`, its name, or a factory as for `CustomEncoder`.
    path : str
        A file ``.safetensors``, or ``.pt``, ``.pth`` or ``.bin`` of tensors alone; no code of it
        is run.
    rename : mapping of str to str, default {}
        How names of the file begin, and how those of the stages begin in their place, such as
        ``{"layer1.": "1."}``. The stages' tensors are named by their number from 0 on, a point, and their
        name in the stage. A beginning that all names of the file share, such as ``trunk.`` of a model
        that polytask saved, is found without it.
    freeze : bool, default False
        Whether tensors of the file stay as they are. Stages then run as in evaluation, without dropout
        and with the statistics of their batch normalisation.
    digest : str, default ""
        Of the file's bytes, computed where the file is at hand. A recorded run belongs to one file.

    Raises
    ------
    ParameterError
        If the file cannot be read, changed since the recipe was made, or holds no tensor that fits.

    Notes
    -----
    Tensors that the file lacks, or that have another shape, start as drawn; the notes of a training
    say which. The entry, whose vectors of words and categories belong to the columns of a table, is
    learned from the start. A saved model holds its weights, and does not need the file again.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from safetensors.torch import save_file
    >>> from torch import nn
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import CNN, Pretrained
    >>> recipe = CNN((4,), dense=())
    >>> with TemporaryDirectory() as folder:
    ...     path = str(Path(folder) / "weights.safetensors")
    ...     save_file(nn.ModuleList(recipe.stages((1, 8, 8))).state_dict(), path)
    ...     architecture = HardSharing(Pretrained(recipe, path))
    ...     stages = architecture.encoder.stages((1, 8, 8))
    >>> len(stages)
    2
    """

    recipe: Encoder | Callable[..., Any] | str
    path: str
    rename: Mapping[str, str] = field(default_factory=dict)
    freeze: bool = False
    digest: str = ""

    by_name: ClassVar[tuple[str, ...]] = ("recipe",)
    starts_drawn: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "recipe": ENCODER,
        "path": Satisfies(
            lambda path: isinstance(path, str) and path.endswith(WEIGHT_FILES),
            f"the path of a file {', '.join(WEIGHT_FILES)}",
        ),
        "rename": MappingOf(InstanceOf((str,)), InstanceOf((str,))),
        "freeze": Choice((True, False)),
        "digest": InstanceOf((str,)),
    }

    def __post_init__(self) -> None:
        if isinstance(self.recipe, str):
            object.__setattr__(self, "recipe", named_encoder(self.recipe, "recipe"))
        super().__post_init__()
        path = Path(self.path)
        if _READS.get() and (path.is_file() or not self.digest):
            object.__setattr__(self, "digest", file_digest(path))

    @property
    def _inner(self) -> Encoder:
        return as_encoder(self.recipe)

    @property
    def takes(self) -> frozenset[str]:  # type: ignore[override]
        """Roles that the encoder reads."""
        return self._inner.takes

    @property
    def rows_apart(self) -> bool:  # type: ignore[override]
        """Whether a row's features depend on that row alone."""
        return self._inner.rows_apart

    @property
    def rows_at_once(self) -> int:  # type: ignore[override]
        """How many rows are scored at once."""
        return self._inner.rows_at_once

    @property
    def members(self) -> int:  # type: ignore[override]
        """Members of the ensemble that the encoder holds."""
        return self._inner.members

    @property
    def training(self) -> Mapping[str, Any]:  # type: ignore[override]
        """Settings of a trainer that suit the encoder."""
        return self._inner.training

    @property
    def bins(self) -> Bins | None:
        """Those that the encoder needs."""
        return self._inner.bins

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """The encoder's entry."""
        return self._inner.entry(parts)

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The encoder's stages, with the tensors of the file where they fit."""
        stages = list(self._inner.stages(shape))
        if _READS.get():
            self._load(nn.ModuleList(stages))
        return [_frozen(stage) for stage in stages] if self.freeze else stages

    def _load(self, stages: nn.ModuleList) -> None:
        path = Path(self.path)
        if self.digest != file_digest(path):
            sentence = (
                f"The `path` parameter of Pretrained, {self.path}, held other bytes when the recipe was "
                "made. Make the recipe anew."
            )
            raise ParameterError(sentence)
        own = stages.state_dict(keep_vars=True)
        held = renamed(self.rename, read_tensors(path))
        given = _without_shared_start(held, list(own))
        fits = [name for name in own if name in given and given[name].shape == own[name].shape]
        if not fits:
            raise ParameterError(_nothing_fits(path.name, type(self._inner).__name__, held, own))
        for name in fits:
            _fill(own[name], given[name], name, path.name)
            if self.freeze:
                own[name].requires_grad_(requires_grad=False)
        reports = _REPORTS.get()
        if reports is not None:
            reports.append(_report(path.name, type(self._inner).__name__, given, own, fits))


@contextmanager
def without_weight_files() -> Iterator[None]:
    """Build stages without the tensors of files, of networks whose weights are loaded afterwards."""
    token = _READS.set(False)
    try:
        yield
    finally:
        _READS.reset(token)


@contextmanager
def reported_weights() -> Iterator[list[str]]:
    """Sentences on the tensors of files that stages built in the block start from."""
    reports: list[str] = []
    token = _REPORTS.set(reports)
    try:
        yield reports
    finally:
        _REPORTS.reset(token)


def _without_shared_start(held: Mapping[str, Tensor], own: Sequence[str]) -> dict[str, Tensor]:
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
    >>> from polytask.encoders._pretrained import _shared_starts
    >>> _shared_starts(["0.backbone.stem.weight", "0.backbone.fc.weight"])
    ['0.backbone.', '0.', '']
    """
    by_place = zip(*(name.split(".")[:-1] for name in names), strict=False)
    shared = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, by_place)]
    return ["".join(f"{part}." for part in shared[:end]) for end in range(len(shared), -1, -1)]


@torch.no_grad()
def _fill(own: Tensor, given: Tensor, name: str, file: str) -> None:
    if not torch.isfinite(given).all():
        sentence = (
            f"The `path` parameter of Pretrained must be a file of finite numbers. {name} of {file} "
            "holds others; choose another file."
        )
        raise ParameterError(sentence)
    if not own.is_meta:
        own.copy_(given)


def _report(
    file: str,
    encoder: str,
    given: Mapping[str, Tensor],
    own: Mapping[str, Tensor],
    fits: Sequence[str],
) -> str:
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


def _nothing_fits(
    file: str, encoder: str, held: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> str:
    got = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in _first(held))
    has = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in _first(own))
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


def _first(tensors: Mapping[str, Tensor]) -> list[tuple[str, Tensor]]:
    return list(tensors.items())[:_MOST_NAMES]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _frozen(stage: nn.Module) -> nn.Module:
    return _FrozenMasked(stage) if isinstance(stage, MaskedStage) else _Frozen(stage)


class _Frozen(nn.Module):
    """A stage that always runs as in evaluation."""

    def __init__(self, stage: nn.Module) -> None:
        super().__init__()
        self.stage = stage
        self.eval()

    def train(self, mode: bool = True) -> _Frozen:
        del mode
        super().train(False)
        return self

    def forward(self, values: Tensor) -> Tensor:
        features: Tensor = self.stage(values)
        return features


class _FrozenMasked(MaskedStage):
    """The same of a stage that reads a mask."""

    def __init__(self, stage: nn.Module) -> None:
        super().__init__()
        self.stage = _Frozen(stage)

    def forward(self, state: State) -> State:
        advanced: State = self.stage.stage(state)
        return advanced
