"""Libraries that write charts as SVG: CPU time, memory and size of the file for what pages need.

Run it once for each library, in an environment that has it and SciPy:
`python benchmarks/charts.py matplotlib`, `… vega-lite` (vl-convert-python), `… lets-plot`.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
import resource
import time
from collections.abc import Callable

from scipy.cluster.hierarchy import dendrogram, linkage

_R = random.Random(0)
TASKS = [f"assay {i}" for i in range(12)]
FOREST = [
    (task, learner, value := _R.gauss(0.5, 2), value - _R.uniform(0.3, 2), value + 1)
    for task in TASKS
    for learner in ("hard_sharing", "mmoe")
]
RANKED = [
    (rank, value, value - _R.uniform(0.5, 3), value + _R.uniform(0.5, 3))
    for rank, value in enumerate(sorted(_R.gauss(1, 3) for _ in range(617)), 1)
]
CURVES = {
    name: [
        (step, start * math.exp(-step / 900) + _R.gauss(0.3, 0.005)) for step in range(0, 4001, 100)
    ]
    for name, start in (("single_task", 1.3), ("hard_sharing", 1.2))
}
POINTS = [(_R.gauss(3 * (i % 3), 1), _R.gauss(2 * (i % 3), 1)) for i in range(30)]
HEAT = [[math.exp(-math.dist(a, b)) for b in POINTS] for a in POINTS]
EDGES = [(i, j) for i in range(30) for j in range(i) if HEAT[i][j] > 0.35]
TREE = dendrogram(linkage(HEAT, "average"), no_plot=True)


def with_matplotlib() -> dict[str, Callable[[], str]]:
    import io

    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "polytask"})

    def drawn(draw: Callable[..., None], rows: int = 1) -> str:
        figure = Figure((7, 5), layout="constrained")
        draw(*figure.subplots(rows, squeeze=False).ravel())
        target = io.StringIO()
        figure.savefig(target, format="svg", metadata={"Date": None})
        return target.getvalue()

    def forest(axes: Axes) -> None:
        for place, learner in enumerate(("hard_sharing", "mmoe")):
            rows = [entry for entry in FOREST if entry[1] == learner]
            heights = [place / 3 + i for i in range(len(rows))]
            axes.hlines(heights, [r[3] for r in rows], [r[4] for r in rows], color=f"C{place}")
            axes.scatter([r[2] for r in rows], heights, label=learner)
        axes.set_yticks(range(len(TASKS)), TASKS)
        axes.legend()

    def ranked(axes: Axes) -> None:
        ranks, values, lows, highs = zip(*RANKED, strict=True)
        axes.vlines(ranks, lows, highs, alpha=0.35)
        axes.scatter(ranks, values, s=9)

    def curves(axes: Axes) -> None:
        for name, points in CURVES.items():
            axes.plot(*zip(*points, strict=True), label=name)
        axes.legend()

    def heat(top: Axes, axes: Axes) -> None:
        order = TREE["leaves"]
        top.add_collection(
            LineCollection(
                [
                    list(zip(x, y, strict=True))
                    for x, y in zip(TREE["icoord"], TREE["dcoord"], strict=True)
                ]
            )
        )
        top.autoscale()
        axes.pcolormesh([[HEAT[i][j] for j in order] for i in order])
        axes.set_yticks([i + 0.5 for i in range(30)], [f"assay {i}" for i in order])

    def graph(axes: Axes) -> None:
        axes.add_collection(LineCollection([(POINTS[i], POINTS[j]) for i, j in EDGES]))
        axes.scatter(*zip(*POINTS, strict=True), s=80)
        for i, point in enumerate(POINTS):
            axes.annotate(f"assay {i}", point)

    return {
        "forest": lambda: drawn(forest),
        "617 in order": lambda: drawn(ranked),
        "curves": lambda: drawn(curves),
        "heat map, dendrogram": lambda: drawn(heat, 2),
        "graph": lambda: drawn(graph),
    }


def with_vega_lite() -> dict[str, Callable[[], str]]:
    import vl_convert

    def number(field: str) -> dict[str, object]:
        return {"field": field, "type": "quantitative"}

    def name(field: str) -> dict[str, object]:
        return {"field": field, "type": "nominal", "sort": None}

    def rows(names: str, entries: list[tuple[object, ...]]) -> dict[str, object]:
        return {"values": [dict(zip(names.split(), entry, strict=True)) for entry in entries]}

    order = TREE["leaves"]
    branches = [
        (x, y, branch, place)
        for branch, (xs, ys) in enumerate(zip(TREE["icoord"], TREE["dcoord"], strict=True))
        for place, (x, y) in enumerate(zip(xs, ys, strict=True))
    ]
    specs: dict[str, dict[str, object]] = {
        "forest": {
            "data": rows("task learner x low high", FOREST),
            "encoding": {"y": name("task"), "yOffset": name("learner"), "color": name("learner")},
            "layer": [
                {"mark": "rule", "encoding": {"x": number("low"), "x2": {"field": "high"}}},
                {"mark": "point", "encoding": {"x": number("x")}},
            ],
        },
        "617 in order": {
            "data": rows("rank y low high", RANKED),
            "encoding": {"x": number("rank")},
            "layer": [
                {"mark": "rule", "encoding": {"y": number("low"), "y2": {"field": "high"}}},
                {"mark": "point", "encoding": {"y": number("y")}},
            ],
        },
        "curves": {
            "data": rows("name x y", [(n, *point) for n, line in CURVES.items() for point in line]),
            "mark": "line",
            "encoding": {"x": number("x"), "y": number("y"), "color": name("name")},
        },
        "heat map, dendrogram": {
            "vconcat": [
                {
                    "data": rows("x y branch place", branches),
                    "mark": "line",
                    "encoding": {
                        "x": number("x"),
                        "y": number("y"),
                        "detail": name("branch"),
                        "order": number("place"),
                    },
                },
                {
                    "data": rows(
                        "a b v",
                        [(f"assay {i}", f"assay {j}", HEAT[i][j]) for i in order for j in order],
                    ),
                    "mark": "rect",
                    "encoding": {"x": name("b"), "y": name("a"), "color": number("v")},
                },
            ]
        },
        "graph": {
            "layer": [
                {
                    "data": rows("x y x2 y2", [(*POINTS[i], *POINTS[j]) for i, j in EDGES]),
                    "mark": "rule",
                    "encoding": {
                        "x": number("x"),
                        "y": number("y"),
                        "x2": {"field": "x2"},
                        "y2": {"field": "y2"},
                    },
                },
                {
                    "data": rows(
                        "x y t", [(*point, f"assay {i}") for i, point in enumerate(POINTS)]
                    ),
                    "mark": "text",
                    "encoding": {"x": number("x"), "y": number("y"), "text": name("t")},
                },
            ]
        },
    }
    return {key: lambda spec=spec: vl_convert.vegalite_to_svg(spec) for key, spec in specs.items()}


def with_lets_plot() -> dict[str, Callable[[], str]]:
    import lets_plot as lp

    columns = zip(("task", "learner", "x", "low", "high"), zip(*FOREST, strict=True), strict=True)
    values = {key: list(column) for key, column in columns}

    def forest() -> str:
        plot = lp.ggplot(values, lp.aes("x", "task", color="learner"))
        return str(
            (plot + lp.geom_errorbar(lp.aes(xmin="low", xmax="high")) + lp.geom_point()).to_svg()
        )

    return {"forest": forest}


LIBRARIES = {
    "matplotlib": with_matplotlib,
    "vega-lite": with_vega_lite,
    "lets-plot": with_lets_plot,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=LIBRARIES)
    library = parser.parse_args().library
    start = time.process_time()
    charts = LIBRARIES[library]()
    print(f"{library}: loaded in {time.process_time() - start:.2f} s")
    for key, draw in charts.items():
        seconds, texts = [], []
        for _ in range(5):
            start = time.process_time()
            texts.append(draw())
            seconds.append(time.process_time() - start)
        same = "same bytes" if len(set(texts)) == 1 else "bytes differ"
        digest = hashlib.sha256(texts[0].encode()).hexdigest()[:8]
        print(
            f"{key:22} {len(texts[0]) / 1000:5.0f} kB, first {1000 * seconds[0]:4.0f} ms, then "
            f"{1000 * min(seconds):4.0f} ms, {texts[0].count('<text'):3} texts, {same} {digest}"
        )
    print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
