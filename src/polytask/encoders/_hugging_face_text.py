"""Pretrained text models of Hugging Face from a local folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from torch import nn

from polytask._validation import Choice, Constraint, InstanceOf, Satisfies
from polytask.data import PART_ROLES, Part, Tokenizer
from polytask.encoders._encoder import TABLE_CONSTRAINTS, Encoder
from polytask.encoders._frozen import frozen
from polytask.encoders._hugging_face_folder import (
    FAMILIES,
    ModelFolder,
    model_settings,
    most_pieces,
)
from polytask.encoders._hugging_face_model import build_model, layers_of
from polytask.encoders._hugging_face_stages import Beside, First, Layer, layer_widths
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._piece_entry import PieceEntry
from polytask.encoders._standardized import Standardized
from polytask.encoders._step_pooling import POOLINGS, pooling_stage
from polytask.encoders._weight_files import fill, reads_files, report
from polytask.encoders._weight_names import listed_tensors, weights_report, without_shared_start
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, SearchRange

__all__ = ["HuggingFaceText"]

_MOST_SETTINGS = 1 << 16
_FINE_TUNING: Mapping[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": 5e-5,
    "weight_decay": 0.01,
    "scheduler": "cosine_with_warmup",
    "clip_norm": 1.0,
    "batch_size": 32,
}
_FROM_DRAWN: Mapping[str, Any] = {
    **_FINE_TUNING,
    "learning_rate": 5e-4,
}
_FROZEN: Mapping[str, Any] = {"clip_norm": 1.0}


@dataclass(frozen=True)
class HuggingFaceText(Encoder):
    r"""A text model from a folder that transformers wrote, fine-tuned together with the tasks.

    .. math:: h = f(e(p_1, \dots, p_l)), \qquad h' = h + W_2 \, \mathrm{gelu}(W_1 [h, x])

    with the pieces of words :math:`p_i` that the folder's tokenizer makes, the embeddings e and the
    layers f of the model, and the rest x of the row, if it has any, through a linear layer of 64 units.

    Parameters
    ----------
    folder : str
        Holds ``config.json``, ``tokenizer.json`` and ``model.safetensors`` of a model such as BERT,
        DistilBERT or RoBERTa. Nothing is fetched from a network.
    freeze : bool, default False
        Whether the model stays as it is; heads, and what reads the rest of a row, are learned.
    pooling : {None, "first", "last", "max", "mean", "attention"}, default None
        What makes one vector of a row's pieces; "first" is the piece that begins a text, [CLS]. With
        None they stay, for tasks that label tokens; other tasks have the mean.
    pretrained : bool, default True
        Whether weights come from the folder; else they are drawn, and it may lack them.
    embedding_dim : int, default 8
        Width of the category embedding, of rows with categories beside their text.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of numeric columns beside the text.
    config : str, default ""
        What the folder's ``config.json`` says of the layers; read from there.
    digest : str, default ""
        Of the bytes of its files, computed where it is at hand. A recorded run belongs to one model.

    Raises
    ------
    MissingDependencyError
        If transformers is not installed (``polytask[text]``).
    ParameterError
        If the folder, or a file that is needed, is missing, cannot be read, or changed since the
        recipe was made; if the model is of no type that is known; if no tensor fits.

    Notes
    -----
    A saved model holds the settings, the tokenizer and the weights, and does not need the folder
    again. The type of the model is one of a list; its own code in the folder is never run, and
    weights are read from safetensors alone.

    Texts are read up to the longest training row, at most as far as the model has places. Of `tokens`
    each is made into pieces, of which the first has its label; all others can be seen by the model too.
    Several columns of text follow one another, each with the pieces around it, as pairs of sentences
    do, without different types. Embeddings belong to the entry of a source: several sources have each
    their own, which start equal. Each layer is a stage; ALBERT and MPNet are one stage, and the
    tokens that MPNet reads cannot be labelled, since their places are told by distance in the layers.

    Deviations: the pooler of BERT and RoBERTa, a layer for a task of pretraining, is left out. New
    layers learn at the rate of the model.

    References
    ----------
    Devlin et al., "BERT: pre-training of deep bidirectional transformers for language
    understanding", NAACL 2019. Wolf et al., "Transformers: state-of-the-art natural language
    processing", EMNLP 2020.

    Examples
    --------
    >>> from polytask.encoders import HuggingFaceText
    >>> HuggingFaceText("no/such/folder")
    Traceback (most recent call last):
    ...
    polytask.exceptions.ParameterError: The `folder` parameter of HuggingFaceText must be a folder with the files of a text model: config.json, tokenizer.json and model.safetensors. Got 'no/such/folder', which is none; nothing is fetched from a network.
    """

    folder: str
    freeze: bool = False
    pooling: str | None = None
    pretrained: bool = True
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})
    config: str = field(default="", repr=False)
    digest: str = ""

    takes: ClassVar[frozenset[str]] = frozenset(PART_ROLES)
    meets: ClassVar[bool] = False
    rows_at_once: ClassVar[int] = 64
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "pooling": Choices((None, "first", "max", "attention")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **TABLE_CONSTRAINTS,
        "folder": InstanceOf((str,)),
        "freeze": Choice((True, False)),
        "pooling": Choice((None, "first", *POOLINGS)),
        "pretrained": Choice((True, False)),
        "config": Satisfies(
            lambda text: isinstance(text, str) and len(text) <= _MOST_SETTINGS,
            "the text of a config.json",
        ),
        "digest": InstanceOf((str,)),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if reads_files() and (self._files.path.is_dir() or not self.digest):
            object.__setattr__(self, "config", self._files.config())
            object.__setattr__(self, "digest", self._digest())

    @property
    def starts_drawn(self) -> bool:  # type: ignore[override]
        """Whether weights are not those of the folder."""
        return not self.pretrained

    @property
    def training(self) -> Mapping[str, Any]:  # type: ignore[override]
        """Settings of a trainer: those of fine-tuning, unless weights are frozen or drawn."""
        if self.freeze:
            return _FROZEN
        return _FINE_TUNING if self.pretrained else _FROM_DRAWN

    @property
    def tokenizer(self) -> Tokenizer:
        """That of the folder."""
        self._check_unchanged()
        return Tokenizer(self._files.tokenizer(), most_pieces(self._settings))

    @property
    def _files(self) -> ModelFolder:
        return ModelFolder(Path(self.folder))

    @property
    def _settings(self) -> dict[str, Any]:
        return model_settings(self.config)

    def _digest(self) -> str:
        return self._files.digest(weights=self.pretrained)

    def _check_unchanged(self) -> None:
        self._files.config()  # which says what a folder must hold
        if self._digest() != self.digest:
            sentence = (
                f"The `folder` parameter of HuggingFaceText, {self.folder!r}, held other files when the "
                "recipe was made. Make the recipe anew."
            )
            raise ParameterError(sentence)

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """The embeddings of a row's pieces, the rest of it beside each.

        Raises
        ------
        ParameterError
            If rows have no text or tokens, or more pieces than the model has places.
        """
        texts = [part for part in parts if part.has_pieces]
        self._check_parts(parts, texts)
        model: Any = self._model(n_layers=0)
        settings = self._settings
        padding = settings.get("pad_token_id")
        embeddings = nn.Sequential(model.embeddings)
        if getattr(model, "embeddings_project", None) is not None:
            embeddings.append(model.embeddings_project)
        return PieceEntry(
            texts,
            [part for part in parts if part not in texts],
            self._kept(embeddings),
            padding if isinstance(padding, int) else 0,
            embedding_dim=self.embedding_dim,
            numbers=self.numbers,
            words_first=self._keeps_words(texts),
        )

    def _keeps_words(self, texts: Sequence[Part]) -> bool:
        return self.pooling is None and len(texts) == 1 and texts[0].role == "tokens"

    def _check_parts(self, parts: Sequence[Part], texts: Sequence[Part]) -> None:
        if not texts:
            unread = next((part.name for part in parts if part.role in {"text", "tokens"}), None)
            got = ", ".join(part.name for part in parts)
            sentence = (
                f"The `encoder` parameter can be HuggingFaceText where rows have text or tokens. Got {got}; "
                "declare a column's role, such as `--column NAME:text`, or choose MLP."
            )
            if unread is not None:
                sentence = (
                    f"The `encoder` parameter can be HuggingFaceText where its tokenizer made pieces of "
                    f"{unread}: fit_schemas(data, architecture.bins, tokenizer=architecture.tokenizer)."
                )
            raise ParameterError(sentence)
        settings = self._settings
        most, n_pieces = most_pieces(settings), settings.get("vocab_size", 0)
        length = sum(part.shape[0] for part in texts)
        known = max(part.cardinalities[0] for part in texts) - 1
        if length > most or not isinstance(n_pieces, int) or known > n_pieces:
            sentence = (
                f"The `folder` parameter of HuggingFaceText must hold a model for its tokenizer, with at "
                f"least {known:,} pieces and {length:,} places. Got {n_pieces!r} pieces and {most:,} "
                "places; copy the files of one model."
            )
            raise ParameterError(sentence)
        if FAMILIES[settings["model_type"]].places == "relative" and self._keeps_words(texts):
            sentence = (
                "The `pooling` parameter of HuggingFaceText must name one for tokens that a model of type "
                f"{settings['model_type']} reads, whose words cannot be labelled. Got None; choose mean, "
                "or a model of type bert."
            )
            raise ParameterError(sentence)
        for part in texts:
            if part.longest > part.shape[0]:
                column = part.name.partition(":")[2]
                report(
                    f"{column}: the first {part.shape[0]:,} pieces of words of a row are read, and the "
                    f"longest training row has {part.longest:,}."
                )

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The layers, a pooling if there is one, and a layer that reads the rest of a row beside them."""
        model: Any = self._model()
        inner = layers_of(model, self._settings["model_type"])
        embedded, width = layer_widths(model, inner)
        if len(shape) != 2 or shape[-1] < embedded:
            sentence = (
                f"The `encoder` parameter must let HuggingFaceText start from pieces (l, {embedded}). Got "
                f"rows of shape {shape}; choose MLP to go on from joined features."
            )
            raise ParameterError(sentence)
        beside = shape[-1] - embedded
        takes = [embedded, *[width] * (len(inner) - 1)]
        layers = [
            self._kept(Layer(layer, of_layer, width))
            for layer, of_layer in zip(inner, takes, strict=True)
        ]
        pooled: list[nn.Module] = [First()]
        if self.pooling != "first":
            pooled = pooling_stage(self.pooling, width + beside)
        return [*layers, *pooled, *([Beside(width, beside)] if beside else [])]

    def _kept(self, module: nn.Module) -> nn.Module:
        if not self.freeze:
            return module
        return frozen(module.requires_grad_(requires_grad=False))

    def _model(self, n_layers: int | None = None) -> nn.Module:
        if not self.config:
            raise ParameterError("The `config` parameter of HuggingFaceText must not be empty.")
        model = build_model(self.config, n_layers=n_layers)
        if self.pretrained and reads_files():
            self._load(model, whole=n_layers is None)
        return model

    def _load(self, model: nn.Module, *, whole: bool) -> None:
        """Give a model the tensors of the folder; of the whole model, say which of them fit."""
        self._check_unchanged()
        files, kind = ", ".join(self._files.weight_files()), type(model).__name__
        held, own = self._files.tensors(), model.state_dict(keep_vars=True)
        given = without_shared_start(held, list(own))
        fits = [name for name in own if name in given and given[name].shape == own[name].shape]
        if not fits:
            sentence = (
                f"The `folder` parameter of HuggingFaceText must hold weights of a {kind}, such as "
                f"{listed_tensors(own)}. None of the {len(held)} tensors of {files} fits: "
                f"{listed_tensors(held)}, …. Copy the files of one model."
            )
            raise ParameterError(sentence)
        for name in fits:
            fill(own[name], given[name], name, files, "`folder` parameter of HuggingFaceText")
        if whole:
            report(weights_report(files, kind, given, own, fits))
