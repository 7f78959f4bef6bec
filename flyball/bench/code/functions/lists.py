"""Functions that read lists of numbers."""

from __future__ import annotations

from flyball.bench.code.function import given, listed, matrix, ordered, whole

FEW = listed(whole(0, 9), 0, 6)
SOME = listed(whole(-9, 9), 1, 6)


@given(FEW, whole(0, 9))
def index_of(items: list[int], wanted: int) -> int:
    """Give the first place of `wanted` in `items`, or -1."""
    for place in range(len(items)):
        if items[place] == wanted:
            return place
    return -1


@given(FEW, whole(0, 9))
def last_index(items: list[int], wanted: int) -> int:
    """Give the last place of `wanted` in `items`, or -1."""
    place = len(items) - 1
    while place >= 0 and items[place] != wanted:
        place -= 1
    return place


@given(ordered(0, 12, 0, 7), whole(0, 12))
def binary_search(items: list[int], wanted: int) -> bool:
    """Tell whether `wanted` is in the sorted list `items`."""
    low, high = 0, len(items) - 1
    while low <= high:
        middle = (low + high) // 2
        if items[middle] == wanted:
            return True
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return False


@given(ordered(0, 12, 0, 7), whole(0, 12))
def insert_place(items: list[int], value: int) -> int:
    """Give the first place in the sorted `items` where `value` can be put in."""
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@given(SOME)
def largest(items: list[int]) -> int:
    """Give the largest of `items`."""
    best = items[0]
    for item in items[1:]:
        if item > best:
            best = item
    return best


@given(SOME)
def place_of_least(items: list[int]) -> int:
    """Give the first place of the least of `items`."""
    best = 0
    for place in range(1, len(items)):
        if items[place] < items[best]:
            best = place
    return best


@given(listed(whole(0, 9), 2, 6))
def two_largest(items: list[int]) -> list[int]:
    """Give the largest and the second largest of `items`."""
    first, second = max(items[0], items[1]), min(items[0], items[1])
    for item in items[2:]:
        if item > first:
            first, second = item, first
        elif item > second:
            second = item
    return [first, second]


@given(SOME)
def spread(items: list[int]) -> int:
    """Give how far the least and the largest of `items` are apart."""
    least = most = items[0]
    for item in items:
        if item < least:
            least = item
        if item > most:
            most = item
    return most - least


@given(FEW, whole(0, 9))
def count_above(items: list[int], limit: int) -> int:
    """Count which of `items` are above `limit`."""
    count = 0
    for item in items:
        if item > limit:
            count += 1
    return count


@given(FEW)
def alternating_sum(items: list[int]) -> int:
    """Add the first of `items`, take off the second, add the third, and so on."""
    total = 0
    for place, item in enumerate(items):
        if place % 2 == 0:
            total += item
        else:
            total -= item
    return total


@given(FEW)
def is_rising(items: list[int]) -> bool:
    """Tell whether no one of `items` is less than the one before it."""
    for place in range(len(items) - 1):
        if items[place] > items[place + 1]:
            return False
    return True


@given(SOME)
def best_sum(items: list[int]) -> int:
    """Give the largest sum of neighbours in `items`; no neighbours make 0."""
    best = current = 0
    for item in items:
        current = max(current + item, 0)
        best = max(best, current)
    return best


@given(FEW)
def longest_climb(items: list[int]) -> int:
    """Give the most neighbours in `items` that rise from each to the next."""
    if not items:
        return 0
    best = length = 1
    for place in range(1, len(items)):
        if items[place] > items[place - 1]:
            length += 1
            best = max(best, length)
        else:
            length = 1
    return best


@given(FEW, whole(0, 18))
def pair_with_sum(items: list[int], total: int) -> list[int]:
    """Give the first two places in `items` that add up to `total`, or nothing."""
    for first in range(len(items)):
        for second in range(first + 1, len(items)):
            if items[first] + items[second] == total:
                return [first, second]
    return []


@given(matrix(0, 9, square=True, most=4))
def diagonal_sum(rows: list[list[int]]) -> int:
    """Add the diagonal of the square `rows`, from the top left."""
    total = 0
    for place in range(len(rows)):
        total += rows[place][place]
    return total


@given(matrix(0, 9))
def column_sums(rows: list[list[int]]) -> list[int]:
    """Add each column of `rows`."""
    sums = [0] * len(rows[0])
    for row in rows:
        for place in range(len(row)):
            sums[place] += row[place]
    return sums


@given(listed(whole(-5, 5), 3, 3), listed(whole(-5, 5), 3, 3))
def dot_product(left: list[int], right: list[int]) -> int:
    """Multiply each of `left` with its fellow in `right`, and add."""
    total = 0
    for place in range(len(left)):
        total += left[place] * right[place]
    return total


@given(listed(whole(0, 2), 1, 7))
def most_common(items: list[int]) -> int:
    """Give which of `items` occurs most often; of several, the first."""
    best, most = items[0], 0
    for item in items:
        count = items.count(item)
        if count > most:
            best, most = item, count
    return best


@given(listed(whole(0, 5), 2, 7))
def trapped_water(heights: list[int]) -> int:
    """Give how much water stays between walls of these `heights`."""
    total = 0
    for place in range(len(heights)):
        left = max(heights[: place + 1])
        right = max(heights[place:])
        total += min(left, right) - heights[place]
    return total


@given(listed(whole(1, 9), 2, 7))
def best_profit(prices: list[int]) -> int:
    """Give the most that buying and later selling at `prices` can earn."""
    lowest = prices[0]
    profit = 0
    for price in prices:
        lowest = min(lowest, price)
        profit = max(profit, price - lowest)
    return profit


@given(listed(whole(0, 9), 1, 7))
def peaks(items: list[int]) -> list[int]:
    """List the places in `items` that are above both neighbours."""
    found = []
    for place in range(1, len(items) - 1):
        if items[place] > items[place - 1] and items[place] > items[place + 1]:
            found.append(place)
    return found


@given(listed(whole(1, 5), 1, 4), whole(0, 9))
def coin_ways(coins: list[int], amount: int) -> int:
    """Count the ways to pay `amount` with `coins`, each as often as one likes."""
    ways = [1] + [0] * amount
    for coin in coins:
        for total in range(coin, amount + 1):
            ways[total] += ways[total - coin]
    return ways[amount]


@given(listed(whole(0, 9), 1, 7), whole(1, 3), fits=lambda items, size: size <= len(items))
def best_window(items: list[int], size: int) -> int:
    """Give the largest sum of `size` neighbours in `items`."""
    total = sum(items[:size])
    best = total
    for place in range(size, len(items)):
        total += items[place] - items[place - size]
        best = max(best, total)
    return best
