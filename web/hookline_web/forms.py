"""Forms between page and service: what was typed stays in the fields, and each error stands at its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import render_template, request

from hookline.errors import HooklineError, InvalidInput
from hookline_web.i18n import explain

_TRUE = {"true", "on", "1", "yes"}


class Form:
    """Values and errors for the macros in templates/macros/forms.html.

    `values` are the stored ones (a page opened for editing) or, with `error`, what was just sent and refused.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, error: HooklineError | None = None) -> None:
        self._values = dict(values or {})
        self._fields = error.fields if isinstance(error, InvalidInput) else {}
        self.failed = error is not None
        self.message, self.advice = explain(error) if error else ("", "")

    def value(self, name: str) -> Any:
        """The field's value; "" for None or a missing one."""
        found = self._values.get(name)
        return "" if found is None else found

    def values(self, name: str) -> set[str]:
        """The values of a field that takes several, as text."""
        found = self._values.get(name) or ()
        return {str(value) for value in ((found,) if isinstance(found, str | int) else found)}

    def checked(self, name: str) -> bool:
        """Whether a yes-or-no field says yes."""
        found = self._values.get(name)
        return found.lower() in _TRUE if isinstance(found, str) else bool(found)

    def errors(self, name: str) -> list[str]:
        """The field's messages."""
        return self._fields.get(name, [])


def posted(lists: Iterable[str] = ()) -> dict[str, Any]:
    """The sent form as plain data for a schema; fields named in `lists` may come several times or not at all."""
    data: dict[str, Any] = {name: value for name, value in request.form.items() if name != "csrf_token"}
    for name in lists:
        data[name] = [value for value in request.form.getlist(name) if value]
    return data


def page(template: str, form: Form, **context: Any) -> tuple[str, int]:
    """The page with the form: 200 when it is opened, 422 when what was sent was refused."""
    return render_template(template, form=form, **context), 422 if form.failed else 200
