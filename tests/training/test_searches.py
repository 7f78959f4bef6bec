"""Made-up pages on which much is looked through have answers that their pages allow."""

import random
import re

import pytest

from flyball.agents.compact import decode
from flyball.tools.page import parse
from training.batches import Source
from training.drills import Words
from training.searches import SEARCHES, boxes, calendar, cased, sections, suggestions
from training.thoughts import thoughtful
from training.tokenizer import load_tokenizer, train_tokenizer

WORDS = Words(words=["Login", "quick", "Brown", "fox", "tail", "Oslo"])
EACH = list(dict.fromkeys(SEARCHES))


def made(search, count=200):
    rng = random.Random(0)
    return [search(rng, WORDS) for _ in range(count)]


@pytest.mark.parametrize("search", EACH)
def test_each_is_answered_by_what_its_page_offers_after_a_thought(search):
    for example in made(search):
        page = parse("\n".join(example.lines))
        action = decode(example.answer, page)
        assert action.tool in ("click", "fill")
        assert any(entry.number == action.arguments["element"] for entry in page)
        assert "target" in action.arguments
        said, _, acted = thoughtful(example).answer.partition("\n>")
        assert acted == example.answer
        assert said, example


def test_a_box_that_is_not_wanted_is_pressed_only_where_it_is_checked():
    for example in made(boxes):
        wanted = re.match(r"Select (.*) and click", example.goal)[1].split(", ")
        action = decode(example.answer, parse("\n".join(example.lines)))
        entry = parse("\n".join(example.lines))[action.arguments["element"] - 1]
        assert entry.name == "Submit" or entry.on != (entry.name in wanted)


def test_tabs_are_opened_until_the_link_is_there():
    for example in made(sections):
        sought = re.search(r'link "(.*)"', example.goal)[1]
        page = parse("\n".join(example.lines))
        action = decode(example.answer, page)
        target = page[[e.number for e in page].index(action.arguments["element"])]
        there = [e for e in page if e.name == sought and e.role == "item"]
        assert (target in there) if there else (target.role == "tab" and not target.on)
        assert there or f'click "{target.name}"' not in example.told


def test_a_calendar_is_turned_towards_the_month():
    answers = {decode(e.answer).arguments["target"] for e in made(calendar)}
    assert {'"Prev"', '"Next"'} < answers
    assert len(answers) > 10


def test_what_is_chosen_begins_and_ends_as_asked():
    for example in made(suggestions):
        start, end = re.findall(r'"([^"]*)"', example.goal)
        name = decode(example.answer).arguments["target"].strip('"')
        assert name.startswith(start)
        assert name.endswith(end)


def test_letters_are_typed_one_by_one_where_they_were_thought_of_so(tmp_path):
    path = tmp_path / "tokenizer.json"
    train_tokenizer(["OSLO oslo LOGIN login"] * 50, vocabulary=300).save(str(path))
    tokenizer = load_tokenizer(path)
    source = Source(demonstrations=(), words=WORDS, tokenizer=tokenizer, thinks=True)
    example = next(e for e in made(cased) if "oslo" in e.goal)
    assert thoughtful(example).letters
    tokens = [tokenizer.decode([token]) for token in source.encode(example).tokens]
    assert tokens[-6:-1] == [*"OSLO", '"']


def test_some_names_are_in_other_scripts():
    rng = random.Random(0)
    names = [WORDS.one(rng) for _ in range(2_000)]
    foreign = [name for name in names if not name.isascii()]
    assert 0.03 < len(foreign) / len(names) < 0.07
    assert all(name.isalpha() for name in foreign)
