"""Tokenizers that lengthen texts: by how much, and which are refused before a text is read."""

import base64
import json

import pytest

from polytask.data.columns._text_growth import text_growth
from polytask.data.columns._tokenizer import read_tokenizer

tokenizers = pytest.importorskip("tokenizers", reason="needs polytask[text]")

TEXTS = ["a", "  ", "é ü\u4e2d\u6587", "a b", "aa  aa"]


def replaced(pattern, content):
    return {"type": "Replace", "pattern": pattern, "content": content}


def charsmap(longest):
    """A map of SentencePiece without a trie, so that it maps nothing, and with one long text."""
    content = base64.b64encode(bytes(4) + b"x\0" + b"y" * longest + b"\0").decode()
    return {"type": "Precompiled", "precompiled_charsmap": content}


BLANKS = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
EACH_SIGN = {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": False}
BYTES = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
LENGTHENING = {
    "word by word": ("normalizers", replaced({"String": "a"}, "a" * 10)),
    "everywhere": ("normalizers", replaced({"Regex": ""}, "ab")),
    "before": ("normalizers", {"type": "Prepend", "prepend": "abc"}),
    "bytes": ("normalizers", {"type": "ByteLevel"}),
    "signs": ("normalizers", {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}),
    "blanks": ("pretokenizers", BLANKS),
    "bytes of parts": ("pretokenizers", BYTES),
}  # fmt: skip


def tokenizer_of(members, steps):
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a"))
    room = {"normalizers": "normalizer", "pretokenizers": "pre_tokenizer"}[members]
    state = made.to_str().replace(f'"{room}":null', f'"{room}":%s')
    return state % json.dumps({"type": "Sequence", members: steps})


def bytes_of(tokenizer, text):
    """What the steps make of a text."""
    if tokenizer.normalizer is not None:
        return len(tokenizer.normalizer.normalize_str(text).encode())
    return sum(len(part.encode()) for part, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text))


@pytest.mark.parametrize("name", LENGTHENING)
@pytest.mark.parametrize("times", [1, 3])
def test_no_text_becomes_longer_than_is_said(name, times):
    members, step = LENGTHENING[name]
    between = [EACH_SIGN] if members == "pretokenizers" else []
    made = tokenizers.Tokenizer.from_str(tokenizer_of(members, [*between, step] * times))
    measured = max(bytes_of(made, text) / len(text.encode()) for text in TEXTS)
    assert 1 < measured <= text_growth(made)


@pytest.mark.parametrize("name", LENGTHENING)
def test_steps_that_lengthen_each_others_texts_are_refused(name):
    members, step = LENGTHENING[name]
    with pytest.raises(ValueError, match="may make a text more than 16,384 times as long"):
        read_tokenizer(tokenizer_of(members, [step] * 30))


def test_maps_of_sentence_piece_count_by_their_longest_text():
    usual = [charsmap(33), replaced({"Regex": " {2,}"}, "▁"), {"type": "NFKC"}]
    assert text_growth(tokenizers.Tokenizer.from_str(tokenizer_of("normalizers", usual))) == 33 * 7
    with pytest.raises(ValueError, match="may make a text more than 16,384 times as long"):
        read_tokenizer(tokenizer_of("normalizers", [charsmap(20_000)]))
