"""Functions over text and over tables of letters."""

from __future__ import annotations

from flyball.bench.code.function import given, listed, one_of, table, text, whole

WORD = text("abc", 1, 5)
SENTENCE = text("ab de", 1, 10)


@given(text("ab", 0, 6))
def is_palindrome(word: str) -> bool:
    """Tell whether `word` reads the same backwards."""
    left, right = 0, len(word) - 1
    while left < right:
        if word[left] != word[right]:
            return False
        left += 1
        right -= 1
    return True


@given(text("abdeioux", 0, 8))
def count_vowels(word: str) -> int:
    """Count the vowels in `word`."""
    count = 0
    for letter in word:
        if letter in "aeiou":
            count += 1
    return count


@given(text("ab", 1, 7))
def run_lengths(word: str) -> str:
    """Write each run of one letter in `word` as the letter and how often it stands there."""
    coded = ""
    start = 0
    while start < len(word):
        end = start
        while end < len(word) and word[end] == word[start]:
            end += 1
        coded += word[start] + str(end - start)
        start = end
    return coded


@given(listed(one_of(["a", "b", "c"]), 1, 3), listed(whole(0, 4), 3, 3))
def spelled_out(letters: list[str], counts: list[int]) -> str:
    """Write each of `letters` as often as its fellow in `counts` says."""
    written = ""
    for place in range(len(letters)):
        written += letters[place] * counts[place]
    return written


@given(text("abxyz", 1, 6), whole(0, 25))
def caesar(word: str, shift: int) -> str:
    """Move each letter of `word` on by `shift` in the alphabet; a follows z."""
    moved = ""
    for letter in word:
        place = (ord(letter) - ord("a") + shift) % 26
        moved += chr(ord("a") + place)
    return moved


@given(SENTENCE)
def longest_word(sentence: str) -> str:
    """Give the longest word of `sentence`; of several, the first."""
    best = ""
    for word in sentence.split():
        if len(word) > len(best):
            best = word
    return best


@given(SENTENCE)
def word_lengths(sentence: str) -> list[int]:
    """List how long the words of `sentence` are."""
    lengths = []
    current = 0
    for letter in sentence + " ":
        if letter != " ":
            current += 1
        elif current > 0:
            lengths.append(current)
            current = 0
    return lengths


@given(SENTENCE)
def initials(sentence: str) -> str:
    """Give the first letters of the words of `sentence`, as capitals."""
    letters = ""
    for word in sentence.split():
        letters += word[0].upper()
    return letters


@given(text("()", 0, 8))
def is_balanced(signs: str) -> bool:
    """Tell whether every bracket in `signs` is closed, and none is before it is opened."""
    depth = 0
    for sign in signs:
        if sign == "(":
            depth += 1
        else:
            depth -= 1
        if depth < 0:
            return False
    return depth == 0


@given(text("()", 1, 9))
def deepest(signs: str) -> int:
    """Give how many brackets are open at most in `signs`."""
    depth = most = 0
    for sign in signs:
        if sign == "(":
            depth += 1
            most = max(most, depth)
        elif depth > 0:
            depth -= 1
    return most


@given(text("ab", 4, 4), text("ab", 4, 4))
def count_unlike(left: str, right: str) -> int:
    """Count the places at which `left` and `right` have other letters."""
    count = 0
    for place in range(len(left)):
        if left[place] != right[place]:
            count += 1
    return count


@given(text("ab", 0, 5), text("ab", 0, 5))
def common_start(left: str, right: str) -> str:
    """Give the longest start that `left` and `right` have in common."""
    size = 0
    while size < len(left) and size < len(right) and left[size] == right[size]:
        size += 1
    return left[:size]


@given(text("aab ", 1, 8))
def squeeze(line: str) -> str:
    """Keep one of each run of the same letter in `line`."""
    kept = line[0]
    for place in range(1, len(line)):
        if line[place] != line[place - 1]:
            kept += line[place]
    return kept


@given(text("abc", 0, 4), text("abc", 0, 4))
def is_anagram(left: str, right: str) -> bool:
    """Tell whether `left` has the letters of `right`, in any order."""
    rest = list(right)
    for letter in left:
        if letter not in rest:
            return False
        rest.remove(letter)
    return len(rest) == 0


@given(text("ab", 0, 8), text("ab", 1, 2))
def count_in(line: str, part: str) -> int:
    """Count the places in `line` where `part` begins."""
    count = 0
    for start in range(len(line) - len(part) + 1):
        if line[start : start + len(part)] == part:
            count += 1
    return count


@given(text("abc", 0, 4), text("abc", 0, 4))
def edit_distance(left: str, right: str) -> int:
    """Count the letters to add, take out or change to make `right` of `left`."""
    row = list(range(len(right) + 1))
    for i in range(len(left)):
        before = row
        row = [i + 1]
        for j in range(len(right)):
            cost = 0 if left[i] == right[j] else 1
            row.append(min(before[j] + cost, before[j + 1] + 1, row[j] + 1))
    return row[-1]


@given(text("abc", 0, 7))
def letter_counts(word: str) -> dict[str, int]:
    """Count each letter of `word`."""
    counts: dict[str, int] = {}
    for letter in word:
        counts[letter] = counts.get(letter, 0) + 1
    return counts


@given(text("aabbc", 1, 6))
def first_alone(word: str) -> str:
    """Give the first letter that is in `word` once only, or nothing."""
    for letter in word:
        if word.count(letter) == 1:
            return letter
    return ""


@given(table("abcd", 1, 5), table("abcd", 1, 5))
def merged_counts(left: dict[str, int], right: dict[str, int]) -> dict[str, int]:
    """Add the counts of `right` to those of `left`."""
    merged = dict(left)
    for key in right:
        merged[key] = merged.get(key, 0) + right[key]
    return merged


@given(listed(WORD, 0, 4))
def by_length(words: list[str]) -> dict[int, list[str]]:
    """Group `words` by their length."""
    groups: dict[int, list[str]] = {}
    for word in words:
        size = len(word)
        if size not in groups:
            groups[size] = []
        groups[size].append(word)
    return groups


@given(table("abcd", 1, 5), whole(1, 6))
def keys_above(counts: dict[str, int], least: int) -> list[str]:
    """List the keys of `counts` with at least `least`, in alphabetical order."""
    found = []
    for key in sorted(counts):
        if counts[key] >= least:
            found.append(key)
    return found


@given(table("abcd", -2, 9), one_of(["a", "b", "ab", "bcd", "abcd", "da"]))
def total_price(prices: dict[str, int], basket: str) -> int:
    """Add the `prices` of what is in `basket`; what has no price is free."""
    total = 0
    for thing in basket:
        if thing in prices:
            total += prices[thing]
    return total


@given(text("abc", 1, 6), whole(2, 8))
def padded(word: str, width: int) -> str:
    """Put dots around `word` up to `width`, the odd one behind it."""
    missing = width - len(word)
    if missing <= 0:
        return word
    left = missing // 2
    return "." * left + word + "." * (missing - left)


@given(text("abcd", 1, 8), whole(1, 4))
def every_other_part(line: str, size: int) -> str:
    """Turn round each second part of `size` letters in `line`."""
    result = ""
    turned = False
    for start in range(0, len(line), size):
        part = line[start : start + size]
        result += part[::-1] if turned else part
        turned = not turned
    return result
