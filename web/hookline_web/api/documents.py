"""The API's description, for programs (OpenAPI 3.1) and for people; both are public and touch no data."""

from __future__ import annotations

import markdown
import nh3
from flask import Blueprint, Flask, Response, current_app, jsonify, render_template
from markupsafe import Markup

from hookline.permissions import public
from hookline_web.api import reference
from hookline_web.api.specification import document

blueprint = Blueprint("api-documents", __name__, url_prefix="/api/v1")


def install(app: Flask) -> None:
    """Serve the description."""
    app.register_blueprint(blueprint)


@blueprint.get("/openapi.json")
@public("it describes the program, not its data; generators read it before anybody has a token")
def openapi() -> Response:
    """The OpenAPI document."""
    return jsonify(document(current_app))


@blueprint.get("/docs")
@public("it describes the program, not its data")
def docs() -> str:
    """The OpenAPI document as a page: no script, so that it stands under the same policy as every page."""
    found = document(current_app)
    about = Markup(nh3.clean(markdown.markdown(found["info"]["description"])))  # noqa: S704 - cleaned
    return render_template("api/docs.html", info=found["info"], about=about, sections=reference.sections(found))
