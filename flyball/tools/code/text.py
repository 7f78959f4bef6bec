"""Files of a workspace as text that a model can be shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from flyball.tools.source import EditError

LONGEST_FILE_BYTES = 2 * 2**20
MOST_LINES = 400
LONGEST_LINE = 400
MOST_NAMES = 300


def read_text(path: Path, name: str) -> str:
    """Read a file. Raises `EditError` for one that is missing, too large, or no text."""
    try:
        found = path.resolve(strict=True).stat()
    except OSError as error:
        raise EditError(f"{name} is not there; list shows what is") from error
    if stat.S_ISDIR(found.st_mode):
        raise EditError(f"{name} is a folder; list shows what is in it")
    if not stat.S_ISREG(found.st_mode):
        raise EditError(f"{name} is no file that can be read")
    if found.st_size > LONGEST_FILE_BYTES:
        size = found.st_size / 2**20
        raise EditError(f"{name} has {size:.0f} MB, which is too much to read; search in it")
    raw = path.read_bytes()
    if b"\0" in raw[:8_192]:
        raise EditError(f"{name} is binary ({len(raw)} bytes), and has no text to show")
    return raw.decode("utf-8", errors="replace")


def write_text(path: Path, name: str, text: str) -> None:
    """Write a file, and the folders above it. Raises `EditError` where no file can be."""
    if path.exists() and not path.is_file():
        raise EditError(f"{name} is there already, and is no file")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="replace", newline="")


def as_shown(text: str, first: int, last: int) -> str:
    """Give lines `first` to `last` with their numbers, and say how many more there are."""
    lines = text.splitlines()
    first, last = max(1, first), min(last, len(lines))
    shown = lines[first - 1 : min(last, first - 1 + MOST_LINES)]
    told = [
        f"{number:5d}  {middle_cut(line, LONGEST_LINE)}"
        for number, line in enumerate(shown, start=first)
    ]
    left = len(lines) - (first - 1 + len(shown))
    if not lines:
        return "the file is empty"
    if left > 0:
        told.append(f"[{left} more lines, to line {len(lines)}]")
    return "\n".join(told)


def middle_cut(text: str, longest: int) -> str:
    """Give `text` without its middle where it is long, and say how much is gone."""
    if len(text) <= longest:
        return text
    half = longest // 2
    gone = len(text) - 2 * half
    return f"{text[:half]} [{gone} characters cut here] {text[-half:]}"


def listing(tree: Path, folder: Path) -> str:
    """Name the files below `folder`, a line each, with the size of large ones."""
    names = list[str]()
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".venv", "__pycache__"))
        links = [name for name in folders if (Path(here) / name).is_symlink()]
        for name in sorted([*files, *links]):
            path = Path(here) / name
            names.append(f"{path.relative_to(tree)}{_remark(path)}")
    more = [f"[{len(names) - MOST_NAMES} more files]"] if len(names) > MOST_NAMES else []
    return "\n".join([*names[:MOST_NAMES], *more])


def _remark(path: Path) -> str:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        return " -> a link"
    return f"  ({found.st_size / 2**20:.0f} MB)" if found.st_size > 2**20 else ""
