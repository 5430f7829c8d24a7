"""Classical models by their names on the command line."""

import numpy as np
import polars as pl

import polytask as library

DRAW = np.random.default_rng(0)


def mixed(path, n=80):
    """Two numbers and two classes, a third of all labels missing."""
    X = DRAW.normal(size=(n, 3))
    columns = {f"x{j}": X[:, j].tolist() for j in range(3)}
    for k in range(2):
        scores = X @ [1.0, 2.0, 0.0] + 0.3 * DRAW.normal(size=n)
        seen = DRAW.random((2, n)) > 0.3
        columns[f"y{k}"] = [
            float(s) if kept else None for s, kept in zip(scores, seen[0], strict=True)
        ]
        words = np.where(scores > 0, "yes", "no").tolist()
        columns[f"c{k}"] = [w if kept else None for w, kept in zip(words, seen[1], strict=True)]
    pl.DataFrame(columns).write_csv(path)
    return path


def test_a_joint_estimator_is_fitted_saved_and_predicts(polytask, tmp_path):
    table = mixed(tmp_path / "mixed.csv")
    targets = [word for name in ("y0", "y1", "c0", "c1") for word in ("-t", name)]
    ran = polytask(
        "fit", table, *targets, "--model", "l21", "--set", "alpha=0.02", "--out", "model"
    )
    assert ran.status == 0, ran.err
    assert "fitting l21" in ran.err
    model = library.load("model")
    assert [part.tasks for part in model.model.parts] == [("y0", "y1"), ("c0", "c1")]
    assert {part.estimators[0].alpha for part in model.model.parts} == {0.02}
    ran = polytask("predict", "model", table)
    assert ran.out.startswith("row,y0,y1,c0,c0_probability,c1,c1_probability\n0,")


def test_rows_of_one_task_each_are_compared_with_the_estimator_per_task(polytask, tmp_path):
    X, school = DRAW.normal(size=(120, 3)), np.arange(120) % 4
    score = X @ [1.0, -1.0, 0.0] + school + 0.3 * DRAW.normal(size=120)
    columns = {f"x{j}": X[:, j] for j in range(3)}
    frame = {**columns, "score": score, "school": [f"s{k}" for k in school]}
    pl.DataFrame(frame).write_csv(tmp_path / "schools.csv")
    words = ("--target", "score", "--task-column", "school", "--model", "l21(alpha=0.05)")
    ran = polytask("compare", "schools.csv", *words, "--trials", 1, "--seeds", 1, "--out", "study")
    assert ran.status == 0, ran.err
    assert "per_task_l21(alpha=0.05)" in ran.out


def test_its_page_names_the_estimators_and_their_settings(polytask):
    out = polytask("methods", "L21Classifier").out
    assert out.startswith("l21: ")
    assert "--model l21" in out
    assert "from polytask.linear_model import L21Regressor, L21Classifier" in out
    assert "Worth trying: " in out
