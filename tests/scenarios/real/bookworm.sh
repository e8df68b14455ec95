# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016,SC2034
# Sourced by 30-real-guest.sh for Debian 12. Beside the main job: ssh with seven foreign keys in the
# agent, an impostor, Ansible again, a snapshot while a program writes and its restore, and a boot by
# hand, where it is the same machine without any supervisor and the password works. What cloud-init
# has cached is cleaned over ssh.
prepare() {
    image=${PGSUP_TEST_IMAGE:?the image of the Debian guest}
    . "$(dirname "$0")/../debian.sh"
    . "$(dirname "$0")/fsync.sh"
    network=(--network user)
    options=(--ssh-port "$(free_port)")
    seed_source=nocloud-net
    version=22.4.2
}

more_instances() {
    :
}

more_of_ssh() {
    "$PGSUP" info test --json >"$OUT"
    expect_equal "where the guest is" "$(json_of 'it["address"]')" 127.0.0.1

    step "... with seven foreign keys in the agent, and the cloud's key nowhere else"
    eval "$(ssh-agent -s -a "$WORK/ssh-agent")" >/dev/null
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
}

more_of_ansible() {
    step "... and again, by the supervisor and by hand over the whole cloud"
    expect_ok "$PGSUP" -q provision test --wait --timeout 900
    is_unchanged() { # written behind the answer
        "$PGSUP" info test --json >"$OUT"
        [ "$(json_of 'it["provisioning"], it["tasks_changed"], it["tasks_failed"]')" = "('ok', 0, 0)" ]
    }
    wait_until 30 is_unchanged
    [ "$(uname -s)" = Darwin ] && utf8=en_US.UTF-8 || utf8=C.UTF-8
    run env LC_ALL=$utf8 ansible -i "$(cd "$(dirname "$PGSUP")" && pwd)/pgsup-inventory" all -m ping
    expect_equal "status of ansible" "$STATUS" 0
    expect_text "$OUT" "test | SUCCESS" '"ping": "pong"'
    run env LC_ALL=$utf8 ansible -i "$(cd "$(dirname "$PGSUP")" && pwd)/pgsup-inventory" state_ready -a id
    expect_text "$OUT" "uid=0(root)"

    step "files in and out, and commands through the agent"
    head -c 16777216 /dev/urandom >"$WORK/big"
    expect_ok "$PGSUP" cp "$WORK/big" "test:/var/tmp/a b;c"
    expect_ok "$PGSUP" exec test --user ansible --cwd /var/tmp -- sha256sum "a b;c"
    expect_equal "its checksum there" "$(cut -d' ' -f1 "$OUT")" "$(sha256sum <"$WORK/big" | cut -d' ' -f1)"
    expect_ok "$PGSUP" cp "test:/var/tmp/a b;c" "$WORK/back"
    cmp "$WORK/big" "$WORK/back" || fail "something else came back"
    run "$PGSUP" exec test -e V='a  b' -- sh -c 'cat; printf "%s" "$V$1" >&2; rm "/var/tmp/a b;c"; exit 42' sh '$(id)' <"$KEY.pub"
    expect_equal "status, input and outputs" "$STATUS $(cat "$OUT" "$ERR")" "42 $(cat "$KEY.pub")
a  b\$(id)"
    rm "$WORK/big" "$WORK/back"
    memory_to_disk
    live_snapshot
}

# Longer on disk than the answers below take, so that a clock that nobody sets would show.
memory_to_disk() {
    local before
    step "its memory to disk and back: the same boot, the same programs, and the right time"
    in_guest sh -c '"cat /proc/sys/kernel/random/boot_id; nohup sleep 5000 >/dev/null 2>&1 & echo \$!"'
    cp "$OUT" "$WORK/boot"
    expect_ok "$PGSUP" -q suspend test
    expect_equal "state" "$(field_of test 'it["state"], it["pid"]')" "('suspended', None)"
    run date +%s
    before=$(cat "$OUT")
    sleep 5
    start_guest
    wait_until 120 has_event test "it was suspended: the guest's clock was set"
    in_guest date +%s
    [ "$(cat "$OUT")" -ge $((before + 5)) ] || fail "its clock is late: $(cat "$OUT"), it was $before before"
    in_guest cat /proc/sys/kernel/random/boot_id "/proc/$(sed -n 2p "$WORK/boot")/comm"
    expect_equal "boot and program" "$(cat "$OUT")" "$(sed -n 1p "$WORK/boot")
sleep"
}

live_snapshot() {
    step "a snapshot while a program writes with fsync"
    begin_writer
    expect_ok "$PGSUP" snapshot create test s1 --freeze-required
    expect_text "$OUT" "its file systems were frozen for "
    end_writer
    in_guest sudo touch /var/of-later
    expect_ok "$PGSUP" snapshot list test --json
    expect_equal "what is listed" "$(json_of '[(s["name"], s["state"], s["consistency"]) for s in it]')" "[('s1', 'kept', 'frozen')]"
}
restore_snapshot() {
    step "... restored: clean without recovery"
    expect_ok "$PGSUP" snapshot restore test s1 --no-safety
    expect_clean "$folder/os.qcow2"
    rm "$WORK/disk"
}
check_restored() {
    step "... what is there is what was synced before it, and nothing of later"
    in_guest cat /var/tmp/journal
    expect_journal "$OUT" snapshot
    in_guest ls /var
    expect_no_text "$OUT" of-later
}

afterwards() {
    end_supervisor
    expect_nothing_left
    expect_equal "the edited user-data" "$(cksum <"$folder/cloud-init/user-data")" "$edited"
    restore_snapshot
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
    check_restored

    step "it trusts its cache: cleaned over ssh"
    run "$PGSUP" ssh test -- test -e /var/lib/cloud/instance
    expect_equal "status of looking for the cache" "$STATUS" 0
    run "$PGSUP" instance set test --rerun-cloud-init # after 10 s it tells what it waits for
    expect_equal "status of set" "$STATUS" 0
    expect_text "$OUT" "cloud-init runs again at the next restart"
    run "$PGSUP" ssh test -- test -e /var/lib/cloud/instance
    expect_equal "status of looking for the cache" "$STATUS" 1
    stop_guest
    expect_text "$OUT" "stopped: guest-shutdown after "
    wait "$TERMINAL" || fail "vm.sh ended with status $?"
    expect_nothing_left
}
