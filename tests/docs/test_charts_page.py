"""The page on charts: its code runs, and what it draws is what later pages need."""

import re
from pathlib import Path

import pytest
from drawings import Drawing

PAGE = (Path(__file__).parents[2] / "docs" / "charts.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(params=BLOCKS, ids=["forest", "heat map", "graph"])
def names(request):
    values = {}
    exec(compile(request.param, "docs/charts.md", "exec"), values)
    return values


def test_code_draws_in_the_pages_colours(names):
    sources = names["drawings"] if "drawings" in names else [names["svg"]]

    for source in sources:
        drawing = Drawing(source)
        assert drawing.titles
        assert re.search(r"var\(--(muted|line|c1)\)", source)


def test_constants_exist():
    from polytask.report import _contests, _matrix, _study
    from polytask.report._drawing import _ranked_plot

    for module in (_contests, _matrix, _study, _ranked_plot):
        for name in re.findall(rf"`{module.__name__.rpartition('.')[2]}\.([A-Z]+)`", PAGE):
            assert isinstance(getattr(module, name), int)
