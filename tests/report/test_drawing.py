"""The pieces that figures are drawn with."""

import math
import re

import matplotlib as mpl
import pytest
from drawings import Drawing

from polytask.report._drawing._canvas import NARROW, WIDE, Canvas, both
from polytask.report._drawing._figure_text import printable, shorten, text_width
from polytask.report._drawing._forest import PlottedEstimate, forest
from polytask.report._drawing._limits import limits
from polytask.report._drawing._lines import Line, Point, lines
from polytask.report._drawing._ranked_plot import drawn_every, ranked_plot
from polytask.report._matplotlib import figure_settings
from polytask.report._theme import COLORS, SYMBOLS, color, symbol_path, themed


@pytest.fixture(autouse=True)
def _figure_settings():
    with figure_settings():
        yield


def estimate(row, value, interval=None, **look):
    look = {"color": "c1", "symbol": "square", "solid": True, **look}
    return PlottedEstimate(row, value, interval, text=f"{row}: {value}", **look)


def draw(canvas):
    return Drawing(canvas.svg("k"))


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_forest_stands_where_its_numbers_are(width):
    estimates = [
        estimate("a", 1.25, (-0.5, 3.0)),
        estimate("a", -2.0, (-2.5, -1.0), color="c2"),
        estimate("b", 4.0),
    ]
    drawing = draw(forest(["a", "b"], estimates, width, label="gain", unit="\u00a0%"))
    x = drawing.x()

    for one in estimates:
        ((place, height),) = drawing.marks(one.text)
        assert x(place) == pytest.approx(one.value, abs=0.02)
        ((start, end),) = drawing.paths(one.text)
        low, high = one.interval or (one.value, one.value)
        assert (x(start[0]), x(end[0])) == pytest.approx((low, high), abs=0.02)
        assert start[1] == end[1] == height
    heights = [drawing.marks(one.text)[0][1] for one in estimates]
    assert heights == sorted(heights)


def test_labels_stand_beside_their_rows_or_above_them():
    rows = ["first", "second", "third"]
    estimates = [estimate(row, i) for i, row in enumerate(rows)]
    for width in (WIDE, NARROW):
        drawing = draw(forest(rows, estimates, width, label="gain"))
        for one in estimates:
            (_, height), (left, base) = drawing.marks(one.text)[0], drawing.label(one.row)
            assert 0 <= left < drawing.width / 3
            assert abs(height - base) < 5 if width == WIDE else 8 < height - base < 30


def test_hollow_marks_show_the_ground():
    estimates = [estimate("a", 1.0), estimate("b", 2.0, solid=False, color="bad")]
    drawing = draw(forest(["a", "b"], estimates, WIDE, label=""))

    assert drawing.fill("a: 1.0") == "var(--c1)"
    assert drawing.fill("b: 2.0") == "var(--card)"


def test_far_values_become_arrows_at_the_edge():
    rows = [f"r{i}" for i in range(6)]
    estimates = [estimate(row, i, (i - 1, i + 1)) for i, row in enumerate(rows)]
    calm = forest(rows, estimates, WIDE, label="")
    far = forest([*rows, "far"], [*estimates, estimate("far", -2884.0)], WIDE, label="")
    long = forest(rows, [*estimates[:-1], estimate("r5", 5.0, (-900.0, 6.0))], WIDE, label="")

    assert not calm.cut
    assert far.cut
    assert long.cut
    drawing = draw(far)
    assert abs(drawing.x()(drawing.marks("r3: 3")[0][0]) - 3) < 0.05
    assert drawing.marks("far: -2884.0") == []
    ((edge, _), _), *_ = drawing.paths("far: -2884.0")
    assert drawing.x()(edge) < 0
    assert edge >= 0


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_ranked_rise_from_left_to_right(width):
    estimates = [
        estimate(f"t{i}", math.sin(i) * 3, (math.sin(i) * 3 - 1, math.sin(i) * 3 + 0.5))
        for i in range(40)
    ]
    drawing = draw(ranked_plot(estimates, width, x_label="tasks", y_label="gain"))
    x, y = drawing.x(), drawing.y()
    ordered = sorted(estimates, key=lambda one: one.value)

    for rank, one in enumerate(ordered, 1):
        ((across, up),) = drawing.marks(one.text)
        assert x(across) == pytest.approx(rank, abs=0.3)
        assert y(up) == pytest.approx(one.value, abs=0.03)
    whiskers = next(g for g in drawing.root.iter("g") if "opacity:0.35" in g.get("style", ""))
    ends = [re.findall(r"[ML](\S+) ([^L\s]+)", p.attrib["d"]) for p in whiskers]
    assert len(ends) == 40
    for one, ((_, start), (_, end)) in zip(ordered, ends, strict=True):
        assert sorted([y(float(start)), y(float(end))]) == pytest.approx(one.interval, abs=0.03)


def test_histogram_counts_all_even_those_beyond_the_axis():
    values = [*range(30), 10_000, -10_000]
    canvas = ranked_plot([estimate(f"t{v}", v) for v in values], WIDE, x_label="", y_label="")
    counts = [int(t.split()[0]) for t in draw(canvas).titles if re.fullmatch(r"\d+ tasks?", t)]

    assert canvas.cut
    assert sum(counts) == 32


def test_of_very_many_estimates_some_are_drawn():
    estimates = [estimate(f"t{i}", i) for i in range(2500)]
    drawing = draw(ranked_plot(estimates, WIDE, x_label="", y_label=""))

    assert drawn_every(estimates) == 3
    assert sum(title.startswith("t") for title in drawing.titles) == 834


def test_lines_go_through_their_points():
    line = Line([100, 200, 400], [4.0, 1.0, 2.0], "c1", "line")
    drawing = draw(
        lines(
            [line], [Point(200, 1.0, "c2", "star", "kept")], WIDE, x_label="steps", y_label="loss"
        )
    )
    x, y = drawing.x(), drawing.y()
    (path,) = drawing.paths("line")

    assert [(x(a), y(b)) for a, b in path] == [
        (pytest.approx(a, abs=1), pytest.approx(b, abs=0.02))
        for a, b in zip(line.x, line.y, strict=True)
    ]
    assert drawing.marks("kept")[0] == path[1]


def test_missing_values_part_a_line():
    line = Line([1, 2, 3, 4, 5], [1.0, 2.0, None, 1.0, 2.0], "c1", "line")
    drawing = draw(lines([line], [], NARROW, x_label="", y_label=""))
    path = next(g.find("path") for g in drawing.root.iter("g") if g.findtext("title") == "line")

    assert path.attrib["d"].count("M") == 2


@pytest.mark.parametrize("values", [[0.0], [5.0], [-3.0, 2.0], [1e-9, 2e-9], [1e6, 2e6]])
def test_limits_hold_zero_and_near_values(values):
    low, high = limits(values, [None] * len(values))

    assert low < high
    assert low <= 0 <= high
    assert all(low < value < high for value in values)


def test_limits_leave_out_what_is_far_away():
    values = [1.0, 1.2, 0.8, 1.1, 0.9, -2884.0]
    low, high = limits(values, [(value - 0.1, value + 0.1) for value in values])

    assert -3 < low <= 0
    assert high < 3
    assert limits([-33.7, 0.4], [(-2884.0, -30.0), (0.0, 0.8)])[0] <= -33.7


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_texts_stay_inside(width):
    rows = ["a name that goes on and on until nothing can hold it " * 2, "毒性アッセイ", "b"]
    estimates = [estimate(row, 1000.0 * i - 1234.5, (-2e3, 2e3)) for i, row in enumerate(rows)]
    drawings = [
        draw(forest(rows, estimates, width, label="relative gain (right is better)")),
        draw(ranked_plot(estimates, width, x_label="tasks, from the lowest up", y_label="gain")),
        draw(
            lines(
                [Line([1, 2], [-1e-4, 2e9], "c1", "")],
                [],
                width,
                x_label="optimiser steps",
                y_label="loss, relative to its first value",
            )
        ),
    ]

    for drawing in drawings:
        for text in drawing.root.iter("text"):
            style, x = text.attrib["style"], float(text.attrib["x"])
            size = float(re.search(r"font-size:([\d.]+)", style)[1])
            width_ = text_width(text.text, size)
            if "rotate" in text.get("transform", ""):
                assert x >= size
                continue
            anchor = re.search(r"text-anchor:(\w+)", style)[1]
            left = x - width_ * {"start": 0, "middle": 0.5, "end": 1}[anchor]
            assert left >= -2, text.text
            assert left + width_ <= drawing.width + 8, text.text
            assert 0 < float(text.attrib["y"]) < drawing.height


def test_names_stay_text():
    rows = [
        "<script>alert(1)</script>",
        "$x^2$ & \\frac",
        "]]>",
        "\x00\x1b[31mred\nline",
        'a" b',
        "#fe03dc",
    ]
    estimates = [estimate(row, i, (i, i + 1)) for i, row in enumerate(rows)]
    drawing = draw(forest(rows, estimates, WIDE, label=""))

    assert "<script" not in drawing.source
    for row in rows:
        assert printable(row) in drawing.texts
    assert "#fe03dc" in drawing.texts
    assert printable(rows[3]) == "\ufffd\ufffd[31mred line"


def test_long_names_are_cut_and_said_in_full():
    row = "a_task_with_a_very_long_name_that_cannot_stand_beside_its_row"
    drawing = draw(forest([row], [estimate(row, 1.0)], WIDE, label=""))

    assert row not in drawing.texts
    assert any(text.endswith("…") and row.startswith(text[:-1]) for text in drawing.texts)
    assert row in drawing.titles


def test_shortened_names_fit():
    for name in ("W" * 50, "i" * 200, "毒" * 40, "plain words " * 9):
        short = shorten(name, 100, 12)
        assert text_width(short, 12) <= 100
        assert short.endswith("…")
    assert shorten("fits", 100, 12) == "fits"


def test_colours_are_variables_and_nothing_is_fixed():
    estimates = [estimate("a", 1.0, (0.0, 2.0), color=name) for name in COLORS]
    source = forest(["a"], estimates, WIDE, label="gain").svg("k")

    assert set(re.findall(r"var\(--([\w-]+)\)", source)) == set(COLORS)
    assert not re.search(r"#[0-9a-f]{6}", source)
    assert "font-family" not in source
    assert "clip" not in source
    assert "http" not in source


def test_stand_ins_are_told_apart():
    assert len({color(name) for name in COLORS}) == len(COLORS)
    assert [themed(color(name)) for name in COLORS] == [f"var(--{name})" for name in COLORS]


def test_ids_are_the_drawings_own():
    def draw_one(width):
        return forest(["a"], [estimate("a", 1.0)], width, label="")

    drawings, _ = both(draw_one, "one")
    more, _ = both(draw_one, "two")
    ids = [name for source in (*drawings, *more) for name in re.findall(r' id="([^"]+)"', source)]
    used = [
        name for source in (*drawings, *more) for name in re.findall(r'href="#([^"]+)"', source)
    ]

    assert len(ids) == len(set(ids)) == 4
    assert set(used) == set(ids)


def test_same_figure_same_bytes():
    def draw_one():
        return ranked_plot(
            [estimate(f"t{i}", i % 7) for i in range(60)], WIDE, x_label="x", y_label="y"
        )

    assert draw_one().svg("k") == draw_one().svg("k")


def test_each_shape_of_a_collection_is_explained_or_none():
    canvas = Canvas(200, 100)
    axes = canvas.axes()
    canvas.explain(axes.scatter([1, 2, 3], [1, 2, 3]), ["one", "two", "three"])
    assert draw(canvas).titles == ["one", "two", "three"]

    canvas.explain(axes.scatter([1, 2, 3], [1, 2, 3]), ["one", "two"])
    with pytest.raises(ValueError, match="zip"):
        canvas.svg("k")


@pytest.mark.parametrize("name", SYMBOLS)
def test_legends_show_what_is_drawn(name):
    numbers = re.findall(r"-?[\d.]+", symbol_path(name))

    assert symbol_path(name).startswith("M")
    assert max(abs(float(number)) for number in numbers) <= 2
    if SYMBOLS[name]:
        assert len(numbers) == 2 * len(SYMBOLS[name])


def test_the_users_settings_do_not_matter_and_stay():
    plain = forest(["a"], [estimate("a", 1.0)], WIDE, label="gain").svg("k")
    with mpl.rc_context(
        {"axes.grid": True, "font.size": 30, "text.usetex": True, "svg.hashsalt": None}
    ):
        with figure_settings():
            assert forest(["a"], [estimate("a", 1.0)], WIDE, label="gain").svg("k") == plain
        assert mpl.rcParams["font.size"] == 30


def test_heat_maps_are_cells_with_words():
    canvas = Canvas(100, 100)
    cells = canvas.axes().pcolormesh([[0.0, 0.5], [0.25, 1.0]], cmap="viridis")
    canvas.explain(cells, ["a, a: 0", "a, b: 0.5", "b, a: 0.25", "b, b: 1"])
    drawing = draw(canvas)

    assert drawing.titles == ["a, a: 0", "a, b: 0.5", "b, a: 0.25", "b, b: 1"]
    assert "image" not in drawing.source
