# Goal: a supervisor needs no terminal: it goes to the background, or the system's service manager keeps
# it. VMs outlive its restart. A real `systemd --user` is asked, in namespaces of its own.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one
LOG=$PGSUP_HOME/run/pgsup.log
as_root=() # for the commands that start a supervisor
[ "$(id -u)" != 0 ] || as_root=(--as-root)
at_exit '"$PGSUP" down 2>/dev/null'

step "up --detach returns when it serves; a second one finds it"
expect_fail 4 "\`pgsup up --detach\` starts one" "$PGSUP" start one
exec 9>"$WORK/lock"
python3 -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)' || fail "the lock"
expect_ok "$PGSUP" up --detach ${AS_ROOT:+"$AS_ROOT"}
expect_text "$OUT" "supervising $PGSUP_HOME in the background"
quietly start one
exec 9>&-
python3 -c 'import fcntl, sys
fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)' "$WORK/lock" || fail "the lock of the script is held on"
expect_ok "$PGSUP" up --detach ${AS_ROOT:+"$AS_ROOT"}
expect_text "$OUT" "a supervisor runs already for $PGSUP_HOME"
expect_state one booting
grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} [+-][0-9]{4} .*vm=one' "$LOG" || fail "no date and zone in the log"
expect_equal "mode of the log" "$(mode_of "$LOG")" "-rw-------"

step "it has no terminal, and leaves VMs alone when it is terminated so"
pid=$(supervisor_pid)
expect_equal "terminal" "$(ps -o tty= -p "$pid" | tr -d ' ')" "?"
kill -HUP "$pid"
wait_until 10 is_gone "$pid"
vm=$(our_qemus | awk '{print $1}')
expect_ok "$PGSUP" up -d --on-stop keep ${AS_ROOT:+"$AS_ROOT"}
wait_state one running
pid=$(supervisor_pid)
kill "$pid"
wait_until 30 is_gone "$pid" # with its port, which is taken below
expect_text "$LOG" "terminated: the supervisor ends, the VMs keep running"
expect_equal "process of the VM" "$(our_qemus | awk '{print $1}')" "$vm"
expect_fail 2 '--on-stop is keep or shutdown, not "x"' "$PGSUP" up --on-stop x "${as_root[@]}" ${AS_ROOT:+"$AS_ROOT"}

step "what fails there is said here"
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')
python3 -c "import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', $port)); s.listen(1); time.sleep(600)" &
at_exit "kill $! 2>/dev/null"
squatter=$!
wait_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
run "$PGSUP" up --detach ${AS_ROOT:+"$AS_ROOT"}
expect_equal "status" "$STATUS" 3
expect_text "$ERR" "pgsup: " "$port"
kill $squatter
run "$PGSUP" cloud get
expect_text "$ERR" "one boots for the first time, and no supervisor serves it its seed"
expect_fail 4 "no supervisor runs" "$PGSUP" start one
quietly stop -f one

step "the property list for launchd"
expect_ok "$PGSUP" service install --print --manager launchd
cat >"$WORK/plist.py" <<'END'
import plistlib, sys
it = plistlib.load(open(sys.argv[1], "rb"))
home = sys.argv[2]
expected = {"RunAtLoad": True, "KeepAlive": {"SuccessfulExit": False}, "AbandonProcessGroup": True,
            "ProcessType": "Interactive", "LimitLoadToSessionType": "Background", "ExitTimeOut": 150,
            "SoftResourceLimits": {"NumberOfFiles": 10240}, "Label": "pgsup-home"}
for key, value in expected.items():
    assert it[key] == value, (key, it[key])
assert it["ProgramArguments"][1:6] == ["-p", home, "up", "--on-stop", "keep"], it["ProgramArguments"]
assert it["ProgramArguments"][0].startswith("/") and "PATH" in it["EnvironmentVariables"]
assert it["StandardErrorPath"].endswith("/pgsup.log")
END
cp "$OUT" "$WORK/plist"
expect_ok python3 "$WORK/plist.py" "$WORK/plist" "$PGSUP_HOME"

step "the unit for systemd"
expect_ok "$PGSUP" service install --print --on-stop shutdown
expect_text "$OUT" "Type=notify" "KillMode=mixed" "up --on-stop shutdown"
expect_ok "$PGSUP" service install --print
cp "$OUT" "$WORK/pgsup-home.service"
mkdir -m 700 "$WORK/runtime"
run env XDG_RUNTIME_DIR="$WORK/runtime" systemd-analyze --user --man=no verify "$WORK/pgsup-home.service"
[ ! -s "$ERR" ] || fail "systemd-analyze: $(cat "$ERR")"
expect_fail 3 "no service is installed" "$PGSUP" service status

step "without a systemd of the user, as behind su, it is said what to do, and nothing is written or removed"
unanswered() { # WORD…: of pgsup service
    expect_fail 1 "no systemd of this user answers \`systemctl --user\`: log in as the user itself" \
        env -u DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR="$WORK/runtime" XDG_CONFIG_HOME="$WORK/config" "$PGSUP" service "$@"
}
unanswered install
[ ! -e "$WORK/config" ] || fail "something was written"
mkdir -p "$WORK/config/systemd/user"
cp "$WORK/pgsup-home.service" "$WORK/config/systemd/user/"
unanswered status
run env -u DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR="$WORK/runtime" XDG_CONFIG_HOME="$WORK/config" "$PGSUP" service status --json
expect_equal "status, and lines on stderr" "$STATUS $(wc -l <"$ERR" | tr -d " ")" "1 1"
unanswered remove
expect_text "$ERR" "or, if there is none, delete $WORK/config/systemd/user/pgsup-home.service"
cmp "$WORK/pgsup-home.service" "$WORK/config/systemd/user/pgsup-home.service"

mkdir -p "$WORK/bin"
if [ "$(uname -s)" = Linux ]; then
    step "a manager that does not know it, stands still, or cannot be asked is told as it is"
    units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
    mkdir -p "$units"
    cp "$WORK/pgsup-home.service" "$units/"
    status_by() { # STATUS OF SYSTEMCTL
        printf '#!/bin/sh\ncase $* in *show-environment) ;; *) exit %s ;; esac\n' "$1" >"$WORK/bin/systemctl"
        chmod 755 "$WORK/bin/systemctl"
        run env PATH="$WORK/bin:$PATH" "$PGSUP" service status --json
    }
    for each in 3 4; do
        status_by $each
        expect_equal "status" "$STATUS" 0
        expect_equal "active" "$(json_of 'it["active"]')" False
    done
    status_by 1
    expect_equal "status" "$STATUS" 1
    expect_text "$ERR" "pgsup: systemctl cannot tell whether pgsup-home.service is active"
    expect_equal "of JSON" "$(json_of 'it["error"]["code"]')" failed
    uninstalled() { # WORD…: of pgsup service
        expect_fail 1 "pgsup: systemctl is not installed: $2" env PATH="$WORK/nothing" "$PGSUP" service "$1"
    }
    uninstalled install "use \`pgsup up --detach\`, which does without it"
    uninstalled status "use \`pgsup up --detach\`"
    uninstalled remove "delete $units/pgsup-home.service"
    rm "$units/pgsup-home.service" "$WORK/bin/systemctl"
fi

step "the program that shows its log ends with it"
for name in journalctl tail; do
    printf '#!/bin/bash\necho $$ >"%s"\nexec -a "sleep %s" sleep 600\n' "$WORK/shows" "$WORK" >"$WORK/bin/$name"
    chmod 755 "$WORK/bin/$name"
done
PATH=$WORK/bin:$PATH "$PGSUP" service log -f &
follower=$!
wait_until 10 test -s "$WORK/shows"
at_exit "kill $(cat "$WORK/shows") 2>/dev/null"
kill "$follower"
wait_until 10 is_gone "$(cat "$WORK/shows")"
rm "$WORK/bin/journalctl" "$WORK/bin/tail"

step "a real systemd --user keeps it"
cat >"$WORK/inside.sh" <<'END'
set -euo pipefail
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/pgsup
echo 1 >/sys/fs/cgroup/pgsup/cgroup.procs
mount -t tmpfs none /run
mkdir -p /run/systemd/system
export XDG_RUNTIME_DIR=$WORK/xdg XDG_CONFIG_HOME=$HOME/.config SYSTEMD_LOG_TARGET=console
mkdir -m 700 "$XDG_RUNTIME_DIR"
/lib/systemd/systemd --user >"$WORK/systemd.log" 2>&1 &
until_true() { # SECONDS COMMAND…
    local end=$((SECONDS + 3 * $1)) # as wait_until
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || { echo "in vain: $*"; systemctl --user --no-pager status; exit 1; }
        sleep 0.2
    done
}
main_pid() { systemctl --user show -P MainPID pgsup-home; }
vm_pid() { "$PGSUP" list --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["pid"])'; }
is_new() { [ "$(main_pid)" != "$1" ] && [ "$(main_pid)" != 0 ] && "$PGSUP" -q list; }
until_true 60 test -S "$XDG_RUNTIME_DIR/systemd/private"
"$PGSUP" service install
systemctl --user is-active --quiet pgsup-home
[ "$(systemctl --user show -P StatusText pgsup-home)" = "supervising $PGSUP_HOME" ]
"$PGSUP" -q start one
vm=$(vm_pid) first=$(main_pid)
echo "killed, it comes again and adopts"
kill -9 "$first"
until_true 60 is_new "$first"
[ "$(vm_pid)" = "$vm" ]
echo "restarted, as an upgrade does"
second=$(main_pid)
systemctl --user restart pgsup-home
until_true 60 is_new "$second"
[ "$(vm_pid)" = "$vm" ]
echo "a hung one is replaced"
sed -i 's/^WatchdogSec=.*/WatchdogSec=12/' "$XDG_CONFIG_HOME/systemd/user/pgsup-home.service"
systemctl --user daemon-reload
systemctl --user restart pgsup-home
third=$(main_pid)
sleep 5
[ "$(main_pid)" = "$third" ]
kill -STOP "$third"
until_true 60 is_new "$third"
[ "$(vm_pid)" = "$vm" ]
case $("$PGSUP" service status) in *"Active: active"*) ;; *) exit 1 ;; esac
is_active() {
    "$PGSUP" service status --json | python3 -c 'import json, sys
it = json.load(sys.stdin)
print(it["schema"], it["name"], it["manager"], it["file"].endswith("/pgsup-home.service"), it["active"])'
}
[ "$(is_active)" = "1 pgsup-home systemd True True" ]
echo "down ends it, and it stays ended; remove removes it"
is_ended() { [ "$(main_pid)" = 0 ]; }
"$PGSUP" down --keep
until_true 20 is_ended
sleep 3
is_ended
[ "$(is_active)" = "1 pgsup-home systemd True False" ]
"$PGSUP" service install >/dev/null
"$PGSUP" service remove
[ ! -e "$XDG_CONFIG_HOME/systemd/user/pgsup-home.service" ]
kill -0 "$vm"
"$PGSUP" -q stop -f one 2>/dev/null
END
export WORK
run unshare --mount --pid --fork --cgroup --mount-proc --propagation private bash "$WORK/inside.sh"
[ "$STATUS" = 0 ] || fail "in the namespace: $(tail -n 5 "$WORK/systemd.log")"
expect_text "$OUT" "installed and started $HOME/.config/systemd/user/pgsup-home.service" \
    "\`loginctl enable-linger\`" "removed $HOME"
