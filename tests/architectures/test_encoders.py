"""Encoders: stages, factories, initialisers, tensor inputs, several sources."""

import numpy as np
import pytest
import torch
from torch import nn
from training_tables import mixed_table, regression_table

from polytask.architectures import HardSharing, Separate, SingleTask, SoftSharing
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import MLP, ByRole, CustomEncoder, PiecewiseLinear, ResidualMLP, TabM
from polytask.exceptions import ParameterError
from polytask.penalties import TraceNorm
from polytask.tasks import Task
from polytask.training import Trainer, to_tensors


def lenet(in_shape: tuple[int, ...]) -> nn.Module:
    """A small convolutional encoder for square images."""
    return nn.Sequential(
        nn.Unflatten(1, (1, in_shape[0])),
        nn.Conv2d(1, 4, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
    )


@pytest.mark.parametrize("architecture", [HardSharing(lenet), SingleTask(lenet)])
def test_a_tensor_column_reaches_a_convolution_as_it_is(architecture):
    images = np.random.default_rng(0).normal(size=(40, 8, 8)).astype(np.float32)
    labels = np.stack([images[:, 0].mean(axis=1) > 0, images.mean(axis=(1, 2)) > 0], axis=1).astype(
        float
    )
    data = MultiTaskDataset.from_arrays(
        images, labels, [Task("top", "binary"), Task("all", "binary")]
    )
    trained = Trainer(steps=5).fit(architecture, data, data)
    assert trained.history.n_steps == 5


@pytest.mark.parametrize(
    "encoder", [MLP((8, 4), dropout=0.1, normalization="layer"), ResidualMLP(width=6, depth=3)]
)
def test_stages_fit_one_another(encoder):
    stages = encoder.stages((5,))
    rows = torch.randn(3, 5)
    for stage in stages:
        rows = stage(rows)
    assert rows.shape == (3, 4 if isinstance(encoder, MLP) else 6)


def test_no_layers_make_linear_models():
    data = mixed_table()
    network = HardSharing(MLP(())).build(fit_schemas(data), data.tasks, seed=0)
    assert not list(network.trunk.parameters())


def test_a_factory_that_gives_no_rows_of_features_is_refused():
    data = mixed_table()
    with pytest.raises(
        ParameterError, match=r"`encoder` parameter must give features of shape \(n, h\)"
    ):
        HardSharing(lambda _: nn.Flatten(0)).build(fit_schemas(data), data.tasks, seed=0)
    with pytest.raises(ParameterError, match=r"factory must return a torch.nn.Module. Got int"):
        HardSharing(lambda _: 3).build(fit_schemas(data), data.tasks, seed=0)


@pytest.mark.parametrize("takes_encoder", [HardSharing, SingleTask, CustomEncoder])
def test_a_module_in_place_of_its_factory_is_refused(takes_encoder):
    with pytest.raises(ParameterError, match=r"a function that builds one, not a module itself"):
        takes_encoder(nn.Linear(18, 32))


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: HardSharing(TabM), r'`encoder` .*: TabM\(\)\. Its name will do, too: "tab_m"\.$'),
        (lambda: SingleTask(TabM), r'`encoder` .*: TabM\(\)\. Its name will do, too: "tab_m"\.$'),
        (lambda: ByRole({"image": TabM}), r"`encoders` .* class: TabM\(\)\.$"),
        (lambda: TabM(numbers=PiecewiseLinear), r'PiecewiseLinear\(\).*: "piecewise_linear"\.$'),
        (lambda: SoftSharing(penalty=TraceNorm), r'TraceNorm\(\)\. .*, too: "trace_norm"\.$'),
        (lambda: Separate(HardSharing), r"class: HardSharing\(\)\.$"),
        (lambda: HardSharing(dict), r"a factory of torch modules .*Got <class 'dict'> instead\.$"),
    ],
)
def test_a_class_in_place_of_its_recipe_is_refused(make, words):
    with pytest.raises(ParameterError, match=words):
        make()


def test_a_module_class_is_a_factory():
    assert HardSharing(nn.Linear).encoder is nn.Linear


def test_a_factory_that_cannot_be_called_so_says_why():
    def demanding(in_shape, width):
        return nn.Linear(in_shape[0], width)

    sentence = r"`encoder` parameter.*Called with \(18,\), it said: .*missing 1 required.*'width'"
    with pytest.raises(ParameterError, match=sentence) as caught:
        CustomEncoder(demanding).stages((18,))
    assert isinstance(caught.value.__cause__, TypeError)


def test_initialisers_draw_matrices_and_zero_biases():
    data = mixed_table()
    network = HardSharing(MLP((32,)), initializer="orthogonal").build(
        fit_schemas(data), data.tasks, seed=0
    )
    linear = network.trunk[0][0]
    gram = (
        linear.weight.T @ linear.weight
        if linear.in_features <= 32
        else linear.weight @ linear.weight.T
    )
    torch.testing.assert_close(gram, torch.eye(len(gram)), atol=1e-5, rtol=0)
    assert not linear.bias.any()


def test_sources_of_different_schemas_meet_in_the_trunk():
    draw = np.random.default_rng(0)
    data = MultiTaskDataset.from_per_task(
        {
            "wide": (draw.normal(size=(30, 6)), draw.normal(size=30)),
            "narrow": (draw.normal(size=(20, 2)), draw.normal(size=20)),
        }
    )
    schemas = fit_schemas(data)
    network = HardSharing(MLP((8,))).build(schemas, data.tasks, seed=0)
    sources = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    both = network(sources)
    (block,) = network.blocks
    assert both["wide", block.name].shape == (30, 1, 1)
    assert both["narrow", block.name].shape == (20, 1, 1)
    alone = network({"narrow": sources["narrow"]})
    torch.testing.assert_close(alone["narrow", block.name], both["narrow", block.name])
    assert {("wide",), ("narrow",), ("wide", "narrow")} == {o.tasks for o in network.owners()}


def test_building_leaves_the_global_generator_alone():
    data = mixed_table()
    schemas = fit_schemas(data)
    for architecture in (HardSharing(), SingleTask()):
        before = torch.get_rng_state()
        first = architecture.build(schemas, data.tasks, seed=1).state_dict()
        assert torch.equal(before, torch.get_rng_state())
        again = architecture.build(schemas, data.tasks, seed=1).state_dict()
        other = architecture.build(schemas, data.tasks, seed=2).state_dict()
        assert all(torch.equal(first[name], again[name]) for name in first)
        assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("name", ["xavier_uniform", "kaiming_normal", "orthogonal"])
def test_heads_are_drawn_as_those_of_single_tasks(name):
    data = regression_table(n_tasks=40)
    schemas = fit_schemas(data)
    deviations = [
        recipe(MLP((32,)), initializer=name)
        .build(schemas, data.tasks, 0)
        .heads[0]
        .weight.detach()
        .std()
        for recipe in (HardSharing, SingleTask)
    ]
    assert deviations[0] == pytest.approx(float(deviations[1]), rel=0.1)
