"""Common check of augmentations."""

from __future__ import annotations

import torch
from torch import Tensor

from polytask.augmentation import Augmentation, ImageAugmentation, RowMixing
from polytask.testing._require import require, require_instance

__all__ = ["check_augmentation"]

_SHAPES = ((6, 3, 7, 5), (2, 1, 1, 1))
_DRAWS = 20


def check_augmentation(augmentation: Augmentation) -> None:
    """Check that an augmentation keeps the promises of `polytask.augmentation`.

    Parameters
    ----------
    augmentation : Augmentation

    Raises
    ------
    AssertionError
        If it is neither an `ImageAugmentation` nor a `RowMixing`; if what is drawn does not follow from
        the generator alone; if images change their shape or type, or those that are given are
        changed; if labels of pixels, or which of them there are, cannot be moved; or if a share lies
        outside of 0 to 1.

    Examples
    --------
    >>> from polytask.augmentation import Crop
    >>> from polytask.testing import check_augmentation
    >>> check_augmentation(Crop(2))
    """
    require_instance("check_augmentation", "augmentation", augmentation, Augmentation)
    name = type(augmentation).__name__
    if isinstance(augmentation, RowMixing):
        _check_shares(name, augmentation)
    elif isinstance(augmentation, ImageAugmentation):
        for shape in _SHAPES:
            _check_images(name, augmentation, shape)
    else:
        served = "neither ImageAugmentation nor RowMixing, which Trainer serves"
        require(False, f"{name} extends {served}.")


def _check_shares(name: str, augmentation: RowMixing) -> None:
    shares, again = (
        [augmentation.share(generator) for _ in range(_DRAWS)] for generator in _generators()
    )
    require(all(0 <= share <= 1 for share in shares), f"{name} draws shares beyond 0 to 1.")
    require(shares == again, f"{name} draws what does not follow from the generator.")


def _generators() -> tuple[torch.Generator, torch.Generator]:
    return torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)


def _check_images(name: str, augmentation: ImageAugmentation, shape: tuple[int, ...]) -> None:
    before = torch.random.get_rng_state()
    drawn, again = (augmentation.draw(shape[0], generator) for generator in _generators())
    require(torch.equal(drawn, again), f"{name} draws what does not follow from the generator.")
    require(len(drawn) == shape[0], f"{name} draws for {len(drawn)} rows instead of {shape[0]}.")
    kinds: list[Tensor] = [torch.randn(shape, generator=_generators()[0])]
    if augmentation.moves:
        kinds += [kinds[0].round(), kinds[0] > 0]
    for images in kinds:
        given = images.clone()
        found = augmentation.apply(images, drawn)
        require(torch.equal(images, given), f"{name} changes the images that it is given.")
        same = found.shape == images.shape and found.dtype == images.dtype
        require(
            same,
            f"{name} makes {found.dtype} of shape {tuple(found.shape)} from {images.dtype} of shape {shape}.",
        )
    unchanged = torch.equal(before, torch.random.get_rng_state())
    require(unchanged, f"{name} draws from the global generator.")
