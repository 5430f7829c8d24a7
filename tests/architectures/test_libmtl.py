"""Scores beside LibMTL's, with the same weights; from the checkout that LIBMTL_PATH names."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from polytask.architectures import CGC, DSelectK, HardSharing, MMoE
from polytask.data import MultiTaskDataset, SourceBatch, fit_schemas
from polytask.encoders import MLP

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "sharing_libmtl.py"
N_TASKS, N_FEATURES, WIDTHS, N_EXPERTS = 3, 5, (7, 6), 4


@pytest.fixture(scope="module")
def libmtl_network():
    """The benchmark's function that builds LibMTL's networks."""
    if not os.environ.get("LIBMTL_PATH"):
        pytest.skip("set LIBMTL_PATH to a checkout of LibMTL to run this test")
    spec = importlib.util.spec_from_file_location(BENCHMARK.stem, BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.libmtl_network


def built(recipe):
    """Our network, all of whose weights are drawn wide, and a batch."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(20, N_FEATURES)).astype(np.float32)
    targets = {f"t{k}": generator.normal(size=20) for k in range(N_TASKS)}
    data = MultiTaskDataset.from_arrays(inputs, targets)
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, 0).eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.5)
    rows = torch.randn(9, N_FEATURES)
    ((source, schema),) = schemas.items()
    (part,) = schema.parts
    return network, rows, {source: SourceBatch({part.name: rows})}


def trunk(network):
    """Layers of the trunk under their names in a sequence of linear layers and ReLUs."""
    return {
        f"encoder.{2 * depth}.{name}": getattr(stage[0], name)
        for depth, stage in enumerate(network.trunk)
        for name in ("weight", "bias")
    }


def experts(towers, prefixes):
    """The same of every copy of the stages, the copies under their prefixes."""
    return {
        f"{prefix}.{2 * depth}.{name}": copies.get_parameter(f"0__{name}")[copy]
        for depth, copies in enumerate(towers)
        for copy, prefix in enumerate(prefixes)
        for name in ("weight", "bias")
    }


def layers_of_tasks(path, weights):
    """Linear layers of every task, whose biases are 0."""
    layers = {}
    for k, weight in enumerate(weights):
        layers[path.format(k) + ".weight"] = weight
        layers[path.format(k) + ".bias"] = torch.zeros(len(weight))
    return layers


def shared_experts(towers):
    return experts(towers, [f"experts_shared.{e}" for e in range(N_EXPERTS)])


def of_mmoe(network):
    gates = layers_of_tasks("gate_specific.t{}.0", network.mixture.weight)
    return shared_experts(network.experts) | gates


def of_cgc(network):
    """Own experts stand first in our gates, shared ones in theirs."""
    last = network.last
    own = experts(last.own, [f"experts_specific.t{k}.0" for k in range(N_TASKS)])
    swapped = last.mixture.weight.roll(-1, dims=1)
    return shared_experts(last.shared) | own | layers_of_tasks("gate_specific.t{}.0", swapped)


def of_d_select_k(network):
    """One layer of theirs has the codes of all selectors."""
    codes = layers_of_tasks("_z_logits.t{}", network.mixture.codes.flatten(1, 2))
    shares = layers_of_tasks("_w_logits.t{}", network.mixture.shares)
    return shared_experts(network.experts) | codes | shares


CODES = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.bool)
"""Theirs are made from strings of digits, and recent versions of NumPy read "0" as True."""


@pytest.mark.parametrize(
    ("recipe", "weights_of"),
    [
        (HardSharing(MLP(WIDTHS)), trunk),
        (MMoE(MLP(WIDTHS), n_experts=N_EXPERTS), of_mmoe),
        (CGC(MLP(WIDTHS), n_shared=N_EXPERTS), of_cgc),
        (DSelectK(MLP(WIDTHS), n_experts=N_EXPERTS), of_d_select_k),
    ],
    ids=["HardSharing", "MMoE", "CGC", "DSelectK"],
)
def test_scores_are_libmtls(libmtl_network, recipe, weights_of):
    network, rows, batch = built(recipe)
    name = type(recipe).__name__
    theirs = libmtl_network(name, N_TASKS, N_FEATURES, WIDTHS, N_EXPERTS, "cpu").eval()
    weights = weights_of(network)
    for k in range(N_TASKS):
        weights[f"decoders.t{k}.weight"] = network.heads[0].weight[k]
        weights[f"decoders.t{k}.bias"] = network.heads[0].bias[k]
    theirs.load_state_dict(weights)
    if weights_of is of_d_select_k:
        theirs._binary_codes = CODES[None]
    with torch.no_grad():
        (scores,), wanted = network(batch).values(), theirs(rows)
    for k in range(N_TASKS):
        torch.testing.assert_close(scores[:, k], wanted[f"t{k}"])
