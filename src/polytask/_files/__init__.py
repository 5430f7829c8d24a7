"""Atomic writing of files, digests, locks and removal of leftovers.

A newcomer begins with `_replace.py` (write, fsync, rename).
"""

from polytask._files._digests import digest, sealed, sha256, unsealed
from polytask._files._lock import try_lock
from polytask._files._problems import is_of_the_disk, problem, writing
from polytask._files._replace import TEMPORARY, replacing, write_bytes, write_json, write_text
from polytask._files._trees import remove_folder, walk
from polytask._files._workshop import sweep_workshops, workshop

__all__ = [
    "TEMPORARY",
    "digest",
    "is_of_the_disk",
    "problem",
    "remove_folder",
    "replacing",
    "sealed",
    "sha256",
    "sweep_workshops",
    "try_lock",
    "unsealed",
    "walk",
    "workshop",
    "write_bytes",
    "write_json",
    "write_text",
    "writing",
]
