"""A head or tower per task, and a router that finds the task of a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from torch import Tensor

from polytask._listing import first_names
from polytask._validation import Constraint, Interval, Optional
from polytask.architectures._branches import branched_after
from polytask.architectures._branching_network import BranchingNetwork
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._task_router import TaskRouter
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.encoders._pooling import pooled_width
from polytask.exceptions import ParameterError
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["Routed"]


@dataclass(frozen=True)
class Routed(EncoderArchitecture):
    r"""A head or tower per task, and a router that finds the task of rows that do not name it.

    .. math:: s_k = V_k g_k(f(x)) + b_k, \qquad P(\mathrm{task} = k \mid x) \propto
              \exp(u_k^\top f(x) + c_k)

    with shared stages f and later stages :math:`g_k` of each task, if any. Each row belongs to
    one task, such as a domain, a school or a kind of device. A row that names its task is
    answered by that task. Of others, `FittedPredictor.predict` gives the probability of every
    task, the likeliest task and its answer. The router learns the tasks of the training rows
    together with the tasks: its mean cross-entropy, by its strength, is added after balancing.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    shared_stages : int, optional
        How many of the encoder's stages all tasks share, from the inputs up; the router reads what
        they give, and every task has its own copy of those after. All stages by default.
    routing : float in (0, inf), default 0.1
        Strength of the router's loss.

    Raises
    ------
    ParameterError
        From `build`, if `shared_stages` is more than the encoder has, or if rows of a source have
        labels of several tasks, all of which answer each row.

    Notes
    -----
    Deviations from Expert Gate: its gate is an autoencoder per task, the least error of which
    names the task, so that tasks can be added one after another; here tasks are learned together,
    and the gate is a linear classifier of shared features. Its experts are networks of their own;
    here they share the first stages.

    Row weights and missing labels do not concern the router, which goes on learning from the rows
    of tasks that have stopped early. Probabilities are those among the rows that training drew, in
    which a task may be more frequent than later. Where each table has one task, its rows name it by
    their table, and there is no router.

    References
    ----------
    Aljundi, Chakravarty and Tuytelaars, "Expert Gate: lifelong learning with a network of
    experts", CVPR 2017.

    Examples
    --------
    >>> from polytask.architectures import Routed
    >>> from polytask.encoders import MLP
    >>> Routed(MLP((64, 64)), shared_stages=1).routing
    0.1
    """

    shared_stages: int | None = None
    routing: float = 0.1

    one_task_per_row: ClassVar[bool] = True
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "routing": Range(1e-3, 1.0, log=True, default=0.1),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "shared_stages": Optional(Interval(int, 0)),
        "routing": Interval(float, 0.0, closed="neither"),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the shared stages, the tasks' copies of later ones, the heads and the router."""
        for name, schema in schemas.items():
            if not schema.own_rows and len(schema.targets) > 1:
                raise ParameterError(_refusal(name, schema))
        return RoutedNetwork(self, encoder, schemas, tasks)


class RoutedNetwork(BranchingNetwork):
    """The module of `Routed`.

    Attributes
    ----------
    router : TaskRouter, optional
        Where rows of a source each belong to one of several tasks.
    """

    def __init__(
        self, recipe: Routed, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> None:
        partitions = partial(branched_after, "Routed", recipe.shared_stages, tasks)
        super().__init__("Routed", encoder, schemas, tasks, partitions)
        router = TaskRouter(pooled_width(self.shape), schemas, tasks)
        self.router = router if router.sources else None
        self.routing, self.routed_sources = recipe.routing, router.sources

    def route(self, batch: Batch) -> Mapping[str, Tensor]:
        """Scores of the tasks that rows may belong to, (n, n_tasks of the source)."""
        router, features = self.router, self.features(batch)
        routed = [name for name in self.routed_sources if name in batch]
        return {name: router(name, features[name]) for name in routed if router is not None}

    def strengths(self) -> Mapping[str, float]:
        """That of the router's loss."""
        return {"routing": self.routing}

    @property
    def has_batch_penalty(self) -> bool:
        """Whether there is a router."""
        return self.router is not None

    def batch_penalty(self, features: Mapping[str, State], raw: Raw, batch: Batch) -> Tensor | None:
        """The router's loss, by its strength."""
        del raw
        loss = None if self.router is None else self.router.loss(features, batch)
        return None if loss is None else self.routing * loss


def _refusal(source: str, schema: Schema) -> str:
    names = first_names(schema.targets)
    return (
        f"Routed needs rows that each belong to one task. Those of source {source!r} have labels of "
        f"several, {names}, all of which answer each row, so that there is nothing to route. Name "
        "the column that holds each row's task (--task-column), or choose hard_sharing or mmoe."
    )
