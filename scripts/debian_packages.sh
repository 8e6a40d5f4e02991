#!/usr/bin/env bash
# Install the Debian packages of packages-debian.txt that are missing; without root, say what to type and fail.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian system: the tests need what packages-debian.txt lists, under your system's names." >&2
    exit 0
fi

missing=()
while read -r package _; do
    case "$package" in '' | '#'*) continue ;; esac
    if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
        missing+=("$package")
    fi
done <packages-debian.txt
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
    {
        echo "The tests need Debian packages that are not installed: ${missing[*]}"
        echo "Type:  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
        echo "Then run this command again."
    } >&2
    exit 1
fi

echo "Installing Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o Acquire::Retries=3 update
apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install -y --no-install-recommends "${missing[@]}" </dev/null
