# Goal: the main job on a real Debian guest: started, phoned home by the real cloud-init, provisioned
# by the real Ansible, reached by SSH with its key checked, stopped by its power button, and booted
# again by hand, where it is the same machine without any supervisor. The admin password is nowhere in
# clear text, and works. What cloud-init has cached is cleaned over ssh.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../debian.sh"

PASSWORD=secret-$RANDOM-$RANDOM # not that of scenarios beside this one, for ps shows them too
make_cloud
import_debian
new_debian --ssh-port "$(free_port)"
folder=$PGSUP_HOME/instances/test
printf 'bootcmd:\n- [sh, -c, "echo by hand >/var/by-hand"]\n' >>"$folder/cloud-init/user-data"
hash=$(sed -n 's/.*hashed_passwd: "\(.*\)"/\1/p' "$folder/cloud-init/user-data")
edited=$(cksum <"$folder/cloud-init/user-data")

start_supervisor
(while sleep 0.5; do ps -ww -axo args=; done >"$WORK/ps") &
watcher=$!
at_exit "kill $watcher 2>/dev/null"

step "start --wait until it has phoned home"
start_guest
expect_text "$ERR" "phase: phone-home" "phase: ready"
expect_event test "phoned home (Cloud-Init/22.4.2, from 127.0.0.1)"
expect_event test "meta-data fetched by Cloud-Init/22.4.2"
expect_text "$ERR" "cloud-init: modules-config, " "cloud-init: modules-final, package-update-upgrade-install"
for sentence in "modules-config began" "modules-config ended" "modules-final began" "modules-final ended"; do
    wait_until 60 has_event test "$sentence"
done
"$PGSUP" list >"$OUT"
expect_text "$OUT" "Running(ready)" "$(pid_of test)"
wait_until 60 has_event test "the agent in the guest answers" # QEMU's own
"$PGSUP" info test --json >"$OUT"
expect_equal "the agent, and where the guest is" "$(json_of 'it["agent"], it["address"]')" "(True, '127.0.0.1')"

step "ssh, with the guest's key checked"
in_guest uname -m
expect_equal "what the guest says" "$(cat "$OUT")" aarch64
run "$PGSUP" ssh test -- exit 7
expect_equal "status of a command in the guest" "$STATUS" 7
in_guest cat /var/by-hand
expect_equal "what the edited user-data did" "$(cat "$OUT")" "by hand"
in_guest cat /etc/ssh/ssh_host_ed25519_key.pub
grep -qF "$(cut -d' ' -f1,2 "$OUT")" "$folder/known_hosts" || fail "known_hosts lacks the guest's key"

step "... with seven foreign keys in the agent, and the cloud's key nowhere else"
eval "$(ssh-agent -s)" >/dev/null
at_exit "kill $SSH_AGENT_PID"
for number in 1 2 3 4 5 6 7; do
    ssh-keygen -q -t ed25519 -N '' -f "$WORK/foreign-$number"
    ssh-add -q "$WORK/foreign-$number"
done
ssh-add -q "$KEY"
mv "$KEY" "$WORK/away"
in_guest true
mv "$WORK/away" "$KEY"
unset SSH_AUTH_SOCK

step "... and an impostor refused"
cat >"$WORK/keys.py" <<'END'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1] + "/cloud.sqlite3", timeout=20)
(before,) = store.execute("SELECT host_keys FROM guests").fetchone()
store.execute("UPDATE guests SET host_keys = ?", (open(sys.argv[2]).read(),))
store.commit()
sys.stdout.write(before)
END
cut -d' ' -f1,2 "$KEY.pub" >"$WORK/other"
python3 "$WORK/keys.py" "$PGSUP_HOME" "$WORK/other" >"$WORK/true"
run "$PGSUP" ssh test -- true
expect_equal "status of ssh to an impostor" "$STATUS" 255
expect_text "$ERR" "Host key verification failed"
python3 "$WORK/keys.py" "$PGSUP_HOME" "$WORK/true" >/dev/null
in_guest true

step "Ansible has run"
expect_ok "$PGSUP" -q wait test --for provisioned --timeout 600
expect_ok "$PGSUP" info test
expect_text "$OUT" "provisioning    ok"
expect_text "$folder/ansible.log" "unreachable=0" "failed=0"
expect_event test "ok"
in_guest grep -rh ForwardToConsole /etc/systemd/journald.conf /etc/systemd/journald.conf.d
grep -q '^ForwardToConsole=yes' "$OUT" || fail "journald does not forward to the console"
"$PGSUP" info test --json >"$OUT"
expect_equal "info" "$(json_of 'it["state"], it["hostname"], it["provisioning"], it["provisioned"] is not None')" \
    "('ready', 'test', 'ok', True)"
in_guest sudo cloud-init status
expect_text "$OUT" "status: done"
"$PGSUP" info test --json >"$OUT"
expect_equal "its boot" "$(json_of 'it["boot_stage"], it["boot_module"], it["failed_modules"]')" "('done', None, [])"

step "... and again, by the supervisor and by hand over the whole cloud"
expect_ok "$PGSUP" -q provision test --wait --timeout 900
expect_ok "$PGSUP" info test
expect_text "$OUT" "provisioning    ok" "tasks_changed   0" "tasks_failed    0"
[ "$(uname -s)" = Darwin ] && utf8=en_US.UTF-8 || utf8=C.UTF-8
run env LC_ALL=$utf8 ansible -i "$(cd "$(dirname "$PGSUP")" && pwd)/pgsup-inventory" all -m ping
expect_equal "status of ansible" "$STATUS" 0
expect_text "$OUT" "test | SUCCESS" '"ping": "pong"'
run env LC_ALL=$utf8 ansible -i "$(cd "$(dirname "$PGSUP")" && pwd)/pgsup-inventory" state_ready -a id
expect_text "$OUT" "uid=0(root)"

kill $watcher
wait $watcher 2>/dev/null || true

step "the password: hashed there, in clear text nowhere"
case $hash in '$6$'*) ;; *) fail "the hash is \"$hash\"" ;; esac
! grep -rqF -- "$PASSWORD" "$PGSUP_HOME" || fail "the password is in the home in clear text"
"$PGSUP" events >"$WORK/events"
"$PGSUP" events --json >>"$WORK/events"
expect_no_text "$WORK/events" "$PASSWORD" '$6$'
expect_no_text "$UP_LOG" "$PASSWORD" '$6$'
expect_text "$WORK/ps" qemu-system-aarch64 "$PGSUP up"
expect_no_text "$WORK/ps" "$PASSWORD" "$hash"

step "a graceful stop"
identity=$(who_it_is)
stop_guest
grep -qE '^stopped: guest-shutdown after [0-9]+ press(es)?, [0-9]+\.[0-9] s$' "$OUT" || fail "the outcome"
end_supervisor
expect_nothing_left
expect_equal "the edited user-data" "$(cksum <"$folder/cloud-init/user-data")" "$edited"

step "vm.sh boots it by hand, and the password opens it"
on_terminal bash "$folder/vm.sh"
wait_until $BOOT_TIMEOUT_S grep -q "test login:" "$SCREEN"
type_keys 'cloudadmin\n'
wait_until 120 grep -q "Password:" "$SCREEN"
type_keys "$PASSWORD\n"
wait_until 120 grep -q 'cloudadmin@test:~\$' "$SCREEN"
type_keys 'echo "it is $(uname -m)"\n'
wait_until 60 grep -q "it is aarch64" "$SCREEN"
in_guest hostname
expect_equal "its name" "$(cat "$OUT")" test

step "... with the server away it is the same machine"
in_guest sudo cloud-init status --wait
expect_text "$OUT" "status: done"
expect_equal "who it is" "$(who_it_is)" "$identity"
in_guest cat /var/by-hand
expect_equal "what the edited user-data did" "$(cat "$OUT")" "by hand"

step "it trusts its cache: cleaned over ssh"
run "$PGSUP" ssh test -- test -e /var/lib/cloud/instance
expect_equal "status of looking for the cache" "$STATUS" 0
expect_ok "$PGSUP" instance set test --rerun-cloud-init
expect_text "$OUT" "cloud-init runs again at the next restart"
run "$PGSUP" ssh test -- test -e /var/lib/cloud/instance
expect_equal "status of looking for the cache" "$STATUS" 1
stop_guest
expect_text "$OUT" "stopped: guest-shutdown after "
wait "$TERMINAL" || fail "vm.sh ended with status $?"
expect_nothing_left
