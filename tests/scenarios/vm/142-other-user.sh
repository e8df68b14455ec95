# Goal: another user of the computer reads nothing of a home, talks to none of its sockets, ends
# nothing, and with a stolen token says nothing in the place of a guest; the owner is not disturbed.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"

[ "$(id -u)" = 0 ] || {
    echo "only root can be two users: nothing to test as $(id -un)"
    exit 0
}
as() { # USER COMMAND…
    local user=$1
    shift
    env HOME="$HOME" setpriv --reuid="$user" --regid="$user" --clear-groups "$@"
}
owner=65534 other=65533
port=$(free_port)
chmod 755 "$WORK"
mkdir "$WORK/place" && chown $owner:$owner "$WORK/place" "$HOME"
export PGSUP_HOME=$WORK/place/home

step "a home of one user, with a VM"
make_key
make_image "$WORK/empty.qcow2" 64M
echo "$PASSWORD" >"$WORK/password"
chmod 644 "$WORK/password" "$KEY.pub" "$WORK/empty.qcow2"
umask 0
expect_ok as $owner "$PGSUP" cloud create --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --network user --ph-port "$port"
expect_ok as $owner "$PGSUP" image import -n empty --arch aarch64 "$WORK/empty.qcow2"
expect_ok as $owner "$PGSUP" instance create test --os empty --vcpu 1 --ram 64 --accel tcg --seed http \
    --ssh-port "$(free_port)"
idle test
chmod 644 "$WORK/idle.fw"
as $owner "$PGSUP" up >"$UP_LOG" 2>&1 &
SUPERVISOR=$!
wait_until 20 grep -q supervising "$UP_LOG"
umask 022
expect_ok as $owner "$PGSUP" -q start test
vm=$(pid_of test)
supervisor=$(pgrep -P "$SUPERVISOR" -x pgsup || echo "$SUPERVISOR")

step "no file of it can be read, although its owner has no umask"
as $other find "$PGSUP_HOME" ! -path "$PGSUP_HOME" >"$OUT" 2>/dev/null || true
expect_equal "what is listed" "$(cat "$OUT")" ""
find "$PGSUP_HOME" -perm /077 ! -type l ! -path '*/qemu.args' >"$OUT"
expect_equal "what others may touch, were the folder open" "$(cat "$OUT")" ""
expect_fail 3 "Permission denied" as $other "$PGSUP" list
run as $other "$PGSUP" doctor # offers neither to take the home nor to make another one there
expect_text "$OUT" "$PGSUP_HOME belongs to $(id -un $owner) and cannot be read: use it as $(id -un $owner), or another one with -p"
expect_no_text "$OUT" "chown" "cloud create"

step "a backup that is another one's is listed as what it is, not left out"
mkdir -m 755 "$WORK/backups"
mkdir -m 700 "$WORK/backups/test-20261126T193000Z"
expect_ok as $other "$PGSUP" backup list "$WORK/backups"
expect_text "$OUT" "test-20261126T193000Z" "Permission denied"

step "none of its sockets is open to others"
find "$PGSUP_HOME/run/" -type s >"$WORK/sockets"
[ "$(wc -l <"$WORK/sockets")" -ge 3 ] || fail "sockets: $(cat "$WORK/sockets")"
while read -r socket; do
    chmod 711 "$PGSUP_HOME" "$PGSUP_HOME/run" # their own modes are what counts then
    as $other /usr/bin/python3 - "$socket" <<'PYTHON' || fail "$socket"
import socket, sys
with socket.socket(socket.AF_UNIX) as each:
    try:
        each.connect(sys.argv[1])
    except PermissionError:
        sys.exit(0)
sys.exit("connected")
PYTHON
    chmod 700 "$PGSUP_HOME" "$PGSUP_HOME/run"
done <"$WORK/sockets"

step "no token is in what processes show, and a stolen one is of no use"
seed=$(python3 -c 'import sqlite3, sys
row = sqlite3.connect(sys.argv[1]).execute("SELECT token, phone_home_token, instance_id FROM instances").fetchone()
print(*row)' "$PGSUP_HOME/cloud.sqlite3")
read -r token home_token id <<<"$seed"
[ ${#token} = 32 ] && [ ${#home_token} = 32 ] || fail "tokens: $seed"
for process in "$vm" "$supervisor"; do
    tr '\0' '\n' <"/proc/$process/cmdline" >>"$WORK/shown"
done
! grep -q "$token\|$home_token" "$WORK/shown" || fail "a token is on a command line"
as $other /usr/bin/python3 - "$port" "$token" "$home_token" "$id" <<'PYTHON' || fail "see above"
import http.client, sys
port, token, home_token, instance = sys.argv[1:]

def ask(method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
    connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"})
    return connection.getresponse().status

key = "ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIPtPZoYV0GZ0kFZ0kFZ0kFZ0kFZ0kFZ0kFZ0kFZ0kFZ0"
said = [ask("GET", "/seed/" + "0" * 32 + "/user-data"), ask("GET", "/seed/" + home_token + "/user-data"),
        ask("POST", "/phone-home/" + token, "instance_id=" + instance),
        ask("POST", "/phone-home/" + home_token, "instance_id=%s&hostname=x&fqdn=x&pub_key_ed25519=%s" % (instance, key))]
if said != [404, 404, 404, 403]:
    sys.exit("answers: %s" % said)
PYTHON
expect_ok as $owner "$PGSUP" info test --json
expect_equal "what is known of the guest" "$(json_of 'it["phoned_home"]')" None

step "none of its processes can be ended or looked into"
for process in "$vm" "$supervisor"; do
    ! as $other kill -TERM "$process" 2>/dev/null || fail "$process was signalled"
    ! as $other cat "/proc/$process/environ" >/dev/null 2>&1 || fail "the environment of $process"
done
expect_ok as $owner "$PGSUP" list
expect_text "$OUT" "Running(booting)"
expect_ok as $owner "$PGSUP" -q stop -f test
expect_ok as $owner "$PGSUP" -q down
wait "$SUPERVISOR" || fail "the supervisor ended with status $?"
