"""The networks that are compared by default: the encoder that suits the tasks, an ensemble, a CNN."""

from __future__ import annotations

from polytask._listing import first_and_more
from polytask.architectures import HardSharing
from polytask.data import MultiTaskDataset, Source
from polytask.encoders import CNN, PackedMLP, TabM
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import Kind, TaskSet
from polytask.training import Trainer

__all__ = [
    "ensemble_note",
    "form_note",
    "has_images",
    "table_networks",
    "usual_encoder",
]

_FEWEST_ROWS, _MANY_ROWS = 500, 4000
_MOST_TASKS = 40
_MANY_NUMBERS = 9
_MOST_IMAGE_TASKS = 10
_IMAGE_WIDTHS = (16, 32, 64)
_SMALL_BATCH = 16


def usual_encoder(tasks: TaskSet) -> tuple[str, dict[str, str]] | None:
    """What a network that is named without an encoder gets by default, if it is not `MLP`.

    Returns
    -------
    tuple or None
        The name of the encoder, and settings of the network by their paths, as they are written in
        names.

    Examples
    --------
    >>> from polytask.learners._table_networks import usual_encoder
    >>> from polytask.tasks import TaskSet, Task
    >>> usual_encoder(TaskSet([Task("slots", "tokens")]))
    ('lstm', {})
    """
    if _of_form(tasks, "map"):
        widths = ",".join(map(str, _IMAGE_WIDTHS))
        return "u_net", {"batch_size": str(_SMALL_BATCH), "encoder.widths": widths}
    return ("lstm", {}) if _of_form(tasks, "sequence") else None


def _of_form(tasks: TaskSet | None, form: str) -> list[str]:
    return [
        task.name for task in tasks or () if isinstance(task.kind, Kind) and task.kind.form == form
    ]


def form_note(tasks: TaskSet) -> str | None:
    """A sentence on networks with `LSTM` or `UNet`, if they are the default: why, and the remedy."""
    for form, encoder, places, other in (
        ("map", "u_net", "pixels of images", "u_net(widths=(32,64,128,256))"),
        ("sequence", "lstm", "steps of rows", "transformer"),
    ):
        if names := _of_form(tasks, form):
            label = "labels" if len(names) == 1 else "label"
            return (
                f"Networks have the encoder {encoder} by default, since {first_and_more(names)} {label} "
                f"the {places}. Choose another by --encoder, such as {other}, or after the name of a "
                f"network: hard_sharing+{other}."
            )
    return None


def has_images(data: MultiTaskDataset) -> bool:
    """Whether every source has images, all of one height and width."""
    return all(len(_image_sizes(source)) == 1 for source in data.sources)


def _image_sizes(source: Source) -> set[tuple[int, ...]]:
    shapes = [getattr(dtype, "shape", ()) for dtype in source.inputs.schema.values()]
    return {tuple(shape[1:]) for shape in shapes if len(shape) == 3}


def table_networks(
    tasks: TaskSet | None, n_rows: int | None, *, images: bool = False
) -> list[MultiTaskNetwork]:
    """Joint networks compared by default: an ensemble on tables of some size, a CNN on images.

    It is a narrow `PackedMLP` below 4000 rows, where its single-task baseline takes little time. Above
    it is `PackedMLP` where all targets are numbers (with more than 8 of them of half the width and
    three layers, since the baseline has a network for each), otherwise `TabM`. On fewer than 500 rows,
    and with more than 40 tasks, there is none, and none where steps of rows or pixels are
    labelled. With images it is a small `CNN` for up to 10 tasks, since the baseline has a network for
    each, and none for more.

    Parameters
    ----------
    tasks : TaskSet, optional
    n_rows : int, optional
        Of all tables; none are named without it.
    images : bool
        Whether every source has images.

    Examples
    --------
    >>> from polytask.learners._table_networks import table_networks
    >>> from polytask.tasks import Kind, TaskSet, Task
    >>> [network.name for network in table_networks(TaskSet([Task("y", "regression")]), 5000)]
    ['hard_sharing+packed_mlp']
    """
    if _of_form(tasks, "sequence") or _of_form(tasks, "map"):
        return []
    if images:
        few = tasks is not None and n_rows is not None and len(tasks) <= _MOST_IMAGE_TASKS
        return [_convolutional()] if few else []
    if tasks is None or n_rows is None or n_rows < _FEWEST_ROWS or len(tasks) > _MOST_TASKS:
        return []
    if n_rows < _MANY_ROWS:
        return [_packed(64, 64)]
    if not all(isinstance(task.kind, Kind) and task.kind.numeric for task in tasks):
        return [MultiTaskNetwork(HardSharing(TabM()))]
    if len(tasks) < _MANY_NUMBERS:
        return [MultiTaskNetwork(HardSharing(PackedMLP()))]
    return [_packed(128, 128, 128)]


def ensemble_note(tasks: TaskSet, n_rows: int, *, images: bool = False) -> str | None:
    """A sentence on the ensemble or CNN that is compared by default: why, and how to leave it out.

    None where there is none.

    Parameters
    ----------
    tasks : TaskSet
    n_rows : int
        Of all tables.
    images : bool
        Whether every source has images.
    """
    networks = table_networks(tasks, n_rows, images=images)
    names = [network.name for network in networks if network.serves(tasks)]
    if not names:
        return None
    if images:
        return (
            f"{names[0]}, a convolutional network, is compared by default, since all rows have images; "
            "the other learners read a coarse grid of them. To leave it out, name the learners with "
            "--model (learners= in Python)."
        )
    count = f"{len(tasks)} task{'s' * (len(tasks) > 1)}"
    return (
        f"{names[0]}, an ensemble inside one network, is compared by default, since there are {n_rows:,} "
        f"rows (at least {_FEWEST_ROWS}) and {count} (at most {_MOST_TASKS}). To leave it out, name the "
        "learners with --model (learners= in Python)."
    )


def _packed(*widths: int) -> MultiTaskNetwork:
    network = MultiTaskNetwork(HardSharing(PackedMLP(widths=widths)))
    return network.with_detail(f"widths={','.join(map(str, widths))}")


def _convolutional() -> MultiTaskNetwork:
    """A small network for images, with small batches, since it takes long for each row."""
    trainer = Trainer(batch_size=64)
    network = MultiTaskNetwork(HardSharing(CNN(widths=_IMAGE_WIDTHS)), trainer)
    widths = ",".join(map(str, _IMAGE_WIDTHS))
    return network.with_detail(f"batch_size={trainer.batch_size},widths={widths}")
