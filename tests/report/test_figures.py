import re
from importlib.resources import files

import pytest
from drawings import Drawing

from polytask.report._contests import contests
from polytask.report._curve_figures import curve_figures
from polytask.report._gain_figures import few_figure, many_figure, population_figure
from polytask.report._matplotlib import figure_settings
from polytask.report._study import Study
from polytask.report._theme import COLORS
from polytask.report._training_curves import Losses, losses, mean_losses, trainings

STYLE = files("polytask.report").joinpath("templates", "style.css.j2").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _settings():
    with figure_settings():
        yield


def titled(figure, *parts):
    """The only titles of a figure's first drawing that hold all of some parts."""
    titles = dict.fromkeys(Drawing(figure.drawings[0]).titles)
    return [title for title in titles if all(part in title for part in parts)]


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_are_in_both_themes(theme):
    part = STYLE.split("@media screen and (prefers-color-scheme: dark)")[theme].split("* {")[0]

    assert set(COLORS) <= set(re.findall(r"--([\w-]+):", part))


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


@pytest.mark.parametrize("place", [0, 1])
def test_dots_stand_where_the_gains_are(record, place):
    study = Study(record)
    figure = few_figure(study, contests(study))
    drawing = Drawing(figure.drawings[place])
    x = drawing.x()

    heights = []
    for task, entry in record["differences"][0]["tasks"].items():
        (title,) = titled(figure, f"{task}, hard_sharing:")
        ((dot, height),) = drawing.marks(title)
        assert x(dot) == pytest.approx(100 * entry["gain"], abs=0.01)
        scale = 100 * entry["gain"] / entry["difference"]
        ((start, end),) = drawing.paths(title)
        bounds = sorted(scale * bound for bound in entry["interval"])
        assert [x(start[0]), x(end[0])] == pytest.approx(bounds, abs=0.015)
        hollow = entry["answer"] == "no difference shown"
        assert drawing.fill(title) == ("var(--card)" if hollow else "var(--c1)")
        assert entry["answer"] in title
        heights.append(height)
    assert heights == sorted(heights)
    assert [text for text in drawing.texts if text in study.by_task] == list(study.by_task)


def test_learners_of_one_task_stand_below_each_other(make_record):
    learners = {"single_task": 0.0, "hard_a": 0.01, "hard_b": -0.01}
    study = Study(make_record({"t": "binary"}, learners=learners))
    figure = few_figure(study, contests(study))
    drawing = Drawing(figure.drawings[0])

    assert [key.text for key in figure.legend] == ["hard_a", "hard_b"]
    (first,), (second,) = (drawing.marks(titled(figure, name)[0]) for name in ("hard_a", "hard_b"))
    assert first[1] < second[1]


def test_of_many_learners_the_first_are_drawn(make_record):
    learners = {"single_task": 0.0} | {f"hard_{i}": 0.001 * i for i in range(11)}
    study = Study(make_record({"t": "binary"}, learners=learners))
    figure = few_figure(study, contests(study))

    assert len(figure.legend) == 8
    assert "8 of 11 learners" in figure.caption
    assert len(titled(figure, "t, hard_")) == 8


def test_tasks_without_a_gain_are_not_drawn(record):
    for task, entry in record["differences"][0]["tasks"].items():
        if task != "age":
            entry["gain"] = None
    study = Study(record)

    drawing = Drawing(few_figure(study, contests(study)).drawings[0])
    assert [text for text in drawing.texts if text in study.by_task] == ["age"]
    for entry in record["differences"][0]["tasks"].values():
        entry["gain"] = None
    assert few_figure(study, contests(Study(record))) is None
    assert many_figure(contests(Study(record))[0], 0) is None


def test_gains_without_an_interval_are_dots(record):
    entry = record["differences"][0]["tasks"]["married"]
    entry["interval"] = None
    study = Study(record)
    figure = few_figure(study, contests(study))
    (title,) = titled(figure, "married,")
    drawing = Drawing(figure.drawings[0])

    assert drawing.x()(drawing.marks(title)[0][0]) == pytest.approx(100 * entry["gain"], abs=0.01)
    ((start, end),) = drawing.paths(title)
    assert start == end


def test_an_axis_that_leaves_something_out_says_so(make_record):
    record = make_record({f"t{i}": "binary" for i in range(8)})
    study = Study(record)
    assert "arrow" not in few_figure(study, contests(study)).caption

    record["differences"][0]["tasks"]["t3"].update(gain=-28.84)
    figure = few_figure(study, contests(study))
    assert "arrow" in figure.caption
    assert "gains from −2,884.00\u00a0%" in figure.alt


def test_many_gains_rise(make_record):
    record = make_record({f"t{i}": "binary" for i in range(50)})
    contest = contests(Study(record))[0]
    figure = many_figure(contest, 0)
    drawing = Drawing(figure.drawings[0])
    x, y = drawing.x(), drawing.y()

    for rank, gain in enumerate(reversed(contest.ranked), 1):
        (title,) = titled(figure, f"{gain.task}:")
        ((across, up),) = drawing.marks(title)
        assert x(across) == pytest.approx(rank, abs=0.3)
        assert y(up) == pytest.approx(100 * gain.gain, abs=0.02)
        assert gain.answer.text in title
    counts = {key.text: key for key in figure.legend}
    answers = [entry["answer"] for entry in record["differences"][0]["tasks"].values()]
    assert set(counts) == {f"{answer} ({answers.count(answer)})" for answer in set(answers)}


def test_panels_show_both_parts_and_the_mark(record):
    study = Study(record)
    figure = curve_figures(study, 1)[0]
    drawing = Drawing(figure.drawings[0])
    x, y = drawing.x(), drawing.y()
    curve = record["learners"][1]["runs"][1]["curves"][0]

    assert len(titled(figure, "hard_sharing, seed 0")) == 1
    for part in ("train", "validation"):
        (title,) = titled(figure, f"hard_sharing, {part}")
        (line,) = drawing.paths(title)
        expected = curve[part]["income"]
        assert [x(place) for place, _ in line] == pytest.approx(curve["step"], abs=2)
        assert [y(place) for _, place in line] == pytest.approx(expected, abs=0.006)
    (kept,) = titled(figure, "hard_sharing: epoch 7 was kept")
    ((across, up),) = drawing.marks(kept)
    assert x(across) == pytest.approx(700, abs=2)
    assert y(up) == pytest.approx(curve["validation"]["income"][6], abs=0.006)


def test_all_tasks_have_one_curve_where_they_are_many(make_record):
    (figure,) = curve_figures(Study(make_record({f"t{i}": "binary" for i in range(25)})), 1)

    assert len(figure.drawings) == 2
    assert titled(figure, "hard_sharing, validation: 1 at first, 0.2708 at last")


@pytest.mark.parametrize("place", [0, 1])
def test_a_population_is_drawn_with_both_intervals(population_record, place):
    (contest,) = contests(Study(population_record))
    figure = population_figure(contest, 0)
    drawing = Drawing(figure.drawings[place])
    x = drawing.x()

    for word, bounds in (("mean of", (1.1, 3.1)), ("one more", (-3.4, 7.6))):
        (title,) = titled(figure, word)
        assert x(drawing.marks(title)[0][0]) == pytest.approx(2.1, abs=0.05)
        ((start, end),) = drawing.paths(title)
        assert [x(start[0]), x(end[0])] == pytest.approx(bounds, abs=0.05)
    assert "Mean gain: +2.10" in figure.alt
    assert population_figure(contests(Study(population_record))[0], 1).title == figure.title


def test_without_a_population_there_is_no_figure_of_it(record):
    assert population_figure(contests(Study(record))[0], 0) is None


@pytest.mark.parametrize("n_tasks", [1, 25])
def test_figures_are_explained(make_record, n_tasks):
    study = Study(make_record({f"t{i}": "binary" for i in range(n_tasks)}))
    found = contests(study)
    gains = many_figure(found[0], 0) if study.many else few_figure(study, found)

    for figure in (gains, *curve_figures(study, 1)):
        assert figure.title
        assert "hard_sharing" in figure.alt
        assert Drawing(figure.drawings[0]).titles


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
