"""Reads the header of a GGUF file without llama.cpp, so that listing models costs nothing."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from flyball.errors import ModelError

Value = str | int | float | bool

MAGIC = b"GGUF"
STRING, ARRAY = 8, 9
SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
"""Format of each scalar type (ggml's docs/gguf.md, enum gguf_metadata_value_type)."""


def read_metadata(path: Path) -> dict[str, Value]:
    """The key-value pairs of a GGUF's header, without its arrays.

    Raises `ModelError` for a file that is missing, is not a GGUF or ends too early.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) != MAGIC:
                raise ModelError(
                    f"{path}: not a GGUF file (it does not begin with the letters GGUF); "
                    "give the path of a model in GGUF format"
                )
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Header(data).pairs()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); give the path of a GGUF file"
        ) from error
    except _DamagedError as damage:
        raise ModelError(
            f"{path}: {damage}; fetch the file again, or give another GGUF file"
        ) from damage


class _DamagedError(Exception):
    """The header is not as the format says."""


class _Header:
    """A place in a mapped GGUF file that moves on with what is read."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = len(MAGIC)

    def pairs(self) -> dict[str, Value]:
        version = self._scalar("<I")
        if version not in (2, 3):
            raise _DamagedError(f"GGUF version {version} is not supported (2 and 3 are)")
        self._scalar("<Q")  # number of tensors
        pairs: dict[str, Value] = {}
        for _ in range(int(self._scalar("<Q"))):
            key = self._text()
            value = self._value(int(self._scalar("<I")))
            if value is not None:
                pairs[key] = value
        return pairs

    def _value(self, kind: int) -> Value | None:
        """The value of type `kind` that stands here; `None` for an array."""
        if kind == STRING:
            return self._text()
        if kind == ARRAY:
            self._skip_array()
            return None
        return self._scalar(_format(kind))

    def _skip_array(self) -> None:
        kind, count = int(self._scalar("<I")), int(self._scalar("<Q"))
        if kind == STRING:
            for _ in range(count):
                self._take(int(self._scalar("<Q")))
        elif kind == ARRAY:
            for _ in range(count):
                self._skip_array()
        else:
            self._take(count * struct.calcsize(_format(kind)))

    def _scalar(self, layout: str) -> int | float | bool:
        start = self._take(struct.calcsize(layout))
        value: int | float | bool = struct.unpack_from(layout, self._data, start)[0]
        return value

    def _text(self) -> str:
        length = int(self._scalar("<Q"))
        start = self._take(length)
        return self._data[start : start + length].decode("utf-8", "replace")

    def _take(self, size: int) -> int:
        """Step over `size` bytes, and return where they began."""
        start = self._at
        if size > len(self._data) - start:
            raise _DamagedError("the file ends in the middle of its header")
        self._at = start + size
        return start


def _format(kind: int) -> str:
    if kind not in SCALARS:
        raise _DamagedError(f"the header holds a value of the unknown type {kind}")
    return SCALARS[kind]
