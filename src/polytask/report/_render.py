"""Rendering of a comparison as one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from polytask._files import write_text
from polytask.report._calibration_view import calibration_view, class_tables, shown_learners
from polytask.report._contests import Contest, contests
from polytask.report._data_view import data_view
from polytask.report._found_view import found_views
from polytask.report._learner_table import learner_table
from polytask.report._matplotlib import figure_settings
from polytask.report._matrix import all_metrics, headline_metrics
from polytask.report._observed_view import observed_views
from polytask.report._settings_view import settings_view
from polytask.report._study import Study
from polytask.report._theme import SYMBOLS, symbol_path
from polytask.report._training_curves import trainings
from polytask.report._tuning_view import histories, tuning_record, tuning_view
from polytask.report._verdict_view import verdict_view
from polytask.report._weights_view import weights_record, weights_view

__all__ = ["page_environment", "render", "write_report"]

COLUMNS = 10  # of the widest table that has no column per learner


def render(comparison: object, tuning: object = None, weights: object = None) -> str:
    """Render a comparison as one self-contained HTML page.

    Parameters
    ----------
    comparison : Comparison or mapping
        A comparison, or the result of its `to_dict`.
    tuning : Tuning or mapping, optional
        The tuning that it ended, or the result of its `to_dict`.
    weights : WeightTuning or mapping, optional
        The search of task weights that it ended, or the result of its `to_dict`.

    Returns
    -------
    str
        HTML with styles, script and figures inside; opening it fetches nothing.

    Raises
    ------
    ParameterError
        If one of these is something else.
    StudyError
        If it was written in another format.
    """
    study = Study.of(comparison)
    tuned = None if tuning is None else tuning_record(tuning)
    weighed = None if weights is None else weights_record(weights)
    views = {**_views(study), **_tuning(study, tuned), **_weights(weighed)}
    return page_environment().get_template("report.html.j2").render(views)


def write_report(
    comparison: object, path: str | Path, tuning: object = None, weights: object = None
) -> Path:
    """Write `render(comparison, tuning, weights)` to `path`, completely or not at all.

    Parameters
    ----------
    comparison : Comparison or mapping
        A comparison, or the result of its `to_dict`.
    path : str or Path
        The HTML file to create or replace.
    tuning : Tuning or mapping, optional
        The tuning that the comparison ended, or the result of its `to_dict`.
    weights : WeightTuning or mapping, optional
        The search of task weights that it ended, or the result of its `to_dict`.

    Returns
    -------
    Path
        The file written.
    """
    path = Path(path)
    write_text(path, render(comparison, tuning, weights))
    return path


def _views(study: Study) -> dict[str, Any]:
    compared = contests(study)
    run = study.record["recommended"]["run"] or 0  # none is recommended: the first
    return {
        "study": study,
        "record": study.record,
        "verdict": verdict_view(study),
        "table": learner_table(study),
        "by_task": headline_metrics(study),
        "all_metrics": None if study.many else all_metrics(study),
        "contests": compared,
        **_figures(study, compared, run),
        "calibration": calibration_view(study),
        "classes": class_tables(study),
        "decided_by": shown_learners(study)[-1],
        "trainings": trainings(study, run),
        "observed": observed_views(study, run),
        "found": found_views(study, run),
        "run": study.run_name(run),
        "columns": max(COLUMNS, 2 + len(study.learners)),
        "data": data_view(study),
        "settings": settings_view(study),
    }


def _tuning(study: Study, record: Mapping[str, Any] | None) -> dict[str, Any]:
    """Views of the section on a tuning, which other reports lack."""
    if record is None:
        return {"tuning": None, "tuning_figure": None}
    with figure_settings():
        from polytask.report._tuning_figures import history_figure

        figure = history_figure(study, histories(record))
    return {"tuning": tuning_view(record), "tuning_figure": figure}


def _weights(record: Mapping[str, Any] | None) -> dict[str, Any]:
    """Views of the section on task weights, which other reports lack."""
    if record is None:
        return {"weights": None, "weights_figure": None}
    with figure_settings():
        from polytask.report._weights_figures import front_figure

        figure = front_figure(record)
    return {"weights": weights_view(record), "weights_figure": figure}


def _figures(study: Study, compared: Sequence[Contest], run: int) -> dict[str, Any]:
    with figure_settings():
        from polytask.report._calibration_figures import calibration_figures
        from polytask.report._curve_figures import LEARNERS, curve_figures
        from polytask.report._gain_figures import few_figure, many_figure, population_figure
        from polytask.report._observed_figures import observed_figures
        from polytask.report._sharing_section import sharing_sections

        return {
            "few_figure": None if study.many else few_figure(study, compared),
            "many_figures": [many_figure(c, i) if c.full else None for i, c in enumerate(compared)]
            if study.many
            else [],
            "population_figures": [population_figure(c, i) for i, c in enumerate(compared)],
            "curves": curve_figures(study, run),
            "observed_figures": [
                observed_figures(view, position)
                for position, view in enumerate(observed_views(study, run))
            ],
            "calibration_figures": calibration_figures(study),
            "drawn": LEARNERS,
            "sections": sharing_sections(study, run),
        }


@cache
def page_environment() -> Environment:
    """Templates of the pages, with their filters."""
    environment = Environment(
        loader=PackageLoader("polytask.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"tied": _tied, "column_names": _column_names}
    environment.globals["symbols"] = {name: symbol_path(name) for name in SYMBOLS}
    return environment


def _tied(text: str) -> str:
    """Keep percent signs on the line of their number."""
    return text.replace(" %", "\u00a0%")


def _column_names(names: Sequence[str]) -> str:
    """Return names of columns as CSS variables, which narrow screens repeat in every row.

    All characters except letters and digits are escaped for CSS, so that names stay text.
    """
    texts = ["".join(c if c.isalnum() else f"\\{ord(c):x} " for c in name) for name in names]
    return ";".join(f"--h{i}:'{text}'" for i, text in enumerate(texts, 1))
