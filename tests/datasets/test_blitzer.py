import polars as pl
import pytest

from polytask.datasets import as_table, fetch_blitzer


@pytest.fixture(scope="module")
def blitzer(polytask_data):
    return fetch_blitzer()


def test_every_domain_is_a_task_with_rows_of_its_own(blitzer):
    (source,) = blitzer.dataset.sources
    assert blitzer.dataset.tasks.names == blitzer.info.tasks == ("books", "electronics", "kitchen")
    assert {task.known_kind.name for task in blitzer.dataset.tasks} == {"binary"}
    assert [len(source.labels.rows(task)) for task in blitzer.info.tasks] == [1956, 1966, 1978]
    assert source.inputs.columns == ["review"]


def test_no_text_stands_in_two_parts(blitzer):
    (split,) = blitzer.split.splits(blitzer.dataset, seed=0)
    (source,) = blitzer.dataset.sources
    words = source.inputs["review"].str.to_lowercase().str.extract_all(r"\w+").list.join(" ")
    parts = [set(words[part[source.name]]) for part in (split.train, split.validation, split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == blitzer.info.rows == 5900
    assert [len(part) for part in parts] == [
        pytest.approx(share * 5900, abs=4) for share in (0.6, 0.2, 0.2)
    ]


def test_half_of_each_domain_is_positive_and_texts_keep_their_line_breaks(polytask_data):
    table = as_table("Blitzer")
    assert table.columns == ["review", "domain", "positive"]
    shares = table.group_by("domain").agg(pl.col("positive").mean())["positive"]
    assert shares.to_list() == [pytest.approx(0.5, abs=0.01)] * 3
    assert table["review"][0].startswith("Horrible book, horrible.\n\tTHis book was")
