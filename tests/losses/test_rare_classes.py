"""Losses for rare classes: values by hand, and what they change in decisions."""

import numpy as np
import pytest
import torch

import polytask
from polytask import Task
from polytask.bookkeeping import Budget
from polytask.data import fit_schemas, make_blocks
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    FocalLoss,
    LogitAdjustedLoss,
    MultilabelBinaryCrossEntropy,
    TokenCrossEntropy,
    loss_for,
)
from polytask.losses._constants import block_constants
from polytask.metrics import TopK, metrics_for
from polytask.tasks import FittedTarget, TaskSet, Tokens, labels_by_class
from polytask.testing import check_loss

RNG = np.random.default_rng(0)
SCORES = torch.from_numpy(RNG.normal(size=(20, 1))).float()
YES = torch.from_numpy(RNG.integers(0, 2, (20, 1))).float()
MANY = torch.from_numpy(RNG.normal(size=(20, 3))).float()
CODES = torch.from_numpy(RNG.integers(0, 3, (20, 1))).float()
CELLS = torch.from_numpy(RNG.integers(0, 2, (20, 3))).float()
SEEN = torch.from_numpy(RNG.random((20, 3)) > 0.3)
ALL = torch.ones(20, 1, dtype=torch.bool)
TAGGED = (torch.randn(4, 3, 5), torch.randint(0, 5, (4, 3)).float())


@pytest.mark.parametrize("loss", [FocalLoss(0.0), FocalLoss(0.5), LogitAdjustedLoss(0.3)])
def test_common_checks_with_arguments(loss):
    check_loss(loss)


def test_focal_loss_by_hand():
    p = torch.sigmoid(SCORES)
    p = torch.where(YES == 1, p, 1 - p)
    alpha = torch.where(YES == 1, 0.25, 0.75)
    expected = -(alpha * (1 - p) ** 2 * p.log())[:, 0]
    torch.testing.assert_close(FocalLoss(alpha=0.25).rowwise(SCORES, YES, ALL, {}), expected)

    p = torch.softmax(MANY, dim=-1).gather(-1, CODES.long())
    expected = -((1 - p) ** 1.5 * p.log())[:, 0]
    torch.testing.assert_close(FocalLoss(1.5).rowwise(MANY, CODES, ALL, {}), expected)

    p = torch.where(CELLS == 1, torch.sigmoid(MANY), torch.sigmoid(-MANY))
    expected = -((1 - p) ** 2 * p.log() * SEEN).sum(dim=-1)
    torch.testing.assert_close(FocalLoss().rowwise(MANY, CELLS, SEEN, {}), expected)


def test_focal_loss_without_gamma_is_the_log_loss():
    weights = {"class_weight": torch.tensor([[0.5, 2.0, 3.0]])}
    steps, tags = TAGGED
    seen = torch.rand(4, 3) > 0.3
    of_tags = {"class_weight": torch.arange(1.0, 6.0)[None]}
    for other, arguments in (
        (BinaryCrossEntropy(), (SCORES, YES, ALL, {"class_weight": torch.tensor([[1.0, 3.0]])})),
        (CrossEntropy(), (MANY, CODES, ALL, weights)),
        (MultilabelBinaryCrossEntropy(), (MANY, CELLS, SEEN, {})),
        (TokenCrossEntropy(), (steps, tags, seen, of_tags)),
    ):
        found = FocalLoss(0.0).rowwise(*arguments)
        torch.testing.assert_close(found, other.rowwise(*arguments), rtol=1e-5, atol=1e-6)


def test_alpha_is_for_two_classes():
    FocalLoss(alpha=0.3).constants([FittedTarget(("y",), (0, 1))])
    several = [FittedTarget(("y",), ("a", "b", "c"))]
    with pytest.raises(ParameterError, match=r"such as 'y' with 3\. Got 0.3 instead. Use `class_"):
        FocalLoss(alpha=0.3).constants(several)


def test_logit_adjustment_by_its_formula():
    counts, loss = (900.0, 90.0, 10.0), LogitAdjustedLoss(0.7)
    target = FittedTarget(("y",), ("a", "b", "c"), {"class_counts": counts})
    adjusted = MANY + 0.7 * torch.tensor(counts).div(1000).log()
    expected = torch.nn.functional.cross_entropy(adjusted, CODES[:, 0].long(), reduction="none")
    found = loss.rowwise(MANY, CODES, ALL, loss.constants([target]))
    torch.testing.assert_close(found, expected)

    target = FittedTarget(("y",), (0, 1), {"class_counts": (99.0, 1.0)})
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        SCORES - 0.7 * np.log(99), YES, reduction="none"
    )
    found = loss.rowwise(SCORES, YES, ALL, loss.constants([target]))
    torch.testing.assert_close(found, expected[:, 0])

    steps, tags = TAGGED
    target = FittedTarget(("y",), tuple("abcde"), {"tag_counts": (5.0, 4.0, 3.0, 2.0, 0.0)})
    adjusted = steps + 0.7 * (torch.tensor([5, 4, 3, 2, 0.5]) / 14.5).log()
    expected = torch.nn.functional.cross_entropy(adjusted.mT, tags.long(), reduction="none")
    found = loss.rowwise(steps, tags, torch.ones(4, 3, dtype=torch.bool), loss.constants([target]))
    torch.testing.assert_close(found, expected.sum(dim=-1))


def test_tags_are_weighted():
    column = np.array(["O O O a", "O O b", None], dtype=object)
    target = Tokens().fit("tags", {"tags": column})
    assert labels_by_class(target) == (5.0, 1.0, 1.0)
    loss = TokenCrossEntropy(class_weight={"a": 4.0})
    steps, tags = torch.zeros(1, 2, 3), torch.tensor([[0.0, 1.0]])
    constants = loss.constants([target])
    rows = loss.rowwise(steps, tags, torch.ones(1, 2, dtype=torch.bool), constants)
    assert rows.tolist() == pytest.approx([(1 + 4) * np.log(3)])
    balanced = TokenCrossEntropy(class_weight="balanced").constants([target])["class_weight"]
    assert balanced.tolist()[0] == pytest.approx([7 / 15, 7 / 3, 7 / 3])


def test_a_task_weighs_its_tags():
    table = {"words": [["a", "b"], ["b"], ["a", "a"]] * 8, "tags": ["X Y", "Y", "X X"] * 8}
    tasks = [Task("tags", "tokens", class_weight="balanced")]
    data = polytask.read(table, tasks)
    schemas = fit_schemas(data)
    (block,) = make_blocks(data.tasks, schemas)
    constants = block_constants(block, TokenCrossEntropy(), TaskSet(tuple(data.tasks)))
    assert constants["class_weight"].tolist()[0] == pytest.approx([5 / 6, 5 / 4])


def test_settings_after_a_name():
    task = Task("y", "binary", loss="focal_loss(gamma=1, alpha=0.3)", metrics=["roc_auc"])
    assert loss_for(task.known_kind, task.loss) == FocalLoss(1.0, 0.3)
    task = Task("y", "multiclass", metrics=["top_k(k=3)", "accuracy"])
    assert metrics_for(task)[0] == TopK(3)
    for text, sentence in (
        ("focal_loss(gama=1)", "FocalLoss has no setting named 'gama'. Did you mean 'gamma'"),
        ("focal_loss(1)", r"each once, as in focal_loss\(SETTING=VALUE\)"),
        ("focal_loss(gamma=1,gamma=2)", "each once"),
        ("focal_loss(gamma=-1)", "The `gamma` parameter of FocalLoss must be"),
    ):
        with pytest.raises(ParameterError, match=sentence):
            loss_for(Task("y", "binary").known_kind, text)
    with pytest.raises(UnknownNameError, match="There is no loss named 'focal'"):
        Task("y", "binary", loss="focal(gamma=1)")


@pytest.mark.slow
def test_losses_of_rare_classes_decide_for_them_more_often():
    x = RNG.normal(size=(600, 2))
    rare = x[:, 0] + RNG.normal(size=600) > 2.2
    several = np.where(rare, "rare", np.where(x[:, 1] > 1.5, "some", "most"))
    table = {"a": x[:, 0], "b": x[:, 1], "rare": rare, "several": several}
    decided = {}
    for loss in (None, "focal_loss", LogitAdjustedLoss()):
        tasks = [Task("rare", "binary", loss=loss), Task("several", "multiclass", loss=loss)]
        model = polytask.fit(polytask.read(table, tasks), "hard_sharing", budget=Budget(steps=80))
        answers = model.predict(table)
        decided[str(loss)] = [(answers[name].decision == label).sum() for name, label in LABELS]
    plain, focal, adjusted = decided.values()
    assert all(after > 1.5 * before for before, after in zip(plain, adjusted, strict=True))
    assert focal[0] > plain[0]


LABELS = (("rare", True), ("several", "rare"))
