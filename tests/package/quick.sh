#!/usr/bin/env bash
# Goal: the package is whole, installs by apt beside what it needs, runs, and is purged without a rest.
# Changes the system: for scripts/test-package --quick only. What takes longer is in try.sh.
#
# usage: tests/package/quick.sh BUILD   with the package in it
set -euo pipefail

fail() {
    echo "package: $*" >&2
    exit 1
}

files_of_system() {
    find / -xdev \( -path /proc -o -path /tmp -o -path /run -o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg \
        -o -path /var/lib/apt \) -prune -o -print | sort
}

[ "$(cat /proc/1/comm)" = bash ] || fail "not for a system that is in use: see scripts/test-package"
package=$(echo "$1"/pgsup_*.deb)
[ -r "$package" ] || fail "no package in $1"
export DEBIAN_FRONTEND=noninteractive
scratch=$(mktemp -d)

dpkg-deb --contents "$package" | awk '{ print $6 }' >"$scratch/contents"
for each in bin/pgsup bin/pgsup-inventory libexec/pgsup-fetch share/doc/pgsup/copyright share/man/man1/pgsup-start.1.gz \
    share/man/man7/pgsup-troubleshooting.7.gz share/bash-completion/completions/pgsup \
    lib/systemd/user/pgsup.service share/zsh/vendor-completions/_pgsup share/fish/vendor_completions.d/pgsup.fish; do
    grep -qx "./usr/$each" "$scratch/contents" || fail "the package has no /usr/$each"
done
! grep -v '^\./\(usr/.*\)\{0,1\}$' "$scratch/contents" || fail "the package has files outside of /usr"

files_of_system >"$scratch/before"
apt-get -qq install --yes "$(realpath "$package")" >/dev/null # all that it needs is there
/usr/bin/pgsup version
PGSUP_HOME=$scratch/none /usr/bin/pgsup doctor >"$scratch/found" || true # of what else it finds nothing matters here
grep -q '^ok *fetch ' "$scratch/found" || fail "it does not find its other program: $(cat "$scratch/found")"
XDG_RUNTIME_DIR=$scratch systemd-analyze --user --man=no verify /usr/lib/systemd/user/pgsup.service >"$scratch/unit" 2>&1 ||
    fail "the unit: $(cat "$scratch/unit")"
apt-get -qq purge --yes pgsup >/dev/null
files_of_system >"$scratch/after"
diff "$scratch/before" "$scratch/after" >&2 || fail "that is left, or gone with it"
