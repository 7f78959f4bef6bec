"""Lines that are offered, as a GBNF grammar."""

from __future__ import annotations

import json

from flyball.records import Lines


def gbnf_of(lines: Lines) -> str:
    """The grammar of `lines`, for a server that keeps to one."""
    whole = [_literal(line) for line in lines.whole]
    begun = [f"{_literal(line)} text" for line in lines.begun]
    return f'root ::= ({" | ".join([*whole, *begun])}) "\\n"?\ntext ::= [^\\n]* "\\""\n'


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
