"""The texts of a script: what they may contain, and how they are filled in safely.

A text is Jinja in a sandbox, cut down further: fields, conditions and a few filters. No loops, calls or arithmetic, so
that a checked text can neither fail nor run long. What is filled in is data: it can make no markup of any kind.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import unescape
from typing import Any

import markdown
import nh3
from jinja2 import Template, TemplateSyntaxError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from hookline.domain.scripts import ScriptContext
from hookline.text import N_
from hookline_scripts.known_fields import CUSTOM, CUSTOM_PREFIX, all_fields, closest, is_known
from hookline_scripts.polish_names import by_gender, vocative

MISSING_CLASS = "script-missing"
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "mark"}
_PUNCTUATION = {ord(c): f"&#{ord(c)};" for c in string.punctuation}


@dataclass(frozen=True)
class Complaint:
    """Something a text may not contain, on a line of it (from 1)."""

    message: str
    line: int
    params: dict[str, str] = field(default_factory=dict)


_TOO_DEEP = Complaint(N_("The text is nested too deeply."), 1)


class _Value(str):
    """A field's value that still knows its name, so that a missing one can say which it is."""

    field_name: str

    def __new__(cls, value: str, field_name: str) -> _Value:
        made = super().__new__(cls, " ".join(value.split()))
        made.field_name = field_name
        return made


class _Group:
    """A group of fields as templates see it: by item only, an absent one is empty."""

    def __init__(self, name: str, values: Mapping[str, str]) -> None:
        self._name = name
        self._values = values

    def __getitem__(self, key: str) -> _Group | _Value:
        if (self._name, key) == ("contact", "custom"):
            inner = {k.removeprefix(CUSTOM_PREFIX): v for k, v in self._values.items() if k.startswith(CUSTOM_PREFIX)}
            return _Group("contact.custom", inner)
        return _Value(self._values.get(key, ""), f"{self._name}.{key}")


def _finalize(value: Any) -> Markup:
    if isinstance(value, _Value) and not value:
        return Markup(f'<mark class="{MISSING_CLASS}">{_data(value.field_name)}</mark>')  # noqa: S704 - encoded by _data
    return Markup("") if isinstance(value, Undefined) else _data(str(value))


def _data(text: str) -> Markup:
    # Every punctuation mark becomes a numeric entity: neither HTML nor Markdown can be made of what is filled in.
    return Markup(text.translate(_PUNCTUATION))  # noqa: S704 - nothing that could be markup is left


def _unless_missing(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda value: value if isinstance(value, _Value) and not value else change(str(value))


def _default(value: str, instead: str) -> str:
    return value or instead


_FILTERS: dict[str, Callable[..., str]] = {
    "upper": _unless_missing(str.upper),
    "lower": _unless_missing(str.lower),
    "title": _unless_missing(str.title),
    "capitalize": _unless_missing(str.capitalize),
    "default": _default,
    "vocative": _unless_missing(vocative),
    "by_gender": by_gender,
}
_ARGUMENTS = {"default": 1, "by_gender": 3}

_ENVIRONMENT = ImmutableSandboxedEnvironment(autoescape=True, finalize=_finalize)
_ENVIRONMENT.filters = dict(_FILTERS)
_ENVIRONMENT.globals = {}
#: A line that holds nothing but a tag leaves no empty line behind, which would split a paragraph.
_ONLY_TAG = re.compile(r"^[ \t]*(\{%[^\n]*?%\})[ \t]*\n", re.MULTILINE)


@lru_cache(maxsize=512)
def _compiled(text: str) -> Template:
    return _ENVIRONMENT.from_string(_ONLY_TAG.sub(r"\1", text))


def render_text(text: str, context: ScriptContext, variables: Mapping[str, str] | None = None) -> str:
    """The text, filled in, as safe HTML: paragraphs, bold, lists. A missing value shows as a marked placeholder."""
    filled = _compiled(text).render(
        contact=_Group("contact", context.contact),
        campaign=_Group("campaign", context.campaign),
        agent=_Group("agent", context.agent),
        answers=_Group("answers", context.answers),
        vars=_Group("vars", variables or {}),
    )
    html = markdown.markdown(filled, extensions=["nl2br", "sane_lists"])
    return nh3.clean(html, tags=_TAGS, attributes={}, allowed_classes={"mark": {MISSING_CLASS}})


def plain_text(text: str, context: ScriptContext, variables: Mapping[str, object], answers: Mapping[str, str]) -> str:
    """The text, filled in, for a terminal."""
    filled = render_text(
        text, replace(context, answers=dict(answers)), {name: str(value) for name, value in variables.items()}
    )
    return unescape(nh3.clean(filled, tags=set())).strip()


@lru_cache(maxsize=2048)
def fields_in(text: str) -> frozenset[str]:
    """The fields that a checked text names, in full: "contact.city"."""
    tree = _ENVIRONMENT.parse(text)
    found = (_path(node) for node in tree.find_all((nodes.Getattr, nodes.Getitem)))
    names = {".".join(path) for path in found if path is not None}
    return frozenset(names - {".".join(CUSTOM)})


def check_text(text: str) -> list[Complaint]:
    """Everything in the text that may not be there; empty when it can be saved."""
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        params = {"problem": error.message or "?"}
        return [Complaint(N_("The text's {{ … }} or {%% … %%} cannot be read: %(problem)s"), error.lineno, params)]
    except RecursionError:
        return [_TOO_DEEP]
    complaints = [complaint for node in tree.body for complaint in _check(node)]
    if complaints:
        return complaints
    try:
        _compiled(text)
    except (SyntaxError, RecursionError):
        return [_TOO_DEEP]
    return []


def _check(node: nodes.Node) -> Iterator[Complaint]:
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        yield from _check_field(node)
    elif isinstance(node, nodes.Filter):
        yield from _check_filter(node)
    elif isinstance(node, nodes.Compare):
        yield from _check_comparison(node)
    elif isinstance(node, nodes.Const):
        if not isinstance(node.value, str):
            yield Complaint(N_("Fields are texts: write the value in quotation marks."), node.lineno)
    elif isinstance(
        node, nodes.TemplateData | nodes.Output | nodes.If | nodes.CondExpr | nodes.And | nodes.Or | nodes.Not
    ):
        yield from _inside(node)
    else:
        yield Complaint(
            N_("“%(what)s” cannot be used in a script: texts have fields, conditions (if) and filters only."),
            node.lineno,
            {"what": type(node).__name__.lower()},
        )


def _inside(node: nodes.Node) -> Iterator[Complaint]:
    for child in node.iter_child_nodes():
        yield from _check(child)


def _path(node: nodes.Node) -> tuple[str, ...] | None:
    if isinstance(node, nodes.Name):
        return (node.name,)
    inner = _path(node.node) if isinstance(node, nodes.Getattr | nodes.Getitem) else None
    if inner is None:
        return None
    if isinstance(node, nodes.Getattr):
        return (*inner, node.attr)
    key = node.arg if isinstance(node, nodes.Getitem) else None
    return (*inner, key.value) if isinstance(key, nodes.Const) and isinstance(key.value, str) else None


def _check_field(node: nodes.Node) -> Iterator[Complaint]:
    path = _path(node)
    if path is None:
        yield Complaint(N_("A field is written as group.name, such as contact.first_name."), node.lineno)
    elif not is_known(path):
        name = ".".join(path)
        params = {"field": name, "known": ", ".join(all_fields()), "closest": closest(name)}
        if params["closest"]:
            yield Complaint(
                N_("There is no field “%(field)s”. Did you mean %(closest)s? Fields: %(known)s."), node.lineno, params
            )
        else:
            yield Complaint(N_("There is no field “%(field)s”. Fields: %(known)s."), node.lineno, params)


def _check_filter(node: nodes.Filter) -> Iterator[Complaint]:
    if node.name not in _FILTERS:
        params = {"filter": node.name, "known": ", ".join(_FILTERS)}
        yield Complaint(N_("There is no filter “%(filter)s”. Filters: %(known)s."), node.lineno, params)
        return
    if len(node.args) != _ARGUMENTS.get(node.name, 0) or node.kwargs or node.dyn_args or node.dyn_kwargs:
        yield Complaint(
            N_('Write default("…") with one text, by_gender("…", "…", "…") with three, the other filters with none.'),
            node.lineno,
        )
    yield from _inside(node)


def _check_comparison(node: nodes.Compare) -> Iterator[Complaint]:
    if all(operand.op in ("eq", "ne") for operand in node.ops):
        yield from _check(node.expr)
        for operand in node.ops:
            yield from _check(operand.expr)
    else:
        yield Complaint(N_("Fields can be compared with == and != only."), node.lineno)
