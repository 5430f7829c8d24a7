"""The page on sharing: its code, its commands and its study files run."""

import re
import shlex
from pathlib import Path

import pytest
from cli_tables import write_funnel, write_houses

from polytask.architectures import Branching, SoftSharing
from polytask.cli import main
from polytask.cli._learners import named_learner
from polytask.cli._set_option import with_settings
from polytask.cli._settings import FitSettings, settings
from polytask.encoders import MLP
from polytask.penalties import GraphLaplacian, MeanDeviation, TraceNorm

PAGE = (Path(__file__).parents[2] / "docs" / "sharing.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


LINES = "".join(blocks("bash")).replace("\\\n", " ").splitlines()
COMMANDS = [shlex.split(line, comments=True)[1:] for line in LINES]
STUDIES = blocks("yaml")
TREE = ((("price", "rent", "sold"),), (("price", "rent"), ("sold",)))
RELATIONS = ((0, 1, 0.2), (1, 0, 0), (0.2, 0, 0))
GROUPS = (("price", "rent"), ("sold",))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_houses(tmp_path / "houses.csv")
    write_funnel(tmp_path / "funnel.csv")
    return tmp_path


def run(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert not end.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(
            command,
            id=" ".join(command)[-40:],
            marks=[pytest.mark.slow] if command[0] == "compare" else [],
        )
        for command in COMMANDS
    ],
)
def test_commands_run(command, capsys):
    quick = {"fit": ["--steps", "2"], "compare": ["--steps", "2", "--seeds", "1", "--trials", "1"]}
    run([*command, *quick.get(command[0], [])], capsys)


def fitted(study, folder, capsys):
    """The architecture of a study file that a model was fitted by."""
    (folder / "study.yaml").write_text(study)
    run(["fit", "--config", "study.yaml", "--steps", "2"], capsys)
    options = settings(FitSettings, {"config": folder / "study.yaml"})
    return with_settings([named_learner(options.model)], options, print)[0].architecture


WANTED = [
    Branching(MLP((64, 64)), groups=TREE),
    SoftSharing(penalty=TraceNorm(alpha=0.1)),
    SoftSharing(penalty=MeanDeviation(alpha=0.1, groups=GROUPS)),
    SoftSharing(penalty=GraphLaplacian(relations=RELATIONS)),
]


@pytest.mark.parametrize(("study", "wanted"), [*zip(STUDIES, WANTED, strict=True)])
def test_study_files_say_what_the_code_says(study, wanted, folder, capsys):
    assert fitted(study, folder, capsys) == wanted


def test_code_runs(capsys):
    (gated,) = (command for command in COMMANDS if "gated" in command)
    run([*gated, "--steps", "2"], capsys)
    names = {}
    for block in blocks("python"):
        exec(compile(block, "docs/sharing.md", "exec"), names)
    assert names["tree"] == TREE
    assert issubclass(names["SoftSharing"], SoftSharing)
