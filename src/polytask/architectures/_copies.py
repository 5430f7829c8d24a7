"""Equal modules with parameters of their own, run as one."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from polytask.architectures._copies_trial import all_close, evaluating, ties_tensors
from polytask.architectures._out_of_place import out_of_place
from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._stacked_layers import is_common_chain, run_chain
from polytask.encoders import MaskedStage, State, advance
from polytask.encoders._layers import matrices_of
from polytask.exceptions import ParameterError

__all__ = ["Copies"]

Inputs = Tensor | Mapping[str, Tensor] | State


class Copies(Owner):
    """Equal modules whose parameters are stacked along a first axis and run in one batched pass.

    Experts, towers or networks of single tasks. Modules that cannot be batched over their
    parameters (batch normalisation with running statistics, recurrent layers, control flow that
    depends on data, layers with tied weights) are run one after another, as are those that would
    give something else in one pass.

    Parameters
    ----------
    modules : sequence of nn.Module
        Of one structure; their parameters are copied.
    sample : tensor, mapping of str to tensor, or State
        Two rows of inputs as one module takes them, also with `apart` without an axis over the
        copies. They tell whether the modules can be batched.
    apart : bool, default False
        Whether every copy takes inputs of its own, with a leading axis over the copies.
    tasks : sequence of str, optional
        The task that each copy belongs to; by default all tasks share all copies.
    groups : sequence of tuple of str, optional
        In place of `tasks`, the tasks that share each copy. Every copy then keeps tensors of its
        own, in `members`, which are stacked in every pass.
    together : bool, default True
        Whether to run them in one pass where that is possible.
    **options
        What the modules take beside the sample, the same for all.

    Attributes
    ----------
    stacked : bool
        Whether one batched pass serves all.

    Raises
    ------
    ParameterError
        If modules take a `State`, as a `polytask.encoders.MaskedStage` does, and `sample` is none.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from polytask.architectures import Copies
    >>> rows = torch.randn(5, 3)
    >>> experts = Copies([nn.Linear(3, 2) for _ in range(4)], rows)
    >>> experts(rows).shape
    torch.Size([4, 5, 2])
    """

    def __init__(
        self,
        modules: Sequence[nn.Module],
        sample: Inputs,
        *,
        apart: bool = False,
        tasks: Sequence[str] = (),
        groups: Sequence[tuple[str, ...]] = (),
        together: bool = True,
        **options: Any,
    ) -> None:
        super().__init__()
        if not isinstance(sample, State) and any(map(_takes_state, modules)):
            sentence = (
                "The `modules` parameter of Copies must be modules that map tensors to tensors. Got "
                "a MaskedStage, which needs a State; give a State as `sample`, or run the stage "
                "once, outside of the copies."
            )
            raise ParameterError(sentence)
        self.n_copies, self.apart, self.tasks = len(modules), apart, tuple(tasks)
        self.groups = tuple(groups)
        parameters, buffers = stack_module_state(list(map(out_of_place, modules)))
        self._template = (copy.deepcopy(modules[0]).to("meta"),)  # in a tuple: not a submodule
        self._is_chain = (
            is_common_chain(modules[0]) and next(modules[0].parameters(), None) is not None
        )
        self._names = {_flat(name): name for name in parameters}
        self._buffer_names = {_flat(name): name for name in buffers}
        can_stack = together and not any(map(ties_tensors, modules))
        self.stacked = can_stack and self._works(modules, parameters, buffers, sample, options)
        if self.stacked and not self.groups:
            for flat, name in self._names.items():
                trained = parameters[name].requires_grad
                stacked = parameters[name].detach().clone()
                self.register_parameter(flat, nn.Parameter(stacked, requires_grad=trained))
            for flat, name in self._buffer_names.items():
                self.register_buffer(flat, buffers[name].detach().clone())
        else:
            self.members = nn.ModuleList(modules)

    def _works(
        self,
        modules: Sequence[nn.Module],
        parameters: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        sample: Inputs,
        options: Mapping[str, Any],
    ) -> bool:
        """Whether one pass runs, leaves buffers as they are, and gives what the modules give."""
        rows = sample
        if self.apart:
            rows = _mapped(sample, lambda part: part.expand(self.n_copies, *part.shape))

        def batched() -> Any:
            return self._batched(parameters, buffers, rows, self.apart, options)

        before = {name: buffer.clone() for name, buffer in buffers.items()}
        with torch.random.fork_rng(devices=[]), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of operations without a batched form
            try:
                batched()
                if not all(torch.equal(before[name], buffers[name]) for name in before):
                    return False
                with evaluating([self, *modules]):  # dropout draws nothing
                    single = [_apply(module, sample, options) for module in modules]
                    joined = _joined(single, _has_own_masks(rows, self.apart))
                    return all_close(_tensors(batched()), _tensors(joined))
            except (RuntimeError, ValueError, NotImplementedError):
                return False

    def _batched(
        self,
        parameters: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        inputs: Inputs,
        apart: bool,
        options: Mapping[str, Any],
    ) -> Any:
        template = self._template[0].train(self.training)
        if self._is_chain and not options and isinstance(inputs, Tensor | State):
            return self._chained(template, parameters, inputs, apart)
        gives: list[bool] = []

        def run(own: Any, own_buffers: Any, own_inputs: Any) -> Any:
            def call(rows: Any) -> Any:
                return functional_call(template, (own, own_buffers), (rows,), dict(options))

            features = _called(template, call, own_inputs)
            gives.append(isinstance(features, State))
            return _leaves(features)

        in_dims: Any = (0, 0, _axes(inputs, apart))
        arrays = _leaves(inputs) if isinstance(inputs, State) else inputs
        leaves = vmap(run, in_dims=in_dims, randomness="different")(
            dict(parameters), dict(buffers), arrays
        )
        return _state_of(leaves, _has_own_masks(inputs, apart)) if gives[-1] else leaves

    def _chained(
        self, template: nn.Module, own: Mapping[str, Tensor], inputs: Tensor | State, apart: bool
    ) -> Tensor | State:
        """The same without vmap, which is slower for chains of common layers."""
        n_copies = len(next(iter(own.values()))) if own else self.n_copies
        if isinstance(inputs, Tensor):
            return run_chain(template, own, inputs, n_copies, apart=apart)
        values = run_chain(template, own, inputs.values, n_copies, apart=apart)
        return State(values, inputs.mask)

    def forward(
        self,
        inputs: Inputs,
        sizes: Sequence[int] | None = None,
        members: Sequence[int] | None = None,
        apart: bool | None = None,
        **options: Any,
    ) -> Any:
        """Features of every copy, (n_copies, n, …); a State where inputs or features are one.

        The mask of a sequence is the same for all copies, (n, l), unless it came with a leading
        axis over the copies.

        Parameters
        ----------
        inputs : tensor, mapping of str to tensor, or State
            The same for all copies; with `apart` they have a leading axis over the copies.
        sizes : sequence of int, optional
            With `apart`: of a copy's rows only so many count. Modules that run one after another,
            which may look at a batch as a whole, do not see the others, whose features are 0.
        members : sequence of int, optional
            The copies that run, where not all do.
        apart : bool, optional
            As in the constructor, for this call.
        **options
            What the modules take beside the inputs, the same for all.
        """
        apart = self.apart if apart is None else apart
        if not self.stacked:
            return self._one_by_one(inputs, sizes, members, apart, options)
        own, buffers = self._of(self._names, members), self._of(self._buffer_names, members)
        return self._batched(own, buffers, inputs, apart, options)

    def _of(self, names: Mapping[str, str], members: Sequence[int] | None) -> dict[str, Tensor]:
        """Tensors of all copies or of some, stacked, by their name in one copy."""
        if not self.groups:
            tensors = {name: getattr(self, flat) for flat, name in names.items()}
            return tensors if members is None else {n: t[members] for n, t in tensors.items()}
        chosen = self.members if members is None else [self.members[i] for i in members]
        own = [{**dict(m.named_parameters()), **dict(m.named_buffers())} for m in chosen]
        return {name: torch.stack([tensors[name] for tensors in own]) for name in names.values()}

    def _one_by_one(
        self,
        inputs: Inputs,
        sizes: Sequence[int] | None,
        members: Sequence[int] | None,
        apart: bool,
        options: Mapping[str, Any],
    ) -> Any:
        modules = [self.members[i] for i in (range(self.n_copies) if members is None else members)]
        if not apart:
            return _joined([_apply(module, inputs, options) for module in modules], False)
        n_rows = _n_rows(inputs)
        counts = [n_rows] * len(modules) if sizes is None else sizes
        features: list[Any] = [None] * len(modules)
        for i, size in enumerate(counts):
            if size or not any(counts):  # without any row, for the form of the features
                own = _rows_of_copy(inputs, i, size)
                rows = _apply(modules[i], own, options)
                features[i] = _mapped(rows, lambda part, size=size: _padded(part, n_rows - size))
        some = next(rows for rows in features if rows is not None)
        nothing = _mapped(some, torch.zeros_like)
        return _joined(
            [nothing if r is None else r for r in features], _has_own_masks(inputs, apart)
        )

    def states(self) -> list[dict[str, Tensor]]:
        """Parameters and buffers of every copy, by their names in one copy."""
        if not self.stacked or self.groups:
            return [{**dict(m.named_parameters()), **dict(m.named_buffers())} for m in self.members]
        tensors = {**self._of(self._names, None), **self._of(self._buffer_names, None)}
        return [{name: t[k] for name, t in tensors.items()} for k in range(self.n_copies)]

    def matrices(self) -> list[Tensor]:
        """The weight matrices of every copy, which initialisers draw one by one."""
        return [matrix for weight in self._weights() for matrix in weight.detach()]

    def biases(self) -> list[Tensor]:
        """The biases of layers that have weight matrices, stacked."""
        flat = {name.removesuffix("weight") + "bias" for name in self._weight_names()}
        return [p.detach() for name, p in self.named_parameters(recurse=False) if name in flat]

    def _weights(self) -> list[Tensor]:
        return [getattr(self, name) for name in self._weight_names()]

    def _weight_names(self) -> list[str]:
        """Names of stacked weight matrices; none where copies run one after another."""
        if not self.stacked or self.groups:
            return []
        modules = self._template[0].named_modules()
        names = [f"{name}.weight" if name else "weight" for name, m in modules if matrices_of(m)]
        return [_flat(name) for name in names]

    def owners(self) -> Sequence[Owned]:
        """Copy k belongs to the k-th of `tasks` or `groups`; without, all copies serve all."""
        if self.tasks and self.stacked:
            return owned_by(self, self.tasks, axis=0)
        groups = self.groups or [(name,) for name in self.tasks]
        return [
            owned
            for names, member in zip(groups, self.members if groups else (), strict=True)
            for owned in owned_by(member, names)
        ]


def _takes_state(module: nn.Module) -> bool:
    chain = module if isinstance(module, nn.Sequential) else [module]
    return any(isinstance(part, MaskedStage) for part in chain)


def _called(module: nn.Module, call: Callable[[Any], Any], inputs: Any) -> Any:
    """A module's answer to leaves of its inputs, a state's being a list of values and mask."""
    if not isinstance(inputs, list):
        return call(inputs)
    state = State(*inputs)
    if isinstance(module, MaskedStage):
        return call(state)
    return State(call(state.values), state.mask)


def _apply(module: nn.Module, inputs: Inputs, options: Mapping[str, Any]) -> Any:
    if isinstance(inputs, State):
        return advance(module, inputs)
    return module(inputs, **options)


def _leaves(features: Any) -> Any:
    """A tensor as it is, a state as a list of the tensors in it."""
    return (
        [part for part in features if part is not None] if isinstance(features, State) else features
    )


def _tensors(features: Any) -> list[Tensor]:
    """The tensors of features or of a state."""
    leaves = _leaves(features)
    return leaves if isinstance(leaves, list) else [leaves]


def _axes(inputs: Inputs, apart: bool) -> Any:
    """The axis over copies of every input."""
    axis = 0 if apart else None
    if not isinstance(inputs, State) or inputs.mask is None:
        return [axis] if isinstance(inputs, State) else axis
    return [axis, 0 if apart and _has_own_masks(inputs, apart) else None]


def _state_of(leaves: Sequence[Tensor], own_masks: bool) -> State:
    """A state of all copies; a mask of all copies alike without their axis."""
    if len(leaves) == 1:
        return State(leaves[0])
    values, mask = leaves
    return State(values, mask if own_masks else mask[0])


def _has_own_masks(inputs: Inputs, apart: bool) -> bool:
    """Whether masks of sequences differ between copies."""
    if isinstance(inputs, State) and inputs.mask is not None:
        return inputs.mask.ndim == 3
    return apart


def _joined(features: Sequence[Any], own_masks: bool) -> Any:
    """What copies gave one after another along a leading axis."""
    if isinstance(features[0], Tensor):
        return torch.stack(list(features))
    mask = features[0].mask
    if own_masks and mask is not None:
        mask = torch.stack([state.mask for state in features])
    return State(torch.stack([state.values for state in features]), mask)


def _rows_of_copy(inputs: Inputs, position: int, size: int) -> Any:
    """The first rows of one copy's own inputs."""
    if isinstance(inputs, State) and inputs.mask is not None and inputs.mask.ndim == 2:
        return State(inputs.values[position, :size], inputs.mask[:size])
    return _mapped(inputs, lambda part: part[position, :size])


def _n_rows(inputs: Inputs) -> int:
    """Rows of each copy, of inputs with a leading axis over the copies."""
    first = inputs.values if isinstance(inputs, State) else inputs
    return (first if isinstance(first, Tensor) else next(iter(first.values()))).shape[1]


def _padded(rows: Tensor, n_more: int) -> Tensor:
    return nn.functional.pad(rows, [0, 0] * (rows.ndim - 1) + [0, n_more])


def _mapped(inputs: Any, function: Callable[..., Tensor]) -> Any:
    if isinstance(inputs, Tensor):
        return function(inputs)
    if isinstance(inputs, State):
        mask = None if inputs.mask is None else function(inputs.mask)
        return State(function(inputs.values), mask)
    return {name: function(part) for name, part in inputs.items()}


def _flat(name: str) -> str:
    return name.replace(".", "__")
