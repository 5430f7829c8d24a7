"""A killed run goes on exactly where it was; no half file is ever left."""

import json
from functools import cache

import pytest
import torch
from training_tables import mixed_table

from polytask.architectures import HardSharing, SingleTask
from polytask.encoders import MLP
from polytask.exceptions import OutputError, ParameterError, StudyError
from polytask.training import Trainer, check_checkpoint
from polytask.training._checkpoint import load_state, save_state
from polytask.training._fitting import run_identity
from polytask.training._run_state import load_optimizer

RECIPES = {
    "joint": (
        HardSharing(MLP((16,), dropout=0.3)),
        {"weighting": "uncertainty_weighting", "scheduler": "cosine_annealing_lr"},
    ),
    "warmed up": (
        HardSharing(MLP((16,), dropout=0.3)),
        {"scheduler": "cosine_with_warmup", "scheduler_options": {"warmup": 0.2}, "clip_norm": 1.0},
    ),
    "aggregated": (
        HardSharing(MLP((16,), dropout=0.3)),
        {"aggregation": "mgda", "optimizer": "sgd"},
    ),
    "single": (
        SingleTask(MLP((16,), dropout=0.3)),
        {"patience": 3, "scheduler": "cosine_with_warmup"},
    ),
}


class KilledError(Exception):
    """The process was told to end."""


@cache
def uninterrupted(recipe):
    """The trainer of a recipe, what it is given, and the run that nothing interrupts."""
    architecture, options = RECIPES[recipe]
    trainer = Trainer(steps=80, batch_size=32, evaluate_every=10, **options)
    given = architecture, mixed_table(seed=0), mixed_table(seed=1)
    return trainer, given, trainer.fit(*given, seed=2)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("killed_at", [1, 6])
def test_an_interrupted_run_ends_like_an_uninterrupted_one(recipe, killed_at, tmp_path):
    trainer, given, whole = uninterrupted(recipe)
    path = tmp_path / "state.safetensors"

    def kill(record):
        if record.epoch > killed_at:
            raise KilledError

    arguments = {"seed": 2, "checkpoint": path, "checkpoint_seconds": 0.0}
    with pytest.raises(KilledError):
        trainer.fit(*given, on_epoch=kill, **arguments)
    assert [file.name for file in tmp_path.iterdir()] == ["state.safetensors"]
    resumed = trainer.fit(*given, **arguments)
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[name]), name
    ours, theirs = (h.to_dict() for h in (whole.history, resumed.history))
    for history in (ours, theirs):
        history.pop("seconds")
        for epoch in history["epochs"]:
            epoch.pop("seconds")
    assert json.dumps(ours) == json.dumps(theirs)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    data, path = mixed_table(), tmp_path / "state.safetensors"
    arguments = {"checkpoint": path, "checkpoint_seconds": 0.0}
    Trainer(steps=30).fit(HardSharing(MLP((8,))), data, **arguments)
    with pytest.raises(ParameterError, match="belongs to another recipe, data set or seed"):
        Trainer(steps=31).fit(HardSharing(MLP((8,))), data, **arguments)


def test_a_truncated_checkpoint_is_named(tmp_path):
    path = tmp_path / "state.safetensors"
    save_state(path, {"a": torch.ones(100)})
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(StudyError, match=r"state.safetensors is not a whole checkpoint"):
        load_state(path)


def test_any_nesting_of_state_survives(tmp_path):
    state = {
        "a": [torch.arange(3), (1, None, True)],
        2: {"x": float("inf"), "y": "text"},
        "none": {},
    }
    save_state(tmp_path / "s", state)
    back = load_state(tmp_path / "s")
    assert torch.equal(back.pop("a")[0], torch.arange(3))
    assert back == {2: {"x": float("inf"), "y": "text"}, "none": {}}


@pytest.mark.parametrize(
    "kind", [torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.uint8]
)
def test_a_flipped_bit_in_a_checkpoint_is_found(tmp_path, kind):
    path = tmp_path / "state.safetensors"
    state = {"a": torch.ones(40, dtype=kind), "step": 300, "scalar": torch.tensor(2).to(kind)}
    save_state(path, {**state, "none": torch.ones(0, 3)})
    check_checkpoint(path)
    held = path.read_bytes()
    for place in range(8, len(held), 7):
        damaged = bytearray(held)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        try:
            check_checkpoint(path)
        except StudyError as error:
            assert "is not a whole checkpoint" in str(error)  # noqa: PT017
        else:
            assert held[place : place + 1] == b" ", place  # between the header and the data


def test_a_checkpoint_makes_its_folder_at_the_start_only(tmp_path):
    path = tmp_path / "deep" / "state.safetensors"
    with pytest.raises(OutputError, match="its folder is gone"):
        save_state(path, {})
    Trainer(steps=5).fit(HardSharing(MLP((8,))), mixed_table(), checkpoint=path)
    assert path.parent.exists()


# ── whoever changes a checkpoint and computes its digest anew gets a sentence ──
@pytest.fixture(scope="module")
def state(tmp_path_factory):
    path = tmp_path_factory.mktemp("forged") / "state.safetensors"
    architecture, options = RECIPES["joint"]
    trainer = Trainer(steps=20, batch_size=32, evaluate_every=10, **options)

    def kill(record):
        if record.epoch > 1:
            raise KilledError

    with pytest.raises(KilledError):
        trainer.fit(
            architecture,
            mixed_table(),
            mixed_table(seed=1),
            seed=0,
            on_epoch=kill,
            checkpoint=path,
            checkpoint_seconds=0.0,
        )
    return load_state(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step", "many"),
        ("step", None),
        ("seconds", []),
        ("network", {}),
        ("network", [1]),
        ("optimizer", {"state": {}, "param_groups": [{"params": [99]}]}),
        ("optimizer", 3),
        ("selection", {"os": "system"}),
        ("history", {"epochs": [{"type": "os:system"}]}),
        ("history", {"type": "os:system", "parameters": {}}),
        ("weighting", {"evil": 1}),
        ("generator", torch.zeros(3)),
        ("noise", {}),
        ("scheduler", 7),
    ],
)
@pytest.mark.usefixtures("unchecked_types")
def test_a_changed_state(state, name, value, tmp_path):
    architecture, options = RECIPES["joint"]
    trainer = Trainer(steps=20, batch_size=32, evaluate_every=10, **options)
    path = tmp_path / "state.safetensors"
    save_state(path, {**state, name: value})
    with pytest.raises(StudyError, match="holds no state of this run"):
        trainer.fit(architecture, mixed_table(), mixed_table(seed=1), seed=0, checkpoint=path)


def changed(state, path, value):
    """The state with another value at a path."""
    if not path:
        return value
    first, *rest = path
    if isinstance(state, list | tuple):
        return type(state)(
            changed(one, rest, value) if place == first else one for place, one in enumerate(state)
        )
    return {**state, first: changed(state[first], rest, value)}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("optimizer", "param_groups", 0, "lr"), None),
        (("optimizer", "param_groups", 0, "betas"), []),
        (("optimizer", "state", 0, "exp_avg"), torch.zeros(3, 3, 3)),
        (("optimizer", "state", 0, "exp_avg"), torch.zeros(())),
        (("optimizer", "state", 0, "step"), torch.zeros(0)),
        (("optimizer", "state", 0, "exp_avg_sq"), "x"),
        (("optimizer", "state", 0), []),
        (("selection", "score"), []),
        (("selection", "best_losses"), []),
    ],
)
@pytest.mark.usefixtures("unchecked_types")
def test_a_changed_state_that_shows_in_use(state, place, value, tmp_path):
    architecture, options = RECIPES["joint"]
    trainer = Trainer(steps=80, batch_size=32, evaluate_every=10, **options)
    path = tmp_path / "state.safetensors"
    recipe = (architecture, mixed_table(), mixed_table(seed=1))
    identity = run_identity(trainer, architecture, recipe[1:], 0, None, None, 0.0)
    save_state(path, {**changed(state, place, value), "identity": identity})
    with pytest.raises(StudyError, match=r"state\.safetensors.*Delete it to start anew"):
        trainer.fit(*recipe, seed=0, checkpoint=path)


def test_a_file_cannot_ask_for_a_fused_step():
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adam([parameter])
    state = torch.optim.Adam([parameter], fused=True).state_dict()
    load_optimizer(optimizer, state)
    assert optimizer.param_groups[0]["fused"] is None


def test_an_error_of_the_users_own_function_stays_theirs(state, tmp_path):
    architecture, options = RECIPES["joint"]
    trainer = Trainer(steps=20, batch_size=32, evaluate_every=10, **options)
    save_state(tmp_path / "state.safetensors", state)

    def kill(record):
        raise KilledError

    with pytest.raises(KilledError):
        trainer.fit(
            architecture,
            mixed_table(),
            mixed_table(seed=1),
            seed=0,
            on_epoch=kill,
            checkpoint=tmp_path / "state.safetensors",
        )


@pytest.mark.parametrize("skeleton", ["[" * 5000, "{", "3", '{"tensor": "9"}', '{"os": 1}', "[]"])
def test_a_skeleton_that_is_none(skeleton, tmp_path):
    from safetensors.torch import save_file

    from polytask.training._checkpoint import _DIGEST, _KEY, _digest

    path = tmp_path / "state.safetensors"
    metadata = {_KEY: skeleton, _DIGEST: _digest(skeleton, {})}
    save_file({}, path, metadata=metadata)
    with pytest.raises(StudyError, match="is not a whole checkpoint"):
        check_checkpoint(path)
