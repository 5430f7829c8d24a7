"""A full disk, a folder that goes and a machine that fails, at any write of a study."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_tables import COMMAND, census, write_csv
from fakes_evaluation import Apart, table

from polytask.bookkeeping import Budget
from polytask.evaluation import compare
from polytask.exceptions import DiskError, OutputError


def study(out):
    return compare(table(), Apart(alphas=(1.0,)), seeds=2, budget=Budget(1, 10), out=out)


def without_seconds(values):
    if isinstance(values, dict):
        return {k: without_seconds(v) for k, v in values.items() if not k.startswith("seconds")}
    if isinstance(values, list):
        return [without_seconds(item) for item in values]
    return values


def found(out: Path) -> dict:
    return without_seconds(json.loads((out / "comparison.json").read_text()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What the study finds when nothing goes wrong, and how many files it writes."""
    calls = []
    with pytest.MonkeyPatch.context() as patch:
        keep = os.fsync
        patch.setattr(os, "fsync", lambda descriptor: (calls.append(1), keep(descriptor)))
        out = tmp_path_factory.mktemp("whole") / "out"
        study(out)
    return found(out), len(calls)


# where it refuses and how are independent of each other
REFUSALS = [
    *((errno.ENOSPC, share) for share in (0.0, 0.4, 0.99)),
    (errno.EROFS, 0.4),
    *(pytest.param(errno.ENOSPC, share, marks=pytest.mark.slow) for share in (0.2, 0.6, 0.8)),
    *(pytest.param(number, 0.4, marks=pytest.mark.slow) for number in (errno.EDQUOT, errno.EIO)),
]


@pytest.mark.parametrize(("number", "share"), REFUSALS)
def test_the_disk_refuses_once(tmp_path, monkeypatch, whole, number, share):
    expected, n_calls = whole
    ahead = [int(share * n_calls)]
    keep = os.fsync

    def refuse(descriptor):
        ahead[0] -= 1
        if ahead[0] < 0:
            raise OSError(number, os.strerror(number))
        keep(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match="cannot be written: ") as caught:
        study(tmp_path / "out")
    assert isinstance(caught.value, DiskError) == (number != errno.EROFS)
    monkeypatch.undo()
    halves = [path for path in tmp_path.rglob(".*") if path.name != ".lock"]
    assert halves == []
    for path in tmp_path.rglob("*.json"):
        json.loads(path.read_text())
    study(tmp_path / "out")
    assert found(tmp_path / "out") == expected


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_somebody_removes_the_folder(tmp_path, jobs):
    out = tmp_path / "out"
    with pytest.raises(DiskError, match=r"its folder is gone|was removed while"):
        compare(
            table(),
            Apart(alphas=(1.0,), removes=str(out)),
            seeds=2,
            budget=Budget(1, 10),
            jobs=jobs,
            out=out,
        )
    assert not (out / "comparison.json").exists()
    assert not list(out.rglob("*.json"))
    study(out)


def test_a_temporary_folder_that_cannot_be_made(monkeypatch):
    def none(*_, **__):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.mkdtemp", none)
    with pytest.raises(OutputError, match=r"No usable temporary directory.*Give `out`"):
        study(None)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="limits of Unix")
@pytest.mark.parametrize(("jobs", "kilobytes"), [(1, 0), (1, 4), (2, 8)])
def test_files_may_not_grow(tmp_path, jobs, kilobytes):
    """The kernel refuses, in every process, whoever writes: a full disk for whom has none."""
    write_csv(tmp_path / "t.csv", census(200))
    command = (
        *COMMAND, "compare", "t.csv", "-t", "score:regression", "-m", "linear", "-m",
        "gradient_boosting", "--seeds", "2", "--trials", "1", "--jobs", str(jobs), "--out", "out",
    )  # fmt: skip
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({kilobytes * 1024},) * 2)"
    script = f"{limit}; import sys; sys.argv[0] = 'polytask'; from polytask.cli import main; main()"
    refused = run([sys.executable, "-c", script, *command[3:]], tmp_path)
    assert refused.returncode == 1, refused.stderr
    assert "Traceback" not in refused.stderr
    assert "cannot be written: the file would be larger than is allowed" in refused.stderr
    assert [path for path in tmp_path.rglob(".*") if path.name != ".lock"] == []
    again = run(command, tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "out" / "report.html").exists()


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
