"""Model of a trained network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from safetensors.torch import load, save_model

from polytask._files import replacing, write_json
from polytask._recipes import from_json, to_json
from polytask._torch_defaults import torch_defaults
from polytask.architectures import Architecture, MultiTaskModule
from polytask.data import Schema, Source, SourceBatch, encode
from polytask.encoders._weight_files import without_weight_files
from polytask.exceptions import BundleError
from polytask.predictor._contents import Contents
from polytask.predictor._forward_cost import ForwardCost
from polytask.predictor._measured_cost import measured_cost
from polytask.predictor._model import Model
from polytask.predictor._weights import check_finite_weights, limit_parameters, load_weights
from polytask.tasks import TaskRelation, TaskSet
from polytask.training import route, score

__all__ = ["NetworkModel"]

_RECIPE = "architecture.json"
_WEIGHTS = "weights.safetensors"


@dataclass(frozen=True, eq=False)
class NetworkModel(Model):
    """A trained network, and the recipe that rebuilds it.

    Parameters
    ----------
    architecture : Architecture
        The recipe; factories in it must be importable for the model to be saved.
    network : MultiTaskModule
        The trained network.
    tasks : TaskSet
    schemas : mapping of source name to Schema
    preference : array of shape (n_tasks,), optional
        Of a network that takes one; equal preferences by default.
    """

    architecture: Architecture
    network: MultiTaskModule
    tasks: TaskSet
    schemas: Mapping[str, Schema]
    preference: Float32[np.ndarray, " n_tasks"] | None = None

    @property
    def n_parameters(self) -> int:
        """Number of trainable parameters."""
        return sum(p.numel() for p in self.network.parameters() if p.requires_grad)

    @property
    def takes_preference(self) -> bool:
        """Whether the architecture takes one."""
        return self.architecture.takes_preference

    def at(self, preference: Float32[np.ndarray, " n_tasks"]) -> Model:
        """The same network at a preference between all its tasks, with sum 1."""
        return replace(self, preference=preference)

    @torch_defaults()
    def forward_cost(self, sources: Sequence[Source]) -> ForwardCost | None:
        """Operations of a row, and seconds of a pass over the rows."""
        return measured_cost(self.network, {s.name: self.tensors(s) for s in sources})

    def relations(self) -> Mapping[str, TaskRelation]:
        """What the network has learned of how tasks are related, by layer."""
        return self.network.relations()

    def scores(self, sources: Sequence[Source]) -> dict[str, dict[str, np.ndarray]]:
        """Raw scores by source name and task, for `source.rows_of(task)` in that order."""
        return {source.name: self._scores(source) for source in sources}

    @property
    def routed_sources(self) -> tuple[str, ...]:  # type: ignore[override] # read-only here
        """Those of the network."""
        return self.network.routed_sources

    @torch_defaults()
    def route(self, source: Source) -> np.ndarray:
        """Scores of the source's tasks for each row."""
        scores = route(self.network, {source.name: self.tensors(source)})[source.name]
        columns = [self.network.tasks_in(source.name).index(name) for name in source.tasks.names]
        return scores[:, columns].cpu().numpy()

    def tensors(self, source: Source) -> SourceBatch:
        """The rows of a source as the network takes them, on its device."""
        encoded = encode([source], self.tasks, self.schemas, self.network.blocks)[source.name]
        rows = replace(encoded, preference=self.preference)
        device = next((p.device for p in self.network.parameters()), torch.device("cpu"))
        return rows.map(lambda array: torch.as_tensor(array, device=device))

    @torch_defaults()
    def _scores(self, source: Source) -> dict[str, np.ndarray]:
        rows = self.tensors(source)
        raw = score(self.network, {source.name: rows})
        scores = {}
        for block in self.network.blocks:
            for position, name in enumerate(block.tasks_in(source.name)):
                if name not in source.tasks.names:
                    continue
                table = raw[source.name, block.name].cpu().numpy()[source.rows_of(name)]
                own = table if rows.task is not None else table[:, position]
                scores[name] = own.reshape(len(own), *block.score_shape)
        return scores

    def save(self, folder: Path) -> None:
        """Write ``architecture.json`` and ``weights.safetensors``."""
        check_finite_weights(self.network, str(folder))
        write_json(folder / _RECIPE, to_json(self.architecture))
        with replacing(folder / _WEIGHTS) as temporary:
            save_model(self.network, str(temporary))

    @classmethod
    @torch_defaults()
    def load(
        cls, contents: Contents, tasks: TaskSet, schemas: Mapping[str, Schema]
    ) -> NetworkModel:
        """Read what `save` wrote."""
        weights = load(contents.read(_WEIGHTS))
        with without_weight_files():
            architecture = from_json(contents.json(_RECIPE))
        if not isinstance(architecture, Architecture):
            raise BundleError(f"{contents.path(_RECIPE)} describes no architecture.")
        n_weights = sum(tensor.numel() for tensor in weights.values())
        with limit_parameters(n_weights), without_weight_files():
            network = architecture.build(schemas, tasks, seed=0)
        load_weights(network, weights)
        check_finite_weights(network, str(contents.path(_WEIGHTS)))
        return cls(architecture, network.eval(), tasks, schemas)
