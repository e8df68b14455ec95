# Goal: `pgsup launch` says when an instance or a home that exists is not as its options ask for, before it
# does anything; a new home gets the network that was asked for; `start --no-provision` holds deploy.yaml.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
launch() { # [OPTION…]
    "$PGSUP" launch base -n test ${AS_ROOT:+"$AS_ROOT"} "$@"
}

step "a new home gets the network that was asked for"
run "$PGSUP" launch -n test ${AS_ROOT:+"$AS_ROOT"} --network bridge --host-if nosuch0 --host-ip4 10.1.2.3
expect_text "$OUT" "--network bridge --host-if nosuch0 --host-ip4 10.1.2.3 --ph-port auto"
expect_text "$ERR" "nosuch0"
[ "$STATUS" != 0 ] || fail "a bridge that is not there"
rm -rf "$PGSUP_HOME"
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
port=$(free_port) forwarded=$(free_port)
expect_ok "$PGSUP" create test --os base --vcpu 1 --ram 64 --size 1G --ssh-port "$port" --group a,b --var x=1 --forward "127.0.0.1:$forwarded:80"

step "what differs is named, and nothing is done"
for differing in "--vcpu 2 (it has 1)" "--vcpu 1x (it has 1)" "--ram 1G (it has 64M)" "--size 2G (it has 1G)" "--seed http (it has drive)" \
    "--group c (it has not)" "--var x=2 (it has not)" "--forward 18100:80 (it has not)" "--autostart (it has no)"; do
    words=${differing%% (*}
    # shellcheck disable=SC2086
    expect_refused 3 "instance \"test\" exists and is not as asked for: $differing: change it by" launch $words
done
expect_refused 3 "--vcpu 2 (it has 1), --restart always (it has no)" launch --vcpu 2 --ram 64 --restart always
expect_refused 3 "the home exists, and its network is not as asked for" launch --network bridge --host-if br0

step "what is the same, and what cannot be compared, is no obstacle"
end_it() { "$PGSUP" -q kill test && "$PGSUP" -q down; }
at_exit 'end_it >/dev/null 2>&1'
run launch --no-wait --network user --vcpu 1 --ram 64M --size 1G --ssh-port "$port" --group b --var x=1 --forward "$forwarded:80" --no-lab --no-provision
expect_equal "status" "$STATUS" 0
expect_text "$ERR" "instance \"test\" exists: not applied, nor compared with what it has: --no-lab, --no-provision"

step "start --no-provision"
"$PGSUP" -q kill test
held() { sqlite3 -cmd '.timeout 20000' "$PGSUP_HOME/cloud.sqlite3" 'select holds_playbook from instances'; }
expect_equal "before" "$(held)" 0
run "$PGSUP" -q start test --no-provision
expect_equal "status" "$STATUS" 0
expect_equal "what holds deploy.yaml" "$(held)" 1
