"""Conditions and computations: a small language over fields and answers.

`answers.age >= 18 and contact.city in ["Gdynia", "Sopot"]`. The words are Python's, evaluated by simpleeval; what may
be written is cut down further to what is listed here, so that no expression can reach an attribute, loop, or run long.
A comparison with something that is not known is false; so is everything that cannot be compared.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any

from simpleeval import EvalWithCompoundTypes, InvalidExpression

from hookline.text import N_

#: What a field or an answer can be. A multi-choice is a tuple of texts; None: not known.
Value = str | Decimal | date | bool | tuple[str, ...] | None

GROUPS = frozenset({"contact", "campaign", "agent", "call", "answers", "vars"})
_MAX_CHARACTERS = 500
_ALLOWED: tuple[type[ast.AST], ...] = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub),
    *(ast.Mult, ast.Div, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
    *(ast.IfExp, ast.List, ast.Tuple, ast.Load),
)


class InvalidCondition(ValueError):
    """The expression cannot be used; `message` is a message id, filled by `params`."""

    def __init__(self, message: str, **params: str) -> None:
        super().__init__(message % params)
        self.message, self.params = message, params


@dataclass(frozen=True)
class Condition:
    """A checked expression. `names`: the fields it looks at, such as "answers.age"."""

    text: str
    names: frozenset[str]
    _tree: ast.expr

    def value(self, values: Mapping[str, Value]) -> Value:
        """What it comes to with these fields by full name; None where it cannot be computed."""
        asked = EvalWithCompoundTypes(
            operators=_OPERATORS, functions=dict(_FUNCTIONS), names=lambda node: _named(node.id, values)
        )
        try:
            found = asked.eval(self.text, previously_parsed=self._tree)
        except (InvalidExpression, ArithmeticError, TypeError, ValueError):
            return None
        return _plain(found)

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether it is true."""
        return bool(self.value(values))


def condition(text: str) -> Condition:
    """The expression, checked; raises InvalidCondition."""
    if len(text) > _MAX_CHARACTERS:
        raise InvalidCondition(N_("A condition may have %(limit)s characters at most."), limit=str(_MAX_CHARACTERS))
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InvalidCondition(N_("The condition “%(text)s” cannot be read."), text=text) from None
    names: set[str] = set()
    _require_allowed(tree.body, names)
    return Condition(text, frozenset(names), _FullNames().visit(tree.body))


def _require_allowed(node: ast.AST, names: set[str]) -> None:
    full = _full_name(node)
    if full is not None:
        names.add(_known(full))
        return
    if isinstance(node, ast.Call):
        _require_function(node)
        for argument in node.args:
            _require_allowed(argument, names)
        return
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, str | bool | int | float | None):
            raise InvalidCondition(N_("“%(what)s” cannot be used in a condition."), what=ast.unparse(node))
        return
    children = list(ast.iter_child_nodes(node))
    words = [child for child in children if not isinstance(child, ast.expr)]
    if not isinstance(node, _ALLOWED) or not all(isinstance(word, _ALLOWED) for word in words):
        raise InvalidCondition(N_("“%(what)s” cannot be used in a condition."), what=ast.unparse(node))
    for child in children:
        _require_allowed(child, names)


def _require_function(node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name not in _FUNCTIONS or node.keywords:
        known = ", ".join(sorted(_FUNCTIONS))
        raise InvalidCondition(N_("There is no function “%(name)s”. Functions: %(known)s."), name=name, known=known)


def _full_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _full_name(node.value)
        return None if inner is None else f"{inner}.{node.attr}"
    return None


def _known(full: str) -> str:
    group, dot, rest = full.partition(".")
    if full in ("today", "yes", "no"):
        return full
    if group not in GROUPS or not dot or rest.count(".") > (group == "contact" and rest.startswith("custom.")):
        groups = ", ".join(sorted(GROUPS))
        raise InvalidCondition(
            N_("There is no field “%(name)s”: write texts in quotation marks, fields as group.name with %(groups)s."),
            name=full,
            groups=groups,
        )
    return full


class _FullNames(ast.NodeTransformer):
    """`contact.city` becomes one name, so that nothing is ever looked up on an object; numbers become exact."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return ast.copy_location(ast.Name(_full_name(node) or "", ast.Load()), node)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return ast.copy_location(ast.Constant(Decimal(str(node.value))), node)  # type: ignore[arg-type]
        return node


def _named(name: str, values: Mapping[str, Value]) -> Value:
    return name if name in ("yes", "no") else values.get(name)


def _plain(found: Any) -> Value:
    if isinstance(found, int | float) and not isinstance(found, bool):
        return Decimal(str(found))
    if isinstance(found, list | tuple):
        return tuple(str(one) for one in found)
    return found if isinstance(found, str | bool | Decimal | date) else None


def _ordered(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    def compared(left: Any, right: Any) -> bool:
        try:
            return left is not None and right is not None and bool(compare(left, right))
        except (TypeError, InvalidOperation):
            return False

    return compared


def _contains(inner: Any, outer: Any) -> bool:
    return isinstance(outer, str | list | tuple) and inner is not None and inner in outer


def _divided(left: Decimal, right: Decimal) -> Decimal:
    try:
        return left / right
    except (DivisionByZero, InvalidOperation) as error:
        raise ArithmeticError(str(error)) from error


def _added(left: Any, right: Any) -> Any:
    if isinstance(left, str) != isinstance(right, str):
        raise TypeError("a text and something else")
    return left + right


def _days(later: date, earlier: date) -> Decimal:
    return Decimal((later - earlier).days)


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _added,
    ast.Sub: operator.sub,
    ast.Mult: lambda left, right: Decimal(left) * Decimal(right),
    ast.Div: _divided,
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: _ordered(operator.lt),
    ast.LtE: _ordered(operator.le),
    ast.Gt: _ordered(operator.gt),
    ast.GtE: _ordered(operator.ge),
    ast.In: _contains,
    ast.NotIn: lambda inner, outer: not _contains(inner, outer),
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "days": _days,
    "len": len,
    "lower": str.lower,
    "max": max,
    "min": min,
    "round": lambda number, places=Decimal(0): round(number, int(min(places, Decimal(6)))),
    "upper": str.upper,
}
