#!/usr/bin/env bash
# Goal: pgsup's package installs on a system that has nothing but apt; a normal user goes from there by
# one command to a shell in a guest; manual pages and completions work in a terminal; the store of 0.1.0
# is taken over; an upgrade leaves VMs and their supervisor running; a purge leaves nothing but homes.
# Changes the system: for scripts/test-package only.
#
# usage: tests/package/try.sh BUILD   with the package in it
set -euo pipefail

PATIENCE_S=300 # for anything that a terminal shall show

step() {
    echo "package: [${SECONDS}s] $*"
}

fail() {
    echo "package: $*" >&2
    exit 1
}

expect_equal() { # WHAT ACTUAL EXPECTED
    [ "$2" = "$3" ] || fail "$1 is \"$2\", expected \"$3\""
}

as_user() { # COMMAND: in the login shell of a normal user
    su - person -c "$1"
}

expect_ready() {
    as_user "pgsup list" | grep -qF "Running(ready)" || fail "the guest is not ready: $(as_user 'pgsup list')"
}

# --- a terminal of that user's, for what only a terminal shows

terminal() { # TMUX-COMMAND…
    tmux -S "$scratch/tmux-$terminals" -f /dev/null "$@"
}

close_terminal() {
    terminal kill-server 2>/dev/null || true
}
open_terminal() { # [COMMAND]: a new one, with that user's login shell, or a command in its place
    close_terminal
    terminals=$((terminals + 1)) # a server that ends may still have its socket
    terminal new-session -d -s it -x 160 -y 50 "su - person"
    expect_shown '\$ *$'
    [ -z "${1:-}" ] || type_in "clear; exec $1" Enter
}

type_in() { # KEY…: by tmux's names, or text
    terminal send-keys -t it "$@"
}

expect_shown() { # REGEX
    local end=$((SECONDS + PATIENCE_S))
    until terminal capture-pane -p -t it | grep -qE -- "$1"; do
        [ $SECONDS -lt $end ] || fail "the terminal does not show \"$1\": $(terminal capture-pane -p -t it)"
        sleep 0.3
    done
}

# Names that are completed have to be whole for what follows them to be understood.
completes() { # SHELL PROMPT [COMMAND]: one that starts completion there
    open_terminal "$1"
    expect_shown "$2"
    if [ -n "${3:-}" ]; then
        type_in "$3; echo loa''ded" Enter
        expect_shown '^loaded'
    fi
    type_in "pgsup ins" Tab "li" Tab Enter
    expect_shown '^test +'
    type_in "pgsup create --see" Tab "dri" Tab "--help" Enter
    expect_shown 'show this help *$'
}

# --- what is on the disk, but for what every program leaves: logs, caches, apt's and dpkg's own files

files_of_system() {
    find / -xdev \( -path /proc -o -path /home -o -path /tmp -o -path /run -o -path /var/log -o -path /var/cache \
        -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path "$PWD" \) -prune -o -print | sort
}

[ "$(cat /proc/1/comm)" = bash ] || fail "not for a system that is in use: see scripts/test-package"
package=$(echo "$1"/pgsup_*.deb)
[ -r "$package" ] || fail "no package in $1"
export DEBIAN_FRONTEND=noninteractive
scratch=$(mktemp -d) terminals=0

step "install"
apt-get -qq update
apt-get -qq install --yes --no-install-recommends man-db less bash-completion zsh fish lintian procps \
    openssh-client tmux sqlite3 >/dev/null 2>&1
# The firmware is only recommended, for another architecture needs another one.
apt-get -qq install --yes --no-install-recommends "./$package" qemu-efi-aarch64 >/dev/null
lintian --fail-on error,warning "$package" || fail "lintian has an objection"
useradd --create-home --shell /bin/bash person
as_user true # which may leave something of its own
apt-get -qq purge --yes pgsup >/dev/null
files_of_system >"$scratch/before"
apt-get -qq install --yes "./$package" >/dev/null
[ "$(dpkg -L pgsup | xargs -d '\n' ls -d | wc -l)" -gt 50 ] || fail "the package is not whole"

step "from nothing to a shell in a guest, as a normal user"
install -o person "$PGSUP_MINI_IMAGE" /home/person/mini-arm64.qcow2 # where it lies nobody else may look
open_terminal
type_in "pgsup launch ./mini-arm64.qcow2 -n test --vcpu 1 --ram 256 --size 1G" Enter
expect_shown 'get in: pgsup ssh test'
expect_ready
type_in "pgsup console test" Enter # its sshd lets nobody in
expect_shown 'on the console of test'
type_in "echo a\$((6 * 7))b; hostname" Enter
expect_shown '^a42b'
expect_shown '^test *$'
type_in 'C-]'
type_in "pgsup doctor >/dev/null; echo status \$?" Enter
expect_shown '^status 0'

step "manual pages"
for page in pgsup pgsup-start pgsup-instance-create pgsup-troubleshooting; do
    open_terminal "man $page"
    expect_shown "^${page^^}\([17]\)"
done
expect_equal "what pages begin with" "$(as_user 'man -P cat pgsup-start' 2>&1 | sed -n 's/^ *\(pgsup.start\) .*/\1/p' | head -n1)" "pgsup-start"

step "completion in bash, zsh and fish"
completes "bash -i" '\$ *$'
completes "zsh -f -i" '% *$' "autoload -Uz compinit && compinit -D"
completes "fish" '> *$'
close_terminal

step "a store of 0.1.0 is taken over"
install -d -m 700 -o person /home/person/old
sqlite3 /home/person/old/cloud.sqlite3 <tests/golden/store/v1.sql
chown person /home/person/old/cloud.sqlite3
chmod 600 /home/person/old/cloud.sqlite3
names=$(sqlite3 /home/person/old/cloud.sqlite3 "SELECT name FROM instances ORDER BY name")
expect_equal "its instances" "$(as_user 'pgsup -p ~/old list --quiet')" "$names"
[ -n "$names" ] || fail "it had no instances"
[ -s /home/person/old/cloud.sqlite3.backup-v1 ] || fail "the store was not copied before"

step "an upgrade leaves VMs and their supervisor running"
qemu=$(pgrep -f qemu-system-aarch64) supervisor=$(pgrep -u person -f 'pgsup.* up')
dpkg-deb --raw-extract "$package" "$scratch/next"
sed -i 's/^Version: .*/&+next/' "$scratch/next/DEBIAN/control"
dpkg-deb --root-owner-group --build "$scratch/next" "$scratch/next.deb" >/dev/null
chmod 755 "$scratch"
apt-get -qq install --yes "$scratch/next.deb" >/dev/null
dpkg-query -W -f '${Version}\n' pgsup | grep -q '+next$' || fail "it was not upgraded"
expect_equal "QEMU's process" "$(pgrep -f qemu-system-aarch64)" "$qemu"
expect_equal "the supervisor" "$(pgrep -u person -f 'pgsup.* up')" "$supervisor"
expect_ready
as_user "pgsup down --keep && pgsup up --detach" >/dev/null # the new program adopts it
expect_equal "QEMU's process after that" "$(pgrep -f qemu-system-aarch64)" "$qemu"
expect_ready
as_user "pgsup down" >/dev/null
! pgrep -f qemu-system-aarch64 || fail "QEMU runs on after down"

step "a purge leaves nothing but homes"
apt-get -qq purge --yes pgsup >/dev/null
files_of_system >"$scratch/after"
diff "$scratch/before" "$scratch/after" >&2 || fail "that is left, or gone with it"
[ -s /home/person/var/pgsup/cloud.sqlite3 ] || fail "the purge took the user's home"
step "all went well"
