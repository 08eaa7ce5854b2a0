#!/usr/bin/env bash
# Fetches the sample programs of MIT's Kerberos, which our library has to serve unchanged, from the distribution's source
# package: tests/krb5-source.sh FOLDER leaves them in FOLDER/src/appl/gss-sample.
#
# apt does the download and checks its signature, with lists of its own below FOLDER: the system's configuration is not
# changed, and root is not needed. A second run finds the programs and does nothing.
set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)

# Tests run at once; one of them fetches.
exec 9>"$folder/lock"
flock 9
if [[ -d $folder/src/appl/gss-sample ]]; then
    exit 0
fi

give_up() {
    echo "krb5-source: $1" >&2
    echo "Or unpack any krb5-VERSION.tar.gz so that there is $folder/src/appl/gss-sample." >&2
    exit 1
}

# shellcheck source=/dev/null
. /etc/os-release
case ${ID:-unknown} in
debian)
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    sources="deb-src [signed-by=$keys] http://deb.debian.org/debian $VERSION_CODENAME main
deb-src [signed-by=$keys] http://deb.debian.org/debian-security $VERSION_CODENAME-security main"
    ;;
ubuntu)
    keys=/usr/share/keyrings/ubuntu-archive-keyring.gpg
    sources="deb-src [signed-by=$keys] http://archive.ubuntu.com/ubuntu $VERSION_CODENAME main
deb-src [signed-by=$keys] http://archive.ubuntu.com/ubuntu $VERSION_CODENAME-updates main"
    ;;
*) give_up "this is ${ID:-unknown}: only the archives of Debian and Ubuntu are known here" ;;
esac

mkdir -p "$folder"/{lists,cache/archives}/partial "$folder/download"
echo "$sources" >"$folder/sources.list"
options=(
    --option "Dir::Etc::SourceList=$folder/sources.list"
    --option Dir::Etc::SourceParts=/dev/null
    --option "Dir::State::Lists=$folder/lists"
    --option "Dir::Cache=$folder/cache"
    # The folder need not be readable for apt's own user, who would download for root.
    --option APT::Sandbox::User=
    # A list that could not be fetched is an error, not a warning.
    --option APT::Update::Error-Mode=any
    --quiet
)
apt-get "${options[@]}" update >&2 || give_up "the lists of source packages could not be fetched (is the network there?)"
cd "$folder/download"
apt-get "${options[@]}" source --download-only krb5 >&2 || give_up "the source package krb5 could not be fetched"
archive=(krb5_*.orig.tar.gz)
[[ -e ${archive[0]} ]] || give_up "the source package krb5 holds no .orig.tar.gz"
# What counts as done appears last, and whole.
mkdir unpacked
tar --extract --file "${archive[0]}" --directory unpacked --strip-components 1 --wildcards \
    '*/src/appl/gss-sample/*' '*/src/include/port-sockets.h' || give_up "the sample programs are not where they were"
mv unpacked/src "$folder"
cd "$folder"
rm -rf lists cache download sources.list
