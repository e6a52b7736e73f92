"""Links and folders of other users: nothing is written through them."""

import os
import sys
from pathlib import Path

import pytest

from chatrepl import files
from chatrepl.files import ownership
from tests.support.program import run
from tests.support.server import Server

if sys.platform == "win32":
    pytest.skip("users are not told apart so", allow_module_level=True)

root_only = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
NOBODY = 65534


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder like /tmp: everybody may write, and another user has made a link in it."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o1777)
    (tmp_path / "prey").mkdir()
    (tmp_path / "prey" / "file.md").write_text("mine")
    (folder / "folder").symlink_to(tmp_path / "prey")
    (folder / "file.md").symlink_to(tmp_path / "prey" / "file.md")
    for name in ("folder", "file.md"):
        os.lchown(folder / name, NOBODY, NOBODY)
    return folder


@root_only
@pytest.mark.parametrize("name", ["file.md", "folder/file.md", "folder/new.md"])
def test_nothing_is_written_through_a_link_of_another_user(shared: Path, name: str) -> None:
    with pytest.raises(PermissionError, match="is a link of another user"):
        files.write(shared / name, b"x", force=True)
    assert (shared.parent / "prey" / "file.md").read_text() == "mine"
    assert not (shared.parent / "prey" / "new.md").exists()
    with pytest.raises(PermissionError, match="is a link of another user"):
        files.private_folder(shared / "folder" / "recordings")


@root_only
def test_a_folder_of_another_user_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", NOBODY, NOBODY)
    with pytest.raises(PermissionError, match="belongs to another user"):
        files.write(tmp_path / "theirs" / "x.md", b"x")


def test_a_link_of_ones_own_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("old")
    (tmp_path / "config.toml").symlink_to(tmp_path / "real.toml")
    files.write(tmp_path / "config.toml", b"new")
    assert (tmp_path / "real.toml").read_text() == "new"
    assert (tmp_path / "config.toml").is_symlink()


@root_only
def test_save_export_and_record_say_so(server: Server, home: Path, shared: Path) -> None:
    flags = ["--base-url", server.url, "-m", "m"]
    assert run(*flags, "Hi", home=home).returncode == 0
    session = next((home / "sessions").iterdir()).stem
    done = run("--export", session, str(shared / "folder" / "out.md"), home=home)
    assert (done.returncode, b"is a link of another user" in done.stderr, b"Traceback" in done.stderr) == (
        2,
        True,
        False,
    )
    done = run(*flags, "--record", str(shared / "folder" / "rec"), "Hi", home=home)
    assert b"is a link of another user" in done.stderr
    assert b"Traceback" not in done.stderr
    assert os.listdir(shared.parent / "prey") == ["file.md"]


@pytest.mark.parametrize(("mode", "wrong"), [(0o700, ""), (0o755, ""), (0o777, "others can write"), (0o1777, "")])
def test_what_others_can_write_is_told(tmp_path: Path, mode: int, wrong: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder").chmod(mode)
    assert ownership.open_to_others(tmp_path / "folder").startswith(wrong)
    assert bool(ownership.open_to_others(tmp_path / "folder")) is bool(wrong)
    assert not ownership.open_to_others(tmp_path / "none")
