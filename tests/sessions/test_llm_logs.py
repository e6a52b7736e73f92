"""Databases of llm that are no honest ones: refused in a line, in little time and memory, with nothing left beside."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatrepl.errors import TranscriptError
from chatrepl.sessions import formats
from chatrepl.sessions.formats import llm_logs
from chatrepl.sessions.formats.format import Damage

PLAIN = (
    "create table responses (id text, conversation_id text, datetime_utc text, system text, prompt text, response text)"
)
ROW = "insert into responses values ('1', 'c', '2026-01-01', '', 'Hi', 'Hello')"


def made(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


def beside(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


@pytest.mark.parametrize("kind", ["virtual", "stored"])
def test_a_column_that_is_made_up_is_refused(tmp_path: Path, kind: str) -> None:
    table = PLAIN.replace("prompt text", f"prompt text generated always as (printf('%.*c', 100, 'x')) {kind}")
    row = "insert into responses (id, conversation_id, datetime_utc, system, response) values (1, 1, 1, '', 'x')"
    path = made(tmp_path / "logs.db", table, row)
    with pytest.raises(TranscriptError, match="the table responses makes up its columns"):
        formats.load_all(path)
    assert beside(path) == ["logs.db"]


@pytest.mark.parametrize("name", ["responses", "conversations", "threads"])
def test_a_virtual_table_is_none_of_llm(tmp_path: Path, name: str) -> None:
    made_up = f"create virtual table {name} using fts5(id, prompt)"
    others = [PLAIN, ROW] if name != "responses" else []
    path = made(tmp_path / "logs.db", *others, made_up)
    if others:
        assert len(formats.load_all(path)) == 1
    else:
        with pytest.raises(TranscriptError, match="neither a table responses nor one threads"):
            formats.load_all(path)


def test_a_view_without_end_is_never_looked_into(tmp_path: Path) -> None:
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select x as id from n"
    path = made(tmp_path / "logs.db", PLAIN, ROW, f"create view fragments as {endless}")
    assert formats.load_all(path)[0].conversation.turns


def test_a_value_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_logs, "LONGEST", 10_000)
    path = made(tmp_path / "logs.db", PLAIN, ROW, f"update responses set response = '{'x' * 20_000}'")
    with pytest.raises(TranscriptError, match="too big"):
        formats.load_all(path)


def test_a_database_that_gives_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "logs.db", PLAIN, ROW)
    with closing(sqlite3.connect(path)) as connection:
        tables = llm_logs._Tables(connection, 30)
        assert len(tables.rows("responses")) == 1
        with pytest.raises(Damage, match="more than it holds"):
            tables.rows("responses")


def test_work_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_logs, "STEPS", 1_000)
    monkeypatch.setattr(llm_logs, "BETWEEN", 100)
    many = "insert into responses select x, x, x, '', 'Hi', 'Ho' from generated"
    rows = "with recursive generated(x) as (select 1 union all select x + 1 from generated where x < 5000) "
    path = made(tmp_path / "logs.db", PLAIN, many.replace("select x", f"{rows}select x", 1))
    with pytest.raises(TranscriptError, match="interrupted"):
        formats.load_all(path)


def test_what_stands_in_the_log_beside_is_read_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute(PLAIN)
        connection.execute(ROW)
        connection.commit()
        before = {each.name: each.read_bytes() for each in tmp_path.iterdir() if not each.name.endswith("-shm")}
        assert "logs.db-wal" in before
        assert formats.load_all(path)[0].conversation.turns[0][0].text == "Hi"
        assert {name: (tmp_path / name).read_bytes() for name in before} == before
        assert beside(path) == ["logs.db", "logs.db-shm", "logs.db-wal"]


def test_a_database_in_a_folder_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    path = made(tmp_path / "logs.db", PLAIN, ROW, "pragma journal_mode = wal")
    tmp_path.chmod(0o500)
    try:
        assert len(formats.load_all(path)) == 1
    finally:
        tmp_path.chmod(0o700)
    assert beside(path) == ["logs.db"]
