"""`hookline results`: what came of a campaign."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hookline.commands.installation import installation
from hookline.commands.naming import DELIMITER_HELP, campaign_id_of, delimiter_of
from hookline.commands.result_pushes import push, pushes
from hookline.services.exports import RowPer


@click.group()
def results() -> None:
    """Results of campaigns."""


@results.command("export")
@click.argument("campaign")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: standard output.")
@click.option("--per", type=click.Choice([p.value for p in RowPer]), default="call", show_default=True)
@click.option("--delimiter", default="comma", show_default=True, help=f"Separator: {DELIMITER_HELP}.")
@click.option("--bom", is_flag=True, help="Begin with a byte order mark, so that Excel reads UTF-8.")
@click.option("--without-answers", is_flag=True, help="Leave out the answers to the script's questions.")
@click.option("--force", is_flag=True, help="Overwrite the output file.")
def export(
    campaign: str, output: Path | None, per: str, delimiter: str, bom: bool, without_answers: bool, force: bool
) -> None:
    """Export the results of CAMPAIGN (name or id) as CSV: one row per call, or per contact with --per contact."""
    if output is not None and output.exists() and not force:
        raise click.UsageError(f"{output} is there already. Choose another name, or overwrite it with --force.")
    with installation() as runtime:
        pieces = runtime.exports.export_results(
            runtime.identity.system_actor().scope,
            campaign_id_of(runtime, campaign),
            per=RowPer(per),
            delimiter=delimiter_of(delimiter) or ",",
            bom=bom,
            with_answers=not without_answers,
        )
        if output is None:
            # Bytes, so that neither the terminal's encoding nor its line ends change the file.
            for piece in pieces:
                sys.stdout.buffer.write(piece.encode())
            sys.stdout.buffer.flush()
            return
        with output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    click.echo(f"Written to {output}.")


results.add_command(push)
results.add_command(pushes)
