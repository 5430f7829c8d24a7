"""How much each setting of a tuning mattered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna import Study

__all__ = ["importance"]

_FEWEST = 5


def importance(study: Study | None) -> Mapping[str, float]:
    """Share of the variance of the values that each setting explains, by Optuna's fANOVA.

    A forest is fitted to the complete trials; the share of a setting is the variance of the
    forest's mean prediction over all others, of the whole variance (Hutter et al., "An efficient
    approach for assessing hyperparameter importance", ICML 2014). Shares sum to 1. Empty with
    fewer than 5 complete trials, or where all have one value. Settings that not all trials have are
    left out.
    """
    if study is None:
        return {}
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances
    from optuna.trial import TrialState

    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < _FEWEST or len({trial.value for trial in complete}) < 2:
        return {}
    shares = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    return {name: float(share) for name, share in shares.items()}
