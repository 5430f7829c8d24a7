"""A network built for a data set, as common checks see it."""

from __future__ import annotations

from polytask.architectures import Architecture, MultiTaskModule
from polytask.data import Batch, MultiTaskDataset, fit_schemas
from polytask.testing._batches import encoded_for
from polytask.testing._require import require

__all__ = ["ArchitectureCase"]


class ArchitectureCase:
    """A recipe, data, and the network that seed 0 builds."""

    def __init__(self, name: str, recipe: Architecture, data: MultiTaskDataset) -> None:
        self.name, self.recipe, self.data = name, recipe, data
        self.schemas = fit_schemas(data, recipe.bins, tokenizer=recipe.tokenizer)
        network: object = recipe.build(self.schemas, data.tasks, 0)
        sentence = f"{name}: builds a {type(network).__name__}, which is no MultiTaskModule."
        require(isinstance(network, MultiTaskModule), sentence)
        self.network = self.build(0).eval()
        self.sources = encoded_for(self.network, data, self.schemas)

    def build(self, seed: int) -> MultiTaskModule:
        """The network of a seed."""
        return self.recipe.build(self.schemas, self.data.tasks, seed)

    @property
    def batch(self) -> Batch:
        """All rows, as the network takes them."""
        return self.network.with_members(self.sources)

    @property
    def tensor_names(self) -> dict[int, str]:
        """Names of all parameters and buffers."""
        named = [*self.network.named_parameters(), *self.network.named_buffers()]
        return {id(tensor): name for name, tensor in named}
