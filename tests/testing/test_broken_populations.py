"""The check of populations notices networks that are not what they would be alone."""

from dataclasses import dataclass

import pytest

from polytask.architectures import HardSharing
from polytask.architectures._hard_sharing import HardSharingNetwork
from polytask.encoders import MLP
from polytask.testing import check_population

BUILT = []


class Scaled(HardSharingNetwork):
    """Scores times a number that is none of its tensors."""

    factor = 1.0

    def answer(self, features, batch):
        return {
            key: self.factor * scores for key, scores in super().answer(features, batch).items()
        }


@dataclass(frozen=True)
class ByTheSeed(HardSharing):
    """The number follows from the seed."""

    def build(self, schemas, tasks, seed):
        network = super().build(schemas, tasks, seed)
        network.factor = 1.0 + seed
        return network

    def network(self, encoder, schemas, tasks):
        return Scaled(encoder, schemas, tasks)


class ByWhatWasBuilt(ByTheSeed):
    """The number follows from how many networks there were before."""

    def build(self, schemas, tasks, seed):
        BUILT.append(seed)
        network = super().build(schemas, tasks, seed)
        network.factor = 1.0 + len(BUILT)
        return network


def test_networks_with_numbers_of_their_own_are_trained_alone():
    check_population(ByTheSeed(MLP((4,))))
    with pytest.raises(
        AssertionError, match=r"ByTheSeed is not trained side by side: Scaled gives other"
    ):
        check_population(ByTheSeed(MLP((4,))), stacks=True)


def test_networks_that_follow_from_others():
    with pytest.raises(AssertionError, match=r"differs side by side|is best elsewhere|the loss of"):
        check_population(ByWhatWasBuilt(MLP((4,))))
