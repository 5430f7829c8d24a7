"""Relations of tasks that fitted models have learned."""

import numpy as np
import pytest
import torch

import polytask
from polytask.architectures import CrossStitch, HardSharing, Sluice, SoftSharing
from polytask.bookkeeping import Budget
from polytask.data import fit_schemas
from polytask.encoders import MLP, ResidualMLP
from polytask.exceptions import UnservedNeedError
from polytask.penalties import MultilinearRelationship, RelationGraph, TaskCovariance
from polytask.testing import tiny_dataset

DATA = tiny_dataset(["regression", "binary", "regression"])
NAMES = DATA.tasks.names
SMALL = MLP((4, 4))


def fitted(architecture):
    return polytask.fit(DATA, architecture, validation=DATA, budget=Budget(steps=3))


@pytest.mark.parametrize(
    ("penalty", "quantity"),
    [
        (TaskCovariance(), "covariance"),
        (RelationGraph(), "relations"),
        (MultilinearRelationship(), "tasks"),
    ],
)
def test_what_a_penalty_learns_has_names(penalty, quantity):
    relations = fitted(SoftSharing(SMALL, penalty=penalty)).relations()
    layers = [layer for layer in relations if layer.startswith("stage")]
    assert layers == ["stage 1, weight", "stage 2, weight"]
    for layer in layers:
        relation = relations[layer]
        assert (relation.quantity, relation.tasks) == (quantity, NAMES)
        assert relation.values.shape == (3, 3)
    heads = {layer: r.tasks for layer, r in relations.items() if layer.startswith("heads of")}
    assert list(heads.values()) == [(NAMES[0], NAMES[2])]


def test_layers_have_one_form_of_name_whatever_the_encoder():
    def names(encoder, **options):
        penalty = TaskCovariance()
        recipe = SoftSharing(encoder, penalty=penalty, **options)
        network = recipe.build(fit_schemas(DATA), DATA.tasks, seed=0)
        return [name for name in network.relations() if not name.startswith("heads of")]

    assert names(MLP(())) == ["entry, weight"]
    default = ["entry, weight", "stage 1, weight", "stage 2, weight"]
    assert names(MLP()) == names(MLP((4, 4))) == default
    assert names(SMALL, biases=True)[1:3] == ["stage 1, weight", "stage 1, bias"]
    several = names(ResidualMLP(width=4, depth=1))
    block = [name for name in several if name.startswith("stage 2, ")]
    assert len(block) == 2
    assert all(name.endswith(".weight") for name in block)
    assert all("__" not in name for name in several)


def test_heads_of_one_kind_are_one_layer():
    data = tiny_dataset(["regression"] * 2)
    recipe = SoftSharing(MLP(()), penalty=TaskCovariance())
    learned = polytask.fit(data, recipe, validation=data, budget=Budget(steps=3))
    assert list(learned.relations())[-1] == "heads, weight"


@pytest.mark.parametrize("per_channel", [False, True])
def test_units_of_towers_give_their_weights(per_channel):
    learned = fitted(CrossStitch(SMALL, per_channel=per_channel))
    relations = learned.relations()
    assert list(relations) == ["unit after stage 1", "unit after stage 2"]
    relation, unit = relations["unit after stage 1"], learned.model.network.units["1"]
    assert (relation.quantity, relation.tasks) == ("mixing", NAMES)
    np.testing.assert_array_equal(relation.values, unit.alpha.detach().numpy())
    frame = relation.to_frame()
    assert frame.columns == ["task", *NAMES]
    expected = relation.values.mean(axis=2) if per_channel else relation.values
    np.testing.assert_array_equal(frame.select(NAMES).to_numpy(), expected)


def test_subspaces_of_two_tasks_follow_the_tasks():
    learned = fitted(Sluice(SMALL, n_subspaces=2))
    relation, unit = learned.relations()["unit after stage 1"], learned.model.network.units["1"]
    assert relation.values.shape == (3, 3, 2, 2)
    assert relation.values[0, 2, 1, 0] == unit.alpha[0, 1, 2, 0].item()
    assert relation.matrix.shape == (3, 3)


def test_a_loaded_model_has_them_too(tmp_path):
    learned = fitted(SoftSharing(SMALL, penalty=TaskCovariance()))
    learned.save(tmp_path / "model")
    loaded = polytask.load(tmp_path / "model").relations()
    for layer, relation in learned.relations().items():
        np.testing.assert_array_equal(loaded[layer].values, relation.values)


@pytest.mark.parametrize("learner", ["linear", HardSharing(SMALL), SoftSharing(SMALL)])
def test_other_models_say_which_ones_do(learner):
    with pytest.raises(UnservedNeedError) as caught:
        fitted(learner).relations()
    assert str(caught.value).endswith(
        "learns no relations of tasks. soft_sharing with the penalty task_covariance, "
        "relation_graph or multilinear_relationship does, and so do cross_stitch and sluice."
    )


@pytest.mark.parametrize(
    "recipe", [CrossStitch(SMALL), SoftSharing(SMALL, penalty=TaskCovariance())]
)
def test_relations_are_not_the_memory_of_the_network(recipe):
    network = recipe.build(fit_schemas(DATA), DATA.tasks, seed=0)
    relations = network.relations()
    before = {layer: relation.values.copy() for layer, relation in relations.items()}
    assert before
    with torch.no_grad():
        for tensor in network.state_dict().values():
            tensor.add_(1)
    for layer, relation in relations.items():
        np.testing.assert_array_equal(relation.values, before[layer])
        assert not relation.values.flags.writeable
        assert (network.relations()[layer].values != before[layer]).any()
