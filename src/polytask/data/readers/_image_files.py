"""Image files and bytes as pixels, by Pillow."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Real, UInt8

from polytask._reason import reason

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "IMAGE_SUFFIXES",
    "Look",
    "UnreadableError",
    "decoded",
    "decoded_labels",
    "is_image_bytes",
    "looked_at",
    "pillow_quiet",
    "resized",
]

IMAGE_SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".bmp",
    ".gif",
    ".tif",
    ".tiff",
    ".webp",
    ".pgm",
    ".ppm",
    ".pfm",
)
"""Endings of the names of files that are taken for images."""
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""Formats of Pillow that decode pixels alone: no vector graphics, which start other programs."""
_BEGINNINGS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
_MOST_PIXELS = 89_478_485
"""Pixels of an image, from which Pillow warns of one that is made to fill the memory."""
_MOST_OF_16_BITS = 65_535
_BYTE_STEP = np.uint16(257)
"""Of 16 bits, between two bytes."""
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)
"""EXIF orientations that exchange height and width."""
_FLOATS = "F"
_GRAY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", _FLOATS)


class UnreadableError(Exception):
    """An image that cannot be read; its words follow the name of the file, or “bytes”."""


class Look(NamedTuple):
    """What an image's header says.

    Attributes
    ----------
    height, width : int
        After the turn that its EXIF orientation asks for.
    gray : bool
        Whether its pixels are single numbers.
    bits : {8, 16, None}
        Of a pixel and channel; None for floats, whose scale no format states.
    """

    height: int
    width: int
    gray: bool
    bits: int | None


@contextmanager
def pillow_quiet() -> Iterator[None]:
    """Ignore warnings of Pillow, such as those on damaged metadata, while images are read."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\b")
        warnings.filterwarnings("ignore", message=r".*decompression bomb")
        yield


def is_image_bytes(content: bytes) -> bool:
    """Whether bytes begin like a file of one of the formats that are read."""
    return content.startswith(_BEGINNINGS)


def looked_at(file: Path | bytes) -> Look:
    """Read the header of an image.

    Raises
    ------
    UnreadableError
        If it is none.
    """
    with _opened(file) as image:
        width, height = image.size
        try:
            # Pillow turns the size of a TIFF by itself
            turned = image.format != "TIFF" and image.getexif().get(_ORIENTATION) in _TURNED
        except Exception:  # noqa: BLE001 - whatever damaged metadata raise, the pixels may be whole
            turned = False
        gray, deep = image.mode in _GRAY, image.mode.startswith("I")
        bits = None if image.mode == _FLOATS else 16 if deep else 8
    size = (width, height) if turned else (height, width)
    return Look(*size, gray, bits)


def decoded(
    file: Path | bytes, size: tuple[int, int], channels: int, dtype: np.dtype[Any]
) -> Real[np.ndarray, "c h w"]:
    """The pixels of an image in the given size, turned as its EXIF orientation says.

    Transparency is dropped, and of several frames the first is read. Floats stay as they are.

    Parameters
    ----------
    file : Path or bytes
    size : (int, int)
        Height and width.
    channels : {1, 3}
        1 for gray, 3 for red, green and blue.
    dtype : numpy.dtype
        Of 8 or 16 bits, to which others are brought.

    Raises
    ------
    UnreadableError
        If it is no image, or damaged.
    """
    from PIL import ImageOps

    with _opened(file) as image:
        try:
            image.draft(None, (2 * max(size), 2 * max(size)))  # a JPEG of many more pixels
            image.load()
            whole = ImageOps.exif_transpose(image)
            if whole.mode == _FLOATS:
                return np.repeat(_resized(whole, size), channels, axis=0)
            if whole.mode.startswith("I"):
                deep = _resized(_of_16_bits(whole), size)
                pixels = np.round(deep if dtype == np.uint16 else deep / _BYTE_STEP)
                return np.repeat(pixels.astype(dtype), channels, axis=0)
            whole = _with_colors(whole).convert("L" if channels == 1 else "RGB")
            pixels = _resized(whole, size).astype(dtype)
            return pixels * _BYTE_STEP if dtype == np.uint16 else pixels
        except UnreadableError:
            raise
        except Exception as error:  # whatever a decoder raises on damaged files
            raise UnreadableError(f"cannot be decoded ({reason(error, named=False)})") from error


def decoded_labels(file: Path | bytes, size: tuple[int, int]) -> Real[np.ndarray, "1 h w"]:
    """The numbers that the pixels of a gray image hold, or their places in its palette.

    In another size each pixel has the number of the nearest one.

    Raises
    ------
    UnreadableError
        If it is no image, damaged, or in color.
    """
    from PIL import Image, ImageOps

    with _opened(file) as image:
        if image.mode not in {"1", "L", "P", _FLOATS} and not image.mode.startswith("I"):
            raise UnreadableError(f"holds {image.mode} pixels, and labels are single numbers")
        try:
            image.load()
            whole = ImageOps.exif_transpose(image)
            height, width = size
            if whole.size != (width, height):
                whole = whole.resize((width, height), Image.Resampling.NEAREST)
            labels = np.asarray(whole)
            return labels.astype(np.float32 if whole.mode == _FLOATS else np.int32)[None]
        except Exception as error:  # whatever a decoder raises on damaged files
            raise UnreadableError(f"cannot be decoded ({reason(error, named=False)})") from error


def resized(
    pixels: UInt8[np.ndarray, "c h w"], size: tuple[int, int]
) -> UInt8[np.ndarray, "c new_h new_w"]:
    """Pixels in another size, each channel by itself."""
    from PIL import Image

    return np.concatenate([_resized(Image.fromarray(channel), size) for channel in pixels])


def _resized(image: Image, size: tuple[int, int]) -> Real[np.ndarray, "c h w"]:
    from PIL import Image

    height, width = size
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.array(image, dtype=np.float32 if image.mode == _FLOATS else np.uint8)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _with_colors(image: Image) -> Image:
    """An image whose palette, if it has one, became its colors."""
    if image.mode in {"P", "PA"}:
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    return image


def _of_16_bits(image: Image) -> Image:
    """An image of whole numbers of 16 bits as floats, which Pillow can resize."""
    from PIL import Image

    values = np.asarray(image)
    if values.min() < 0 or values.max() > _MOST_OF_16_BITS:
        sentence = (
            f"has pixels beyond 0 to {_MOST_OF_16_BITS:,}. Save them as floats (TIFF), which are "
            "scaled by those of the training rows"
        )
        raise UnreadableError(sentence)
    return Image.fromarray(values.astype(np.float32))


def _opened(file: Path | bytes) -> Any:
    """An image of which only the header has been read."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(file, Path):
        _check_file(file)
    elif not file:
        raise UnreadableError("are empty")
    given = BytesIO(file) if isinstance(file, bytes) else file
    try:
        image = Image.open(given, formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise UnreadableError(
            f"hold more than the {_MOST_PIXELS:,} pixels that are read"
        ) from error
    except UnidentifiedImageError as error:
        formats = "PNG, JPEG, GIF, BMP, TIFF, WebP, PPM"
        raise UnreadableError(f"cannot be read as an image ({formats})") from error
    except Exception as error:  # whatever damaged headers raise
        raise UnreadableError(f"cannot be read ({reason(error, named=False)})") from error
    width, height = image.size
    if width * height > _MOST_PIXELS:
        image.close()
        sentence = (
            f"would be {height:,} x {width:,} pixels, of which at most {_MOST_PIXELS:,} are read"
        )
        raise UnreadableError(sentence)
    return image


def _check_file(path: Path) -> None:
    """Raise unless it is a file with content: no folder, device or pipe."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # of a name with a zero byte
        if isinstance(error, PermissionError):
            raise UnreadableError("must not be read, as its permissions say") from error
        raise UnreadableError("is not there") from error
    if S_ISDIR(status.st_mode):
        raise UnreadableError("is a folder")
    if not S_ISREG(status.st_mode):
        raise UnreadableError("is no file")
    if not status.st_size:
        raise UnreadableError("is empty")
