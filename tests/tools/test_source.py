import random

import pytest

from flyball.tools.source import EditError, Failure, difference, numbered, replaced, results

SOURCE = "def f(a, b):\n    if a == 10:\n        return a + 1\n    return b[a + 1] + b[a]"


def test_lines_are_numbered_and_indented_by_tabs():
    assert numbered(SOURCE)[1:3] == ["2 \tif a == 10:", "3 \t\treturn a + 1"]
    assert numbered("  x") == ["1   x"]


def test_an_edit_replaces_whole_tokens():
    assert replaced(SOURCE, 2, "10", "11").splitlines()[1] == "    if a == 11:"
    assert replaced(SOURCE, 4, "b[a]", "b[0]").splitlines()[3] == "    return b[a + 1] + b[0]"
    assert replaced(SOURCE, 3, "a+1", "a").splitlines()[2] == "        return a"


@pytest.mark.parametrize(
    ("line", "old", "why"),
    [
        (0, "a", "no line 0; the last one is 4"),
        (5, "a", "no line 5"),
        (2, "1", "'1' is not on line 2"),
        (2, "=", "not on line 2"),
        (4, "b", "2 times on line 4"),
        (4, "", "not on line 4"),
    ],
)
def test_an_edit_that_is_not_exact_is_refused(line, old, why):
    with pytest.raises(EditError, match=why.replace("[", "\\[")):
        replaced(SOURCE, line, old, "x")


@pytest.mark.parametrize(
    ("after", "edit"),
    [
        (SOURCE.replace("==", "<="), (2, "==", "<=")),
        (SOURCE.replace("if a", "if not a"), (2, "a", "not a")),
        (SOURCE.replace("return a + 1", "return a"), (3, "a + 1", "a")),
        (SOURCE.replace("b[a]", "b[b]"), (4, "a]", "b]")),
    ],
)
def test_a_difference_is_an_edit_with_as_much_around_it_as_it_needs(after, edit):
    line, old, new = difference(SOURCE, after)
    assert line == edit[0]
    assert replaced(SOURCE, line, old, new) == after
    assert len(old) <= len(edit[1]) + 3


def test_every_difference_on_one_line_makes_the_other_source():
    rng, made = random.Random(0), 0
    for _ in range(500):
        tokens = [rng.choice(["a", "b", "1", "10", "+", "==", "(", ")", "'a b'"]) for _ in range(9)]
        other = list(tokens)
        other[rng.randrange(9)] = rng.choice(["a", "c", "11", "not a", "<="])
        before, after = f"x\n    {' '.join(tokens)}\ny", f"x\n    {' '.join(other)}\ny"
        if edit := difference(before, after):
            made += 1
            assert replaced(before, *edit) == after
    assert made > 350


def test_what_is_the_same_or_on_two_lines_has_no_one_edit():
    assert difference(SOURCE, SOURCE) is None
    assert difference(SOURCE, SOURCE.replace("return", "yield")) is None
    assert difference(SOURCE, SOURCE + "\nx") is None


def test_results_count_all_tests_and_tell_the_first_failures():
    failures = [Failure(f"f({i})", "1", "2") for i in range(5)]
    assert results(2, failures)[:2] == ["tests 2 of 7", "fail f(0) is 2 not 1"]
    assert len(results(2, failures)) == 4
    assert results(3, []) == ["tests 3 of 3"]
