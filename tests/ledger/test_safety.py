"""What a ledger survives: kills, crowds, full disks, foreign and broken files."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from flyball import Spend, Usage
from flyball.errors import LedgerError
from flyball.ledger import Ledger, audit, shares
from flyball.ledger.migrations import MIGRATIONS
from flyball.ledger.rows import run_columns
from flyball.ledger.tables import RunRow, SpendRow, StepRow, TallyRow, TruthRow
from tests.ledger.conftest import a_run, a_step, read

WRITER = """
import sys
from flyball.ledger import Ledger
from tests.ledger.conftest import a_run, a_step, read
path, name, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Ledger(path) as ledger:
    ledger.save(a_run(name))
    for index in range(steps):
        ledger.append(name, a_step(index, text="x" * 2000, policy_spend=read(1.0)))
        print(index, flush=True)
"""


def writer(path: Path, name: str, steps: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(steps)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_every_step_that_was_appended_outlives_a_kill(path):
    child = writer(path, "r1", 1_000_000)
    assert child.stdout is not None
    for _ in range(200):
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    reported = 199 + len(child.stdout.readlines())
    child.wait()
    child.stdout.close()
    with Ledger(path) as ledger:
        steps = ledger.steps("r1")
        assert [step.index for step in steps] == list(range(len(steps)))
        # The child may have died between the append and the report of it.
        assert len(steps) - 1 in (reported, reported + 1)
        (row,) = ledger.store.rows(text("select read_j, steps from tally where part = 'policy'"))
        assert (row.read_j, row.steps) == (float(len(steps)), len(steps))
        ledger.append("r1", a_step(len(steps)))


def test_processes_that_open_a_new_ledger_at_once_all_write_to_it(path):
    children = [writer(path, f"r{number}", 30) for number in range(4)]
    outputs = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0] * 4
    assert all(output.endswith("29\n") for output in outputs)
    with Ledger(path) as ledger:
        assert [len(ledger.steps(f"r{number}")) for number in range(4)] == [30] * 4


def test_a_reader_sees_the_steps_of_a_run_that_is_being_written(ledger, path):
    ledger.save(a_run())
    with Ledger(path) as reader:
        for index in range(3):
            ledger.append("r1", a_step(index))
            assert len(reader.steps("r1")) == index + 1


def test_threads_share_a_ledger(ledger):
    def work(name: str) -> None:
        ledger.save(a_run(name))
        for index in range(50):
            ledger.append(name, a_step(index, policy_spend=read(1.0)))
            ledger.run(name)

    threads = [threading.Thread(target=work, args=(f"r{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(ledger.steps(f"r{number}")) for number in range(4)] == [50] * 4


def test_readers_do_not_wait_for_the_writer(path, ledger):
    assert [row[0] for row in ledger.store.rows(text("pragma journal_mode"))] == ["wal"]
    assert [row[0] for row in ledger.store.rows(text("pragma foreign_keys"))] == [1]


def fill(ledger: Ledger) -> int:
    """Append until the disk is full; return how many steps the ledger holds then."""
    held = 0

    def append_for_ever() -> None:
        nonlocal held
        while held < 10_000:
            ledger.append("r1", a_step(held, text="x" * 5000))
            held += 1

    with pytest.raises(LedgerError, match="the disk is full; free some space"):
        append_for_ever()
    return held


def test_a_full_disk_loses_nothing_that_was_written(ledger):
    ledger.save(a_run())
    ledger.store.rows(text("pragma max_page_count = 60"))
    held = fill(ledger)
    assert len(ledger.steps("r1")) == held > 5
    ledger.store.rows(text("pragma max_page_count = 100000"))
    ledger.append("r1", a_step(held))
    assert len(ledger.steps("r1")) == held + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a disk of 600 kB")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_real_disk_that_is_full_loses_nothing_that_was_written(small_disk):
    with Ledger(small_disk / "ledger.db") as ledger:
        ledger.save(a_run())
        held = fill(ledger)
        assert len(ledger.steps("r1")) == held > 5
    with Ledger(small_disk / "ledger.db") as again:
        assert len(again.steps("r1")) == held


@pytest.fixture
def public_directory() -> Iterator[Path]:
    """A directory that every user may look into, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def nobody() -> Iterator[None]:
    """Root may write everywhere, so for the file system the test becomes another user."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.fixture
def written(public_directory: Path) -> Path:
    path = public_directory / "ledger.db"
    with Ledger(path) as ledger:
        ledger.save(a_run())
    path.chmod(0o444)
    public_directory.chmod(0o555)
    return path


def test_a_read_only_ledger_says_so_and_what_to_do(written, nobody):
    with pytest.raises(LedgerError, match=r"ledger\.db: .*(read-only|no right).*--ledger"):
        Ledger(written).save(a_run("r2"))


def test_a_read_only_directory_says_so_and_what_to_do(public_directory, nobody):
    with pytest.raises(LedgerError, match=r"ledger\.db: .*(read-only|no right).*FLYBALL_LEDGER"):
        Ledger(public_directory / "ledger.db")


def test_a_ledger_that_another_process_keeps_locked_is_not_waited_for_forever(path, monkeypatch):
    monkeypatch.setattr("flyball.ledger.store.BUSY_SECONDS", 0.05)
    with Ledger(path) as ledger:
        ledger.save(a_run())
        other = sqlite3.connect(path)
        other.execute("begin immediate")
        with pytest.raises(LedgerError, match="another process has kept it locked"):
            ledger.append("r1", a_step())
        other.close()
        ledger.append("r1", a_step())


def test_a_file_that_is_no_database_is_left_alone(path):
    path.write_text("my diary, and nothing else\n" * 50)
    with pytest.raises(LedgerError, match="this is no SQLite file"):
        Ledger(path)
    assert path.read_text().startswith("my diary")


def test_another_programs_database_is_left_alone(path):
    other = sqlite3.connect(path)
    other.execute("create table run (id text)")
    other.close()
    with pytest.raises(LedgerError, match="another program's file"):
        Ledger(path)
    other = sqlite3.connect(path)
    assert other.execute("select count(*) from sqlite_master").fetchone() == (1,)
    other.close()


def test_a_newer_ledger_is_refused(path):
    Ledger(path).close()
    newer = sqlite3.connect(path)
    newer.execute(f"pragma user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    with pytest.raises(LedgerError, match=r"newer Flyball \(schema 6, this one knows 5\)"):
        Ledger(path)


def test_a_path_that_cannot_be_a_file_is_refused(tmp_path):
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match=r"Not a directory|File exists"):
        Ledger(tmp_path / "file" / "ledger.db")


def test_a_record_that_cannot_be_read_says_what_is_wrong(ledger):
    ledger.save(a_run())
    with ledger.store.transaction() as connection:
        connection.execute(text("""update run set record = '{"id": 5}'"""))
    with pytest.raises(LedgerError, match=r"cannot be read: id: .*newer Flyball"):
        ledger.run("r1")


def test_a_closed_ledger_says_so(path):
    ledger = Ledger(path)
    ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        ledger.run("r1")


def test_the_tables_are_those_that_the_migrations_make(ledger):
    for row in (RunRow, StepRow, SpendRow, TallyRow, TruthRow):
        columns = ledger.store.rows(text(f"pragma table_info({row.__tablename__})"))
        made = {column.name: bool(column.notnull) for column in columns}
        named = {column.name: not column.nullable for column in row.__table__.columns}
        assert made == named


def test_an_old_ledger_is_brought_up_to_date_and_keeps_its_runs(path, monkeypatch):
    with Ledger(path) as ledger:
        ledger.save(a_run())
    add = text("alter table run add column colour text")
    next_one = lambda connection: connection.execute(add)  # noqa: E731
    monkeypatch.setattr("flyball.ledger.store.MIGRATIONS", (*MIGRATIONS, next_one))
    for _ in range(2):
        with Ledger(path) as ledger:
            assert ledger.run("r1") == a_run()
            assert ledger.store.rows(text("select colour from run")) == [(None,)]


def test_a_ledger_of_the_first_version_keeps_its_runs_which_belong_to_no_batch(path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("flyball.ledger.store.MIGRATIONS", MIGRATIONS[:1])
        with Ledger(path) as old:
            later = ("batch", "shared")
            columns = {
                name: value for name, value in run_columns(a_run()).items() if name not in later
            }
            names = ", ".join(columns)
            insert = (
                f"insert into run ({names}) values ({', '.join(f':{name}' for name in columns)})"
            )
            with old.store.transaction() as connection:
                connection.execute(text(insert), columns)
    with Ledger(path) as ledger:
        assert ledger.run("r1") == a_run()
        assert ledger.store.rows(text("select batch from run")) == [("",)]


def test_a_ledger_of_before_tells_for_how_long_its_energy_was_not_known(path, monkeypatch):
    rows = {
        "run": {**run_columns(a_run()), "task_id": "greet"},
        "step": {"run_id": "r1", "index": 0, "policy": "small", "tool": "x", "ruling": "continue",
                 "ruled_by": "", "record": "{}"},
    }  # fmt: skip
    del rows["run"]["shared"]
    amounts = dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens", "cost_pusd"), 0)
    spend = {"run_id": "r1", "part": "policy", "seconds": 7.0, "unpriced_requests": 0, **amounts}
    rows["spend"] = {**spend, "index": 0, "requests": 1}
    rows["tally"] = {**spend, "policy": "small", "steps": 1}
    with monkeypatch.context() as patch:
        patch.setattr("flyball.ledger.store.MIGRATIONS", MIGRATIONS[:3])
        with Ledger(path) as old, old.store.transaction() as connection:
            for table, row in rows.items():
                names, values = (
                    '"' + '", "'.join(row) + '"',
                    ", ".join(f":{name}" for name in row),
                )
                connection.execute(text(f"insert into {table} ({names}) values ({values})"), row)
    with Ledger(path) as ledger:
        [audited] = audit(ledger, "task")
    assert (audited.joules, audited.unmetered_seconds) == (None, 7.0)
    assert audited.unknown_why == "nothing metered energy there"


def test_a_ledger_of_before_takes_no_part_for_the_whole(path, monkeypatch):
    told = Usage(requests=1, prefill_seconds=3.0, decode_seconds=5.0, decode_bytes=7)
    spends = {"small": [told, told], "large": [told, Usage(requests=1)], "human": [Usage()]}
    steps = [(policy, usage) for policy, each in spends.items() for usage in each]
    with monkeypatch.context() as patch:
        patch.setattr("flyball.ledger.store.MIGRATIONS", MIGRATIONS[:4])
        with Ledger(path) as old:
            old.save(a_run())
            for index, (policy, usage) in enumerate(steps):
                old.append("r1", a_step(index, policy=policy, policy_spend=Spend(usage=usage)))
            with old.store.transaction() as connection:  # as it was written then
                for table in ("spend", "tally"):
                    connection.execute(text(f"update {table} set prefill_seconds = 3.0"))
                connection.execute(
                    text("update spend set prefill_seconds = null where part != 'policy'")
                )
                connection.execute(
                    text('update spend set prefill_seconds = null where "index" in (3, 4)')
                )
    with Ledger(path) as ledger:
        mine = {share.policy: share for share in shares(ledger, ["r1"]) if share.part == "policy"}
        [audited] = audit(ledger, "task")
    assert {policy: share.prefill_seconds for policy, share in mine.items()} == {
        "small": 6.0,
        "large": None,
        "human": 0.0,
    }
    assert audited.prefill_seconds is None


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(path, monkeypatch):
    with Ledger(path) as ledger:
        ledger.save(a_run())
    wrong = lambda connection: connection.execute(text("drop table nonesuch"))  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr("flyball.ledger.store.MIGRATIONS", (*MIGRATIONS, wrong))
        with pytest.raises(LedgerError, match="nonesuch"):
            Ledger(path)
    with Ledger(path) as ledger:
        assert ledger.run("r1") == a_run()
