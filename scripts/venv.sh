#!/usr/bin/env bash
# Make .venv and install Hookline in it, editable, with the extras named by $1 ("all" or "all,test").
set -euo pipefail
cd "$(dirname "$0")/.."
extras="$1"

usable() { # whether $1 is a Python that Hookline runs on and that has the modules $2
    "$1" -c "import sys, $2; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))" 2>/dev/null
}

find_python() {
    local candidate
    for candidate in python3.11 python3.12 python3; do
        if usable "$candidate" "venv, ensurepip"; then
            echo "$candidate"
            return
        fi
    done
    {
        echo "No Python was found that Hookline can use. It needs Python 3.11 or 3.12 with the venv module."
        echo "  python3 here: $(python3 --version 2>&1 || true)"
        echo "On Debian or Ubuntu type, as root:  apt-get install python3-venv"
        echo "Elsewhere install Python 3.12 from your system or from python.org, then run this command again."
    } >&2
    return 1
}

if [ -e .venv ] && ! usable .venv/bin/python pip; then
    echo "The folder .venv is broken or of another Python; making it anew." >&2
    rm -rf .venv
fi
if [ ! -e .venv ]; then
    python="$(find_python)"
    echo "Making .venv with $("$python" --version)."
    "$python" -m venv .venv
fi

echo "Installing Hookline and what it needs (a minute or two the first time)."
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".[$extras]"; then
    echo "pip could not install everything: see its message above. Once that is settled, run this command again." >&2
    exit 1
fi
touch .venv/.installed-all
case "$extras" in *test*) touch .venv/.installed-test ;; esac
