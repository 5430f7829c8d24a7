"""The skeleton of networks conditioned on a preference between the tasks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Interval
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._heads import Heads
from polytask.architectures._inputs import Inputs
from polytask.architectures._stages import Stages
from polytask.data import Batch, Schema
from polytask.encoders import Encoder
from polytask.tasks import TaskSet

__all__ = ["CONCENTRATION", "PreferenceNetwork"]

CONCENTRATION = Interval(float, 0.01, 1000.0)
"""Concentrations of the Dirichlet distribution of preferences."""


class PreferenceNetwork(EncoderNetwork):
    """A trunk and a head per task; a subclass conditions them on the batch's preference.

    Parameters
    ----------
    owner : str
        The recipe's name, for errors.
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    concentration : float
        Of the symmetric Dirichlet distribution that preferences are drawn from.
    inputs : Inputs, optional
        Entries, by default those of the encoder.

    Attributes
    ----------
    equal : tensor of shape (n_tasks,)
        The preference of rows without one.
    """

    equal: Tensor

    def __init__(
        self,
        owner: str,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        concentration: float,
        inputs: Inputs | None = None,
    ) -> None:
        super().__init__(owner, encoder, schemas, tasks, inputs)
        self.concentration = concentration
        self.trunk = Stages(encoder, self.inputs)
        self.heads = Heads(self.blocks, tasks, self.trunk.shape, members=self.n_members)
        equal = torch.full((len(tasks),), 1 / len(tasks))
        self.register_buffer("equal", equal, persistent=False)

    def draw_preference(self, generator: torch.Generator) -> Float[Tensor, " n_tasks"]:
        """Draw from the Dirichlet distribution."""
        # torch draws from it without a generator alone
        seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
        concentrations = np.full(len(self.tasks), self.concentration)
        drawn = np.random.default_rng(seed).dirichlet(concentrations)
        return torch.as_tensor(drawn, dtype=torch.float32)

    def preference(self, batch: Batch) -> Float[Tensor, " n_tasks"]:
        """The preference of a batch."""
        given = [rows.preference for rows in batch.values() if rows.preference is not None]
        preference: Tensor = given[0] if given else self.equal
        return preference
