"""Modules in the current folder, which the command line finds if it names them."""

import json
import pickle
import sys

import pytest

from polytask import _local_modules
from polytask._workers import Worker

QUICK = ("-t", "income:binary", "--steps", 2, "-q")
LAYERS = 'open("imported", "w").close()\n'
CODE = """
from dataclasses import dataclass

import layers_next_to_it
from polytask.architectures import HardSharing


@dataclass(frozen=True)
class Trunk(HardSharing):
    pass
"""
WORK = """
import layers_next_to_it


def double(job, common):
    return 2 * job
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder with a module, and another that it imports."""
    (tmp_path / "code_right_here.py").write_text(CODE)
    (tmp_path / "work_right_here.py").write_text(WORK)
    (tmp_path / "layers_next_to_it.py").write_text(LAYERS)
    (tmp_path / "income.py").write_text(LAYERS)
    (tmp_path / "calendar.py").write_text(LAYERS)
    (tmp_path / "broken_right_here.py").write_text("def f(:\n")
    monkeypatch.setattr(_local_modules, "_FOLDERS", {})
    before = set(sys.modules)
    yield tmp_path
    for name in {"code_right_here", "work_right_here", "layers_next_to_it", "income"} - before:
        sys.modules.pop(name, None)


def forget():
    for name in ("code_right_here", "layers_next_to_it"):
        del sys.modules[name]


def test_a_model_fits_and_predicts(polytask, table):
    path = list(sys.path)
    ran = polytask("fit", table, *QUICK, "-m", "code_right_here:Trunk")
    assert ran.status == 0, ran.err
    forget()
    refused = polytask("predict", "model", table)
    assert refused.status == 2
    assert "--trust code_right_here" in refused.error
    assert "code_right_here" not in sys.modules
    assert polytask("predict", "model", table, "--trust", "code_right_here").status == 0
    assert sys.path == path


def test_a_study_file_names_it_if_the_command_line_trusts_it(polytask, table, folder):
    study = folder / "study.yaml"
    study.write_text(json.dumps({"model": "code_right_here:Trunk", "table": str(table)}))
    refused = polytask("fit", "--config", study, *QUICK)
    assert refused.status == 2
    assert not (folder / "imported").exists()
    assert polytask("fit", "--config", study, *QUICK, "--trust", "code_right_here").status == 0


@pytest.mark.parametrize("option", [("-t", "income:binary"), ("--split", "group:income")])
def test_columns_that_were_typed_name_no_modules(polytask, table, folder, option):
    study = folder / "study.yaml"
    named = {"-t": "income:binary", "--split": "group:income"}[option[0]]
    study.write_text(json.dumps({"weighting": named, "table": str(table)}))
    ran = polytask("fit", "--config", study, "-t", "income:binary", *option, "-q")
    assert ran.status == 2
    assert not (folder / "imported").exists()
    assert "income" not in sys.modules


def test_an_installed_module_comes_first(polytask, table, folder):
    ran = polytask("fit", table, *QUICK, "-m", "calendar:Trunk")
    assert ran.status == 2
    assert "calendar.py in the current folder is hidden by another module 'calendar'" in ran.error
    assert not (folder / "imported").exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no_such_code:X", "No module named 'no_such_code'. Install it, or go to the folder of"),
        ("broken_right_here:X", "cannot be imported: SyntaxError: invalid syntax"),
        ("code_right_here:Trnk", "module 'code_right_here' has no attribute 'Trnk'."),
    ],
)
def test_what_cannot_be_imported(polytask, table, name, sentence):
    ran = polytask("fit", table, *QUICK, "-m", name)
    assert ran.status == 2
    assert sentence in ran.error
    assert len([line for line in ran.err.splitlines() if not line.startswith("note: ")]) == 1


def test_other_names_are_not_looked_for(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with _local_modules.local_modules(["other"]), pytest.raises(ImportError):
        _local_modules.import_module("code_right_here")
    with pytest.raises(ImportError):
        _local_modules.import_module("code_right_here")


def test_a_library_that_it_imports_finds_nothing_in_the_folder(folder, monkeypatch):
    """An optional import of a library must not run the file of that name."""
    (folder / "site").mkdir()
    optional = "try:\n    import layers_next_to_it\nexcept ImportError:\n    here = False\n"
    (folder / "site" / "library_elsewhere.py").write_text(optional)
    (folder / "helpers_right_here").mkdir()
    (folder / "helpers_right_here" / "more.py").write_text("value = 3\n")
    (folder / "uses_right_here.py").write_text(
        "from library_elsewhere import here\nfrom helpers_right_here.more import value\n"
    )
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder / "site")
    with _local_modules.local_modules(["uses_right_here"]):
        module = _local_modules.import_module("uses_right_here")
    assert (module.here, module.value) == (False, 3)
    assert not (folder / "imported").exists()
    with pytest.raises(ImportError):  # nor later, by anyone else
        import layers_next_to_it  # noqa: F401
    assert not (folder / "imported").exists()


def test_a_pickle_that_it_reads_imports_nothing_in_the_folder(folder, monkeypatch):
    """Compiled code has no frame of its own, so that its imports look like the module's."""
    (folder / "reads_right_here.py").write_text(
        "import importlib\nimport pickle\n\n\ndef read(data):\n    return pickle.loads(data)\n\n\n"
        "def call(name):\n    return importlib.import_module(name)\n"
    )
    monkeypatch.chdir(folder)
    with _local_modules.local_modules(["reads_right_here"]):
        module = _local_modules.import_module("reads_right_here")
    with pytest.raises(ImportError):
        module.read(b"clayers_next_to_it\nanything\n.")
    assert not (folder / "imported").exists()
    assert module.call("layers_next_to_it").__name__ == "layers_next_to_it"


def test_it_imports_its_neighbours_late(folder, monkeypatch):
    """Inside a function, and a neighbour of a neighbour too, from wherever the process is then."""
    late = "def late():\n    import {0}\n\n    return {0}.late()\n"
    (folder / "first_right_here.py").write_text(late.format("package_right_here"))
    (folder / "package_right_here").mkdir()
    (folder / "package_right_here" / "__init__.py").write_text(
        "from . import inner\n\nlate = inner.late\n"
    )
    (folder / "package_right_here" / "inner.py").write_text(late.format("third_right_here"))
    (folder / "third_right_here.py").write_text("def late():\n    return 3\n")
    monkeypatch.chdir(folder)
    with _local_modules.local_modules(["first_right_here"]):
        module = _local_modules.import_module("first_right_here")
    monkeypatch.chdir(folder.parent)
    assert module.late() == 3


def test_a_module_that_fails_leaves_nothing(folder, monkeypatch):
    before = list(sys.meta_path)
    monkeypatch.chdir(folder)
    with _local_modules.local_modules(["broken_right_here"]), pytest.raises(SyntaxError):
        _local_modules.import_module("broken_right_here")
    assert sys.meta_path == before


def test_a_module_that_is_known_leaves_no_finder(folder):
    before = list(sys.meta_path)
    _local_modules.import_modules_of({"json": str(folder)})
    assert sys.meta_path == before


def test_workers_find_it_where_the_command_did(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with _local_modules.local_modules(["work_right_here.double"]):
        module = _local_modules.import_module("work_right_here")
    monkeypatch.chdir(folder.parent)
    worker = Worker(pickle.dumps(None), {})
    try:
        assert worker.ask(pickle.dumps((module.double, 4))) == (True, 8)
    finally:
        worker.end()
