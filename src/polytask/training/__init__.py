"""Training networks: small named steps over Fabric, tensor batches, exact resume."""

from polytask.training._checkpoint import check_checkpoint
from polytask.training._device import check_device, full_precision
from polytask.training._progress import silently
from polytask.training._score import score
from polytask.training._tensors import to_tensors
from polytask.training._trainer import Trained, Trainer

__all__ = [
    "Trained",
    "Trainer",
    "check_checkpoint",
    "check_device",
    "full_precision",
    "score",
    "silently",
    "to_tensors",
]
