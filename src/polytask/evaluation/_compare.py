"""`compare`: whether joint training helps, and which model to use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Splitter
from polytask.evaluation._comparison import Comparison
from polytask.evaluation._study import judged_study
from polytask.evaluation.running._candidates import LearnersLike
from polytask.evaluation.running._plan import fit_candidates
from polytask.executors import Executor

__all__ = ["compare"]


def compare(
    data: MultiTaskDataset,
    learners: LearnersLike = None,
    *,
    twins: bool = False,
    split: Splitter | str | None = None,
    seeds: int | Sequence[int] = 3,
    budget: Budget | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    out: str | Path | None = None,
    quiet: bool = False,
    device: str | None = None,
    precision: str | None = None,
    trusted: str | Collection[str] = (),
    notes: Sequence[str] = (),
) -> Comparison:
    """Train tasks jointly and separately under one budget, and report which is better.

    Parameters
    ----------
    data : MultiTaskDataset
        As `polytask.read` gives it.
    learners : learners or their names, optional
        Such as ``["hard_sharing", "gradient_boosting"]``, also with settings, encoder and balancing
        as on the command line, such as ``"mmoe(n_experts=4)+tab_m+mgda"``; by default single-task
        and joint networks, on tables of at least 500 rows an ensemble inside one joint network,
        linear models and boosted trees. A network that is named without an encoder gets `LSTM`
        where a task labels the steps of rows, and a small `UNet` where one labels the pixels of
        images. The single-task self of every joint learner takes part in any case. Estimators of
        scikit-learn are cloned and fitted to each task; a regressor and a classifier in a tuple are
        one learner.
    twins : bool, default False
        Whether the twin of every joint network takes part too: a network of the same architecture
        for each task alone (`polytask.architectures.Separate`), as large and sharing nothing. The
        verdict says whether the joint network beats its twin: what is gained over it is gained by
        sharing.
    split : Splitter or str, optional
        Or as on the command line, such as ``"folds:5"`` or ``"time:COLUMN"``; by default the
        column that names train and test rows, else `RandomSplit()`. One that gives several splits
        is run with one seed each, whatever `seeds` says.
    seeds : int or sequence of int, default 3
        Runs of every learner on the one split, at most 10,000.
    budget : Budget, default Budget(trials=3)
        Steps of a run, and settings that every learner may try on each split, with the first seed.
    jobs : int, default 1
        Runs side by side, in worker processes: short for ``LocalExecutor(jobs)``.
    executor : polytask.executors.Executor, optional
        What carries out the runs, in place of `jobs`. It stays open: close it, or use it as a
        context manager.
    out : str or Path, optional
        Folder for records, predictions, models and ``comparison.json``. What is done there is
        not done again, so a comparison that was interrupted goes on where it stood, and learners
        or seeds can be added. Without it nothing is kept but what is returned. The report is
        written by `polytask.report.write_report`.
    quiet : bool, default False
        Show no progress, also on a terminal.
    device : str, optional
        Where networks are trained: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"auto"``, …; by default
        as each network's trainer says, whose `accelerator` it is.
    precision : str, optional
        Number format of networks in training: ``"32"``, ``"bf16"`` or ``"16"``, the last two mixed.
    trusted : collection of str, optional
        Packages whose code the models of the study may name, as in `polytask.load`. Code of the
        learners and tasks given here, and classes of models, need no mention.
    notes : sequence of str, optional
        Sentences that the report shows beside its own, such as why these learners were chosen.

    Returns
    -------
    Comparison
        `print` shows the table and the verdict; `chosen` is the model to use.

    Raises
    ------
    StudyError
        If `out` holds another study, or another process writes to it.
    ParameterError
        If a learner that was asked for is unknown, or it is plain before any run that it cannot
        learn the data.
    DataError
        If there are too few rows to split.
    DiskError
        If the disk is full, or `out` was removed meanwhile.
    WorkerError
        If a worker process cannot be started, or ends before its run does.
    PolytaskError
        What the first learner raised, if none of those asked for could be fitted.

    Notes
    -----
    - Settings, and which model to use, are chosen by validation rows alone. All settings are tried
      with the first seed of a split, and the other seeds run what was kept; where that gives no
      model with one of them, all are tried with that seed, too. A joint learner
      keeps one setting for all tasks; one whose tasks share nothing keeps a setting for each
      task that has at least 100 labelled validation rows, so that no baseline is tuned less
      than it could be.
    - Test rows are predicted once by every model that was kept, and never by the others.
    - Two learners are compared on the same test rows, by exchanging their predictions one unit (a
      row, or a group) at a time and by Student's t; the larger p counts. Seeds are a level of
      their own; over several splits the Nadeau–Bengio variance takes their place. No verdict is
      given where too few units could carry one.
    - A constant predictor takes part in every comparison. Where no learner is shown to beat it,
      none is recommended.
    - A learner that fails while it is fitted is left out, and `warnings` say why; the others go
      on. So are learners of the default set that cannot learn the tasks, and tasks of which the
      training rows of a split hold one class alone, or that have too few rows to be split.
    - p-values are corrected over tasks by Holm's method, and those of joint learners that
      validation rows do not prefer over these learners. Auxiliary tasks are reported and
      counted nowhere.

    Examples
    --------
    >>> import polytask
    >>> from polytask.datasets import make_related_regression
    >>> from polytask.bookkeeping import Budget
    >>> data, _ = make_related_regression(n_tasks=2, seed=0)
    >>> found = polytask.compare(data, "linear", seeds=1, budget=Budget(steps=10))
    >>> found.recommended.learner
    'linear'
    """
    return judged_study(
        data,
        learners,
        fit_candidates,
        owner="compare",
        twins=twins,
        split=split,
        seeds=seeds,
        budget=Budget(trials=3) if budget is None else budget,
        jobs=jobs,
        executor=executor,
        out=out,
        quiet=quiet,
        device=device,
        precision=precision,
        trusted=trusted,
        notes=notes,
    )
