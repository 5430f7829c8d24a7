import json
import os
import stat

import pytest

from polytask._files import replacing, sha256, write_json, write_text


def test_text_and_json(tmp_path):
    write_text(tmp_path / "new" / "folder" / "a.txt", "Δm\n")
    assert (tmp_path / "new" / "folder" / "a.txt").read_text(encoding="utf-8") == "Δm\n"
    write_json(tmp_path / "a.json", {"Δ": [1, None]})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"Δ": [1, None]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "new"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_is_no_json_leaves_the_old_file(tmp_path, value):
    target = tmp_path / "a.json"
    write_json(target, 1)
    with pytest.raises((TypeError, ValueError)):
        write_json(target, {"value": value})
    assert target.read_text() == "1\n"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_interrupted_halfway(tmp_path, error):
    target = tmp_path / "a.bin"
    write_text(target, "old")

    def write():
        with replacing(target) as temporary:
            assert temporary.parent == tmp_path
            assert temporary.suffix == ".bin"
            temporary.write_bytes(b"half")
            assert target.read_text() == "old"
            raise error

    with pytest.raises(error):
        write()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_users_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_two_writers_do_not_meet(tmp_path):
    target = tmp_path / "a.txt"
    with replacing(target) as one, replacing(target) as other:
        assert one != other
        one.write_text("one")
        other.write_text("other")
    assert target.read_text() == "one"


def test_digest(tmp_path):
    write_text(tmp_path / "a", "abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "a") == digest


def test_a_file_is_open_to_whom_the_mask_allows(tmp_path):
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "kept") as temporary:
        temporary.unlink()
        temporary.touch(0o600)
    assert (tmp_path / "kept").stat().st_mode == (tmp_path / "plain").stat().st_mode
