import re
from dataclasses import replace

import pytest

from flyball.bench.office import TEMPLATES, Job, Office
from training.errands import wanted
from training.examples import Example
from training.office import play
from training.thoughts import thoughtful


def thoughts(task: str, seed: int = 0) -> list[tuple[str, str]]:
    """What is thought and done in an episode that the oracle plays."""
    told = (thoughtful(each).answer.split("\n>") for each in play(task, seed))
    return [(thought.strip(), done.strip()) for thought, done in told]


@pytest.mark.parametrize("task", sorted(TEMPLATES))
def test_a_goal_is_read_in_each_of_its_wordings(task):
    template = TEMPLATES[task]
    for seed in range(5):
        facts = Job(template, seed).facts
        for wording in template.wordings:
            want = wanted(task, wording.format(**facts))
            assert want
            assert all(want[gap] == facts[gap] for gap in want)


def test_a_goal_that_is_worded_otherwise_gives_no_thought():
    assert wanted("find-stock", "What is on A1?") == {}
    example = next(iter(play("find-stock", 0)))
    assert thoughtful(replace(example, goal="What is on A1?")).answer == f"\n>{example.answer}"


@pytest.mark.parametrize("task", sorted(Office.trained))
def test_every_thought_names_what_the_action_takes_from_it(task):
    for thought, done in thoughts(task, 3):
        row = thought.rpartition(" -> ")[2]
        if " -> " in thought and row != "none" and " = " not in row:
            assert row in done
        if row == "none":
            assert done.startswith(('click "Next page"', 'click "Previous page"', "finish"))


@pytest.mark.parametrize(
    "task", ["find-stock", "reorder-low", "note-order", "change-quantity", "archive-mail"]
)
def test_the_row_that_is_sought_is_the_only_one_that_is_as_it_should_be(task):
    said = [thought for seed in range(8) for thought, _ in thoughts(task, seed)]
    rows = [thought for thought in said if re.search(r" : \d+ .* (yes|no) -> ", thought)]
    assert rows
    for thought in rows:
        assert thought.count(" yes") == (not thought.endswith(" -> none"))
        for there, sought, verdict in re.findall(r"(\S+) / (\S+) (yes|no)", thought):
            assert (there == sought) == (verdict == "yes")


def test_a_list_says_what_it_is_narrowed_to_already():
    said = dict(reversed(pair) for pair in thoughts("reorder-low", 0))
    assert said['select "Show" 6 "Low"'] == "B2 , low : Search not , Show All -> Low"
    assert said['click "Search" 7'] == "B2 , low : Search not , Show Low -> Search"


def test_a_mailbox_is_left_when_no_mail_is_sought_any_more():
    said = [each for seed in range(12) for each in thoughts("archive-mail", seed)]
    last = [thought for thought, done in said if done == "finish" and " / " in thought]
    assert last
    assert all(" no" in thought and thought.endswith(" -> none") for thought in last)


def test_things_in_turn_are_done_one_after_the_other():
    said = [thought for thought, _ in thoughts("restock", 0)]
    done = [thought.count(" done") for thought in said if thought]
    assert done == sorted(done)
    assert set(done) == {0, 1, 2, 3}


def test_what_a_mail_asks_for_is_said_again_on_every_page():
    said = [thought for thought, _ in thoughts("do-mail", 0) if " done , order " in thought]
    asked = {re.search(r"order (\d+) to (\d+)", thought)[0] for thought in said}
    assert len(asked) == 1
    assert len(said) > 3


@pytest.mark.parametrize("task", sorted(Office.trained))
def test_an_errand_is_finished_when_its_last_part_is_done(task):
    told = [each for seed in range(4) for each in thoughts(task, seed)]
    assert all(thought for thought, done in told if not done.startswith("back"))
    last = [thought for thought, done in told if done.startswith("finish")]
    assert last
    endless = "cancel all|archive all|count|tell shelf|find|.* -> none"
    for thought in last:
        assert (
            re.match(endless, thought) or re.search(" done : .* -> ", thought) or "tell" in thought
        )


def test_a_row_is_told_with_what_it_ends_with():
    rows = [thought for seed in range(6) for thought, _ in thoughts("note-order", seed)]
    rows = [thought for thought in rows if " / " in thought and " : " in thought]
    assert rows
    for thought in rows:
        told = re.findall(r"(\d+) (\d+) ([^:]*) : (\d+) /", thought.partition(" : ")[2])
        numbers = [int(number) for number, *_ in told]
        assert numbers == list(range(numbers[0], numbers[0] + len(told)))
        for _, count, end, there in told:
            assert count == there
            assert re.search(", (Open|Paid|Shipped|Cancelled)$", end)


def test_an_order_is_told_by_its_note():
    said = [thought for seed in range(6) for thought, _ in thoughts("cancel-noted", seed)]
    assert any(thought.endswith(" no") for thought in said)
    assert any(thought.endswith(" yes") for thought in said)
    assert any(" seen , " in thought for thought in said)
    assert any(thought.startswith("opened Order ") for thought in said)


def test_what_is_left_of_an_errand_is_said_before_it_is_done():
    said = [thought for thought, _ in thoughts("cancel-if-open", 4) if " , then note " in thought]
    assert said
    assert all(thought.startswith("cancel 1004 , then note ") for thought in said)


def test_an_order_that_was_opened_is_held_against_what_is_asked_for():
    said = [thought for seed in range(6) for thought, _ in thoughts("note-order", seed)]
    assert any(thought.endswith(" yes") for thought in said)
    assert not any(thought.endswith(" no") for thought in said), "the oracle opens the right one"


def test_an_item_says_what_is_still_to_be_done_with_it():
    said = [thought for thought, _ in thoughts("find-stock", 2)]
    assert any(thought.startswith("0 not ") for thought in said)
    assert any(" , " in thought and " not " in thought for thought in said)


def test_other_tasks_are_left_alone():
    example = Example(task="x", goal="g", lines=('link "a" 1',), told=(), answer=' click "a" 1')
    assert thoughtful(example).answer == '\n> click "a" 1'
