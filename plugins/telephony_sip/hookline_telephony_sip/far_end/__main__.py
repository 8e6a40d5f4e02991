"""`python -m hookline_telephony_sip.far_end --config FILE.json`: run until SIGTERM, SIGINT or the end of stdin."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from hookline.errors import HooklineError

from .config import FarEndConfig, load_config
from .errors import FarEndConfigInvalid
from .network import FarEnd
from .phones import softphone_hint


def main(argv: Sequence[str] | None = None) -> int:
    """Run the far end; returns the exit code: 0 after a clean stop, 2 where it could not start."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=arguments.log_level.upper(), format="%(asctime)s %(name)s %(levelname)s %(message)s")
    if arguments.softphone_hint:
        print(softphone_hint())
        return 0
    try:
        asyncio.run(_run(_read(arguments.config), watch_stdin=arguments.watch_stdin))
    except HooklineError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="far_end", description="A telephone network and telephones on loopback.")
    parser.add_argument("--config", type=Path, help="JSON file; without it every number answers")
    parser.add_argument("--watch-stdin", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--log-level", default="warning", choices=("debug", "info", "warning", "error"))
    parser.add_argument("--softphone-hint", action="store_true", help="say how to use a real softphone, and end")
    return parser


def _read(path: Path | None) -> FarEndConfig:
    if path is None:
        return load_config({})
    try:
        return load_config(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise FarEndConfigInvalid(f"{path} cannot be read as JSON: {error}.", "Mend the file.") from error


async def _run(config: FarEndConfig, *, watch_stdin: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if watch_stdin:
        loop.add_reader(sys.stdin.fileno(), _stdin_readable, stop)
    far_end = FarEnd(config)
    try:
        ready = await far_end.start()
        print(json.dumps(ready.as_dict()), flush=True)
        await stop.wait()
    finally:
        if watch_stdin:
            loop.remove_reader(sys.stdin.fileno())
        await far_end.stop()


def _stdin_readable(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        stop.set()


if __name__ == "__main__":
    sys.exit(main())
