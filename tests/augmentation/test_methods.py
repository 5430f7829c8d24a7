"""Changes of images, and their settings."""

import pytest
import torch

from polytask.augmentation import Crop, Flip, ImageAugmentation, Mixup
from polytask.exceptions import ParameterError

IMAGES = torch.arange(4 * 2 * 5 * 6, dtype=torch.float32).view(4, 2, 5, 6)


def generator():
    return torch.Generator().manual_seed(1)


def test_flips_mirror_whole_images():
    flip = Flip(vertical=True)
    drawn = torch.tensor([[False, False], [False, True], [True, False], [True, True]])
    found = flip.apply(IMAGES, drawn)
    assert torch.equal(found[0], IMAGES[0])
    assert torch.equal(found[1], IMAGES[1].flip(2))
    assert torch.equal(found[2], IMAGES[2].flip(1))
    assert torch.equal(found[3], IMAGES[3].flip(1, 2))
    drawn = Flip(0.25).draw(4000, generator())
    assert not drawn[:, 0].any()
    assert abs(drawn[:, 1].float().mean() - 0.25) < 0.03


def test_crops_shift_images_and_fill_what_is_outside():
    drawn = torch.tensor([[0, 0], [2, -1], [-9, 0], [0, 5]])
    found = Crop(9).apply(IMAGES, drawn, fill=-1.0)
    assert torch.equal(found[0], IMAGES[0])
    assert torch.equal(found[1][:, :3, 1:], IMAGES[1][:, 2:, :-1])
    assert (found[1][:, 3:] == -1).all()
    assert (found[1][:, :, 0] == -1).all()
    assert (found[2] == -1).all()
    assert torch.equal(found[3][:, :, 0], IMAGES[3][:, :, 5])
    drawn = Crop(2).draw(500, generator())
    assert sorted(drawn.unique().tolist()) == [-2, -1, 0, 1, 2]


@pytest.mark.parametrize("augmentation", [Flip(), Crop(2)])
def test_changes_follow_from_the_generator_and_leave_the_images(augmentation):
    assert isinstance(augmentation, ImageAugmentation)
    before = IMAGES.clone()
    first, second = (augmentation.draw(4, generator()) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, augmentation.draw(4, torch.Generator().manual_seed(2)))
    assert augmentation.apply(IMAGES, first).shape == IMAGES.shape
    assert torch.equal(IMAGES, before)


def test_shares_are_of_the_beta_distribution():
    of_one = generator()
    shares = torch.tensor([Mixup(0.5).share(of_one) for _ in range(2000)])
    assert abs(shares.mean() - 0.5) < 0.03
    assert abs(shares.var() - 0.125) < 0.01  # 1 / (4 (2 alpha + 1))
    assert 0 <= Mixup(1e-3).share(of_one) <= 1


def test_a_flip_of_no_axis_is_refused():
    with pytest.raises(ParameterError, match="leave Flip out"):
        Flip(horizontal=False)
