"""Names of models with settings, encoder and balancing, such as ``mmoe(n_experts=4)+mgda``."""

from __future__ import annotations

from typing import NamedTuple

from polytask._naming import plus_parts
from polytask._paths import assignments
from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["ModelName", "NameOwner", "malformed_settings", "model_name"]

_EXPECTED = "NAME, NAME+METHOD, or NAME(PATH=VALUE, …) and then +METHOD"


class NameOwner(NamedTuple):
    """Whose argument a model's name is, for errors.

    Parameters
    ----------
    owner : str
        Such as ``"compare"``.
    parameter : str
    several : str
        How several models are given.
    expected : str
        The form that a name has.
    remedy : str
        What to do about any malformed name; by default a sentence on what is wrong with it.
    """

    owner: str = "a model"
    parameter: str = "name"
    several: str = "Name one model."
    expected: str = _EXPECTED
    remedy: str = ""


_ANY = NameOwner()


class ModelName(NamedTuple):
    """The parts of a model's name.

    Parameters
    ----------
    base : str
    settings : dict of path to text
        Settings of this model alone, in the order in which they are written.
    methods : tuple of str
        An encoder and methods of balancing, which stand after pluses.
    part : str
        What stands in brackets before the settings without a path, such as the architecture of
        ``separate(mmoe)``; empty without.
    bracketed : tuple of str
        Methods with settings in brackets. Only encoders may have some, which are among `settings` as
        ``encoder.…``.
    """

    base: str
    settings: dict[str, str]
    methods: tuple[str, ...]
    part: str = ""
    bracketed: tuple[str, ...] = ()

    @property
    def detail(self) -> str:
        """The settings as they stand in tables; empty without any."""
        return ", ".join(f"{path}={value}" for path, value in self.settings.items())


def model_name(text: str, owner: NameOwner = _ANY) -> ModelName:
    """Split a model's name into its base, settings, encoder and methods of balancing.

    Parameters
    ----------
    text : str
    owner : NameOwner, optional
        Whose argument it is, for errors.

    Raises
    ------
    ParameterError
        If brackets do not match, something stands between them that is no PATH=VALUE, or a
        setting stands there twice.

    Examples
    --------
    >>> from polytask.learners.names import model_name
    >>> name = model_name("mmoe(encoder.widths=64,64, n_experts=4)+mgda")
    >>> name.base, name.settings, name.methods
    ('mmoe', {'encoder.widths': '64,64', 'n_experts': '4'}, ('mgda',))
    >>> model_name("separate(mmoe)").part
    'mmoe'
    >>> model_name("mmoe+residual_mlp(depth=4)").settings
    {'encoder.depth': '4'}
    """
    first, *rest = plus_parts(text)
    base, part, settings = _word(first, text, owner)
    methods, bracketed = [], []
    for word in rest:
        method, unnamed, own = _word(word, text, owner)
        if not method:
            raise _malformed(text, owner, "Name a method after each plus: mmoe(n_experts=4)+mgda.")
        if unnamed:
            raise malformed_settings(text, owner)
        methods.append(method)
        bracketed.extend([method] * bool(own))
        for path, value in own.items():
            _add(settings, f"encoder.{path}", value, text)
    name = ModelName(base, settings, tuple(methods), part, tuple(bracketed))
    if not name.base:
        raise _malformed(text, owner, "Begin with a model: hard_sharing+mgda.")
    if "=" in name.base:
        raise _malformed(text, owner, "Settings stand in brackets: mmoe(n_experts=4).")
    if "," in name.base:
        raise _malformed(text, owner, owner.several)
    return name


def _word(written: str, text: str, owner: NameOwner) -> tuple[str, str, dict[str, str]]:
    """A name, and the unnamed part and the settings in its brackets."""
    name, bracket, rest = written.partition("(")
    if not bracket:
        if ")" in written:
            raise _malformed(
                text, owner, "Open the bracket before the settings: mmoe(n_experts=4)."
            )
        return name.strip(), "", {}
    inner, after = _closed(rest, text, owner)
    if after or not name.strip():
        raise malformed_settings(text, owner)
    return name.strip(), *_settings(inner, text, owner)


def _closed(rest: str, text: str, owner: NameOwner) -> tuple[str, str]:
    """What stands before and after the bracket that closes the first one."""
    depth = 1
    for position, letter in enumerate(rest):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return rest[:position], rest[position + 1 :].strip()
    raise _malformed(text, owner, "Close the bracket after the settings: mmoe(n_experts=4).")


def _settings(inner: str, text: str, owner: NameOwner) -> tuple[str, dict[str, str]]:
    """A part without a path, and path to text."""
    unnamed, pairs = assignments(inner)
    if len(unnamed) > 1 or any(not part or part.startswith("=") for part in unnamed):
        remedy = "Settings are PATH=VALUE, as --set takes them: mmoe(n_experts=4)."
        raise _malformed(text, owner, remedy)
    if not pairs and not unnamed:
        raise _malformed(text, owner, f"Leave out the brackets: {text.partition('(')[0]}.")
    settings: dict[str, str] = {}
    for path, value in pairs:
        _add(settings, path, value, text)
    return "".join(unnamed), settings


def _add(settings: dict[str, str], path: str, value: str, text: str) -> None:
    if path in settings:
        raise ParameterError(f"{text} gives {path!r} twice. Give it once.")
    settings[path] = value


def malformed_settings(text: str, owner: NameOwner) -> ParameterError:
    """The error on settings after a name that takes none."""
    return _malformed(text, owner, "Settings follow the model: mmoe(n_experts=4)+mgda.")


def _malformed(text: str, owner: NameOwner, remedy: str) -> ParameterError:
    words = (owner.expected, text, owner.remedy or remedy)
    return ParameterError(message(owner.owner, owner.parameter, *words))
