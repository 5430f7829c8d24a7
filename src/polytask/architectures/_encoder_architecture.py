"""Abstract base class of architectures whose features come from one encoder."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from polytask._validation import Constraint, check_parameters
from polytask.architectures._architecture import Architecture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._seeded import seeded
from polytask.architectures._single_task import SingleTask
from polytask.data import Bins, Schema, Tokenizer
from polytask.encoders import MLP, Encoder
from polytask.encoders._custom_encoder import ENCODER, as_encoder, resolve_encoder
from polytask.encoders._layers import INITIALIZER_RANGE, INITIALIZERS, initialize
from polytask.ranges import SearchRange
from polytask.tasks import TaskSet

__all__ = ["EncoderArchitecture"]


@dataclass(frozen=True)
class EncoderArchitecture(Architecture):
    """An architecture with an encoder; a subclass writes `network` and adds its own fields.

    Parameters
    ----------
    encoder : Encoder, callable or str, default MLP()
        A recipe of `polytask.encoders`, such as `MLP` or `ResidualMLP`, its name, or a factory
        ``shape -> nn.Module`` that receives the shape of one encoded row, such as ``(18,)``; see
        `polytask.encoders.CustomEncoder`.
    initializer : str, optional
        How weight matrices are drawn (``"xavier_uniform"``, ``"kaiming_normal"``,
        ``"orthogonal"``, …); PyTorch's own way when None.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from polytask.architectures import EncoderArchitecture, HardSharing
    >>> @dataclass(frozen=True)
    ... class Trunk(EncoderArchitecture):
    ...     def network(self, encoder, schemas, tasks):
    ...         return HardSharing().network(encoder, schemas, tasks)
    >>> Trunk(initializer="orthogonal").single_task()
    SingleTask(encoder=MLP(widths=(256, 256), dropout=0.0, activation='relu', normalization=None, embedding_dim=8, numbers=Standardized()), initializer='orthogonal')
    """

    encoder: Encoder | Callable[..., Any] | str = field(default_factory=MLP)
    initializer: str | None = None

    by_name: ClassVar[tuple[str, ...]] = ("encoder",)
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {"initializer": INITIALIZER_RANGE}
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "encoder": ENCODER,
        "initializer": INITIALIZERS,
    }

    def __post_init__(self) -> None:
        resolve_encoder(self)
        check_parameters(self)

    @property
    def bins(self) -> Bins | None:
        """Those that the encoder needs."""
        return as_encoder(self.encoder).bins

    @property
    def tokenizer(self) -> Tokenizer | None:
        """That of the encoder."""
        return as_encoder(self.encoder).tokenizer

    @abstractmethod
    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the network; the seed is set, and weight matrices are drawn anew afterwards.

        Parameters
        ----------
        encoder : Encoder
            This recipe's, a factory wrapped.
        schemas : mapping of source name to Schema
        tasks : TaskSet
        """

    def build(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> MultiTaskModule:
        """Build the network under the seed."""
        with seeded(seed):
            encoder = as_encoder(self.encoder)
            network = self.network(encoder, schemas, tasks)
            network.n_members, network.rows_at_once = encoder.members, encoder.rows_at_once
            initialize(network, self.initializer)
        return network

    def single_task(self) -> Architecture:
        """One network per task with the same encoder."""
        return SingleTask(self.encoder, self.initializer)
