"""What can be told from a file or its columns is told before torch is loaded."""

import json
import subprocess
import sys

import pytest
from cli_tables import HEAD, census, replaced, write_csv

# Commands run in one process, in which importing torch fails.
RUN = """
import contextlib, io, json, sys
sys.modules["torch"] = None
from polytask.cli import main
ends = []
for arguments in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            main(arguments)
        except BaseException as end:
            ends.append([repr(getattr(end, "code", end)), said.getvalue().rstrip().split("\\n")[-1]])
print(json.dumps([ends, sorted(set(sys.modules) & {"sklearn", "matplotlib", "lightning_fabric"})]))
"""


def run(commands, folder):
    ran = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps([[str(word) for word in command] for command in commands]),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return json.loads(ran.stdout)


@pytest.fixture
def mistakes(tmp_path, table):
    """Arguments that `compare` and `fit` refuse, and what their sentence holds."""

    def csv(name, rows, head=HEAD):
        return write_csv(tmp_path / f"{name}.csv", rows, head)

    (tmp_path / "empty.csv").write_text("")
    write_csv(tmp_path / "t.xlsx", census())
    infinite = replaced("score", "inf", slice(7, 9))
    far = replaced("age", "-inf", slice(5, 6))
    twice = ("age", "colour", "income", "level", "age", "married")
    return [
        (("t.xlsx", "-t", "income"), "unknown type '.xlsx'"),
        (("nothing.csv", "-t", "income"), "There is no file nothing.csv"),
        (("empty.csv", "-t", "income"), "empty.csv is empty"),
        ((csv("head", []), "-t", "income"), "but no rows"),
        ((table,), "Name at least one target"),
        ((table, "-t", "incme"), "'incme' is not a column"),
        ((table, "-t", "income", "-t", "income"), "unique names"),
        ((table, "-t", "income:binry"), "no kind of task named 'binry'"),
        ((table, "-t", "level:binary"), "holds 3 distinct values"),
        ((table, "-t", "score:multiclass"), "holds fractions"),
        ((table, "-t", "colour:regression"), "holds text"),
        ((table, "-t", "both=income,level:multilabel"), "column 'level' holds 2"),
        ((csv("blank", replaced("income", "")), "-t", "income"), "no observed label"),
        ((csv("one", replaced("income", 1)), "-t", "income:binary"), "only one class"),
        ((csv("infinite", infinite), "-t", "score"), "infinite value (inf"),
        ((csv("far", far), "-t", "income"), "infinite value (-inf"),
        ((csv("twice", census(), twice), "-t", "income"), "several columns of one name"),
        ((csv("few", census(1)), "-t", "score:regression"), "too few to split"),
        ((table, "-t", "income", "--features", "leve"), "Did you mean 'level'?"),
        ((table, "-t", "income", "--drop", "leve"), "Did you mean 'level'?"),
        ((table, "-t", "income", "--weight", "leve"), "Did you mean 'level'?"),
        ((table, "-t", "score", "--task-column", "leve"), "Did you mean 'level'?"),
        ((table, "-t", "income", "--split", "rndom:0.2"), "Did you mean 'random'?"),
        ((table, "-t", "income", "--split", "group:colr"), "Did you mean 'colour'?"),
        ((table, "-t", "income", "--split", "column:colour"), "must say train, validation or test"),
        ((table, "-t", "income", "--split", "time:colour"), "must hold dates, times or numbers"),
        ((table, "-t", "income", "--steps", "5", "--epochs", "2"), "not both"),
        (("--config", "nothing.yaml"), "The study file nothing.yaml cannot be read"),
    ]


@pytest.mark.parametrize("command", ["compare", "fit"])
def test_tables_and_columns(command, mistakes, tmp_path):
    ends, loaded = run([(command, *arguments) for arguments, _ in mistakes], tmp_path)

    assert len(ends) == len(mistakes)
    for (arguments, words), (status, said) in zip(mistakes, ends, strict=True):
        assert (status, said[:7]) == ("2", "error: "), (arguments, status, said)
        assert words in said
    assert loaded == []


def test_a_split_without_test_rows(tmp_path):
    write_csv(tmp_path / "t.csv", census(3))
    (((status, said),), _) = run([("compare", "t.csv", "-t", "income:binary")], tmp_path)

    assert status == "2"
    assert "has no test rows" in said
