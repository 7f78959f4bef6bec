import pytest

from flyball.bench.miniwob import ORACLES, TRAINED, UNTRAINED, max_steps
from flyball.bench.miniwob.oracles import NoMoveError
from flyball.bench.miniwob.oracles.mail import Errand, errand
from flyball.bench.miniwob.oracles.similar import similar
from flyball.tools.page import parse


@pytest.mark.parametrize(
    ("goal", "meant"),
    [
        ("Forward the mail by Ann to Bo.", Errand(kind="forward", sender="Ann", text="Bo")),
        ("Bo wants the message Ann sent to you.", Errand(kind="forward", sender="Ann", text="Bo")),
        ("Give Bo Ann's email.", Errand(kind="forward", sender="Ann", text="Bo")),
        ('Reply to Ann with "See You."', Errand(kind="reply", sender="Ann", text="See You.")),
        ("Please get rid of Ann's message.", Errand(kind="trash", sender="Ann")),
        ("Flag the email from Ann as important.", Errand(kind="star", sender="Ann")),
    ],
)
def test_an_errand_is_understood_in_several_wordings(goal, meant):
    assert errand(goal) == meant


def test_an_errand_that_names_nobody_has_no_move():
    with pytest.raises(NoMoveError, match="nobody"):
        errand("Find the email and delete it.")


def test_a_number_is_guessed_by_halves_without_a_memory():
    def guess(value, said):
        page = parse(f'text "{said}"\ntextbox "" 1 = "{value}"\nbutton "Submit" 2')
        return ORACLES["guess-number"]("Guess.", page, []).arguments.get("text")

    for hidden in range(10):
        value, said, tries = 5, "Waiting for your guess...", 1
        while value != hidden:
            side = "lower" if hidden < value else "higher"
            said = f"The number is {side} than {value}."
            value, tries = int(guess(value, said)), tries + 1
            assert guess(value, said) is None
        assert tries <= 4


def test_a_slider_goes_by_pages_while_it_is_far_and_by_steps_when_it_is_near():
    def key(value):
        page = parse(f'slider "" 1\ntext "{value}"\nbutton "Submit" 2')
        return ORACLES["use-slider"]("Select 20 with the slider.", page, []).arguments.get("key")

    assert [key(value) for value in (0, 15, 20, 25, 40)] == [
        "PageUp",
        "ArrowRight",
        None,
        "ArrowLeft",
        "PageDown",
    ]


def test_words_are_similar_to_themselves_and_to_their_group():
    assert "tiny" in similar("small")
    assert similar("water") == {"water"}


def test_every_task_has_a_number_of_steps():
    assert all(max_steps(task) >= 12 for task in (*TRAINED, *UNTRAINED))
