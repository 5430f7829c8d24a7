"""Bins of numeric columns: where their edges lie, and what a file may say of them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from polytask.data import Bins, MultiTaskDataset, fit_schemas, schema_from_json, schema_to_json
from polytask.data.encoding._learned_bins import ColumnBins
from polytask.data.encoding._tree_thresholds import TreeTarget, cuts_of, tree_thresholds
from polytask.exceptions import BundleError, ParameterError
from polytask.testing import tiny_dataset

WAYS = ("quantiles", "atoms", "trees", "both")


def table_of(columns, targets=("y:regression",), **options):
    return MultiTaskDataset.from_table(columns, list(targets), **options)


def edges_of(data, bins, source="table"):
    """Edges of every column in the table's units, as the joint network has them."""
    schema = fit_schemas(data, bins)[source]
    columns = [column for column in schema.columns if column.part == "numeric"]
    return [
        np.array(edges) * column.scale + column.center
        for column, edges in zip(columns, schema.parts[0].edges, strict=True)
    ]


def of_column(x, y=None, kind="regression", bins=None, **options):
    y = np.arange(len(x)) % 7 * 1.0 if y is None else y
    (edges,) = edges_of(table_of({"x": x, "y": y}, [f"y:{kind}"], **options), bins or Bins())
    return edges


RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=2000)
ZEROS = np.where(RNG.random(2000) < 0.9, 0.0, RNG.exponential(size=2000))


# ── where edges lie ───────────────────────────────────────────────────────────
def test_quantiles_hold_equally_many_rows():
    edges = of_column(NORMAL, bins=Bins(10, by="quantiles"))
    counts, _ = np.histogram(NORMAL, edges)
    assert len(edges) == 11
    assert np.ptp(counts) <= 2


def test_atoms_are_edges_and_the_other_values_have_the_other_bins():
    plain = of_column(ZEROS, bins=Bins(10, by="quantiles"))
    edges = of_column(ZEROS, bins=Bins(10, by="atoms"))
    assert len(plain) <= 3  # 90 % of the rows are zero
    assert len(edges) == 11
    assert np.abs(edges).min() < 1e-6
    above = np.histogram(ZEROS[ZEROS > 0], edges[1:])[0]
    assert np.ptp(above) <= 2


@pytest.mark.parametrize("by", ["atoms", "both"])
def test_few_distinct_values_have_an_edge_each(by):
    x = np.arange(2000) % 9 * 1.0
    np.testing.assert_allclose(of_column(x, bins=Bins(8, by=by)), np.arange(9), atol=1e-6)


@pytest.mark.parametrize("kind", ["regression", "binary"])
@pytest.mark.parametrize("by", ["trees", "both"])
def test_trees_find_the_step_of_a_step_function(kind, by):
    x = NORMAL[:1000]
    edges = of_column(x, (x > 0.7) * 1.0, kind, Bins(8, by=by))
    assert any(x[x <= 0.7].max() < edge < x[x > 0.7].min() for edge in edges)
    assert by == "both" or len(edges) == 3


def test_both_unites_atoms_and_trees():
    y = (NORMAL > 0.7) * 1.0 + (NORMAL > -0.3)
    parts = [set(of_column(NORMAL, y, bins=Bins(8, by=by)).round(6)) for by in WAYS[1:]]
    assert parts[0] | parts[1] == parts[2]


def test_trees_weigh_rows():
    """The step of rows that count little is found after that of the others, if at all."""
    y = np.where(NORMAL > 0, (NORMAL > 0.7) * 5.0, (NORMAL > -0.7) * 1.0)
    light = np.where(NORMAL > 0, 1e-6, 1.0)
    schema = fit_schemas(
        table_of({"x": NORMAL, "y": y, "w": light}, weight="w"), Bins(2, by="trees")
    )["table"]
    (threshold,) = schema.bins.columns[0].thresholds["y"]
    assert abs(threshold * schema.columns[0].scale + schema.columns[0].center + 0.7) < 0.05


def test_classes_and_missing_labels():
    y = np.select([NORMAL < -0.5, NORMAL < 0.5], ["low", "mid"], "high").astype(object)
    y[::3] = None
    edges = of_column(NORMAL, y, "multiclass", Bins(4, by="trees"))
    assert np.abs(edges - -0.5).min() < 0.05
    assert np.abs(edges - 0.5).min() < 0.05


def reference(x, y, weight, leaves, classes):
    tree = (DecisionTreeClassifier if classes else DecisionTreeRegressor)(
        max_leaf_nodes=leaves, min_samples_leaf=max(16, len(x) // 1000), random_state=0
    ).fit(x[:, None], y.astype(int) if classes else y, weight)
    return np.sort(tree.tree_.threshold[tree.tree_.feature >= 0])


@given(
    seed=st.integers(0, 10_000),
    leaves=st.integers(2, 12),
    n_values=st.integers(3, 60),
    classes=st.sampled_from([0, 2, 3]),
    weighted=st.booleans(),
)
def test_trees_are_those_of_scikit_learn(seed, leaves, n_values, classes, weighted):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, n_values, size=400).astype(np.float32) ** 1.5
    noise = rng.normal(size=400)
    y = np.digitize(np.sin(x) + noise, [-0.4, 0.6][: classes - 1]) if classes else x % 5 + noise
    weight = rng.uniform(0.5, 2, size=400) if weighted else np.ones(400)
    values = (y[:, None] == np.arange(3) if classes == 3 else y[:, None]).astype(np.float64)
    cuts = cuts_of(*np.unique(x, return_counts=True))
    target = TreeTarget(np.arange(400), values, weight)
    found, gains = tree_thresholds(cuts.codes(x), cuts, target, leaves)
    wanted = reference(x, y, weight, leaves, classes)
    assert np.all(np.diff(gains) <= 0)
    assert len(found) == len(wanted)
    np.testing.assert_allclose(np.sort(found), wanted, rtol=1e-5)


def test_many_distinct_values_are_cut_where_they_are():
    """Cuts crowd where values do, and around frequent ones."""
    x = np.where(np.arange(100_000) % 10, 0.0, np.linspace(1, 2, 100_000))
    cuts = cuts_of(*np.unique(x.astype(np.float32), return_counts=True))
    assert 900 < len(cuts.below) < 1100
    assert cuts.below[0] == 0.0


# ── edges of several tasks ────────────────────────────────────────────────────
def two_steps():
    x = NORMAL[:1000]
    table = {"x": x, "a": (x > 0.7) * 1.0, "b": (x > -0.7) * 1.0}
    return table_of(table, ["a:binary", "b:binary"])


def test_a_network_of_one_task_sees_thresholds_of_its_task_alone():
    schema = fit_schemas(two_steps(), Bins(8, by="trees"))["table"]
    joint, a, b = (schema.parts_for(tasks)[0] for tasks in (("a", "b"), ("a",), ("b",)))
    assert schema.parts[0] == joint
    assert len(a.edges[0]) == len(b.edges[0]) == 3
    assert set(joint.edges[0]) == {*a.edges[0], *b.edges[0]}
    assert not set(a.edges[0][1:-1]) & set(b.edges[0])
    assert a.most_edges == b.most_edges == joint.most_edges == (4,)


def test_every_task_has_thresholds_among_those_of_several():
    names = [f"t{k}" for k in range(6)]
    gains = {
        name: tuple(0.9 / (k + 1) ** 4 / (i + 1) for i in range(7)) for k, name in enumerate(names)
    }
    thresholds = {name: tuple(k + i / 10 for i in range(7)) for k, name in enumerate(names)}
    column = ColumnBins((0.0, 9.0), thresholds, gains)
    for n_tasks in range(1, 7):
        edges = column.edges_for(names[:n_tasks], 7)
        assert len(edges) <= column.most_edges(7) == 9
        assert set(column.thresholds["t0"][:2]) < set(edges)
    assert {t for t in column.edges_for(names, 7) if t < 1} == {0.0, 0.1, 0.2}


def test_trees_of_many_tasks_keep_fewer_thresholds():
    rng = np.random.default_rng(1)
    x = rng.normal(size=3000)
    table = {"x": x} | {f"y{k}": np.sin(3 * x + k) + rng.normal(size=3000) for k in range(64)}
    targets = [f"y{k}:regression" for k in range(64)]
    few = fit_schemas(table_of({n: table[n] for n in ("x", "y0")}, targets[:1]), Bins(16))
    many = fit_schemas(table_of(table, targets), Bins(16))
    counts = [len(s["table"].bins.columns[0].thresholds["y0"]) for s in (few, many)]
    assert counts == [15, 7]


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("options", [{"own_rows": True}, {"own_tables": True}, {}])
def test_every_form_of_data(by, options):
    data = tiny_dataset(["regression"] * 3, n_rows=200, **options)
    for schema in fit_schemas(data, Bins(5, by=by)).values():
        (part, *_) = schema.parts
        assert len(part.edges) == len(part.most_edges) == schema.n_numeric
        for tasks in [*((name,) for name in schema.targets), tuple(schema.targets)]:
            edges = schema.parts_for(tasks)[0].edges
            assert all(len(e) <= m for e, m in zip(edges, part.most_edges, strict=True))
            assert all(np.all(np.diff(np.array(e, dtype=np.float32)) > 0) for e in edges)
        assert schema_from_json(json.loads(json.dumps(schema_to_json(schema)))) == schema


# ── odd columns ───────────────────────────────────────────────────────────────
@pytest.mark.parametrize("by", WAYS)
def test_columns_of_one_and_of_two_values(by):
    n = 300
    table = {"one": [5.0] * n, "two": [0.0, 10.0, 10.0] * 100, "y": np.arange(n) * 1.0}
    schema = fit_schemas(table_of(table), Bins(4, by=by))["table"]
    assert [len(edges) for edges in schema.parts[0].edges] == [0, 2]
    assert schema.parts[0].most_edges == (0, 2)


@pytest.mark.parametrize("by", WAYS)
def test_more_bins_than_rows(by):
    edges = of_column(np.linspace(0, 1, 20) ** 2, bins=Bins(10_000, by=by))
    assert 2 <= len(edges) <= 20
    assert np.all(np.diff(edges) > 0)


@pytest.mark.parametrize("n_bins", [0, 1])
def test_fewer_than_two_bins_are_refused(n_bins):
    with pytest.raises(ParameterError, match=rf"`n_bins` .* int in \[2, inf\)\. Got {n_bins} "):
        Bins(n_bins)


def test_constant_targets_give_no_thresholds():
    assert len(of_column(NORMAL, np.ones(2000), bins=Bins(8, by="trees"))) == 2


def test_a_table_without_numeric_columns():
    schema = fit_schemas(table_of({"c": ["a", "b"] * 50, "y": range(100)}), Bins())["table"]
    assert schema.bins.columns == ()
    assert [part.role for part in schema.parts] == ["categorical"]


def test_missing_cells_and_their_indicators():
    x = NORMAL.copy()
    x[::4] = np.nan
    schema = fit_schemas(table_of({"x": x, "y": NORMAL}), Bins(8))["table"]
    numbers, indicator = schema.parts[0].edges
    assert 0.0 in numbers  # where missing cells are, a quarter of the rows
    assert indicator == (0.0, 1.0)


@pytest.mark.parametrize("by", ["atoms", "quantiles", "trees", "both"])
def test_mean_coordinates_are_kept_where_no_label_counts(by):
    schema = fit_schemas(table_of({"x": NORMAL, "y": NORMAL}), Bins(8, by=by))["table"]
    (part,) = schema.parts
    if by in {"trees", "both"}:
        assert part.means == ((),)
        return
    values = (NORMAL - NORMAL.mean()) / NORMAL.std()
    edges = np.array(part.edges[0])
    wanted = np.clip((values[:, None] - edges[:-1]) / np.diff(edges), 0, 1).mean(axis=0)
    np.testing.assert_allclose(part.means[0], wanted, rtol=1e-4)
    assert schema_from_json(json.loads(json.dumps(schema_to_json(schema)))) == schema


def test_some_rows_are_enough_for_a_plan():
    schema = fit_schemas(table_of({"x": NORMAL, "y": NORMAL}), Bins(8), bin_rows=100)["table"]
    assert len(schema.parts[0].edges[0]) > 8


# ── files ─────────────────────────────────────────────────────────────────────
def test_schemas_without_bins_are_written_as_before():
    data = tiny_dataset()
    assert "bins" not in schema_to_json(fit_schemas(data)["table"])


def forged(change):
    written = schema_to_json(fit_schemas(two_steps(), Bins(8, by="trees"))["table"])
    change(written["bins"], written["bins"]["columns"][0])
    return schema_from_json(json.loads(json.dumps(written)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda bins, _: bins.update(n_bins=0), "at least 2"),
        (lambda bins, _: bins.update(columns=[]), "those of the numeric columns"),
        (lambda _, column: column["edges"].reverse(), "ascending order"),
        (lambda _, column: column.update(edges=[1.0, 1.0 + 1e-12]), "ascending order"),
        (lambda _, column: column.update(edges=[-1e300, 1e300]), "ascending order"),
        (lambda _, column: column.update(edges=[0.0]), "as many as there are"),
        (lambda _, column: column.update(edges=[]), "must lie between edges"),
        (lambda _, column: column.update(edges=[k / 10 for k in range(10)]), "as many as"),
        (lambda _, column: column["thresholds"].update(c=[]), "those of tasks"),
        (lambda _, column: column["thresholds"].update(a=[99.0]), "between the edges"),
        (lambda _, column: column["thresholds"].update(a=[0.0, 0.1]), "each with its gain"),
        (lambda _, column: column["thresholds"].pop("a"), "each with its gain"),
        (lambda _, column: column["gains"].update(a=[7.0]), "shares"),
        (lambda _, column: column.update(means=[0.5]), "without thresholds"),
        (
            lambda _, column: column.update(edges=[0, 1], thresholds={}, gains={}, means=[2.0]),
            "means of coordinates must be shares",
        ),
        (lambda _, column: column.update(edges=["x", 1.0]), "must be a number"),
        (lambda _, column: column.pop("edges"), "lacks its field 'edges'"),
    ],
)
def test_what_no_fit_could_have_given_is_refused(change, sentence):
    with pytest.raises(BundleError, match=sentence):
        forged(change)


def test_bins_belong_to_the_schema():
    schema = fit_schemas(two_steps(), Bins(8))["table"]
    assert replace(schema, bins=None).parts[0].edges == ()
