import json
import re
import subprocess
import sys
from copy import deepcopy
from html import unescape
from importlib.resources import files

import pytest

from polytask.evaluation import Comparison
from polytask.exceptions import ParameterError, StudyError
from polytask.report import _contests, _data_view, _matrix, render, write_report

REQUESTING = {"src", "href", "action", "data", "poster", "srcset", "background", "cite"}


def test_nothing_is_requested(record, read_page):
    page = read_page(record)

    for tag, attributes in page.tags:
        for name in REQUESTING & set(attributes):
            assert str(attributes[name]).startswith("#"), (tag, name)
        assert tag not in {"link", "iframe", "object", "embed", "base"}
    style = "".join(text for tag, text in page.texts if tag == "style")
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"https?:|//[a-z]", page.source)


def test_browser_is_told_to_request_nothing(record, read_page):
    policies = [meta["content"] for meta in read_page(record).all("meta") if "http-equiv" in meta]

    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    assert "http" not in policies[0]


def test_reading_needs_no_script(record, read_page):
    page = read_page(record)

    assert page.all("script") == []
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    assert "script-src" not in page.source


def test_verdict_stands_before_everything(record, read_page):
    page = read_page(record)
    headline = record["verdict"]["headline"]

    assert next(text for tag, text in page.texts if tag == "h1") == headline
    assert page.source.index(headline) < page.source.index("<table")
    assert page.source.index(record["warnings"][0]) < page.source.index("<table")
    assert "Use trees" in page.text


def test_sections_are_there(record, read_page):
    text = read_page(record).text

    for heading in ("All learners", "Together against apart", "Learning curves", "Data"):
        assert heading in text
    assert "numpy 2.4.6" in text
    assert record["study"]["data"]["notes"][0] in text
    assert "25.0 %" in text
    assert "no: 80.0 %" in text.replace("\xa0", " ")


@pytest.mark.parametrize("n_tasks", [2, 8, 30])
def test_page_is_accessible(make_record, read_page, n_tasks):
    page = read_page(make_record({f"task {i}": "regression" for i in range(n_tasks)}))
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    figures = [a for tag, a in page.tags if "drawings" in (a.get("class") or "")]

    assert len(names) == len(set(names))
    assert page.all("html")[0]["lang"] == "en"
    assert figures
    for figure in figures:
        assert figure["role"] == "img"
        assert figure["aria-label"]
    for heading in page.all("th"):
        assert heading["scope"] in {"col", "row"}
    for link in page.all("a"):
        assert str(link["href"])[1:] in names
    for _, attributes in page.tags:
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in names
    for use in page.all("use"):
        assert str(use["href"])[1:] in names
    hidden = [svg for svg in page.all("svg") if svg["class"] != "drawing"]
    assert all(svg["aria-hidden"] == "true" for svg in hidden)


HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "<!--",
    "{{ 7 * 7 }}",
    "%{x}",
    "<a href='https://evil.example'>x</a>",
)


def test_names_are_text(make_record, read_page):
    clean = read_page(make_record({f"task {i}": "binary" for i in range(len(HOSTILE))}))
    values = make_record(dict.fromkeys(HOSTILE, "binary"))
    values["study"]["data"]["notes"] = list(HOSTILE)
    values["study"]["title"] = values["verdict"]["headline"] = HOSTILE[0]
    for labels in values["study"]["data"]["summary"]["tasks"]:
        labels["classes"] = list(HOSTILE[:2])
    page = read_page(values)

    # As many notes as there are names; long labels are said in full.
    allowed = {"li", "g", "title"}
    assert [tag for tag, _ in page.tags if tag not in allowed] == [
        tag for tag, _ in clean.tags if tag not in allowed
    ]
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    for name in HOSTILE:
        assert name in unescape(page.source)


def test_names_of_columns_stay_inside_their_style(make_record, read_page):
    hostile = "'}</style><script>alert(1)</script>;--h3:'x\\"
    learners = {"single_task": 0.0, hostile: 0.1, '"; color: red': 0.2}
    page = read_page(make_record({f"t{i}": "binary" for i in range(7)}, learners=learners))

    assert page.all("script") == []
    assert len(page.all("style")) == 1
    named = [str(a["style"]) for tag, a in page.tags if tag == "table"]
    assert any("script" in style for style in named)
    for style in named:
        assert re.fullmatch(r"(--h\d+:'(\w|\\[0-9a-f]+ )*';?)+", style), style


def test_narrow_screens_name_every_column(make_record, read_page):
    page = read_page(make_record({f"t{i}": "binary" for i in range(7)}))
    heads = next(text for tag, text in page.texts if tag == "style")

    for table in re.findall(r"<table.*?</table>", page.source, re.DOTALL):
        columns = len(re.findall('<th scope="col"', table))
        names = re.findall(r"--h\d+:", table)
        assert len(names) == columns
        assert f"td:nth-child({columns})::before" in heads


def test_undefined_values_are_named(record, read_page):
    reason = "only one class among the 12 test rows"
    for learner in record["learners"]:
        learner["tasks"]["income"]["roc_auc"] |= {
            "value": None,
            "interval": None,
            "undefined": reason,
        }
        if learner["delta_m"]:
            learner["delta_m"]["left_out"] = {"income": reason}
    record["differences"][0]["tasks"]["income"] |= {
        "difference": None,
        "interval": None,
        "gain": None,
        "p": None,
        "p_corrected": None,
        "answer": "undefined",
        "undefined": reason,
    }
    text = read_page(record).text

    assert text.count(reason) >= 4
    assert f"leaves out income ({reason})" in text
    assert "None" not in text
    assert "nan" not in text.split()


def test_too_few_units_say_how_many(record, read_page):
    reason = "7 test rows are too few for a verdict on 3 tasks"
    entry = record["differences"][0]["tasks"]["married"]
    entry.update(answer="too few units", n_units=7, too_few=reason, p=None, p_corrected=None)
    page = read_page(record)

    assert page.text.count(reason) == 1
    assert "too few units" in page.text


def test_many_small_tasks_are_a_sample(population_record, read_page):
    page = read_page(population_record)

    assert "hard_sharing: tasks like these" in page.text
    assert "Gain of one more such task within [−3.40, 7.60]" in page.text
    assert "12 test rows are too few" not in page.text  # not once for each task
    assert page.source.count("drawings two") == 3


def test_nothing_to_use(record, read_page):
    record["recommended"].update(learner=None, run=None, fold=None, seed=None, model=None)
    record["recommended"].update(settings={}, why="Nothing beats the best constant.")
    record["verdict"].update(winner=None, nothing_beats_constant=True)
    text = read_page(record).text

    assert "No model to use" in text
    assert "Nothing beats the best constant." in text
    assert "polytask.load" not in text


def test_nothing_defined_at_all(record, read_page):
    empty = {"value": None, "interval": None, "undefined": "no test rows"}
    for learner in record["learners"]:
        for metrics in learner["tasks"].values():
            for measure in metrics.values():
                measure.update(empty)
        if learner["delta_m"]:
            learner["delta_m"].update(value=None, interval=None)
    for entry in record["differences"][0]["tasks"].values():
        entry.update(dict.fromkeys(("difference", "interval", "gain", "p", "p_corrected")))
        entry.update(answer="undefined", undefined="no test rows")
    record["differences"][0]["answer"] = record["verdict"]["answer"] = "undefined"

    assert "None" not in read_page(record).text


def test_without_joint_learners(make_record, read_page):
    text = read_page(make_record(learners={"single_task": 0.0, "trees": 0.01})).text

    assert "Together against apart" not in text
    assert "Joint training:" not in text
    assert "trees" in text


def test_without_curves(make_record, read_page):
    values = make_record()
    for learner in values["learners"]:
        for run in learner["runs"]:
            run["curves"] = []

    assert "Learning curves" not in read_page(values).text


@pytest.mark.slow
@pytest.mark.parametrize(("n_tasks", "n_learners"), [(139, 3), (617, 11)])
def test_many_tasks_stay_small(make_record, read_page, n_tasks, n_learners):
    learners = {"single_task": 0.0} | {
        f"{'hard_sharing' if i % 2 else 'estimator'}_{i}": 0.001 * i for i in range(1, n_learners)
    }
    values = make_record(
        {f"assay of the series {i}": "regression" for i in range(n_tasks)}, learners=learners
    )
    page = read_page(values)

    assert len(page.source.encode()) < 1_500_000
    assert len([a for _, a in page.tags if "drawings" in (a.get("class") or "")]) <= 3
    assert "Largest gains" in page.text
    assert f"Mean over {n_tasks} primary tasks" in page.text
    assert page.text.count("assay of the series 77 ") >= 3  # in the tables, which are folded
    assert ("comparison.json" in page.text) == (n_learners == 11)


def test_what_does_not_fit_is_counted(make_record, read_page, monkeypatch):
    for room, name, value in (
        *((room, "ROWS", 30) for room in (_matrix, _contests, _data_view)),
        (_matrix, "CELLS", 4 * 44),
        (_contests, "DRAWN", 44),
    ):
        monkeypatch.setattr(room, name, value)
    learners = {"single_task": 0.0} | {f"hard_{i}": 0.001 * i for i in range(1, 6)}
    page = read_page(make_record({f"t{i}": "binary" for i in range(44)}, learners=learners))

    assert "2 further learners and 14 further rows are left out" in page.text
    assert "14 tasks in the middle are left out" in page.text
    assert "14 further tasks are left out" in page.text
    assert page.text.count("The figure and the table of its tasks are left out") == 4
    assert page.source.count("drawings two") == 2


def test_record_is_left_as_it_was(record):
    before = deepcopy(record)
    render(record)

    assert record == before


def test_same_record_same_page(record):
    assert render(record) == render(json.loads(json.dumps(record)))


def test_comparison_is_taken_by_its_to_dict(record):
    comparison = Comparison.from_dict(record)

    assert render(comparison) == render(record)


def test_page_is_written_whole(record, tmp_path):
    path = write_report(record, tmp_path / "runs" / "report.html")

    assert path.read_text(encoding="utf-8") == render(record)
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]


def test_failure_leaves_the_old_page(record, tmp_path):
    path = write_report(record, str(tmp_path / "report.html"))
    before = path.read_bytes()
    del record["recommended"]

    with pytest.raises(KeyError):
        write_report(record, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("value", [None, 3, "report.json", {}, {"format": 2}])
def test_anything_else_is_refused(value):
    with pytest.raises(ParameterError, match=r"`comparison` .* must be a Comparison or .*Got"):
        render(value)


def test_other_format_is_refused(record):
    with pytest.raises(StudyError, match=r"format 2, and got format 99.*version of polytask"):
        render(record | {"format": 99})


def test_room_loads_no_torch():
    code = "import sys, polytask.report; print({'torch', 'sklearn', 'matplotlib'} & {*sys.modules})"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert output.stdout.strip() == "set()"


def test_templates_travel_with_the_package():
    names = {entry.name for entry in files("polytask.report").joinpath("templates").iterdir()}

    assert {"report.html.j2", "style.css.j2", "verdict.html.j2"} <= names
