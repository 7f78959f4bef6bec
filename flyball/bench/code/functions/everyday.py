"""Functions of everyday sums: dates, money, marks."""

from __future__ import annotations

from flyball.bench.code.function import given, one_of, whole


@given(whole(1890, 2110))
def is_leap_year(year: int) -> bool:
    """Tell whether `year` has a 29 February in the Gregorian calendar."""
    if year % 400 == 0:
        return True
    if year % 100 == 0:
        return False
    return year % 4 == 0


@given(whole(0, 9), whole(0, 9), whole(0, 9), whole(0, 9), fits=lambda a, b, c, d: a < b and c < d)
def overlap(start: int, end: int, other_start: int, other_end: int) -> int:
    """Give how long `start` to `end` and `other_start` to `other_end` have in common."""
    left = max(start, other_start)
    right = min(end, other_end)
    if right <= left:
        return 0
    return right - left


@given(whole(0, 9), whole(0, 9), whole(0, 9))
def middle_of_three(first: int, second: int, third: int) -> int:
    """Give the one of `first`, `second` and `third` that is neither least nor largest."""
    if first > second:
        first, second = second, first
    if second > third:
        second = third
    return max(first, second)


@given(whole(-50, 50), whole(1, 12))
def round_down(number: int, step: int) -> int:
    """Give the largest multiple of `step` that is not above `number`."""
    rest = number % step
    return number - rest


@given(whole(0, 100))
def grade(points: int) -> str:
    """Give A from 90 `points`, B from 75, C from 50, and F below."""
    if points >= 90:
        return "A"
    if points >= 75:
        return "B"
    if points >= 50:
        return "C"
    return "F"


@given(whole(1, 9), whole(1, 9), whole(1, 9))
def triangle_kind(first: int, second: int, third: int) -> str:
    """Tell whether sides `first`, `second`, `third` make a triangle, and of which kind."""
    if first + second <= third or first + third <= second or second + third <= first:
        return "none"
    if first == second and second == third:
        return "equal"
    if first == second or second == third or first == third:
        return "two"
    return "other"


@given(whole(0, 5000))
def clock(seconds: int) -> list[int]:
    """Split `seconds` into hours, minutes and seconds."""
    hours = seconds // 3600
    minutes = seconds % 3600 // 60
    return [hours, minutes, seconds % 60]


@given(whole(1, 60))
def roman(number: int) -> str:
    """Write `number` in Roman numerals."""
    values = [50, 40, 10, 9, 5, 4, 1]
    signs = ["L", "XL", "X", "IX", "V", "IV", "I"]
    written = ""
    for value, sign in zip(values, signs, strict=False):
        while number >= value:
            written += sign
            number -= value
    return written


@given(whole(0, 40), one_of([[10, 5, 1], [8, 4, 2, 1], [20, 5, 2], [7, 3, 1]]))
def fewest_coins(amount: int, coins: list[int]) -> list[int]:
    """Take the largest of `coins` that fits into `amount`, again and again."""
    taken = []
    for coin in coins:
        while amount >= coin:
            taken.append(coin)
            amount -= coin
    return taken


@given(whole(1, 30), whole(1, 30), whole(1, 9))
def trips(load: int, other: int, capacity: int) -> int:
    """Count the trips for `load` and then `other`, each with at most `capacity` a trip."""
    first = (load + capacity - 1) // capacity
    second = (other + capacity - 1) // capacity
    return first + second
