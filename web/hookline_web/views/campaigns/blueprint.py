"""The blueprint that the campaigns' views share."""

from __future__ import annotations

from flask import Blueprint

from hookline_web import labels

blueprint = Blueprint("campaigns", __name__, url_prefix="/campaigns")
labels.install(blueprint)
