# Goal: `pgsup doctor` finds what is wrong with a computer and a home, says it in one line with the
# command that mends it, and that command does; it changes nothing by itself, waits for nothing that
# hangs, and runs only what is safe with --fix.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
if [ -z "${PGSUP_IN_NAMESPACE:-}" ] && [ "$(uname -s)" = Linux ]; then
    PGSUP_IN_NAMESPACE=1 exec unshare -rm bash "$0" # what is hidden in here is hidden for nobody else
fi
. "$(dirname "$0")/../faults.sh"
mkdir "$WORK/bin"
ln -s "${PGSUP_FAKE_QEMU:?the fake QEMU, see tests/fake}" "$WORK/bin/qemu-system-aarch64"
for each in ansible-playbook nsupdate systemctl; do
    printf '#!/bin/sh\nexit 0\n' >"$WORK/bin/$each"
    chmod +x "$WORK/bin/$each"
done
PATH=$WORK/bin:$PATH
unset XDG_CONFIG_HOME PGSUP_ACCEL

# hide PATH… -- COMMAND…: runs it where these files are no programs and these folders are empty.
hide() {
    local paths=()
    while [ "$1" != -- ]; do
        [ ! -e "$1" ] || paths+=("$(readlink -f "$1")")
        shift
    done
    shift
    # shellcheck disable=SC2016  # variables of that shell
    unshare -m bash -c 'while [ "$1" != -- ]; do
        if [ -d "$1" ]; then mount -t tmpfs none "$1"; else mount --bind "$0" "$1"; fi; shift; done
        shift; exec "$@"' "$WORK/no-program" ${paths[@]+"${paths[@]}"} -- "$@"
}
touch "$WORK/no-program"

# finds RESULT CHECK TEXT [COMMAND…]: what doctor, run by the command, says of one check; the home
# stays as it was, and the status tells of failures.
finds() {
    local result=$1 check=$2 text=$3 before status=0
    shift 3
    before=$(quiet_fingerprint)
    run "$@" "$PGSUP" doctor
    LINE=$(grep -E "^[a-z]+ +$check " "$OUT") || fail "no line of $check"
    case $LINE in "$result "*"$text"*) ;; *) fail "$check: $LINE, expected: $result … $text" ;; esac
    ! grep -q '^failure ' "$OUT" || status=1
    expect_equal "status" "$STATUS" "$status"
    [ ! -s "$ERR" ] || fail "something on stderr"
    [ "$(fingerprint "$PGSUP_HOME/.")" = "$before" ] || fail "doctor changed the home"
}

# suggests TEXT: the command of that line contains it. mends CHECK [WORDS]: it mends, with these words
# in the place of what its user is asked for.
suggests() {
    case $LINE in *": \`"*"$1"*"\`") ;; *) fail "no command with \"$1\": $LINE" ;; esac
}
command_of_line() {
    printf '%s\n' "$LINE" | sed -e 's/.*: `\(.*\)`$/\1/' -e "s|^pgsup |$PGSUP |" -e "s|^sudo ||"
}
mends() {
    local command
    command=$(command_of_line)
    [ "$command" != "$LINE" ] || fail "no command: $LINE"
    expect_ok sh -c "$command ${2:-}"
    finds ok "$1" ""
}

step "no home, a file in its place, and no QEMU"
finds warning home "there is no cloud in $PGSUP_HOME yet"
suggests "--new-ssh-key" # nobody has one yet
echo >"$PGSUP_HOME"
finds failure home "is not a folder"
rm "$PGSUP_HOME"
finds failure qemu "qemu-system-" hide "$WORK"/bin/qemu-* /usr/bin/qemu-system-* --
suggests "install qemu-system-"
mkdir -m 700 "$PGSUP_HOME"
mkdir -m 700 "$HOME/.ssh"
ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
finds warning home "there is no cloud"
echo "$WORK" >"$WORK/password"
suggests "--ssh-public-key $HOME/.ssh/id_ed25519.pub"
mends home "--admin-password-file $WORK/password"
rm -r "$PGSUP_HOME"

step "a healthy home"
make_cloud
make_image "$WORK/origin.qcow2"
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/origin.qcow2"
for each in one two three; do
    expect_ok "$PGSUP" instance create -n $each --os empty --ssh-port "$(free_port)"
done
expect_ok "$PGSUP" disk add one data 64M
run "$PGSUP" doctor
expect_equal "status of a healthy home" "$STATUS" 0
! grep -E '^(failure|warning)' "$OUT" || fail "it is not healthy"
expect_ok "$PGSUP" -p "$PGSUP_HOME" doctor --json
expect_equal "document" "$(json_of 'it["healthy"], it["failures"], len(it["checks"]) > 25, sorted(it["checks"][0])')" \
    "(True, 0, True, ['area', 'check', 'command', 'fixable', 'fixed', 'result', 'text'])"

step "programs"
finds failure qemu-img "qemu-img is not installed" hide /usr/bin/qemu-img --
suggests "qemu-utils"
finds failure mtools "is not installed" hide /usr/bin/mcopy --
suggests "install mtools"
finds failure ssh "ssh-keygen is not installed" hide /usr/bin/ssh-keygen --
suggests "install openssh"
finds warning ansible "nothing else needs it" hide "$WORK/bin/ansible-playbook" /usr/bin/ansible-playbook /usr/local/bin/ansible-playbook --
suggests "install ansible"
finds failure firmware "no UEFI firmware for aarch64" \
    hide /usr/share/AAVMF /usr/share/qemu-efi-aarch64 /usr/share/edk2 /usr/share/qemu /usr/local/share/qemu --
suggests "qemu-efi-aarch64"
in_store "UPDATE network SET dns_server = '192.0.2.53', dns_zone = 'x.example'"
finds warning fetch "images cannot be downloaded" hide "$(dirname "$PGSUP")/pgsup-fetch" /usr/local/libexec/pgsup-fetch --
finds failure nsupdate "nsupdate is not installed" hide "$WORK/bin/nsupdate" /usr/bin/nsupdate --
in_store "UPDATE network SET dns_server = NULL, dns_zone = NULL"
finds failure accelerator "\"warp\" is not an accelerator" env PGSUP_ACCEL=warp
suggests "unset PGSUP_ACCEL"
finds warning descriptors "a process may open 300 files, enough for 14 VMs" bash -c 'ulimit -n 300 && exec "$@"' -

step "QEMU that is old, lies, or hangs"
rm "$WORK/bin/qemu-system-aarch64"
says() {
    printf '#!/bin/sh\n%s\n' "$1" >"$WORK/bin/qemu-system-aarch64"
    chmod +x "$WORK/bin/qemu-system-aarch64"
}
says 'echo QEMU emulator version 6.2.0'
finds warning qemu-version "QEMU 6.2 is older than 7.2"
says 'echo nothing of the kind'
finds failure qemu-version "does not tell its version"
says 'exec sleep 600'
SECONDS=0
finds failure qemu-version "did not end within"
[ $SECONDS -le 120 ] || fail "that took $SECONDS s"
ln -sf "$PGSUP_FAKE_QEMU" "$WORK/bin/qemu-system-aarch64"

step "networks and ports"
in_store "UPDATE network SET kind = 'bridge', interface = 'nobridge9'"
finds failure network 'this host has no interface "nobridge9"'
finds failure bridge-helper "qemu-bridge-helper is not installed" hide /usr/{lib,libexec,local/libexec}/qemu{,-bridge-helper} --
finds failure bridge-conf "does not allow the bridge nobridge9" hide /etc/qemu --
suggests "allow nobridge9"
[ -d /etc/qemu ] || mkdir /etc/qemu 2>/dev/null || true
if [ -d /etc/qemu ]; then
    mount -t tmpfs none /etc/qemu
    mends bridge-conf
    umount /etc/qemu
fi
finds failure tun "there is no /dev/net/tun" hide /dev/net --
suggests "modprobe tun"
in_store "UPDATE network SET kind = 'user', interface = NULL"
port=$(in_store "SELECT ssh_port FROM instances WHERE name = 'one'")
taken() { # PORT: another program listens there
    python3 -c "import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', $1)); s.listen(1); time.sleep(600)" &
    SQUATTER=$!
    at_exit "kill $SQUATTER 2>/dev/null"
    wait_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1"
}
taken "$port"
finds warning ports "one needs port $port"
kill "$SQUATTER"
taken "$(in_store "SELECT phone_home_port FROM network")"
finds failure phone-home-port "where guests phone home, cannot be used"
mends phone-home-port
kill "$SQUATTER"

step "modes and owners"
chmod 755 "$PGSUP_HOME"
chmod 644 "$PGSUP_HOME/cloud.sqlite3" "$PGSUP_HOME/instances/one/cloud-init.img"
finds failure modes "others may read or write $PGSUP_HOME"
run "$PGSUP" doctor --fix
expect_text "$ERR" "modes: running \`chmod go= $PGSUP_HOME "
expect_equal "status after that" "$STATUS" 0
finds ok modes ""
expect_equal "mode of the store" "$(mode_of "$PGSUP_HOME/cloud.sqlite3")" "-rw-------"

step "images and disks"
image=$(ls "$PGSUP_HOME"/images/*.qcow2)
mv "$image" "$WORK/away"
finds failure images "is gone; it came from $WORK/origin.qcow2"
finds failure disks "one cannot start"
finds failure images "is gone"
mends images
rm -f "$image"
head -c 4096 /dev/zero >"$image"
finds failure images "the image empty: "
suggests "pgsup image verify empty"
rm -f "$image"
mv "$WORK/away" "$image"
cp "$PGSUP_HOME/instances/two/os.qcow2" "$WORK/away"
echo garbage >"$PGSUP_HOME/instances/two/os.qcow2"
finds failure disks "two cannot start"
rm "$PGSUP_HOME/instances/two/os.qcow2"
finds failure disks "two cannot start"
suggests "pgsup instance rebuild two"
mends disks --yes
mv "$PGSUP_HOME/instances/three" "$WORK/three"
finds failure instances "the folder of the instance three"
mends instances --yes
mkdir "$PGSUP_HOME/instances/$(printf 'a\033[31mb')"
finds warning instances 'a\x1B[31mb belongs to no instance'
! grep -q "$(printf '\033')" "$OUT" || fail "an escape sequence from a name"
rmdir "$PGSUP_HOME"/instances/a*
mkdir -m 700 "$PGSUP_HOME/instances/stranger"
finds warning instances "stranger belongs to no instance"
mends instances
mv "$KEY" "$WORK/key-away"
finds warning ssh-key "the private half of the cloud's key"
mv "$WORK/key-away" "$KEY"

step "sockets of former VMs, a run folder that is none"
touch -t 202601010000 "$PGSUP_HOME/run/one.5.qmp"
finds warning leftovers "1 socket or file of VMs"
touch -t 202601010000 "$PGSUP_HOME/run/one.5.pid" "$PGSUP_HOME/run/two.sh7.con"
mkdir -p "$PGSUP_HOME/run/s"
touch -t 202601010000 "$PGSUP_HOME/run/s/two.n6.qmp"
finds warning leftovers "4 sockets and files"
expect_ok "$PGSUP" doctor --json
expect_equal "fixable" "$(json_of '[row["fixable"] for row in it["checks"] if row["check"] == "leftovers"]')" "[True]"
run "$PGSUP" doctor --fix
expect_text "$ERR" "leftovers: running \`rm -f "
expect_nothing_left
mv "$PGSUP_HOME/run" "$WORK/run"
echo >"$PGSUP_HOME/run"
finds failure run-folder "should be a folder but is something else"
mends run-folder
rm "$PGSUP_HOME/run.old"

step "what QEMU has warned of"
echo "qemu-system-aarch64: -mon chardev=x: warning: -mon is deprecated" >>"$PGSUP_HOME/instances/one/qemu.log"
finds warning qemu-warnings "QEMU warned about one, which does no harm now: -mon chardev=x: warning: -mon is deprecated"
rm "$PGSUP_HOME/instances/one/qemu.log"

step "a supervisor that is of today, hangs, was killed"
start_supervisor
finds ok supervisor "answers"
kill -STOP "$SUPERVISOR"
finds failure supervisor "does not answer: is it suspended?"
suggests "kill -KILL"
expect_ok sh -c "$(command_of_line)"
kill_supervisor
finds warning supervisor "the last one was killed"
mends supervisor
expect_ok "$PGSUP" down --keep

step "a service whose program has moved"
unit=$HOME/.config/systemd/user/pgsup-home.service
mkdir -p "${unit%/*}"
"$PGSUP" service install --print --manager systemd >"$unit"
finds ok service "is installed, with paths that are right"
finds warning logout "ends when its user logs out"
suggests "loginctl enable-linger"
sed -i 's|ExecStart="[^"]*|ExecStart="/opt/old/pgsup|' "$unit"
finds failure service "starts /opt/old/pgsup, which is not there"
run "$PGSUP" doctor --fix
expect_text "$ERR" "service: running \`pgsup service install --on-stop keep\`"
finds ok service ""
printf '#!/bin/sh\nexit 3\n' >"$WORK/bin/systemctl"
finds failure service-loaded "is installed but does not run"
rm "$unit"

step "little space"
mount -t tmpfs -o size=20m none "$PGSUP_HOME/trash" 2>/dev/null ||
    { mkdir -m 700 "$PGSUP_HOME/trash" && mount -t tmpfs -o size=20m none "$PGSUP_HOME/trash"; }
finds failure space "MiB are free" env PGSUP_HOME="$PGSUP_HOME/trash/home"
umount "$PGSUP_HOME/trash"

step "a store that is old, newer, damaged"
store=$PGSUP_HOME/cloud.sqlite3
in_store "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
in_store "PRAGMA journal_mode = DELETE" >/dev/null
cp "$store" "$WORK/good"
in_store "PRAGMA user_version = 999"
finds failure store "written by a newer pgsup"
cp "$WORK/good" "$store"
python3 -c "import sys
with open(sys.argv[1], 'r+b') as file: file.seek(4096); file.write(b'\xff' * 4096)" "$store"
finds failure store "damaged"
head -c 9000 /dev/urandom >"$store"
finds failure store "is not a pgsup database or is damaged"
rm "$store"
python3 -c "import sqlite3, sys
sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())" "$store" "$(dirname "$0")/../../golden/store/v1.sql"
chmod 600 "$store"
finds warning store "the store is of version 1, and the next command brings it to"
run "$PGSUP" list
finds ok store "whole"
