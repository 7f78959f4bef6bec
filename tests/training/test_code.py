"""Demonstrations of the code suite, collected in process."""

import random
import time
from dataclasses import replace

import pytest

from flyball.agents.compact_code import decode
from flyball.bench.code.desk import Desk
from flyball.bench.code.exercise import exercise
from flyball.bench.code.functions import TRAINED
from flyball.bench.code.mutations import KINDS
from training.batches import Source, varied
from training.code import collect, main, play, refused_edit, wrong_edit
from training.drills import Words
from training.examples import read
from training.train import prepare_tokenizer

WORDS = Words(words=("bob", "maria", "tea", "Oslo", "blue"))


@pytest.mark.parametrize("name", TRAINED)
def test_the_demonstrated_lines_mend_the_function(name):
    task, examples = exercise(name, 4), play(name, 4)
    desk = Desk(task)
    assert [example.answer.split()[0] for example in examples] == [
        *("test", "replace", "test", "finish")
    ]
    for example in examples[:-1]:
        assert example.lines == tuple(desk.lines)
        assert desk.act(decode(example.answer))
    assert desk.source == task.solution
    assert f"tests {len(task.visible)} of {len(task.visible)}" in examples[-1].lines


def test_wrong_edits_are_told_gone_back_on_and_never_the_label():
    recovered = refused = 0
    for name in TRAINED[:15]:
        for seed in range(4):
            right = play(name, seed)[1].answer
            examples = play(name, seed, wrong=2)
            edits = [each.answer for each in examples if each.answer.startswith(" replace")]
            assert set(edits) == {right}
            assert examples[-1].answer == " finish"
            assert examples == play(name, seed, wrong=2)
            recovered += sum(each.answer == " revert" for each in examples)
            refused += sum(each.startswith("failed replace") for each in examples[-1].told)
    assert recovered > 40
    assert refused > 5


def test_a_finish_is_shown_on_passing_tests_only():
    for name in TRAINED[:10]:
        for example in play(name, 7, wrong=1):
            counts = [line for line in example.lines if line.startswith("tests ")]
            _, passed, _, every = f"{counts[0]} - -".split()[:4]
            assert (example.answer == " finish") == (passed == every)


def test_a_wrong_edit_fails_the_tests_and_a_refused_one_changes_nothing():
    for seed in range(10):
        task, rng = exercise("bubble_sort", seed), random.Random(seed)
        desk = Desk(task)
        assert not desk.act(refused_edit(task, rng))
        assert desk.source == task.source
        if slip := wrong_edit(task, rng):
            assert desk.act(slip)
            desk.act(decode("test"))
            assert any(line.startswith("fail ") for line in desk.lines)


def test_collecting_is_quick_and_writes_once(tmp_path):
    out = tmp_path / "code-00000.jsonl"
    started = time.process_time()
    collect(["rotate"], range(30), out)
    examples = list(read(tmp_path))
    assert len(examples) / (time.process_time() - started) > 100
    assert {each.format for each in examples} == {"code"}
    assert {each.task.removeprefix("code-") for each in examples} <= {
        kind.replace(" ", "-") for kind in KINDS
    }
    written = out.read_bytes()
    collect(["rotate"], [0], out)
    assert out.read_bytes() == written


def test_the_command_collects_the_functions_it_is_given(tmp_path, monkeypatch):
    options = ["--out", str(tmp_path), "--episodes", "2", "--tasks", "clamp", "rotate"]
    monkeypatch.setattr("training.code.BLOCK", 1)
    monkeypatch.setattr("sys.argv", ["code", *options])
    main()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "code-00000.jsonl",
        "code-00001.jsonl",
    ]
    shown = list(read(tmp_path / "."))
    assert [each for each in shown if "finish" in each.answer]
    assert shown == [
        *(
            each
            for seed in range(2)
            for name in ("clamp", "rotate")
            for each in play(name, seed, wrong=seed % 3)
        )
    ]


def test_examples_of_code_train_as_the_web_ones_do(tmp_path):
    examples = [each for name in TRAINED[:8] for seed in range(3) for each in play(name, seed)]
    assert all(
        varied(each, random.Random(seed), WORDS) == each for each in examples for seed in range(3)
    )
    tokenizer = prepare_tokenizer(tmp_path / "tokenizer.json", examples, WORDS)
    source = Source(demonstrations=examples, words=WORDS, tokenizer=tokenizer, size=32)
    for example in examples:
        tokens = source.encode(example).tokens
        shown = tokenizer.decode(tokens)
        assert example.prompt in shown
        assert shown.endswith(example.answer)
        assert len(tokens) < 1024
    assert list(source.round(0, drills=0.0, tokens=1024))


def test_an_example_keeps_the_prompt_of_its_format():
    example = replace(play("clamp", 1)[0], lines=("1 def f():", "title x"))
    assert "title x" in example.prompt
    assert "title x" not in replace(example, format="web").prompt
