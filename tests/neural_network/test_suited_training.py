"""Networks are trained as suits their encoder, unless a trainer is given."""

from dataclasses import replace
from typing import ClassVar

import pytest
from users_encoder import Suited

import polytask
from polytask.architectures import HardSharing, MMoE, Separate, SingleTask, SoftSharing
from polytask.encoders import MLP, ResidualMLP, TabM
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.neural_network import MergedNetwork, MultiTaskNetwork
from polytask.testing import tiny_dataset
from polytask.training import Trainer

SUITED = Trainer(**Suited.training)


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask, MMoE])
def test_a_network_without_a_trainer_takes_what_suits_its_encoder(architecture):
    assert MultiTaskNetwork(architecture(Suited())).trainer == SUITED
    assert MultiTaskNetwork(architecture()).trainer == Trainer()


def test_wrappers_and_copies_are_trained_as_their_network():
    assert MultiTaskNetwork(Separate(HardSharing(Suited()))).trainer == SUITED
    assert MergedNetwork(HardSharing(Suited())).trainer == SUITED
    network = MultiTaskNetwork(HardSharing(Suited()))
    assert network.single_task() == MultiTaskNetwork(SingleTask(Suited()))
    assert network.twin().trainer == SUITED


def test_a_trainer_that_is_given_is_taken_as_it_is():
    given = Trainer(learning_rate=0.1)
    network = MultiTaskNetwork(HardSharing(Suited()), given)
    assert network.trainer == given
    assert network.single_task().trainer == given


def test_another_encoder_brings_its_training():
    plain = MultiTaskNetwork(HardSharing())
    suited = plain.configured({"encoder": Suited()})
    assert suited == MultiTaskNetwork(HardSharing(Suited()))
    assert suited.configured({"encoder": MLP()}) == plain
    assert suited.configured({"encoder.width": 3}).trainer == SUITED


def test_what_was_chosen_stays_with_another_encoder():
    network = MultiTaskNetwork(HardSharing(), Trainer("famo", learning_rate=0.1))
    suited = network.configured({"encoder": Suited(), "trainer.clip_norm": None})
    assert suited.trainer == replace(SUITED, weighting="famo", learning_rate=0.1, clip_norm=None)
    given = Trainer(batch_size=7)
    assert network.configured({"encoder": Suited(), "trainer": given}).trainer == given


def test_the_user_is_told_how_networks_are_trained():
    data = tiny_dataset(("regression", "binary"))
    network = MultiTaskNetwork(HardSharing(Suited()))
    (note,) = network.notes(data)
    assert note == (
        "Networks with suited are trained with optimizer=adamw, learning_rate=0.002, "
        "weight_decay=0.0003, scheduler=cosine_with_warmup, clip_norm=1.0, as suits it. Choose "
        "others by --set trainer.X=…, in Python by a `trainer`."
    )
    assert network.single_task().notes(data) == (note,)
    (other,) = network.configured({"trainer.learning_rate": 0.1}).notes(data)
    assert "learning_rate" not in other
    for own in (Trainer(), Trainer(optimizer="adamw", weight_decay=0.1)):
        assert MultiTaskNetwork(HardSharing(Suited()), own).notes(data) == ()
    with pytest.warns(UserWarning, match="Networks with suited are trained with"):
        polytask.fit(data, HardSharing(Suited()), validation=data, budget=polytask_budget())


def polytask_budget():
    from polytask.bookkeeping import Budget

    return Budget(steps=2)


def test_an_encoder_declares_settings_of_a_trainer():
    class Mistaken(Suited):
        training: ClassVar = {"learning_rat": 0.1}

    with pytest.raises(ParameterError) as caught:
        MultiTaskNetwork(HardSharing(Mistaken()))
    assert str(caught.value) == (
        "The `training` of the encoder of hard_sharing+mistaken must hold settings of Trainer. Got "
        "'learnin_rate'. Did you mean 'learning_rate'?"
    ).replace("learnin_rate", "learning_rat")


def test_no_public_encoder_of_plain_layers_changes_the_training():
    assert not MLP().training
    assert not ResidualMLP().training


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask, MMoE, SoftSharing])
def test_encoders_are_given_by_name(architecture):
    assert architecture("residual_mlp") == architecture(ResidualMLP())
    assert architecture("users_encoder:Suited") == architecture(Suited())
    with pytest.raises(UnknownNameError, match="There is no encoder named 'residul_mlp'"):
        architecture("residul_mlp")
    with pytest.raises(ParameterError, match="'custom_encoder' needs factory"):
        architecture("custom_encoder")


def test_the_encoder_is_part_of_the_name():
    assert HardSharing(ResidualMLP()).name == "hard_sharing+residual_mlp"
    network = MultiTaskNetwork(HardSharing(ResidualMLP()), Trainer(aggregation="mgda"))
    assert network.name == "hard_sharing+residual_mlp+mgda"
    assert network.single_task().name == "single_task+residual_mlp"
    assert network.twin().name == "separate(hard_sharing+residual_mlp)"
    assert MergedNetwork(MMoE(ResidualMLP()), merging="ties").name == "ties(mmoe)+residual_mlp"
    assert HardSharing(MLP((8,))).name == "hard_sharing"
    assert HardSharing(lambda shape: None).name == "hard_sharing+custom_encoder"


def test_what_any_network_is_trained_with_is_not_said_to_suit_the_encoder():
    data = tiny_dataset(["regression", "regression"])
    given = MultiTaskNetwork(HardSharing(TabM()), Trainer(steps=100))
    assert not any("suit" in note for note in given.notes(data))
    suited = MultiTaskNetwork(HardSharing(TabM())).notes(data)
    assert any("optimizer=adamw" in note and "batch_size" not in note for note in suited)
