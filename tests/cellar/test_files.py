import errno
import json
import os
import re
import stat
from pathlib import Path

import pytest

from polytask._files import (
    TEMPORARY,
    digest,
    replacing,
    sealed,
    sha256,
    unsealed,
    walk,
    write_json,
    write_text,
    writing,
)
from polytask._plain import read_file, read_json
from polytask.exceptions import OutputError


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
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "a") == known


def test_a_file_is_open_to_whom_the_mask_allows(tmp_path):
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "kept") as temporary:
        temporary.unlink()
        temporary.touch(0o600)
    assert (tmp_path / "kept").stat().st_mode == (tmp_path / "plain").stat().st_mode


REFUSALS = [
    (errno.ENOSPC, "no space is left on the disk. Make room and run it again."),
    (errno.EDQUOT, "the disk quota is used up. Make room"),
    (errno.EROFS, "the disk is read-only. Put that right, or name another place."),
    (errno.EACCES, "permission is denied"),
    (errno.EIO, "the disk does not answer as it should"),
    (errno.EFBIG, "the file would be larger than is allowed"),
]


@pytest.mark.parametrize(("number", "words"), REFUSALS)
@pytest.mark.parametrize("call", ["write", "fsync", "replace", "mkdir"])
def test_what_the_system_refuses_is_a_sentence(tmp_path, monkeypatch, number, words, call):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    target = tmp_path / "folder" / "a.json"
    write_json(target, 1)
    owner = {"write": Path, "fsync": os, "replace": Path, "mkdir": Path}[call]
    monkeypatch.setattr(owner, {"write": "write_text"}.get(call, call), refuse)
    with pytest.raises(OutputError, match=re.escape(f"{target} cannot be written: {words}")):
        write_json(target, 2)
    monkeypatch.undo()
    assert target.read_text() == "1\n"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot open folders")
def test_files_are_on_the_disk_before_their_rename_and_folders_after(tmp_path, monkeypatch):
    seen = []

    def watch(descriptor):
        target = tmp_path / "a.json"
        seen.append(
            (
                os.fstat(descriptor).st_size,
                stat.S_ISDIR(os.fstat(descriptor).st_mode),
                target.exists(),
            )
        )

    monkeypatch.setattr(os, "fsync", watch)
    write_json(tmp_path / "a.json", 1)
    (size, *of_file), (_, *of_folder) = seen
    assert (size, of_file, of_folder) == (2, [False, False], [True, True])


def test_a_refusal_in_a_librarys_own_words(tmp_path):
    def write():
        with replacing(tmp_path / "a"):
            raise RuntimeError("I/O error: No space left on device (os error 28)")

    with pytest.raises(OutputError, match="no space is left"):
        write()
    with pytest.raises(OutputError, match="permission is denied"), writing(tmp_path):
        raise PermissionError(errno.EACCES, "no")
    with pytest.raises(RuntimeError, match="else"), writing(tmp_path):
        raise RuntimeError("something else")


def test_a_folder_that_is_gone_is_not_made_again(tmp_path):
    with pytest.raises(OutputError, match="its folder is gone"):
        write_json(tmp_path / "gone" / "a.json", 1, make_folder=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_folder_would_be(tmp_path):
    (tmp_path / "a").touch()
    for inner in (tmp_path / "a" / "b.json", tmp_path / "a" / "b" / "c.json"):
        with pytest.raises(OutputError, match="folder"):
            write_json(inner, 1)


def test_names_of_temporary_files(tmp_path):
    for name in ("a.json", "a.b.safetensors", "plain", ".hidden"):
        with replacing(tmp_path / name) as temporary:
            found = TEMPORARY.fullmatch(temporary.name)
            assert found["stem"] + (found["suffix"] or "") == name
    assert not TEMPORARY.fullmatch(".a-0123.json")
    assert not TEMPORARY.fullmatch("a-0123456789abcdef.json")


def test_digests_of_folders(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "in").mkdir(parents=True)
        (folder / "in" / "a").write_bytes(b"abc")
    assert digest(one) == digest(other) != digest(one / "in")
    assert digest(one / "in" / "a") == sha256(one / "in" / "a")
    (other / "in" / "a").rename(other / "in" / "b")
    assert digest(one) != digest(other)
    with pytest.raises(FileNotFoundError):
        digest(tmp_path / "none")


def test_seals():
    values = {"a": [1.5, {"seconds": 3, "seconds_of": 4, "b": None}], "c": "Δ"}
    assert unsealed(json.loads(json.dumps(sealed(values)))) == values
    loose = sealed(values, but="seconds")
    loose["a"][1]["seconds"] = 5
    assert unsealed(loose, but="seconds")["a"][1]["seconds"] == 5
    for change in ({"c": "d"}, {"e": 1}, {"sha256": "0" * 64}):
        with pytest.raises(ValueError, match="edited or damaged"):
            unsealed({**sealed(values), **change})
    with pytest.raises(ValueError, match="edited or damaged"):
        unsealed(values)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_pipes_and_devices_are_not_waited_for(tmp_path, make):
    make(tmp_path / "a.json")
    with pytest.raises(ValueError, match="a pipe or a device"):
        read_json(tmp_path / "a.json")
    with pytest.raises(FileNotFoundError):
        digest(tmp_path / "a.json")
    with pytest.raises(FileNotFoundError):
        digest(tmp_path)


def test_no_more_is_read_than_allowed(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 10)
    assert read_file(tmp_path / "a", 10) == b"x" * 10
    with pytest.raises(ValueError, match="more than the 9 bytes"):
        read_file(tmp_path / "a", 9)


def test_an_error_names_the_file(tmp_path):
    (tmp_path / "a").symlink_to("/proc/self/mem")
    if not (tmp_path / "a").is_file():
        pytest.skip("no such file here")
    with pytest.raises(OSError, match=r"/proc|a") as caught:
        read_file(tmp_path / "a")
    assert caught.value.filename == str(tmp_path / "a")


def test_folders_that_are_walked(tmp_path):
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "b" / "x").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    found = [(inner.as_posix(), folders, files) for inner, folders, files in walk(tmp_path)]
    assert found == [(".", ["b", "link"], []), ("b", ["c"], ["x"]), ("b/c", [], [])]
