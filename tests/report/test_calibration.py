"""Sections on calibration and classes, and their size with very many tasks."""

from dataclasses import asdict

import numpy as np

import polytask
from polytask.bookkeeping import Budget
from polytask.report import _calibration_view, render
from polytask.tasks import Binary, FittedTarget

CLASSES = [{"name": f"c{k}", "precision": 0.5, "recall": None, "f1": 0.25, "support": 9.5} for k in range(40)]  # fmt: skip


def with_checks(record):
    generator = np.random.default_rng(0)
    target = FittedTarget(("y",), (0, 1))
    for learner in record["learners"]:
        p = generator.random(300)
        truth = (generator.random(300) < p).astype(float)
        check = asdict(Binary().calibration(truth, p, target, np.ones(300)))
        names = [task["name"] for task in record["study"]["tasks"]][:100]
        learner["calibration"] = dict.fromkeys(names, check)
        learner["classes"] = dict.fromkeys(names, CLASSES)
    return record


def test_charts_and_tables(make_record, read_page):
    record = make_record({"buy": "binary", "price": "regression"})
    assert 'id="calibration"' not in render(record)
    page = read_page(with_checks(record))
    text = page.text
    assert "Calibration" in text
    assert "mean distance, in tenths" in text
    assert "calibration error" not in text  # which is a metric, over bins of equal width
    assert "c29" in text
    assert "c30" not in text
    assert "10 further rows of classes are left out" in text
    figures = [a["aria-label"] for _, a in page.tags if "drawings" in (a.get("class") or "")]
    assert sum("share of positive rows of" in label for label in figures) == 2
    assert "<title>what is stated happens</title>" in page.source


def test_classes_of_pixels_have_iou(make_record, read_page):
    record = with_checks(make_record({"mask": "binary", "price": "regression"}))
    absent = {"precision": None, "recall": None, "f1": None, "support": 0.0, "iou": None}
    for learner in record["learners"]:
        own = [{**row, "iou": 0.125} for row in CLASSES[:2]]
        learner["classes"]["mask"] = [*own, {"name": "c9", **absent}]
    page = read_page(record)
    assert "0.125" in page.text
    assert page.source.count('<th scope="col">IoU</th>') == 1
    assert "No pixel has or is decided for c9: no IoU." in page.text
    assert "without those that have no label" in page.text


def test_labels_of_one_row_are_said_to_depend_on_each_other(make_record, read_page):
    record = with_checks(make_record({"mask": "binary", "price": "regression"}))
    assert "labels of one row" not in read_page(record).text
    for learner in record["learners"]:
        check = learner["calibration"]["mask"]
        learner["calibration"]["mask"] = {**check, "unit": "labels", "intervals": "t, over rows"}
    page = read_page(record)
    assert (
        "(t, over rows: mask; Wilson: price); rows are independent, and labels of one row"
        in page.text
    )
    assert "(30 labels)" in page.source
    assert "(30 rows)" in page.source


def test_very_many_tasks_stay_small(make_record):
    record = with_checks(make_record({f"task {k}": "binary" for k in range(600)}))
    source = render(record)
    assert len(source.encode()) < 1.5e6
    assert f"Charts show {_calibration_view.CHARTS} of 600 tasks." in source


def test_recorded_by_a_comparison_with_runs_as_parts_of_rows():
    generator = np.random.default_rng(0)
    x = generator.normal(size=300)
    table = {"x": x, "y": x + generator.normal(size=300) > 0, "z": x + generator.normal(size=300)}
    data = polytask.read(table, ["y", "z"])
    comparison = polytask.compare(data, ["linear"], seeds=2, budget=Budget(trials=1, steps=3))
    linear = next(row for row in comparison.learners if row.name == "linear")
    rows = comparison.study["tasks"][0]["test_rows"]
    assert sum(linear.calibration["y"].rows) == rows
    assert sum(row.support for row in linear.classes["y"]) == rows
    assert set(linear.calibration) == {"y", "z"}
    assert set(linear.classes) == {"y"}
    again = type(comparison).from_dict(comparison.to_dict())
    assert again.learners == comparison.learners
