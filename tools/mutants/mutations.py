"""The ways in which a formula can be wrong: every broken version of a module's source text."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LIBRARIES = ("torch", "math", "F", "torch.linalg")
# What is left when the call is dropped: the argument with this number, or the object of a method.
DROPPED = {
    **dict.fromkeys(["exp", "log", "sqrt", "sum", "mean", "logsumexp", "sigmoid", "softplus"], 0),
    **dict.fromkeys(["diag", "diag_embed", "inv", "cholesky", "bernoulli", "reversed"], 0),
    **dict.fromkeys(["expm1", "log1p", "abs", "clamp", "flip"], 0),
    **{"_half_log_det": 0, "_solve": 1, "solve_triangular": 1},
}
REDUCTION = {"sum": "mean", "mean": "sum", "logsumexp": "mean"}
FUNCTION = {
    "exp": "exp2",
    "log": "log2",
    "expm1": "exp",
    "log1p": "log",
    "sigmoid": "tanh",
    "softplus": "relu",
    "randn": "rand",
    "zeros": "ones",
}
CONFUSED = {  # what stands there if the name is taken for something else: σ for σ², A for A Aᵀ
    "log_var": ["0.5 * {0}", "2.0 * {0}", "{0}.exp()"],
    "std": ["{0} ** 2"],
    "scale_tril": ["{0} @ {0}.mT"],
}
INVERSE = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
SKIPPED = {"annotation", "returns", "decorator_list", "defaults", "kw_defaults"}
SKIPPED |= {"handlers", "bases"}


@dataclass(frozen=True)
class Mutant:
    """One broken version of one module: what kind, and the statement before and after."""

    module: str
    function: str
    line: int
    kind: str
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.module}.{self.function}: {self.kind}: {self.before} -> {self.after}"


def mutants_of(module: str, source: str, within: tuple[str, ...] = ("",)) -> list[Mutant]:
    """Every mutant of a module's source text, each different from the others and the original.

    Args:
        module: Its name within ``vae_lib``.
        source: Its text.
        within: The functions meant, by how their names begin; a loop counts as a function that is
            called like its variable.
    """
    tree = ast.parse(source)
    seen, found = {ast.unparse(tree)}, []
    for node, replace, function, statement in _places(tree, "", tree):
        if not function.startswith(within):
            continue
        before = _first_line(statement)
        for kind, other in _broken(node):
            replace(other)
            text = ast.unparse(tree)
            after = _first_line(other if node is statement else statement)
            replace(node)
            if text not in seen:
                seen.add(text)
                line = getattr(node, "lineno", 0)
                found.append(Mutant(module, function, line, kind, before, after, text))
    return found


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0]


def _is_refusal(node: ast.AST) -> bool:
    """``if …: …; raise``, ``raise``, the call of a function that does so, or ``strict=True``."""
    match node:
        case ast.If(body=[*_, ast.Raise()]) | ast.Raise():
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name.lstrip("_").startswith("require_")
        case ast.keyword(arg="strict"):
            return True
    return False


def _places(
    node: ast.AST, function: str, statement: ast.AST
) -> Iterator[tuple[ast.AST, Callable[[ast.AST], None], str, ast.AST]]:
    """Every node that may change, with its setter, its function and its statement."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}".lstrip(".")
    if isinstance(node, ast.For):
        function = f"{function}.{ast.unparse(node.target)}".lstrip(".")
    for field, value in ast.iter_fields(node):
        if field in SKIPPED or not isinstance(value, ast.AST | list):
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _is_refusal(child):
                continue

            def replace(other: ast.AST, field: str = field, index: int = index) -> None:
                place = getattr(node, field)
                if isinstance(place, list):
                    place[index] = other
                else:
                    setattr(node, field, other)

            place = child if isinstance(child, ast.stmt) else statement
            yield child, replace, function, place
            yield from _places(child, function, place)


def _broken(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Every broken version of one node, with its kind."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            minus = isinstance(op, ast.Sub)
            yield "sign", ast.BinOp(left, ast.Add() if minus else ast.Sub(), right)
            yield "dropped term", left
            yield "dropped term", ast.UnaryOp(ast.USub(), right) if minus else right
        case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
            other = ast.Add() if isinstance(op, ast.Sub) else ast.Sub()
            yield "sign", ast.AugAssign(target, other, value)
            yield "dropped term", ast.Pass()
        case ast.BinOp(
            left=left, op=ast.Mult() | ast.Div() | ast.FloorDiv() | ast.MatMult() as op, right=right
        ):
            yield "dropped factor", left
            yield "dropped factor", right
            if isinstance(op, ast.MatMult):
                yield "swapped", ast.BinOp(right, op, left)
            else:
                inverse = ast.Div() if isinstance(op, ast.Mult) else ast.Mult()
                yield "factor", ast.BinOp(left, inverse, right)
        case ast.BinOp(left=left, op=ast.Pow()):
            yield "dropped square", left
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "sign", operand
        case ast.Constant(value=bool() as value):
            yield "constant", ast.Constant(not value)
        case ast.Constant(value=int() | float() as number):
            yield "constant", ast.Constant(number + 1)
            yield "constant", ast.Constant(2 * number)
        case ast.Attribute(value=value, attr="T"):
            yield "dropped call", value
        case ast.Attribute(attr=name, ctx=ast.Load()) | ast.Name(id=name, ctx=ast.Load()):
            for form in CONFUSED.get(name, ()):
                yield "sigma", ast.parse(form.format(ast.unparse(node)), mode="eval").body
        case ast.Subscript(value=ast.Name(id="Callable" | "Literal")):  # an annotation with a name
            return
        case ast.Subscript(value=value, slice=ast.Slice() | ast.Tuple()):
            yield "dropped slice", value
        case ast.If(test=ast.Compare()) | ast.IfExp(test=ast.Compare()):
            return  # the comparison is a place of its own
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield "condition", ast.IfExp(test, orelse, body)
        case ast.Compare(left=left, ops=[op], comparators=right) if type(op) in INVERSE:
            yield "condition", ast.Compare(left, [INVERSE[type(op)]()], right)
        case ast.If(test=test, body=statements, orelse=others):
            yield "condition", ast.If(ast.UnaryOp(ast.Not(), test), statements, others)
        case ast.Expr(value=ast.Call()):
            yield "dropped call", ast.Pass()
        case ast.Call(func=func, args=arguments, keywords=keywords):
            yield from _broken_call(func, arguments, keywords)


def _broken_call(
    func: ast.expr, arguments: list[ast.expr], keywords: list[ast.keyword]
) -> Iterator[tuple[str, ast.AST]]:
    name = ast.unparse(func).rpartition(".")[2]
    if isinstance(func, ast.Attribute):
        for kind, table in (("sum for mean", REDUCTION), ("other function", FUNCTION)):
            if name in table:
                other = ast.Attribute(func.value, table[name], ast.Load())
                yield kind, ast.Call(other, arguments, keywords)
    if name in DROPPED:
        method = isinstance(func, ast.Attribute) and ast.unparse(func.value) not in LIBRARIES
        yield "dropped call", func.value if method else arguments[DROPPED[name]]  # type: ignore[attr-defined]
    for i in range(1, len(arguments)):
        if name not in ("min", "max", "isinstance"):
            pair = [*arguments[: i - 1], arguments[i], arguments[i - 1], *arguments[i + 1 :]]
            yield "swapped", ast.Call(func, pair, keywords)
    for i, argument in enumerate(arguments):
        if ast.unparse(argument) in ("generator", "noise"):
            without = [*arguments[:i], ast.Constant(None), *arguments[i + 1 :]]
            yield "dropped argument", ast.Call(func, without, keywords)
    for i in range(len(keywords)):
        if _is_refusal(keywords[i]):
            continue
        fewer = keywords[:i] + keywords[i + 1 :]
        yield "dropped argument", ast.Call(func, arguments, fewer)
