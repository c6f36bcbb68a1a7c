import hashlib
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tiny_archives import FOLDERS, files, write_archive

from entropic.nets import archives, download, read_images
from entropic.theory import DomainError


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server on this machine that sends a small archive under the published name."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = write_archive(
        tmp_path / "made.tar.gz",
        {f"{FOLDERS['cifar10']}/{n}": w for n, w in files("cifar10", 10).items()},
    )
    content = made.read_bytes()
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path != "/cifar-10-binary.tar.gz":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{listening.server_port}/cifar-10-binary.tar.gz"

    def publish(**changes):
        known = replace(archives.ARCHIVES["cifar10"], url=url, md5=hashlib.md5(content).hexdigest())
        monkeypatch.setitem(archives.ARCHIVES, "cifar10", replace(known, **changes))

    publish()
    yield publish, asked, url
    listening.shutdown()
    listening.server_close()


def test_an_archive_is_fetched_once_and_read(tmp_path, server):
    _, asked, _ = server
    told = []
    place = tmp_path / "new" / "folder"
    path = download("cifar10", place, lambda there, whole: told.append((there, whole)))
    assert path == place / "cifar-10-binary.tar.gz"
    assert [p.name for p in place.iterdir()] == [path.name]
    assert len(read_images("cifar10", place).part("train")[1]) == 50
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
    assert all(there <= whole for there, whole in told)
    assert download("cifar10", place) == path
    assert len(asked) == 1


def test_what_has_another_checksum_is_not_kept(tmp_path, server):
    publish, _, _ = server
    publish(md5="0" * 32)
    with pytest.raises(OSError, match="is not the published archive: its checksum differs"):
        download("cifar10", tmp_path / "d")
    assert list((tmp_path / "d").iterdir()) == []


def test_a_damaged_copy_is_fetched_anew(tmp_path, server):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"half of it")
    download("cifar10", tmp_path)
    assert len(read_images("cifar10", tmp_path / "cifar-10-binary.tar.gz").files) == 6


@pytest.mark.parametrize("reason", ["404 .*Not Found", "refused"])
def test_a_server_that_does_not_have_it_or_does_not_answer_is_named(tmp_path, server, reason):
    publish, _, url = server
    publish(url=url.replace("binary", "gone") if "404" in reason else "http://127.0.0.1:1/a")
    with pytest.raises(OSError, match=f"cannot fetch http://127.0.0.1.*: .*{reason}"):
        download("cifar10", tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["made.tar.gz"]


def test_a_place_that_is_a_file_and_an_unknown_name_are_refused(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DomainError, match="cannot write to"):
            download("cifar10", place)
    with pytest.raises(DomainError, match="no data set 'mnist'"):
        download("mnist", tmp_path)


def test_the_published_checksums_are_those_of_the_publisher():
    """https://www.cs.toronto.edu/~kriz/cifar.html, the binary versions."""
    assert archives.ARCHIVES["cifar10"].md5 == "c32a1d4ab5d03f1284b67883e8d87530"
    assert archives.ARCHIVES["cifar100"].md5 == "03b5dce01913d631647c71ecec9e9cb8"
