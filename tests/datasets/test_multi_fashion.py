import numpy as np

from polytask.datasets import fetch_multi_fashion
from polytask.datasets._multi_fashion import MULTI_FASHION
from polytask.datasets._overlaid_images import published_images


def test_images_are_made_of_pairs_of_the_files(polytask_data):
    fetched = fetch_multi_fashion(n_train=60, n_test=40)
    assert fetched.info is MULTI_FASHION
    (source,) = fetched.dataset.sources
    image = source.inputs["image"].to_numpy()
    (left,) = source.labelled().columns("left").values()
    for rows, (pictures, known) in zip(
        (slice(60), slice(60, None)), published_images(MULTI_FASHION), strict=True
    ):
        count = len(image[rows])
        np.testing.assert_array_equal(image[rows, 0, :8, :28], pictures[:count, :8])
        np.testing.assert_array_equal(left[rows].astype(int), known[:count])
    (split,) = fetched.split.splits(fetched.dataset, seed=0)
    np.testing.assert_array_equal(split.test[source.name], np.arange(60, 100))
