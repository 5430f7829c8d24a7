"""The page on security: its code runs, and the files that it names are refused."""

import re
import sys
import textwrap
from importlib.machinery import all_suffixes
from pathlib import Path

import pytest
from learner_tables import mixed_data

from polytask.architectures import HardSharing
from polytask.data import fit_schemas
from polytask.predictor import FittedPredictor, NetworkModel
from polytask.predictor._contents import is_importable
from polytask.predictor._folder import FORMAT

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")


@pytest.fixture
def my_package(tmp_path, monkeypatch):
    """A package of the user's with an encoder, and a model that holds it."""
    text = "from torch import nn\n\ndef encoder(shape):\n    return nn.Linear(shape[0], 2)\n"
    (tmp_path / "my_package.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    import my_package

    data = mixed_data(n_rows=30)
    architecture, schemas = HardSharing(my_package.encoder), fit_schemas(data)
    network = architecture.build(schemas, data.tasks, seed=0)
    model = NetworkModel(architecture, network, data.tasks, schemas)
    FittedPredictor(data.tasks, schemas, model).save("model")
    yield
    sys.modules.pop("my_package")


@pytest.mark.usefixtures("my_package")
def test_code_runs(capsys):
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(textwrap.dedent(block), "docs/security.md", "exec"), {})
    assert "trusted=['my_package']" in capsys.readouterr().out


def test_what_could_be_imported():
    named = re.findall(r"`(\.\w+)`", PAGE)
    assert {".py", ".so", ".pyc", ".pth"} <= set(named)
    assert all(is_importable(f"x{suffix}") for suffix in [*named, *all_suffixes()])


def test_the_format():
    assert f"its format, {FORMAT} at present" in PAGE
