"""Abstract base class of architectures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from polytask._naming import snake_case
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._own_encoder import encoder_name, encoder_training, encoder_tuned
from polytask.data import Bins, Schema, Tokenizer
from polytask.tasks import TaskSet

__all__ = ["Architecture"]


class Architecture(ABC):
    """A recipe: a frozen dataclass of plain arguments that builds a network.

    Attributes
    ----------
    shares : bool
        Whether tasks share anything; False for single-task baselines.
    takes_preference : bool
        Whether its network is conditioned on a preference between the tasks, so that their
        trade-off is chosen in predicting; see `MultiTaskModule.draw_preference`.
    one_task_per_row : bool
        Whether sources must carry one task, or rows that each belong to one; `build` refuses
        others.

    Examples
    --------
    One trunk for all tasks, from the pieces that all architectures are written from:

    >>> from dataclasses import dataclass
    >>> from polytask.architectures import (
    ...     Architecture,
    ...     Heads,
    ...     Inputs,
    ...     MultiTaskModule,
    ...     Stages,
    ...     seeded,
    ... )
    >>> from polytask.encoders import MLP
    >>> class OneTrunk(MultiTaskModule):
    ...     def __init__(self, encoder, schemas, tasks):
    ...         super().__init__(schemas, tasks)
    ...         self.inputs = Inputs(encoder, schemas)
    ...         self.trunk = Stages(encoder, self.inputs)
    ...         self.heads = Heads(self.blocks, tasks, self.trunk.shape)
    ...
    ...     def features(self, batch):
    ...         return self.trunk(self.inputs(batch))
    ...
    ...     def answer(self, features, batch):
    ...         return self.heads(features, batch)
    >>> @dataclass(frozen=True)
    ... class Trunk(Architecture):
    ...     width: int = 8
    ...
    ...     def build(self, schemas, tasks, seed):
    ...         with seeded(seed):
    ...             return OneTrunk(MLP((self.width,)), schemas, tasks)
    >>> from polytask.testing import check_architecture
    >>> check_architecture(Trunk())
    """

    shares: ClassVar[bool] = True
    takes_preference: ClassVar[bool] = False
    one_task_per_row: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """Name in tables: the class in snake case, with an unusual encoder, ``hard_sharing+tab_m``."""
        return "+".join(filter(None, (snake_case(type(self).__name__), self.encoder_name)))

    @property
    def encoder_name(self) -> str | None:
        """Name of the encoder, for a recipe whose field `encoder` has one of another class than usual."""
        return encoder_name(self)

    @property
    def training(self) -> Mapping[str, Any]:
        """Settings of `polytask.training.Trainer` that suit the network: those of its encoder."""
        return encoder_training(self)

    @property
    def bins(self) -> Bins | None:
        """Bins of numeric columns that the schemas must hold; none by default.

        `fit_schemas(data, architecture.bins)` learns them.
        """
        return None

    @property
    def tokenizer(self) -> Tokenizer | None:
        """Tokenizer that makes pieces of the words of texts, for the schemas; none by default.

        `fit_schemas(data, architecture.bins, tokenizer=architecture.tokenizer)` reads texts with it.
        """
        return None

    @property
    def tuned(self) -> tuple[str, ...]:
        """Settings by path that a comparison tries first: those that its encoder names."""
        return encoder_tuned(self)

    @abstractmethod
    def build(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> MultiTaskModule:
        """Build the network for fitted schemas; equal seeds give equal parameters.

        Parameters
        ----------
        schemas : mapping of source name to Schema
        tasks : TaskSet
        seed : int
            Seeds the initial parameters; the global generator is left as it was.
        """

    def refuses(self, tasks: TaskSet) -> str | None:
        """Reason why the architecture cannot serve these tasks; None if it can, as by default."""
        del tasks
        return None

    def notes(self, tasks: TaskSet) -> Sequence[str]:
        """Sentences on what the architecture decides for these tasks by itself; none by default.

        `polytask.fit` and `polytask.compare` pass them on to the user.
        """
        del tasks
        return ()

    def nested(self, tasks: TaskSet) -> Sequence[tuple[str, str]]:
        """Pairs of binary tasks of which the first is taken to happen only with the second.

        None by default. `polytask.fit` and `polytask.compare` say how many rows contradict it.
        """
        del tasks
        return ()

    def single_task(self) -> Architecture | None:
        """Return the recipe that learns each task alone in the same way, or None."""
        return None

    def alone(self) -> Architecture:
        """Return the recipe with which `Separate` builds a network for one task alone.

        By default this recipe itself. One that names its tasks, or how they are related, returns
        itself without that.
        """
        return self

    def twin(self) -> Architecture | None:
        """Return the recipe that builds a network of this architecture for each task alone.

        By default `Separate` of this recipe; None if tasks share nothing.
        """
        from polytask.architectures._separate import Separate  # which extends this class

        return Separate(self) if self.shares else None
