"""Loading of saved models."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from polytask._listing import first_names
from polytask._reason import reason
from polytask._recipes import from_json, plain_from_json
from polytask._trust import also_trusted, checked_trust, not_trusted, trusted_here
from polytask._untrusted import untrusted
from polytask.bookkeeping import History
from polytask.data import Schema, schema_from_json
from polytask.exceptions import BundleError, MissingDependencyError, UntrustedError
from polytask.predictor._code_named import code_named
from polytask.predictor._contents import REMEDY, Contents, read_contents, unnamed_files
from polytask.predictor._folder import MANIFEST, Manifest, read_manifest
from polytask.predictor._model import Model, model_class
from polytask.predictor._predictor import FittedPredictor
from polytask.predictor._preference import check_takes_preference
from polytask.predictor._schemas_at_thresholds import schemas_at_thresholds
from polytask.predictor._sources_to_predict import (
    check_sources,
    only_source,
    sources_to_predict,
)
from polytask.tasks import Task, TaskSet

__all__ = ["SavedModel", "load", "open_model"]


def load(folder: str | Path, trusted: str | Collection[str] = ()) -> FittedPredictor:
    """Read the model that `FittedPredictor.save` wrote, without running code from the folder.

    Parameters
    ----------
    folder : str or Path
    trusted : collection of str, optional
        Packages, modules or names in them whose code the model may use, such as
        ``["my_package"]`` for an encoder or an estimator of your own. They are imported. Without
        it only polytask's own classes and scikit-learn's estimators are instantiated, and the
        error for a model that names others says what to trust.

    Returns
    -------
    FittedPredictor
        Its predictions are bit-identical to those before saving. Its `notes` name files in the
        folder that the manifest does not list; they are not opened.

    Raises
    ------
    BundleError
        If the folder is no saved model, is incomplete, was altered, has an unknown version, or
        needs something that cannot be imported; the sentence names the file and the remedy.
    UntrustedError
        A BundleError: if the model names code that is neither polytask's own nor trusted.

    Notes
    -----
    For what this guarantees, and what digests cannot, see ``docs/security.md``.

    Examples
    --------
    >>> import polytask, tempfile
    >>> from polytask.datasets import make_related_regression
    >>> data, _ = make_related_regression(n_tasks=2, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     polytask.fit(data, "linear").save(f"{folder}/model")
    ...     polytask.load(f"{folder}/model").name
    'linear'
    """
    return open_model(folder, trusted).predictor()


def open_model(folder: str | Path, trusted: str | Collection[str] = ()) -> SavedModel:
    """Read and check the files of a saved model, without building the model itself.

    Parameters
    ----------
    folder : str or Path
    trusted : collection of str, optional
        As in `load`.

    Raises
    ------
    BundleError
        As in `load`.

    Examples
    --------
    >>> import polytask, tempfile
    >>> from polytask.datasets import make_related_regression
    >>> from polytask.predictor import open_model
    >>> data, _ = make_related_regression(n_tasks=2, seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     polytask.fit(data, "linear").save(f"{folder}/model")
    ...     open_model(f"{folder}/model").tasks.names
    ('task_0', 'task_1')
    """
    folder = Path(folder)
    names = checked_trust(trusted, "load")
    with _readable(folder):
        manifest = read_manifest(folder)
        notes = _notes(folder, unnamed_files(folder, {MANIFEST, *manifest.files}))
        contents = Contents(folder, read_contents(folder, manifest.files))
    with _rebuilt(contents, manifest, names), also_trusted(names):
        recipes = from_json(manifest.tasks)
        if not all(isinstance(task, Task) for task in recipes):
            raise BundleError(f"The tasks of {folder} are not all of them tasks.")
        tasks = TaskSet(recipes)
        schemas = {name: schema_from_json(schema) for name, schema in manifest.schemas.items()}
        _check_targets(folder, tasks, schemas)
        if not manifest.name.isprintable():
            raise BundleError(f"{folder}: the name {manifest.name!r} cannot be shown.")
    return SavedModel(tasks, schemas, notes, contents, manifest, names)


@dataclass(frozen=True, eq=False)
class SavedModel:
    """A saved model whose files were read and checked.

    Attributes
    ----------
    tasks : TaskSet
    schemas : mapping of source name to Schema
    notes : tuple of str
        On files in the folder that its manifest does not name.
    """

    tasks: TaskSet
    schemas: Mapping[str, Schema]
    notes: tuple[str, ...]
    _contents: Contents
    _manifest: Manifest
    _trusted: Collection[str]

    def check_sources(self, names: Collection[str]) -> None:
        """Raise if a name is no source of the model; without names, if it has several sources."""
        if not names:
            only_source(self.schemas)
        check_sources(names, self.schemas)

    def check(self, data: Any, tasks: Iterable[str] | str | None = None) -> None:
        """Raise the errors that `FittedPredictor.predict` raises about the rows' columns and tasks."""
        sources_to_predict(data, self.schemas, self.tasks, tasks, self._manifest.routed)

    def check_takes_preference(self) -> None:
        """Raise the error that `FittedPredictor.predict` raises of a model without preferences."""
        check_takes_preference(self._manifest.takes_preference)

    def at_thresholds(self, thresholds: Mapping[str, float | Sequence[float]]) -> SavedModel:
        """The same model, deciding for events above these probabilities.

        As `FittedPredictor.at_thresholds`.
        """
        schemas = schemas_at_thresholds(self.tasks, self.schemas, thresholds)
        return replace(self, schemas=schemas)

    def predictor(self) -> FittedPredictor:
        """Build the model; a network loads torch."""
        folder, manifest = self._contents.folder, self._manifest
        with _rebuilt(self._contents, manifest, self._trusted), also_trusted(self._trusted):
            model = model_class(manifest.model).load(self._contents, self.tasks, self.schemas)
            _check_abilities(folder, manifest, model)
            history = plain_from_json(manifest.history)
            return FittedPredictor(
                self.tasks,
                self.schemas,
                model,
                None if history is None else History.from_dict(history),
                manifest.name,
                folder=folder,
                notes=self.notes,
            )


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    """Turn errors of the file system into a BundleError that names the file."""
    try:
        yield
    except OSError as error:
        name = folder if error.filename is None else error.filename
        sentence = f"{name} cannot be read: {error.strerror or error}."
        raise BundleError(sentence) from error


@contextmanager
def _rebuilt(contents: Contents, manifest: Manifest, trusted: Collection[str]) -> Iterator[None]:
    """Turn errors in the block into a BundleError, or one that names all untrusted code."""
    try:
        yield
    except UntrustedError as error:
        named = code_named(manifest.tasks, manifest.model, contents.files)
        strange = not_trusted(named, (*trusted_here(), *trusted))
        if len(strange) > 1 and any(":" in name for name in strange):  # estimators have their own
            raise UntrustedError(untrusted(strange)) from error
        raise
    except BundleError:
        raise
    except MissingDependencyError as error:
        raise BundleError(f"{contents.folder} needs more than is installed. {error}") from error
    except Exception as error:
        sentence = (
            f"{contents.folder} is whole, but the model cannot be rebuilt from it "
            f"({reason(error)}). It was saved with {_versions(manifest)}: install these versions, "
            "or fit the model again."
        )
        raise BundleError(sentence) from error


def _check_targets(folder: Path, tasks: TaskSet, schemas: Mapping[str, Schema]) -> None:
    """Raise unless every task has a fitted target of its kind, and every target a task."""
    for name, schema in schemas.items():
        if schema.source != name:
            raise BundleError(f"{folder}: source {name!r} has the schema of another source.")
        for task, target in schema.targets.items():
            if not tasks[task].known_kind.accepts(target):
                sentence = (
                    f"{folder}: what was learned of task {task!r} in source {name!r} does not fit "
                    f"its kind, {tasks[task].known_kind.name}."
                )
                raise BundleError(sentence)
    carried = {task for schema in schemas.values() for task in schema.targets}
    missing = [name for name in tasks.names if name not in carried]
    if missing:
        raise BundleError(f"{folder}: no source carries task {missing[0]!r}.")


def _check_abilities(folder: Path, manifest: Manifest, model: Model) -> None:
    """Raise unless the model can do what the manifest says, which is read before the model is."""
    if set(manifest.routed) != set(model.routed_sources):
        what = "the sources for which it has a router"
    elif manifest.takes_preference != model.takes_preference:
        what = "whether it takes a preference"
    else:
        return
    raise BundleError(f"{folder}: {MANIFEST} and the model do not agree on {what}. {REMEDY}")


def _notes(folder: Path, unnamed: list[str]) -> tuple[str, ...]:
    if not unnamed:
        return ()
    shown = first_names(name if name.isprintable() else repr(name) for name in unnamed)
    those = "it was" if len(unnamed) == 1 else "they were"
    return (f"{folder} also holds {shown}, which its manifest does not name; {those} not opened",)


def _versions(manifest: Manifest) -> str:
    versions = ", ".join(f"{package} {version}" for package, version in manifest.versions.items())
    return versions if versions.isprintable() and len(versions) < 200 else "other packages"
