"""Demonstrations of the office suite, collected in process."""

import random
import time

import pytest

from flyball.agents.compact import decode
from flyball.bench.office import Office
from flyball.tools.page import parse
from training.examples import read
from training.office import collect, main, play, wrong_move


@pytest.mark.parametrize("task", Office.trained)
def test_an_episode_shows_the_oracles_moves_up_to_the_last(task):
    examples = play(task, 11)
    assert len(examples) >= 8
    assert examples[-1].answer.startswith(" finish")
    assert [len(each.told) for each in examples] == list(range(len(examples)))
    for each in examples:
        page = parse("\n".join(each.lines))
        action = decode(each.answer, page)
        assert action.tool in ("click", "fill", "select", "finish")
        if not action.is_final:
            number, label = action.arguments["element"], action.arguments["target"]
            assert label in {e.label for e in page if e.number == number}


def test_wrong_moves_are_told_and_recovered_from():
    right, wrong = play("restock", 12), play("restock", 12, wrong=0.3)
    assert len(wrong) > len(right)
    assert wrong[0].goal == right[0].goal
    assert wrong == play("restock", 12, wrong=0.3)


def test_a_wrong_move_never_presses_a_button():
    page = parse(
        'link "Orders" 1\ntextbox "Note" 2\nselect "Status" 3 : "All" "Open"\nbutton "Go" 4'
    )
    moves = [wrong_move(page, random.Random(seed)) for seed in range(200)]
    assert {move.tool for move in moves} == {"click", "fill", "select", "back"}
    assert {move.arguments.get("element") for move in moves} == {None, 1, 2, 3}
    assert wrong_move([], random.Random(1)).tool == "back"


def test_most_episodes_with_wrong_moves_are_won():
    won = [bool(play(task, seed, wrong=0.15)) for task in Office.trained for seed in (1, 3)]
    assert sum(won) >= 0.9 * len(won)


def test_collecting_is_quick_and_writes_once(tmp_path):
    out = tmp_path / "office-write-mail.jsonl"
    started = time.monotonic()
    collect("write-mail", 20, out)
    assert time.monotonic() - started < 20
    examples = list(read(tmp_path))
    assert {each.task for each in examples} == {"write-mail"}
    assert sum(each.answer == " finish" for each in examples) >= 18
    written = out.read_bytes()
    collect("write-mail", 1, out)
    assert out.read_bytes() == written


def test_the_command_collects_the_tasks_it_is_given(tmp_path, monkeypatch):
    options = ["--out", str(tmp_path), "--episodes", "2", "--tasks", "cancel-order", "do-mail"]
    monkeypatch.setattr("sys.argv", ["office", *options])
    main()
    assert {each.task for each in read(tmp_path)} == {"cancel-order", "do-mail"}
