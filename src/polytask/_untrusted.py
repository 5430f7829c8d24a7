"""Sentences on code that files name and nobody trusts, with what to trust."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from polytask._listing import enumerated

__all__ = ["OF_A_SCRIPT", "packages_of", "remedy", "untrusted"]

OF_A_SCRIPT = (
    "It was defined in a script or notebook: put it into a module of its own, such as my_parts.py, "
    "and fit again."
)

_WIDE = {"lightgbm", "numpy", "scipy", "sklearn", "torch", "xgboost"}
"""Packages with functions that write files, start processes or load libraries."""

_MOST_NAMED = 50
"""A forged file may hold any number of names."""


def remedy(names: Iterable[str]) -> str:
    """Remedy that lists what to trust, in Python and on the command line, to accept these names.

    Examples
    --------
    >>> from polytask._untrusted import remedy
    >>> print(remedy(["mine.models:Encoder", "mine.models:Head", "numpy:log1p"]))
    If you trust it, say so: trusted=['mine', 'numpy.log1p'] in Python, --trust mine --trust numpy.log1p on the command line.
    """
    packages = list(packages_of(names))
    flags = " ".join(f"--trust {package}" for package in packages)
    return f"If you trust it, say so: trusted={packages} in Python, {flags} on the command line."


def packages_of(names: Iterable[str]) -> tuple[str, ...]:
    """Smallest set of packages to trust that accepts these names and their neighbours."""
    return tuple(dict.fromkeys(map(_to_trust, names)))


def _to_trust(name: str) -> str:
    """The package that a name lies in; the name itself where the package holds much else."""
    package = name.replace(":", ".").partition(".")[0]
    wide = package in sys.stdlib_module_names or package in {"__main__", *_WIDE}
    return name.replace(":", ".") if wide else package


def untrusted(names: Iterable[str]) -> str:
    """Sentence on names of code in a file that are not trusted, with the remedy.

    Examples
    --------
    >>> from polytask._untrusted import untrusted
    >>> print(untrusted(["mine:Encoder", "mine:Head"]))
    The file names 'mine:Encoder' and 'mine:Head', which are no dataclasses of polytask's own; nothing of them was imported. Install what defines them. If you trust it, say so: trusted=['mine'] in Python, --trust mine on the command line.
    """
    listed = list(names)[:_MOST_NAMED]
    several = len(listed) > 1
    are, of_it = ("are no dataclasses", "of them") if several else ("is no dataclass", "of it")
    install = "Install what defines them." if several else "Install the package that defines it."
    if all(name.startswith("__main__:") for name in listed):
        install = OF_A_SCRIPT
    return (
        f"The file names {enumerated(map(repr, listed))}, which {are} of polytask's own; nothing {of_it} was imported. "
        f"{install} {remedy(listed)}"
    )
