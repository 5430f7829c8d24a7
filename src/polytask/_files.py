"""Files that are either whole or absent: write beside the target, fsync, rename."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["replacing", "sha256", "write_json", "write_text"]


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside the target that becomes `target` when the block succeeds.

    Parameters
    ----------
    target : Path
        The file to create or replace; its folder is made if needed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.stem}-{secrets.token_hex(8)}{target.suffix}")
    try:
        temporary.touch()
        mode = temporary.stat().st_mode  # as the user's mask has it, whoever writes the file
        yield temporary
        temporary.chmod(mode)
        _fsync(temporary)
        temporary.replace(target)
        if os.name != "nt":  # Windows cannot open folders
            _fsync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(target: Path, text: str) -> None:
    """Write `text` to `target`, wholly or not at all."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: Path, value: Any) -> None:
    """Write `value` as indented JSON, refusing NaN and infinity."""
    write_text(target, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def sha256(path: Path) -> str:
    """Return the hexadecimal digest of a file's content."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
