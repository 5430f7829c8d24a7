"""Augmentation of training rows."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from polytask.architectures import HardSharing, SingleTask
from polytask.augmentation import Crop, Flip, ImageAugmentation, Mixup
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import CNN
from polytask.exceptions import ParameterError, PolytaskError
from polytask.losses import MultiTaskLoss
from polytask.training import Trainer, to_tensors
from polytask.training._augmenting import Augmenting
from polytask.training._forward import _mixed_losses

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(24, 2, 6, 5))
Y = {"a": RANDOM.normal(size=24), "b": np.where(RANDOM.random(24) < 0.4, np.nan, np.arange(24) % 2)}
DATA = MultiTaskDataset.from_arrays(IMAGES, Y, names=["photo"])
SMALL = CNN((3,), dense=(4,))


@dataclass(frozen=True)
class Marked(ImageAugmentation):
    """Every image becomes a thousand."""

    def draw(self, n_rows, generator):
        return torch.ones(n_rows)

    def apply(self, images, drawn, fill=0.0):
        return torch.full_like(images, 1000.0)


def built(data=DATA, architecture=None, encoder=SMALL):
    architecture = architecture or HardSharing(encoder)
    schemas = fit_schemas(data)
    network = architecture.build(schemas, data.tasks, seed=0)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    return network, rows


def test_validation_rows_are_never_changed():
    one = Trainer(steps=1, learning_rate=1e-30)
    plain, marked = (
        replace(one, augmentation=augmentation)
        .fit(HardSharing(SMALL), DATA, DATA)
        .history.epochs[0]
        for augmentation in ((), Marked())
    )
    assert plain.validation_losses == marked.validation_losses
    assert plain.train_losses != marked.train_losses


@pytest.mark.parametrize("architecture", [HardSharing(SMALL), SingleTask(SMALL)])
def test_equal_seeds_give_equal_networks_and_checkpoints_go_on(architecture, tmp_path):
    trainer = Trainer(
        steps=4, evaluate_every=2, batch_size=8, augmentation=(Flip(), "crop:2", Mixup())
    )
    state = trainer.fit(architecture, DATA, DATA, seed=3).network.state_dict()
    path = tmp_path / "run.checkpoint"

    def stop(record):
        if record.step == 4:  # after the state of step 2 was written
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.fit(
            architecture, DATA, DATA, seed=3, checkpoint=path, checkpoint_seconds=0.0, on_epoch=stop
        )
    for how in ({}, {"checkpoint": path}):
        again = trainer.fit(architecture, DATA, DATA, seed=3, **how).network.state_dict()
        assert all(torch.equal(again[name], tensor) for name, tensor in state.items())
    plain = replace(trainer, augmentation=()).fit(architecture, DATA, DATA, seed=3)
    assert any(
        not torch.equal(tensor, state[name]) for name, tensor in plain.network.state_dict().items()
    )


def test_losses_of_both_rows_labels_are_mixed():
    network, rows = built()
    batch = {"table": rows["table"]}
    mixed = Augmenting((Mixup(5.0),), network, batch, seed=1)(batch, 0)["table"]
    share, others = mixed.mixture.share, mixed.mixture.targets
    assert 0 < share < 1
    (binary,) = [name for name in others if name.startswith("binary")]
    before = rows["table"].targets[binary]
    assert not torch.equal(before.mask, others[binary].mask)
    assert before.mask.sum() == others[binary].mask.sum()
    partner = [
        int(np.flatnonzero(np.isclose(Y["a"], value))[0])
        for value in _numbers(rows["table"], others)
    ]
    images = rows["table"].inputs["tensor:photo"]
    expected = share * images + (1 - share) * images[partner]
    torch.testing.assert_close(mixed.inputs["tensor:photo"], expected)


def _numbers(rows, targets):
    """Regression labels in the user's units."""
    (name,) = [name for name in targets if name.startswith("regression")]
    center, scale = np.mean(Y["a"]), np.std(Y["a"])
    return targets[name].values.flatten().numpy() * scale + center


def test_mixed_losses_are_those_of_both_labels():
    network, rows = built()
    batch = Augmenting((Mixup(5.0),), network, rows, seed=1)(rows, 0)
    loss = MultiTaskLoss(network.blocks, DATA.tasks)
    loss.expected = torch.ones(2)
    raw = network(batch)
    share = batch["table"].mixture.share
    other = {"table": replace(batch["table"], targets=batch["table"].mixture.targets)}
    expected = share * loss(raw, batch)[0] + (1 - share) * loss(raw, other)[0]
    torch.testing.assert_close(_mixed_losses(loss, raw, batch)[0], expected)


def test_rows_of_one_task_each_are_mixed_within_their_task():
    index = np.arange(24) % 3
    data = MultiTaskDataset.from_arrays(IMAGES, {"y": Y["a"]}, ["u", "v", "w"], task_index=index)
    network, rows = built(data)
    mixed = Augmenting((Mixup(5.0),), network, rows, seed=1)(rows, 0)["table"]
    (labels,) = mixed.mixture.targets.values()
    own = rows["table"].targets[next(iter(mixed.mixture.targets))].values
    for task in range(3):
        of_task = index == task
        assert torch.equal(labels.values[of_task].sort(0)[0], own[of_task].sort(0)[0])


def test_labels_of_pixels_follow_their_images():
    maps = RANDOM.integers(0, 3, (24, 6, 5)).astype(float)
    images = np.repeat(maps[:, None], 2, axis=1)
    table = {"photo": images, "map": maps, "other": maps + 1, "a": Y["a"]}
    tasks = ["map:dense_numbers", "other:dense_numbers", "a"]
    data = MultiTaskDataset.from_table(table, tasks)
    for architecture in (HardSharing(CNN((3,), pooling=None, dense=())),):
        network, rows = built(data, architecture)
        changed = Augmenting((Flip(), Crop(2)), network, rows, seed=1)(rows, 0)["table"]
        photo = changed.inputs["tensor:photo"][:, 0]
        assert not torch.equal(photo, rows["table"].inputs["tensor:photo"][:, 0])
        (block,) = [block for block in network.blocks if block.has_pixels]
        labels = changed.targets[block.name]
        mask = labels.mask.view(24, 2, 6, 5)
        assert 0.5 < mask.float().mean() < 1
        assert torch.equal(mask[:, 0], mask[:, 1])
        values = labels.values.view(24, 2, 6, 5)
        center, scale = images.mean(), images.std()
        for position, task in enumerate(("map", "other")):
            learned = dict(block.targets[block.tasks.index(task)].learned)
            own = values[:, position] * float(np.std(maps)) + float(np.mean(maps))
            assert learned
            torch.testing.assert_close(
                own[mask[:, position]],
                (photo * scale + center)[mask[:, position]],
                atol=1e-4,
                rtol=0,
            )


def test_sources_without_images_stay_as_they_are():
    numbers = {"x": RANDOM.normal(size=10), "a": RANDOM.normal(size=10)}
    pictures = {"photo": IMAGES, "a": Y["a"]}
    data = MultiTaskDataset.from_sources({"p": pictures, "q": numbers}, ["a"])
    network, rows = built(data, encoder="mlp")
    changed = Augmenting((Flip(1.0),), network, rows, seed=0)(rows, 0)
    assert torch.equal(changed["q"].inputs["numeric"], rows["q"].inputs["numeric"])
    photo = rows["p"].inputs["tensor:photo"]
    assert torch.equal(changed["p"].inputs["tensor:photo"], photo.flip(3))


def test_names_are_resolved_and_what_cannot_be_is_refused():
    assert Trainer(augmentation="flip,crop:2").augmentation == (Flip(), Crop(2))
    assert Trainer(augmentation=[Flip(), "mixup"]).augmentation == (Flip(), Mixup())
    with pytest.raises(ParameterError, match="of which one mixes rows"):
        Trainer(augmentation="mixup,mixup")
    with pytest.raises(PolytaskError, match="flop"):
        Trainer(augmentation="flop")
    table = MultiTaskDataset.from_table({"x": Y["a"], "c": ["u", "v"] * 12, "a": Y["a"]}, ["a"])
    with pytest.raises(
        ParameterError, match=r"can be Flip where rows have images. Got categorical, numeric"
    ):
        Trainer(steps=1, augmentation="flip").fit(HardSharing(), table)
    with pytest.raises(ParameterError, match=r"Mixup where rows have numbers and images alone"):
        Trainer(steps=1, augmentation="mixup").fit(HardSharing(), table)
    small = {"photo": IMAGES, "map": np.zeros((24, 3, 5))}
    data = MultiTaskDataset.from_table(small, ["map:dense_numbers"])
    encoder = CNN((3,), pooling=None, dense=())
    with pytest.raises(ParameterError, match="images of 6 x 5 and labels of 3 x 5"):
        Trainer(steps=1, augmentation="crop").fit(HardSharing(encoder), data)
