import polars as pl

from polytask.datasets import as_table, fetch_sider


def test_side_effects_of_drugs(polytask_data):
    fetched = fetch_sider()
    assert fetched.dataset.tasks.names == fetched.info.tasks
    assert len(fetched.info.tasks) == 27
    (source,) = fetched.dataset.sources
    assert (source.n_rows, source.inputs.columns) == (1427, ["smiles"])
    published = pl.read_csv(polytask_data / "moleculenet" / "sider.csv")
    table = as_table("sider")
    assert table.rows() == published.rows()
    for short, name in zip(table.columns[1:], published.columns[1:], strict=True):
        assert name.lower().replace(" ", "_").startswith(short) or short in {"congenital", "social"}
