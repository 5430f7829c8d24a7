"""No architecture makes tensors of its own on the CPU: they run on the meta device."""

import pytest
import torch
from small_architectures import data_for, small_architectures

from polytask.data import encode, fit_schemas
from polytask.training import to_tensors

ARCHITECTURES = small_architectures()


def meta_network(architecture, data):
    schemas = fit_schemas(data)
    network = architecture.build(schemas, data.tasks, 0)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    moved = {name: source.map(lambda tensor: tensor.to("meta")) for name, source in rows.items()}
    return network.to("meta"), moved


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_architectures(name):
    architecture = ARCHITECTURES[name]
    network, batch = meta_network(architecture, data_for(architecture))
    raw = network(batch)
    features = network.features(batch) or {}
    penalties = [network.penalty(), network.batch_penalty(features, raw, batch)]
    tensors = [*raw.values(), *(penalty for penalty in penalties if penalty is not None)]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    torch.stack([tensor.sum() for tensor in tensors]).sum().backward()
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    assert gradients
    assert {gradient.device.type for gradient in gradients} == {"meta"}
