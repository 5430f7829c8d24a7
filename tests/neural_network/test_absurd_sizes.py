"""Absurd sizes of networks are refused at once, in a sentence, before memory is taken."""

import re
import time

import numpy as np
import pytest

import polytask
from polytask.architectures import (
    Adapters,
    AdaTT,
    DSelectK,
    HardSharing,
    HyperNetworkHeads,
    MMoE,
    ParetoHyperNetwork,
    Pooled,
    SingleTask,
    Sluice,
    TaskEmbedding,
)
from polytask.encoders import (
    DCN,
    MLP,
    FTTransformer,
    PackedMLP,
    Periodic,
    PiecewiseLinear,
    ResidualMLP,
    TabM,
)
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

SMALL = MLP((8, 8))


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    table = {"x": generator.normal(size=60), "c": list("xyz") * 20}
    return polytask.read({**table, "y": np.arange(60.0), "z": np.arange(60.0)}, ["y", "z"])


@pytest.mark.parametrize("size", [10**7, 10**12, 10**19])
@pytest.mark.parametrize(
    "encoder",
    [
        lambda size: MLP((size,)),
        lambda size: MLP(embedding_dim=size),
        lambda size: TabM(members=size),
        lambda size: PackedMLP(members=size),
        lambda size: DCN(n_crosses=size),
        lambda size: DCN(rank=size),
        lambda size: FTTransformer(width=size),
        lambda size: FTTransformer(depth=size),
        lambda size: FTTransformer(ffn_factor=float(size)),
        lambda size: ResidualMLP(depth=size),
        lambda size: ResidualMLP(hidden_factor=float(size)),
        lambda size: Periodic(n_frequencies=size),
        lambda size: PiecewiseLinear(width=size),
        lambda size: MMoE(SMALL, n_experts=size),
        lambda size: AdaTT(SMALL, n_specific=size),
    ],
)
def test_a_size_beyond_all_networks_is_a_slip(encoder, size):
    with pytest.raises(
        ParameterError, match=r"The `\w+` parameter of \w+ must be .* in [\[(]\d"
    ) as caught:
        encoder(size)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [10**12, 10**19])
@pytest.mark.parametrize(
    "architecture",
    [
        lambda size: DSelectK(SMALL, n_selected=size),
        lambda size: HyperNetworkHeads(SMALL, task_dim=size),
        lambda size: HyperNetworkHeads(SMALL, hidden=size),
        lambda size: ParetoHyperNetwork(SMALL, hidden=size),
        lambda size: TaskEmbedding(SMALL, task_dim=size),
        lambda size: Pooled(SMALL, task_dim=size),
        lambda size: Adapters(SMALL, bottleneck=size),
        lambda size: Sluice(SMALL, n_subspaces=size),
        lambda _: HardSharing(MLP((99_999, 99_999, 99_999))),
        lambda _: SingleTask(MLP((99_999, 99_999, 99_999))),
    ],
)
def test_a_network_beyond_the_memory_is_refused(architecture, size, data, monkeypatch):
    monkeypatch.setattr("polytask.architectures._limited_size.total_memory", lambda: 16e9)
    learner = MultiTaskNetwork(architecture(size), Trainer(steps=1))
    sentence = f"The network of {learner.name} for 2 tasks is too large for the memory of 16 GB"
    started = time.monotonic()
    assert sentence in (learner.refuses(data) or "")
    with pytest.raises(ParameterError, match=re.escape(sentence)):
        learner.fit(data, None)
    assert time.monotonic() - started < 5.0
    with pytest.raises(ParameterError, match=re.escape(sentence)):
        polytask.fit(data, learner)


@pytest.mark.filterwarnings("ignore")
def test_more_bins_than_rows_are_as_many_as_there_can_be(data):
    encoder = MLP((4,), numbers=PiecewiseLinear(n_bins=10**12))
    model = polytask.fit(data, MultiTaskNetwork(HardSharing(encoder), Trainer(steps=1)))
    assert np.isfinite(model.predict({"x": [0.5], "c": ["x"]})["y"].response).all()
