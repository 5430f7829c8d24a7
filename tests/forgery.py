"""Saved models as a forger would change them, and a trap for code that runs meanwhile."""

import copy
import io
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from zipfile import ZipFile

from polytask._files import sha256
from polytask.predictor._folder import MANIFEST, _digest

Files = dict[str, bytes]


def files_of(folder: Path) -> Files:
    """Every file's bytes by its name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def laid_out(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write the files as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def resealed(files: Mapping[str, bytes], folder: Path, **changes: object) -> Path:
    """Write changed files with a manifest whose digests agree with them."""
    return sealed_with(files, folder, json.loads(files[MANIFEST]) | changes)


def sealed_with(files: Mapping[str, bytes], folder: Path, manifest: dict[str, Any]) -> Path:
    """Write the files beside this manifest, with digests that agree."""
    laid_out(files, folder)
    manifest.pop("sha256", None)
    if isinstance(manifest.get("files"), dict):
        for name in manifest["files"]:
            path = folder / name
            if path.is_file():
                entry = {"bytes": path.stat().st_size, "sha256": sha256(path)}
                manifest["files"][name] = entry
    try:
        digest = _digest(manifest)
    except (ValueError, TypeError):
        digest = "none"
    (folder / MANIFEST).write_text(json.dumps({**manifest, "sha256": digest}))
    return folder


def unzipped(content: bytes) -> Files:
    """The entries of a skops file."""
    with ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(entries: Mapping[str, bytes]) -> bytes:
    """A skops file of these entries."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_schema(content: bytes, schema: object) -> bytes:
    """The skops file with another schema."""
    return zipped({**unzipped(content), "schema.json": json.dumps(schema).encode()})


def schema_of(content: bytes) -> Any:
    """The schema of a skops file."""
    return json.loads(unzipped(content)["schema.json"])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in nested JSON."""
    yield path
    pairs = value.items() if isinstance(value, dict) else ()
    pairs = enumerate(value) if isinstance(value, list) else pairs
    for key, item in pairs:
        yield from places(item, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """The value at a path."""
    for key in path:
        value = value[key]
    return value


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value at a path."""
    if not path:
        return new
    changed = copy.deepcopy(value)
    at(changed, path[:-1])[path[-1]] = new
    return changed


_ALARMS: list[str] = []
_WATCHED: list[Path] = []
_EVENTS = {
    "ctypes.dlopen",
    "exec",
    "marshal.loads",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.mkdir",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.spawn",
    "os.symlink",
    "os.system",
    "pickle.find_class",
    "shutil.rmtree",
    "socket.__new__",
    "socket.connect",
    "subprocess.Popen",
}
_OURS = {"polytask", "torch", "sklearn", "scipy", "numpy", "skops", "lightgbm", "xgboost"}


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _WATCHED:
        return
    if event == "open" and isinstance(arguments[0], str | bytes | int):
        path, mode, flags = arguments
        writes = any(letter in str(mode) for letter in "wax+") or bool(int(flags or 0) & 3)
        if writes:
            _ALARMS.append(f"open {path} {mode}")
    elif event == "import":
        name = str(arguments[0])
        if name.partition(".")[0] not in _known_packages():
            _ALARMS.append(f"import {name}")
    elif event == "exec":
        code = arguments[0]
        file = str(getattr(code, "co_filename", ""))
        if any(str(folder) in file for folder in _WATCHED):
            _ALARMS.append(f"exec {file}")
    elif event in _EVENTS and not (event == "marshal.loads" and _is_of_imports(sys._getframe(1))):
        _ALARMS.append(f"{event} {arguments!r:.200}")


def _is_of_imports(frame: FrameType) -> bool:
    """Whether Python itself reads the compiled file of a module, which `import` and `exec` watch."""
    return frame.f_code.co_filename.startswith("<frozen importlib")


def _known_packages() -> set[str]:
    return {name.partition(".")[0] for name in list(sys.modules)} | _OURS


_INSTALLED: list[bool] = []


@contextmanager
def trap(folder: Path) -> Iterator[list[str]]:
    """Collect every attempt to run code, to write a file or to import a new package.

    Parameters
    ----------
    folder : Path
        Code that is read from it counts too.
    """
    if not _INSTALLED:
        sys.addaudithook(_audit)  # stays for the process, so it only watches inside the block
        _INSTALLED.append(True)
    _ALARMS.clear()
    _WATCHED.append(folder)
    try:
        yield _ALARMS
    finally:
        _WATCHED.clear()
