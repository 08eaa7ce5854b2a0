#!/usr/bin/env bash
# Makes sure that the system packages are there that the tests need, or the measurements: tests/setup-system.sh [bench].
#
# As root on Debian and its relatives, installs what is missing. Anybody else is told what is missing, and how to get
# it. On a complete machine this asks dpkg and does nothing.
set -euo pipefail

purpose=${1:-tests}
if [[ $purpose != tests && $purpose != bench ]]; then
    echo "setup-system: the only argument is 'bench'" >&2
    exit 2
fi

# One line for each package: its name, then what needs it.
packages() {
    if [[ $purpose == bench ]]; then
        cat <<'LIST'
gcc               rustc links with it, and the C program that measures libraries is compiled with it
libc6-dev         headers and start files for the same
pkg-config        says how to compile against MIT's and Heimdal's libraries
libkrb5-dev       MIT's library, with which ours is compared
heimdal-multidev  Heimdal's library, the same
gss-ntlmssp       a C mechanism: NTLMSSP, by itself and through switches
LIST
        return
    fi
    cat <<'LIST'
gcc               rustc links with it, and the tests' C programs are compiled with it and its sanitizers
libc6-dev         headers and start files for the same
zlib1g            libz.so.1: the loader must refuse a library that is no plugin
valgrind          a C program is run under it
strace            stops processes at a system call, or kills them there
util-linux        processes with mounts and limits of their own: unshare, nsenter, prlimit
mount             a store that is full, or read-only
g++               the C headers are compiled as C++ too
pkg-config        a program is built as libgss.pc says
libkrb5-dev       MIT's headers and library: ours mean the same
heimdal-multidev  has the same headers: values are compared, and `make install` replaces no file of it
libgss-dev        has a libgss.so and the same manual pages: nor of this
krb5-kdc          a real KDC, on loopback and in a temporary folder, issues tickets that krb5-sim accepts
krb5-admin-server kadmin.local fills its database
krb5-user         kinit and klist, on keytabs of ours
systemd           systemd-tmpfiles makes the transfer store's directory as `make install` says
libgssapi3-heimdal  krb5-sim talks to programs of Heimdal's, too
libgssapi-krb5-2  MIT's library is a mechanism of ours as well
gss-ntlmssp       a C mechanism: NTLMSSP
moonshot-gss-eap  a C mechanism: EAP
LIST
}

if ! command -v dpkg-query >/dev/null; then
    echo "setup-system: no dpkg here, so nothing was checked. Needed for $purpose (names as in Debian):"
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
