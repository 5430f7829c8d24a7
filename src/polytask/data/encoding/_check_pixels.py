"""Labels of pixels, beside the images that are read."""

from __future__ import annotations

from polytask.data.encoding._schema import Schema
from polytask.exceptions import DataError

__all__ = ["check_pixels"]


def check_pixels(owner: str, schema: Schema) -> None:
    """Raise unless a source has an image, or another tensor of at least two axes, to be labelled.

    Parameters
    ----------
    owner : str
        The task that labels pixels, for errors.
    schema : Schema

    Raises
    ------
    DataError
    """
    if any(len(part.shape) > 1 and not part.has_steps for part in schema.parts):
        return
    columns = [column.name for column in schema.columns]
    got = ", ".join(map(repr, columns[:5])) + (", …" if columns[5:] else "")
    sentence = (
        f"Task {owner!r} labels the pixels of images, so that source {schema.source!r} must have a column "
        f"of images, arrays (channels, height, width). Got {got} instead."
    )
    raise DataError(sentence)
