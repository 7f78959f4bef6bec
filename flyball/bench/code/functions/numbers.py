"""Functions over whole numbers."""

from __future__ import annotations

from flyball.bench.code.function import given, text, whole


@given(whole(-9, 9), whole(-6, 0), whole(0, 6))
def clamp(value: int, low: int, high: int) -> int:
    """Limit `value` to the range from `low` to `high`."""
    if value < low:
        return low
    if value > high:
        return high
    return value


@given(whole(0, 60), whole(0, 60))
def gcd(first: int, second: int) -> int:
    """Give the greatest number that divides both `first` and `second`."""
    while second:
        first, second = second, first % second
    return first


@given(whole(1, 20), whole(1, 20))
def common_multiple(first: int, second: int) -> int:
    """Give the smallest number that both `first` and `second` divide."""
    total = first
    while total % second != 0:
        total += first
    return total


@given(whole(-4, 5), whole(0, 7))
def power(base: int, exponent: int) -> int:
    """Give `base` to the power of `exponent`, by squaring."""
    result = 1
    while exponent > 0:
        if exponent % 2 == 1:
            result *= base
        base *= base
        exponent //= 2
    return result


@given(whole(0, 16))
def fibonacci(index: int) -> int:
    """Give Fibonacci number `index`, where numbers 0 and 1 are 0 and 1."""
    before, current = 0, 1
    for _ in range(index):
        before, current = current, before + current
    return before


@given(whole(0, 9999))
def digit_sum(number: int) -> int:
    """Add the decimal digits of `number`."""
    total = 0
    while number > 0:
        total += number % 10
        number //= 10
    return total


@given(whole(0, 9999))
def digital_root(number: int) -> int:
    """Add the digits of `number`, again and again, until one digit is left."""
    while number >= 10:
        total = 0
        while number > 0:
            total += number % 10
            number //= 10
        number = total
    return number


@given(whole(0, 9999))
def reverse_digits(number: int) -> int:
    """Write the decimal digits of `number` backwards."""
    result = 0
    while number > 0:
        result = result * 10 + number % 10
        number //= 10
    return result


@given(whole(0, 120))
def is_prime(number: int) -> bool:
    """Tell whether `number` is a prime."""
    if number < 2:
        return False
    divisor = 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            return False
        divisor += 1
    return True


@given(whole(1, 200))
def prime_factors(number: int) -> list[int]:
    """List the prime factors of `number` in rising order, each as often as it divides."""
    factors = []
    divisor = 2
    while number > 1:
        if number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        else:
            divisor += 1
    return factors


@given(whole(0, 40))
def sieve(limit: int) -> list[int]:
    """List the primes up to `limit`, itself included."""
    marked = [False] * (limit + 1)
    primes = []
    for number in range(2, limit + 1):
        if not marked[number]:
            primes.append(number)
            for multiple in range(number * number, limit + 1, number):
                marked[multiple] = True
    return primes


@given(whole(1, 40))
def collatz_steps(number: int) -> int:
    """Count the steps from `number` to 1: halve what is even, else triple it and add 1."""
    steps = 0
    while number != 1:
        if number % 2 == 0:
            number //= 2
        else:
            number = 3 * number + 1
        steps += 1
    return steps


@given(whole(0, 200))
def whole_root(number: int) -> int:
    """Give the largest whole number whose square is at most `number`."""
    low, high = 0, number + 1
    while high - low > 1:
        middle = (low + high) // 2
        if middle * middle <= number:
            low = middle
        else:
            high = middle
    return low


@given(whole(1, 60))
def divisors(number: int) -> list[int]:
    """List what divides `number`, in rising order."""
    found = []
    for candidate in range(1, number + 1):
        if number % candidate == 0:
            found.append(candidate)
    return found


@given(whole(0, 60))
def count_bits(number: int) -> int:
    """Count the ones in `number` written in binary."""
    count = 0
    while number:
        count += number & 1
        number >>= 1
    return count


@given(whole(1, 99), whole(2, 9))
def in_base(number: int, base: int) -> str:
    """Write `number` in base `base`."""
    digits = ""
    while number > 0:
        digits = str(number % base) + digits
        number //= base
    return digits


@given(text("01", 1, 7))
def from_binary(digits: str) -> int:
    """Read `digits` as a binary number."""
    value = 0
    for digit in digits:
        value = value * 2 + int(digit)
    return value


@given(whole(0, 9), whole(0, 9), fits=lambda total, chosen: chosen <= total)
def combinations(total: int, chosen: int) -> int:
    """Count the ways to choose `chosen` of `total` things."""
    result = 1
    for step in range(1, chosen + 1):
        result = result * (total - chosen + step) // step
    return result


@given(whole(1, 30), whole(1, 30), whole(2, 9))
def count_multiples(start: int, end: int, step: int) -> int:
    """Count the multiples of `step` from `start` to `end`, both included."""
    count = 0
    for number in range(start, end + 1):
        if number % step == 0:
            count += 1
    return count


@given(whole(1, 6), whole(1, 6))
def grid_paths(rows: int, columns: int) -> int:
    """Count the ways through `rows` by `columns` squares, going right or down only."""
    ways = [1] * columns
    for _ in range(1, rows):
        for column in range(1, columns):
            ways[column] += ways[column - 1]
    return ways[-1]
