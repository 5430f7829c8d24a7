"""Classes of a fitted model in the terminal."""

from polytask.cli._class_table import class_table
from polytask.metrics import ClassRow


def row(name, support):
    return ClassRow(name, 0.5, None, 0.25, support)


def test_classes_of_tasks_that_have_several():
    two = (row("no", 9.0), row("yes", 1.0))
    text = class_table({"fraud": two, "grade": (*two, row("maybe", 2.0))})
    assert text.splitlines() == [
        "grade, by class",
        "  no     precision 0.500  recall –      F1 0.250  9 labels",
        "  yes    precision 0.500  recall –      F1 0.250  1 labels",
        "  maybe  precision 0.500  recall –      F1 0.250  2 labels",
    ]
    assert class_table({"fraud": two}) == ""


def test_classes_of_pixels_have_iou():
    wall = ClassRow("0", 0.9, 0.8, 0.85, 12_345_678.0, 0.75)
    text = class_table({"mask": (wall, ClassRow("10", None, None, None, 0.0))})
    assert text.splitlines() == [
        "mask, by class",
        "  0   precision 0.900  recall 0.800  F1 0.850  IoU 0.750  12,345,678 pixels",
        "  10  precision –      recall –      F1 –      IoU –      0 pixels",
        "  no pixel has or is decided for 10: no IoU",
    ]


def test_many_classes_and_tasks():
    many = tuple(row(f"c{k}", float(k)) for k in range(40))
    lines = class_table({f"task {k}": many for k in range(9)}).splitlines()
    assert lines[0] == "task 0, by class (those with the most labels)"
    assert lines[1].split()[0] == "c28"
    assert lines[-1] == "… and classes of 3 more tasks"


def test_fit_prints_them(polytask, tmp_path):
    lines = ["x,grade"] + [f"{k % 7},{'abc'[k % 3]}" for k in range(90)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    options = ["-t", "grade:multiclass", "-m", "linear", "--out", str(tmp_path / "model")]
    ran = polytask("fit", tmp_path / "t.csv", *options)
    assert ran.status == 0
    assert "grade, by class" in ran.out
