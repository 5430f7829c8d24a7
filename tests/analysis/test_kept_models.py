"""Networks that are kept in a folder: forged, unreadable, or trained again to be read."""

import json
import sys

import numpy as np
import pytest
from forgery import files_of, resealed

from polytask._files import digest, sealed
from polytask.analysis import GroupRuns
from polytask.analysis._training_store import TrainingStore
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP


@pytest.fixture(scope="module")
def data():
    made, _ = make_clustered_tasks(1, 3, 30, 3, own_rows=True, seed=0)
    return made


def runs_of(data):
    network = HardSharing(MLP((4,)))
    return GroupRuns.of(data, network, folds=2, seeds=1, budget=Budget(steps=4))


def forged_model(folder):
    """A kept network whose recipe names a module beside it, sealed anew."""
    (model,) = folder.glob("runs/*.model")
    (folder / "evil.py").write_text("raise SystemExit")
    files = files_of(model)
    name = b"polytask.architectures:"
    assert name in files["architecture.json"]
    files["architecture.json"] = files["architecture.json"].replace(name, b"evil:")
    resealed(files, model)
    return model.name[: -len(".0.model")]


def changed_record(folder, key, **changes):
    """The record with other values, sealed anew."""
    path = folder / "runs" / f"{key}.json"
    values = json.loads(path.read_text())
    values.pop("sha256")
    model = f"{key}.0.model"
    if "0.model" in values["files"]:
        values["files"]["0.model"] = digest(folder / "runs" / model)
    path.write_text(json.dumps(sealed(values | changes)))


@pytest.mark.parametrize(
    "changes",
    [{}, {"models": ["../../model"]}, {"models": [0, 0]}, {"models": 3}, {"groups": [[3]]}],
)
def test_a_forged_network_or_record_runs_nothing_and_is_trained_again(
    data, tmp_path, monkeypatch, changes
):
    monkeypatch.syspath_prepend(tmp_path)
    with (runs := runs_of(data)).keeping(tmp_path):
        runs.models(folds=1)
    key = forged_model(tmp_path)
    changed_record(tmp_path, key, **changes)
    notes = []
    with (again := runs_of(data)).keeping(tmp_path, notes.append):
        ((model,),) = again.models(folds=1)
    assert "evil" not in sys.modules
    assert [note.endswith("was damaged. What it held is trained again.") for note in notes] == [
        True
    ]
    assert model.tasks.names == data.tasks.names


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": None},
        {"steps": [-1]},
        {"seconds": [1e308]},
        {"files": []},
        {"files": {"../../study.json": ""}},
        {"rows": [1]},
        {"history": {"epochs": 5}},
    ],
    ids=str,
)
def test_values_that_no_training_wrote_are_damage(tmp_path, changes):
    spec = {"data": "d", "about": {}, "rows": changes.pop("rows", "r")}
    values = {"spec": spec, "groups": [["a"]], "models": [None], "steps": [1], "seconds": [0.5]}
    path = tmp_path / "runs" / f"{'0' * 24}.json"
    path.parent.mkdir()
    path.write_text(json.dumps(sealed({**values, "files": {}, **changes})))
    notes = []
    TrainingStore(tmp_path, {}, notes.append)
    assert [note.endswith("was damaged. What it held is trained again.") for note in notes] == [
        True
    ]


def test_files_that_are_not_named_as_ours_are_left_alone(tmp_path):
    notes = []
    runs = tmp_path / "runs"
    (runs / "mine.1.model").mkdir(parents=True)
    for name in ("mine.json", "*.json", "[!.]*.json", "mine.1.model/values", "0123.json"):
        (runs / name).write_text("{}")
    TrainingStore(tmp_path, {}, notes.append)
    assert not notes
    assert len(list(runs.iterdir())) == 5
    assert list((runs / "mine.1.model").iterdir())


def test_networks_of_tasks_alone_that_cannot_be_read_are_trained_again(data, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    with (runs := runs_of(data)).keeping(tmp_path):
        runs.models(folds=1, alone=True)
    changed_record(tmp_path, forged_model(tmp_path))
    notes = []
    for _ in range(2):
        with (again := runs_of(data)).keeping(tmp_path, notes.append):
            ((model,),) = again.models(folds=1, alone=True)
        assert model.tasks.names == data.tasks.names
    assert len(notes) == 1


def test_answers_stay_those_of_the_job_that_gave_them_where_a_network_is_trained_again_to_be_read(
    data, tmp_path
):
    groups = [("task_0", "task_1"), data.tasks.names]
    found = []
    for _ in range(2):
        with (runs := runs_of(data)).keeping(tmp_path):
            runs.train(groups)
            runs.models()
        found.append((runs.seconds, runs.answers(data.tasks.names)))
    assert found[0][0] == found[1][0]  # those of the same records
    for task, answers in found[0][1].items():
        assert all(map(np.array_equal, answers.responses, found[1][1][task].responses))


def test_what_a_killed_process_left_of_a_network_is_removed(data, tmp_path):
    with (runs := runs_of(data)).keeping(tmp_path):
        runs.models(folds=1)
    (record,) = tmp_path.glob("runs/*.json")
    record.unlink()
    (tmp_path / "runs" / f".{record.stem}.0.model-abcdefgh").mkdir()
    with runs_of(data).keeping(tmp_path):
        assert not list((tmp_path / "runs").iterdir())
