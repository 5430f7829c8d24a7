"""Low-level tasks at lower stages, high-level tasks above and fed by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from torch import Tensor, nn

from polytask._validation import Constraint, InstanceOf
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._level_heads import Handover, LevelHeads, merged
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._owners import Owned, owned_by
from polytask.architectures._stages import Stages, advance_all
from polytask.architectures._task_order import has_no_order, order_note
from polytask.data import Batch, Schema
from polytask.encoders import MLP, Encoder, State, mean_pool
from polytask.encoders._pooling import pooled_width
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, SearchRange
from polytask.tasks import TaskSet

__all__ = ["Hierarchical"]


@dataclass(frozen=True)
class Hierarchical(EncoderArchitecture):
    r"""Low-level tasks answered at lower stages, high-level tasks above and fed by their scores.

    .. math:: h_d = \mathrm{stage}_d\big(h_{d-1} + E_d\, [s_k]_{k \text{ below}} + U_d\, h_0\big),
        \qquad s_k = V_k h_{d(k)} + b_k

    with the depth d(k) of task k. Label embeddings E of all lower scores and a shortcut U from the
    entry are added to the input of each stage right above one at which tasks are answered; nothing
    is added to that of other stages. Levels follow from ``Task(after=…)``; without any, tasks are
    low to high in the order given (and a note says so). L levels are spread over the S stages,
    level l at stage ⌈l S / L⌉, so that the highest is answered at the top.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP((256, 256, 256))
        Levels that follow from `Task.after` need a stage each. Tasks in the order given may share
        stages, and then do not feed each other.
    initializer : str, optional
        As in `HardSharing`.
    label_embedding : bool, default True
        Whether scores of lower tasks are added to the input of the next stage above each level; with
        dependencies, those of tasks that feed others.
    shortcut : bool, default True
        Whether the entry is added there, too.

    Raises
    ------
    ParameterError
        From `build`, if there are more levels of dependent tasks than stages.

    Notes
    -----
    The defaults are the joint many-task model; without label embeddings it is the hierarchical
    model of Sanh et al., without both that of Søgaard and Goldberg.

    Embeddings are added to the input of the next stage, where the papers concatenate; the raw
    scores are embedded and not their softmax. In sequences and maps the scores are those of the whole
    row, and so is the shortcut; scores of tasks that label steps are embedded step by step, before
    they are linked (`Tokens.crf`). All tasks train at once, so that there is no successive
    regularisation towards the parameters of the task trained before.

    References
    ----------
    Hashimoto et al., "A joint many-task model: growing a neural network for multiple NLP tasks",
    EMNLP 2017. Sanh et al., "A hierarchical multi-task approach for learning embeddings from
    semantic tasks", AAAI 2019. Søgaard and Goldberg, "Deep multi-task learning with low level tasks
    supervised at lower layers", ACL 2016.

    Examples
    --------
    >>> from polytask.architectures import Hierarchical
    >>> from polytask.encoders import MLP
    >>> Hierarchical(MLP((64, 64)), label_embedding=False).shortcut
    True
    """

    encoder: Encoder | Callable[..., Any] | str = field(
        default_factory=lambda: MLP((256, 256, 256))
    )
    label_embedding: bool = True
    shortcut: bool = True

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "label_embedding": Choices((True, False)),
        "shortcut": Choices((True, False)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "label_embedding": InstanceOf((bool,)),
        "shortcut": InstanceOf((bool,)),
    }

    def notes(self, tasks: TaskSet) -> Sequence[str]:
        """Which order of the tasks is assumed, if none is stated."""
        sentence = "Hierarchical takes the tasks low to high in the order given"
        return (order_note(sentence, tasks),) if has_no_order(tasks) else ()

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the network."""
        return HierarchicalNetwork(self, encoder, schemas, tasks)


class HierarchicalNetwork(EncoderNetwork):
    """The module of `Hierarchical`: stages of one encoder, and heads after some of them."""

    def __init__(
        self, recipe: Hierarchical, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> None:
        super().__init__("Hierarchical", encoder, schemas, tasks)
        self.stages = Stages(encoder, self.inputs)
        self.depths = depths_of(tasks, len(self.stages))
        self.levels, self.handovers = nn.ModuleDict(), nn.ModuleDict()
        feeding = {name for task in tasks for name in task.after} or set(tasks.names)
        n_scores, n_entry = 0, pooled_width(self.stages.shapes[0]) if recipe.shortcut else 0
        for depth in sorted(set(self.depths.values())):
            above = self._tasks_above(depth)
            shape = self.stages.shapes[depth]
            hand_on = feeding if recipe.label_embedding and above else set()
            at = [name for name in tasks.names if self.depths[name] == depth]
            fed, ends = [n for n in at if n in hand_on], [n for n in at if n not in hand_on]
            groups = [(fed, above), (ends, ())]
            levels = [
                LevelHeads(self.blocks, tasks, shape, *group, n_members=self.n_members)
                for group in groups
                if group[0]
            ]
            self.levels[str(depth)] = nn.ModuleList(levels)
            n_scores += sum(level.n_scores for level in levels if level.above)
            if above and n_scores + n_entry:
                self.handovers[str(depth)] = Handover(n_scores, n_entry, pooled_width(shape), above)

    def _tasks_above(self, depth: int) -> tuple[str, ...]:
        return tuple(name for name in self.tasks.names if self.depths[name] > depth)

    def forward(self, batch: Batch) -> Raw:
        """Raw scores of every block, stage by stage."""
        states: Mapping[str, State] = self.inputs(batch)
        entries = {name: mean_pool(state) for name, state in states.items()}
        handed: dict[str, list[State]] = {name: [] for name in states}
        answers: dict[tuple[str, str], list[tuple[LevelHeads, Tensor]]] = {}
        for depth in range(len(self.stages) + 1):
            if depth:
                states = advance_all(self.stages[depth - 1], states)
            if str(depth) not in self.levels:
                continue
            for name, state in states.items():
                for level in cast("Iterable[LevelHeads]", self.levels[str(depth)]):
                    scores = level(state)
                    handed[name] += level.handed(scores, state.mask) if level.above else ()
                    for block in (b for b in level.blocks if name in b.sources):
                        own = level.of_source(
                            scores[block.name], name, block.name, state, batch[name]
                        )
                        answers.setdefault((name, block.name), []).append((level, own))
            if str(depth) in self.handovers:
                hand = self.handovers[str(depth)]
                states = {n: hand(state, handed[n], entries[n]) for n, state in states.items()}
        members = {block.name: block for block in self.blocks}
        return {
            key: merged(members[key[1]].tasks_in(key[0]), parts, batch[key[0]].task)
            for key, parts in answers.items()
        }

    def owners(self) -> list[Owned]:
        """Stage d serves the tasks that are answered at it or above."""
        stated = [
            owned
            for depth, stage in enumerate(self.stages)
            for owned in owned_by(stage, self._tasks_above(depth))
        ]
        own = {id(owned.tensor) for owned in stated}
        return [*stated, *(owned for owned in super().owners() if id(owned.tensor) not in own)]


def depths_of(tasks: TaskSet, n_stages: int) -> dict[str, int]:
    """The stages after which each task is answered.

    Raises
    ------
    ParameterError
        If there are more levels of dependent tasks than stages.

    Examples
    --------
    >>> from polytask import TaskSet
    >>> from polytask.architectures._hierarchical import depths_of
    >>> depths_of(TaskSet(["tags", "chunks", "meaning"]), 2)
    {'tags': 1, 'chunks': 2, 'meaning': 2}
    """
    levels = tasks.levels() if tasks.has_dependencies else tuple((name,) for name in tasks.names)
    if tasks.has_dependencies and len(levels) > n_stages:
        listed = "; ".join(", ".join(level) for level in levels)
        sentence = (
            "The `encoder` parameter of Hierarchical must have a stage for every level of tasks, of "
            f"which there are {len(levels)} ({listed}). Got {n_stages} "
            f"stage{'s' * (n_stages != 1)}; give more, such as an MLP of {len(levels)} "
            "widths, or leave out `after` of some tasks."
        )
        raise ParameterError(sentence)
    return {
        name: -(-(position + 1) * n_stages // len(levels))
        for position, level in enumerate(levels)
        for name in level
    }
