"""What lies in a study's folder is as it was written, or its run is done again."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fakes_evaluation import Apart, table, without_seconds

from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.evaluation import Runner
from polytask.evaluation.running._sweep import sweep
from polytask.exceptions import DiskError, StudyError


@pytest.fixture
def study(tmp_path):
    """A folder with one run whose test rows were read; the runner, the run and its record."""
    data = table()
    (split,) = RandomSplit().splits(data, 0)
    notes = []
    runner = Runner(tmp_path, data, Budget(), note=notes.append)
    run = runner.request(Apart(log=str(tmp_path / "log")), split, 0)
    (record,) = runner.test_all([(run, ("y0",))])
    return runner, run, record, notes


def fits(folder: Path) -> int:
    return len((folder / "log").read_text().splitlines())


def flip(path: Path, where: float) -> None:
    held = bytearray(path.read_bytes())
    held[int(where * (len(held) - 1))] ^= 1 << 4
    path.write_bytes(bytes(held))


def test_a_record_says_what_lies_beside_it(study):
    runner, run, record, _ = study
    assert set(record.files) == {"model", "validation.safetensors", "test.safetensors"}
    assert runner.store.read(run.spec.key) == record
    values = json.loads((runner.store.folder / "runs" / f"{run.spec.key}.json").read_text())
    assert len(values["sha256"]) == 64


@pytest.mark.parametrize("where", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("what", ["json", "validation.safetensors", "test.safetensors", "model"])
def test_a_flipped_bit_is_found_and_the_run_done_again(tmp_path, study, what, where):
    runner, run, record, notes = study
    path = tmp_path / "runs" / f"{run.spec.key}.{what}"
    if path.is_dir():
        path = sorted(path.iterdir())[int(where * (len(list(path.iterdir())) - 1))]
    flip(path, where)
    with pytest.raises(StudyError, match=rf"{run.spec.key}\.{what}.*(damaged|another run)"):
        runner.store.read(run.spec.key)
    (again,) = runner.test_all([(run, ("y0",))])
    assert without_seconds(again) == without_seconds(record)
    assert fits(tmp_path) == 2
    (note,) = notes
    assert note.endswith("That run is done again.")
    assert run.spec.key in note
    assert runner.store.read(run.spec.key) == again


@pytest.mark.parametrize("what", ["validation.safetensors", "test.safetensors", "model"])
def test_what_is_missing_is_made_again(tmp_path, study, what):
    runner, run, _, notes = study
    path = tmp_path / "runs" / f"{run.spec.key}.{what}"
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    runner.test_all([(run, ("y0",))])
    assert path.exists()
    assert "is missing" in notes[0]


def test_a_record_under_another_name(tmp_path, study):
    runner, run, _, _ = study
    other = "0" * 24
    shutil.copy(tmp_path / "runs" / f"{run.spec.key}.json", tmp_path / "runs" / f"{other}.json")
    with pytest.raises(StudyError, match="the record of another run"):
        runner.store.read(other)


def test_a_folder_that_was_removed_is_not_made_again(tmp_path, study):
    runner, run, _, _ = study
    shutil.rmtree(tmp_path / "runs")
    with pytest.raises(DiskError, match="was removed while runs were written to it"):
        runner.run_all([run])
    assert not (tmp_path / "runs").exists()


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


KEY, OTHER = "0123456789abcdef01234567", "f" * 24
HALF = "0123456789abcdef"
LEFT_OVER = [
    f".study-{HALF}.json", f".comparison-{HALF}.json", f".report-{HALF}.html", f".log-{HALF}.txt",
    ".model-ab_cd12x/new/bundle.json", ".model-ab_cd12x/lock", f"runs/.{KEY}-{HALF}.json",
    f"runs/.{KEY}.validation-{HALF}.safetensors", f"runs/.{KEY}.checkpoint-{HALF}.safetensors",
    f"runs/.{KEY}.model-0a1b2c3_/old/bundle.json", f"runs/{KEY}.model/bundle.json",
    f"runs/{KEY}.validation.safetensors", f"runs/{KEY}.test.safetensors",
    f"runs/{OTHER}.checkpoint.safetensors",
]  # fmt: skip
KEPT = [
    "study.json", "comparison.json", "report.html", "log.txt", "model/bundle.json", ".lock",
    f"runs/{KEY}.checkpoint.safetensors", f"runs/{OTHER}.json", f"runs/{OTHER}.model/bundle.json",
    f"runs/{OTHER}.validation.safetensors", f"runs/{OTHER}.test.safetensors",
    ".hidden", ".env.json", f".mine-{HALF}.json", f".study-{HALF}.txt", ".model-ab_cd12x.json",
    ".model-backup12/weights", ".model-ABCDEFGH/new/bundle.json", ".models-ab_cd12x/new/a",
    "runs/notes.model/a", "runs/mine.test.safetensors", f"runs/.mine-{HALF}.json",
    f"runs/{KEY}.txt", f"runs/.{KEY}-backup.json", f"deeper/.study-{HALF}.json",
]  # fmt: skip


def test_the_sweep_takes_what_is_ours_and_of_no_use(tmp_path):
    for name in [*LEFT_OVER, *KEPT]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    sweep(tmp_path)
    files = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert files == set(KEPT)
    assert not (tmp_path / ".model-ab_cd12x").exists()


def test_the_sweep_follows_no_links(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "new").mkdir(parents=True)
    (elsewhere / "new" / "mine").touch()
    runs = tmp_path / "out" / "runs"
    runs.mkdir(parents=True)
    (runs / f"{KEY}.model").symlink_to(elsewhere)
    (runs / f".{KEY}.model-0a1b2c3_").symlink_to(elsewhere)
    sweep(tmp_path / "out")
    assert (elsewhere / "new" / "mine").exists()
    assert names(runs) == {f"{KEY}.model", f".{KEY}.model-0a1b2c3_"}


def test_a_sweep_of_nothing(tmp_path):
    sweep(tmp_path / "none")
    assert not (tmp_path / "none").exists()


WRITING = """
import numpy as np, resource, signal, torch
from pathlib import Path
from polytask.evaluation.running._outcome import Outcome, write_outcomes
from polytask.tasks import FittedTarget
from polytask.training._checkpoint import save_state
runs = Path({runs!r})
long = np.zeros(100_000)
outcome = Outcome(long, long, long.astype(int), long, FittedTarget(("a",)))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the system kills who writes more than is allowed
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
{call}
"""
WRITERS = {
    "checkpoint": f"save_state(runs / '{KEY}.checkpoint.safetensors', {{'a': torch.zeros(9999)}})",
    "outcomes": f"write_outcomes(runs / '{KEY}.test.safetensors', {{'a': outcome}})",
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are a thing of Unix")
@pytest.mark.parametrize("writer", WRITERS)
def test_the_sweep_takes_what_a_process_killed_while_writing_left(tmp_path, writer):
    """Libraries that write to a file of their own first would leave names that are not ours."""
    runs = tmp_path / "runs"
    runs.mkdir()
    script = WRITING.format(runs=str(runs), call=WRITERS[writer])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == -signal.SIGXFSZ, done.stderr.decode()
    assert len(list(runs.iterdir())) == 1
    sweep(tmp_path)
    assert list(runs.iterdir()) == []
