from polytask.cli._tasks import column_names


def test_columns_with_commas_or_one_by_one():
    assert column_names(["age, colour", "age", "x,y"], ["age", "colour", "x,y"]) == [
        "age",
        "colour",
        "x,y",
    ]
