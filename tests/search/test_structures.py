"""Searches of a network's structure: all structures in one network, and learners that train the best."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from scipy.stats import norm

from polytask.architectures import Branching, HardSharing, MMoE, SingleTask
from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.datasets import make_branched_tasks
from polytask.encoders import MLP, TemporalCNN, Transformer
from polytask.exceptions import ParameterError
from polytask.losses import MultiTaskLoss
from polytask.search import FoundStructure, LearnedBranching, SharingPolicy
from polytask.search._branch_supernet import BranchSupernet
from polytask.search._forest import Forest
from polytask.search._forest_training import N_BLOCKS, ForestLosses, _backward, train_forest
from polytask.search._policy_moves import likeliest, neighbour_policies, simple_policies
from polytask.search._policy_supernet import PolicySupernet
from polytask.search._structure import TrainedStructure
from polytask.search._structure_nodes import canonical, groups_of, skips_of
from polytask.search._structure_race import StructureRace
from polytask.search._structure_rows import StructureRows
from polytask.search._tree_moves import forks, neighbour_trees
from polytask.testing import tiny_dataset
from polytask.training import Trainer, to_tensors
from polytask.training._progress import TrainingProgress

ENCODER = MLP((5, 5, 5), activation="tanh")
FORMS = [{}, {"own_rows": True}, {"own_tables": True}]
SEARCHES = [LearnedBranching, SharingPolicy]


def small(cls, **settings):
    settings = {"starts": 2, "rounds": 0, **settings}
    return cls(HardSharing(MLP((4, 4))), Trainer(batch_size=16, learning_rate=0.01), **settings)


@pytest.fixture(scope="module")
def branched():
    return make_branched_tasks((1, 2), tasks_per_leaf=2, n_rows=80, seed=0)[0]


def scores_of(network, data, schemas):
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    return network.eval()(rows)


def hard(choices, places):
    """One-hot weights."""
    return [
        torch.nn.functional.one_hot(torch.tensor(row), weights.shape[1]).float()
        for row, weights in zip(places, choices, strict=True)
    ]


def load(branching, network, own, heads=None):
    """Give a branching network the tensors of the chosen parts of a supernet, by its stages."""
    state = branching.state_dict(keep_vars=True)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.startswith(("inputs.", "heads.")) and name in state:
                state[name].copy_(tensor if heads is None else heads(name, tensor))
        for depth, parts in enumerate(own):
            n_trunk = len(branching.trunk)
            if depth < n_trunk:
                branching.trunk[depth].load_state_dict(parts[0])
                continue
            for target, values in zip(
                branching.branches[depth - n_trunk].states(), parts, strict=True
            ):
                for key, tensor in target.items():
                    tensor.copy_(values[key])


def plain(states):
    return [{name: tensor.detach().clone() for name, tensor in state.items()} for state in states]


@pytest.mark.parametrize("form", FORMS)
def test_a_supernet_with_hard_choices_is_the_branching_network(form):
    data = tiny_dataset(["regression"] * 3, **form)
    schemas, (a, b, c) = fit_schemas(data), data.tasks.names
    network = BranchSupernet(ENCODER, schemas, data.tasks, 3)
    network.choices = hard(network.policy, [(1, 1, 1), (0, 0, 2), (2, 0, 2)])
    groups = (((a, b, c),), ((a, c), (b,)), ((a, c), (b,)))
    plain_one = Branching(ENCODER, groups=groups).build(schemas, data.tasks, 0)
    nodes = [plain(copies.states()) for copies in network.nodes]
    load(
        plain_one, network, [[nodes[0][1]], [nodes[1][2], nodes[1][0]], [nodes[2][2], nodes[2][0]]]
    )
    expected = scores_of(plain_one, data, schemas)
    for key, scores in scores_of(network, data, schemas).items():
        torch.testing.assert_close(scores, expected[key])


@pytest.mark.parametrize("form", FORMS)
def test_a_policy_with_hard_choices_is_the_branching_network(form):
    data = tiny_dataset(["regression"] * 3, **form)
    schemas, (a, b, c) = fit_schemas(data), data.tasks.names
    network = PolicySupernet(ENCODER, schemas, data.tasks)
    network.choices = hard(network.policy, [(0, 0, 1), (2, 0, 0), (0, 1, 0)])
    groups = (((a, b), (c,)), ((b, c),), ((a, c), (b,)))
    recipe = Branching(ENCODER, groups=groups, skips=((), (a,), ()), rejoin=True)
    plain_one = recipe.build(schemas, data.tasks, 0)
    shared = [plain([dict(stage.state_dict())])[0] for stage in network.common]
    own = [plain(copies.states()) for copies in network.own]
    load(plain_one, network, [[shared[0], own[0][2]], [shared[1]], [shared[2], own[2][1]]])
    expected = scores_of(plain_one, data, schemas)
    for key, scores in scores_of(network, data, schemas).items():
        torch.testing.assert_close(scores, expected[key])


def test_sure_choices_give_their_structure_and_the_cost_of_a_tree_is_its_share_of_parameters():
    data = tiny_dataset(["regression"] * 3)
    schemas = fit_schemas(data)
    for network, places, n_copies in (
        (BranchSupernet(ENCODER, schemas, data.tasks, 3), [(1, 1, 1), (0, 0, 2), (2, 0, 2)], (1, 2, 2)),
        (PolicySupernet(ENCODER, schemas, data.tasks), [(0, 0, 1), (2, 0, 0), (0, 1, 0)], (2, 1, 2)),
    ):  # fmt: skip
        with torch.no_grad():
            for logits, sure in zip(network.policy, hard(network.policy, places), strict=True):
                logits.copy_(50 * sure)
        assert tuple(map(len, network.structure())) == n_copies
        if isinstance(network, BranchSupernet):
            sizes = network.stage_sizes
            used = sum(size * n for size, n in zip(sizes, n_copies, strict=True))
            assert network.cost().item() == pytest.approx(used / (3 * sum(sizes)), rel=1e-5)


def test_stages_that_change_the_shape_are_never_skipped():
    data = tiny_dataset(["regression"] * 2)
    network = PolicySupernet(MLP((5, 5)), fit_schemas(data), data.tasks)
    first, second = network.probabilities()
    assert (first[:, 2].max().item(), second[0, 2].item()) == (0.0, pytest.approx(1 / 3))
    torch.testing.assert_close(first[:, :2], torch.full((2, 2), 0.5))


def test_copies_start_from_the_common_stage_with_buffers_that_are_not_saved():
    texts = ["red house", "blue tree", "old road", "new house"] * 3
    columns = {"t": texts, "a": np.arange(12.0), "b": np.arange(12.0)}
    data = MultiTaskDataset.from_table(columns, ["a", "b"], columns={"t": "text"})
    encoder = Transformer(6, n_heads=2, depth=2, feed_forward=7, word_dim=5)
    network = PolicySupernet(encoder, fit_schemas(data), data.tasks)
    network.begin()
    for stage, copies in zip(network.common, network.own, strict=True):
        for own in copies.states():
            for name, tensor in [*stage.named_parameters(), *stage.named_buffers()]:
                torch.testing.assert_close(own[name], tensor)


def test_stages_open_from_the_last_to_the_first():
    data = tiny_dataset(["regression"] * 2)
    network = PolicySupernet(ENCODER, fit_schemas(data), data.tasks)
    closed = []
    for done in (0.0, 0.4, 0.8):
        network.open(done)
        closed.append(network.n_closed)
    assert closed == [2, 0, 0]
    network.open(0.0)
    drawn = network.draw(1.0, torch.Generator().manual_seed(0))
    torch.testing.assert_close(drawn[0], torch.tensor([[1.0, 0.0, 0.0]] * 2))
    assert drawn[2].min() > 0


@pytest.fixture(scope="module")
def fitted(branched):
    """A model of each search."""
    return {cls: small(cls).fit(branched, None, 1, Budget(steps=20)) for cls in SEARCHES}


@pytest.mark.parametrize("cls", SEARCHES)
def test_what_is_found_is_trained_with_the_whole_budget_and_the_search_is_recorded(
    cls, fitted, branched
):
    model = fitted[cls]
    found = model.history.found
    n_networks = sum(one["starts"] for one in found["trained"])
    assert found["steps"] - 10 * n_networks in (9, 10)  # half of the budget each, and the supernet
    assert found["steps"] < model.history.n_steps <= found["steps"] + 20
    assert (found["policy_rows"], found["weight_rows"]) == (20, 60)
    assert History.from_dict(model.history.to_dict()) == model.history
    record = {key: value for key, value in found.items() if key not in ("words", "drawing")}
    again = FoundStructure.from_dict(record)
    assert (again.words, again.drawing) == (found["words"], found["drawing"])
    assert again.n_networks == n_networks
    assert "50 % of the steps" in small(cls).budget_note
    assert "2 per structure, and up to 4 more" in small(cls).budget_note


@pytest.mark.parametrize("cls", SEARCHES)
@pytest.mark.parametrize("shared", [True, False])
def test_what_shares_is_a_branching_network_and_what_does_not_is_the_single_task_one(
    cls, shared, branched, fitted, monkeypatch
):
    found = FoundStructure.from_dict(_record(fitted[cls].history.found))
    alone = tuple((name,) for name in found.tasks)
    first = (found.tasks,) if shared else alone
    found = replace(found, groups=(first, alone), skips=((), ()))
    assert found.all_apart is not shared
    assert not replace(found, skips=((), found.tasks[:1])).all_apart
    monkeypatch.setattr(cls, "search", lambda *_: found)
    learner, budget = small(cls), Budget(steps=20)
    validation = branched.take({branched.sources[0].name: np.arange(30)})
    model = learner.fit(branched, validation, 1, budget)
    assert model.name == learner.name
    if shared:
        assert model.model.architecture == learner.branching(found)
        assert "the network was then trained" in found.words
        return
    assert isinstance(model.model.architecture, SingleTask)
    single = learner.single_task().fit(branched, validation, 1, budget)
    ours, alone = model.predict(branched), single.predict(branched)
    for task in found.tasks:
        np.testing.assert_array_equal(ours[task].raw, alone[task].raw)
    assert "networks of single tasks were then trained" in found.words


@pytest.mark.parametrize("cls", SEARCHES)
def test_all_together_and_all_apart_are_always_trained_and_the_rule_can_be_checked(cls, fitted):
    found = fitted[cls].history.found
    trained = {one.groups: one for one in FoundStructure.from_dict(_record(found)).trained}
    names = tuple(found["tasks"])
    together, apart = ((names,),) * 2, (tuple((name,) for name in names),) * 2
    assert trained[together].loss == pytest.approx(found["together"])
    assert trained[apart].loss == pytest.approx(found["apart"])
    assert (trained[apart].share, trained[together].share) == (1.0, 0.25)
    losses = [one.loss for one in trained.values()]
    assert losses == sorted(losses)
    chosen = trained[tuple(tuple(map(tuple, stage)) for stage in found["groups"])]
    assert (chosen.starts, trained[apart].starts) == (6, 6)
    if chosen is not trained[apart]:
        assert chosen.loss < trained[apart].loss
        assert chosen.worse <= norm.ppf(0.95) * chosen.error


def _record(found):
    return {key: value for key, value in found.items() if key not in ("words", "drawing")}


@pytest.mark.parametrize("cls", SEARCHES)
def test_the_seed_decides_what_is_found_and_validation_rows_do_not(cls, fitted, branched):
    learner, budget = small(cls), Budget(steps=20)
    validation = branched.take({branched.sources[0].name: np.arange(30)})
    again = learner.fit(branched, validation, 1, budget).history.found
    first = fitted[cls].history.found
    assert again["trained"] == first["trained"]
    other = learner.search(branched, 2, budget)
    assert other.trained != FoundStructure.from_dict(_record(first)).trained


@pytest.mark.parametrize("cls", SEARCHES)
@pytest.mark.parametrize("form", FORMS[1:])
def test_rows_of_one_task_and_several_sources(cls, form):
    data = tiny_dataset(["regression"] * 3, **form)
    model = small(cls).fit(data, None, 0, Budget(steps=8))
    assert set(model.predict(data)) == set(data.tasks.names)


@pytest.mark.parametrize("cls", SEARCHES)
def test_errors(cls, branched):
    name = cls.__name__
    with pytest.raises(
        ParameterError, match=rf"`architecture` parameter of {name} must be HardShar"
    ):
        cls(MMoE())
    with pytest.raises(ParameterError, match="must be HardSharing without `shared_stages`"):
        cls(HardSharing(shared_stages=1))
    one = tiny_dataset(["regression"])
    with pytest.raises(ParameterError, match="what at least two tasks share, and there is one"):
        small(cls).search(one)
    narrow = cls(HardSharing(MLP((4,))))
    with pytest.raises(ParameterError, match=r"MLP has fewer than two here\. Give more"):
        narrow.search(branched)
    with pytest.raises(
        ParameterError, match=r"at least 4 optimiser steps for each .* Got 2, 50 % of 5; raise"
    ):
        small(cls).fit(branched, None, 0, Budget(steps=5))
    assert small(cls).single_task().architecture == SingleTask(MLP((4, 4)))


def found(n_tasks):
    names = tuple(f"task {k}" for k in range(n_tasks))
    last = tuple((name,) for name in names[2:])
    groups = ((names,), (names[:2], *last), (names[:2], *last[:-1]) if last else (names[:2],))
    skips = ((), (), last[-1] if last else ())
    one = TrainedStructure(groups, skips, 0.5, 0.9, 0.01, 0.02, 12)
    return FoundStructure(
        names, groups, skips, "x", 0.5, 0.9, 1.25, 0.95, groups, 0.05, (one, one), 1000, 20, 80, 2.0
    )


def test_structures_are_drawn_and_told_with_two_and_with_139_tasks():
    two, many = found(2), found(139)
    assert two.drawing.splitlines() == [
        "stage 1  stage 2  stage 3",
        "A        A        A        task 0",
        "│        │        │        task 1",
    ]
    assert len(many.drawing.splitlines()) == 140
    assert many.drawing.splitlines()[-1] == "│        EH       –        task 138"
    assert max(map(len, many.drawing.splitlines())) < 40
    assert "All tasks share stage 1. All tasks share stage 2." in two.words
    assert "is copied for task 2, task 3, task 4, task 5, task 6, task 7, …" in many.words
    assert "is skipped by task 138" in many.words
    assert len(many.words) < 1200
    assert "2 structures were trained." in many.words
    assert "is 0.900, where all tasks apart have 0.950 and all together 1.250." in many.words
    assert "for these 24 networks" in many.words
    assert str(two) == f"{two.drawing}\n\n{two.words}"


def test_structures_are_judged_on_other_rows_than_weights_learn_from(branched, monkeypatch):
    import polytask.search._structure_rows as module

    seen = []

    class Watched(module.JointBatches):
        def __init__(self, sources, *args, **kwargs):
            super().__init__(sources, *args, **kwargs)
            ((_, rows),) = sources.items()
            seen.append({tuple(row) for row in next(iter(rows.inputs.values())).tolist()})

    monkeypatch.setattr(module, "JointBatches", Watched)
    small(SharingPolicy, rounds=0).search(branched, 0, Budget(steps=8))
    weights, choices, *forests = seen
    assert not weights & choices
    assert len(weights | choices) == 80
    assert all(rows == weights for rows in forests)


TREES = [((0, 0, 0), (0, 1, 0), (0, 1, 2)), ((0, 0, 0),) * 3, ((0, 1, 2),) * 3]
PATHS = [((0, 0, 1), (-1, 0, 0), (0, 1, 0)), ((0, 1, 2), (0, 0, 0), (-1, -1, -1))]


def test_structures_are_judged_on_whole_groups_of_rows():
    group = np.repeat(np.arange(8), 5)
    X, Y = (
        np.column_stack([group, np.arange(40)]).astype(float),
        np.random.default_rng(0).normal(size=(40, 2)),
    )
    data = MultiTaskDataset.from_arrays(X, Y, ["a", "b"], groups=group)
    schemas = fit_schemas(data)
    network = HardSharing(ENCODER).build(schemas, data.tasks, 0)
    rows = StructureRows(Trainer(), data, schemas, network, 0.25, 0)
    kept, held = (
        set(next(iter(own["table"].inputs.values()))[:, 0].tolist())
        for own in (rows.kept, rows.held)
    )
    assert rows.n_held == 10
    assert not kept & held
    assert len(kept | held) == 8


@pytest.mark.parametrize("form", FORMS)
def test_each_member_of_a_forest_is_the_branching_network_of_its_structure(form):
    data = tiny_dataset(["regression", "binary", "regression"], **form)
    schemas, names = fit_schemas(data), data.tasks.names
    structures = TREES + PATHS
    forest = Forest(ENCODER, schemas, data.tasks, structures).eval()
    rows = to_tensors(encode(data.sources, data.tasks, schemas, forest.blocks))
    raw = forest(forest.with_members(rows))
    first = [0, 0, 0]  # the copies of earlier structures come before
    for place, structure in enumerate(structures):
        recipe = Branching(
            ENCODER,
            groups=groups_of(structure, names),
            skips=skips_of(structure, names),
            rejoin=True,
        )
        own = recipe.build(schemas, data.tasks, 0)
        parts = []
        for depth, stage in enumerate(structure):
            states = plain(forest.copies[depth].states())
            parts.append(states[first[depth] : first[depth] + max(stage) + 1])
            first[depth] += max(stage) + 1
        of_place = {"heads": lambda name, t, k=place: t[:, k] if name.startswith("heads") else t}
        load(own, forest, [part for part in parts if part], **of_place)
        for key, scores in scores_of(own, data, schemas).items():
            torch.testing.assert_close(raw[key][place :: len(structures)], scores)


def sequences(n_rows=24):
    """Two tasks on sequences of one to five numbers."""
    generator = np.random.default_rng(0)
    rows = [generator.normal(size=size).tolist() for size in generator.integers(1, 6, n_rows)]
    first = [row[0] if k % 2 else None for k, row in enumerate(rows)]
    table = pl.DataFrame({"x": rows, "sum": list(map(sum, rows)), "first": first})
    return MultiTaskDataset.from_table(table, ["sum", "first"])


def one_forest_case(form):
    """Rows with weights, an encoder, and a structure."""
    if form == "steps":
        data, structure = sequences(), ((0, 0), (0, 1))
        encoder = TemporalCNN((4, 4), dropout=0.0, word_dim=4, word_dropout=0.0)
    else:
        data, structure = tiny_dataset(["regression"] * 3, n_rows=24, **form), PATHS[0]
        encoder = ENCODER
    weights = np.linspace(0.2, 2.0, 24)
    weighted = [
        replace(source, weights=np.resize(weights, source.n_rows)) for source in data.sources
    ]
    return replace(data, sources=tuple(weighted)), encoder, structure


@pytest.mark.parametrize("form", [*FORMS, "steps"])
def test_a_forest_of_one_structure_learns_as_the_branching_network_of_its_weights(form):
    data, encoder, structure = one_forest_case(form)
    schemas, names = fit_schemas(data), data.tasks.names
    without_last = {
        source.name: np.setdiff1d(np.arange(source.n_rows), _labelled(source, names[-1]))
        for source in data.sources
    }
    forest = Forest(encoder, schemas, data.tasks, [structure])
    groups, skips = groups_of(structure, names), skips_of(structure, names)
    recipe = Branching(encoder, groups=groups, skips=skips, rejoin=True)
    own = recipe.build(schemas, data.tasks, 0)
    load(own, forest, [plain(copies.states()) for copies in forest.copies])
    loss = MultiTaskLoss(forest.blocks, data.tasks)
    for part in (data, data.take(without_last), data):
        batch = to_tensors(encode(part.sources, data.tasks, schemas, forest.blocks))
        (losses, present), (expected, _) = (_stepped(one, loss, batch) for one in (forest, own))
        torch.testing.assert_close(losses, expected)
        assert bool(present[-1]) == (part is data)
    of_forest, of_own = (scores_of(one, data, schemas) for one in (forest, own))
    for key, scores in of_forest.items():
        torch.testing.assert_close(scores, of_own[key], rtol=1e-4, atol=1e-5)


def _labelled(source, task):
    return source.labelled().rows(task) if task in source.tasks.names else []


def _stepped(network, loss, batch):
    """Losses of the tasks, and those present, before a step down their gradients."""
    losses, present = loss(network(batch), batch)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.3)
    optimizer.zero_grad()
    torch.autograd.backward(losses.sum() / losses.detach().sum())
    optimizer.step()
    return losses, present


def test_the_entry_that_structures_share_learns_as_fast_beside_others_as_alone():
    data, encoder, tree = one_forest_case("steps")
    schemas = fit_schemas(data)
    alone, beside = (Forest(encoder, schemas, data.tasks, [tree] * n) for n in (1, 3))
    given = dict(alone.named_parameters())
    with torch.no_grad():
        for name, own in beside.named_parameters():
            one = given[name]
            if name.startswith("copies"):
                own.copy_(torch.cat([one] * 3))
            else:  # heads have an axis over the members
                own.copy_(one[:, None] if own.ndim > one.ndim else one)
    gradients = []
    for forest in (alone, beside):
        rows = to_tensors(encode(data.sources, data.tasks, schemas, forest.blocks))
        batch = forest.with_members(rows)
        losses, _ = MultiTaskLoss(forest.blocks, data.tasks)(forest(batch), batch)
        _backward(forest, losses.sum() / forest.n_members)
        gradients.append([weight.grad for weight in forest.inputs.parameters()])
    assert gradients[0]
    torch.testing.assert_close(*gradients)


def test_features_that_tell_similar_tasks_are_those_of_prediction_without_absent_steps():
    data = sequences()
    schemas = fit_schemas(data)
    encoder = TemporalCNN((4, 4), dropout=0.5, word_dim=4)
    forest = Forest(encoder, schemas, data.tasks, [((0, 0), (0, 1))] * 2).train()
    rows = to_tensors(encode(data.sources, data.tasks, schemas, forest.blocks))
    before = torch.get_rng_state()
    (name, features), *_ = forest.representations(rows, 1).items()
    assert forest.training
    assert torch.equal(torch.get_rng_state(), before)
    assert features.shape == (2, 24, 4)
    short = int(np.argmin(data.sources[0].inputs["x"].list.len()))
    alone = forest.representations({name: rows[name].take(slice(short, short + 1))}, 1)[name]
    torch.testing.assert_close(alone, features[:, short : short + 1])


def test_a_structure_learns_the_same_alone_as_beside_others(branched):
    schemas = fit_schemas(branched)
    trainer = Trainer(batch_size=16, learning_rate=0.01, weight_decay=0.01)
    together, apart = ((0, 0, 0, 0),) * 2, ((0, 1, 2, 3),) * 2
    both, alone = (
        Forest(MLP((4, 4)), schemas, branched.tasks, structures).double()
        for structures in ([apart, together], [together])
    )
    rows = StructureRows(trainer, branched, schemas, both, 0.25, 0)
    rows.kept, rows.held = (
        {name: replace(own, **_doubled(own)) for name, own in part.items()}
        for part in (rows.kept, rows.held)
    )
    with torch.no_grad():
        for one, two in zip(alone.parameters(), both.parameters(), strict=True):
            own = two[-1:] if two.shape[0] != 4 else two[:, -1:].reshape(one.shape)
            one.copy_(own)
    bar = TrainingProgress(1, enabled=False)
    beside, lone = (train_forest(forest, rows, 30, 0, bar) for forest in (both, alone))
    np.testing.assert_allclose(beside.sums[:, 1], lone.sums[:, 0], rtol=1e-9)
    assert np.abs(beside.sums[:, 0] / lone.sums[:, 0] - 1).max() > 1e-3
    np.testing.assert_array_equal(lone.counts.sum(axis=0), [20.0] * 4)


def _doubled(rows):
    """Inputs and labels in double precision."""
    return {
        "inputs": {name: part.double() for name, part in rows.inputs.items()},
        "targets": {
            name: replace(labels, values=labels.values.double())
            for name, labels in rows.targets.items()
        },
    }


SIMILAR = np.kron(np.eye(2), np.full((2, 2), 0.6)) + 0.1 + 0.3 * np.eye(4)


def test_forks_part_similar_tasks_at_every_stage():
    together, pairs, apart = (0, 0, 0, 0), (0, 0, 1, 1), (0, 1, 2, 3)
    found = forks(SIMILAR, 2)
    assert {(together, pairs), (pairs, pairs), (together, apart), (apart, apart)} <= set(found)
    assert len(found) == 6
    assert len(forks(np.eye(139), 50)) == 44


def test_moves_lead_from_any_tree_to_any_other_and_give_trees_alone():
    start = ((0, 0, 0, 0), (0, 0, 0, 0))
    seen, open_ = {start}, [start]
    while open_:
        for tree in neighbour_trees(open_.pop(), SIMILAR):
            assert canonical(tree) == tree
            if tree not in seen:
                seen.add(tree)
                open_.append(tree)
    partitions = {tree[1] for tree in seen}
    assert len(partitions) == 15
    assert len(seen) == sum(sum(_coarser(other, one) for other in partitions) for one in partitions)


def _coarser(one, other):
    """Whether the first partition joins groups of the second."""
    return len(set(zip(one, other, strict=True))) == len(set(other))


def test_moves_of_policies_change_what_one_task_does():
    policy = ((0, 0, 0), (0, 0, 1))
    moves = neighbour_policies(policy, [False, True])
    assert ((0, 0, 0), (0, 0, -1)) in moves
    assert ((0, 0, 1), (0, 0, 1)) in moves
    assert policy not in moves
    assert all(-1 not in first for first, _ in moves)
    assert ((0, 0, 0), (-1, -1, -1)) in simple_policies(3, [False, True])
    probabilities = np.full((2, 3, 3), 1 / 3)
    probabilities[1, 2] = 0.1, 0.2, 0.7
    first, second = likeliest(moves, probabilities, 2)
    assert (first, len(moves)) == (((0, 0, 0), (0, 0, -1)), len(set(moves)))
    assert second[1][2] == 2


def raced(values, n_starts=12):
    """A race in which networks of structures have given losses, with noise of starts and blocks."""
    generator = np.random.default_rng(0)

    def train(each):
        noise = generator.normal(0, 0.02, (1, len(each), 1, 1)) + generator.normal(
            0, 0.02, (1, len(each), N_BLOCKS, 3)
        )
        losses = np.array([values[s] for s in each])[None, :, None, :] * (1 + noise)
        return ForestLosses(np.repeat(losses, 2, axis=0) * 5, np.full((N_BLOCKS, 3), 5.0))

    race = StructureRace(train, [1, 1, 1], [True, True, False], 0.05)
    race.train(list(values), n_starts)
    return race


def test_the_smallest_structure_is_chosen_unless_a_larger_one_is_better_beyond_chance():
    tree, together, apart = TREES
    equal = raced({together: (1.0, 10.0, 9.0), tree: (1.0, 10.0, 1.0), apart: (1.0, 10.0, 1.0)})
    assert equal.chosen() == together
    harmed = raced({together: (1.3, 13.0, 1.0), tree: (1.3, 13.0, 1.0), apart: (1.0, 10.0, 1.0)})
    assert harmed.chosen() == apart
    assert harmed.value(together) == pytest.approx(1.3, rel=0.03)  # each task in its own unit
    helped = raced({together: (1.3, 13.0, 1.0), tree: (0.8, 8.0, 1.0), apart: (1.0, 10.0, 1.0)})
    assert helped.chosen() == tree
    assert helped.size(tree) == pytest.approx(6 / 9)
    near = raced({together: (1.1, 11.0, 1.0), tree: (1.0, 10.0, 1.0), apart: (1.0, 10.0, 1.0)}, 2)
    near.level = 1e-12  # nothing is beyond chance
    assert near.chosen() == together
    assert near.chosen(TREES, 0.05) == tree


def test_only_structures_that_are_better_than_tasks_apart_beyond_chance_help():
    tree, together, apart = TREES
    race = raced({together: (1.01, 10.1, 1), tree: (0.7, 7.0, 1), apart: (1.0, 10.0, 1)})
    assert race.better(TREES, apart) == [tree]
    equal = raced({together: (1.0, 10.0, 1), tree: (1.0, 10.0, 1), apart: (1.0, 10.0, 1)})
    assert equal.better(TREES, apart) == []


def test_the_unit_of_losses_is_that_of_networks_whose_tasks_are_apart_at_every_stage():
    together, apart, rejoined = ((0, 0, 0),) * 2, ((0, 1, 2),) * 2, ((0, 1, 2), (0, 0, 0))
    losses = {together: (3.0, 30.0, 1.0), apart: (1.0, 10.0, 1.0), rejoined: (9.0, 90.0, 1.0)}
    assert raced(losses).value(together) == pytest.approx(3.0, rel=0.05)


def test_standard_errors_of_differences_are_their_spread():
    tree, _, apart = TREES
    same = dict.fromkeys((apart, tree), (1.0, 1.0, 1.0))
    differences, errors = [], []
    for seed in range(60):
        generator = np.random.default_rng(seed)

        def train(each, generator=generator):
            noise = generator.normal(0, 0.05, (1, len(each), 1, 1))
            rows = np.repeat(generator.normal(0, 0.05, (1, 2, N_BLOCKS, 1)), 12, axis=1)
            return ForestLosses(1 + noise + rows + np.zeros((1, 1, 1, 3)), np.ones((N_BLOCKS, 3)))

        race = StructureRace(train, [1, 1, 1], [True] * 3, 0.05)
        race.train(list(same), 12)
        difference, error = race.difference(tree, apart)
        differences.append(difference)
        errors.append(error)
    assert np.std(differences) / np.mean(errors) == pytest.approx(1.0, abs=0.3)


def test_bad_starts_do_not_decide():
    tree, together, apart = TREES
    losses = {
        apart: [1.0, 1.0, 1.0, 1.0],
        tree: [0.8, 0.8, 9.0, np.nan],
        together: [0.8, 0.81, 0.9, 0.9],
    }

    def train(each):
        given = np.array([own for structure in losses for own in losses[structure]])
        shape = (1, 12, N_BLOCKS, 3)
        return ForestLosses(
            np.broadcast_to(given[None, :, None, None], shape), np.ones((N_BLOCKS, 3))
        )

    race = StructureRace(train, [1, 1, 1], [True] * 3, 0.05)
    race.train(list(losses), 4)
    assert race.value(tree) == pytest.approx(0.8)
    assert race.best() == tree
    assert (
        race.chosen() == together
    )  # a start that diverged hides no smaller structure that is as good
    race.values[tree][:] = np.nan
    assert race.value(tree) == np.inf
    assert race.best() == together


@pytest.mark.slow
def test_a_planted_tree_is_found():
    data, truth = make_branched_tasks((1, 2), 2, n_rows=1200, seed=101)
    learner = LearnedBranching(
        HardSharing(MLP((4, 4), activation="tanh")),
        Trainer(learning_rate=0.03, batch_size=64, scheduler="cosine_with_warmup"),
        search_share=1.0,
        rounds=1,
    )
    found = learner.search(data, 0, Budget(steps=600))
    assert [set(map(frozenset, stage)) for stage in found.groups] == [
        set(map(frozenset, stage)) for stage in truth.groups
    ]
