"""The page of relations: heat maps, trees, groups; for two tasks and for 139."""

import re
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from drawings import Drawing

from polytask.exceptions import ParameterError
from polytask.report import render_relations, write_relations
from polytask.report._matplotlib import figure_settings
from polytask.report._relations_figures import relations_figures
from polytask.report._relations_view import clustered, relations_view


def affinity(size, seed=0):
    clusters = np.arange(size) // 4
    noise = np.random.default_rng(seed).normal(size=(size, size))
    values = 0.7 * (clusters[:, None] == clusters) + 0.15 + 0.1 * noise
    return {
        "name": "mine",
        "tasks": [f"task_{i}" for i in range(size)],
        "values": [[None if i == j else v for j, v in enumerate(r)] for i, r in enumerate(values)],
        "threshold": 0.5,
        "seconds": 1.5,
        "n_networks": size,
        "notes": [],
    }


def grouping(size):
    tasks = affinity(size)["tasks"]
    groups = [tasks[first : first + 4] for first in range(0, size, 4)]
    one = {"name": "mine > 0.5", "groups": groups, "gain": 0.031, "interval": [0.01, 0.05]}
    return {
        "tasks": tasks,
        "answer": "groups",
        "groups": groups,
        "candidates": [{**one, "p": 0.01, "p_corrected": 0.02, "gains": {}}],
        "random": [],
        "affinities": [affinity(size)],
        "notes": ["a <note>"],
        "words": "They gain +3.1 %.",
    }


def figures(record):
    with figure_settings():
        return relations_figures(record)


class Balanced(HTMLParser):
    """Raises at a tag that closes none."""

    VOID = frozenset({"meta", "br", "path", "use", "line", "rect"})

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_partitions_are_named_by_their_tasks():
    view = relations_view(grouping(8))
    (row,) = view.partitions
    assert row["groups"] == " ".join(f"{{{', '.join(group)}}}" for group in grouping(8)["groups"])
    assert row["groups"] in unescape(render_relations(grouping(8)))


@pytest.mark.parametrize("size", [2, 8, 139])
def test_a_page_is_whole_small_and_requests_nothing(size):
    page = render_relations(grouping(size))
    assert len(page.encode()) < 1_500_000
    assert not re.search(r"https?:|//[a-z]", page)
    parser = Balanced()
    parser.feed(page)
    assert not parser.open
    assert "default-src 'none'" in page
    assert ("All 139 rows, from the top" in page) == (size == 139)


def test_few_tasks_have_numbers_in_their_cells_and_a_tooltip_each():
    (figure,) = figures({"affinities": [affinity(8)]})
    drawing = Drawing(figure.drawings[0])
    numbers = [text for text in drawing.texts if re.fullmatch(r"-?\d\.\d\d", text)]
    assert len(numbers) == 56 + 2  # and the ends of the scale
    assert len([title for title in drawing.titles if " with " in title]) == 56


def test_many_tasks_have_no_cells_of_their_own():
    (figure,) = figures({"affinities": [affinity(60)]})
    assert len(figure.drawings) == 1
    drawing = Drawing(figure.drawings[0])
    assert all(title.startswith("mine: ") for title in drawing.titles)
    assert len(drawing.titles) <= 9


def test_rows_of_many_tasks_are_named_where_names_fit_and_all_are_listed_below():
    (figure,) = figures({"affinities": [affinity(90)]})
    named = [text for text in Drawing(figure.drawings[0]).texts if text.startswith("task_")]
    assert named == list(figure.order[:: round(90 / len(named))])
    assert sorted(figure.order) == sorted(affinity(90)["tasks"])


def test_numbers_in_cells_have_the_ink_with_more_contrast():
    from polytask.report._drawing._heat_map import ink_on, shade_of

    inks = [ink_on(shade_of(value, 0, 1)) for value in (0.0, 0.45, 0.55, 1.0)]
    assert inks == ["#ffffff", "#ffffff", "#000000", "#000000"]


def test_shades_rise_in_lightness_so_that_grey_prints_read_alike():
    from matplotlib import colormaps

    shades = colormaps["cividis"](np.linspace(0, 1, 20))[:, :3]
    lightness = shades @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()


def test_tasks_stand_in_the_order_of_the_clustering():
    values = np.array([[np.nan if v is None else v for v in row] for row in affinity(12)["values"]])
    shuffle = np.random.default_rng(1).permutation(12)
    found = clustered(values[np.ix_(shuffle, shuffle)])
    clusters = [int(shuffle[i]) // 4 for i in found.order]
    assert sum(a != b for a, b in pairwise(clusters)) == 2
    leaves = [node for row in found.links for node in row[:2] if node < 12]
    assert sorted(leaves) == list(range(12))


def test_groups_are_framed_side_by_side_and_listed():
    record = grouping(10)
    record["groups"] = [["task_0", "task_9"], ["task_3", "task_4", "task_5"], ["task_1"]]
    record["groups"] += [[f"task_{i}"] for i in (2, 6, 7, 8)]
    (figure,) = figures(record)
    assert "Frames are the chosen groups" in figure.caption
    page = render_relations(record)
    assert "task_0, task_9" in page
    assert "task_1, task_2, task_6, task_7, task_8" in page
    assert "Train 2 groups of tasks" in page


def test_names_are_text_and_notes_are_kept():
    page = render_relations(grouping(2))
    assert "a &lt;note&gt;" in page


def test_a_note_that_the_paragraph_holds_is_said_once():
    record = {
        **grouping(2),
        "words": "They gain. A few rows.",
        "notes": ["a few rows", "new", "new"],
    }
    page = render_relations(record)
    assert page.casefold().count("a few rows") == page.count("<li>new</li>") == 1


def test_the_alternative_text_says_the_largest_and_the_smallest_values():
    (figure,) = figures({"affinities": [affinity(6)]})
    assert figure.alt.startswith("mine of 30 ordered pairs; largest and smallest: task_")


def test_an_affinity_that_knows_no_pair_is_drawn_empty():
    none = {**affinity(3), "values": [[None] * 3] * 3}
    (figure,) = figures({"affinities": [none]})
    assert figure.alt == "mine: no pair is known."


@pytest.mark.parametrize("record", [None, {}, {"groups": []}, "analysis.json"])
def test_other_records_are_refused(record, tmp_path):
    with pytest.raises(ParameterError, match="must be an Analysis, a TransferMap or a Grouping"):
        write_relations(record, tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_maps_of_few_tasks_name_columns_and_mark_where_gains_turn_into_losses():
    record = affinity(4)
    record["values"] = [[None if i == j else j - i for j in range(4)] for i in range(4)]
    wide = figures({"transfer": None, "affinities": [record]})[0].drawings[0]

    texts = Drawing(wide).texts
    assert all(texts.count(name) == 2 for name in record["tasks"])
    assert texts.count("0") == 1
    assert (
        "0"
        not in Drawing(
            figures({"transfer": None, "affinities": [affinity(4)]})[0].drawings[0]
        ).texts
    )


def attributions(n_tasks, n_columns):
    draw = np.random.default_rng(0)
    shares = draw.dirichlet(np.full(n_columns, 0.3), n_tasks)
    values = shares.tolist()
    return {
        "method": "permutation_importance",
        "words": "The first looks at x0.",
        "tasks": [f"task_{i}" for i in range(n_tasks)],
        "columns": [f"x{j} <b>" for j in range(n_columns)],
        "scales": {f"task_{i}": "RMSE" for i in range(n_tasks)},
        "importance": values,
        "low": values,
        "high": values,
        "shares": values,
        "overlap": [[1.0] * n_tasks] * n_tasks,
    }


def sources(n_tasks):
    tasks = [f"task_{i}" for i in range(n_tasks)]
    effect = {"gain": 0.02, "interval": [0.01, 0.03], "p_corrected": 0.01, "helped": 0.6}
    row = {"table": "table", "row": 7, "value": 0.5, "agreeing": 2}
    return {
        "words": "task_1 helps task_0.",
        "tasks": tasks,
        "sources": tasks[:20],
        "metrics": dict.fromkeys(tasks, "RMSE"),
        "effects": [
            {"task": i, "source": j, **effect} for i in tasks for j in tasks[:20] if i != j
        ],
        "extremes": [{"task": i, "source": tasks[0], **row} for i in tasks[1:]],
        "n_rounds": 2,
    }


@pytest.mark.parametrize(("n_tasks", "n_columns"), [(2, 3), (139, 200)])
def test_further_records_have_sections_for_few_and_for_many_tasks(n_tasks, n_columns):
    also = [attributions(n_tasks, n_columns), sources(n_tasks)]
    page = render_relations(grouping(n_tasks), also)
    parser = Balanced()
    parser.feed(page)
    assert not parser.open
    assert len(page.encode()) < 2_500_000
    assert not re.search(r"https?:|//[a-z]", page)
    assert "What each task looks at: permutation importance" in page
    assert "Gain of each task by another" in page
    assert re.search(r"x\d+ &lt;b&gt;", page)
    assert ("The 180 columns of the smallest shares are left out" in page) == (n_columns == 200)


def test_a_further_record_alone_makes_a_page():
    page = render_relations(attributions(2, 3))
    assert "<h1>What each task looks at: permutation importance</h1>" in page


def test_a_record_without_a_section_is_refused():
    with pytest.raises(ParameterError, match="`also` parameter of write_relations must be records"):
        render_relations(grouping(2), [{"words": "nothing"}])


def learned(size):
    one = affinity(size)
    similarity = {
        "name": "heads",
        "quantity": "cosine",
        "labels": one["tasks"],
        "values": one["values"],
        "chance": 0.07,
    }
    experts = {**similarity, "name": "experts", "labels": one["tasks"]}
    return {
        "tasks": one["tasks"],
        "similarities": [similarity],
        "experts": [experts] if size < 100 else [],
        "gates": {
            "tasks": one["tasks"],
            "experts": ["own 1", "shared 1"],
            "weights": [[0.25, 0.75]] * size,
            "entropy": [0.5623] * size,
        },
        "parts": [
            {"tasks": one["tasks"], "n_parameters": 4321},
            *({"tasks": [name], "n_parameters": 2} for name in one["tasks"]),
        ],
        "own": dict.fromkeys(one["tasks"], 0.66),
        "own_chance": 0.1,
        "clusters": [one["tasks"][first : first + 4] for first in range(0, size, 4)],
        "separation": 0.7,
        "n_rows": 500,
        "notes": ["a <note> on relations"],
        "words": "By heads (cosine), tasks form clusters.",
    }


@pytest.mark.parametrize("size", [2, 8, 139])
def test_learned_relations_have_a_section_with_maps_graph_gates_and_parts(size):
    page = render_relations({"transfer": None, "affinities": [], "agreement": {}}, [learned(size)])
    assert len(page.encode()) < 1_500_000
    parser = Balanced()
    parser.feed(page)
    assert not parser.open
    assert "By heads (cosine), tasks form clusters." in page
    assert ("Graph of tasks by heads" in page) == (size > 2)
    assert "Heads: cosine" in page
    assert "Unrelated ones would have about 0.07." in page
    assert "4,321" in page
    assert f"{2 * size:,}" in page
    assert "a &lt;note&gt; on relations" in page
    assert ("further rows; relations.json has all" in page) == (size > 60)
    assert page.count("<td>0.75</td>") == min(size, 60)


def test_maps_that_are_left_out_are_counted_without_the_graph():
    from polytask.report._learned_section import learned_section

    record = learned(4)
    record["similarities"] = record["similarities"][:1] * 9
    with figure_settings():
        section = learned_section(record)
    assert section.notes[-1] == "relations.json has 1 further map"


def test_the_graph_of_many_tasks_names_all_and_dashes_opposite_ones():
    from polytask.report._drawing._task_graph import TaskGraph, task_graph

    tasks = [f"task_{i}" for i in range(139)]
    edges = [(0, 1, 0.9), (2, 3, -0.5)]
    with figure_settings():
        drawn = task_graph(TaskGraph(tasks, edges, [0] * 139, "cosine"), 720).svg("g")
    assert set(tasks) <= set(Drawing(drawn).texts)
    assert drawn.count("stroke-dasharray") == 1


def test_the_graph_joins_the_most_alike_and_clusters_have_symbols_of_their_own():
    from polytask.report._learned_section import learned_section

    with figure_settings():
        figures = learned_section(learned(8)).figures
    graph = next(figure for figure in figures if figure.title.startswith("Graph"))
    drawing = Drawing(graph.drawings[0])
    edges = [title for title in drawing.titles if " and " in title]
    assert edges
    for edge in edges:  # planted clusters are of four tasks each
        i, j = (int(name) for name in re.findall(r"task_(\d+)", edge))
        assert i // 4 == j // 4
    nodes = [title for title in drawing.titles if ", cluster " in title]
    assert len(nodes) == 8
    assert {title[-1] for title in nodes} == {"1", "2"}
