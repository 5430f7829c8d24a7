"""Bags of words and n-grams."""

import numpy as np
import polars as pl
import pytest
import torch

from polytask import MultiTaskDataset
from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import Part
from polytask.encoders import NGramBag
from polytask.evaluation import evaluate
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

WORDS = Part("text:note", "text", (5,), (9,))
CODES = torch.tensor([[2, 5, 3, 0, 0], [4, 4, 8, 2, 6], [0, 0, 0, 0, 0], [7, 0, 0, 0, 0]])
SMALL = NGramBag((8,), buckets=97, word_dim=4)


def entered(encoder, codes, parts=(WORDS,), **others):
    torch.manual_seed(0)
    entry = encoder.entry(parts).eval()
    return entry, entry({"text:note": codes, **others}).values


@pytest.mark.parametrize("most_words", [1, 2, 3, 7])
def test_it_is_the_mean_over_all_runs_of_neighbouring_words(most_words):
    encoder = NGramBag(most_words=most_words, buckets=97, word_dim=4)
    entry, vectors = entered(encoder, CODES)
    table = entry.bags[0].table.weight
    for codes, vector in zip(CODES.tolist(), vectors, strict=True):
        words = [code for code in codes if code]
        places = list(words)
        for length in range(2, most_words + 1):
            for first in range(len(words) - length + 1):
                hashed = words[first]
                for code in words[first + 1 : first + length]:
                    hashed = (hashed * 1_000_003 + code) % (2**31 - 1)
                places.append(9 + hashed % 97)
        expected = table[places].mean(dim=0) if places else torch.zeros(4)
        torch.testing.assert_close(vector, expected)


def test_absent_words_and_other_rows_change_nothing():
    _, whole = entered(SMALL, CODES)
    _, alone = entered(SMALL, CODES[:1, :3])
    torch.testing.assert_close(alone[0], whole[0])


def test_the_vector_of_no_word_counts_for_nothing_whatever_it_learned():
    entry = NGramBag(word_dim=4, buckets=16).entry([Part("text:note", "text", (6,), (9,))]).eval()
    codes = torch.tensor([[2, 5, 3, 0, 0, 0]])
    before = entry({"text:note": codes}).values
    with torch.no_grad():
        entry.bags[0].table.weight[0] = 1.0
    torch.testing.assert_close(entry({"text:note": codes}).values, before)


def test_the_rest_of_a_row_stands_beside_its_words():
    number = Part("numeric", "numeric", (2,))
    numbers = torch.randn(4, 2)
    _, vectors = entered(SMALL, CODES, (WORDS, number), numeric=numbers)
    torch.testing.assert_close(vectors[:, 4:], numbers)


def test_rows_without_words_are_refused_in_words():
    with pytest.raises(ParameterError, match=r"NGramBag where rows have text or tokens\. Got num"):
        SMALL.entry([Part("numeric", "numeric", (3,))])


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_pairs_of_words_say_what_single_words_do_not(architecture):
    """Whether “good” comes after “not”; every text holds both words once."""
    rng = np.random.default_rng(0)
    notes, liked = [], []
    for _ in range(300):
        words = list(rng.choice([*"abcdef"], 4))
        denied = bool(rng.integers(2))
        words[1:1] = ["not", "good"] if denied else ["good", "not"]
        notes.append(" ".join(words))
        liked.append(int(not denied))
    frame = pl.DataFrame({"note": notes, "liked": liked, "loved": liked})
    data = MultiTaskDataset.from_table(frame, ["liked", "loved"], columns={"note": "text"})
    source = data.sources[0].name
    train, test = data.take({source: np.arange(200)}), data.take({source: np.arange(200, 300)})
    trainer = Trainer(batch_size=50, learning_rate=0.02, patience=None)
    figures = {}
    for most_words in (1, 2):
        encoder = NGramBag((), most_words=most_words, buckets=500, word_dim=8, dropout=0.0)
        learner = MultiTaskNetwork(architecture(encoder), trainer)
        model = learner.fit(train, None, 0, Budget(steps=100))
        figures[most_words] = evaluate(model, test)["liked"]["roc_auc"].value
    assert figures[1] < 0.75
    assert figures[2] > 0.95
