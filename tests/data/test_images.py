"""Columns of images: paths, bytes and arrays."""

from __future__ import annotations

import json
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

import polytask
from polytask.data import as_source, fit_schemas, rows_to_predict, schema_from_json, schema_to_json
from polytask.exceptions import BundleError, DataError, ParameterError


def pixels(index: int, height: int = 6, width: int = 9) -> np.ndarray:
    return np.random.default_rng(index).integers(0, 256, (height, width, 3), dtype=np.uint8)


def bytes_of(picture: Image.Image, form: str = "PNG", **how: object) -> bytes:
    stream = BytesIO()
    picture.save(stream, form, **how)
    return stream.getvalue()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A table of 24 paths of images beside it."""
    (tmp_path / "photos").mkdir()
    lines = ["photo,size,y"]
    for index in range(24):
        Image.fromarray(pixels(index)).save(tmp_path / f"photos/{index}.png")
        lines.append(f"photos/{index}.png,{index * 0.7 % 5:.2f},{index % 2}")
    (tmp_path / "shop.csv").write_text("\n".join(lines))
    return tmp_path / "shop.csv"


def changed(shop: Path, old: str, new: str) -> Path:
    path = shop.with_name("changed.csv")
    path.write_text(shop.read_text().replace(old, new))
    return path


def images_of(data: polytask.MultiTaskDataset, column: str = "photo") -> np.ndarray:
    return data.sources[0].inputs[column].drop_nulls().to_numpy()


def test_paths_beside_the_table_are_images(shop: Path) -> None:
    data = polytask.read(shop, "y")
    assert images_of(data).shape == (24, 3, 6, 9)
    assert images_of(data).dtype == np.uint8
    assert np.array_equal(images_of(data)[3], pixels(3).transpose(2, 0, 1))
    assert (
        "input photo: paths of images, learned as images of 6 x 9 pixels (height x width) in color; "
        "--column photo:drop leaves them out"
    ) in data.notes
    assert data.summary()["sources"][0]["columns"] == {"images": 1, "numbers": 1}
    dropped = polytask.read(shop, "y", columns={"photo": "drop"})
    assert dropped.sources[0].inputs.columns == ["size"]
    assert (
        polytask.read(shop, "y", columns={"photo": "categorical"}).sources[0].inputs["photo"].dtype
        == pl.String
    )


def test_pixels_are_standardized_by_training_rows(shop: Path) -> None:
    data = polytask.read(shop, "y")
    schema = fit_schemas(data.take({"table": np.arange(12)}))["table"]
    part = schema.parts[-1]
    assert (part.name, part.role, part.shape) == ("image:photo", "image", (3, 6, 9))
    encoded = schema.encode(data.sources[0])["image:photo"]
    assert encoded.dtype == np.float32
    training = images_of(data)[:12] / 255.0
    center, scale = training.mean(axis=(0, 2, 3)), training.std(axis=(0, 2, 3))
    expected = (images_of(data) / 255.0 - center[:, None, None]) / scale[:, None, None]
    np.testing.assert_allclose(encoded, expected, atol=1e-5)
    saved = json.loads(json.dumps(schema_to_json(schema)))
    assert "folder" not in saved["reading"]
    assert schema_from_json(saved).parts == schema.parts


def test_the_digest_is_of_pixels_not_of_paths(shop: Path, tmp_path: Path) -> None:
    before = polytask.read(shop, "y").digest()
    (tmp_path / "photos").rename(tmp_path / "images")
    moved = changed(shop, "photos/", "images/")
    assert polytask.read(moved, "y").digest() == before
    Image.fromarray(pixels(99)).save(tmp_path / "images/7.png")
    assert polytask.read(moved, "y").digest() != before


def test_bytes_and_arrays_are_the_same_images(shop: Path, tmp_path: Path) -> None:
    y = [index % 2 for index in range(24)]
    paths = polytask.read(shop, "y", features="photo")
    cells = [bytes_of(Image.fromarray(pixels(index))) for index in range(24)]
    pl.DataFrame({"photo": cells, "y": y}).write_parquet(tmp_path / "shop.parquet")
    in_bytes = polytask.read(tmp_path / "shop.parquet", "y")
    arrays = np.stack([pixels(index) for index in range(24)])
    in_arrays = polytask.MultiTaskDataset.from_arrays(arrays, {"y": y}, names=["photo"])
    assert any("bytes of image files" in note for note in in_bytes.notes)
    assert any("whose last axis is that of colors" in note for note in in_arrays.notes)
    assert paths.digest() == in_bytes.digest() == in_arrays.digest()
    stored = pl.DataFrame(
        {"photo": [{"bytes": cell, "path": "a.png"} for cell in cells], "y": y}
    )  # as Hugging Face writes images
    assert polytask.read(stored, "y").digest() == paths.digest()


def test_arrays_keep_their_reading_unless_they_are_declared() -> None:
    y = [0, 1] * 5
    grays = np.random.default_rng(0).integers(0, 256, (10, 8, 12), dtype=np.uint8)
    data = polytask.MultiTaskDataset.from_arrays(grays, {"y": y})
    assert "arrays of 8 x 12 bytes, learned as numbers; --column x:image" in " ".join(data.notes)
    assert fit_schemas(data)["table"].parts[0].name == "tensor:x"
    declared = polytask.MultiTaskDataset.from_arrays(grays, {"y": y}, columns={"x": "image=4x6"})
    assert images_of(declared, "x").shape == (10, 1, 4, 6)
    first = np.random.default_rng(0).random((10, 3, 4, 5))
    tensors = polytask.MultiTaskDataset.from_arrays(first, {"y": y})
    assert fit_schemas(tensors)["table"].parts[0].name == "tensor:x"
    floats = polytask.MultiTaskDataset.from_arrays(first, {"y": y}, columns={"x": "image"})
    encoded = fit_schemas(floats)["table"].encode(floats.sources[0])["image:x"]
    np.testing.assert_allclose(encoded.mean(axis=(0, 2, 3)), 0.0, atol=1e-6)
    np.testing.assert_allclose(encoded.std(axis=(0, 2, 3)), 1.0, atol=1e-5)
    new = {"x": np.zeros((1, 3, 4, 5), dtype=np.uint8)}
    (schema,) = fit_schemas(floats).values()
    with pytest.raises(DataError, match=r"holds bytes, whose scale is another one now"):
        schema.encode(as_source(new, schema, floats.tasks))
    with pytest.raises(DataError, match=r"arrays of float64, which are read as they are"):
        polytask.MultiTaskDataset.from_arrays(first, {"y": y}, columns={"x": "image=8"})


def test_images_of_several_sizes_get_that_of_the_middle_one(shop: Path, tmp_path: Path) -> None:
    for index in range(5):
        Image.fromarray(pixels(index, 20, 30)).save(tmp_path / f"photos/{index}.png")
    data = polytask.read(shop, "y")
    assert images_of(data).shape == (24, 3, 6, 9)
    assert "resized from 2 sizes, from 6x9 to 20x30; --column photo:image=HEIGHTxWIDTH" in str(
        data.notes
    )
    declared = polytask.read(shop, "y", columns={"photo": "image=4x5"})
    assert images_of(declared).shape == (24, 3, 4, 5)
    Image.fromarray(np.zeros((600, 300, 3), dtype=np.uint8)).save(tmp_path / "large.png")
    large = polytask.read({"photo": [str(tmp_path / "large.png")] * 4, "y": [0, 1, 0, 1]}, "y")
    assert images_of(large).shape == (4, 1, 256, 128)


def test_colors_palettes_depth_transparency_and_orientation(tmp_path: Path) -> None:
    gray = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.clip(gray * 257.0 - 100, 0, None).astype(np.uint16)).save(
        tmp_path / "deep.png"
    )
    Image.fromarray(gray).convert("P").save(tmp_path / "palette.png")
    Image.fromarray(np.stack([gray, np.zeros_like(gray)], axis=2), "LA").save(
        tmp_path / "clear.png"
    )
    Image.fromarray(np.repeat(gray[:, :, None], 3, axis=2)).save(tmp_path / "same.png")
    Image.fromarray(np.ascontiguousarray(np.rot90(gray))).save(tmp_path / "turned.png", exif=exif)
    names = ["deep.png", "palette.png", "clear.png", "same.png", "turned.png"]
    table = {"photo": [str(tmp_path / name) for name in names], "y": [0, 1, 0, 1, 0]}
    images = images_of(polytask.read(table, "y"))
    assert images.shape == (5, 1, 6, 8)
    for name, image in zip(names, images, strict=True):
        np.testing.assert_array_equal(np.round(image[0] / 257), gray, err_msg=name)
    declared = polytask.read(table, "y", columns={"photo": "image=color"})
    assert images_of(declared).shape == (5, 3, 6, 8)
    clear = Image.fromarray(np.dstack([pixels(0), np.zeros((6, 9), np.uint8)]), "RGBA")
    clear.save(tmp_path / "clear.png")
    table = {"photo": [str(tmp_path / "clear.png")] * 4, "y": [0, 1, 0, 1]}
    assert np.array_equal(images_of(polytask.read(table, "y"))[0], pixels(0).transpose(2, 0, 1))


def bomb() -> bytes:
    """A small file that says that it holds 50 000 x 50 000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0"))


FAULTS: dict[str, tuple[bytes | str | None, str]] = {
    "absent": (None, r"is not there \(paths begin in this folder\)"),
    "empty": (b"", "is empty"),
    "text": (b"no image at all", r"cannot be read as an image \(PNG, JPEG"),
    "truncated": (bytes_of(Image.fromarray(pixels(1)))[:120], "cannot be (decoded|read)"),
    "bomb": (bomb(), "hold more than the 89,478,485 pixels that are read"),
    "folder": ("folder", "is a folder"),
    "pipe": ("pipe", "is no file"),
}


@pytest.mark.parametrize(("content", "fault"), FAULTS.values(), ids=FAULTS)
def test_an_image_that_cannot_be_read_is_named_or_counts_as_missing(
    shop: Path, content: bytes | str | None, fault: str
) -> None:
    path = shop.parent / "photos/7.png"
    path.unlink()
    if content == "folder":
        path.mkdir()
    elif content == "pipe":
        os.mkfifo(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    table = {
        "photo": [str(shop.parent / f"photos/{index}.png") for index in range(10)],
        "y": [0, 1] * 5,
    }
    with pytest.raises(
        DataError, match=rf"Column 'photo', row 7: the image '.*7.png' {fault}"
    ) as error:
        polytask.read(table, "y")
    assert "photo:image=missing" in str(error.value)
    data = polytask.read(table, "y", columns={"photo": "image=missing"})
    assert data.sources[0].inputs["photo"].null_count() == 1
    assert "1 image cannot be read and counts as missing, first in row 7" in str(data.notes)
    encoded = fit_schemas(data)["table"].encode(data.sources[0])["image:photo"]
    assert not encoded[7].any()
    assert encoded[8].any()


def test_missing_cells_are_missing_images(shop: Path) -> None:
    data = polytask.read(changed(shop, "photos/3.png", "NA"), "y")
    assert data.sources[0].inputs["photo"].null_count() == 1
    assert "1 row without an image, as if all of its pixels were the mean" in str(data.notes)
    absent = changed(shop, "photos/", "elsewhere/")
    sentence = (
        r"'elsewhere/0.png' is not there \(paths begin in the folder '.*'\), and 23 more images"
    )
    with pytest.raises(DataError, match=sentence):
        polytask.read(absent, "y", columns={"photo": "image"})


@pytest.mark.parametrize("absent", ["", " ", "NA"])
def test_frames_may_have_missing_cells_among_paths(tmp_path: Path, absent: str) -> None:
    for index in range(8):
        Image.fromarray(pixels(index)[..., 0] % 2).save(tmp_path / f"{index}.png")
    paths = [absent, *(str(tmp_path / f"{index}.png") for index in range(8))]
    frame = {"photo": paths, "mask": paths[::-1]}
    data = polytask.read(frame, "mask:dense_classes")
    assert data.sources[0].inputs["photo"].null_count() == 1
    assert len(data.sources[0].labelled().rows("mask")) == 8


def test_paths_of_nothing_stay_text_and_are_noted(shop: Path) -> None:
    data = polytask.read(changed(shop, "photos/", "elsewhere/"), "y")
    assert "names of images that are not there, such as 'elsewhere/0.png' (paths begin in" in str(
        data.notes
    )
    assert data.sources[0].inputs["photo"].dtype == pl.String


@pytest.mark.parametrize(
    ("role", "fault"),
    [
        (
            "image=0x3",
            r"'image=0x3'. The height and width of an image must be whole numbers from 1",
        ),
        ("image=9x9999", "must be whole numbers from 1 to 4,096, as in image=32x48"),
        ("image=axb", r"'image=axb'. An image may have a size \(HEIGHTxWIDTH\), gray or color"),
        ("image=8x8,9x9", "An image has one of each"),
    ],
)
def test_forms_of_images_are_checked(shop: Path, role: str, fault: str) -> None:
    with pytest.raises(ParameterError, match=fault):
        polytask.read(shop, "y", columns={"photo": role})


def test_numbers_and_other_bytes_are_no_images(shop: Path) -> None:
    with pytest.raises(
        DataError, match=r"declared to be an image, but holds values of the type Float64"
    ):
        polytask.read(pl.read_csv(shop), "y", columns={"size": "image"})
    table = pl.DataFrame({"blob": [b"\xff\x00"] * 4, "y": [0, 1, 0, 1]})
    with pytest.raises(DataError, match="holds bytes that are not UTF-8 text"):
        polytask.read(table, "y")
    with pytest.raises(DataError, match=r"row 0: the image its 2 bytes cannot be read as an image"):
        polytask.read(table, "y", columns={"blob": "image"})


def test_new_rows_are_read_as_in_training(shop: Path, tmp_path: Path) -> None:
    data = polytask.read(shop, "y")
    (schema,) = fit_schemas(data).values()
    schema = schema_from_json(json.loads(json.dumps(schema_to_json(schema))))
    new = tmp_path / "new"
    new.mkdir()
    Image.fromarray(pixels(0)).save(new / "same.png")
    Image.fromarray(pixels(0, 12, 18)).convert("L").save(new / "larger.png")
    (new / "rows.csv").write_text("photo,size\nsame.png,1\nlarger.png,2\nNA,3\n")
    rows = rows_to_predict(new / "rows.csv", [schema], data.tasks)
    encoded = schema.encode(as_source(rows, schema, data.tasks))["image:photo"]
    assert encoded.shape == (3, 3, 6, 9)
    np.testing.assert_allclose(encoded[0], schema.encode(data.sources[0])["image:photo"][0])
    assert encoded[1].any()
    assert not encoded[2].any()
    # arrays of other sizes and colors too
    cells = np.zeros((1, 5, 7, 1), dtype=np.uint8)
    frame = {"photo": cells, "size": [1.0]}
    assert schema.encode(as_source(frame, schema, data.tasks))["image:photo"].shape == (1, 3, 6, 9)
    sentence = r"row 0: the image 'gone.png' is not there .* so that it counts as missing\.$"
    with pytest.raises(DataError, match=sentence):
        as_source({"photo": ["gone.png"], "size": [1.0]}, schema, data.tasks)


def test_a_forged_schema_cannot_ask_for_a_huge_image(shop: Path) -> None:
    saved = schema_to_json(fit_schemas(polytask.read(shop, "y"))["table"])
    image = dict(saved["columns"][0])
    for change in (
        {"dimensions": [3, 9999, 9]},
        {"dimensions": [1000, 4096, 4096], "channels": [[0.0, 1.0]] * 1000},
        {"channels": [[0.0, 0.0]] * 3},
        {"channels": [[0.0, 1.0]]},
    ):
        with pytest.raises(BundleError):
            schema_from_json(saved | {"columns": [image | change, *saved["columns"][1:]]})
    with pytest.raises(BundleError, match="names a folder"):
        schema_from_json(saved | {"reading": {**saved["reading"], "folder": "/etc"}})


def test_memory_is_that_of_all_rows_though_they_share_a_file(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(1, 24):
        shop = changed(shop, f"photos/{index}.png", "photos/0.png")
    monkeypatch.setattr("polytask.data.readers._image_target._MOST_BYTES", 23 * 6 * 9 * 3)
    with pytest.raises(DataError, match="holds 24 images, which take"):
        polytask.read(shop, ["y"])


def test_labels_of_pixels_may_be_images(tmp_path: Path) -> None:
    masks = np.random.default_rng(0).integers(0, 3, (12, 6, 9), dtype=np.uint8)
    lines = ["photo,mask"]
    for index, mask in enumerate(masks):
        Image.fromarray(pixels(index)).save(tmp_path / f"p{index}.png")
        picture = Image.fromarray(mask)
        if index % 2:
            picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
        picture.save(tmp_path / f"m{index}.png")
        lines.append(f"p{index}.png,m{index}.png")
    table = tmp_path / "scenes.csv"
    table.write_text("\n".join(lines))
    data = polytask.read(table, "mask:dense_classes")
    found = data.sources[0].labelled().columns("mask")["mask"]
    assert np.array_equal(np.stack(list(found)), masks)
    small = polytask.read(table, "mask:dense_classes", columns={"photo,mask": "image=3x3"})
    found = small.sources[0].labelled().columns("mask")["mask"]
    assert np.stack(list(found)).shape == (12, 3, 3)
    assert images_of(small).shape == (12, 3, 3, 3)
    with pytest.raises(
        DataError, match=r"'mask' holds paths of images, .* write mask:dense_classes"
    ):
        polytask.read(table, "mask")
    moved = tmp_path / "moved.csv"
    moved.write_text(table.read_text().replace(".png,m", ".png,gone/m"))
    with pytest.raises(DataError, match=r"'mask', row 0: the image 'gone/m0.png' is not there"):
        polytask.read(moved, "mask:dense_classes")
    Image.fromarray(masks[0, :4]).save(tmp_path / "m3.png")
    with pytest.raises(DataError, match=r"in 2 sizes, such as 4 x 9 and 6 x 9. Declare one"):
        polytask.read(table, "mask:dense_classes")
    Image.fromarray(pixels(0)).save(tmp_path / "m3.png")
    with pytest.raises(
        DataError, match=r"'m3.png' holds RGB pixels, and labels are single numbers"
    ):
        polytask.read(table, "mask:dense_classes")


def depths(folder: Path, maps: np.ndarray) -> Path:
    """A table of TIFF files of floats beside it."""
    lines = ["depth,y"]
    for index, values in enumerate(maps):
        Image.fromarray(values.astype(np.float32)).save(folder / f"d{index}.tif")
        lines.append(f"d{index}.tif,{index % 2}")
    (folder / "depths.csv").write_text("\n".join(lines))
    return folder / "depths.csv"


def test_floats_have_one_scale_learned_on_training_rows(tmp_path: Path) -> None:
    maps = np.random.default_rng(0).uniform(0, 0.9, (24, 6, 9)) * np.arange(1, 25)[:, None, None]
    maps[5, 0, 0] = np.nan  # not measured
    table = depths(tmp_path, maps - 3)
    data = polytask.read(table, "y")
    assert "in gray, of floats, which are scaled by the mean and deviation of training rows" in " ".join(data.notes)  # fmt: skip
    np.testing.assert_array_equal(images_of(data, "depth")[:, 0], (maps - 3).astype(np.float32))
    train = data.take({"table": np.arange(12)})
    (schema,) = fit_schemas(train).values()
    schema = schema_from_json(json.loads(json.dumps(schema_to_json(schema))))
    encoded = schema.encode(data.sources[0])["image:depth"][:, 0]
    seen = maps[:12][np.isfinite(maps[:12])]
    wanted = np.nan_to_num((maps - seen.mean()) / seen.std())
    np.testing.assert_allclose(encoded, wanted, atol=1e-4)
    new = as_source(rows_to_predict(table, [schema], data.tasks), schema, data.tasks)
    np.testing.assert_array_equal(schema.encode(new)["image:depth"][:, 0], encoded)
    Image.fromarray(maps[0].astype(np.float32)).save(tmp_path / "d0.pfm", "PPM")
    (same,) = images_of(polytask.read({"z": [str(tmp_path / "d0.pfm")], "y": [0.5]}, "y"), "z")
    np.testing.assert_array_equal(same[0], maps[0].astype(np.float32))
    small = polytask.read(table, "y", columns={"depth": "image=3x3,color"})
    assert images_of(small, "depth").shape == (24, 3, 3, 3)
    assert np.nanmax(images_of(small, "depth")) > 10


def test_pixels_of_16_bits_keep_their_levels_and_meet_bytes(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    levels = generator.integers(0, 1 << 12, (6, 4, 5)).astype(np.uint16)  # 12 bits, as of X-rays
    for row, level in enumerate(levels):
        Image.fromarray(level).save(tmp_path / f"deep{row}.png")
        Image.fromarray((level >> 4).astype(np.uint8)).save(tmp_path / f"flat{row}.png")
    y = [0, 1, 0, 1, 0, 1]
    deep = {"photo": [str(tmp_path / f"deep{row}.png") for row in range(6)], "y": y}
    flat = {"photo": [str(tmp_path / f"flat{row}.png") for row in range(6)], "y": y}
    data = polytask.read(deep, "y")
    np.testing.assert_array_equal(images_of(data)[:, 0], levels)
    assert any("in gray, of 16 bits" in note for note in data.notes)

    def encoded(train: dict, new: dict) -> np.ndarray:
        known = polytask.read(train, "y")
        (schema,) = fit_schemas(known).values()
        del new["y"]
        return schema.encode(as_source(new, schema, known.tasks))["image:photo"]

    of_deep = encoded(deep, dict(deep))
    np.testing.assert_allclose(of_deep[:, 0], (levels - levels.mean()) / levels.std(), atol=1e-5)
    brighter = (levels >> 4) * 257.0
    expected = (brighter - levels.mean()) / levels.std()
    np.testing.assert_allclose(encoded(deep, dict(flat))[:, 0], expected, rtol=1e-5)
    known = images_of(polytask.read(flat, "y"))[:, 0]
    expected = (np.round(levels / 257) - known.mean()) / known.std()
    np.testing.assert_allclose(encoded(flat, dict(deep))[:, 0], expected, atol=1e-5)


def test_floats_beside_bytes_have_no_scale_in_common(tmp_path: Path) -> None:
    table = depths(tmp_path, np.random.default_rng(0).uniform(0, 5, (12, 6, 9)))
    (schema,) = fit_schemas(data := polytask.read(table, "y")).values()
    Image.fromarray(pixels(0)).convert("L").save(tmp_path / "d3.tif")
    sentence = (
        r"'depth', row 0: the image 'd0.tif' holds floats, and 'd3.tif' in row 3 does not\. They have "
        r"no scale in common\. Save all of them as floats \(TIFF\), or none\."
    )
    for role in ("image", "image=6x9,gray"):
        with pytest.raises(DataError, match=sentence):
            polytask.read(table, "y", columns={"depth": role})
    with pytest.raises(DataError, match="holds bytes, whose scale is another one now"):
        schema.encode(as_source({"depth": [str(tmp_path / "d3.tif")]}, schema, data.tasks))
    Image.fromarray(np.full((6, 9), 70_000, np.int32)).save(tmp_path / "d3.tif")
    beyond = {"depth": [str(tmp_path / "d3.tif")] * 4, "y": [0, 1, 0, 1]}
    with pytest.raises(DataError, match=r"has pixels beyond 0 to 65,535\. Save them as floats"):
        polytask.read(beyond, "y")


def test_labels_of_pixels_may_be_floats(tmp_path: Path) -> None:
    maps = np.random.default_rng(0).uniform(0.2, 9, (8, 6, 9)).astype(np.float32)
    maps[0, 0, 0] = np.nan
    table = depths(tmp_path, maps)
    for index in range(8):
        Image.fromarray(pixels(index)).save(tmp_path / f"p{index}.png")
    table.write_text("photo,depth\n" + "\n".join(f"p{i}.png,d{i}.tif" for i in range(8)))
    data = polytask.read(table, "depth:dense_numbers")
    found = data.sources[0].labelled().columns("depth")["depth"]
    np.testing.assert_array_equal(np.stack(list(found)), maps)
    with pytest.raises(DataError, match="must hold class numbers, whole and at least 0"):
        polytask.read(table, "depth:dense_classes")
