# Goal: the main job on a real Debian guest: started, phoned home by the real cloud-init, its progress
# and its failed module shown, with no other complaint of cloud-init's, provisioned by the real Ansible,
# reached by SSH with its key checked, stopped by its power button. The admin password is nowhere in
# clear text. What else is shown is in bookworm.sh and newer.sh.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
#
#   PGSUP_GUEST        SUITE-ARCHITECTURE: bookworm-arm64 (if not given), trixie-arm64, sid-amd64
#   PGSUP_GUEST_IMAGE  the image of a newer one; built and cached when not given
export PGSUP_GUEST=${PGSUP_GUEST:-bookworm-arm64}
suite=${PGSUP_GUEST%-*}
case $PGSUP_GUEST in
*-amd64) arch=x86_64 ;;
*) arch=aarch64 ;;
esac
case $suite in
bookworm) . "$(dirname "$0")/bookworm.sh" ;;
*) . "$(dirname "$0")/newer.sh" ;;
esac
prepare
PASSWORD=secret-$RANDOM-$RANDOM # not that of scenarios beside this one, for ps shows them too

expect_sound() { # NAME: a script of its user failed, and nothing else
    has_failed() {
        "$PGSUP" info "$1" --json >"$OUT"
        json_of '"".join(it["failed_modules"])' | grep -q scripts
    }
    wait_until 120 has_failed "$1"
    "$PGSUP" info "$1" --json >"$OUT"
    json_of '" ".join(it["failed_modules"])' | tr - _ >"$WORK/failed"
    expect_equal "failed modules" "$(cat "$WORK/failed")" "modules_final/scripts_user"
    in_guest_of "$1" sh -c '"sudo cloud-init status --wait --format json || true"'
    sed -i.dots '1s/^\.*//' "$OUT" # those of --wait
    json_of '[text for texts in [it["errors"], *it.get("recoverable_errors", {}).values()]
        for text in texts if "scripts" not in text]' >"$WORK/errors"
    expect_equal "other errors" "$(cat "$WORK/errors")" "[]"
}

make_key
echo "$PASSWORD" >"$WORK/password"
expect_ok "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" "${network[@]}" --ph-port "$(free_port)"
expect_ok "$PGSUP" image import -n debian --arch $arch --seed-source $seed_source "$image"
new_debian test "${options[@]}"
together=
more_instances
folder=$PGSUP_HOME/instances/test
printf 'bootcmd:\n- [sh, -c, "echo by hand >/var/by-hand"]\nruncmd: [[sh, -c, "exit 3"]]\n' >>"$folder/cloud-init/user-data"
hash=$(sed -n 's/.*hashed_passwd: "\(.*\)"/\1/p' "$folder/cloud-init/user-data")
edited=$(cksum <"$folder/cloud-init/user-data")

start_supervisor
(while sleep 0.5; do ps -ww -axo args=; done >"$WORK/ps") &
watcher=$!
at_exit "kill $watcher 2>/dev/null"

step "start --wait until it has phoned home"
AGAIN_AFTER_PANIC=1
start_guest $together
AGAIN_AFTER_PANIC=
[ -z "$together" ] || expect_text "$ERR" "test: " "$together: " # each line says whose it is
expect_text "$ERR" "phase: phone-home" "phase: ready"
expect_event test "phoned home (Cloud-Init/$version"
expect_event test "meta-data fetched by Cloud-Init/$version"
expect_text "$ERR" "cloud-init: modules-config, " "cloud-init: modules-final, package"
for sentence in "modules-config began" "modules-config ended" "modules-final began" \
    "modules-final ended, not all of it well"; do
    wait_until 120 has_event test "$sentence"
done
"$PGSUP" list --columns name,state,pid >"$OUT"
expect_text "$OUT" "Running(ready)" "$(pid_of test)"
wait_until 60 has_event test "the agent in the guest answers" # QEMU's own
"$PGSUP" info test --json >"$OUT"
expect_equal "the agent, and its boot" "$(json_of 'it["agent"], it["boot_stage"], it["boot_module"]')" \
    "(True, 'done', None)"

step "ssh, with the guest's key checked"
in_guest uname -m
expect_equal "what the guest says" "$(cat "$OUT")" $arch
run "$PGSUP" ssh test -- exit 7
expect_equal "status of a command in the guest" "$STATUS" 7
in_guest cat /var/by-hand
expect_equal "what the edited user-data did" "$(cat "$OUT")" "by hand"
in_guest cat /etc/ssh/ssh_host_ed25519_key.pub
grep -qF "$(cut -d' ' -f1,2 "$OUT")" "$folder/known_hosts" || fail "known_hosts lacks the guest's key"
more_of_ssh

step "Ansible has run"
expect_ok "$PGSUP" -q wait test --for provisioned --timeout 600
is_provisioned() { # written behind the answer
    "$PGSUP" info test >"$OUT" && grep -qF "provisioning  ok" "$OUT"
}
wait_until 30 is_provisioned
expect_text "$folder/ansible.log" "unreachable=0" "failed=0"
expect_event test "ok"
in_guest grep -rhs ForwardToConsole /etc/systemd/journald.conf /etc/systemd/journald.conf.d
grep -q '^ForwardToConsole=yes' "$OUT" || fail "journald does not forward to the console"
"$PGSUP" info test --json >"$OUT"
expect_equal "info" "$(json_of 'it["state"], it["hostname"], it["provisioning"], it["provisioned"] is not None')" \
    "('ready', 'test', 'ok', True)"
expect_sound test
more_of_ansible

kill $watcher
wait $watcher 2>/dev/null || true

step "the password: hashed there, in clear text nowhere"
case $hash in '$6$'*) ;; *) fail "the hash is \"$hash\"" ;; esac
! grep -rqF -- "$PASSWORD" "$PGSUP_HOME" || fail "the password is in the home in clear text"
"$PGSUP" events -v -n all >"$WORK/events"
"$PGSUP" events -v -n all --json >>"$WORK/events"
expect_no_text "$WORK/events" "$PASSWORD" '$6$'
expect_no_text "$UP_LOG" "$PASSWORD" '$6$'
expect_text "$WORK/ps" qemu-system-$arch "$PGSUP up"
expect_no_text "$WORK/ps" "$PASSWORD" "$hash"

step "a graceful stop"
identity=$(who_it_is)
stop_guest
grep -qE '^stopped: guest-shutdown after [0-9]+ press(es)?, [0-9]+\.[0-9] s$' "$OUT" || fail "the outcome"
afterwards
