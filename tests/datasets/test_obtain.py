"""Files at hand, in the cache and from their source; with every way a source can fail."""

import gzip
import hashlib
import io
import tarfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from polytask.datasets import PublicFile
from polytask.datasets._download import download
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import cache_folder
from polytask.exceptions import DatasetUnavailableError

CONTENT = b"a,b\n1,2\n" * 5000
PACKED = gzip.compress(CONTENT, mtime=0)


def digest(content):
    return hashlib.sha256(content).hexdigest()


def as_tar_gz(name, content):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as folder:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        folder.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def as_zip(name, content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as folder:
        folder.writestr(name, content)
    return stream.getvalue()


class Source(BaseHTTPRequestHandler):
    """Serves the content, and every fault by name."""

    def do_GET(self):
        self.server.asked.append(self.path)
        {
            "/whole.csv.gz": lambda: self.give(PACKED),
            "/other.csv.gz": lambda: self.give(gzip.compress(b"other rows", mtime=0) * 500),
            "/cut.csv.gz": lambda: self.give(PACKED, PACKED[: len(PACKED) // 2]),
            "/shorter.csv.gz": lambda: self.give(PACKED[:-9]),
            "/archive.zip": lambda: self.give(as_zip("in.tar.gz", as_tar_gz("rows.csv", CONTENT))),
            "/broken.zip": lambda: self.give(b"no archive at all"),
            "/silent.csv.gz": lambda: time.sleep(1),
        }.get(self.path, lambda: self.send_error(404))()

    def give(self, announced, given=None):
        self.send_response(200)
        self.send_header("Content-Length", str(len(announced)))
        self.end_headers()
        self.wfile.write(announced if given is None else given)

    def log_message(self, *args):
        pass


@pytest.fixture
def source(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Source)
    server.asked = []
    server.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    """An empty data folder and an empty cache."""
    monkeypatch.setenv("POLYTASK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("POLYTASK_CACHE", str(tmp_path / "cache"))


def published(source, *names):
    address = source if isinstance(source, str) else source.address
    urls = tuple(f"{address}/{name}" for name in names)
    return PublicFile("set/rows.csv.gz", len(PACKED), digest(PACKED), urls, digest(CONTENT))


def put(folder, content):
    place = folder / "set" / "rows.csv.gz"
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    return place


def test_a_file_in_the_data_folder_is_taken_without_asking_the_source(source, tmp_path):
    place = put(tmp_path / "data", PACKED)
    assert obtain("rows", [published(source, "whole.csv.gz")]) == [place]
    assert source.asked == []


def test_another_compression_of_the_same_rows_is_the_same_file(source, tmp_path):
    place = put(tmp_path / "data", gzip.compress(CONTENT, compresslevel=1, mtime=7))
    assert obtain("rows", [published(source, "whole.csv.gz")]) == [place]


def test_a_download_is_cached_and_not_repeated(source, tmp_path, capsys):
    file = published(source, "whole.csv.gz")
    (place,) = obtain("rows", [file])
    assert place == tmp_path / "cache" / "set" / "rows.csv.gz"
    assert place.read_bytes() == PACKED
    assert obtain("rows", [file]) == [place]
    assert source.asked == ["/whole.csv.gz"]
    assert capsys.readouterr() == ("", "")  # no progress bar where nobody looks


def test_a_damaged_file_in_the_cache_is_downloaded_again(source, tmp_path):
    place = put(tmp_path / "cache", PACKED[:100])
    assert obtain("rows", [published(source, "whole.csv.gz")]) == [place]
    assert place.read_bytes() == PACKED


def test_a_damaged_file_in_the_data_folder_is_an_error_and_stays_untouched(source, tmp_path):
    place = put(tmp_path / "data", PACKED[:100])
    with pytest.raises(DatasetUnavailableError) as caught:
        obtain("rows", [published(source, "whole.csv.gz")])
    assert str(caught.value) == (
        f"{place} is not the published file of the data set 'rows': it is cut short, 100 of "
        f"{len(PACKED)} bytes; it must be {digest(PACKED)}. Replace it by "
        f"{source.address}/whole.csv.gz, or remove it to have it downloaded."
    )
    assert place.read_bytes() == PACKED[:100]
    assert source.asked == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cut.csv.gz", "is not the published file: it is cut short|IncompleteRead"),
        ("shorter.csv.gz", "is not the published file: it is cut short"),
        ("other.csv.gz", "is not the published file: its sha256 is [0-9a-f]{64}"),
        ("absent.csv.gz", "HTTP Error 404"),
        ("broken.zip#in.tar.gz#rows.csv", "not a gzip file|file could not be opened"),
        ("archive.zip#in.tar.gz#absent.csv", "absent.csv"),
    ],
)
def test_a_source_that_fails_is_named_and_leaves_nothing_behind(source, tmp_path, name, reason):
    with pytest.raises(DatasetUnavailableError, match=reason) as caught:
        obtain("rows", [published(source, name)])
    assert source.address.removeprefix("http://") in str(caught.value)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_silent_source_is_given_up(source, monkeypatch):
    monkeypatch.setattr("polytask.datasets._download._SECONDS", 0.1)
    with pytest.raises(DatasetUnavailableError, match="timed out"):
        obtain("rows", [published(source, "silent.csv.gz")])


def test_the_next_source_serves_when_the_first_fails(source):
    file = published(source, "absent.csv.gz", "other.csv.gz", "cut.csv.gz", "whole.csv.gz")
    (place,) = obtain("rows", [file])
    assert place.read_bytes() == PACKED
    assert len(source.asked) == 4


def test_a_member_of_an_archive_in_an_archive_is_packed_as_the_file(source):
    (place,) = obtain("rows", [published(source, "archive.zip#in.tar.gz#rows.csv")])
    assert gzip.decompress(place.read_bytes()) == CONTENT


def test_local_addresses_and_plain_members_serve_too(tmp_path):
    archive = tmp_path / "archive.zip"
    archive.write_bytes(as_zip("rows.csv", CONTENT))
    download(f"{archive.as_uri()}#rows.csv", tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_bytes() == CONTENT


def test_without_a_network_the_error_says_what_to_put_where(source, tmp_path):
    closed = "http://127.0.0.1:9"  # nobody listens
    files = [
        published(closed, "archive.zip#rows.csv", "rows.csv.gz"),
        PublicFile("set/more.csv", 3, digest(b"abc"), (f"{closed}/more.csv",)),
    ]
    with pytest.raises(DatasetUnavailableError) as caught:
        obtain("rows", files)
    told = str(caught.value)
    assert told.startswith(
        f"The data set 'rows' is not at hand: looked in POLYTASK_DATA={tmp_path / 'data'} and in "
        f"{tmp_path / 'cache'}, and its source could not be used (127.0.0.1:9: "
    )
    assert told.endswith(
        "Without a network, copy from a computer that has one:\n"
        f"  {tmp_path / 'data' / 'set' / 'rows.csv.gz'}\n    from {closed}/rows.csv.gz\n"
        f"    sha256 {digest(PACKED)}\n"
        f"  {tmp_path / 'data' / 'set' / 'more.csv'}\n    from {closed}/more.csv\n"
        f"    sha256 {digest(b'abc')}"
    )


def test_without_a_data_folder_the_cache_is_the_place_to_put_files(monkeypatch, tmp_path):
    monkeypatch.delenv("POLYTASK_DATA")
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(DatasetUnavailableError) as caught:
        obtain("rows", [published("http://127.0.0.1:9", "rows.csv.gz")])
    assert "looked in POLYTASK_DATA, which is not set, and in" in str(caught.value)
    assert f"\n  {tmp_path / 'cache' / 'set' / 'rows.csv.gz'}\n" in str(caught.value)


def test_the_cache_lies_in_the_users_folder_for_caches(monkeypatch, tmp_path):
    monkeypatch.delenv("POLYTASK_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "polytask"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "polytask"
