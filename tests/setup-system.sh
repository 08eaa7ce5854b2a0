#!/usr/bin/env bash
# Makes sure that the system packages the tests need are there.
#
# As root on Debian and its relatives, installs what is missing. Anybody else is told what is missing, and how to get
# it. On a complete machine this asks dpkg and does nothing.
set -euo pipefail

# One line for each package: its name, then what needs it.
packages() {
    cat <<'LIST'
gcc         rustc links with it, and the tests' C programs are compiled with it
libc6-dev   headers and start files for the same
zlib1g      libz.so.1: the loader must refuse a library that is no plugin
LIST
}

if ! command -v dpkg-query >/dev/null; then
    echo "setup-system: no dpkg here, so nothing was checked. The tests need (names as in Debian):"
    packages | sed 's/^/    /'
    exit 0
fi

missing=()
while read -r name _; do
    # One line for each architecture that dpkg knows the package in.
    status=$(dpkg-query --show --showformat='${db:Status-Status}\n' "$name" 2>/dev/null || true)
    grep --quiet --line-regexp installed <<<"$status" || missing+=("$name")
done < <(packages)

if ((${#missing[@]} == 0)); then
    exit 0
fi

if ((EUID != 0)); then
    echo "setup-system: missing packages:" >&2
    for name in "${missing[@]}"; do
        packages | grep "^$name " | sed 's/^/    /' >&2
    done
    echo "Install them with: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi

echo "setup-system: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
