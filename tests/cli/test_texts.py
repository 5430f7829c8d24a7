"""Free text and lists on the command line: defaults, declared roles, predictions, study files."""

import csv
import json

import polars as pl
import pytest
from typer.testing import CliRunner

from polytask import fit, read
from polytask.bookkeeping import Budget
from polytask.cli import _run_comparison
from polytask.cli._app import app
from polytask.exceptions import ParameterError
from polytask.training._progress import TrainingProgress, _silent

WORDS = ["the", "cat", "sat", "on", "a", "warm", "mat", "while", "it", "rained", "outside"]
ROWS = 60
TABLE = pl.DataFrame(
    {
        "review": [
            f"{'good' if row % 2 else 'bad'} {' '.join(WORDS[row % 4 : row % 4 + 4])} number{row}"
            for row in range(ROWS)
        ],
        "path": [["home", "cart"][: 1 + row % 3 % 2] for row in range(ROWS)],
        "size": [row * 7 % 11 / 3 for row in range(ROWS)],
        "liked": [row % 2 for row in range(ROWS)],
        "stars": [row % 2 + row * 7 % 11 / 3 for row in range(ROWS)],
    }
)


def run(*arguments):
    done = CliRunner().invoke(app, list(map(str, arguments)))
    return done.exit_code, f"{done.output}{done.exception or ''}"


@pytest.fixture
def reviews(tmp_path):
    TABLE.drop("path").write_csv(tmp_path / "reviews.csv")
    return tmp_path / "reviews.csv"


def test_comparison_and_prediction(reviews, tmp_path):
    targets = ["-t", "liked", "-t", "stars", "--seeds", "1", "--trials", "1", "--steps", "30"]
    code, said = run("compare", reviews, *targets, "--out", tmp_path / "study")
    assert code == 0, said
    assert "input review: text of 6 words in the middle row, learned word by word" in said
    for learner in ("single_task", "hard_sharing", "linear", "gradient_boosting"):
        assert f"\n{learner} " in said
    new, out = tmp_path / "new.csv", tmp_path / "out.csv"
    new.write_text("review,size\nvery unlikely indeed,1.5\ngood cat,\n")
    code, said = run("predict", tmp_path / "study" / "model", new, "--out", out)
    assert code == 0, said
    assert "review: 3 of 5 words were not seen in fitting and count as unknown" in said
    assert len(list(csv.DictReader(out.read_text().splitlines()))) == 2


def test_roles_in_options_and_study_files(reviews, tmp_path):
    options = ["-t", "liked", "--model", "linear"]
    code, said = run("fit", reviews, *options, "--column", "review:drop", "--out", tmp_path / "a")
    assert code == 0, said
    assert "word by word" not in said
    study = tmp_path / "study.yaml"
    study.write_text(
        f"table: {reviews}\ntarget: liked\ncolumn: {{review: text=3}}\nmodel: linear\n"
    )
    code, said = run("fit", "--config", study, "--out", tmp_path / "b")
    assert code == 0, said
    assert "input review: of 60 rows only the first 3 of up to 6 words are read" in said
    code, said = run("fit", reviews, *options, "--column", "review:text=0", "--out", tmp_path / "c")
    assert code, said
    assert "must be a whole number from 1 to 4,096" in said


def test_lists_in_json_lines(tmp_path):
    table, new, out = tmp_path / "t.jsonl", tmp_path / "new.jsonl", tmp_path / "out.csv"
    TABLE.write_ndjson(table)
    code, said = run("fit", table, "-t", "stars", "--model", "linear", "--out", tmp_path / "model")
    assert code == 0, said
    assert "input path: lists of text, learned as tokens, up to 2 per row" in said
    new.write_text(json.dumps({"review": "good", "path": ["exit"], "size": 1, "liked": 1}) + "\n")
    code, said = run("predict", tmp_path / "model", new, "--out", out)
    assert code == 0, said
    assert "path: 1 of 1 token was not seen in fitting and counts as unknown" in said


def test_tags_are_learned_by_networks_that_read_step_by_step(tmp_path, monkeypatch):
    rows = pl.DataFrame(
        {
            "words": [["fly", "to", "rome"][: 1 + row % 3] for row in range(40)],
            "tags": [["O", "O", "B-city"][: 1 + row % 3] for row in range(40)],
        }
    )
    table = tmp_path / "t.ndjson"
    rows.write_ndjson(table)
    few = ["--seeds", "1", "--trials", "1", "--steps", "2", "--out", tmp_path / "out"]
    code, said = run("compare", table, "-t", "tags:tokens", *few)
    assert code == 0, said
    assert said.count("Networks have the encoder lstm by default, since tags labels the steps") == 1
    assert "comparing single_task+lstm, hard_sharing+lstm;" in said
    report = (tmp_path / "out" / "report.html").read_text()
    assert "Networks have the encoder lstm by default" in report
    assert "linear&#39; cannot learn these tasks: tags (tokens). It is left out." in report
    silent = []
    show = TrainingProgress.show
    monkeypatch.setattr(
        TrainingProgress,
        "show",
        lambda bar, *told: silent.append(_silent.get()) or show(bar, *told),
    )
    code, said = run(
        "fit", table, "-t", "tags:tokens", "--steps", "2", "--quiet", "--out", tmp_path / "m"
    )
    assert code == 0, said
    assert "Networks have the encoder lstm by default" in said
    assert silent
    assert all(silent)
    with pytest.warns(UserWarning, match="Networks (have|with)") as warned:
        model = fit(read(table, "tags:tokens"), budget=Budget(steps=2))
    assert str(warned[0].message).startswith("Networks have the encoder lstm by default")
    assert model.name == "hard_sharing+lstm"


def test_a_bare_network_reads_step_by_step_where_steps_are_labelled(tmp_path, monkeypatch):
    def stopped(data, compared, **options):
        names = [learner.name for learner in compared]
        raise ParameterError(f"comparing {names} ended: {options['notes']}")

    monkeypatch.setattr(_run_comparison, "compare", stopped)
    table = tmp_path / "t.ndjson"
    words = [["fly", "rome"][: 1 + row % 2] for row in range(40)]
    pl.DataFrame({"words": words, "tags": words}).write_ndjson(table)
    start = ["compare", table, "-t", "tags:tokens", "--model", "mmoe"]
    _, said = run(*start, "--model", "hard_sharing+gru", "--out", tmp_path / "out")
    assert "comparing ['mmoe+lstm', 'hard_sharing+gru'] ended" in said
    note = "Networks have the encoder lstm by default, since tags labels the steps"
    assert said.count(note) == 2  # as a note, and as one of the comparison's
    _, said = run(*start, "--encoder", "gru", "--out", tmp_path / "out")
    assert "comparing ['mmoe+gru'] ended" in said
    assert note not in said


def test_what_a_network_cannot_learn_is_said_before_the_comparison_begins(reviews):
    code, said = run(
        "compare", reviews, "-t", "review:tokens", "--model", "linear", "--features", "size"
    )
    assert code
    assert "cannot learn these tasks: review (tokens)" in said
    assert "comparing" not in said
