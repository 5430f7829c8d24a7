"""A network of more parameters than were saved is refused before its memory is filled."""

import tracemalloc

import pytest
import torch
from small_architectures import data_for, small_architectures, small_variants
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from polytask.architectures import (
    NDDR,
    Adapters,
    AdaTT,
    Copies,
    CrossStitch,
    DSelectK,
    HyperNetworkHeads,
    LoRA,
    ParetoHyperNetwork,
    Pooled,
    Sluice,
    SoftSharing,
    TaskEmbedding,
)
from polytask.data import Part, fit_schemas
from polytask.encoders import MLP, PackedMLP, TabM
from polytask.penalties import MultilinearRelationship
from polytask.predictor._weights import limit_parameters
from polytask.testing import tiny_dataset

SMALL = MLP((8, 8))
RECIPES = small_architectures() | small_variants(SMALL)
RECIPES |= {
    "AdaTT, several experts": AdaTT(SMALL, n_specific=2),
    "CrossStitch, per channel": CrossStitch(SMALL, per_channel=True),
    "Pooled, film": Pooled(SMALL, task_input="film"),
}


class Fills(TorchDispatchMode):
    """Storages that an operation other than an allocation has written, and how many numbers."""

    def __init__(self):
        super().__init__()
        self.written, self.n_numbers = set(), 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        outputs = function(*args, **(kwargs or {}))
        allocates = function.overloadpacket in (torch.ops.aten.empty, torch.ops.aten.empty_like)
        is_view = any(r.alias_info and not r.alias_info.is_write for r in function._schema.returns)
        for tensor in tree_leaves(outputs):
            if not isinstance(tensor, torch.Tensor) or tensor.is_meta:
                continue
            if allocates:
                self.written.discard(_storage(tensor))
            elif not is_view:
                self.written.add(_storage(tensor))
                self.n_numbers += tensor.numel()
        return outputs


def _storage(tensor):
    return tensor.untyped_storage().data_ptr()


@pytest.mark.parametrize("name", RECIPES)
def test_parameters_are_registered_before_they_are_filled(name):
    """Stacked copies come from modules whose parameters were registered."""
    recipe, early = RECIPES[name], []
    data = data_for(recipe)
    schemas = fit_schemas(data)
    with Fills() as fills:

        def note(module, name, parameter):
            filled = parameter is not None and parameter.numel() and not parameter.is_meta
            if filled and _storage(parameter) in fills.written and not isinstance(module, Copies):
                early.append(f"{type(module).__name__}.{name}")

        handle = register_module_parameter_registration_hook(note)
        try:
            recipe.build(schemas, data.tasks, 0)
        finally:
            handle.remove()
    assert fills.n_numbers
    assert not early


@pytest.mark.parametrize(
    "recipe",
    [
        ParetoHyperNetwork(MLP((300, 300)), hidden=60),
        HyperNetworkHeads(MLP((2000,)), hidden=300),
        HyperNetworkHeads(SMALL, task_dim=500_000),
        TaskEmbedding(SMALL, task_dim=500_000),
        Pooled(SMALL, task_dim=500_000),
        Adapters(SMALL, bottleneck=50_000),
        AdaTT(SMALL, n_specific=100),
        LoRA(MLP((160, 160)), rank=160),
        NDDR(MLP((500,))),
        Sluice(MLP((8,)), n_subspaces=1000),
        DSelectK(MLP((1000,)), n_experts=64, n_selected=32),
        SoftSharing(MLP((1000,)), penalty=MultilinearRelationship()),
    ],
    ids=lambda recipe: recipe.name,
)
def test_a_large_network_is_refused_before_it_is_filled(recipe):
    data = tiny_dataset(["regression"] * 2)
    schemas = fit_schemas(data)
    with Fills() as fills, pytest.raises(ValueError, match="more parameters"), limit_parameters(10):
        recipe.build(schemas, data.tasks, 0)
    assert fills.n_numbers < 2**18


def test_experts_without_a_stage_are_not_built_one_by_one(monkeypatch):
    monkeypatch.setattr("polytask.predictor._weights._FEW", 0)
    recipe, data = AdaTT(MLP(()), n_specific=1000), tiny_dataset(["regression"] * 2)
    with limit_parameters(30):
        network = recipe.build(fit_schemas(data), data.tasks, 0)
    assert not len(network.towers)


@pytest.mark.parametrize("encoder", [MLP((4,)), TabM(2, (4,))])
def test_cells_of_tensors_are_counted_before_they_are_listed(encoder):
    part = Part("tensor:image", "tensor", (2**11, 2**11))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more parameters"), limit_parameters(10):
            encoder.entry([part])
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("widths", [(), (4,)])
def test_weights_of_members_are_counted_before_a_row_of_each_is_laid_out(widths, monkeypatch):
    monkeypatch.setattr("polytask.predictor._weights._FEW", 0)
    encoder = PackedMLP(1000, widths, numbers="standardized")
    with pytest.raises(ValueError, match="more parameters"), limit_parameters(10):
        encoder.entry([Part("numeric", "numeric", (3,))])
