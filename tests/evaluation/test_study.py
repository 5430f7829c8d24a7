import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polytask.evaluation.running._study_folder import out_folder, study_folder
from polytask.exceptions import DiskError, ParameterError, StudyError

OF_DATA = "Tasks and their options are part of the data"
STUDY = {"data": "abc", "split": {"kind": "RandomSplit"}, "budget": {"trials": 1, "steps": 10}}


def enter(folder, identity=STUDY):
    with study_folder(folder, identity):
        pass


def test_the_same_study_comes_back(tmp_path):
    enter(tmp_path / "deep" / "study")
    enter(tmp_path / "deep" / "study")
    held = json.loads((tmp_path / "deep" / "study" / "study.json").read_text())
    assert held.pop("sha256")
    assert held == STUDY


def test_a_study_without_a_digest_comes_back(tmp_path):
    """As earlier versions wrote it."""
    (tmp_path / "study.json").write_text(json.dumps(STUDY))
    enter(tmp_path)
    assert json.loads((tmp_path / "study.json").read_text()) == STUDY


def with_runs(folder, *data):
    (folder / "runs").mkdir()
    for number, one in enumerate(data):
        text = "{" if one is None else json.dumps({"spec": {"data": one}})
        (folder / "runs" / f"{number}.json").write_text(text)


@pytest.mark.parametrize("damage", ["missing", "{", "flipped"])
def test_a_damaged_study_file_is_written_anew_beside_its_runs(tmp_path, damage):
    enter(tmp_path)
    whole = (tmp_path / "study.json").read_text()
    with_runs(tmp_path, "abc", None)
    if damage == "missing":
        (tmp_path / "study.json").unlink()
    else:
        text = "{" if damage == "{" else whole.replace("RandomSplit", "RandomSplis")
        (tmp_path / "study.json").write_text(text)
    said = []
    with study_folder(tmp_path, STUDY, said.append):
        assert (tmp_path / "runs" / "0.json").exists()
    assert said == [
        f"{tmp_path / 'study.json'} was missing or damaged and is written anew; the runs are kept."
    ]
    assert (tmp_path / "study.json").read_text() == whole


@pytest.mark.parametrize("data", [["other"], ["abc", "other"], [None], []])
def test_a_damaged_study_file_beside_other_runs_is_refused(tmp_path, data):
    with_runs(tmp_path, *data)
    with pytest.raises(StudyError, match="holds runs that no study of ours wrote"):
        enter(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": "other"}, rf"its data differs\. {OF_DATA}"),
        ({"budget": {"trials": 2, "steps": 10}}, "its budget differs"),
        ({"data": "x", "split": {}}, rf"its data and split differ\. {OF_DATA}"),
    ],
)
def test_another_study_is_refused(tmp_path, change, words):
    enter(tmp_path)
    with pytest.raises(StudyError, match=f"holds another study: {words}. Choose another folder"):
        enter(tmp_path, {**STUDY, **change})


@pytest.mark.parametrize("name", ["model", "runs", "comparison.json", "tuning.json"])
def test_files_of_something_else_are_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(StudyError, match=f"holds {name} that no study of ours wrote"):
        enter(tmp_path)


def test_other_files_do_not_matter(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    enter(tmp_path)


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_a_damaged_study_file_is_refused(tmp_path, text):
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(StudyError, match=r"study.json does not describe a study"):
        enter(tmp_path)


@pytest.mark.slow
def test_one_process_at_a_time(tmp_path):
    code = f"""
import sys, time
from pathlib import Path
from polytask.evaluation.running._study_folder import study_folder
with study_folder(Path({str(tmp_path)!r}), {STUDY!r}):
    print("in", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "in\n"
        with pytest.raises(StudyError, match="Another process is writing to"):
            enter(tmp_path)
        other.kill()
    deadline = time.monotonic() + 10
    while True:
        try:
            enter(tmp_path)
            break
        except StudyError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("inside", ["", "deeper", "deeper/still"])
def test_a_file_in_the_way(tmp_path, inside):
    (tmp_path / "out").write_text("")
    with pytest.raises(StudyError, match=rf"{tmp_path}/out is a file\. Choose another folder"):
        enter(tmp_path / "out" / inside)
    assert (tmp_path / "out").read_text() == ""


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EACCES, StudyError, "permission is denied"),
        (errno.EROFS, StudyError, "the disk is read-only"),
        (errno.ENAMETOOLONG, StudyError, "its name is too long"),
        (errno.ENOSPC, DiskError, "no space is left on the disk"),
        (errno.EDQUOT, DiskError, "the disk quota is used up"),
        (errno.ENODEV, StudyError, "No such device"),
    ],
)
@pytest.mark.parametrize("call", ["mkdir", "open", "exists"])
def test_a_folder_that_cannot_be_used(tmp_path, monkeypatch, number, kind, words, call):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number), "somewhere")

    monkeypatch.setattr(os if call == "open" else Path, call, refuse)
    with pytest.raises(kind, match=f"The folder {tmp_path}/out cannot be used: {words}"):
        enter(tmp_path / "out")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do anything")
def test_a_folder_without_permission(tmp_path):
    (tmp_path / "mine").mkdir(mode=0o500)
    with pytest.raises(StudyError, match="permission is denied"):
        enter(tmp_path / "mine" / "out")


@pytest.mark.parametrize("made_again", [False, True])
def test_a_folder_that_is_removed_meanwhile(tmp_path, made_again):
    def study():
        with study_folder(tmp_path / "out", STUDY):
            shutil.rmtree(tmp_path / "out")
            if made_again:
                (tmp_path / "out").mkdir()
                (tmp_path / "out" / ".lock").touch()

    with pytest.raises(DiskError, match="was removed while results were written to it"):
        study()
    enter(tmp_path / "out")


def test_what_a_killed_process_left_is_swept_and_what_fails_too(tmp_path):
    half = ".study-0123456789abcdef.json"

    def study():
        with study_folder(tmp_path, STUDY):
            assert not (tmp_path / half).exists()
            (tmp_path / half).touch()
            raise ZeroDivisionError

    (tmp_path / half).touch()
    with pytest.raises(ZeroDivisionError):
        study()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "study.json"]


@pytest.mark.parametrize("out", ["", "  ", "a\0b", "~nobody-of-this-name/x", Path("a\0b")])
def test_what_is_no_path(out):
    with pytest.raises(
        ParameterError, match="The `out` parameter of compare must be the path of a"
    ):
        out_folder(out)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("out", [3, b"x", None, ["x"], True])
def test_what_is_not_even_text(out):
    with pytest.raises(
        ParameterError, match="The `out` parameter of compare must be the path of a"
    ):
        out_folder(out)


def test_a_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert out_folder("~/x") == out_folder(Path("~/x")) == tmp_path / "x"
    assert out_folder("x~") == Path("x~")
