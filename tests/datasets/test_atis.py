import pytest

from polytask.datasets import as_table, fetch_atis


@pytest.fixture(scope="module")
def atis(polytask_data):
    return fetch_atis()


def test_sentences_are_split_as_published(atis):
    (split,) = atis.split.splits(atis.dataset, seed=3)
    (source,) = atis.dataset.sources
    sizes = [len(part[source.name]) for part in (split.train, split.validation, split.test)]
    assert sizes == [4478, 500, 893]
    assert sum(sizes) == atis.info.rows
    assert split.train[source.name][0] == 0


def test_every_word_has_a_tag(polytask_data):
    table = as_table("ATIS")
    assert table.columns == ["words", "intent", "slots", "split"]
    words, slots = (table[name].str.split(" ").list for name in ("words", "slots"))
    assert (words.len() == slots.len()).all()
    assert words.len().max() == 46
    assert table["words"][0] == "i want to fly from baltimore to dallas round trip"
    assert table["slots"][0].startswith("O O O O O B-fromloc.city_name O B-toloc.city_name B-round")


def test_intents_and_tags_of_training_sentences(atis):
    (split,) = atis.split.splits(atis.dataset, seed=0)
    (source,) = split.apply(atis.dataset)[0].sources
    labels = source.labels.frame
    assert labels["intent"].n_unique() == 21
    assert labels["slots"].str.split(" ").explode().n_unique() == 120
    assert [task.known_kind.name for task in atis.dataset.tasks] == ["multiclass", "tokens"]
    assert atis.dataset.tasks.names == atis.info.tasks
