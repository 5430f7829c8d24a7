import json
import re
import subprocess
import sys
from copy import deepcopy
from html import unescape
from importlib.resources import files

import pytest
from plotly.offline import get_plotlyjs

from polytask.evaluation import Comparison
from polytask.exceptions import ParameterError, StudyError
from polytask.report import render, write_report

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
    own = page.source.replace(get_plotlyjs(), "")
    assert not re.search(r"https?:|//[a-z]", own)


def test_browser_is_told_to_request_nothing(record, read_page):
    policies = [meta["content"] for meta in read_page(record).all("meta") if "http-equiv" in meta]

    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    assert "http" not in policies[0]


def test_plotly_is_inside_once(record):
    assert render(record).count(get_plotlyjs()) == 1


def test_verdict_stands_before_everything(record, read_page):
    page = read_page(record)
    headline = record["verdict"]["headline"]

    assert next(text for tag, text in page.texts if tag == "h1") == headline
    assert page.source.index(headline) < page.source.index("<table")
    assert page.source.index(record["warnings"][0]) < page.source.index("<table")
    assert "Use trees" in page.words


def test_sections_are_there(record, read_page):
    words = read_page(record).words

    for heading in ("All learners", "Together against apart", "Learning curves", "Data"):
        assert heading in words
    assert "numpy 2.4.6" in words
    assert record["study"]["data"]["notes"][0] in words
    assert "25.0 %" in words
    assert "no: 80.0 %" in words.replace("\xa0", " ")


@pytest.mark.parametrize("n_tasks", [2, 8, 30])
def test_page_is_accessible(make_record, read_page, n_tasks):
    page = read_page(make_record({f"task {i}": "regression" for i in range(n_tasks)}))
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    figures = [a for _, a in page.tags if "data-figure" in a]

    assert len(names) == len(set(names))
    assert page.all("html")[0]["lang"] == "en"
    assert figures
    for figure in figures:
        assert figure["role"] == "img"
        assert figure["aria-label"]
        assert figure["data-figure"] in names
    for heading in page.all("th"):
        assert heading["scope"] in {"col", "row"}
    for link in page.all("a"):
        assert str(link["href"])[1:] in names
    for _, attributes in page.tags:
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in names


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

    allowed = {"script", "li"}  # as many scripts; as many notes as there are names
    assert [tag for tag, _ in page.tags if tag not in allowed] == [
        tag for tag, _ in clean.tags if tag not in allowed
    ]
    assert len(page.all("script")) == len(clean.all("script"))
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    for name in HOSTILE:
        assert name in unescape(page.source)


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
    words = read_page(record).words

    assert words.count(reason) >= 4
    assert f"leaves out income ({reason})" in words
    assert "None" not in words
    assert "nan" not in words.split()


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

    assert "None" not in read_page(record).words


def test_without_joint_learners(make_record, read_page):
    words = read_page(make_record(learners={"single_task": 0.0, "trees": 0.01})).words

    assert "Together against apart" not in words
    assert "Joint training:" not in words
    assert "trees" in words


def test_without_curves(make_record, read_page):
    values = make_record()
    for learner in values["learners"]:
        for run in learner["runs"]:
            run["curves"] = []

    assert "Learning curves" not in read_page(values).words


@pytest.mark.parametrize(("n_tasks", "most"), [(139, 600_000), (617, 2_000_000)])
def test_many_tasks_stay_small(make_record, read_page, n_tasks, most):
    values = make_record({f"school {i}": "regression" for i in range(n_tasks)})
    page = read_page(values)

    assert len(page.source) - len(get_plotlyjs()) < most
    assert len([a for _, a in page.tags if "data-figure" in a]) == 2
    assert "Largest gains" in page.words
    assert f"Mean over {n_tasks} primary tasks" in page.words
    assert page.words.count("school 77 ") >= 3  # in the tables, which are folded


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


@pytest.mark.parametrize("value", [None, 3, "report.json", {}, {"format": 1}])
def test_anything_else_is_refused(value):
    with pytest.raises(ParameterError, match=r"`comparison` .* must be a Comparison or .*Got"):
        render(value)


def test_other_format_is_refused(record):
    with pytest.raises(StudyError, match=r"format 1, and got format 2.*version of polytask"):
        render(record | {"format": 2})


def test_room_loads_no_torch():
    code = "import sys, polytask.report; print('torch' in sys.modules, 'sklearn' in sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert output.stdout.split() == ["False", "False"]


def test_templates_travel_with_the_package():
    names = {entry.name for entry in files("polytask.report").joinpath("templates").iterdir()}

    assert {"report.html.j2", "style.css.j2", "script.js.j2"} <= names
