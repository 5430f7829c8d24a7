import numpy as np

from polytask.datasets import as_table, fetch_office_caltech


def test_every_domain_is_a_source_with_a_task(polytask_data):
    fetched = fetch_office_caltech()
    rows = {source.name: source.n_rows for source in fetched.dataset.sources}
    assert rows == {"amazon": 958, "caltech": 1123, "dslr": 157, "webcam": 295}
    assert fetched.dataset.tasks.names == fetched.info.tasks == tuple(rows)
    for source in fetched.dataset.sources:
        np.testing.assert_allclose((source.inputs["words"].to_numpy() ** 2).sum(axis=1), 1)
        (categories,) = source.labelled().columns(source.name).values()
        assert set(categories.astype(int)) == set(range(1, 11))


def test_table(polytask_data):
    table = as_table("office-caltech")
    assert table.shape == (2533, 802)
    assert table.columns[-2:] == ["domain", "category"]
