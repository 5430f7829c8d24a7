"""Tags for the steps of rows."""

import numpy as np
import polars as pl
import pytest

from polytask import MultiTaskDataset, Task
from polytask.data import encode, fit_schemas, make_blocks
from polytask.exceptions import DataError, OneClassError
from polytask.metrics import ChunkF1, SequenceAccuracy, TokenAccuracy
from polytask.tasks import LIST_SEPARATOR, NO_STEP, FittedTarget, Tokens

KIND = Tokens()
TARGET = FittedTarget(("tags",), ("B-a", "I-a", "O"), {"steps": (3.0,), "tag_counts": (1.0,) * 3})


def column(*cells):
    return np.array(cells, dtype=object)


def test_lists_may_leave_steps_out():
    cells = column(LIST_SEPARATOR.join(["O", "", "B-a"]), "I-a O", None, "O new O O O")
    np.testing.assert_array_equal(
        KIND.truth([cells], TARGET),
        [[2, np.nan, 0], [1, 2, np.nan], [np.nan] * 3, [2, 3, 3]],
    )
    np.testing.assert_array_equal(KIND.encode([cells], TARGET)[3], [2, np.nan, np.nan])


def test_absent_steps_have_no_probability_and_no_tag():
    raw = np.full((1, 3, 3), NO_STEP, dtype=np.float32)
    raw[0, :2] = np.eye(3)[:2] * 5
    response = KIND.response(raw, TARGET)
    np.testing.assert_allclose(response.sum(axis=-1), [[1, 1, 0]])
    assert KIND.decide(response, TARGET).tolist() == ["B-a I-a"]
    assert (KIND.raw(response, TARGET)[0, 2] == NO_STEP).all()


@pytest.mark.parametrize(
    ("cells", "error", "words"),
    [
        (column("O O", "O"), OneClassError, r"column 'tags' holds only one tag, 'O'"),
        (column(None, None), DataError, r"has no observed label"),
        (np.array([1.0, 2.0]), DataError, r"must hold lists of tags, .* Got 1.0"),
        (
            column("a b" + LIST_SEPARATOR, "c"),
            DataError,
            r"holds the tag 'a b'\. .* with another sign, such as an underscore",
        ),
        (
            column(" ".join(f"t{i}" for i in range(1001))),
            DataError,
            r"holds 1,001 different tags; .* Is it the column of the tokens\?",
        ),
        (column("a b " * 2049), DataError, r"a row of 4,098 tags; at most 4,096"),
    ],
)
def test_columns_that_cannot_be_learned(cells, error, words):
    with pytest.raises(error, match=words):
        KIND.fit("tags", {"tags": cells})


def test_forged_targets_are_refused():
    from dataclasses import replace

    assert KIND.accepts(TARGET)
    for learned in (
        {"steps": (0.0,)},
        {"steps": (1e9,)},
        {"steps": (2.5,)},
        {"tag_counts": (1.0,)},
        {"tag_counts": (-1.0, 1.0, 1.0)},
    ):
        assert not KIND.accepts(replace(TARGET, learned={**TARGET.learned, **learned}))
    assert not KIND.accepts(replace(TARGET, classes=("O", 1, "x")))


def _encoded(frame, **options):
    data = MultiTaskDataset.from_table(frame, [Task("tags", "tokens")], **options)
    schemas = fit_schemas(data)
    return encode(data.sources, data.tasks, schemas, make_blocks(data.tasks, schemas))["table"]


WORDS = ["fly to new york", "go", "to rome now"]


def test_labels_belong_to_tokens_one_by_one():
    lists = [["O", "O", "B-a", None], ["O"], ["O", "B-a"]]
    texts = ["O O B-a", "O", "O B-a"]
    of_lists = _encoded(pl.DataFrame({"words": WORDS, "tags": lists}), columns={"words": "tokens"})
    of_texts = _encoded(pl.DataFrame({"words": WORDS, "tags": texts}), columns={"words": "tokens"})
    for rows in (of_lists, of_texts):
        labels = next(iter(rows.targets.values()))
        assert labels.mask[:, 0, :3].tolist() == [
            [True, True, True],
            [True, False, False],
            [True, True, False],
        ]


def test_more_labels_than_tokens_are_refused_with_their_row():
    frame = pl.DataFrame({"words": WORDS, "tags": ["O O B-a", "O O", "O B-a"]})
    with pytest.raises(
        DataError, match=r"row 1 of source 'table' has labels up to step 2, .* has 1 steps"
    ):
        _encoded(frame, columns={"words": "tokens"})


def test_more_labels_than_the_longest_row_has_tokens_are_refused_where_none_was_left_out():
    frame = pl.DataFrame({"words": WORDS, "tags": ["O O B-a B-a O", "O", "O B-a"]})
    with pytest.raises(DataError, match=r"row 0 .* labels up to step 5, .* has 4 steps"):
        _encoded(frame, columns={"words": "tokens"})
    labels = next(iter(_encoded(frame[1:], columns={"words": "tokens=1"}).targets.values()))
    assert labels.mask.sum() == 2


@pytest.mark.parametrize(
    ("inputs", "columns", "words"),
    [
        ({"age": [1.0, 2.0, 3.0]}, {}, r"Got none\. Name it with --column NAME:tokens"),
        (
            {"words": WORDS, "more": WORDS},
            {"words,more": "tokens"},
            r"Got words, more\. Leave out all but",
        ),
    ],
)
def test_there_must_be_one_column_of_steps(inputs, columns, words):
    frame = pl.DataFrame({**inputs, "tags": ["O O B-a", "O", "O B-a"]})
    with pytest.raises(DataError, match=words):
        _encoded(frame, columns=columns)


def test_chunks_are_those_of_the_script_of_conll():
    """Golden values of the published script, conlleval.pl, on the same tags by hand."""
    tags = ("B-x", "B-y", "I-x", "I-y", "O")
    target = FittedTarget(("tags",), tags, {"steps": (6.0,)})
    cases = [
        ("B-x I-x O B-y", "B-x I-x O B-y", 1.0),
        ("B-x I-x O O", "B-x O O O", 0.0),
        ("I-x I-x O B-y", "B-x I-x O B-y", 1.0),
        ("B-x B-x O O", "B-x I-x O O", 0.0),
        ("B-x I-y O O", "B-x B-y O O", 1.0),
        ("B-x I-x B-y I-y", "B-x I-x B-y O", 0.5),
        ("O O O B-x", "B-x O O B-x", 2 / 3),
    ]
    for true, decided, expected in cases:
        truth = KIND.truth([column(true)], target)
        response = np.eye(5)[np.nan_to_num(KIND.truth([column(decided)], target)).astype(int)]
        assert ChunkF1().score(truth, response, target).value == pytest.approx(expected), true


def brute_force(tags):
    """Chunks of a row of tags as (type, first, last), read one tag after another."""
    chunks, begin, kind = [], None, None
    for place, tag in enumerate([*tags, "O"]):
        mark, _, name = tag.partition("-")
        goes_on = begin is not None and mark == "I" and name == kind
        if begin is not None and not goes_on:
            chunks.append((kind, begin, place - 1))
            begin = None
        if mark != "O" and not goes_on:
            begin, kind = place, name
    return set(chunks)


def test_chunk_f1_is_that_of_all_chunks_written_out():
    tags = ("B-x", "B-y", "I-x", "I-y", "O")
    target = FittedTarget(("tags",), tags, {"steps": (5.0,)})
    every = np.array(np.meshgrid(*[range(5)] * 5)).reshape(5, -1).T
    rng = np.random.default_rng(0)
    decided = rng.permutation(every)
    right = true = called = 0
    for one, other in zip(every, decided, strict=True):
        first, second = (brute_force([tags[code] for code in row]) for row in (one, other))
        right, true, called = right + len(first & second), true + len(first), called + len(second)
    found = ChunkF1().score(every.astype(float), np.eye(5)[decided], target).value
    assert found == pytest.approx(2 * right / (true + called))


def test_tags_without_marks_are_chunks_of_one_step():
    target = FittedTarget(("pos",), ("noun", "verb"), {"steps": (4.0,)})
    truth, decided = np.array([[0.0, 0.0, 1.0, np.nan]]), np.array([[0, 1, 1, 0]])
    response = np.eye(2)[decided]
    values = [m.score(truth, response, target).value for m in (ChunkF1(), TokenAccuracy())]
    assert values == pytest.approx([2 / 3, 2 / 3])
    assert SequenceAccuracy().score(truth, response, target).value == 0.0


def test_steps_that_are_not_read_are_wrong_and_teach_nothing():
    frame = pl.DataFrame({"words": WORDS * 4, "tags": ["B-a O B-a O", "O", "B-a B-a O"] * 4})
    rows = _encoded(frame, columns={"words": "tokens=2"})
    labels = next(iter(rows.targets.values()))
    assert not labels.mask[..., 2:].any()
    assert labels.mask[0, 0, :2].all()
    truth = np.array([[0.0, 2.0, 0.0]])
    response = np.array([[[1.0, 0, 0], [0, 0, 1.0], [0, 0, 0]]])
    values = [m.score(truth, response, TARGET).value for m in (TokenAccuracy(), ChunkF1())]
    assert values == pytest.approx([2 / 3, 2 / 3])
    assert SequenceAccuracy().score(truth, response, TARGET).value == 0.0


def test_longer_rows_are_tagged_as_far_as_was_declared():
    frame = pl.DataFrame({"words": ["a b", "a"] * 4, "tags": ["X O", "X"] * 4})
    data = MultiTaskDataset.from_table(frame, ["tags:tokens"], columns={"words": "tokens=7"})
    (schema,) = fit_schemas(data).values()
    target = schema.targets["tags"]
    assert Tokens().score_shape(target) == (7, 2)
    assert Tokens().accepts(target)
    assert Tokens().with_steps(target, 10**9).learned["steps"] == (4096.0,)
    many = Tokens().fit("t", {"t": np.array([" ".join(map(str, range(900)))], dtype=object)})
    assert Tokens().accepts(Tokens().with_steps(many, 4096))


def test_a_list_of_one_tag_is_one_tag():
    frame = pl.DataFrame({"words": WORDS, "tags": [["O", "B-a"], ["X Y"], []]})
    with pytest.raises(DataError, match="holds the tag 'X Y'"):
        _encoded(frame, columns={"words": "tokens"})


def test_members_that_lack_a_step_agree_on_that():
    raw = np.full((2, 1, 3, 3), NO_STEP, dtype=np.float32)
    raw[:, :, 0] = np.eye(3)[:2, None]
    mean = KIND.average(raw)
    assert (mean[0, 1:] == NO_STEP).all()
    assert np.isfinite(mean).all()
    assert KIND.decide(KIND.response(mean, TARGET), TARGET)[0].count(" ") == 0


def test_cells_that_are_lists_are_refused_in_words():
    cells = np.empty(2, dtype=object)
    cells[:] = [["O", "B-a"], None]
    with pytest.raises(DataError, match=r"must hold lists of tags"):
        KIND.fit("tags", {"tags": cells})


def test_text_that_is_split_otherwise_than_its_tags_is_refused():
    frame = pl.DataFrame(
        {"words": ["ok, fly to rome", "go", "to rome"], "tags": ["O O O B-a", "O", "O B-a"]}
    )
    with pytest.raises(
        DataError, match=r"labels up to step 4, .* 5 steps\. Punctuation .*words:tokens"
    ):
        _encoded(frame, columns={"words": "text"})
    _encoded(frame, columns={"words": "tokens"})
