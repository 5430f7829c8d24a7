import json
import re
from importlib.resources import files

import plotly.graph_objects as go
import pytest

from polytask.report._curve_figures import curve_figures
from polytask.report._curves import Losses, losses, mean_losses, trainings
from polytask.report._gain_figures import few_figure, many_figure
from polytask.report._gains import contests
from polytask.report._study import Study

STYLE = files("polytask.report").joinpath("templates", "style.css.j2").read_text(encoding="utf-8")


def figures_of(study):
    found = contests(study)
    if study.many:
        return [*(many_figure(c, i) for i, c in enumerate(found)), *curve_figures(study, 1)]
    return [few_figure(study, found), *curve_figures(study, 1)]


def resolved(figure, colors):
    """The figure as the page's script reads it: names of colours become colours."""

    def read(pairs):
        for key, value in pairs:
            if key.endswith("color") and isinstance(value, str):
                colors.add(value)
        return {
            key: "#123456" if key.endswith("color") and isinstance(value, str) else value
            for key, value in pairs
        }

    return json.loads(json.dumps(figure.payload, allow_nan=False), object_pairs_hook=read)


@pytest.mark.parametrize("n_tasks", [1, 3, 25])
def test_plotly_accepts_every_figure(make_record, n_tasks):
    kinds = {f"t{i}": ("binary", "regression")[i % 2] for i in range(n_tasks)}
    learners = {"single_task": 0.0, "hard_a": 0.01, "hard_b": -0.01, "trees": 0.02}

    for figure in figures_of(Study(make_record(kinds, learners=learners))):
        payload = resolved(figure, set())
        assert go.Figure(payload).data


@pytest.mark.parametrize("n_tasks", [3, 25])
def test_colours_are_in_both_themes(make_record, n_tasks):
    colors: set[str] = set()
    for figure in figures_of(Study(make_record({f"t{i}": "binary" for i in range(n_tasks)}))):
        resolved(figure, colors)
    light, dark = STYLE.split("@media screen and (prefers-color-scheme: dark)")
    dark = dark.split("* {")[0]

    for color in colors:
        assert f"--{color}:" in light
        assert color == "clear" or f"--{color}:" in dark


def _luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1])
def test_text_has_contrast(theme):
    part = STYLE.split("@media screen and (prefers-color-scheme: dark)")[theme].split("* {")[0]
    colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", part))

    for name in ("text", "muted", "accent", "good", "bad", "mixed"):
        for ground in ("card", "page"):
            low, high = sorted(_luminance(colors[key]) for key in (name, ground))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (name, ground)


def test_dots_stand_where_the_gains_are(record):
    study = Study(record)
    figure = few_figure(study, contests(study))
    entry = record["differences"][0]["tasks"]["married"]
    trace = figure.data[0]
    place = [text.strip() for text in figure.layout["yaxis"]["ticktext"]].index("married")

    assert trace["x"][place] == pytest.approx(100 * entry["gain"], abs=1e-4)
    assert trace["y"][place] == place
    assert trace["marker"]["symbol"][place].endswith("-open") == (
        entry["answer"] == "no difference shown"
    )
    scale = 100 * entry["gain"] / entry["difference"]
    width = (entry["interval"][1] - entry["interval"][0]) * abs(scale)
    assert trace["error_x"]["array"][place] + trace["error_x"]["arrayminus"][place] == (
        pytest.approx(width, abs=1e-4)
    )


def test_tasks_without_a_gain_are_not_drawn(record):
    for task, entry in record["differences"][0]["tasks"].items():
        if task != "age":
            entry["gain"] = None
    study = Study(record)

    figure = few_figure(study, contests(study))
    assert figure.layout["yaxis"]["ticktext"] == ["age "]
    for entry in record["differences"][0]["tasks"].values():
        entry["gain"] = None
    assert few_figure(study, contests(Study(record))) is None
    assert many_figure(contests(Study(record))[0], 0) is None


def test_many_gains_rise(make_record):
    study = Study(make_record({f"t{i}": "binary" for i in range(50)}))
    traces = many_figure(contests(study)[0], 0).data
    dots = sorted(
        (x, y)
        for trace in traces
        if trace["type"] == "scatter"
        for x, y in zip(trace["x"], trace["y"], strict=True)
    )

    assert [x for x, _ in dots] == list(range(1, 51))
    assert [y for _, y in dots] == sorted(y for _, y in dots)
    assert len(traces[-1]["y"]) == 50


def test_labels_are_text_to_plotly(make_record):
    study = Study(make_record({"<a href='x'>t</a>": "binary", "%{x} & $y$": "binary"}))
    payload = json.dumps([figure.payload for figure in figures_of(study)])

    assert "<a" not in payload
    assert "&lt;a href='x'&gt;t&lt;/a&gt;" in payload
    templates = re.findall(r'"hovertemplate": "([^"]*)"', payload)
    assert all("&amp;" not in template for template in templates)


def test_joint_training_keeps_one_epoch_and_apart_each_its_own(record):
    study = Study(record)

    assert losses(study, "hard_sharing", 1, "married").kept == 7
    assert losses(study, "single_task", 1, "married").kept == 3
    assert losses(study, "single_task", 1, "age").kept == 4
    assert losses(study, "trees", 1, "age") is None


def test_kept_epoch_is_marked_at_the_nearest_recorded_one():
    line = Losses([10, 50, 90], [1, 5, 9], [], [3.0, 2.0, 1.0], kept=6)

    assert line.kept_at == 1
    assert Losses([10], [1], [], [3.0], kept=0).kept_at is None
    assert Losses([10], [1], [1.0], [], kept=1).kept_at is None


def test_panels_show_both_parts_and_the_mark(record):
    figure = curve_figures(Study(record), 1)[0]
    names = [trace["name"] for trace in figure.data]

    assert names.count("hard_sharing, training") == 1
    assert names.count("hard_sharing, validation") == 1
    assert names.count("hard_sharing, seed 0") == 1
    mark = next(t for t in figure.data if t["mode"] == "markers" and t["name"] == "hard_sharing")
    assert mark["x"] == [700]


def test_mean_over_tasks_is_relative_and_carries_the_last_value(record):
    def curve(steps, validation):
        return {
            "trial": 0,
            "epoch": [step // 10 for step in steps],
            "step": steps,
            "train": {},
            "validation": validation,
            "weights": {},
            "best_epoch": 0,
            "best_epochs": {},
            "stopped": "",
        }

    record["learners"][0]["runs"][0]["curves"] = [
        curve([10, 20, 30], {"income": [2.0, None, 1.0]}),
        curve([10, 20], {"married": [4.0, 1.0], "age": [-1.0, -2.0]}),
    ]
    mean = mean_losses(Study(record), "single_task", 0, ["income", "married", "age"])

    assert mean.steps == [10, 20, 30]
    assert mean.validation == pytest.approx([1.0, (1 + 0.25) / 2, (0.5 + 0.25) / 2])
    assert mean.train == []


def test_training_is_told_in_words(record, make_record):
    rows = {row.learner: row for row in trainings(Study(record), 1)}
    many = trainings(Study(make_record({f"t{i}": "binary" for i in range(30)})), 1)

    assert set(rows) == {"single_task", "hard_sharing"}
    assert rows["hard_sharing"].kept == "7"
    assert rows["single_task"].kept == "income: 3, married: 3, age: 4"
    assert rows["single_task"].stopped == "patience of 2 epochs ran out"
    assert many[0].kept == "4 (3–6)"
