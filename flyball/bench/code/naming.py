"""Other names for the same function, so that a policy cannot know a function by its names."""

from __future__ import annotations

import ast
import re
from random import Random

VARIABLES = tuple(
    """
    a b c d e f g h i j k l m n p q r s t u v w x y z
    acc again answer area base begin bound cell chosen code cols count cur current data depth
    digit done edge element end entry extra field final first found given goal group head height
    high hit index inner item items jump key last left length letter level limit line low mark
    middle most much name near next_one node num number nums offset old other outer output pair
    part place point pos prefix previous price quota rank rate rest result right room root row
    rows score seen seq share shift side size slot source span start step stop store sum_so_far
    symbol tail target temp text top total turn unit used value values view walk weight what
    where width window word words xs ys
    """.split()  # noqa: SIM905  # one name a line would hide the rest
)
FUNCTIONS = tuple(
    """
    answer apply build calculate check collect combine compute convert decide derive evaluate
    extract f figure find func g get handle judge make measure operate process produce reckon
    run select solve task transform treat work work_out
    """.split()  # noqa: SIM905  # one name a line would hide the rest
)


def renamed(code: str, purpose: str, rng: Random) -> tuple[str, str]:
    """Rename some, all or none of what `code` names, and in `purpose` what backquotes hold.

    `code` is one function; its names stay apart from each other and from what it calls.
    """
    tree = ast.parse(code)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    own = dict.fromkeys(argument.arg for argument in function.args.args)
    nodes = list(ast.walk(function))
    stored = (n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    own |= dict.fromkeys(n.id for n in stored if n.id != "_")
    used = {node.id for node in nodes if isinstance(node, ast.Name)} | set(own)
    share = rng.choice((0.0, 0.5, 1.0))
    fresh = [name for name in VARIABLES if name not in used]
    others = rng.sample(fresh, k=len(own))
    names = {name: new for name, new in zip(own, others, strict=True) if rng.random() < share}
    if rng.random() < share:
        names[function.name] = rng.choice(FUNCTIONS)
    code = ast.unparse(_Renaming(names).visit(tree))
    return code, re.sub(r"`(\w+)`", lambda match: names.get(match[1], match[1]), purpose)


class _Renaming(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._names.get(node.arg, node.arg)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node
