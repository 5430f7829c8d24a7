"""Text models of the library transformers, built from settings alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from polytask._reason import reason
from polytask.encoders._hugging_face_folder import FAMILIES, model_settings
from polytask.exceptions import MissingDependencyError, ParameterError

__all__ = ["build_model", "layers_of"]


def build_model(config: str, *, n_layers: int | None = None) -> nn.Module:
    """The model that settings describe, with weights as drawn and without a pooler.

    Its class is one of transformers' own, of a type in `FAMILIES`; no other code is imported, and
    nothing is fetched.

    Parameters
    ----------
    config : str
        As `ModelFolder.config` gives it.
    n_layers : int, optional
        Other than the settings say.

    Raises
    ------
    MissingDependencyError
        If transformers is not installed.
    ParameterError
        If the settings describe no model.
    """
    settings = model_settings(config)
    try:
        from transformers import AutoConfig, AutoModel
    except ImportError as error:
        sentence = (
            "HuggingFaceText needs transformers, which is not installed or too old. Install it: "
            "pip install 'polytask[text]'."
        )
        raise MissingDependencyError(sentence) from error
    try:
        chosen = AutoConfig.for_model(**settings)
        if n_layers is not None:
            chosen.num_hidden_layers = n_layers
        # plain products: those of "sdpa" have no batching rule and no second derivative on the CPU
        model: Any = AutoModel.from_config(
            chosen, attn_implementation="eager", trust_remote_code=False, dtype=torch.float32
        )
    except (ParameterError, MemoryError):
        raise
    except Exception as error:
        sentence = (
            "The `folder` parameter of HuggingFaceText must hold a config.json that transformers can "
            f"build a model from. It said: {reason(error, width=160)}."
        )
        raise ParameterError(sentence) from error
    model.pooler = None
    built: nn.Module = model
    return built


def layers_of(model: nn.Module, model_type: str) -> list[nn.Module]:
    """The layers of a model, or the one module that runs them all."""
    layers: Any = model.get_submodule(FAMILIES[model_type].layers)
    return list(layers) if isinstance(layers, nn.ModuleList) else [layers]
