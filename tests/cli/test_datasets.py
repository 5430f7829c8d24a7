import polars as pl

from polytask.datasets import catalogue


def test_the_list(polytask):
    ran = polytask("datasets")
    assert ran.status == 0
    head, *lines = ran.out.splitlines()
    assert head.split() == ["name", "rows", "tasks", "where", "what"]
    assert [line.split()[0] for line in lines] == [info.name for info in catalogue()]


def test_one_of_them(polytask):
    ran = polytask("datasets", "Digits")
    assert ran.status == 0
    assert "polytask datasets digits --out digits.csv" in ran.out
    assert "polytask compare digits.csv --target digit:multiclass" in ran.out


def test_a_plain_table(polytask, tmp_path):
    ran = polytask("datasets", "digits", "--out", "some/digits.csv")
    assert ran.status == 0
    first, second = ran.out.splitlines()
    assert first == "some/digits.csv: 1,797 rows, 69 columns, in the new folder some"
    assert second.startswith("next: polytask compare some/digits.csv --target digit:multiclass ")
    assert pl.read_csv(tmp_path / "some" / "digits.csv").shape == (1797, 69)


def test_an_unknown_one(polytask):
    ran = polytask("datasets", "censsus_income", "--out", "t.csv")
    assert ran.status == 2
    assert ran.err == (
        "error: There is no data set named 'censsus_income'. Did you mean 'census-income'?\n"
    )


def test_a_file_without_a_name(polytask):
    ran = polytask("datasets", "--out", "t.csv")
    assert ran.status == 2
    assert ran.err.startswith("error: Name the data set to write")


def test_an_unknown_type_of_file(polytask, tmp_path):
    ran = polytask("datasets", "digits", "--out", "digits.xlsx")
    assert ran.status == 2
    assert ran.err.startswith("error: digits.xlsx is of an unknown type '.xlsx'. Known: .csv, ")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_the_published_one(polytask, monkeypatch, tmp_path):
    (file, *_) = next(info.files for info in catalogue() if info.name == "school")
    (tmp_path / file.path).parent.mkdir(parents=True)
    (tmp_path / file.path).write_text("other")
    monkeypatch.setenv("POLYTASK_DATA", str(tmp_path))
    ran = polytask("datasets", "school", "--out", "school.csv")
    assert ran.status == 2
    assert ran.err.startswith(f"error: {tmp_path / file.path} is not the published file of the")
    assert not (tmp_path / "school.csv").exists()
