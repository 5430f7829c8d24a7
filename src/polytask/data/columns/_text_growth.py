"""How much longer a tokenizer may make a text, which decides how much memory reading one takes."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["text_growth"]

_MEMBERS = ("normalizers", "pretokenizers")


def text_growth(tokenizer: Any) -> float:
    """By what factor, at most, the steps before the vocabulary lengthen a text, in bytes.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
    """
    steps = (tokenizer.normalizer, tokenizer.pre_tokenizer)
    return math.prod(_of_step(json.loads(step.__getstate__())) for step in steps if step)


def _of_step(step: Mapping[str, Any]) -> float:
    """Factor of a step, in the form in which the library writes it.

    A step that may come again after others, such as a blank before every part of a text, counts as if
    each byte were such a part. Steps that change nothing a second time count as 1.
    """
    match step["type"]:
        case "Sequence":
            inner = next(step[name] for name in _MEMBERS if name in step)
            return math.prod(map(_of_step, inner))
        case "Replace":
            pattern = _length(step["pattern"].get("String", ""))
            content = _length(step["content"])
            return max(1.0, content / pattern) if pattern else 1.0 + 2.0 * content  # at both ends
        case "Prepend":
            return 1.0 + _length(step["prepend"])
        case "Precompiled":
            return _of_map(base64.b64decode(step["precompiled_charsmap"]))
        case "ByteLevel":
            return 4.0
        case "Metaspace":
            return 2.0 * _length(step["replacement"])
        case "BertNormalizer":
            return 2.0
    return 1.0


def _length(text: str) -> int:
    return len(text.encode())


def _of_map(content: bytes) -> float:
    """Longest text that a map of SentencePiece has for a sign: a trie of stated size, then the texts."""
    size = int.from_bytes(content[:4], "little")
    return float(max(1, *map(len, content[4 + size :].split(b"\0"))))
