"""Folders that the library transformers writes: what they say of a text model, in plain values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import starmap
from pathlib import Path
from typing import Any

from torch import Tensor

from polytask._plain import parse_json, read_file, read_json
from polytask._reason import reason
from polytask.data.cells import MOST_STEPS
from polytask.encoders._weight_files import read_tensors
from polytask.exceptions import ParameterError

__all__ = ["FAMILIES", "Family", "ModelFolder", "model_settings", "most_pieces"]

_OWNER = "The `folder` parameter of HuggingFaceText"
_CONFIG, _TOKENIZER = "config.json", "tokenizer.json"
_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
_BLOCK = 1 << 20

_NOT_OF_FEATURES = {
    *("architectures", "auto_map", "transformers_version", "torch_dtype", "dtype"),
    *("attn_implementation", "quantization_config", "num_labels", "problem_type", "torchscript"),
    *("return_dict", "output_attentions", "output_hidden_states", "use_cache", "finetuning_task"),
    *("tie_word_embeddings", "gradient_checkpointing", "classifier_dropout"),
}
"""Settings that say how a model is loaded or answers, and nothing of its layers."""


@dataclass(frozen=True)
class Family:
    """Models of one type.

    Parameters
    ----------
    layers : str
        Where the model keeps its layers: a list of them, each of which is a stage, or one module.
    places : {"from 0", "after padding", "relative"}
        How pieces are told their place: by vectors from the first one on, from the one after the
        number of the padding piece on, or by their distance in every layer.
    """

    layers: str = "encoder.layer"
    places: str = "from 0"


FAMILIES: Mapping[str, Family] = {
    "albert": Family("encoder"),
    "bert": Family(),
    "camembert": Family(places="after padding"),
    "distilbert": Family("transformer.layer"),
    "electra": Family(),
    "ernie": Family(),
    "mpnet": Family("encoder", "relative"),
    "roberta": Family(places="after padding"),
    "xlm-roberta": Family(places="after padding"),
}
"""Types of models by the name that their config.json has."""


def model_settings(config: str) -> dict[str, Any]:
    """Settings of a model, as `ModelFolder.config` writes them.

    Raises
    ------
    ParameterError
        If they are of no model that is known.
    """
    try:
        settings = parse_json(config)
    except ValueError as error:
        sentence = (
            "The `config` parameter of HuggingFaceText must be the text of a config.json. It cannot "
            f"be read: {reason(error, named=False)}."
        )
        raise ParameterError(sentence) from error
    if not isinstance(settings, dict) or not all(starmap(_is_kept, settings.items())):
        sentence = (
            "The `config` parameter of HuggingFaceText must hold numbers and texts by name. It is read "
            "from the folder; leave it out."
        )
        raise ParameterError(sentence)
    kind = settings.get("model_type")
    if any(settings.get(name) for name in ("is_encoder_decoder", "is_decoder")):
        sentence = (
            f"{_OWNER} must hold an encoder, which reads a text in both directions. Got a model of type "
            f"{kind!r} with a decoder; choose one of type {', '.join(FAMILIES)}."
        )
        raise ParameterError(sentence)
    if kind not in FAMILIES:
        sentence = (
            f"{_OWNER} must hold a model of type {', '.join(FAMILIES)}. Got type {kind!r}; build such a "
            "model by a factory of your own (CustomEncoder)."
        )
        raise ParameterError(sentence)
    if settings.get("position_embedding_type", "absolute") != "absolute":
        sentence = (
            f"{_OWNER} must hold a model that tells places by vectors. Its `position_embedding_type` is "
            f"{settings['position_embedding_type']!r}, which transformers no longer reads."
        )
        raise ParameterError(sentence)
    return settings


def _is_kept(name: str, value: object) -> bool:
    """Whether a setting is plain, and one of a model's layers."""
    return not name.startswith("_") and name not in _NOT_OF_FEATURES and _is_plain(value)


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float)


@dataclass(frozen=True)
class ModelFolder:
    """A folder with a text model.

    Parameters
    ----------
    path : Path
    """

    path: Path

    def config(self) -> str:
        """Settings of the model's layers as JSON.

        Raises
        ------
        ParameterError
            If there are none, or the model is of no known type.
        """
        if not self.path.is_dir():
            sentence = (
                f"{_OWNER} must be a folder with the files of a text model: {_CONFIG}, {_TOKENIZER} and "
                f"{_WEIGHTS}. Got {str(self.path)!r}, which is none; nothing is fetched from a network."
            )
            raise ParameterError(sentence)
        held = self._json(_CONFIG)
        kept = {
            name: value
            for name, value in (held.items() if isinstance(held, dict) else ())
            if _is_kept(name, value)
        }
        config = json.dumps(dict(sorted(kept.items())))
        model_settings(config)
        return config

    def tokenizer(self) -> str:
        """The text of the tokenizer.

        Raises
        ------
        ParameterError
            If there is none.
        """
        try:
            return read_file(self._tokenizer_file()).decode("utf-8")
        except (ValueError, OSError) as error:
            raise self._unread(_TOKENIZER, error) from error

    def _tokenizer_file(self) -> Path:
        path = self.path / _TOKENIZER
        if not path.is_file():
            sentence = (
                f"{_OWNER} must hold a {_TOKENIZER}. {str(self.path)!r} has none. Write it where "
                "transformers reads the folder's older files: "
                "AutoTokenizer.from_pretrained(folder).save_pretrained(folder)."
            )
            raise ParameterError(sentence)
        return path

    def weight_files(self) -> list[str]:
        """Names of the files of weights.

        Raises
        ------
        ParameterError
            If there are none, or only such as could run code.
        """
        if (self.path / _WEIGHTS).is_file():
            return [_WEIGHTS]
        if (self.path / _INDEX).is_file():
            index = self._json(_INDEX)
            named = index.get("weight_map") if isinstance(index, dict) else None
            files = sorted({*map(str, named.values())}) if isinstance(named, dict) else []
            if files and all(Path(f).name == f and f.endswith(".safetensors") for f in files):
                return files
            sentence = f"{_OWNER} has an {_INDEX} that names no files {_WEIGHTS} beside it."
            raise ParameterError(sentence)
        if any(self.path.glob("*.bin")):
            sentence = (
                f"{_OWNER} must hold weights as {_WEIGHTS}. {str(self.path)!r} has a pickle, which could "
                "run code. Convert it where you trust it: "
                "AutoModel.from_pretrained(folder).save_pretrained(folder) of transformers."
            )
        else:
            sentence = (
                f"{_OWNER} must hold weights as {_WEIGHTS}. {str(self.path)!r} has none; copy the file "
                "there, or say `pretrained=False` to start from weights that are drawn."
            )
        raise ParameterError(sentence)

    def tensors(self) -> dict[str, Tensor]:
        """Tensors of all files of weights by name; older names of norms in their new form."""
        tensors: dict[str, Tensor] = {}
        for file in self.weight_files():
            tensors |= read_tensors(self.path / file, "`folder` parameter of HuggingFaceText")
        return {_new_name(name): tensor for name, tensor in tensors.items()}

    def digest(self, *, weights: bool) -> str:
        """Digest of the files' bytes."""
        digest = hashlib.blake2b(digest_size=16)
        names = _CONFIG, self._tokenizer_file().name, *(self.weight_files() if weights else ())
        for name in names:
            path = self.path / name
            try:
                status = path.stat()
                digest.update(_file_digest(path, status.st_size, status.st_mtime_ns))
            except OSError as error:
                raise self._unread(name, error) from error
        return digest.hexdigest()

    def _json(self, name: str) -> Any:
        try:
            return read_json(self.path / name)
        except (ValueError, OSError) as error:
            raise self._unread(name, error) from error

    def _unread(self, name: str, error: Exception) -> ParameterError:
        said = error.strerror if isinstance(error, OSError) else reason(error, named=False)
        sentence = (
            f"{_OWNER} must hold a {name} that can be read. {str(self.path / name)!r}: {said}."
        )
        return ParameterError(sentence)


@lru_cache(maxsize=64)
def _file_digest(path: Path, size: int, changed: int) -> bytes:
    """Digest of a file, once as long as its size and the time of its last change stay."""
    del size, changed
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _new_name(name: str) -> str:
    for old, new in (("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")):
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def most_pieces(settings: Mapping[str, Any]) -> int:
    """Pieces that a model has places for, at most 4096.

    Examples
    --------
    >>> from polytask.encoders._hugging_face_folder import most_pieces
    >>> roberta = {"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}
    >>> most_pieces(roberta)
    512
    """
    most, padding = settings.get("max_position_embeddings"), settings.get("pad_token_id")
    places = FAMILIES[settings["model_type"]].places
    most = most if isinstance(most, int) else 512
    if places == "after padding":
        most -= 1 + (padding if isinstance(padding, int) else 1)
    return min(most, MOST_STEPS)
