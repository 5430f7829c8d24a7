"""Trunks that branch: at any stage into copies per task, or as a tree given by hand."""

import pytest
import torch

from polytask._paths import Written
from polytask._recipes import from_json, to_json
from polytask.architectures import Branching, HardSharing, SingleTask
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP, ResidualMLP
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import TaskSet
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import to_tensors

ENCODER = MLP((6, 5, 4), activation="tanh")


def built(recipe, kinds=("regression",) * 3, **form):
    data = tiny_dataset(list(kinds), **form)
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, seed=0).eval()
    return network, to_tensors(encode(data.sources, data.tasks, schemas, network.blocks)), data


def tree(names):
    a, b, c = names
    return (((a, b, c),), ((a, c), (b,)), ((c,), (a,), (b,)))


def copy_of(copies, position):
    """One stage of one group of tasks, as a plain module."""
    if hasattr(copies, "members"):
        return copies.members[position]
    own = {name: getattr(copies, flat)[position] for flat, name in copies._names.items()}
    return lambda rows: torch.func.functional_call(copies.template, own, (rows,))


def by_hand(network, groups, names, values):
    """Scores of each task, one path after another."""
    scores = []
    for name in names:
        own = values
        for stage in network.trunk:
            own = stage(own)
        n_shared = len(network.trunk)
        for copies, partition in zip(network.branches, groups[n_shared:], strict=True):
            position = next(i for i, group in enumerate(partition) if name in group)
            own = copy_of(copies, position)(own)
        heads = network.heads[0]
        k = names.index(name)
        scores.append(own @ heads.weight[k].T + heads.bias[k])
    return torch.stack(scores)


@pytest.mark.parametrize("form", [{}, {"own_rows": True}])
def test_every_task_goes_through_the_copies_of_its_groups(form):
    names = tiny_dataset(["regression"] * 3, **form).tasks.names
    groups = tree(names)
    network, batch, _ = built(Branching(ENCODER, groups=groups), **form)
    assert all(copies.stacked for copies in network.branches)
    ((source, rows),) = batch.items()
    values = network.inputs(batch)[source].values
    expected = by_hand(network, groups, list(names), values)
    (scores,) = network(batch).values()
    if rows.task is None:
        torch.testing.assert_close(scores, expected.transpose(0, 1))
    else:
        torch.testing.assert_close(scores, expected[rows.task, torch.arange(len(rows.task))])


def test_copies_belong_to_the_tasks_of_their_group():
    names = tiny_dataset(["regression"] * 3).tasks.names
    network, _, _ = built(Branching(ENCODER, groups=tree(names)))
    a, b, c = names
    second, third = network.branches
    assert {owned.tasks for owned in second.owners()} == {(a, c), (b,)}
    assert {(owned.tasks, owned.axis) for owned in third.owners()} == {((c, a, b), 0)}
    assert {frozenset(o.tasks) for o in network.owners() if o.is_shared} == {
        frozenset(names),
        frozenset((a, c)),
    }


@pytest.mark.parametrize("encoder", [ENCODER, ResidualMLP(width=4, depth=2, normalization="batch")])
def test_a_tree_passes_the_checks(encoder):
    data = [
        tiny_dataset(["regression", "binary", "regression"]),
        tiny_dataset(["regression"] * 3, own_rows=True),
        tiny_dataset(["regression", "binary", "regression"], own_tables=True),
    ]
    n_stages = len(encoder.stages((6,)))
    for one in data:
        groups = (*[tree(one.tasks.names)[1]] * (n_stages - 1), tree(one.tasks.names)[2])
        check_architecture(Branching(encoder, groups=groups), [one])


@pytest.mark.parametrize("shared", [0, 1, 3])
def test_hard_sharing_branches_at_any_stage(shared):
    network, batch, data = built(HardSharing(ENCODER, shared_stages=shared))
    assert (len(network.trunk), len(network.branches)) == (shared, 3 - shared)
    assert all(copies.n_copies == 3 for copies in network.branches)
    names = list(data.tasks.names)
    groups = [[names]] * shared + [[[name] for name in names]] * (3 - shared)
    (values,) = (state.values for state in network.inputs(batch).values())
    (scores,) = network(batch).values()
    torch.testing.assert_close(scores, by_hand(network, groups, names, values).transpose(0, 1))
    check_architecture(HardSharing(ENCODER, shared_stages=shared))


def test_hard_sharing_without_a_branching_point_is_as_before():
    network, _, _ = built(HardSharing(ENCODER))
    whole, _, _ = built(HardSharing(ENCODER, shared_stages=3))
    for key, tensor in network.state_dict().items():
        torch.testing.assert_close(whole.state_dict()[key], tensor)
    assert HardSharing(ENCODER, shared_stages=1).single_task() == SingleTask(ENCODER)


def test_a_branching_point_beyond_the_last_stage():
    sentence = (
        r"The `shared_stages` parameter of HardSharing must be at most the number of stages of its "
        r"encoder, 3\. Got 4 instead\."
    )
    with pytest.raises(ParameterError, match=sentence):
        built(HardSharing(ENCODER, shared_stages=4))


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ((("a", "b"),), r"for each stage of the encoder, 2\. Got 1 instead"),
        ((("a", "b"),) * 3, r"for each stage of the encoder, 2\. Got 3 instead"),
        ((("a", "b", "x"),) * 2, r"Stage 1 names 'x'\. Known: a, b"),
        ((("a", "b", "a"),) * 2, r"Stage 1 names 'a' twice"),
        ((("a", "b"), ("b",)), r"name every task once at every stage\. Stage 2 leaves out 'a'"),
    ],
)  # fmt: skip
def test_groups_that_do_not_fit(groups, sentence):
    data = tiny_dataset(["regression"] * 2)
    names = dict(zip("ab", data.tasks.names, strict=True))
    renamed = tuple((tuple(names.get(name, name) for name in stage),) for stage in groups)
    for plain, name in names.items():
        sentence = sentence.replace(f"'{plain}'", f"'{name}'").replace(
            "a, b", ", ".join(names.values())
        )
    with pytest.raises(ParameterError, match=sentence):
        Branching(MLP((3, 3)), groups=renamed).build(fit_schemas(data), data.tasks, 0)


def test_tasks_that_have_parted_stay_apart():
    apart, together = (("a",), ("b",), ("c",)), (("a",), ("b", "c"))
    reason = Branching(groups=(apart, together)).refuses(TaskSet(["a", "b", "c"]))
    assert reason == (
        "The `groups` parameter of Branching must keep tasks apart once they have parted. "
        "Got 'b' and 'c' apart before stage 2 and together at it; with `rejoin` they share its "
        "weights, not its input."
    )


def path_of(network, groups, skips, name, values):
    """The rows of a task after its own way through the stages, one at a time."""
    own = values
    n_shared = len(network.trunk)
    for stage in network.trunk:
        own = stage(own)
    run = [(g, s) for g, s in zip(groups[n_shared:], skips[n_shared:], strict=True) if g]
    for copies, (partition, skipping) in zip(network.branches, run, strict=True):
        if name not in skipping:
            position = next(i for i, group in enumerate(partition) if name in group)
            own = copy_of(copies, position)(own)
    return own


def rejoined(names):
    """Stages of one width: c skips the second, all skip the third, a and c share the last."""
    a, b, c = names
    groups = (((a, b, c),), ((a,), (b,)), (), ((a, c), (b,)))
    return groups, ((), (c,), (a, b, c), ())


@pytest.mark.parametrize("form", [{}, {"own_rows": True}, {"own_tables": True}])
def test_tasks_skip_stages_and_share_weights_again(form):
    data = tiny_dataset(["regression"] * 3, **form)
    groups, skips = rejoined(data.tasks.names)
    recipe = Branching(
        MLP((5, 5, 5, 5), activation="tanh"), groups=groups, skips=skips, rejoin=True
    )
    network, batch, _ = built(recipe, **form)
    names, heads = list(data.tasks.names), network.heads[0]
    for source, rows in batch.items():
        values = network.inputs(batch)[source].values
        expected = {
            name: path_of(network, groups, skips, name, values) @ heads.weight[names.index(name)].T
            + heads.bias[names.index(name)]
            for name in names
        }
        scores = network(batch)[source, network.blocks[0].name]
        if rows.task is not None:
            own = torch.stack([expected[name] for name in names])
            expected_rows = own[rows.task, torch.arange(len(rows.task))]
            torch.testing.assert_close(scores, expected_rows)
            continue
        for position, name in enumerate(network.tasks_in(source)):
            torch.testing.assert_close(scores[:, position], expected[name])
    assert network.branches[1].n_copies == 2  # of the last stage: one for a and c


def test_a_tree_that_meets_again_passes_the_checks():
    for encoder, kinds in (
        (MLP((5, 5, 5, 5)), {}),
        (MLP((5, 5, 5, 5)), {"own_rows": True}),
        (MLP((5, 5, 5, 5), normalization="batch"), {"own_tables": True}),
    ):
        data = tiny_dataset(["regression"] * 3, **kinds)
        groups, skips = rejoined(data.tasks.names)
        check_architecture(Branching(encoder, groups=groups, skips=skips, rejoin=True), [data])


def test_all_tasks_may_skip_what_comes_after_the_trunk():
    names = tiny_dataset(["regression"] * 3).tasks.names
    recipe = Branching(MLP((5, 5)), groups=((names,), ()), skips=((), names))
    network, batch, _ = built(recipe)
    alone, _, _ = built(HardSharing(MLP((5,))))
    assert [p.shape for p in network.parameters()] == [p.shape for p in alone.parameters()]
    assert next(iter(network(batch).values())).shape == next(iter(alone(batch).values())).shape


@pytest.mark.parametrize(
    ("skips", "sentence"),
    [
        (((),), r"`skips` parameter .* an entry for each partition of `groups`, .* 2\. Got 1"),
        (((), ("a",)), r"Stage 2 names 'a' twice"),
        ((("b",), ()), r"Stage 1 maps \(\d+,\) to \(3,\), and 'b' skips it"),
    ],
)
def test_skips_that_do_not_fit(skips, sentence):
    data = tiny_dataset(["regression"] * 2)
    names = dict(zip("ab", data.tasks.names, strict=True))
    for plain, name in names.items():
        sentence = sentence.replace(f"'{plain}'", f"'{name}'")
    skips = tuple(tuple(names[name] for name in stage) for stage in skips)
    first = tuple(name for name in data.tasks.names if name not in skips[0])
    groups = ((first,), (data.tasks.names,))
    recipe = Branching(MLP((3, 3)), groups=groups, skips=skips, rejoin=True)
    with pytest.raises(ParameterError, match=sentence):
        recipe.build(fit_schemas(data), data.tasks, 0)


def test_groups_are_plain_data():
    network = MultiTaskNetwork(Branching(MLP((4, 4))))
    groups = ((("a", "b"), ("c",)), (("a",), ("b",), ("c",)))
    written = network.configured({"groups": Written("((a,b),(c)),((a),(b),(c))")})
    assert written.architecture.groups == groups
    assert from_json(to_json(written.architecture)) == written.architecture


def test_tasks_that_share_no_stage_do_not_reach_each_others_copies():
    network, batch, _ = built(HardSharing(ENCODER, shared_stages=0), ["regression"] * 2)
    (scores,) = network(batch).values()
    own = network.branches[0].get_parameter("0__weight")
    (gradient,) = torch.autograd.grad(scores[:, 0].sum(), own)
    assert gradient[0].any()
    assert not gradient[1].any()
