# Goal: the real cloud-init and sshd in libvirt, after an export: the same instance-id, machine-id, host
# keys, card and address, no second first boot, the guest's agent answers, and it shuts down when asked.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../debian.sh"
. "$(dirname "$0")/../libvirt.sh"
make_cloud
expect_ok "$PGSUP" image import -n debian "${PGSUP_TEST_IMAGE:?the image of the Debian guest}"
new_debian test --seed drive --ip 10.0.2.77 --ssh-port "$(free_port)"
start_supervisor

# What a guest is known by, of one line each.
cat >"$WORK/ask" <<'END'
hostname; cat /etc/machine-id /var/lib/cloud/data/instance-id
ls /var/lib/cloud/instances
ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
ip -4 -o address show scope global | awk '{print $2, $4}'
END
start_guest
in_guest sudo sh -s <"$WORK/ask"
cp "$OUT" "$WORK/here"
expect_text "$WORK/here" enp0s16 10.0.2.77/24
stop_guest
end_supervisor

step "the same guest in libvirt"
expect_ok "$PGSUP" export test --as libvirt --to "$WORK/out"
start_libvirt "$WORK/out"
run virsh_there define domain.xml
expect_equal "status of define" "$STATUS" 0
run virsh_there start test
expect_equal "status of start" "$STATUS" 0
agent() { # JSON
    virsh_there qemu-agent-command test "$1"
}
agent_answers() { agent '{"execute":"guest-ping"}'; }
wait_until $BOOT_TIMEOUT_S agent_answers
ask_there() { # what the script says as root, in $WORK/there.answer
    local pid status
    pid=$(agent "{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"/bin/sh\",\"input-data\":\"$(base64 -w0 "$WORK/ask")\",\"capture-output\":true}}" |
        sed 's/.*"pid":\([0-9]*\).*/\1/')
    for _ in $(seq 100); do
        status=$(agent "{\"execute\":\"guest-exec-status\",\"arguments\":{\"pid\":$pid}}")
        case $status in *'"exited":true'*) break ;; esac
        sleep 0.2
    done
    printf '%s' "$status" | sed -n 's/.*"out-data":"\([^"]*\)".*/\1/p' | base64 -d >"$WORK/there.answer"
}
is_the_same() { ask_there && cmp -s "$WORK/here" "$WORK/there.answer"; }
wait_until 120 is_the_same || { diff "$WORK/here" "$WORK/there.answer"; fail "it is another one"; }

step "the power button"
run virsh_there shutdown test
expect_equal "status of shutdown" "$STATUS" 0
is_off_there() { [ "$(virsh_there domstate test)" = "shut off" ]; }
wait_until 180 is_off_there
end_libvirt
expect_nothing_left
