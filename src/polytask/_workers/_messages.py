"""Messages over pipes: the length, then the bytes."""

from __future__ import annotations

from typing import BinaryIO

__all__ = ["receive", "send"]

_LENGTH = 8


def send(stream: BinaryIO, message: bytes) -> None:
    """Write one message."""
    stream.write(len(message).to_bytes(_LENGTH, "little"))
    stream.write(message)
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """Read one message.

    Raises
    ------
    EOFError
        If the other end is closed, also in the middle of a message.
    """
    return _read_exactly(stream, int.from_bytes(_read_exactly(stream, _LENGTH), "little"))


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
