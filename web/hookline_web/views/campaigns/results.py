"""A campaign's results as a file."""

from __future__ import annotations

import re

from flask import Response, g, request, stream_with_context

from hookline.permissions import requires
from hookline.services.exports import RowPer
from hookline.services.exports_workbook import XLSX, workbook
from hookline_web.context import runtime
from hookline_web.views.campaigns.blueprint import blueprint


@blueprint.get("/<int:campaign_id>/results.csv")
@requires("results.export")
def results_csv(campaign_id: int) -> Response:
    """The results as CSV, sent as they are read: a row per call, or per contact with ?per=contact."""
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    per = RowPer.CONTACT if request.args.get("per") == RowPer.CONTACT else RowPer.CALL
    pieces = runtime().exports.export_results(g.actor.scope, campaign_id, per=per, bom=True)
    response = Response(stream_with_context(pieces), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(campaign.name, campaign_id, per)}"'
    return response


@blueprint.get("/<int:campaign_id>/results.xlsx")
@requires("results.export")
def results_xlsx(campaign_id: int) -> Response:
    """The results as an Excel workbook, as `results_csv`."""
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    per = RowPer.CONTACT if request.args.get("per") == RowPer.CONTACT else RowPer.CALL
    pieces = workbook(runtime().exports.result_rows(g.actor.scope, campaign_id, per=per))
    response = Response(stream_with_context(pieces), mimetype=XLSX)
    name = file_name(campaign.name, campaign_id, per, "xlsx")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_name(name: str, campaign_id: int, per: RowPer, kind: str = "csv") -> str:
    """A name that every system takes: "spring-offer-7-calls.csv"."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    return "-".join(part for part in (plain, str(campaign_id), f"{per.value}s") if part) + f".{kind}"
