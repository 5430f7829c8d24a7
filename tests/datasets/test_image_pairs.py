import numpy as np

from polytask.datasets import fetch_image_pairs
from polytask.datasets._multi_fashion import MULTI_FASHION
from polytask.datasets._multi_mnist import MULTI_MNIST
from polytask.datasets._overlaid_images import published_images


def test_each_row_holds_a_digit_and_a_garment_with_their_labels(polytask_data):
    fetched = fetch_image_pairs(n_train=40, n_test=20)
    (source,) = fetched.dataset.sources
    labels = source.labelled()
    for task, info, reached in (("digit", MULTI_MNIST, 40), ("garment", MULTI_FASHION, 60_000)):
        (pictures, known), _ = published_images(info)
        by_picture = {
            picture.tobytes(): label
            for picture, label in zip(pictures[:reached], known, strict=False)
        }
        shown = source.inputs[f"{task}_image"].to_numpy()[:40, 0]
        (answers,) = labels.columns(task).values()
        for picture, answer in zip(shown, answers, strict=False):
            assert by_picture[picture.tobytes()] == int(answer)
    (split,) = fetched.split.splits(fetched.dataset, seed=0)
    np.testing.assert_array_equal(split.test[source.name], np.arange(40, 60))
