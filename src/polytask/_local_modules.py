"""Modules of the current folder, which are found there if the command line names them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from opcode import opmap
from pathlib import Path
from traceback import walk_stack
from types import FrameType, ModuleType

__all__ = [
    "hidden_file",
    "import_if_local",
    "import_module",
    "import_modules_of",
    "local_folders",
    "local_modules",
]

_NAMES: ContextVar[frozenset[str]] = ContextVar("local_modules", default=frozenset())
"""Outermost names of the modules that may lie in the current folder."""

_BOOTSTRAP = {"_frozen_importlib", "importlib._bootstrap"}
"""Names of the module in which import statements, and imports by compiled code, arrive."""

_FOLDERS: dict[str, str] = {}
"""The folder of every module that was found there."""


@contextmanager
def local_modules(names: Iterable[str]) -> Iterator[None]:
    """Let `import_module` find these modules in the current folder too, inside the block.

    Parameters
    ----------
    names : iterable of str
        Dotted names, of which the first part counts.
    """
    token = _NAMES.set(frozenset(map(_outermost, names)))
    try:
        yield
    finally:
        _NAMES.reset(token)


def import_module(name: str) -> ModuleType:
    """Import a module; from the current folder if `local_modules` names it and no other has the name.

    It may import its neighbours in the folder, also later, inside a function, and they theirs.
    Other modules do not find them, and they hide no installed library.

    Raises
    ------
    Exception
        Whatever the module raises; ImportError if there is none.
    """
    import_if_local(name)
    return importlib.import_module(name)


def import_if_local(name: str) -> None:
    """Import the outermost module of a dotted name if `import_module` would find it here alone."""
    outermost = _outermost(name)
    if outermost not in _NAMES.get() or _is_known(outermost):
        return
    folder = str(Path.cwd())
    if _file_of(outermost, folder) is None:
        return
    _import_from(folder, outermost)
    _FOLDERS[outermost] = folder


def local_folders() -> dict[str, str]:
    """The folders of modules that were found in the current one, by name, for worker processes."""
    return dict(_FOLDERS)


def import_modules_of(folders: Mapping[str, str]) -> None:
    """Import modules from the folders where another process found them."""
    for name, folder in folders.items():
        _import_from(folder, name)


def hidden_file(name: str) -> str | None:
    """The file of the current folder that another module of the same name hides, if there is one.

    Parameters
    ----------
    name : str
        Dotted; the first part counts.
    """
    outermost = _outermost(name)
    file = _file_of(outermost, str(Path.cwd())) if outermost in _NAMES.get() else None
    module = sys.modules.get(outermost)
    if file is None or module is None or file == getattr(module, "__file__", None):
        return None
    return str(Path(file).relative_to(Path.cwd()))


def _outermost(name: str) -> str:
    return name.partition(".")[0]


def _is_known(name: str) -> bool:
    return name in sys.modules or find_spec(name) is not None


def _file_of(name: str, folder: str) -> str | None:
    """The file that a module of the folder is read from; None if there is none."""
    spec = PathFinder.find_spec(name, [folder])
    return None if spec is None else spec.origin


def _import_from(folder: str, name: str) -> None:
    """Import a module from a folder, unless another finder has it; it may import its neighbours."""
    finder = _Neighbours(folder)
    sys.meta_path.append(finder)
    finder.wanted = name
    try:
        importlib.import_module(name)
    except BaseException:
        finder.specs.clear()
        raise
    finally:
        finder.wanted = None
        if not finder.specs:
            sys.meta_path.remove(finder)


class _Neighbours(MetaPathFinder):
    """A finder of one module in a folder, and of what modules found there import themselves.

    Parameters
    ----------
    folder : str

    Attributes
    ----------
    wanted : str or None
        The module that anyone may import; only set while it is imported.
    specs : dict of str to ModuleSpec
        Of the modules that were found.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.wanted: str | None = None
        self.specs: dict[str, ModuleSpec] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of an outermost module; None for those that nothing in the folder imports."""
        if path is not None or not (fullname == self.wanted or self._found(_importer())):
            return None
        spec = PathFinder.find_spec(fullname, [self.folder], target)
        if spec is not None:
            self.specs[fullname] = spec
        return spec

    def _found(self, name: str) -> bool:
        """Whether a module, or the package that it lies in, was found here."""
        outermost = _outermost(name)
        spec = getattr(sys.modules.get(outermost), "__spec__", None)
        return spec is not None and spec is self.specs.get(outermost)


def _importer() -> str:
    """Name of the module whose import is under way; empty if there is none.

    Compiled code that imports, such as `pickle`, has no frame of its own. The module that calls it
    does not count: it neither executes an import statement nor calls `importlib`.
    """
    caller = ""
    for frame, _ in walk_stack(None):
        name = frame.f_globals.get("__name__", "")
        if _is_import_system(name):
            caller = name
        elif caller:
            return name if caller not in _BOOTSTRAP or _is_at_import(frame) else ""
    return ""


def _is_at_import(frame: FrameType) -> bool:
    """Whether a frame executes an import statement."""
    return frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_NAME"]


def _is_import_system(name: str) -> bool:
    return _outermost(name) in {"importlib", "_frozen_importlib"}
