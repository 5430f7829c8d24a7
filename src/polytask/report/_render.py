"""One page from one comparison."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from polytask._files import write_text
from polytask.report._curve_figures import curve_figures
from polytask.report._curves import trainings
from polytask.report._data import data_view
from polytask.report._gain_figures import few_figure, many_figure
from polytask.report._gains import contests
from polytask.report._settings import settings_view
from polytask.report._study import Study
from polytask.report._table import learner_table, metric_rows, task_rows
from polytask.report._verdict import verdict

__all__ = ["render", "write_report"]


def render(comparison: object) -> str:
    """Write a comparison as one HTML page that needs nothing else.

    Parameters
    ----------
    comparison : Comparison or mapping
        A comparison, or what its `to_dict` gives.

    Returns
    -------
    str
        HTML; styles, script and figures are inside, and nothing is fetched when it is opened.

    Raises
    ------
    ParameterError
        If `comparison` is neither.
    StudyError
        If it was written in another format.
    """
    study = Study.of(comparison)
    return _environment().get_template("report.html.j2").render(_views(study))


def write_report(comparison: object, path: str | Path) -> Path:
    """Write `render(comparison)` to `path`, wholly or not at all.

    Parameters
    ----------
    comparison : Comparison or mapping
        A comparison, or what its `to_dict` gives.
    path : str or Path
        The HTML file to create or replace.

    Returns
    -------
    Path
        The file written.
    """
    path = Path(path)
    write_text(path, render(comparison))
    return path


def _views(study: Study) -> dict[str, Any]:
    found = contests(study)
    run = study.record["recommended"]["run"]
    figures = [many_figure(contest, i) for i, contest in enumerate(found)] if study.many else []
    return {
        "study": study,
        "record": study.record,
        "verdict": verdict(study),
        "table": learner_table(study),
        "task_rows": task_rows(study),
        "metric_rows": [] if study.many else metric_rows(study),
        "contests": found,
        "few_figure": None if study.many else few_figure(study, found),
        "many_figures": figures,
        "curves": curve_figures(study, run),
        "trainings": trainings(study, run),
        "run": study.run_name(run),
        "data": data_view(study),
        "settings": settings_view(study),
        "plotly": get_plotlyjs(),
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("polytask.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["tied"] = _tied
    return environment


def _tied(text: str) -> str:
    """Keep a percent sign on the line of its number."""
    return text.replace(" %", "\u00a0%")
