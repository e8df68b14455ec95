# Goal: what belongs to a home is for its owner alone: no file or socket in it can be used by another
# account, however careless the owner's umask, and no command line shows a secret.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
umask 000
PASSWORD=secret-$RANDOM-$RANDOM # not that of scenarios beside this one, for ps shows them too
new_cloud
new_mini test
token=$(basename "$(seed_path_of test)")
hash=$(sed -n 's/.*hashed_passwd: "\(.*\)"/\1/p' "$PGSUP_HOME/instances/test/cloud-init/user-data")
case $hash in '$6$'*) ;; *) fail "the hash is \"$hash\"" ;; esac

cat >"$WORK/modes.py" <<'END'
import os, stat, sys
for folder, folders, files in os.walk(sys.argv[1]):
    for name in [folder] + [os.path.join(folder, each) for each in files]:
        try:
            status = os.lstat(name)
        except FileNotFoundError:
            continue  # written anew meanwhile
        if stat.S_ISLNK(status.st_mode):
            continue
        if status.st_mode & 0o077 or status.st_uid != os.getuid():
            print(stat.filemode(status.st_mode), status.st_uid, name)
END
expect_private() {
    expect_ok python3 "$WORK/modes.py" "$PGSUP_HOME/"
    expect_equal "what others may use" "$(cat "$OUT")" ""
}
expect_no_secret() { # while things run
    ps -ww -axo args= >"$WORK/ps"
    expect_text "$WORK/ps" "guest=test" "$1"
    expect_no_text "$WORK/ps" "$PASSWORD" "$hash"
}

step "a home in which nothing runs"
expect_private

step "a supervisor and a VM"
start_supervisor
expect_ready test
wait_until 20 test -s "$PGSUP_HOME/instances/test/ansible.log"
expect_private
for file in pgsup.sock s/test.n1.qmp s/test.n1.con; do
    expect_equal "mode of $file" "$(mode_of "$PGSUP_HOME/run/$file")" srw-------
done
expect_equal "mode of run" "$(mode_of "$PGSUP_HOME/run/")" drwx------
expect_no_secret "$PGSUP up"

step "the seed's address is nowhere that is printed"
[ -s "$WORK/ps" ] || fail "nothing was taken of ps"
expect_no_text "$WORK/ps" "$token"
! grep -F "$WORK" "$WORK/ps" | grep -E ':[0-9]+/seed/' || fail "ps shows where the seed is" # other paths have that word
"$PGSUP" events -v -n all >"$WORK/said"
for command in "list --json" "info test --json" "instance get test --json" "cloud get --json" events; do
    # shellcheck disable=SC2086  # words of a command
    "$PGSUP" $command >>"$WORK/said"
done
cat "$UP_LOG" >>"$WORK/said"
expect_no_text "$WORK/said" "$token" "$PASSWORD" '$6$'

step "another account"
if [ "$(id -u)" = 0 ]; then
    cp "$PGSUP" "$WORK/pgsup"
    chmod 711 "$WORK"
    chmod 755 "$WORK/pgsup"
    cat >"$WORK/stranger.py" <<'END'
import os, socket, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
home, sockets = sys.argv[1], sys.argv[2:]
for name in sockets:
    try:
        socket.socket(socket.AF_UNIX).connect(name)
    except PermissionError:
        continue
    sys.exit("connected to " + name)
try:
    os.listdir(home)
except PermissionError:
    sys.exit(0)
sys.exit("the home can be read")
END
    expect_ok python3 "$WORK/stranger.py" "$PGSUP_HOME" "$PGSUP_HOME"/run/*.sock \
        "$PGSUP_HOME"/run/s/*.qmp "$PGSUP_HOME"/run/s/*.mon "$PGSUP_HOME"/run/s/*.con
    expect_fail 3 "$PGSUP_HOME" python3 -c 'import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534); os.execvp(sys.argv[1], sys.argv[1:])' \
        "$WORK/pgsup" -p "$PGSUP_HOME" list
else
    chmod 700 "$WORK"
fi
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
end_supervisor
expect_private

step "by hand"
on_terminal bash "$PGSUP_HOME/instances/test/vm.sh"
wait_until 60 grep -q "mini: ready" "$SCREEN"
expect_private
expect_no_secret vm.sh
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
expect_private
