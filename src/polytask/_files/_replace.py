"""Atomic writing of files: write beside the target, fsync, rename."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from polytask._files._problems import writing

__all__ = ["TEMPORARY", "replacing", "write_bytes", "write_json", "write_text"]

TEMPORARY = re.compile(r"\.(?P<stem>.+)-[0-9a-f]{16}(?P<suffix>\.[^.]*)?")
"""Names of the files that `replacing` writes, which a killed process may leave.

A library that writes to a file of its own first, as safetensors does, would leave another name:
what such a library makes goes through `write_bytes`.
"""


@contextmanager
def replacing(target: Path, *, make_folder: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside the target that becomes `target` when the block succeeds.

    Parameters
    ----------
    target : Path
        The file to create or replace.
    make_folder : bool, default True
        Whether its folder is made if needed.

    Raises
    ------
    OutputError
        If the disk is full, the folder is gone, or the system refuses in another way.
    """
    temporary = target.with_name(f".{target.stem}-{secrets.token_hex(8)}{target.suffix}")
    with writing(target):
        try:
            if make_folder:
                target.parent.mkdir(parents=True, exist_ok=True)
            temporary.touch()
            mode = temporary.stat().st_mode  # as the user's mask has it, whoever writes the file
            yield temporary
            temporary.chmod(mode)
            _fsync(temporary)
            temporary.replace(target)
            if os.name != "nt":  # Windows cannot open folders
                _fsync(target.parent)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(target: Path, content: bytes, *, make_folder: bool = True) -> None:
    """Write `content` to `target` atomically."""
    with replacing(target, make_folder=make_folder) as temporary:
        temporary.write_bytes(content)


def write_text(target: Path, text: str, *, make_folder: bool = True) -> None:
    """Write `text` to `target` atomically."""
    with replacing(target, make_folder=make_folder) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: Path, value: Any, *, make_folder: bool = True) -> None:
    """Write `value` as indented JSON, refusing NaN and infinity."""
    text = json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    write_text(target, text, make_folder=make_folder)
