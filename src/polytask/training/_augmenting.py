"""Augmentation of the batches of a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from jaxtyping import Int64
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.architectures import MultiTaskModule
from polytask.augmentation import Augmentation, ImageAugmentation, RowMixing
from polytask.data import Batch, Block, BlockTargets, MixedTargets, SourceBatch
from polytask.exceptions import ParameterError

__all__ = ["Augmenting"]

_MIXED = ("numeric", "image", "tensor", "smiles")


class Augmenting:
    """Random changes of batches, which follow from the seed and the position of the batch.

    Parameters
    ----------
    augmentations : sequence of Augmentation
        In the order in which they change rows.
    network : MultiTaskModule
    train : mapping of source name to SourceBatch of tensors
        All training rows.
    seed : int
    rank : int, default 0
        Of this process, whose rows are its own.

    Raises
    ------
    ParameterError
        If no row has what an augmentation changes.
    """

    def __init__(
        self,
        augmentations: Sequence[Augmentation],
        network: MultiTaskModule,
        train: Batch,
        seed: int,
        rank: int = 0,
    ) -> None:
        # rows are mixed last, so that labels of pixels are moved before
        self.augmentations = sorted(augmentations, key=lambda one: one.mixes)
        self.seed, self.rank = seed, rank
        self.blocks: Mapping[str, Block] = {block.name: block for block in network.blocks}
        for augmentation in self.augmentations:
            if isinstance(augmentation, RowMixing):
                _check_mixed(augmentation, train)
            else:
                self._check_images(augmentation, train)

    def __call__(self, batch: Batch, position: int, which: str = "batch") -> Batch:
        """The batch of a position, changed; the arrays that it is made of stay as they are.

        `which` names one of several batches at a position.
        """
        if not self.augmentations:
            return batch
        seed = derived_seed(self.seed, "augmentation", which, position, self.rank)
        generator = torch.Generator().manual_seed(seed)
        for augmentation in self.augmentations:
            if isinstance(augmentation, RowMixing):
                share = augmentation.share(generator)
                batch = {n: _mixed(rows, share, generator) for n, rows in batch.items()}
            elif isinstance(augmentation, ImageAugmentation):
                batch = {
                    source: self._changed(rows, augmentation, generator)
                    for source, rows in batch.items()
                }
        return batch

    # ── images ───────────────────────────────────────────────────────────────────────────────

    def _changed(
        self,
        rows: SourceBatch,
        augmentation: ImageAugmentation,
        generator: torch.Generator,
    ) -> SourceBatch:
        images = _images(rows)
        if not images:
            return rows
        drawn = augmentation.draw(rows.n_rows, generator)
        inputs = dict(rows.inputs)
        for name, array in images.items():
            inputs[name] = augmentation.apply(array, drawn.to(array.device))
        rows = replace(rows, inputs=inputs)
        return self._with_labels_moved(rows, augmentation, drawn) if augmentation.moves else rows

    def _with_labels_moved(
        self, rows: SourceBatch, augmentation: ImageAugmentation, drawn: Tensor
    ) -> SourceBatch:
        """Labels of pixels at their new places; those from outside of an image are none."""
        targets = dict(rows.targets or {})
        for name, labels in targets.items():
            block = self.blocks[name]
            if block.has_pixels:
                targets[name] = _moved(labels, block, augmentation, drawn)
        return replace(rows, targets=targets)

    def _check_images(self, augmentation: Augmentation, train: Batch) -> None:
        name = type(augmentation).__name__
        with_images = {source: rows for source, rows in train.items() if _images(rows)}
        if not with_images:
            parts = sorted({part for rows in train.values() for part in rows.inputs})
            sentence = (
                f"The `augmentation` parameter of Trainer can be {name} where rows have images. Got "
                f"{', '.join(parts)}; declare a column, such as --column NAME:image, or leave it out."
            )
            raise ParameterError(sentence)
        if not getattr(augmentation, "moves", False):
            return
        for source, rows in with_images.items():
            sizes = {tuple(array.shape[-2:]) for array in _images(rows).values()}
            for block in self.blocks.values():
                if block.has_pixels and source in block.sources:
                    labelled = block.target_shape[-2:]
                    if sizes != {labelled}:
                        got = ", ".join(f"{height} x {width}" for height, width in sorted(sizes))
                        sentence = (
                            f"The `augmentation` parameter of Trainer can be {name} where labels of "
                            f"pixels have the size of the images. Got images of {got} and labels of "
                            f"{labelled[0]} x {labelled[1]} ({', '.join(block.tasks)}); give them one "
                            "size, or leave it out."
                        )
                        raise ParameterError(sentence)


def _images(rows: SourceBatch) -> dict[str, Tensor]:
    """Inputs that are images (n, channels, height, width)."""
    return {
        name: array
        for name, array in rows.inputs.items()
        if name.partition(":")[0] in {"image", "tensor"} and array.ndim == 4
    }


def _moved(
    labels: BlockTargets, block: Block, augmentation: ImageAugmentation, drawn: Tensor
) -> BlockTargets:
    height, width = block.target_shape[-2:]
    shape = labels.values.shape
    if not shape.numel():
        return labels
    per_row = shape.numel() // (len(drawn) * height * width)
    own = drawn.to(labels.values.device)
    values = labels.values.reshape(len(drawn), per_row, height, width)
    mask = labels.mask.reshape(len(drawn), per_row, height, width)
    moved = augmentation.apply(mask, own, 0.0)
    values = augmentation.apply(values, own).masked_fill(~moved, 0.0)
    return replace(labels, values=values.reshape(shape), mask=moved.reshape(shape))


def _check_mixed(augmentation: RowMixing, train: Batch) -> None:
    for source, rows in train.items():
        for part in rows.inputs:
            if part.partition(":")[0] not in _MIXED:
                name = type(augmentation).__name__
                sentence = (
                    f"The `augmentation` parameter of Trainer can be {name} where rows have numbers "
                    f"and images alone. Source {source!r} has {part!r} too; leave out {name}, or the "
                    "columns (--drop)."
                )
                raise ParameterError(sentence)


def _mixed(rows: SourceBatch, share: float, generator: torch.Generator) -> SourceBatch:
    """Rows mixed with others, which are drawn within each task where rows have one."""
    device = next(iter(rows.inputs.values())).device
    partners = _within(rows, generator).to(device)
    inputs = {
        part: torch.lerp(array[partners], array, share) for part, array in rows.inputs.items()
    }
    targets = {
        name: labels.map(lambda array: array[partners])
        for name, labels in (rows.targets or {}).items()
    }
    return replace(rows, inputs=inputs, mixture=MixedTargets(share, targets))


def _within(rows: SourceBatch, generator: torch.Generator) -> Int64[Tensor, " n"]:
    """Another row for each: any, or one of the same task."""
    if rows.task is None:
        return torch.randperm(rows.n_rows, generator=generator)
    tasks = rows.task.cpu()
    partners = torch.arange(rows.n_rows)
    for task in tasks.unique().tolist():
        own = torch.nonzero(tasks == task).flatten()
        partners[own] = own[torch.randperm(len(own), generator=generator)]
    return partners
