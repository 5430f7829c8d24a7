"""An encoder whose weights come from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from torch import nn

from polytask._validation import Choice, Constraint, InstanceOf, MappingOf, Satisfies
from polytask.data import Bins, Part, Tokenizer
from polytask.encoders._custom_encoder import ENCODER, as_encoder, named_encoder
from polytask.encoders._encoder import Encoder
from polytask.encoders._frozen import frozen
from polytask.encoders._weight_files import (
    WEIGHT_FILES,
    file_digest,
    fill,
    read_tensors,
    reads_files,
    renamed,
    report,
)
from polytask.encoders._weight_names import nothing_fits, weights_report, without_shared_start
from polytask.exceptions import ParameterError

__all__ = ["Pretrained"]


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
        if reads_files() and (path.is_file() or not self.digest):
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

    @property
    def tokenizer(self) -> Tokenizer | None:
        """That of the encoder."""
        return self._inner.tokenizer

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """The encoder's entry."""
        return self._inner.entry(parts)

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The encoder's stages, with the tensors of the file where they fit."""
        stages = list(self._inner.stages(shape))
        if reads_files():
            self._load(nn.ModuleList(stages))
        return [frozen(stage) for stage in stages] if self.freeze else stages

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
        given = without_shared_start(held, list(own))
        fits = [name for name in own if name in given and given[name].shape == own[name].shape]
        if not fits:
            raise ParameterError(nothing_fits(path.name, type(self._inner).__name__, held, own))
        for name in fits:
            fill(own[name], given[name], name, path.name, "`path` parameter of Pretrained")
            if self.freeze:
                own[name].requires_grad_(requires_grad=False)
        report(weights_report(path.name, type(self._inner).__name__, given, own, fits))
