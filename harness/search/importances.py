"""Which parameters mattered."""

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


def importances(study: "Study") -> dict[str, float]:
    """By parameter, its share in what sets the best tenth of the finished trials apart, summing to 1, the
    largest first: PED-ANOVA (Watanabe et al. 2023). Of the first objective where there are several.

    Empty where fewer than two points have finished, or all are equally good. Conditional parameters are
    compared where they are active.
    """
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
    from optuna.study import StudyDirection
    from optuna.trial import TrialState

    # Not the file's own configuration: it is no point of the space, and says nothing of its parameters.
    trials = [t for t in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) if t.params]
    if len(trials) < 2:
        return {}
    drawn = optuna.create_study(directions=study.directions)
    drawn.add_trials(trials)
    sign = -1.0 if study.directions[0] is StudyDirection.MAXIMIZE else 1.0

    def lower_is_better(trial: "FrozenTrial") -> float:
        return sign * float(trial.values[0])

    with warnings.catch_warnings():
        # Optuna reminds everyone who gives a target that low values of it count as good,
        warnings.filterwarnings("ignore", message="PedAnovaImportanceEvaluator computes the importances")
        # everyone whose parameter was seldom set that its share is inaccurate,
        warnings.filterwarnings("ignore", message="Some regimes for parameter")
        # and where no trial is worse than the best tenth it knows nothing, and calls that equal shares.
        warnings.filterwarnings("error", message="Target and region quantiles select the same set")
        try:
            found = get_param_importances(
                drawn, evaluator=PedAnovaImportanceEvaluator(), target=lower_is_better
            )
        except UserWarning:
            return {}
    return dict(sorted(found.items(), key=lambda item: -item[1]))
