#!/bin/sh
# install.sh FOLDER SECTION: puts the manual pages below FOLDER, those of functions into SECTION (3, or one of its own
# beside other libraries' pages of the same names: 3gss), links the further names that NAMES lists to their pages, and
# adds those of gssctl.
set -eu

folder=$1
section=$2
here=$(dirname "$0")
install -d "$folder/man1" "$folder/man3" "$folder/man5"

page=$(mktemp)
trap 'rm -f "$page"' EXIT
for source in "$here"/*.[135] "$here"/../../gssctl/man/*.1; do
    old=${source##*.}
    name=$(basename "$source" ".$old")
    new=$old
    [ "$old" != 3 ] || new=$section
    # A page says its own section, and points to others by theirs; pages of the C library stay where they are.
    sed -e "s/^\\(\\.Dt [^ ]*\\) $old\$/\\1 $new/" \
        -e "s/^\\(\\.Xr \\(lib\\|krb5_\\)\\{0,1\\}gss[a-z0-9_]*\\) 3\\>/\\1 $section/" "$source" > "$page"
    install -m 644 "$page" "$folder/man$old/$name.$new"
done

sed -e '/^#/d' -e 's/://' "$here/NAMES" | while read -r name others; do
    for other in $others; do
        ln -sf "$name.$section" "$folder/man3/$other.$section"
    done
done
