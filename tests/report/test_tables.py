import pytest

from polytask.report._contests import contests
from polytask.report._data_view import data_view
from polytask.report._learner_table import learner_table
from polytask.report._matrix import all_metrics, headline_metrics
from polytask.report._settings_view import settings_view
from polytask.report._study import Study
from polytask.report._table_cells import column
from polytask.report._verdict_view import verdict_view


def measure(value, interval=None, undefined=None):
    return {"value": value, "interval": interval, "undefined": undefined}


@pytest.mark.parametrize(
    ("higher", "expected"), [(True, [False, True, False]), (False, [True, False, False])]
)
def test_best_follows_the_metrics_direction(higher, expected):
    cells = column([measure(0.1), measure(0.9), measure(0.5)], higher=higher)

    assert [cell.best for cell in cells] == expected


def test_equals_share_the_star_and_lonely_values_have_none():
    tied = column([measure(0.9), measure(0.9), measure(0.5)], higher=True)
    lonely = column([measure(0.9), measure(None, undefined="no rows")], higher=True)

    assert [cell.best for cell in tied] == [True, True, False]
    assert not any(cell.best for cell in lonely)
    assert lonely[1].text == "undefined"
    assert lonely[1].note == "no rows"


def test_column_shares_decimals_and_scale():
    first, second = column(
        [measure(0.944, [0.941, 0.947]), measure(0.9, [0.897, 0.903])], higher=True
    )

    assert (first.text, first.interval) == ("0.9440", "[0.9410, 0.9470]")
    assert second.text == "0.9000"
    assert second.mark.low == 4
    assert first.mark.high == 96
    assert second.mark.low < second.mark.value < second.mark.high < first.mark.low


def test_gains_are_percentages_drawn_against_zero():
    first, second = column(
        [measure(0.0), measure(-0.0213, [-0.03, -0.01])], higher=True, scale=100, signed=True
    )

    assert first.text == "0.00\xa0%"
    assert second.text == "−2.13\xa0%"
    assert second.interval == "[−3.00, −1.00]"
    assert first.mark.value == first.mark.zero == 96


def test_few_tasks_stand_beside_each_other(make_record):
    few = learner_table(Study(make_record()))
    many = learner_table(Study(make_record({f"t{i}": "binary" for i in range(7)})))

    assert [head.name for head in few.heads] == ["Δm", "income", "married", "age"]
    assert [head.name for head in many.heads] == ["Δm"]
    assert sum(row.best_on for row in many.rows) == 7


def test_learner_rows_say_what_they_cost(make_record):
    rows = {row.name: row for row in learner_table(Study(make_record())).rows}

    assert rows["hard_sharing"].parameters == "150\xa0k"
    assert rows["hard_sharing"].seconds == "15 s"
    assert rows["hard_sharing"].tuning == "1 min 00 s"
    assert rows["trees"].badges == ["recommended", "task by task"]


def test_every_metric_has_a_row(make_record):
    study = Study(make_record())

    assert [row.head.metric for row in headline_metrics(study).rows] == [
        "ROC-AUC",
        "ROC-AUC",
        "RMSE",
    ]
    assert [row.head.metric for row in all_metrics(study).rows][-2:] == ["RMSE", "R²"]


def test_metric_that_was_not_recorded_is_said(record):
    del record["learners"][0]["tasks"]["age"]["r2"]

    row = all_metrics(Study(record)).rows[-1]
    assert row.cells[0].note == "not measured"


def test_lower_is_better_turns_the_interval_round(record):
    entry = record["differences"][0]["tasks"]["age"]
    entry.update(difference=-0.5, interval=[-0.7, -0.1], gain=0.05)

    gain = next(g for g in contests(Study(record))[0].gains if g.task == "age")
    assert gain.bounds == pytest.approx((0.01, 0.07))
    assert gain.auxiliary


def test_equal_learners_still_have_an_interval(record):
    record["learners"][0]["tasks"]["age"]["rmse"]["value"] = 10.0
    entry = record["differences"][0]["tasks"]["age"]
    entry.update(difference=0.0, interval=[-1.0, 0.5], gain=0.0)

    gain = next(g for g in contests(Study(record))[0].gains if g.task == "age")
    assert gain.bounds == pytest.approx((-0.05, 0.1))


def test_gain_lies_in_its_interval(make_record):
    study = Study(make_record({f"t{i}": ("binary", "regression")[i % 2] for i in range(40)}))

    for gain in contests(study)[0].gains:
        assert gain.bounds[0] <= gain.gain <= gain.bounds[1]


def test_lists_of_best_and_worst_do_not_overlap(make_record):
    contest = contests(Study(make_record({f"t{i}": "binary" for i in range(21)})))[0]
    top, bottom = ([gain.task for gain in part] for part in (contest.top, contest.bottom))

    assert len(top) == len(bottom) == 8
    assert not set(top) & set(bottom)
    assert contest.top[0].gain == max(gain.gain for gain in contest.gains)
    assert contest.bottom[0].gain == min(gain.gain for gain in contest.gains)
    assert len(contest.rows) == 21


def test_verdict_cuts_long_lists(record):
    record["verdict"]["sentences"] = [f"sentence {i}" for i in range(10)]
    said = verdict_view(Study(record))

    assert (len(said.sentences), len(said.more)) == (8, 2)


def test_tiles_hold_gain_counts_and_costs(record):
    tiles = {tile.label: tile for tile in verdict_view(Study(record)).tiles}

    assert tiles["Δm over single_task"].value == "+0.40\xa0%"
    assert tiles["Time to fit"].value == "0.5 ×"
    assert tiles["Parameters"].note == "150\xa0k against 420\xa0k"


def test_settings_that_differ_by_task_are_not_spelled_out(record):
    record["recommended"]["settings"] = {"per task": {"income": {"depth": 3}}}

    assert verdict_view(Study(record)).settings == "chosen for each task"


def test_choices_are_counted_by_run_or_by_task(record):
    choices = {(c.learner, c.settings): c for c in settings_view(Study(record)).choices}

    assert choices["hard_sharing", "learning_rate = 0.001"].chosen == "3 of 3 runs"
    assert choices["hard_sharing", "learning_rate = 0.01"].chosen == "0 of 3 runs"
    assert choices["trees", "learning_rate = 0.01"].chosen == "6 of 9 tasks × runs"
    assert choices["trees", "learning_rate = 0.001"].gain == "+2.00\xa0%"


def test_failed_trials_say_why(record):
    record["learners"][1]["runs"][0]["trials"][0]["failure"] = "the loss of income is not finite"
    failures = [choice.failure for choice in settings_view(Study(record)).choices]

    assert failures.count("the loss of income is not finite") == 1


def test_reads_of_test_rows_are_held_against_chosen_models(record):
    told = dict(settings_view(Study(record)).facts)["Test rows"]
    assert told == "read once by each chosen model, and by no other"

    record["learners"][0]["test_reads"] = 7
    told = dict(settings_view(Study(record)).facts)["Test rows"]
    assert "single_task 7 (6 chosen)" in told


def test_many_folds_are_cut(record):
    row = record["study"]["split"]["rows"][0]
    record["study"]["split"]["rows"] = [row] * 15
    view = settings_view(Study(record))

    assert (len(view.folds), view.more_folds) == (12, 3)


def test_classes_fill_the_bar(record):
    labels = record["study"]["data"]["summary"]["tasks"][0]
    labels.update(classes=list("abcdefg"), counts=[5, 40, 1, 30, 2, 12, 10])
    shares = data_view(Study(record)).tasks[0].shares

    assert [share.name for share in shares] == ["b", "d", "f", "4 other classes"]
    assert [share.width for share in shares] == [40, 30, 12, 18]
    assert [share.start for share in shares] == [0, 40, 70, 82]


def test_labels_that_overlap_have_no_bar(record):
    labels = record["study"]["data"]["summary"]["tasks"][0]
    labels.update(classes=["a", "b"], counts=[100, 90], overlapping=True, labelled=200)
    task = data_view(Study(record)).tasks[0]

    assert task.shares == []
    assert task.text == "a: 50.0\xa0%, b: 45.0\xa0%"


def test_input_columns_are_named_and_the_rest_counted(make_record):
    record = make_record()
    data = record["study"]["data"]
    assert data_view(Study(record)).sources[0].inputs == ""
    name = data["summary"]["sources"][0]["name"]
    data["inputs"] = {name: {"names": ["age", "wage"], "more": 7}}
    assert data_view(Study(record)).sources[0].inputs == "age, wage +7 more"


def test_geometric_mean_stands_beside_the_arithmetic_one(record):
    gain = record["differences"][0]["delta_m"]
    gain.update(geometric=0.0031, geometric_interval=[0.001, 0.005], dominant=None)

    tile = verdict_view(Study(record)).tiles[0]
    assert (tile.label, tile.value) == ("Δm over single_task", "+0.40\xa0%")
    assert tile.note == "[0.20, 0.60]\xa0%; geometric mean +0.31\xa0%"
    notes = [row.cells[0].note for row in learner_table(Study(record)).rows]
    assert notes == ["the yardstick", "geometric +0.31\xa0%", ""]


def test_geometric_mean_leads_where_one_task_outweighs_all(record):
    gain = record["differences"][0]["delta_m"]
    gain.update(value=-9.5, geometric=0.0031, geometric_interval=[0.001, 0.005], dominant="age")

    tile = verdict_view(Study(record)).tiles[0]
    assert (tile.label, tile.value) == ("Δm over single_task, geometric mean", "+0.31\xa0%")
    assert "arithmetic mean −950.00\xa0%" in tile.note
    assert tile.note.startswith("[0.10, 0.50]\xa0%")
    assert tile.note.endswith("most of it from age")


def test_tasks_as_a_sample(population_record):
    (contest,) = contests(Study(population_record))
    facts = {name: text.replace("\xa0", " ") for name, text in contest.population.facts}
    tiles = {tile.label: tile for tile in verdict_view(Study(population_record)).tiles}

    assert facts["Mean gain"] == "+2.10 % [1.10, 3.10] %"
    assert facts["Gain of one more such task"] == "within [−3.40, 7.60] %"
    assert facts["Tasks that gain"].startswith("78 %")
    assert facts["Sample"] == "137 tasks; 2 tasks left out"
    assert facts["Test units of a task"].startswith("12 in the median; 3 have enough")
    assert tiles["Tasks that gain"].value == "78\xa0%"


def test_a_sample_without_prediction(population_record):
    difference = population_record["differences"][0]
    difference["population"].update(prediction=None, share_gaining=None, left_out={})
    (contest,) = contests(Study(population_record))

    assert [name for name, _ in contest.population.facts] == [
        "Mean gain",
        "Sample",
        "Test units of a task",
    ]
    assert "Of 24 primary tasks" in {t.label for t in verdict_view(Study(population_record)).tiles}


def test_what_columns_and_numbers_are_is_said(record, read_page):
    summary = record["study"]["data"]["summary"]
    summary["sources"][0]["columns"] = {"free text": 1, "numbers": 1, "text": 1}
    summary["tasks"][-1].pop("classes", None)
    summary["tasks"][-1].update(columns=["calls", "months"], mean=[1.5, 6.0], std=[1.0, 3.0])
    text = read_page(record).text
    assert "free text: 1, numbers: 1, categories: 1" in text
    assert "mean ± deviation: calls 1.500 ± 1.000, months 6.000 ± 3.000" in text
