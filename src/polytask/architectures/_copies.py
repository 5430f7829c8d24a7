"""Equal modules with parameters of their own, run as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import stack_module_state

from polytask.architectures._copied_inputs import CopyInputs, has_own_masks, map_tensors
from polytask.architectures._copies_trial import same_features, ties_tensors
from polytask.architectures._one_by_one import run_alike, run_apart
from polytask.architectures._out_of_place import out_of_place
from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._size_groups import SizeGroup, gathered, scattered, size_groups
from polytask.architectures._stacked_pass import StackedPass
from polytask.encoders import MaskedStage, State
from polytask.encoders._layers import matrices_of
from polytask.exceptions import ParameterError

__all__ = ["Copies"]


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
        copies. They determine whether the modules can be batched.
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
        sample: CopyInputs,
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
        self._pass = StackedPass(modules[0], self.n_copies)
        self._n_numbers = sum(parameter.numel() for parameter in modules[0].parameters())
        self._names = {_flat(name): name for name in parameters}
        self._buffer_names = {_flat(name): name for name in buffers}
        features = None
        if together and not any(map(ties_tensors, modules)):
            rows = self._rows_of_all(sample)

            def batched() -> Any:
                return self._batched(parameters, buffers, rows, self.apart, options)

            own_masks = has_own_masks(rows, self.apart)
            one_by_one = partial(run_alike, modules, sample, options, own_masks=own_masks)
            features = same_features(batched, one_by_one, [self, *modules], buffers)
        self.stacked, self._gives_tensors = features is not None, isinstance(features, Tensor)
        if self.stacked and not self.groups:
            for flat, name in self._names.items():
                trained = parameters[name].requires_grad
                stacked = parameters[name].detach().clone()
                self.register_parameter(flat, nn.Parameter(stacked, requires_grad=trained))
            saved = modules[0].state_dict().keys()
            for flat, name in self._buffer_names.items():
                self.register_buffer(flat, buffers[name].detach().clone(), persistent=name in saved)
        else:
            self.members = nn.ModuleList(modules)

    def _rows_of_all(self, sample: CopyInputs) -> CopyInputs:
        """The sample as all copies together take it."""
        if not self.apart:
            return sample
        rows: CopyInputs = map_tensors(sample, lambda p: p.expand(self.n_copies, *p.shape))
        return rows

    def _batched(
        self,
        parameters: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        inputs: CopyInputs,
        apart: bool,
        options: Mapping[str, Any],
    ) -> Any:
        return self._pass(parameters, buffers, inputs, apart, options, training=self.training)

    def forward(
        self,
        inputs: CopyInputs,
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
            With `apart`: how many rows of each copy count. Modules that run one after another, whose
            result may depend on the batch as a whole, do not receive the others, whose features are 0.
        members : sequence of int, optional
            The copies that run, where not all do.
        apart : bool, optional
            As in the constructor, for this call.
        **options
            What the modules take beside the inputs, the same for all.
        """
        apart = self.apart if apart is None else apart
        if not self.stacked:
            chosen = [
                self.members[i] for i in (range(self.n_copies) if members is None else members)
            ]
            if apart:
                return run_apart(chosen, inputs, sizes, options)
            return run_alike(chosen, inputs, options)
        if apart and sizes is not None and isinstance(inputs, Mapping) and self._can_group:
            groups = size_groups(sizes, self._n_numbers)
            if groups:
                return self._by_size(inputs, groups, members, options)
        own, buffers = self._of(self._names, members), self._of(self._buffer_names, members)
        return self._batched(own, buffers, inputs, apart, options)

    @property
    def _can_group(self) -> bool:
        """Whether copies may run in several passes: they are one tensor, and so are features."""
        return self._gives_tensors and not self.groups

    def _by_size(
        self,
        inputs: Mapping[str, Tensor],
        groups: Sequence[SizeGroup],
        members: Sequence[int] | None,
        options: Mapping[str, Any],
    ) -> Tensor:
        """Features of all copies, of which those with similar numbers of rows run in one pass."""
        some = next(iter(inputs.values()))
        places = [torch.tensor(group.places, device=some.device) for group in groups]
        among = places
        if members is not None:
            of_all = torch.tensor(members, device=some.device)
            among = [of_all[own] for own in places]
        stacked = {name: getattr(self, flat) for flat, name in self._names.items()}
        buffers = {name: getattr(self, flat) for flat, name in self._buffer_names.items()}
        parts = [
            self._batched(
                own,
                own_buffers,
                {n: part[at, : group.width] for n, part in inputs.items()},
                True,
                options,
            )
            for group, at, own, own_buffers in zip(
                groups, places, _by_group(stacked, among), _by_group(buffers, among), strict=True
            )
        ]
        per_row = parts[0].shape[1] // groups[0].width  # of ensembles, the members
        return scattered(parts, places, len(some), some.shape[1] * per_row)

    def _of(self, names: Mapping[str, str], members: Sequence[int] | None) -> dict[str, Tensor]:
        """Tensors of all copies or of some, stacked, by their name in one copy."""
        if not self.groups:
            tensors = {name: getattr(self, flat) for flat, name in names.items()}
            if members is None:
                return tensors
            device = next(iter(tensors.values())).device if tensors else None
            places = torch.tensor(members, device=device)
            return {name: tensor.index_select(0, places) for name, tensor in tensors.items()}
        chosen = self.members if members is None else [self.members[i] for i in members]
        own = [{**dict(m.named_parameters()), **dict(m.named_buffers())} for m in chosen]
        return {name: torch.stack([tensors[name] for tensors in own]) for name in names.values()}

    def states(self) -> list[dict[str, Tensor]]:
        """Parameters and buffers of every copy, by their names in one copy."""
        if not self.stacked or self.groups:
            return [{**dict(m.named_parameters()), **dict(m.named_buffers())} for m in self.members]
        tensors = {**self._of(self._names, None), **self._of(self._buffer_names, None)}
        return [{name: t[k] for name, t in tensors.items()} for k in range(self.n_copies)]

    @property
    def template(self) -> nn.Module:
        """A module of the structure of all copies, without values."""
        return self._pass.template

    def stacked_names(self) -> dict[str, str]:
        """Names in one copy of the parameters that hold those of all copies; none if apart."""
        return dict(self._names) if self.stacked and not self.groups else {}

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
        modules = self._pass.template.named_modules()
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


def _by_group(stacked: Mapping[str, Tensor], places: Sequence[Tensor]) -> list[dict[str, Tensor]]:
    """Tensors of each group of copies by name."""
    parts = {name: gathered(tensor, places) for name, tensor in stacked.items()}
    return [{name: of_groups[k] for name, of_groups in parts.items()} for k in range(len(places))]


def _takes_state(module: nn.Module) -> bool:
    chain = module if isinstance(module, nn.Sequential) else [module]
    return any(isinstance(part, MaskedStage) for part in chain)


def _flat(name: str) -> str:
    return name.replace(".", "__")
