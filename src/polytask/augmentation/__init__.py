"""Augmentation: random changes of the training rows of networks, new in every batch.

Begin with ``_augmentation.py``, the contract, and its two forms: ``_image_augmentation.py`` for changes of
each image, and ``_row_mixing.py`` for mixtures of two rows. Each method is a file of its own.
"""

from polytask.augmentation._augmentation import Augmentation
from polytask.augmentation._crop import Crop
from polytask.augmentation._flip import Flip
from polytask.augmentation._image_augmentation import ImageAugmentation
from polytask.augmentation._mixup import Mixup
from polytask.augmentation._row_mixing import RowMixing

__all__ = ["Augmentation", "Crop", "Flip", "ImageAugmentation", "Mixup", "RowMixing"]
