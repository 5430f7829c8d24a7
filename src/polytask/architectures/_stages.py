"""The stages of an encoder, as sources run through them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from polytask._reason import reason
from polytask.architectures._inputs import Inputs
from polytask.architectures._out_of_place import out_of_place
from polytask.data import Batch
from polytask.encoders import Encoder, State, advance
from polytask.encoders._first_stage import enter
from polytask.encoders._pooling import feature_shape
from polytask.exceptions import ParameterError

__all__ = ["Stages", "advance_all"]


class Stages(nn.ModuleList):
    """The stages of an encoder, one module each; rows of all sources go through the same.

    Parameters
    ----------
    encoder : Encoder
    inputs : Inputs
        Where the rows come from.

    Attributes
    ----------
    shape : tuple of int
        Shape of a row of the first source after the last stage.
    shapes : tuple of tuple of int
        The same after each stage, the entry first; it has one entry more than there are stages.

    Raises
    ------
    ParameterError
        If the stages cannot take the rows of a source, or end in no features.
    """

    def __init__(self, encoder: Encoder, inputs: Inputs) -> None:
        super().__init__(map(out_of_place, encoder.stages(inputs.shape)))
        for name in reversed(inputs.sources):
            self.shapes = _shapes(self, inputs.sample(name), name)
        self.shape = self.shapes[-1]

    def forward(self, states: Mapping[str, State]) -> Mapping[str, State]:
        """States of every source after the last stage."""
        for stage in self:
            states = advance_all(stage, states)
        return states

    def enter(self, inputs: Inputs, batch: Batch) -> Mapping[str, State]:
        """States of the rows of a batch after the last stage: ``self(inputs(batch))``, cheaper."""
        if len(inputs) > 1:
            return self(inputs(batch))
        (source,), (entry,) = inputs.sources, inputs
        return {source: self.of(entry, batch[source].inputs)} if source in batch else {}

    def of(self, entry: nn.Module, inputs: Mapping[str, Tensor]) -> State:
        """State of the rows of one source after its entry and the last stage."""
        stages = list(self)
        if not stages:
            entered: State = entry(inputs)
            return entered
        state = enter(entry, stages[0], inputs)
        for stage in stages[1:]:
            state = advance(stage, state)
        return state


def advance_all(stage: nn.Module, states: Mapping[str, State]) -> Mapping[str, State]:
    """Apply a stage to the states of all sources; those of one shape go through it together.

    Parameters
    ----------
    stage : nn.Module
        A `polytask.encoders.MaskedStage`, or a module that maps values to values.
    states : mapping of source name to State
    """
    if len(states) == 1:
        return {name: advance(stage, state) for name, state in states.items()}
    together: dict[tuple[int, ...], list[str]] = {}
    for name, state in states.items():
        if state.mask is None:
            together.setdefault(tuple(state.values.shape[1:]), []).append(name)
    advanced = {name: advance(stage, s) for name, s in states.items() if s.mask is not None}
    for names in together.values():
        values = [states[name].values for name in names]
        joined = values[0] if len(values) == 1 else torch.cat(values)
        parts = torch.split(advance(stage, State(joined)).values, [len(part) for part in values])
        advanced.update(zip(names, map(State, parts), strict=True))
    return {name: advanced[name] for name in states}


def _shapes(stages: nn.ModuleList, state: State, source: str) -> tuple[tuple[int, ...], ...]:
    """Shapes of a row before the first stage and after each."""
    training = stages.training
    stages.eval()
    shapes = [feature_shape(state.values)]
    try:
        with torch.no_grad():
            for stage in stages:
                state = advance(stage, state)
                shapes.append(feature_shape(state.values))
    except ParameterError:
        raise
    except Exception as error:  # whatever a module of the user's own raises
        raise ParameterError(_misfit(stages, shapes, source, error)) from error
    finally:
        stages.train(training)
    return tuple(shapes)


def _misfit(
    stages: nn.ModuleList, shapes: list[tuple[int, ...]], source: str, error: Exception
) -> str:
    """Which stage cannot take which rows, what it takes, and what it said."""
    position, shape = len(shapes) - 1, shapes[-1]
    if position == 0:
        start = f"The `encoder` parameter must take rows of shape {shape}, as source {source!r} has them."
    else:
        start = (
            "The `encoder` parameter must have stages of which each takes what the one before gives. "
            f"Stage {position + 1} of {len(stages)} cannot take rows of shape {shape} from stage "
            f"{position}, for source {source!r}."
        )
    takes = next((t for layer in stages[position].modules() if (t := _takes(layer))), None)
    fits = "" if takes is None else f" It takes {takes}."
    return f"{start}{fits} The module said: {reason(error, named=False)}."


def _takes(layer: nn.Module) -> str | None:
    """What a layer states of its inputs."""
    for name, unit in (("in_features", "features"), ("in_channels", "channels")):
        if isinstance(getattr(layer, name, None), int):
            return f"{getattr(layer, name)} {unit}"
    return None
