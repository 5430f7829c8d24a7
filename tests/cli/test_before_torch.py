"""What can be told from a file or its columns is told before torch is loaded."""

import json
import subprocess
import sys

import pytest
from cli_tables import HEAD, census, replaced, write_csv

from polytask.bookkeeping import Budget
from polytask.data import read
from polytask.learners import fit

# Commands run in one process, which tells afterwards what it has loaded.
RUN = """
import contextlib, io, json, sys
from polytask.cli import main
ends = []
for arguments in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            main(arguments)
        except SystemExit as end:
            status = end.code
    ends.append([status or 0, said.getvalue().rstrip().split("\\n")[-1], "torch" in sys.modules])
print(json.dumps([ends, sorted({"sklearn", "matplotlib", "lightning_fabric"} & {*sys.modules})]))
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
    for (arguments, words), (status, said, torch) in zip(mistakes, ends, strict=True):
        assert (status, said[:7], torch) == (2, "error: ", False), (arguments, status, said)
        assert words in said
    assert loaded == []


@pytest.fixture
def saved(tmp_path):
    """Folders of saved models by name, of three learners for the census."""
    columns = zip(*census(), strict=True)
    data = read(dict(zip(HEAD, map(list, columns), strict=True)), ["income:binary"])
    folders = {}
    for learner in ("linear", "gradient_boosting", "hard_sharing"):
        folders[learner] = tmp_path / learner
        fit(data, learner, budget=Budget(steps=5)).save(folders[learner])
    return folders


@pytest.mark.slow
def test_models_of_trees_and_lines_predict(saved, tmp_path, table):
    learners = ("linear", "gradient_boosting")
    commands = [("predict", saved[one], table, "--out", f"{one}.csv") for one in learners]
    ends, loaded = run(commands, tmp_path)

    assert [(status, torch) for status, _, torch in ends] == [(0, False), (0, False)]
    assert all("60 rows predicted" in said for _, said, _ in ends)
    assert "lightning_fabric" not in loaded
    assert (tmp_path / "linear.csv").read_text().startswith("row,income")


@pytest.mark.slow
def test_tables_for_a_network(saved, tmp_path, table):
    short = write_csv(tmp_path / "short.csv", [row[1:] for row in census()], HEAD[1:])
    mistakes = [
        (("nothing.csv",), "There is no file nothing.csv"),
        (("t.xlsx",), "unknown type"),
        ((short,), "'age' is not a column of the table"),
        ((table, "--keep", "agee"), "Did you mean 'age'?"),
        ((write_csv(tmp_path / "words.csv", replaced("age", "old")),), "'age'"),
    ]
    write_csv(tmp_path / "t.xlsx", census())
    ends, loaded = run(
        [("predict", saved["hard_sharing"], *more) for more, _ in mistakes], tmp_path
    )

    for (arguments, words), (status, said, torch) in zip(mistakes, ends, strict=True):
        assert (status, said[:7], torch) == (2, "error: ", False), (arguments, status, said)
        assert words in said
    assert loaded == []


def test_a_split_without_test_rows(tmp_path):
    write_csv(tmp_path / "t.csv", census(3))
    (((status, said, torch),), _) = run([("compare", "t.csv", "-t", "income:binary")], tmp_path)

    assert (status, torch) == (2, False)
    assert "has no test rows" in said
