"""What is thought before an action follows from the goal and the page."""

import random
import re

import pytest

from training.drills import Words
from training.examples import Example
from training.facts import FACTS, KINDS, equal, facts
from training.listings import places
from training.scene import Offer, apart, chosen, sign
from training.thoughts import thoughtful

WORDS = Words(words=["Login", "quick", "Brown", "fox"])


def step(goal, *lines, answer, told=(), task="t", form="web"):
    return Example(task=task, goal=goal, lines=lines, told=told, answer=answer, format=form)


CALENDAR = ('link "Prev" 3', 'text "Next"', 'text "December 2016"', 'link "1" 4', 'link "2" 5')
CASES = [
    (
        step(
            'Find the 3rd word in the paragraph, type that into the textbox and press "Submit".',
            'text "Amet, donec. adipiscing molestie"',
            'textbox "" 1',
            answer=' fill "" 1 "adipiscing"',
        ),
        " 3 Amet 2 donec 1 -> adipiscing",
    ),
    (step("Solve it.", 'textbox "7 x 8 =" 1', answer=' fill "7 x 8 =" 1 "56"'), " 7 x 8 = 56"),
    (
        step("Solve for x.", 'text "7 - x = 12"', 'textbox "x =" 1', answer=' fill "x =" 1 "-5"'),
        " x = 7 - 12 : 12 - 7 = 5 : -5",
    ),
    (
        step("Solve for x.", 'text "x + 7 = 21"', 'textbox "x =" 1', answer=' fill "x =" 1 "14"'),
        " x = 21 - 7 = 14",
    ),
    (
        step(
            "Mark the numbers below as odd or even and press submit when done.",
            'button "Odd" 1 on', 'text "-5"', 'button "Even" 2',
            'button "Odd" 3', 'text "10"', 'button "Even" 4',
            answer=' click "Even" 4',
        ),
        " -5 odd on , 10 even -> Even 4",
    ),
    (
        step("Generate a number greater than 5, then press submit.", 'text "4"',
             'button "Generate" 1', answer=' click "Generate" 1'),
        " greater 4 5 <",
    ),
    (
        step('Type "reX" in all upper case letters in the text input.', 'textbox "" 1',
             answer=' fill "" 1 "REX"'),
        " 1 R R 2 E E 3 X X",
    ),
    (
        step('Click on a "textarea" widget.', 'textbox "" 1', 'textbox "" 2 multiline',
             answer=' click "" 2'),
        ' "" 1 textbox textarea no , "" 2 textbox multiline textarea yes -> "" 2',
    ),
    (
        step("Select 7 with the slider, click the 2nd checkbox, then hit Submit.", 'slider "" 1',
             'text "7"', 'checkbox "" 2', 'checkbox "" 3', answer=' click "" 3'),
        " 7 to 7 : 7 = 7 ; 2 at 2 , 1 at 3 -> 3",
    ),
    (
        step("Buy the ticket with the cheapest cost.", 'text "4h 2m"', 'button "Book for $900" 1',
             'text "3h 2m"', 'button "Book for $88" 2', answer=' click "Book for $88" 2'),
        " cheapest least : $900 , $88 < $900 -> $88",
    ),
    (
        step("Buy the ticket with the longest duration.", 'text "4h 2m"', 'button "Book for $9" 1',
             'text "13h 2m"', 'button "Book for $88" 2', answer=' click "Book for $88" 2'),
        " longest most : 4h 2m $9 , 13h 2m > 4h 2m $88 -> $88",
    ),
    (
        step("Find Ann in the contact book and click on their email.", 'heading "Bo"',
             'link ">" 5', answer=' click ">" 5'),
        " Ann Bo no",
    ),
    (
        step("Select 138 with the slider and hit Submit.", 'slider "" 1', 'text "99"',
             answer=' press "" 1 "PageUp"'),
        " 99 to 138 : 138 - 99 = 39 , 99 < 138 -> PageUp",
    ),
    (
        step("delete a file ending with the extension .rb", 'text "user$ ls"',
             'text "a.py be.rb"', 'text "user$ █"', answer=' type "rm be.rb"'),
        " .rb : a.py no , be.rb yes -> rm be.rb",
    ),
    (
        step("delete a file that has no file extension.", 'text "user$ ls"',
             'text "a.py media z.rb"', 'text "user$ █"', answer=' type "rm media"'),
        " . : a.py no , media yes -> rm media",
    ),
    (
        step("Find the last word in the text area.", 'textbox "" 1 = "In in. Et odio. Dui sed mi."'
             " multiline", 'textbox "" 2', answer=' fill "" 2 "mi"'),
        ' Et odio. Dui sed mi." -> mi',
    ),
    (step("Select 11/02/2016 as the date.", *CALENDAR, answer=' click "Prev" 3'),
     " December 12 11 >"),
    (step("Select 12/02/2016 as the date.", *CALENDAR, answer=' click "2" 5'),
     " December 12 12 = 2"),
    (
        step("Select Ann, Bo from the scroll list and click Submit.",
             'select "" 1 = "Ann" : "Ann" "Bo"', answer=' select "" 1 "Bo"'),
        " Ann / Ann : Ann on , Bo / Ann : Bo not -> Bo",
    ),
    (
        step('Click the "Like" button on all posts by @bo and then click Submit.',
             'text "Bo @bo"', 'item "like | Bo @bo Hi" 1 on', 'item "like | Al @al Hi" 2',
             'item "like | Bo @bo Ho" 3', answer=' click "like | Bo @bo Ho" 3'),
        ' 0 Bo @bo @bo yes 1 on , 1 Al @al @bo no , 2 Bo @bo @bo yes 3 -> 2 item "like | Bo @bo Ho"'
        " 3",
    ),
    (
        step("Enter the value of Age into the text field.", 'text "Name | 7"', 'text "Age | 7"',
             'textbox "" 1', answer=' fill "" 1 "7"'),
        " Age | 7",
    ),
    (
        step("Log in as bo with zk3.", 'textbox "User" 1 = "bo"', 'textbox "Password" 2',
             'button "Go" 3', answer=' fill "Password" 2 "zk3"', told=('fill "User"',)),
        " User bo on -> Password = zk3",
    ),
    (
        step("Log in as bo with zk3.", 'textbox "User" 1 = "bo"', 'textbox "City" 2',
             'button "Go" 3', answer=' click "Go" 3', told=('fill "User"',)),
        " User bo on , City not -> Go",
    ),
    (
        step("Book the cheapest one-way flight from: Oslo, NO to: TRD on 10/06/2016.",
             'item "Turku, FI (TRD)" 1', 'item "Oslo, NO (OSL)" 2',
             answer=' click "Oslo, NO (OSL)" 2'),
        " Oslo, NO -> Oslo, NO (OSL)",
    ),
    (
        step("The phone of bo is 7 now.", 'textbox "Name" 1 = "bo"', 'textbox "Phone" 2 = "5"',
             answer=' fill "Phone" 2 "7"'),
        " -> Phone = 7",
    ),
    (
        step("Log in as bo.", 'textbox "User" 1', 'textbox "City" 2', 'button "Help" 3',
             answer=' click "Help" 3'),
        "",
    ),
    (
        step("Find the 2nd word in the paragraph.", 'textbox "Amet donec" 1',
             answer=' fill "Amet donec" 1 "donec"'),
        " 2 Amet 1 -> donec",
    ),
    (
        step("Select -6 with the slider, click the 1st checkbox, then hit Submit.",
             'slider "" 1', 'text "-6"', 'checkbox "" 2 on', 'button "Submit" 3',
             answer=' click "Submit" 3'),
        " -6 to -6 : -6 = -6 ; 1 at 2 on -> Submit",
    ),
    (step("Click it.", 'button "it" 1', answer=' click "it" 1'), ""),
    (step("Click it.", 'button "it" 1', answer=" finish"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("example", "said"), CASES)
def test_a_thought_tells_what_the_action_follows_from(example, said):
    answer = thoughtful(example).answer
    assert answer == f"{said}\n>{example.answer}"
    assert thoughtful(example).prompt.endswith("\n?")


def test_a_list_is_worked_off_in_the_order_of_the_goal():
    page = ('checkbox "b" 1', 'checkbox "a" 2')
    example = thoughtful(step("Select a, b and click Submit", *page, answer=' click "b" 1'))
    assert example.answer == ' "a" 2 -> "a" 2\n> click "a" 2'


def test_what_is_checked_by_mistake_is_named():
    page = ('checkbox "a" 1 on', 'checkbox "b" 2 on')
    example = thoughtful(step("Select a and click Submit", *page, answer=' click "b" 2'))
    assert example.answer == ' "a" 1 on , "b" 2 on wrong -> "b" 2\n> click "b" 2'


def test_dishes_are_told_with_what_is_ordered_already():
    page = (
        'text "Soup"', 'text "vegan"', 'item "-" 1', 'text "1"', 'item "+" 2',
        'text "Cake"', 'text "dairy"', 'item "-" 3', 'item "+" 4', 'button "Order!" 5',
    )  # fmt: skip
    each = step("Order one of each item: Cake, Soup", *page, answer=' click "+" 4')
    said = ' text "Cake" text "dairy" item "-" 3 item "+" 4 : 0 of 1 -> + 4'
    assert thoughtful(each).answer == f'{said}\n> click "+" 4'
    some = step("Order 2 items that are vegan", *page, answer=' click "+" 2')
    said = ' text "Soup" text "vegan" item "-" 1 text "1" item "+" 2 : 1 of 2 -> + 2'
    assert thoughtful(some).answer == f'{said}\n> click "+" 2'


def test_similar_words_are_looked_for_on_the_page_one_after_the_other():
    page = ('checkbox "large" 1', 'checkbox "chop" 2', 'button "Submit" 3')
    goal = "Select words similar to huge, slice and click Submit."
    said = thoughtful(step(goal, *page, answer=' click "large" 1')).answer
    assert said == ' huge : "huge" no "big" no "large" 1 -> "large" 1\n> click "large" 1'
    done = thoughtful(step(goal, page[0] + " on", *page[1:], answer=' click "chop" 2')).answer
    assert ' "large" 1 on huge , slice : "slice" no "cut" no "carve" no "chop" 2 ->' in done


def test_places_to_fly_to_are_known_with_their_codes():
    assert "Oshkosh, WI (OSH)" in places()
    assert all(re.fullmatch(r".+ \(\w{3}\)", place) for place in places())


def test_code_is_not_thought_about():
    example = step("g", "1 x = 1", answer=' replace 1 "1" "2"', form="code")
    assert thoughtful(example) == example


def test_comparisons_keep_the_best():
    assert sign(17, 45) == "17 45 <"
    assert sign(-3, -3) == "-3 -3 ="
    offers = [Offer(f"${n}", n) for n in (5, 9, 3, 3)]
    said = "highest most : $5 , $9 > $5 , $3 < $9 , $3 < $9 -> $9"
    assert chosen(offers, "highest", most=True) == said
    said = "lowest least : $5 , $9 > $5 , $3 < $5 , $3 = $3 -> $3"
    assert chosen(offers, "lowest", most=False) == said
    numbered = [offer._replace(number=at) for at, offer in enumerate(offers[:2], 2)]
    assert chosen(numbered, "highest", most=True) == "highest most : 2 $5 , 3 $9 > $5 -> $9"


def test_what_is_chosen_from_a_list_is_what_the_thought_comes_to():
    lines = ('select "" 1 = "Ann" : "Cy" "Bo" "Ann"', 'button "Submit" 2')
    goal = "Select Ann, Bo from the scroll list and click Submit."
    told = thoughtful(step(goal, *lines, answer=' select "" 1 "Cy"'))
    assert told.answer == ' Ann / Ann : Ann on , Bo / Ann : Bo not -> Bo\n> select "" 1 "Bo"'


def test_names_that_are_called_the_same_are():
    rng, verdicts = random.Random(0), set()
    for _ in range(100):
        said, wanted, verdict = equal(rng, WORDS).split()
        assert (said == wanted) == (verdict == "yes")
        verdicts.add(verdict)
    assert verdicts == {"yes", "no"}


def test_facts_are_true_and_of_every_kind():
    rng, seen = random.Random(0), set()
    for _ in range(300):
        example = facts(rng, WORDS)
        seen.add(example.task)
        for said in example.answer.strip().split(" , "):
            if example.task in ("fact summed", "fact solved"):
                sums = said.split(" : ")
                if len(sums) == 3:
                    asked, plain, whole = sums
                    assert eval(asked) == int(whole)
                    assert abs(int(whole)) == int(plain.split(" = ")[1])
                    sums = [plain]
                left, whole = sums[0].split(" = ")
                assert eval(left.replace("x", "*")) == int(whole)
        if example.task in ("fact compared", "fact kept"):
            far = r"(\d+) ([-+]) (\d+) = (\d+) , (?:\d+ [<>] \d+ , )?(-?\d+) [<>] (-?\d+)"
            distances = re.findall(far, example.answer)
            assert bool(distances) == (example.task == "fact compared")
            for a, how, b, distance, left, right in distances:
                assert int(a) + int(f"{how}{b}") == int(distance) == abs(int(left) - int(right))
            told = re.sub(r"\d+ [-+] \d+ = \d+ , ", "", example.answer)
            compared = re.findall(r"(-?\d+) ([<>=]) [$€]?(-?\d+)", told)
            assert len(compared) >= FACTS
            for a, how, b in compared:
                assert {"<": int(a) < int(b), ">": int(a) > int(b), "=": int(a) == int(b)}[how]
    assert len(seen) == len(set(KINDS))


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (17, 45, "45 - 17 = 28 , 17 < 45"),
        (-9, -6, "9 - 6 = 3 , 9 > 6 , -9 < -6"),
        (4, -3, "4 + 3 = 7 , 4 > -3"),
        (2, 2, "2 = 2"),
    ],
)
def test_a_distance_is_told_as_a_sum_without_signs(a, b, said):
    assert apart(a, b) == said


def test_posts_are_found_by_the_line_before_them_up_to_the_end_of_the_page():
    controls, posts = ("reply", "like"), ("Bo @bo Hi", "Al @al Ho", "Bo @bo He")
    names = [f"{control} | {post}" for post in posts for control in controls]
    on = ("like | Bo @bo Hi", "like | Bo @bo He")
    lines = [f'item "{name}" {i}{" on" * (name in on)}' for i, name in enumerate(names, 1)]
    goal = 'Click the "Like" button on all posts by @bo and then click Submit.'
    done = step(goal, *lines, 'button "Submit" 7', answer=' click "Submit" 7')
    said = " 0 Bo @bo @bo yes 2 on , 2 Al @al @bo no , 4 Bo @bo @bo yes 6 on , 6 Submit -> Submit"
    assert thoughtful(done).answer == f"{said}\n>{done.answer}"


def test_what_a_prompt_leaves_out_is_not_thought_of():
    posts = [f'item "like | Bo @bo {i} {"x" * 90}" {i}' for i in range(1, 30)]
    goal = 'Click the "Like" button on all posts by @bo and then click Submit.'
    example = step(goal, *posts, 'button "Submit" 30', answer=' click "Submit" 30')
    said = thoughtful(example).answer
    assert 0 < said.count("@bo @bo") == thoughtful(example).prompt.count("| Bo @bo") < 29


FOLDERS = ('item "hitarea | A" 1', 'item "A" 2', 'item "hitarea | B" 3', 'item "B" 4')
MORE = [
    (
        step('Find and click on the folder or file named "C".', *FOLDERS, told=('click "A"',),
             answer=' click "B" 4'),
        " C no , A seen -> B",
    ),
    (
        step('Enter an item that starts with "Tur" and ends with "tan".', 'item "Turkey" 1',
             'item "Turkmenistan" 2', answer=' click "Turkmenistan" 2'),
        " t a n : Turkey / k e y no , Turkmenistan / t a n yes -> Turkmenistan",
    ),
    (step("delete a file that has no extension", 'text "user$ █"', answer=' type "ls"'), " -> ls"),
    (
        step('For the user @al, click on the "Block" button.', 'item "more | Bo @bo 1h ago Hi" 1',
             'item "more | Al @al 2h ago Ho" 2', answer=' click "more | Al @al 2h ago Ho" 2'),
        ' 0 Bo @bo @al no , 1 Al @al @al yes 2 -> 1 item "more | Al @al 2h ago Ho" 2',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("example", "said"), MORE)
def test_what_is_looked_through_is_told_up_to_what_is_done(example, said):
    assert thoughtful(example).answer == f"{said}\n>{example.answer}"
