"""One-edit bugs: every small change of a function that a slip of the hand could have made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

KINDS = (
    "comparison",
    "arithmetic",
    "off by one",
    "wrong name",
    "swapped",
    "negated",
    "start value",
)

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.FloorDiv),
    ast.FloorDiv: (ast.Mult, ast.Mod),
    ast.Mod: (ast.FloorDiv,),
    ast.BitAnd: (ast.BitOr, ast.BitXor),
    ast.RShift: (ast.LShift,),
}


class Mutation(NamedTuple):
    """A change of fields of one node; nothing is changed until `mutated` is asked for."""

    kind: str
    node: ast.AST
    fields: dict[str, object]


def mutations(tree: ast.Module) -> list[Mutation]:
    """List the mutations of the function that is all of `tree`, in a fixed order."""
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    names = sorted(
        {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and _stored(n)}
        | {argument.arg for argument in function.args.args}
    )
    starts = {id(n.value) for n in function.body if isinstance(n, ast.Assign)}
    starts |= {id(e) for n in function.body if isinstance(n, ast.Assign) for e in _elements(n)}
    found = list[Mutation]()
    for node in ast.walk(function):
        found += _operators(node)
        found += _negated(node)
        found += _swapped(node)
        found += _off_by_one(node, starts)
        found += _ranges(node)
        found += _names(node, names)
    return found


def mutated(tree: ast.Module, mutation: Mutation) -> str:
    """Write the source of `tree` with `mutation`; `tree` is left as it was."""
    fields = vars(mutation.node)
    before = {name: fields[name] for name in mutation.fields}
    fields.update(mutation.fields)
    try:
        return ast.unparse(tree)
    finally:
        fields.update(before)


def _stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store) and name.id != "_"


def _elements(assign: ast.Assign) -> list[ast.expr]:
    return assign.value.elts if isinstance(assign.value, ast.Tuple) else []


def _operators(node: ast.AST) -> Iterator[Mutation]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            for other in _COMPARISONS.get(type(operator), ()):
                ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
                yield Mutation("comparison", node, {"ops": ops})
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for arithmetic in _ARITHMETIC.get(type(node.op), ()):
            yield Mutation("arithmetic", node, {"op": arithmetic()})


def _negated(node: ast.AST) -> Iterator[Mutation]:
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        test = node.test
        plain = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        value = test.operand if plain else ast.UnaryOp(ast.Not(), test)  # type: ignore[attr-defined]
        yield Mutation("negated", node, {"test": value})
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield Mutation("negated", node, {"op": other})


def _swapped(node: ast.AST) -> Iterator[Mutation]:
    if isinstance(node, ast.Call) and _unlike(node.args):
        yield Mutation("swapped", node, {"args": node.args[::-1]})
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.FloorDiv | ast.Mod):
        yield Mutation("swapped", node, {"left": node.right, "right": node.left})
    if isinstance(node, ast.Assign) and _unlike(_elements(node)):
        turned = ast.Tuple(_elements(node)[::-1], ast.Load())
        yield Mutation("swapped", node, {"value": turned})


def _unlike(pair: list[ast.expr]) -> bool:
    return len(pair) == 2 and ast.dump(pair[0]) != ast.dump(pair[1])


def _off_by_one(node: ast.AST, starts: set[int]) -> Iterator[Mutation]:
    if isinstance(node, ast.Constant):
        kind = "start value" if id(node) in starts else "off by one"
        for value in _near(node.value):
            yield Mutation(kind, node, {"value": value})
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name | ast.BinOp):
        for moved in _moved(node.slice):
            yield Mutation("off by one", node, {"slice": moved})
    if isinstance(node, ast.Assign) and id(node.value) in starts:
        for moved in _moved(node.value):
            yield Mutation("start value", node, {"value": moved})


def _ranges(node: ast.AST) -> Iterator[Mutation]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        for index, argument in enumerate(node.args[:2]):
            for moved in _moved(argument):
                args = [*node.args[:index], moved, *node.args[index + 1 :]]
                yield Mutation("off by one", node, {"args": args})


def _near(value: object) -> tuple[object, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1) if value else (1,)
    return ()


def _moved(value: ast.expr) -> Iterator[ast.expr]:
    """Give `value` plus and minus 1; where it has such a 1, `value` without it."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        if isinstance(value.right, ast.Constant) and value.right.value == 1:
            yield value.left
    elif isinstance(value, ast.Name | ast.Call):
        yield ast.BinOp(value, ast.Add(), ast.Constant(1))
        yield ast.BinOp(value, ast.Sub(), ast.Constant(1))


def _names(node: ast.AST, names: list[str]) -> Iterator[Mutation]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        for other in names:
            if other != node.id:
                yield Mutation("wrong name", node, {"id": other})
