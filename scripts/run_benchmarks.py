"""Run every script in bench/, one after the other. They print figures of this machine and judge nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """0 where every script ran to its end."""
    scripts = sorted((ROOT / "bench").glob("*.py"))
    broken = 0
    for script in scripts:
        print(f"== {script.stem.replace('_', ' ')}", flush=True)
        broken += subprocess.run([sys.executable, str(script)], cwd=ROOT, check=False).returncode != 0
    print(f"{len(scripts)} benchmarks, {broken} broken")
    return int(broken > 0 or not scripts)


if __name__ == "__main__":
    sys.exit(main())
