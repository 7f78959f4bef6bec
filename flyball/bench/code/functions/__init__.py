"""The functions of the code suite, and which of them no policy is trained on."""

from __future__ import annotations

from typing import Any

from flyball.bench.code.function import Function
from flyball.bench.code.functions import everyday, lists, making, numbers, words

FUNCTIONS: dict[str, Function[Any, Any]] = {
    function.name: function
    for module in (numbers, everyday, lists, making, words)
    for function in vars(module).values()
    if isinstance(function, Function)
}

UNTRAINED = (
    # What QuixBugs asks for as well: it stays a test of what is unseen.
    "best_sum",
    "binary_search",
    "binomial_row",
    "coin_ways",
    "count_bits",
    "edit_distance",
    "gcd",
    "in_base",
    "is_balanced",
    "longest_climb",
    "merge_sorted",
    "partition",
    "prime_factors",
    "sieve",
    "whole_root",
    # Others, of every kind.
    "caesar",
    "clock",
    "column_sums",
    "peaks",
    "squeeze",
    "two_largest",
    "without_repeats",
)
TRAINED = tuple(name for name in FUNCTIONS if name not in UNTRAINED)

__all__ = ["FUNCTIONS", "TRAINED", "UNTRAINED"]
