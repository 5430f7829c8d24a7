"""Augmentations that break a promise, and what their check says."""

from dataclasses import dataclass

import pytest
import torch

from polytask.augmentation import Augmentation, Flip, ImageAugmentation, RowMixing
from polytask.testing import check_augmentation


@dataclass(frozen=True)
class Plain(ImageAugmentation):
    def draw(self, n_rows, generator):
        return torch.rand(n_rows, generator=generator)

    def apply(self, images, drawn, fill=0.0):
        return images


class Unseeded(Plain):
    def draw(self, n_rows, generator):
        return torch.rand(n_rows)


class InPlace(Plain):
    def apply(self, images, drawn, fill=0.0):
        return images.mul_(2)


class Smaller(Plain):
    def apply(self, images, drawn, fill=0.0):
        return images[:, :, :1]


class OnlyFloats(Flip):
    def apply(self, images, drawn, fill=0.0):
        return images * 1.0


class Neither(Augmentation):
    mixes = False


class Beyond(RowMixing):
    def share(self, generator):
        return 1.5


@pytest.mark.parametrize(
    ("augmentation", "sentence"),
    [
        (Unseeded(), "draws what does not follow from the generator"),
        (InPlace(), "changes the images that it is given"),
        (Smaller(), r"of shape \(6, 3, 1, 5\)"),
        (OnlyFloats(), r"makes torch.float32 of shape .* from torch.bool"),
        (Neither(), "extends neither ImageAugmentation nor RowMixing"),
        (Beyond(), "draws shares beyond 0 to 1"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_broken_promises_are_found(augmentation, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_augmentation(augmentation)


def test_a_plain_one_keeps_them():
    check_augmentation(Plain())
