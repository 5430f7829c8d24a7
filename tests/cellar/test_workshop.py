"""Folders of processes at work: swept once the process is gone, and not before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from polytask._files import sweep_workshops, workshop

AT_WORK = """
import sys
from pathlib import Path
from polytask._files import workshop
with workshop(Path(sys.argv[1]), ".model-") as folder:
    (folder / "new").mkdir()
    print(folder.name, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that works in a workshop, and its folder."""
    command = [sys.executable, "-c", AT_WORK, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        name = process.stdout.readline().decode().strip()
        yield process, tmp_path / name
        process.kill()


def sweep(folder: Path) -> None:
    sweep_workshops(folder, ".model-", {"new", "old"})


def test_a_workshop_is_gone_after_its_block(tmp_path):
    with workshop(tmp_path, ".model-") as folder:
        (folder / "new").mkdir()
        sweep(tmp_path)  # this very process holds the lock
        assert (folder / "new").exists()
    assert list(tmp_path.iterdir()) == []


def test_only_workshops_of_killed_processes_are_swept(tmp_path, other):
    process, folder = other
    sweep(tmp_path)
    assert (folder / "new").exists()
    process.kill()
    process.wait()
    sweep(tmp_path)
    assert not folder.exists()


def abandoned(folder: Path, *names: str) -> Path:
    for name in ("lock", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_what_is_no_workshop_stays(tmp_path):
    swept = abandoned(tmp_path / ".model-ab_cd12x", "new/bundle.json")
    others = [
        abandoned(tmp_path / ".model-ab_cd12y", "new/bundle.json", "notes.txt"),
        abandoned(tmp_path / ".model-ab_cd12", "new/bundle.json"),
        abandoned(tmp_path / ".models-ab_cd12x", "new/bundle.json"),
        abandoned(tmp_path / "elsewhere", "new/bundle.json"),
    ]
    (tmp_path / ".model-linked12").symlink_to(tmp_path / "elsewhere")
    (tmp_path / ".model-nolock12" / "new").mkdir(parents=True)
    (tmp_path / ".model-filefile").touch()
    sweep(tmp_path)
    assert not swept.exists()
    assert all((folder / "new" / "bundle.json").exists() for folder in others)
    assert (tmp_path / ".model-nolock12" / "new").exists()
    assert (tmp_path / ".model-filefile").exists()
    sweep(tmp_path / "nowhere")


def test_a_workshop_that_is_swept_while_it_is_made(tmp_path, monkeypatch):
    made, opened = [], os.open

    def open_late(path, *arguments, **options):
        if Path(path).name == "lock" and not made:
            made.append(path)
            Path(path).parent.rmdir()
        return opened(path, *arguments, **options)

    monkeypatch.setattr(os, "open", open_late)
    with workshop(tmp_path, ".model-") as folder:
        assert folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_locks(tmp_path, monkeypatch):
    monkeypatch.setattr("polytask._files._workshop.try_lock", lambda descriptor: False)
    with workshop(tmp_path, ".model-") as folder:
        sweep(tmp_path)
        assert folder.exists()
    assert list(tmp_path.iterdir()) == []
