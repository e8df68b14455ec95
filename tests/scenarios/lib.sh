# shellcheck shell=bash disable=SC2034
# Sourced by the scenarios. Each runs in a folder of its own with a cloud home of its own, that are
# removed at the end whatever happens. Needs PGSUP, the program's path. Runs on bash 3.2.
#
#   $WORK      the scenario's folder, short enough for sockets
#   $OUT $ERR  stdout and stderr of the last command that expect_* ran
#   $KEY       a private key made by make_key; $KEY.pub is the public one
#   $UP_LOG    what the supervisor of start_supervisor said; $SUPERVISOR is its process
set -euo pipefail
# Its own, not that of the scenarios beside it: one of them may make it non-blocking, as ssh does, and
# Ansible does not begin then.
exec </dev/null

: "${PGSUP:?the path of the program to test}"
WORK=$(mktemp -d /tmp/pgsup-s.XXXXXX)
OUT=$WORK/.out
ERR=$WORK/.err
KEY=$WORK/id_ed25519
UP_LOG=$WORK/up.log
SUPERVISOR=
export PGSUP_HOME=$WORK/home HOME=$WORK/user LC_ALL=C
unset SUDO_USER SUDO_UID SUDO_GID
AS_ROOT= # what `pgsup up` needs for a home of root's own
[ "$(id -u)" != 0 ] || AS_ROOT=--as-root
mkdir "$HOME"
# Scenarios type it, and have shells run it: a path without blanks.
case $PGSUP in
*[!A-Za-z0-9/._+-]*)
    ln -s "$(dirname "$PGSUP")" "$WORK/.program"
    export PGSUP=$WORK/.program/${PGSUP##*/}
    ;;
esac

at_exit_commands=()
WATCH= # watch.sh

# at_exit COMMAND…: run when the scenario ends, the last one first; used to end what was started.
at_exit() {
    at_exit_commands=("$*" ${at_exit_commands[@]+"${at_exit_commands[@]}"})
}

# is_ours PID: it is a child of this scenario, or has its folder among its words.
is_ours() {
    local parent words
    read -r parent words <<<"$(ps -ww -o ppid= -o args= -p "$1" 2>/dev/null)"
    [ "$parent" = $$ ] || case $words in *"$WORK"*) ;; *) return 1 ;; esac
}

# kill_ours [-SIGNAL] PID…: but those that are not ours.
kill_ours() {
    local word option='' pids=()
    for word; do
        case $word in
        -*) option=$word ;;
        *) ! is_ours "$word" || pids+=("$word") ;;
        esac
    done
    [ ${#pids[@]} = 0 ] || command kill ${option:+"$option"} "${pids[@]}"
}

clean_up() {
    local status=$? command
    # Of what ended a while ago the number may be that of another one's process by now.
    kill() { kill_ours "$@"; }
    [ ! -e "$WORK/.hung" ] || status=1
    [ -z "$WATCH" ] || kill "$WATCH" 2>/dev/null || true
    for command in ${at_exit_commands[@]+"${at_exit_commands[@]}"}; do
        eval "$command" || true
    done
    # What was ended may still be taking its own files away, which is no failure.
    chmod -R u+w "$WORK" 2>/dev/null || true
    rm -rf "$WORK" 2>/dev/null || { sleep 1 && rm -rf "$WORK"; } || true
    exit $status
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# step TEXT…: says what comes next.
step() {
    printf -- '--- %s\n' "$*"
}

# fail TEXT…: ends the scenario, showing what the last command said.
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    show_logs
    exit 1
}
show_logs() {
    local file
    for file in "$OUT" "$ERR" "$UP_LOG" "$PGSUP_HOME"/instances/*/*.log; do
        [ ! -s "$file" ] || tail -n 60 "$file" | tr -d '\r' | sed "s|^|  ${file##*/}: |" >&2
    done
}

# shellcheck source=watch.sh
. "$(dirname "${BASH_SOURCE[0]}")/watch.sh"

# timeout [-s SIGNAL] SECONDS COMMAND…: of coreutils, which a Mac does not have.
portable_timeout() {
    perl -MPOSIX -e 'my $signal = "TERM";
if ($ARGV[0] eq "-s") { (undef, $signal) = splice @ARGV, 0, 2 }
my $seconds = shift;
my $child = fork // die;
if (!$child) { exec { $ARGV[0] } @ARGV or POSIX::_exit(127) }
my $late = 0;
$SIG{ALRM} = sub { $late = kill $signal, $child };
alarm $seconds;
1 while waitpid($child, 0) < 0 && $!{EINTR};
exit($late ? 124 : $? & 127 ? 128 + ($? & 127) : $? >> 8)' -- "$@"
}
command -v timeout >/dev/null || timeout() { portable_timeout "$@"; }

# run COMMAND…: runs it with stdout in $OUT and stderr in $ERR; its status is in $STATUS. When it hangs,
# the scenario ends: watch.sh.
run() {
    STATUS=0
    echo "$*" 2>/dev/null >>"$WORK/.runs" || true
    "$@" >"$OUT" 2>"$ERR" || STATUS=$?
    echo . 2>/dev/null >>"$WORK/.runs" || true
}

# expect_ok COMMAND…: ends well and complains of nothing.
expect_ok() {
    run "$@"
    [ "$STATUS" = 0 ] || fail "status $STATUS, expected 0: $*"
    [ ! -s "$ERR" ] || fail "something on stderr: $*"
}

# expect_note TEXT COMMAND…: ends well, with one line on stderr, which contains the text.
expect_note() {
    local text=$1
    shift
    run "$@"
    [ "$STATUS" = 0 ] || fail "status $STATUS, expected 0: $*"
    [ "$(wc -l <"$ERR")" -eq 1 ] || fail "not exactly one line on stderr: $*"
    expect_text "$ERR" "$text"
}

# expect_fail STATUS TEXT COMMAND…: ends with the status and one line on stderr, which begins with
# "pgsup: " and contains the text; nothing on stdout.
expect_fail() {
    local status=$1 text=$2
    shift 2
    run "$@"
    [ "$STATUS" = "$status" ] || fail "status $STATUS, expected $status: $*"
    [ "$(wc -l <"$ERR")" -eq 1 ] || fail "not exactly one line on stderr: $*"
    grep -q '^pgsup: ' "$ERR" || fail "the line does not begin with \"pgsup: \": $*"
    grep -qF -- "$text" "$ERR" || fail "the line lacks \"$text\": $*"
    [ ! -s "$OUT" ] || fail "something on stdout: $*"
}

# expect_refused STATUS TEXT COMMAND…: as expect_fail, and the cloud home is as it was, to the byte.
expect_refused() {
    local before
    before=$(quiet_fingerprint)
    expect_fail "$@"
    [ "$(fingerprint "$PGSUP_HOME/.")" = "$before" ] || {
        diff <(printf '%s\n' "$before") <(fingerprint "$PGSUP_HOME/.") || true
        fail "the home was changed by: ${*:3}"
    }
}

# expect_text FILE TEXT…: the file contains each text; expect_no_text: none of them.
expect_text() {
    local file=$1 text
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$file" || fail "${file##*/} lacks \"$text\""
    done
}
expect_no_text() {
    local file=$1 text
    shift
    for text in "$@"; do
        ! grep -qF -- "$text" "$file" || fail "${file##*/} contains \"$text\""
    done
}

# expect_equal WHAT ACTUAL EXPECTED
expect_equal() {
    [ "$2" = "$3" ] || fail "$1 is \"$2\", expected \"$3\""
}

# fingerprint FOLDER: names, modes, owners and contents of all that is in it but what is known of QEMU, as text.
# In SQLite's index of the log (-shm) who reads marks how far: the first that looks after a commit
# changes it, whatever it does (https://sqlite.org/walformat.html#wal_read_mark_).
fingerprint() {
    [ -e "$1" ] || return 0
    (cd "$1" && find . ! -path ./run/qemu-programs -exec ls -ldn {} + | awk '{print $1, $3, $4, $NF}' | sort)
    (cd "$1" && find . -type f ! -path ./run/qemu-programs ! -name '*.sqlite3-shm' -exec cksum {} + | sort)
}

# quiet_fingerprint: of the home, when its supervisor has written down what it has just done. Of
# processes that close the store at one moment each may leave SQLite's log to the other; then the next
# one that opens it, whatever it does, moves the log's content into the store.
quiet_fingerprint() {
    local before now tries store=$PGSUP_HOME/cloud.sqlite3
    if [ -z "$SUPERVISOR" ] && [ -e "$store-wal" ]; then
        sqlite3 -cmd '.timeout 5000' "$store" 'PRAGMA wal_checkpoint' >/dev/null 2>&1 || true
    fi
    now=$(fingerprint "$PGSUP_HOME/.")
    for tries in 1 2 3 4 5 6 7 8 9 10; do
        [ -n "$SUPERVISOR" ] || break
        before=$now
        sleep 0.2
        now=$(fingerprint "$PGSUP_HOME/.")
        [ "$now" != "$before" ] || break
    done
    printf '%s\n' "$now"
}

# mode_of FILE: "drwx------".
mode_of() {
    # shellcheck disable=SC2012  # stat differs between systems
    ls -ld "$1" | cut -c1-10
}

# json_of EXPRESSION: evaluates Python over the JSON document in $OUT, there called "it".
json_of() {
    python3 -c "import json,sys; it = json.load(open(sys.argv[1])); print(($1))" "$OUT"
}

# wait_until SECONDS COMMAND…: until the command succeeds. On a slow or busy computer it may take
# three times as long as it ever should.
wait_until() {
    local end=$((SECONDS + 3 * $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "waited in vain for: $*"
        sleep 0.1
    done
}

# What differs between systems: the loopback interface, and the network that bridges guests.
loopback() {
    [ "$(uname -s)" = Darwin ] && echo lo0 || echo lo
}
# One that is not the loopback interface and has no address, so that a cloud may have any on it.
any_interface() {
    local name
    for name in $(python3 -c 'import socket
print(*[name for _, name in socket.if_nameindex() if not name.startswith("lo")])'); do
        ifconfig "$name" 2>/dev/null | grep -q 'inet ' || ip -4 address show dev "$name" 2>/dev/null | grep -q inet ||
            { echo "$name" && return; }
    done
    ip link add pgsup-none type dummy 2>/dev/null || true # another scenario may make it just now
    ip link show pgsup-none >/dev/null && echo pgsup-none
}
bridged_kind() {
    [ "$(uname -s)" = Darwin ] && echo vmnet-bridged || echo bridge
}

make_key() {
    ssh-keygen -q -t ed25519 -N '' -C scenario -f "$KEY"
}

# make_image FILE [SIZE]: an empty qcow2 disk.
make_image() {
    qemu-img create -q -f qcow2 "$1" "${2:-64M}"
}

# free_port: a TCP port of 127.0.0.1 that nobody has right now, and that no other scenario gets until
# this one ends: a file of its number in $PORTS stands for it, with the process of the scenario, which
# keeps a list of its own; those of scenarios that were killed go. Not one of those that outgoing
# connections get by themselves.
PORTS=/tmp/pgsup-ports
free_port() {
    python3 - "$PORTS" $$ <<'END' | tee -a "$WORK/.ports"
import fcntl, os, random, socket, sys
folder, owner = sys.argv[1:]
os.umask(0)
os.makedirs(folder, 0o1777, exist_ok=True)

def open_lock(path):
    try:
        return os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)

def is_left(path):
    try:
        with open(path, encoding="ascii") as file:
            os.kill(int(file.read()), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, OverflowError):  # another user's, given back meanwhile, or not of a scenario
        pass
    return False

def claim(path):
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
            file.write(owner)
        return True
    except FileExistsError:
        return False

fcntl.flock(open_lock(f"{folder}/lock"), fcntl.LOCK_EX)
for name in os.listdir(folder):
    if is_left(f"{folder}/{name}"):
        try:
            os.unlink(f"{folder}/{name}")
        except OSError:
            pass
while True:
    port = random.randrange(11000, 31000)
    with socket.socket() as each:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            each.bind(("127.0.0.1", port))
        except OSError:
            continue
    if claim(f"{folder}/{port}"):
        print(port)
        break
END
}
give_ports_back() {
    local port
    [ -e "$WORK/.ports" ] || return 0
    while read -r port; do
        rm -f "$PORTS/$port"
    done <"$WORK/.ports"
}
at_exit give_ports_back

# make_cloud: the cloud that most scenarios begin with: user networking, the password $PASSWORD, a
# phone-home port of its own, so that scenarios do not disturb each other. Without the network that
# all its instances are in, which a scenario has by LAB=.
PASSWORD=sesame-4711
LAB=--no-lab
make_cloud() {
    make_key
    echo "$PASSWORD" >"$WORK/password"
    # shellcheck disable=SC2086  # one word or none
    expect_ok "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
        --ssh-public-key "$KEY.pub" --network user $LAB \
        --ph-port "$(free_port)"
}

# new_cloud: make_cloud, with the mini guest as the image "mini". That guest has no Python: in place
# of Ansible stands a program that only says how it was called.
new_cloud() {
    make_cloud
    mkdir -p "$WORK/bin"
    # shellcheck disable=SC2016  # variables of that program
    printf '#!/bin/sh\necho "$0 $*"\n' >"$WORK/bin/ansible-playbook"
    chmod +x "$WORK/bin/ansible-playbook"
    PATH=$WORK/bin:$PATH
    expect_ok "$PGSUP" image import -n mini --arch aarch64 \
        "${PGSUP_MINI_IMAGE:?the image of the mini guest}"
}

# seed_words OPTION…: for a guest that is to ask its supervisor. Nothing if the options say how it
# gets its seed.
seed_words() {
    case " $* " in *" --seed "* | *" --ip "* | *" --network-config"*) ;; *) echo "--seed http" ;; esac
}

# new_mini NAME [OPTION…]: an instance of the mini guest, seeded over HTTP.
new_mini() {
    # shellcheck disable=SC2046  # words
    expect_ok "$PGSUP" instance create --os mini --vcpu 1 --ram 256 --ssh-port "$(free_port)" $(seed_words "$@") "$@"
}

# seed_path_of NAME: "/seed/TOKEN/" of an instance that is seeded over HTTP, as QEMU tells it.
# phone_home_path_of NAME: "/phone-home/TOKEN", as its user-data has it.
seed_path_of() {
    LC_ALL=C sed -n 's|.*http://[^/]*\(/seed/[0-9a-f]*/\).*|\1|p' "$PGSUP_HOME/instances/$1/smbios.bin" | tr -d '\0' | grep . ||
        fail "no seed path of $1"
}
phone_home_path_of() {
    sed -n 's|.*http://[^/]*\(/phone-home/[0-9a-f]*\)/.*|\1|p' "$PGSUP_HOME/instances/$1/cloud-init/user-data" | grep . ||
        fail "no phone-home path of $1"
}

# idle NAME: its processor sleeps for ever instead of running firmware. What a scenario says in the
# place of its guest goes through as_vm.py, of which $AS_VM is the folder.
export AS_VM
AS_VM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
idle() {
    printf '\177\040\003\325\377\377\377\027' >"$WORK/idle.fw" # aarch64: wfi; b .-4
    printf '%s\n' -bios "$WORK/idle.fw" >"$PGSUP_HOME/instances/$1/qemu.args"
}

# misbehave NAME OPTION…: what the mini guest is to do wrong, see tests/guest/init.
misbehave() {
    local file=$PGSUP_HOME/instances/$1/cloud-init/user-data option
    shift
    for option in "$@"; do
        echo "# mini: $option" >>"$file"
    done
}

# start_supervisor: `pgsup up` in the background (run by the command $UP_BY, if that is set), ended
# with all its VMs when the scenario ends.
UP_BY=
start_supervisor() {
    touch "$UP_LOG"
    local before
    before=$(grep -c supervising "$UP_LOG" || true)
    # shellcheck disable=SC2086  # words of a command
    $UP_BY "$PGSUP" up $AS_ROOT >>"$UP_LOG" 2>&1 </dev/null &
    SUPERVISOR=$!
    wait_until 30 supervisor_is_up "$before"
}

supervisor_is_up() { # HOW OFTEN ONE WAS BEFORE
    [ "$(grep -c supervising "$UP_LOG")" -gt "$1" ]
}

# kill_supervisor: as a crash would end it, but not between QEMU's greeting and `cont`: such a VM is
# begun by the next supervisor, and boots.
kill_supervisor() {
    local name tries
    for name in $("$PGSUP" list -q --state booting 2>/dev/null); do
        for tries in $(seq 100); do
            case $("$PGSUP" qmp "$name" query-status 2>/dev/null) in *prelaunch*) ;; *) break ;; esac
            sleep 0.1
        done
    done
    kill -9 "$SUPERVISOR" 2>/dev/null || true
    wait "$SUPERVISOR" 2>/dev/null || true
    SUPERVISOR=
}

# supervisor_pid: of the one of this home, whoever began it: a pattern finds those of other scenarios.
supervisor_pid() {
    # shellcheck disable=SC2086  # one word or none
    { timeout 20 "$PGSUP" up $AS_ROOT 2>&1 || true; } |
        sed -n 's/.*a supervisor runs already .*(process \([0-9]*\)).*/\1/p'
}

# end_supervisor: its VMs are stopped gracefully, then it ends.
end_supervisor() {
    run "$PGSUP" down
    expect_equal "status of down" "$STATUS" 0
    wait "$SUPERVISOR" || fail "the supervisor ended with status $?"
    SUPERVISOR=
}

# pids_of_vms: the processes of all VMs of this home.
pids_of_vms() {
    local file pid
    [ -d "$PGSUP_HOME/run" ] || return 0
    for file in "$PGSUP_HOME"/run/*.pid; do
        pid=$(cat "$file" 2>/dev/null) || continue
        case $(ps -ww -o args= -p "$pid") in *"$WORK"*) echo "$pid" ;; esac
    done
}

pid_of() { # NAME: its process; fails when there is none
    local file pid
    for file in "$PGSUP_HOME"/run/"$1".*.pid; do
        pid=$(cat "$file" 2>/dev/null) || continue
        case $(ps -ww -o args= -p "$pid" 2>/dev/null) in *"$WORK"*) echo "$pid" && return ;; esac
    done
    return 1
}

end_processes() {
    local pid
    [ -z "$SUPERVISOR" ] || kill_supervisor
    for pid in $(pids_of_vms); do
        kill -9 "$pid" || true
    done
}
at_exit end_processes

# expect_nothing_left: no VM runs, and nothing of one is in run/.
expect_nothing_left() {
    expect_equal "VMs left" "$(pids_of_vms)" ""
    expect_equal "files left in run/" "$(find "$PGSUP_HOME/run/" -name '*.*.*')" ""
}

# on_terminal COMMAND…: runs it in the background on a terminal of its own; type_keys TEXT types
# there (printf escapes). What it shows is in $SCREEN, its process (or its parent's) is $TERMINAL.
SCREEN=$WORK/screen
on_terminal() {
    export TERM=xterm-256color
    rm -f "$WORK/keys"
    mkfifo "$WORK/keys"
    : >"$SCREEN"
    exec 7<>"$WORK/keys"
    # What a shell starts in the background is deaf to Ctrl-C, which a terminal's user is not.
    python3 -c 'import os, pty, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" <"$WORK/keys" >>"$SCREEN" 2>&1 &
    TERMINAL=$!
    at_exit "kill -9 $TERMINAL 2>/dev/null"
}
type_keys() {
    # shellcheck disable=SC2059  # the text is a format, for its escapes
    printf "$1" >&7
}

# is_gone PID: ended, though its parent may not have heard of it yet.
# While another thread of it still ends ("l"), it holds its files and their locks.
is_gone() {
    case $(ps -o stat= -p "$1") in Z*l*) return 1 ;; '' | Z*) return 0 ;; *) return 1 ;; esac
}

# A file of $WORK that is never seen half-written.
set_file() { # NAME TEXT
    echo "$2" >"$WORK/$1.new"
    mv "$WORK/$1.new" "$WORK/$1"
}

# field_of NAME EXPRESSION: Python over the instance's row "it" of `pgsup list --json`.
field_of() {
    "$PGSUP" list --json 2>/dev/null | python3 -c "import json,sys
it = [row for row in json.load(sys.stdin) if row['name'] == sys.argv[1]][0]
print(($2))" "$1"
}
state_of() { # NAME
    field_of "$1" 'it["state"]'
}
is_in_state() { # NAME STATE
    [ "$(state_of "$1")" = "$2" ]
}

# expect_ready NAME [OPTION…]: starts it and waits until it is ready; its phases are in $ERR.
expect_ready() {
    run "$PGSUP" start --wait --timeout 300 "$@"
    expect_equal "status of start $*" "$STATUS" 0
}

# has_event NAME TEXT; expect_event waits for it, because events are written behind the answer. With
# "" as the name: of whomever. Not by a pipe to grep -q, which may end before pgsup has said all.
has_event() {
    local said
    said=$("$PGSUP" events -v -n all ${1:+"$1"} 2>/dev/null) || return 1
    case $said in *"$2"*) ;; *) return 1 ;; esac
}
expect_event() {
    wait_until 30 has_event "$@"
}
