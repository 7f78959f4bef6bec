"""What a screen reads: windows of a list, and what a run has come to."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from flyball.errors import LedgerError
from flyball.ledger import Ledger, Listing, run_from_json, step_from_json
from flyball.ledger.migrations import MIGRATIONS
from tests.ledger.conftest import MONDAY, a_run, a_step, estimated, read


@pytest.fixture
def listing(ledger, path):
    for number in range(6):
        run = a_run(f"r{number}", started_at=MONDAY + timedelta(minutes=number))
        run = replace(run, status="finished", score=float(number % 2), policy=f"model-{number % 3}")
        ledger.save(run)
        for index in range(number):
            ledger.append(run.id, a_step(index, policy_spend=read(2.0), tool_spend=read(1.0)))
    listing = Listing(path)
    yield listing
    listing.close()


def names(listing, *words, **how):
    return [line.id for line in listing.lines(listing.order(*words, **how))]


def test_the_newest_runs_come_first_with_what_they_took(listing):
    lines = listing.lines(listing.order())
    assert [line.id for line in lines] == ["r5", "r4", "r3", "r2", "r1", "r0"]
    assert (lines[0].steps, lines[0].joules, lines[0].success) == (5, 15.0, True)
    assert (lines[-1].steps, lines[-1].joules) == (None, None), "unknown is not zero"


def test_every_column_sorts_and_the_unknown_come_last(listing):
    assert names(listing, sort="joules") == ["r5", "r4", "r3", "r2", "r1", "r0"]
    assert names(listing, sort="steps", descending=False) == ["r1", "r2", "r3", "r4", "r5", "r0"]
    assert names(listing, sort="policy", descending=False)[:2] == ["r3", "r0"]
    with pytest.raises(LedgerError, match="not sorted by 'record'"):
        listing.order(sort="record")


def test_all_words_have_to_fit(listing):
    assert names(listing, "won") == ["r5", "r3", "r1"]
    assert names(listing, "won model-0") == ["r3"]
    assert names(listing, "MANNERS r2") == ["r2"]
    assert names(listing, "100%") == []
    assert names(listing, "'; drop table run; --") == []


def test_a_reading_and_an_estimate_are_not_added_up(ledger, listing):
    ledger.save(a_run("mixed", started_at=MONDAY + timedelta(days=1)))
    ledger.append("mixed", a_step(0, policy_spend=read(2.0), tool_spend=estimated(3.0)))
    assert listing.lines(listing.order()[:1])[0].joules is None


def test_what_was_added_since_is_read_alone(ledger, listing):
    before = listing.version()
    ledger.append("r5", a_step(5))
    assert listing.version() != before
    assert [step_from_json(text).index for text in listing.steps("r5", 4)] == [4, 5]
    assert run_from_json(listing.run("r5")).id == "r5"
    assert listing.run("nonesuch") is None


def test_a_deleted_run_comes_back_as_it_was(ledger, listing):
    ledger.mark("r3", [["a"], [], ["b"]])
    before, steps = listing.lines(listing.order()), ledger.steps("r3")
    gone = ledger.delete("r3")
    assert names(listing) == ["r5", "r4", "r2", "r1", "r0"]
    ledger.put_back(gone)
    assert listing.lines(listing.order()) == before
    assert (ledger.steps("r3"), ledger.milestones("r3")) == (steps, (("a",), (), ("b",)))


def test_files_that_are_no_ledger_are_told_of_in_one_line(tmp_path):
    newer, foreign, text = (tmp_path / name for name in ("newer.db", "foreign.db", "text.db"))
    Ledger(newer).close()
    with sqlite3.connect(newer) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    text.write_text("no database at all, but long enough to have a header" * 9)
    said = {
        newer: "written by a newer Flyball",
        foreign: "another program's file",
        text: "no SQLite file",
        tmp_path: "is no file",
        tmp_path / "none.db": "is not there yet",
    }
    for path, words in said.items():
        with pytest.raises(LedgerError, match=words) as raised:
            Listing(path)
        assert "\n" not in str(raised.value)
        assert "--ledger" in str(raised.value)
