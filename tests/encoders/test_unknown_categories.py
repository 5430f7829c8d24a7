"""Categories that training never met: an average one of their column, whatever the seed."""

import numpy as np
import pytest
import torch

import polytask
from polytask.architectures import (
    STEM,
    Copies,
    HardSharing,
    HyperNetworkHeads,
    MMoE,
    Separate,
    SingleTask,
    SoftSharing,
)
from polytask.architectures._code_tables import code_tables
from polytask.encoders import (
    DCN,
    MLP,
    ByRole,
    CustomEncoder,
    FTTransformer,
    PackedMLP,
    ResidualMLP,
    TabM,
)
from polytask.encoders._code_table import CodeTable
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

TOWNS = {"a": -1.0, "b": 1.0, "c": 3.0, "d": 5.0}


def read(n_rows=240):
    """Rows of four towns, which determine both targets, and of a hashed user."""
    rng = np.random.default_rng(0)
    town = rng.choice(list(TOWNS), n_rows)
    level = np.array([TOWNS[name] for name in town])
    table = {
        "town": town,
        "user": np.array([f"u{k}" for k in rng.integers(0, 9, n_rows)]),
        "size": rng.normal(size=n_rows),
        "y": level + 0.1 * rng.normal(size=n_rows),
        "z": 0.1 * rng.normal(size=n_rows) - level,
    }
    return polytask.read(table, ["y", "z"], columns={"user": "identifier=16"})


def tables(network):
    return [module for module in network.modules() if isinstance(module, CodeTable)]


@pytest.mark.parametrize(
    "encoder",
    [
        MLP((32,)),
        ResidualMLP(width=16, depth=1),
        TabM(members=2, widths=(32,)),
        PackedMLP(members=2, widths=(32,)),
        DCN(),
        FTTransformer(width=16, depth=1, n_heads=2),
        ByRole(joint=MLP((32,))),
        CustomEncoder(lambda shape: torch.nn.Linear(shape[0], 32)),
    ],
    ids=lambda encoder: type(encoder).__name__,
)
@pytest.mark.filterwarnings("ignore:This recipe can be trained")
def test_a_prediction_for_an_unknown_category_lies_near_the_mean(encoder):
    data = read()
    trainer = Trainer(steps=120, learning_rate=3e-3, optimizer="adamw", weight_decay=0.1)
    predictor = MultiTaskNetwork(HardSharing(encoder), trainer).fit(data, data)
    for code_table in tables(predictor.model.network):
        unknown = code_table.weight[code_table.offsets.long()]
        assert not unknown.any()  # nothing was learned, and nothing drawn
    towns = [*TOWNS, "elsewhere", None]
    rows = {"town": towns, "user": ["u1"] * 6, "size": [0.0] * 6}
    *known, unknown, missing = predictor.predict(rows)["y"].response
    assert np.allclose(known, list(TOWNS.values()), atol=0.7)
    assert abs(unknown - np.mean(known)) < np.std(known)
    assert missing == pytest.approx(unknown)
    rows = {"town": ["a", "d"], "user": [None, None], "size": [0.0, 0.0]}
    assert np.allclose(predictor.predict(rows)["y"].response, [-1.0, 5.0], atol=1.2)


def test_the_vector_is_the_mean_of_the_columns_own():
    torch.manual_seed(0)
    code_table = CodeTable([3, 2, 1, 4], width=5)
    codes = torch.tensor([[0, 0, 0, 0], [1, 1, 0, 1], [2, 1, 0, 2], [1, 1, 0, 3]])
    assert not code_table(codes)[0].any()  # in training it learns if it occurs
    vectors = code_table.eval()(codes)
    assert torch.allclose(vectors[0, 0], vectors[1:3, 0].mean(dim=0))
    assert torch.equal(vectors[0, 1], vectors[1, 1])
    assert not vectors[0, 2].any()  # a column without categories
    assert torch.allclose(vectors[0, 3], vectors[1:, 3].mean(dim=0))
    assert torch.equal(code_table.train()(codes)[1:], vectors[1:])


def test_hashed_columns_begin_from_nothing_and_lack_codes():
    code_table = CodeTable([4, 5], width=2, hashed=(False, True))
    codes = torch.tensor([[1, 1], [2, 2], [3, 4]], dtype=torch.int32)
    assert not code_table(codes)[:, 1].any()
    optimizer = torch.optim.AdamW(code_table.parameters(), lr=0.5, weight_decay=0.1)
    for step in range(3):
        (
            code_table(codes[:2])[:, 1] - torch.tensor([[1.0], [2.0]]) * step
        ).square().sum().backward()
        optimizer.step()
    code_table.eval()
    first, second, lacking = code_table(codes)[:, 1]
    assert first.any()
    assert torch.allclose(lacking, (first + second) / 2)
    assert torch.equal(code_table(codes)[2, 0], code_table.weight[3])  # drawn, and kept


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_buckets_without_training_values_are_one_average_bucket(architecture):
    data, trainer = read(), Trainer(steps=30)
    predictor = MultiTaskNetwork(architecture(TabM(members=2)), trainer).fit(data, data)
    users = [f"v{k}" for k in range(40)]
    rows = {"town": ["a"] * 40, "user": users, "size": [0.0] * 40}
    (schema,) = predictor.schemas.values()
    trained = schema.encode(data.sources[0])["categorical"][:, 1:]
    table = {**rows, "y": np.arange(40.0)}
    codes = schema.encode(polytask.read(table, ["y"]).sources[0])["categorical"]
    lacking = ~np.array([np.isin(codes[:, 1 + j], trained[:, j]) for j in (0, 1)]).any(axis=0)
    assert lacking.sum() > 1
    assert np.ptp(predictor.predict(rows)["y"].response[lacking]) < 1e-6


def read_partly(own_rows):
    """Rows of eight towns, of which y has the first five alone, and z all but one or all."""
    rng = np.random.default_rng(0)
    towns = np.array(list("abcdefgh"))
    town = np.repeat(towns, 30)
    y = np.where(np.isin(town, towns[:5]), rng.normal(size=240), np.nan)
    z = np.where(town == "h", np.nan, rng.normal(size=240))
    table = {"town": town, "size": rng.normal(size=240)}
    if not own_rows:
        return polytask.read({**table, "y": y, "z": z}, ["y", "z"])
    table["task"] = np.where(np.isnan(y), "z", "y")
    table["value"] = np.where(np.isnan(y), z, y)
    return polytask.read(table, ["value"], task_column="task")


@pytest.mark.parametrize(
    ("architecture", "absent"),
    [
        (SingleTask(MLP((8,))), {"y": "fgh", "z": "h"}),
        (SingleTask(FTTransformer(width=8, depth=1, n_heads=2)), {"y": "fgh", "z": "h"}),
        (SingleTask(MLP((8,), normalization="batch")), {"y": "fgh", "z": "h"}),  # one by one
        (Separate(HardSharing(TabM(members=2))), {"y": "fgh", "z": "h"}),
        (Separate(STEM(MLP((8,)))), {"y": "fgh", "z": "h"}),
        (HardSharing(MLP((8,))), {"y": "h", "z": "h"}),
        (MMoE(MLP((8,)), n_experts=2), {"y": "h", "z": "h"}),
        (HyperNetworkHeads(MLP((8,))), {"y": "h", "z": "h"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_known_categories_without_a_row_of_the_task_are_average_ones(architecture, absent):
    data = read_partly(own_rows=False)
    predictor = MultiTaskNetwork(architecture, Trainer(steps=20)).fit(data, None)
    for name, towns in absent.items():
        rows = {"town": [*towns, "elsewhere"], "size": [0.5] * (len(towns) + 1)}
        assert np.ptp(predictor.predict(rows)[name].response) < 1e-6
        rows = {"town": list("abcde"), "size": [0.5] * 5}
        assert np.ptp(predictor.predict(rows)[name].response) > 1e-3


@pytest.mark.parametrize("architecture", [SingleTask(MLP((8,))), Separate(SoftSharing(MLP((8,))))])
def test_so_are_those_of_rows_of_one_task_each(architecture):
    data = read_partly(own_rows=True)
    predictor = MultiTaskNetwork(architecture, Trainer(steps=20)).fit(data, None)
    for name, towns in {"y": "fgh", "z": "abcdeh"}.items():
        rows = {"town": [*towns, "elsewhere"], "size": [0.5] * (len(towns) + 1)}
        assert (
            np.ptp(predictor.predict({**rows, "task": [name] * len(rows["town"])})[name].response)
            < 1e-6
        )


@pytest.mark.parametrize("own_rows", [False, True])
def test_so_are_those_whose_labelled_rows_weigh_nothing(own_rows):
    """Of d the rows of y weigh nothing, and those of z something."""
    rng = np.random.default_rng(0)
    town, task = np.repeat(list("abcd"), 30), np.tile(["y", "z"], 60)
    weight = np.where((town == "d") & (task == "y"), 0.0, 1.0)
    table = {"town": town, "size": rng.normal(size=120), "w": weight}
    value = rng.normal(size=120)
    if own_rows:
        table |= {"task": task, "value": value}
        data = polytask.read(table, ["value"], weight="w", task_column="task")
    else:
        table |= {name: np.where(task == name, value, np.nan) for name in ("y", "z")}
        data = polytask.read(table, ["y", "z"], weight="w")
    network = Trainer(steps=3).fit(SingleTask(MLP((8,))), data).network
    held = [own.any(-1).tolist() for own in own_vectors(code_tables(network))]
    assert held == [[False, True, True, True, False], [False, True, True, True, True]]


def test_so_are_those_of_tables_that_each_task_has_in_a_joint_network():
    data = read_partly(own_rows=False)
    predictor = MultiTaskNetwork(STEM(MLP((8,))), Trainer(steps=20)).fit(data, None)
    rows = code_tables(predictor.model.network)
    assert sorted(tuple((w == 0).all(-1).nonzero()[:, -1].tolist()) for w in own_vectors(rows)) == [
        (0, 6, 7, 8),
        (0, 8),
        (0, 8),
    ]


def own_vectors(tables):
    """Tables of every task, and those that tasks share."""
    return [own for weight, _ in tables for own in weight.reshape(-1, *weight.shape[-2:])]


def test_a_state_that_training_starts_from_keeps_its_vectors():
    data, trainer = read_partly(own_rows=False), Trainer(steps=3)
    first = trainer.fit(SingleTask(MLP((8,))), data)
    start = {name: tensor + 1.0 for name, tensor in first.network.state_dict().items()}
    again = trainer.fit(SingleTask(MLP((8,))), data, start=start)
    ((weight, _),) = code_tables(again.network)
    assert weight.detach().abs().amax(-1).min() > 0.5


def test_what_training_teaches_of_unknown_stays():
    code_table = CodeTable([3, 4], width=2)
    codes = torch.zeros(1, 2, dtype=torch.int32)
    optimizer = torch.optim.SGD(code_table.parameters(), lr=0.5)
    (code_table(codes)[:, 0] - 1.0).square().sum().backward()
    optimizer.step()
    first, second = code_table.eval()(codes)[0]
    assert torch.equal(first, torch.ones(2))
    assert torch.allclose(second, code_table.weight[4:].mean(dim=0))


def test_other_vectors_are_drawn_as_they_were():
    torch.manual_seed(0)
    drawn = torch.nn.Embedding(7, 2).weight
    torch.manual_seed(0)
    weight = CodeTable([3, 4], width=2).weight
    assert torch.equal(weight[[1, 2, 4, 5, 6]], drawn[[1, 2, 4, 5, 6]])


def test_tables_of_several_tasks_run_as_one():
    code_tables = [CodeTable([3, 4], width=2) for _ in range(3)]
    copies = Copies(code_tables, torch.zeros(2, 2, dtype=torch.int32))
    codes = torch.tensor([[0, 0], [1, 3]], dtype=torch.int32)
    assert copies.stacked
    own = torch.stack([code_table.eval()(codes) for code_table in code_tables])
    assert torch.allclose(copies.eval()(codes), own)


@pytest.mark.parametrize("architecture", [SingleTask(MLP((32,))), MMoE(MLP((32,)), n_experts=2)])
def test_networks_with_tables_of_each_task(architecture):
    data = read()
    trainer = Trainer(steps=120, learning_rate=3e-3)
    predictor = MultiTaskNetwork(architecture, trainer).fit(data, data)
    rows = {"town": [*TOWNS, "elsewhere"], "user": ["u1"] * 5, "size": [0.0] * 5}
    for name in ("y", "z"):
        *known, unknown = predictor.predict(rows)[name].response
        assert abs(unknown - np.mean(known)) < np.std(known)


def test_a_code_table_is_made_under_another_default_device():
    with torch.device("meta"):
        code_table = CodeTable([3, 4], width=2)
    assert code_table.columns.tolist() == [0, 0, 0, 1, 1, 1, 1]
