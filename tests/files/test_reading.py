"""Files that somebody named are read whole, or it is said why not; never waited for, never without end."""

import os
import socket
import sys
from pathlib import Path

import pytest

from chatrepl.files import reading
from chatrepl.files.reading import Unfit, bounded

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1000)
    assert bounded(path, 1000) == b"x" * 1000
    with pytest.raises(Unfit) as caught:
        bounded(path, 999)
    assert caught.value.strerror == "it is larger than 999 bytes"


@posix_only
def test_what_is_no_file_is_said_so_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        reasons = {}
        for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero"), tmp_path / "socket"):
            with pytest.raises(OSError, match=r".") as caught:
                bounded(path, 10)
            reasons[path.name] = caught.value.strerror
    assert (reasons["pipe"], reasons["zero"]) == ("it is a pipe", "it is a device")
    assert reasons[tmp_path.name] == "it is a folder"


@posix_only
def test_a_sparse_file_of_a_terabyte_is_too_large_at_once(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(Unfit):
        bounded(tmp_path / "sparse", 10**6)


@posix_only
def test_a_file_that_grows_while_it_is_read_is_bounded() -> None:
    with pytest.raises(Unfit):  # its size is told as 0, and it is not empty
        bounded(Path("/proc/self/maps"), 10)


@posix_only
def test_links_are_followed_only_where_they_may_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert bounded(tmp_path / "link", 10) == b"a"
    with pytest.raises(Unfit, match="link"):
        bounded(tmp_path / "link", 10, links=False)
    for links in (True, False):
        with pytest.raises(OSError, match=r"."):
            bounded(tmp_path / "circle", 10, links=links)


def test_every_kind_that_is_no_file_has_its_words() -> None:
    assert all(words.startswith("it is a ") for words in reading.KINDS.values())


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets in folders")
def test_a_socket_is_called_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("s")
        with pytest.raises(reading.Unfit) as caught, reading.opened(Path("s")):
            pass
    assert caught.value.strerror == "it is a socket"
