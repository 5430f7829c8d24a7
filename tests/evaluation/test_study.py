import json
import subprocess
import sys
import time

import pytest

from polytask.evaluation.running._study import study_folder
from polytask.exceptions import StudyError

STUDY = {"data": "abc", "split": {"kind": "RandomSplit"}, "budget": {"trials": 1, "steps": 10}}


def enter(folder, identity=STUDY):
    with study_folder(folder, identity):
        pass


def test_the_same_study_comes_back(tmp_path):
    enter(tmp_path / "deep" / "study")
    enter(tmp_path / "deep" / "study")
    assert json.loads((tmp_path / "deep" / "study" / "study.json").read_text()) == STUDY


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": "other"}, "its data differs"),
        ({"budget": {"trials": 2, "steps": 10}}, "its budget differs"),
        ({"data": "x", "split": {}}, "its data and split differ"),
    ],
)
def test_another_study_is_refused(tmp_path, change, words):
    enter(tmp_path)
    with pytest.raises(StudyError, match=f"holds another study: {words}. Choose another folder"):
        enter(tmp_path, {**STUDY, **change})


@pytest.mark.parametrize("name", ["model", "runs", "comparison.json"])
def test_files_of_something_else_are_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(StudyError, match=f"holds {name} that no study of ours wrote"):
        enter(tmp_path)


def test_other_files_do_not_matter(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    enter(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(StudyError, match=r"is a file\. Choose another folder"):
        enter(tmp_path / "out")


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_a_damaged_study_file_is_refused(tmp_path, text):
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(StudyError, match=r"study.json does not describe a study"):
        enter(tmp_path)


def test_one_process_at_a_time(tmp_path):
    code = f"""
import sys, time
from pathlib import Path
from polytask.evaluation.running._study import study_folder
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
