#!/usr/bin/env bash
# Goal: pgsup's package installs on a system that has nothing but apt; a normal user goes from there to
# a guest that is ready; manual pages and completions are found; an upgrade leaves VMs running; a purge
# leaves nothing but homes. Changes the system: for scripts/test-package only.
#
# usage: tests/package/try.sh BUILD   with the package in it
set -euo pipefail

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
    su - person -c "export PGSUP_HOME=\$HOME/lab; cd; $1"
}

expect_ready() { # the mini guest, whose sshd lets nobody in
    as_user "pgsup list" | grep -qF "Running(ready)" || fail "the guest is not ready: $(as_user 'pgsup list')"
}

[ "$(cat /proc/1/comm)" = bash ] || fail "not for a system that is in use: see scripts/test-package"
package=$(echo "$1"/pgsup_*.deb)
[ -r "$package" ] || fail "no package in $1"
export DEBIAN_FRONTEND=noninteractive
files_before=$(mktemp) files_after=$(mktemp)

step "install"
apt-get -qq update
apt-get -qq install --yes --no-install-recommends man-db bash-completion zsh fish lintian procps \
    openssh-client >/dev/null 2>&1
find / -xdev -path /proc -prune -o -name '*pgsup*' -print | sort >"$files_before"
# The firmware is only recommended, for another architecture needs another one.
apt-get -qq install --yes --no-install-recommends "./$package" qemu-efi-aarch64 >/dev/null
lintian --fail-on error,warning "$package" 2>/dev/null || fail "lintian has an objection"

step "from nothing to a guest that is ready, as a normal user"
useradd --create-home --shell /bin/bash person
as_user "mkdir -m 700 .ssh && ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519 && printf 'a pass phrase\n' >pw && chmod 600 pw"
as_user "pgsup cloud create -n lab --admin-password-file pw --ssh-public-key .ssh/id_ed25519.pub --network user"
install -o person "$PGSUP_MINI_IMAGE" /home/person/mini-arm64.qcow2 # where it lies nobody else may look
as_user "pgsup image import -n mini --arch aarch64 mini-arm64.qcow2"
as_user "pgsup instance create -n test --os mini --vcpu 1 --ram 256"
as_user "setsid pgsup up >up.log 2>&1 </dev/null & for i in \$(seq 50); do pgsup list >/dev/null 2>&1 && grep -q supervising up.log && exit; sleep 0.2; done; cat up.log; exit 1"
as_user "pgsup start test --wait"
expect_ready

step "manual pages and completions"
for page in pgsup pgsup-start pgsup-instance-create; do
    [ "$(man -P cat "$page" 2>&1 | wc -l)" -gt 8 ] || fail "no manual page $page"
done
expect_equal "bash completes" "$(as_user 'bash -ic "_completion_loader pgsup; COMP_WORDS=(pgsup ins); COMP_CWORD=1; _pgsup; echo \${COMPREPLY[*]}" 2>/dev/null')" instance
expect_equal "zsh completes by" "$(as_user "zsh -fc 'autoload -Uz compinit; compinit -D; echo \$_comps[pgsup]'")" _pgsup
expect_equal "fish completes" "$(as_user "fish -c 'complete -C \"pgsup ins\"'" | cut -f1)" instance

step "an upgrade leaves VMs running"
qemu=$(pgrep -f qemu-system-aarch64)
apt-get -qq install --yes --reinstall "./$package" >/dev/null
expect_equal "QEMU's process" "$(pgrep -f qemu-system-aarch64)" "$qemu"
expect_ready
as_user "pgsup down"
! pgrep -f qemu-system-aarch64 || fail "QEMU runs on after down"

step "a purge leaves nothing but the home"
apt-get -qq purge --yes pgsup >/dev/null
find / -xdev -path /proc -prune -o -name '*pgsup*' -print | sort >"$files_after"
diff "$files_before" "$files_after" | grep -v "^[<>] /\(home/person\|tmp\|run\)/" | grep '^[<>]' &&
    fail "these are left"
[ -e /home/person/lab/pgsup.db ] || as_user 'ls -R lab | head' # the home is the user's
[ -d /home/person/lab ] || fail "the purge took the user's home"
step "all went well"
