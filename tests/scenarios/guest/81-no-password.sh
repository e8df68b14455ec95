# Goal: the admin password, typed, from a file or piped, is nowhere in clear text: not in the home
# (its database included), not in logs, events or anything printed, not in the list of processes, not
# on the wire, nor in the memory of processes by way of their environment.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
PASSWORD=typed-$RANDOM-$RANDOM-$RANDOM
second=from-a-file-$RANDOM-$RANDOM-$RANDOM
third=piped-$RANDOM-$RANDOM-$RANDOM
printf '%s\n%s\n%s\n' "$PASSWORD" "$second" "$third" >"$WORK/passwords" # for grep -f: ps shows words
make_key
umask 022

(while sleep 0.2; do ps -ww -axo args=; done >"$WORK/ps") &
watcher=$!
at_exit "kill $watcher 2>/dev/null"

# nowhere FILE-OR-FOLDER…: none of the passwords is in it, also not as the text that form data,
# base64 or UTF-16 make of it.
python3 - "$WORK/passwords" >"$WORK/forms" <<'END'
import base64, sys
for line in open(sys.argv[1]).read().split():
    print(line)
    for start in range(3):  # base64 of it at any place of a text
        whole = base64.b64encode(b"x" * start + line.encode()).decode().rstrip("=")
        print(whole[4 if start else 0:-2])
    print("".join("%%%02x" % byte for byte in line.encode()))
END
nowhere() {
    local found
    found=$(grep -rlaF -f "$WORK/forms" -- "$@" || true)
    [ -z "$found" ] || fail "the password is in: $found"
}

# What the guest may hear, the commands print and the logs say.
mkdir "$WORK/said"
say() { # COMMAND…: its output is kept
    "$PGSUP" "$@" >>"$WORK/said/out" 2>>"$WORK/said/err" || true
}
say_all() {
    local command
    for command in "cloud get" "cloud get --json" list "list --json" "info test" "info test --json --history" \
        "instance get test" "instance get test --json" "inventory --list" events "events --json" \
        "image list --json" "help cloud create"; do
        # shellcheck disable=SC2086  # words of a command
        say $command
    done
}
image_and_instance() {
    mkdir -p "$WORK/bin"
    printf '#!/bin/sh\nenv\necho "$0 $*"\ncat deploy.yaml inventory.yaml ansible.cfg\n' >"$WORK/bin/ansible-playbook"
    chmod +x "$WORK/bin/ansible-playbook"
    PATH=$WORK/bin:$PATH
    expect_ok "$PGSUP" image import -n mini --arch aarch64 "${PGSUP_MINI_IMAGE:?the image of the mini guest}"
    new_mini test "$@"
}
documents() { # NAME: what its guest may fetch
    local folder=$PGSUP_HOME/instances/$1 url document
    expect_ok "$PGSUP" cloud get --json
    url=http://127.0.0.1:$(json_of 'it["ph_port"]')$(seed_path_of "$1")
    for document in meta-data user-data vendor-data network-config; do
        python3 -c 'import sys, urllib.request as u
sys.stdout.buffer.write(u.urlopen(sys.argv[1], timeout=20).read())' \
            "$url$document" >"$WORK/said/$document"
    done
    expect_text "$WORK/said/user-data" 'hashed_passwd: "$6$'
}

step "typed"
on_terminal "$PGSUP" cloud create -n lab --ssh-public-key "$KEY.pub" --network user --no-lab --ph-port "$(free_port)"
wait_until 20 grep -q "Admin password: " "$SCREEN"
wait_until 20 grep -qF "$PGSUP cloud create" "$WORK/ps" # while it waits, ps has seen it
sleep 0.2
type_keys "$PASSWORD\n"
wait_until 20 grep -q "Repeat the password: " "$SCREEN"
sleep 0.2
type_keys "$PASSWORD\n"
wait "$TERMINAL" || fail "cloud create ended with status $?"
nowhere "$SCREEN" "$PGSUP_HOME"
image_and_instance

step "while everything runs"
start_supervisor
expect_ready test
cp "$ERR" "$WORK/said/start"
expect_ok "$PGSUP" -q wait test --for provisioned
documents test
say_all
nowhere "$PGSUP_HOME" "$UP_LOG" "$WORK/said"
if [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ]; then
    for pid in "$SUPERVISOR" $(pids_of_vms); do
        cat "/proc/$pid/environ" "/proc/$pid/cmdline" >>"$WORK/said/environment"
    done
    nowhere "$WORK/said"
fi

step "a new one, from a file"
printf '%s\n' "$second" >"$WORK/password"
say cloud set --admin-password-file "$WORK/password"
new_mini other
expect_text "$PGSUP_HOME/instances/other/cloud-init/user-data" 'hashed_passwd: "$6$'
say provision test --wait
say restart test --wait
say_all
nowhere "$PGSUP_HOME" "$UP_LOG" "$WORK/said"
run "$PGSUP" stop test
end_supervisor
nowhere "$PGSUP_HOME" "$UP_LOG"

step "another cloud, from the standard input, its seed on the drive"
export PGSUP_HOME=$WORK/third
printf '%s\n' "$third" | "$PGSUP" cloud create -n third --admin-password-file - \
    --ssh-public-key "$KEY.pub" --network user --no-lab --ph-port "$(free_port)" >>"$WORK/said/out"
image_and_instance --seed drive
start_supervisor
expect_ready test
say_all
nowhere "$PGSUP_HOME" "$UP_LOG" "$WORK/said"
expect_fail 2 "longer than" "$PGSUP" cloud set --admin-password-file <(printf '%s%0300d' "$third" 0)
nowhere "$ERR"
end_supervisor

step "what ps has shown all the time"
kill $watcher
wait $watcher 2>/dev/null || true
expect_text "$WORK/ps" "$PGSUP up" "cloud create" guest=test
nowhere "$WORK/ps" "$WORK/user"

step "... and this search finds what is there"
printf 'x%s' "$second" >"$WORK/said/proof"
[ -n "$(grep -rlaF -f "$WORK/forms" -- "$WORK/said")" ] || fail "the search finds nothing"
