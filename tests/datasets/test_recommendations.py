import numpy as np
import pytest

from polytask.datasets import make_recommendations
from polytask.exceptions import ParameterError


def test_users_click_by_their_known_preferences():
    data, truth = make_recommendations(200, 50, 50)
    (source,) = data.sources
    labels = source.labelled()
    user, item = (
        source.inputs[name].str.split("_").list.last().cast(int).to_numpy()
        for name in ("user", "item")
    )
    assert len(set(zip(user, item, strict=True))) == data.n_rows == 10_000
    answers = {task: next(iter(labels.columns(task).values())) for task in data.tasks.names}
    for task, chances in {"click": truth.click, "conversion": truth.conversion}.items():
        chance = chances[user, item]
        low, high = (chance < np.median(chance)), (chance >= np.median(chance))
        for rows in (low, high):
            assert answers[task][rows].mean() == pytest.approx(chance[rows].mean(), abs=0.02)
    bought = labels.rows("rating")
    assert set(answers["click"][bought]) == set(answers["conversion"][bought]) == {1.0}
    assert len(bought) == answers["conversion"].sum()
    assert answers["rating"].min() >= 1
    assert answers["rating"].max() <= 5
    errors = answers["rating"] - truth.rating[user[bought], item[bought]].clip(1, 5)
    assert abs(errors.mean()) < 0.1


def test_new_users_come_late_and_ages_are_known_for_half_of_the_users():
    data, _ = make_recommendations(100, 20, 10, new_users=0.3)
    (source,) = data.sources
    days = source.inputs["day"].to_numpy().reshape(100, 10)
    assert (days[:30] >= 24).all()
    assert (days[30:].min(axis=1) < 24).all()
    known = np.zeros(1000, dtype=bool)
    known[source.labelled().rows("age_group")] = True
    by_user = known.reshape(100, 10)
    assert (by_user == by_user[:, :1]).all()
    assert 30 < by_user[:, 0].sum() < 70


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    "bad", [{"n_users": 1}, {"n_items": 1}, {"n_shown": 201}, {"new_users": 1.0}]
)
def test_arguments_are_checked(bad):
    (name,) = bad
    with pytest.raises(ParameterError, match=f"The `{name}` parameter of make_recommendations"):
        make_recommendations(**bad)
