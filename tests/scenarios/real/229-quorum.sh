# Goal: from an empty home to a quorum of three real Debian guests by one file: etcd of Debian's packages
# finds its peers by name; Ansible has the agents as a group, with variables of their own; the
# supervisor is killed without a lost ping between the guests; one member is killed and comes back; one
# reboots while no supervisor runs, and knows the others; one more is added by a line in the file.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
#
#   PGSUP_ETCD_PACKAGES  a folder with etcd-server and etcd-client of bookworm for arm64; fetched when
#                        not given
. "$(dirname "$0")/../debian.sh"
packages=${PGSUP_ETCD_PACKAGES:-$WORK/packages}

fetch_packages() { # with lists of their own, so that this computer's apt is left as it is
    local apt=$WORK/apt sources=$WORK/apt.list
    mkdir -p "$packages" "$apt/lists/partial" "$apt/cache/archives/partial"
    : >"$apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(sh "$(dirname "$0")/../../../scripts/debian-mirror") bookworm main" >"$sources"
    local options=(-q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root
        -o Dir::State="$apt" -o Dir::State::Lists="$apt/lists" -o Dir::State::status="$apt/status"
        -o Dir::Cache="$apt/cache" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::sourcelist="$sources")
    apt-get "${options[@]}" update >"$WORK/apt.log" 2>&1 || fail "apt-get update: $(tail -n2 "$WORK/apt.log")"
    (cd "$packages" && apt-get "${options[@]}" download etcd-server etcd-client) >"$WORK/apt.log" 2>&1 ||
        fail "apt-get download: $(tail -n2 "$WORK/apt.log")"
}
members=server=http://server:2380,agent-1=http://agent-1.lab.internal:2380,agent-2=http://agent-2:2380
configure() { # NAME STATE MEMBERS: what Debian's unit of etcd reads
    cat >"$WORK/etcd" <<END
ETCD_UNSUPPORTED_ARCH=arm64
ETCD_NAME=$1
ETCD_LISTEN_PEER_URLS=http://0.0.0.0:2380
ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:2379
ETCD_INITIAL_ADVERTISE_PEER_URLS=$(tr ',' '\n' <<<"$3" | sed -n "s/^$1=//p")
ETCD_ADVERTISE_CLIENT_URLS=http://$1:2379
ETCD_INITIAL_CLUSTER=$3
ETCD_INITIAL_CLUSTER_STATE=$2
ETCD_INITIAL_CLUSTER_TOKEN=lab
ETCD_HEARTBEAT_INTERVAL=1000
ETCD_ELECTION_TIMEOUT=10000
END
}
install_etcd() { # NAME
    expect_ok "$PGSUP" cp "$WORK/etcd" "$packages"/etcd-*.deb "$1:/var/tmp/"
    in_guest_of "$1" sudo sh -c '"mv /var/tmp/etcd /etc/default/etcd && dpkg --force-confold -i /var/tmp/etcd-*.deb >/var/tmp/dpkg.log 2>&1 &"'
}
etcd() { # NAME ARGUMENT…: what etcdctl says there is in $OUT
    run "$PGSUP" ssh "$1" -- ETCDCTL_API=3 etcdctl --dial-timeout=20s --command-timeout=60s "${@:2}"
    [ "$STATUS" = 0 ]
}
has_members() { # NAME COUNT: a quorum of so many, all of them healthy
    etcd "$1" endpoint health --cluster && [ "$(cat "$OUT" "$ERR" | grep -c 'is healthy')" = "$2" ]
}

[ -n "${PGSUP_ETCD_PACKAGES:-}" ] || fetch_packages
LAB='' make_cloud
expect_ok "$PGSUP" -q image import -n debian --arch aarch64 "${PGSUP_TEST_IMAGE:?the image of the Debian guest}"
cp "$(dirname "$0")/../../labs/quorum.yaml" "$WORK/lab.yaml"

step "three guests from one file"
expect_ok "$PGSUP" apply -f "$WORK/lab.yaml"
start_supervisor
run "$PGSUP" start server agent-1 agent-2 --wait --timeout $BOOT_TIMEOUT_S
expect_equal "status of start" "$STATUS" 0
for name in server agent-1 agent-2; do
    for other in server agent-1 agent-2; do
        in_guest_of $name getent hosts $other.lab.internal
        expect_text "$OUT" "10.77.0."
    done
    in_guest_of $name bash -c '"for each in server agent-1 agent-2.lab.internal; do exec 3<>/dev/tcp/\$each/22; head -c 8 <&3; done"'
    expect_equal "TCP by name from $name" "$(tr -d '\r\n' <"$OUT")" "SSH-2.0-SSH-2.0-SSH-2.0-"
done

step "Ansible over the group of the agents, with their variables"
run env LC_ALL=C.UTF-8 ansible -T 120 -e ansible_become=false -i "$(cd "$(dirname "$PGSUP")" && pwd)/pgsup-inventory" group_k3s_agent \
    -m command -a 'echo {{ inventory_hostname }} is {{ role }}'
expect_equal "status of ansible" "$STATUS" 0
expect_text "$OUT" "agent-1 is agent" "agent-2 is agent"
expect_no_text "$OUT" "server"

step "etcd forms a quorum by the names"
for name in server agent-1 agent-2; do
    configure $name new "$members"
    install_etcd $name
done
wait_until 300 has_members server 3
etcd server put lab it-works || fail "put"
etcd agent-2 get lab || fail "get"
expect_text "$OUT" it-works

step "the supervisor is killed: the guests go on, without a lost ping"
in_guest_of agent-1 sh -c '"nohup ping -i 0.5 -c 40 server >/var/tmp/ping 2>&1 &"'
kill_supervisor
sleep 5
etcd agent-1 put lab without-supervisor || fail "put without a supervisor"
start_supervisor
has_pinged() {
    "$PGSUP" ssh agent-1 -- cat /var/tmp/ping >"$OUT" 2>"$ERR"
    grep -q "40 packets transmitted, 40 received, 0% packet loss" "$OUT"
}
wait_until 60 has_pinged

step "a member is killed and comes back"
in_guest_of agent-2 sync # what was installed a minute ago
run "$PGSUP" kill agent-2
wait_until 120 etcd server put lab two-of-three
run "$PGSUP" start agent-2 --wait --timeout $BOOT_TIMEOUT_S
expect_equal "status of start" "$STATUS" 0
wait_until 300 has_members server 3
etcd agent-2 get lab || fail "get"
expect_text "$OUT" two-of-three

step "a reboot with no supervisor: the names are there, and the next supervisor takes it over"
boot_of() { # NAME: this boot's own number
    "$PGSUP" ssh "$1" -- cat /proc/sys/kernel/random/boot_id 2>/dev/null
}
BOOT=$(boot_of agent-1) && [ -n "$BOOT" ] || fail "no boot_id of agent-1"
process=$(pid_of agent-1)
kill_supervisor
run "$PGSUP" ssh agent-1 -- sudo systemctl reboot # the connection may break off
was_rebooted() {
    local now
    now=$(boot_of agent-1) && [ -n "$now" ] && [ "$now" != "$BOOT" ]
}
wait_until $BOOT_TIMEOUT_S was_rebooted
for other in server server.lab.internal agent-2 agent-2.lab.internal; do
    in_guest_of agent-1 getent hosts $other
    expect_text "$OUT" "10.77.0."
done
start_supervisor
wait_until 60 is_in_state agent-1 ready
expect_equal "process of agent-1" "$(pid_of agent-1)" "$process"
wait_until 300 has_members server 3

step "one more by a line in the file"
sed -i 's/agent-{1..2}/agent-{1..3}/' "$WORK/lab.yaml"
run "$PGSUP" diff -f "$WORK/lab.yaml"
expect_equal "status of diff" "$STATUS" 6
expect_equal "steps" "$(wc -l <"$OUT")" 1
expect_ok "$PGSUP" apply -f "$WORK/lab.yaml"
knows_it() { # NAME
    "$PGSUP" ssh "$1" -- grep -q agent-3.lab.internal /etc/hosts
}
began=$SECONDS
for name in server agent-1 agent-2; do
    wait_until 90 knows_it $name # a login alone takes long under emulation
done
printf 'known by name after %d s\n' $((SECONDS - began))
run "$PGSUP" start agent-3 --wait --timeout $BOOT_TIMEOUT_S
expect_equal "status of start" "$STATUS" 0
etcd server member add agent-3 --peer-urls=http://agent-3:2380 || fail "member add"
configure agent-3 existing "$members,agent-3=http://agent-3:2380"
install_etcd agent-3
wait_until 300 has_members agent-3 4
etcd agent-3 get lab || fail "get"
expect_text "$OUT" two-of-three
run "$PGSUP" stop --all
end_supervisor
expect_nothing_left
