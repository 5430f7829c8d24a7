"""A tree of stages that is given by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from polytask._validation import Constraint, Each, InstanceOf, Optional
from polytask.architectures._branches import Partition, branched_at
from polytask.architectures._branching_network import BranchingNetwork
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.exceptions import ParameterError
from polytask.tasks import TaskSet, partition_problem

__all__ = ["Branching"]


@dataclass(frozen=True)
class Branching(EncoderArchitecture):
    """A trunk that branches: at every stage, groups of tasks share a copy of it, or skip it.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    groups : tuple of tuple of tuple of str, optional
        For each stage of the encoder, from the inputs up, the groups of tasks that share a copy of
        it, each a tuple of names. Every stage names every task once, and tasks that part stay
        apart. By default all tasks share all stages but the last, of which each has its own. On
        the command line: ``--set groups=((a,b,c)),((a,b),(c))``.
    skips : tuple of tuple of str, optional
        For each stage, the tasks that skip it and stand in none of its groups: their rows go on as
        they are. The stage must leave the shape of a row as it is. None by default.
    rejoin : bool, default False
        Whether tasks that have parted, or of which one has skipped a stage, may share copies of
        later stages. They share the weights then, and each runs them on its own rows.

    Raises
    ------
    ParameterError
        If there are not as many partitions as stages, one of them leaves out a task, repeats it
        or names another, tasks that have parted meet again without `rejoin`, or tasks skip a stage
        that changes the shape of a row.

    References
    ----------
    Lu et al., "Fully-adaptive feature sharing in multi-task networks with applications in person
    attribute classification", CVPR 2017. Vandenhende et al., "Branched multi-task networks:
    deciding what layers to share", BMVC 2020.

    Examples
    --------
    All tasks share the first stage, rent and price the second as well:

    >>> from polytask.architectures import Branching
    >>> from polytask.encoders import MLP
    >>> tree = ((("rent", "price", "sold"),), (("rent", "price"), ("sold",)))
    >>> Branching(MLP((64, 64)), groups=tree).groups[1]
    (('rent', 'price'), ('sold',))
    """

    groups: tuple[tuple[tuple[str, ...], ...], ...] | None = None
    skips: tuple[tuple[str, ...], ...] | None = None
    rejoin: bool = False

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "groups": Optional(Each(Each(Each(InstanceOf((str,)), minimum=1)))),
        "skips": Optional(Each(Each(InstanceOf((str,))))),
        "rejoin": InstanceOf((bool,)),
    }

    def refuses(self, tasks: TaskSet) -> str | None:
        """What is wrong with the groups of these tasks, if anything."""
        n_stages = len(self.groups or ())
        if self.skips is not None and len(self.skips) != n_stages:
            sentence = (
                "The `skips` parameter of Branching must have an entry for each partition of `groups`, "
                f"of which there are {n_stages}. Got {len(self.skips)} instead."
            )
            return sentence
        skips = self.skips or ((),) * n_stages
        problems = (
            _problem(stage, groups, skipping, tasks)
            for (stage, groups), skipping in zip(self._numbered(), skips, strict=True)
        )
        problem = next((problem for problem in problems if problem), None)
        return problem or (None if self.rejoin else self._met_again())

    def alone(self) -> Branching:
        """The same stages without groups, of which one task has none."""
        return replace(self, groups=None, skips=None)

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the tree of stages and the heads."""
        problem = self.refuses(tasks)
        if problem is not None:
            raise ParameterError(problem)
        partitions = partial(self._partitions, tasks)
        return BranchingNetwork("Branching", encoder, schemas, tasks, partitions)

    def _partitions(self, tasks: TaskSet, n_stages: int) -> Sequence[Partition]:
        if self.groups is None:
            return branched_at(max(n_stages - 1, 0), n_stages, tasks)
        if len(self.groups) != n_stages:
            sentence = (
                "The `groups` parameter of Branching must have a partition of the tasks for each "
                f"stage of the encoder, {n_stages}. Got {len(self.groups)} instead."
            )
            raise ParameterError(sentence)
        return self.groups

    def _numbered(self) -> Sequence[tuple[int, Partition]]:
        return list(enumerate(self.groups or (), 1))

    def _met_again(self) -> str | None:
        """The first two tasks that are apart at one stage and together at a later one."""
        paths: dict[str, tuple[int, ...]] = {}
        for stage, partition in self._numbered():
            for names in partition:
                first = names[0]
                other = next((n for n in names if paths.get(n) != paths.get(first)), None)
                if other is not None:
                    return (
                        "The `groups` parameter of Branching must keep tasks apart once they have "
                        f"parted. Got {first!r} and {other!r} apart before stage {stage} and "
                        "together at it; with `rejoin` they share its weights, not its input."
                    )
            group_of = {name: i for i, names in enumerate(partition) for name in names}
            known = {name for names in partition for name in names} | set(paths)
            paths = {name: (*paths.get(name, ()), group_of.get(name, -1)) for name in known}
        return None


def _problem(stage: int, groups: Partition, skipping: Sequence[str], tasks: TaskSet) -> str | None:
    """What is wrong with the groups of one stage."""
    problem = partition_problem([*groups, skipping], tasks.names)
    start = "The `groups` parameter of Branching must name every task once at every stage."
    return None if problem is None else f"{start} Stage {stage} {problem}"
