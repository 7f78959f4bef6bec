"""How many bytes a model has to read for each token that it writes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from flyball.records import Usage

BYTES_PER_CACHED_VALUE = 2
"""llama.cpp keeps keys and values as 16-bit floats unless it is told otherwise."""


def bytes_per_token(file_bytes: int, metadata: Mapping[str, str], context_tokens: int) -> int:
    """The weights, all of the file, and the keys and values of the context that is read again.

    Time a token cannot be less than this over the memory's bandwidth when one answer is written at
    a time. Of a mixture of experts fewer weights are read, and the floor is lower than told.
    Without the sizes in its metadata a model's cache is left out.
    """
    kind = metadata.get("general.architecture", "")

    def size(name: str) -> int:
        value = metadata.get(f"{kind}.{name}", "0")
        return int(value) if value.isdigit() else 0

    heads = size("attention.head_count") or 1
    width = size("attention.key_length") or size("embedding_length") // heads
    values = 2 * size("block_count") * (size("attention.head_count_kv") or heads) * width
    return file_bytes + values * BYTES_PER_CACHED_VALUE * context_tokens


def timed(usage: Usage, began: float, read: float) -> Usage:
    """Add for how long the prompt was read, and the answer written until now."""
    decoding = time.perf_counter() - read
    return replace(usage, prefill_seconds=read - began, decode_seconds=decoding)
