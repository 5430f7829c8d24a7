"""Searches of a network's structure: all structures in one network, and learners that train the best."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from polytask.architectures import Branching, HardSharing, MMoE, SingleTask
from polytask.bookkeeping import Budget, History
from polytask.data import encode, fit_schemas
from polytask.datasets import make_branched_tasks
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.search import FoundStructure, LearnedBranching, SharingPolicy
from polytask.search._branch_supernet import BranchSupernet
from polytask.search._policy_supernet import PolicySupernet
from polytask.search._supernet_search import search_structure
from polytask.testing import tiny_dataset
from polytask.training import Trainer, to_tensors

ENCODER = MLP((5, 5, 5), activation="tanh")
FORMS = [{}, {"own_rows": True}, {"own_tables": True}]
SEARCHES = [LearnedBranching, SharingPolicy]


def small(cls, **settings):
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


def load(branching, network, own):
    """Give a branching network the tensors of the chosen parts of a supernet, by its stages."""
    state = branching.state_dict(keep_vars=True)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.startswith(("inputs.", "heads.")) and name in state:
                state[name].copy_(tensor)
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
        groups, _, probability = network.structure()
        assert tuple(map(len, groups)) == n_copies
        assert probability == pytest.approx(1.0)
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


@pytest.mark.parametrize("cls", SEARCHES)
def test_what_is_found_is_trained_within_the_budget_and_recorded(cls, branched):
    learner = small(cls, warm_up=0.25)
    model = learner.fit(branched, None, 0, Budget(steps=40))
    found = model.history.found
    assert isinstance(model.model.architecture, Branching)
    assert model.model.architecture.groups == tuple(
        tuple(map(tuple, stage)) for stage in found["groups"]
    )
    assert found["steps"] <= 20
    assert found["steps"] < model.history.n_steps <= 40
    assert found["policy_rows"] + found["weight_rows"] == sum(s.n_rows for s in branched.sources)
    assert History.from_dict(model.history.to_dict()) == model.history
    record = {key: value for key, value in found.items() if key not in ("words", "drawing")}
    again = FoundStructure.from_dict(record)
    assert (again.words, again.drawing) == (found["words"], found["drawing"])
    assert "40" not in learner.budget_note
    assert "50 %" in learner.budget_note


@pytest.mark.parametrize("cls", SEARCHES)
def test_the_seed_decides_what_is_found_and_validation_rows_do_not(cls, branched):
    learner, budget = small(cls), Budget(steps=40)
    first, again = (learner.search(branched, 1, budget) for _ in range(2))
    assert replace(first, seconds=0.0) == replace(again, seconds=0.0)
    fitted = learner.fit(
        branched, branched.take({branched.sources[0].name: np.arange(30)}), 1, budget
    )
    assert fitted.history.found["groups"] == again.to_dict()["groups"]
    other = learner.search(branched, 2, budget)
    assert other.probability != first.probability


def test_a_high_price_of_copies_keeps_all_tasks_together(branched):
    together = small(LearnedBranching, alpha=50.0, policy_rate=0.5).search(
        branched, 0, Budget(steps=300)
    )
    assert [len(stage) for stage in together.groups] == [1, 1]
    assert together.share == pytest.approx(1 / 4)
    policy = small(SharingPolicy, alpha=50.0, policy_rate=0.5).search(
        branched, 0, Budget(steps=100)
    )
    assert [len(stage) for stage in policy.groups] == [1, 1]
    sparse = small(SharingPolicy, sparsity=50.0, alpha=0.0, policy_rate=0.5)
    assert sparse.search(branched, 0, Budget(steps=100)).skips == ((), branched.tasks.names)


@pytest.mark.parametrize("cls", SEARCHES)
@pytest.mark.parametrize("form", FORMS[1:])
def test_rows_of_one_task_and_several_sources(cls, form):
    data = tiny_dataset(["regression"] * 3, **form)
    model = small(cls).fit(data, None, 0, Budget(steps=20))
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
        ParameterError, match=r"at least 4 optimiser steps each .* Got 2 and 3 of 5"
    ):
        small(cls).fit(branched, None, 0, Budget(steps=5))
    assert small(cls).single_task().architecture == SingleTask(MLP((4, 4)))


def found(n_tasks):
    names = tuple(f"task {k}" for k in range(n_tasks))
    last = tuple((name,) for name in names[2:])
    groups = ((names,), (names[:2], *last), (names[:2], *last[:-1]) if last else (names[:2],))
    skips = ((), (), last[-1] if last else ())
    return FoundStructure(names, groups, skips, "sharing_policy", 0.7, 0.5, 1000, 20, 80, 2.0)


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
    assert "was not sure of" in many.words
    assert str(two) == f"{two.drawing}\n\n{two.words}"


def test_choices_learn_on_other_rows_than_weights(branched, monkeypatch):
    seen = {}
    import polytask.search._supernet_search as module

    class Watched(module.JointBatches):
        def __init__(self, sources, *args, **kwargs):
            super().__init__(sources, *args, **kwargs)
            ((_, rows),) = sources.items()
            inputs = next(iter(rows.inputs.values()))
            seen[len(seen)] = {tuple(row) for row in inputs.tolist()}

    monkeypatch.setattr(module, "JointBatches", Watched)
    small(SharingPolicy).search(branched, 0, Budget(steps=20))
    weights, choices = seen.values()
    assert not weights & choices
    assert len(weights | choices) == 80


def test_of_several_searches_the_one_with_the_lowest_loss_is_kept(branched, monkeypatch):
    import polytask.search._structure_learner as module

    values, results = iter([3.0, 1.0, 2.0]), []

    def valued(*args):
        result, _ = search_structure(*args)
        results.append(result)
        return result, next(values)

    monkeypatch.setattr(module, "search_structure", valued)
    best = small(LearnedBranching, restarts=3).search(branched, 0, Budget(steps=60))
    assert best.probability == results[1].probability
    assert best.steps == sum(result.steps for result in results) <= 30
    assert len({result.probability for result in results}) == 3


def test_searches_are_compared_by_the_loss_of_certain_choices():
    data = tiny_dataset(["regression"] * 3)
    network = PolicySupernet(MLP((5, 5)), fit_schemas(data), data.tasks)
    with torch.no_grad():
        network.policy[0].copy_(torch.tensor([[0.0, 1.0, 9.0], [2.0, 1.0, 9.0], [0.0, 0.1, 9.0]]))
    network.settle()
    torch.testing.assert_close(
        network.choices[0], torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    )
