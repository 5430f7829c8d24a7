"""Names of networks that hold settings: ``hard_sharing(batch_size=64)+tab_m(members=4)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polytask._naming import plus_parts
from polytask._paths import assignments, find, name_and_settings, setting_text
from polytask.encoders._custom_encoder import is_factory
from polytask.exceptions import ParameterError, UnknownNameError

__all__ = ["relabelled", "with_detail_of_encoder", "with_encoder_of"]


def with_detail_of_encoder(network: Any, detail: str, name: str) -> tuple[str, str] | None:
    """Write the settings of the encoder after its name.

    Parameters
    ----------
    network : MultiTaskNetwork
    detail : str
        Settings, ``members=4, batch_size=64``.
    name : str
        Of the network.

    Returns
    -------
    tuple of str or None
        The name, and the settings that are none of the encoder's; None if the name does not hold
        the encoder's, or `detail` is no list of settings.
    """
    first, *words = plus_parts(name)
    place = _place(words, network.architecture.encoder_name)
    unnamed, pairs = assignments(detail)
    if place is None or unnamed:
        return None
    inside = {path: inner for path, _ in pairs if (inner := _in_encoder(network, path))}
    inner = ", ".join(f"{inside[path]}={text}" for path, text in pairs if path in inside)
    outer = ", ".join(f"{path}={text}" for path, text in pairs if path not in inside)
    if inner:
        named, known = name_and_settings(words[place])
        words[place] = f"{named}({', '.join(filter(None, (known, inner)))})"
    return "+".join([first, *words]), outer


def relabelled(label: str, old: Any, new: Any) -> str:
    """A label of one network as it must be for another: its encoder, and its values of settings.

    Parameters
    ----------
    label : str
        Of the old one.
    old, new : MultiTaskNetwork
    """
    first, *words = plus_parts(label)
    before, after = old.architecture.encoder_name, new.architecture.encoder_name
    place = _place(words, before)
    if place is not None and before != after:
        words[place : place + 1] = [after] if after else []
    elif place is not None:
        words[place] = _rewritten(words[place], old, new, "encoder.")
    return "+".join([_rewritten(first, old, new, ""), *words])


def with_encoder_of(label: str, name: str, encoder: str | None) -> str:
    """A name in which the encoder has the settings that it has in a label, if it stands in both.

    Examples
    --------
    >>> from polytask.neural_network._labels import with_encoder_of
    >>> with_encoder_of("mmoe+tab_m(members=4)", "single_task+tab_m", "tab_m")
    'single_task+tab_m(members=4)'
    """
    own, (first, *words) = plus_parts(label)[1:], plus_parts(name)
    ours, theirs = _place(own, encoder), _place(words, encoder)
    if ours is not None and theirs is not None:
        words[theirs] = own[ours]
    return "+".join([first, *words])


def _place(words: Sequence[str], word: str | None) -> int | None:
    """Where a name stands among words, with settings in brackets or without."""
    names = [name_and_settings(written)[0] for written in words]
    return names.index(word) if word in names else None


def _in_encoder(network: Any, path: str) -> str:
    """The path of a setting in the encoder; empty if it lies elsewhere.

    A factory that is the encoder is the setting `factory` of the `CustomEncoder` that wraps it.
    """
    setting = find(network.settings(), path, network.name)
    start, _, name = f"{setting.path}.".partition(".encoder.")
    if start.split(".")[0] != "architecture":
        return ""
    return name.rstrip(".") or ("factory" if is_factory(setting.value) else "")


def _rewritten(part: str, old: Any, new: Any, start: str) -> str:
    """A part of a label with another network's values of the settings in its brackets."""
    name, inner = name_and_settings(part)
    unnamed, pairs = assignments(inner)
    if unnamed or not pairs:
        return part
    texts = []
    for path, text in pairs:
        try:
            before = find(old.settings(), f"{start}{path}", old.name).value
        except ParameterError:  # a name that somebody gave may hold anything
            return part
        try:
            after = find(new.settings(), f"{start}{path}", old.name).value
        except UnknownNameError:  # of a part that was replaced by another
            continue
        texts.append(f"{path}={text if repr(after) == repr(before) else _text(after)}")
    return f"{name}({', '.join(texts)})" if texts else name


def _text(value: object) -> str:
    """A value as it is written in a name, ``64,64``."""
    plain = isinstance(value, tuple) and all(isinstance(part, (int, float, str)) for part in value)
    return ",".join(map(str, value)) if plain else setting_text(value)  # type: ignore[call-overload]
