# Goal: names and addresses that mean something else, or that two would have, are refused with what
# they are; what this host cannot give at once is told.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_key
make_image "$WORK/disk.qcow2" 64M
kind=$(bridged_kind) lo=$(loopback) some=$(any_interface)
new_home() { # NAME OPTION…
    export PGSUP_HOME=$WORK/$1
    expect_ok "$PGSUP" cloud create --no-admin-password --ssh-public-key "$KEY.pub" "${@:2}"
    expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
}
create() { # OPTION…
    "$PGSUP" instance create --os base --ram 64 --vcpu 1 -s 1G --host-keys guest "$@"
}
# STATUS|what is said|OPTION… of create
expect_all() {
    local status says words
    while IFS='|' read -r status says words; do
        # shellcheck disable=SC2086  # words of a command
        if [ "$status" = 0 ]; then
            expect_ok create -n new $words
            expect_ok "$PGSUP" instance remove -y new
        else
            expect_refused "$status" "$says" create $words
        fi
    done
}

step "names that mean something else to Ansible (ansible/ansible#22519) or to hosts(5)"
new_home user --network user
expect_ok create -n web
for name in all ungrouped localhost localhost4 localhost6 ip6-localhost ip6-loopback broadcasthost \
    0 123 2130706433 0x7f000001; do # the last ones are addresses to ping(8) and ssh(1); found here
    expect_refused 2 "\"$name\" cannot be the name of an instance, because it means" create -n "$name"
    expect_refused 2 "\"$name\" cannot be" "$PGSUP" instance clone web "$name"
    expect_refused 2 "\"$name\" cannot be" "$PGSUP" instance rename web "$name"
done
expect_ok create -n all-of-them
python3 - "$PGSUP_HOME/cloud.sqlite3" <<'END'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("UPDATE instances SET name = 'all' WHERE name = 'all-of-them'") # of an older pgsup
store.commit()
END
run "$PGSUP" inventory --list
expect_equal "status of the inventory" "$STATUS" 0
expect_text "$ERR" 'warning: left out: "all" cannot be the name'
expect_equal "hosts" "$(json_of 'list(it["_meta"]["hostvars"])')" "['web']"

step "user networking: what QEMU itself has"
expect_all <<END
2|10.0.2.0/24|-n x --ip 10.0.3.5
2|because it is a loopback address|-n x --ip 127.0.0.5
2|because it is a link-local address|-n x --ip 169.254.1.5
2|because it is a multicast address|-n x --ip 224.0.0.5
2|because it is a multicast address|-n x --ip 239.255.255.250
2|because it is in 240.0.0.0/4|-n x --ip 250.1.1.1
2|because it is a broadcast address|-n x --ip 255.255.255.255
2|because it is in 0.0.0.0/8|-n x --ip 0.0.0.0
3|10.0.2.2 belongs to the host|-n x --ip 10.0.2.2
3|10.0.2.3 belongs to the nameserver|-n x --ip 10.0.2.3
2|"$lo" for if= is the loopback interface|-n x --nic $kind,if=$lo
2|"$lo" for if= is the loopback interface|-n x --nic $kind,if=$lo,ip=10.1.0.5/24
2|overlaps with 10.0.2.0/24, that of network card 0|-n x --nic $kind,if=$lo,ip=10.0.2.9/24
2|overlaps with 10.0.2.0/24, that of network card 0|-n x --nic $kind,if=$lo,ip=10.0.0.9/16
2|because it is a loopback address|-n x --nic $kind,if=$lo,ip=127.0.0.5/8
2|because it is a link-local address|-n x --nic $kind,if=$lo,ip=169.254.9.9/16
2|because it is a multicast address|-n x --nic $kind,if=$lo,ip=224.0.0.9/24
0||--ip 10.0.2.77
0||--nic user --nic user
END

step "a network of the host's"
expect_refused 2 "\"$lo\" for --host-if is the loopback interface" "$PGSUP" -p "$WORK/none" cloud create \
    --no-admin-password --ssh-public-key "$KEY.pub" --network "$kind" --host-if "$lo" \
    --host-ip4 10.9.8.1 --host-nm4 255.255.255.0
new_home bridged --network "$kind" --host-if "$some" --host-ip4 10.9.8.1 --host-nm4 255.255.255.0 \
    --host-gw4 10.9.8.254 --host-ns4 10.9.8.53
expect_ok create -n web --ip 10.9.8.5
expect_all <<END
3|10.9.8.53 belongs to the nameserver|-n x --ip 10.9.8.53
3|10.9.8.254 belongs to the gateway|-n x --ip 10.9.8.254
3|10.9.8.1 belongs to the host|-n x --ip 10.9.8.1
3|10.9.8.5 belongs to the instance "web"|-n x --ip 10.9.8.5
3|10.9.8.53 belongs to the nameserver|-n x --nic $kind,if=$some,ip=10.9.8.53/24
3|10.9.8.6 belongs to the|-n x --ip 10.9.8.6 --nic $kind,if=$some,ip=10.9.8.6/24
3|10.1.0.5/24 belongs to a card|-n x --nic $kind,if=$some,ip=10.1.0.5/24 --nic $kind,if=$some,ip=10.1.0.5/24
3|10.1.0.5/16 belongs to network card 1 of the same instance|-n x --nic $kind,if=$some,ip=10.1.0.5/24 --nic $kind,if=$some,ip=10.1.0.5/16
2|overlaps with 10.1.0.0/24, that of network card 1|-n x --nic $kind,if=$some,ip=10.1.0.5/24 --nic $kind,if=$some,ip=10.1.9.5/16
2|overlaps with 10.9.8.0/24, that of network card 0|-n x --nic $kind,if=$some,ip=10.9.9.5/16
2|the subnet of the card user overlaps with 10.0.3.0/24, that of network card 2|-n x --nic user --nic $kind,if=$some,ip=10.0.3.5/24
2|the subnet of the card user overlaps with 10.0.4.0/24, that of network card 3|-n x --nic $kind,if=$some,ip=10.1.0.5/24 --nic user --nic $kind,if=$some,ip=10.0.4.5/24
2|the subnet of the card user overlaps with 10.0.4.0/24|-n x --nic $kind,if=$some,ip=10.0.4.5/24 --nic user
0||--ip 10.9.8.6 --nic $kind,if=$some,ip=10.9.8.7/24
0||--nic $kind,if=$some,ip=10.0.2.9/24
0||--nic $kind,if=$some,ip=10.1.0.5/24 --nic $kind,if=$some,ip=10.2.0.5/24 --nic user
END
expect_refused 2 "overlaps with 10.9.8.0/24" "$PGSUP" nic add web "$kind,if=$some,ip=10.9.0.9/16"
expect_ok "$PGSUP" nic add web "$kind,if=$some,ip=10.1.0.5/24"
expect_refused 2 "overlaps with 10.1.0.0/24" "$PGSUP" nic add web "$kind,if=$some,ip=10.1.0.6/20"
for address in 127.0.0.53 169.254.169.253 224.0.0.251; do
    expect_fail 2 "because it is a" "$PGSUP" -p "$WORK/none" cloud create --no-admin-password \
        --ssh-public-key "$KEY.pub" --network "$kind" --host-if "$some" --host-ip4 10.9.8.1 \
        --host-nm4 255.255.255.0 --host-ns4 "$address"
done

step "processors and space that this host does not have are told"
expect_ok create -n large --vcpu 64 -s 16T
expect_text "$OUT" "note: 64 virtual processors are more than the" "note: its disks may grow to 16 TiB, but $PGSUP_HOME has"
expect_ok "$PGSUP" instance set large --vcpu 63
expect_text "$OUT" "note: 63 virtual processors"
expect_ok "$PGSUP" disk add web data 16T
expect_text "$OUT" "note: its disks may grow to 16 TiB"
expect_ok create -n small
expect_no_text "$OUT" "note:"
