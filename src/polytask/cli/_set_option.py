"""`--set PATH=VALUE`: any setting of the models, by its path."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence

from polytask._listing import enumerated, first_and_more
from polytask._paths import Setting, Written, applied, assignments, find, name_and_settings, near
from polytask.cli._rooms import ROOMS
from polytask.cli._settings import DataSettings
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.learners import Learner
from polytask.learners.names import BALANCING, is_encoder, model_name, names_encoder

__all__ = ["with_settings"]

_OPTIONS = {
    "trainer.accelerator": "device",
    "trainer.observers": "observer",
    "trainer.augmentation": "augmentation",
}
"""Settings whose option has another name."""

_ONLY_BY_OPTION = {"model", "steps", "epochs"}
"""Options without which there is a value all the same: a model, and the budget."""


_MOST_NAMED = 5


def with_settings(
    learners: Sequence[Learner], options: DataSettings, note: Callable[[str], None]
) -> tuple[Learner, ...]:
    """Return the learners, each with those settings of `--set` that it has.

    Parameters
    ----------
    learners : sequence of Learner
    options : DataSettings
    note : callable
        Receives a sentence for every setting that some learners have and others have not.

    Raises
    ------
    UnknownNameError
        If no learner has a setting of a path; those that are near are named.
    ParameterError
        If a setting does not accept its value, or an option or the model's name gives it already.
    """
    values = {path: Written(text) for path, text in options.set.items()}
    for learner, text in zip(learners, _names(options), strict=False):
        _check_own(learner, text, options)
    if not values:
        return tuple(learners)
    configured, own_paths = [], []
    for learner in learners:
        _check_given_once(learner, options)
        _, left = applied(learner, values, type(learner).settings, learner.name)
        own = {path: value for path, value in values.items() if path not in left}
        for path in left.keys() - values.keys():  # in the brackets of a value
            raise left[path]
        if left and len(learners) == 1:
            path, error = next(iter(left.items()))
            raise UnknownNameError(f"{error}{_elsewhere(path)}")
        configured.append(learner.configured(own) if own else learner)
        own_paths.append(own)
    for path, text in options.set.items():
        holders = [index for index, own in enumerate(own_paths) if path in own]
        if not holders:
            raise UnknownNameError(_unknown(learners, path))
        if len(holders) < len(learners):
            note(_partly(learners, holders, path, text))
    return tuple(configured)


def _names(options: DataSettings) -> list[str]:
    """Models as they were asked for; none where the defaults are compared."""
    names = getattr(options, "model", [])
    return [names] if isinstance(names, str) else names


def _check_own(learner: Learner, text: str, options: DataSettings) -> None:
    """Refuse settings in a model's name that an option or `--set` gives as well."""
    name = model_name(text)
    known = learner.settings()
    own = {find(known, path, learner.name).path: path for path in name.settings}
    own |= {
        path: path for outer, typed in own.items() for path in _inside(outer, name.settings[typed])
    }
    for full, path in own.items():
        option = "model" if full == learner.named_by else _option(full, options)
        if option is None:
            continue
        flag = f"--{option}".replace("_", "-")
        if option in _ONLY_BY_OPTION:
            sentence = f"{path!r} has an option of its own. Give {flag} in place of {text}."
            raise ParameterError(sentence)
        if getattr(options, option) not in (None, []):
            sentence = f"{flag} and {text} say the same. Leave out one of them."
            raise ParameterError(sentence)
    for path in options.set:
        try:
            setting = find(known, path, learner.name)
        except UnknownNameError:
            continue
        if setting.path in own or (is_encoder(setting.path) and names_encoder(text)):
            sentence = f"--set {path} and {text} say the same. Leave out one of them."
            raise ParameterError(sentence)
        replaced = [typed for full, typed in own.items() if full.startswith(f"{setting.path}.")]
        if replaced:
            sentence = f"--set {path} would replace {enumerated(replaced)} of {text}. Leave out one of them."
            raise ParameterError(sentence)


def _inside(path: str, text: str) -> Iterator[str]:
    """Paths of the settings in the brackets of a value, and in those of their own values."""
    _, inner = name_and_settings(text)
    for name, own in assignments(inner)[1]:
        yield f"{path}.{name}"
        yield from _inside(f"{path}.{name}", own)


def _check_given_once(learner: Learner, options: DataSettings) -> None:
    """Refuse a setting that another option, or the model's name, gives as well."""
    of_encoder = _settings_of_encoder(learner, options)
    for path in options.set:
        try:
            setting = find(learner.settings(), path, learner.name)
        except UnknownNameError:
            continue
        if setting.path in of_encoder:
            sentence = (
                f"--encoder {options.encoder} and --set {path} say the same. Leave out one of them."
            )
            raise ParameterError(sentence)
        named = setting.path == learner.named_by
        option = "model" if named else _option(setting.path, options)
        if option is None:
            continue
        flag = f"--{option}".replace("_", "-")
        if option in _ONLY_BY_OPTION:
            raise ParameterError(
                f"{path!r} has an option of its own. Give {flag} in place of --set."
            )
        if getattr(options, option) not in (None, []):
            raise ParameterError(f"{flag} and --set {path} say the same. Leave out one of them.")
        if option in BALANCING and setting.value is not None:
            sentence = (
                f"{learner.name} names its {option} itself, and --set {path} names one too. "
                "Leave out one of them."
            )
            raise ParameterError(sentence)


def _settings_of_encoder(learner: Learner, options: DataSettings) -> set[str]:
    """Full paths of the settings in the brackets of `--encoder`; empty for a learner without one."""
    encoders = [setting.path for setting in learner.settings() if is_encoder(setting.path)]
    written = options.encoder or ""
    return {inner for outer in encoders for inner in _inside(outer, written)}


def _option(path: str, options: DataSettings) -> str | None:
    """Name of the option that sets the same setting."""
    root, _, name = path.partition(".")
    if is_encoder(path):
        return "encoder"
    own = name if root == "trainer" and name in type(options).model_fields else None
    return _OPTIONS.get(path, own)


def _unknown(learners: Sequence[Learner], path: str) -> str:
    settings: Mapping[str, Setting] = {
        setting.short: setting for learner in learners for setting in learner.settings()
    }
    names = ", ".join(learner.name for learner in learners)
    guess = near(list(settings.values()), path)
    return f"No model ({names}) has a setting named {path!r}. {guess}{_elsewhere(path)}"


def _elsewhere(path: str) -> str:
    """Sentence on the methods that have a setting of that name, if there are any."""
    name = path.rpartition(".")[2]
    holders = sorted(
        room.name_of(method)
        for room in ROOMS
        if room.prefix is not None
        for method in room.methods().values()
        if name in inspect.signature(method).parameters
    )
    if not holders:
        return ""
    verb = "has" if len(holders) == 1 else "have"
    listed = enumerated(holders) if len(holders) <= _MOST_NAMED else first_and_more(holders)
    return f" {listed} {verb} {name!r}."


def _partly(learners: Sequence[Learner], having: Sequence[int], path: str, text: str) -> str:
    names = [learner.name for learner in learners]
    others = [name for index, name in enumerate(names) if index not in having]
    verb = "has" if len(others) == 1 else "have"
    return (
        f"{path}={text} is set in {enumerated(names[index] for index in having)}; "
        f"{enumerated(others)} {verb} no such setting"
    )
