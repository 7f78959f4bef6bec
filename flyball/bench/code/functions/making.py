"""Functions that make new lists."""

from __future__ import annotations

from flyball.bench.code.function import given, listed, matrix, ordered, whole

FEW = listed(whole(0, 9), 0, 6)


@given(listed(whole(-9, 9), 0, 6))
def running_total(items: list[int]) -> list[int]:
    """List the sums of the first one, two, three and so on of `items`."""
    totals = []
    total = 0
    for item in items:
        total += item
        totals.append(total)
    return totals


@given(listed(whole(0, 4), 0, 7))
def without_repeats(items: list[int]) -> list[int]:
    """Keep the first of each value in `items`."""
    kept: list[int] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept


@given(listed(whole(0, 9), 1, 6), whole(0, 8))
def rotate(items: list[int], count: int) -> list[int]:
    """Move the first of `items` to the end, `count` times."""
    shift = count % len(items)
    return items[shift:] + items[:shift]


@given(FEW, whole(1, 4))
def chunks(items: list[int], size: int) -> list[list[int]]:
    """Split `items` into lists of `size`; the last may be shorter."""
    parts = []
    for start in range(0, len(items), size):
        parts.append(items[start : start + size])
    return parts


@given(FEW, FEW)
def interleave(left: list[int], right: list[int]) -> list[int]:
    """Take from `left` and `right` in turn; the rest of the longer one follows."""
    mixed = []
    size = min(len(left), len(right))
    for place in range(size):
        mixed.append(left[place])
        mixed.append(right[place])
    return mixed + left[size:] + right[size:]


@given(ordered(0, 12, 0, 5), ordered(0, 12, 0, 5))
def merge_sorted(left: list[int], right: list[int]) -> list[int]:
    """Merge the sorted lists `left` and `right` into one."""
    merged = []
    first = second = 0
    while first < len(left) and second < len(right):
        if left[first] <= right[second]:
            merged.append(left[first])
            first += 1
        else:
            merged.append(right[second])
            second += 1
    return merged + left[first:] + right[second:]


@given(listed(whole(0, 9), 0, 6))
def bubble_sort(items: list[int]) -> list[int]:
    """Sort `items` by swapping neighbours."""
    result = list(items)
    for end in range(len(result) - 1, 0, -1):
        for place in range(end):
            if result[place] > result[place + 1]:
                result[place], result[place + 1] = result[place + 1], result[place]
    return result


@given(listed(whole(0, 9), 0, 6))
def insertion_sort(items: list[int]) -> list[int]:
    """Sort `items` by putting each in its place among those before it."""
    result: list[int] = []
    for item in items:
        place = len(result)
        while place > 0 and result[place - 1] > item:
            place -= 1
        result.insert(place, item)
    return result


@given(listed(whole(0, 9), 0, 6))
def selection_sort(items: list[int]) -> list[int]:
    """Sort `items` by taking the least of what is left."""
    result = list(items)
    for place in range(len(result)):
        least = place
        for other in range(place + 1, len(result)):
            if result[other] < result[least]:
                least = other
        result[place], result[least] = result[least], result[place]
    return result


@given(FEW, whole(0, 9))
def partition(items: list[int], pivot: int) -> list[list[int]]:
    """Split `items` into those below `pivot` and the others."""
    below, others = [], []
    for item in items:
        if item < pivot:
            below.append(item)
        else:
            others.append(item)
    return [below, others]


@given(listed(whole(0, 9), 1, 7), whole(1, 3))
def window_sums(items: list[int], size: int) -> list[int]:
    """List the sums of every `size` neighbours in `items`."""
    sums = []
    for start in range(len(items) - size + 1):
        sums.append(sum(items[start : start + size]))
    return sums


@given(listed(whole(0, 9), 0, 7))
def differences(items: list[int]) -> list[int]:
    """List by how much each of `items` exceeds the one before it."""
    result = []
    for place in range(1, len(items)):
        result.append(items[place] - items[place - 1])
    return result


@given(matrix(0, 9))
def transpose(rows: list[list[int]]) -> list[list[int]]:
    """Make the columns of `rows` its rows."""
    columns = []
    for column in range(len(rows[0])):
        columns.append([row[column] for row in rows])
    return columns


@given(matrix(0, 9))
def turned_right(rows: list[list[int]]) -> list[list[int]]:
    """Turn `rows` by a quarter to the right."""
    turned = []
    for column in range(len(rows[0])):
        turned.append([rows[row][column] for row in range(len(rows) - 1, -1, -1)])
    return turned


@given(ordered(0, 8, 0, 6), ordered(0, 8, 0, 6))
def common_sorted(left: list[int], right: list[int]) -> list[int]:
    """List what the sorted lists `left` and `right` have in common."""
    shared = []
    first = second = 0
    while first < len(left) and second < len(right):
        if left[first] == right[second]:
            shared.append(left[first])
            first += 1
            second += 1
        elif left[first] < right[second]:
            first += 1
        else:
            second += 1
    return shared


@given(listed(whole(0, 9), 0, 6))
def reversed_list(items: list[int]) -> list[int]:
    """List `items` backwards, by swapping from both ends."""
    result = list(items)
    left, right = 0, len(result) - 1
    while left < right:
        result[left], result[right] = result[right], result[left]
        left += 1
        right -= 1
    return result


@given(listed(listed(whole(0, 9), 0, 3), 0, 4))
def flatten_once(lists: list[list[int]]) -> list[int]:
    """List what is in `lists`, one after the other."""
    flat = []
    for part in lists:
        for item in part:
            flat.append(item)
    return flat


@given(listed(whole(0, 3), 0, 7))
def zeros_last(items: list[int]) -> list[int]:
    """Move the zeros of `items` to the end; the others keep their order."""
    others = []
    zeros = 0
    for item in items:
        if item == 0:
            zeros += 1
        else:
            others.append(item)
    return others + [0] * zeros


@given(whole(0, 15))
def binomial_row(size: int) -> list[int]:
    """Give row `size` of the triangle in which each number is the sum of the two above it."""
    row = [1]
    for _ in range(size):
        row = [1] + [row[place] + row[place + 1] for place in range(len(row) - 1)] + [1]
    return row


@given(listed(whole(0, 9), 1, 7), whole(1, 3))
def every_nth(items: list[int], step: int) -> list[int]:
    """Keep every one of `items` whose place, counted from 1, is a multiple of `step`."""
    kept = []
    for place in range(step - 1, len(items), step):
        kept.append(items[place])
    return kept


@given(ordered(0, 9, 1, 7))
def ranges(items: list[int]) -> list[list[int]]:
    """List the first and last of each run in the sorted `items` without a gap."""
    runs = [[items[0], items[0]]]
    for item in items[1:]:
        if item <= runs[-1][1] + 1:
            runs[-1][1] = item
        else:
            runs.append([item, item])
    return runs
