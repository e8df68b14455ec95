# Goal: a guest of which nothing is heard has the causes as its reason, in the order in which to look,
# until it is heard of, be it by a lease of macOS's DHCP server; and QEMU's own vmnet, which fails at
# first when the computer has just started, is tried again. QEMU and vmnet-helper are stand-ins.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
mkdir "$WORK/bin"
ln -s "${PGSUP_FAKE_QEMU:?the fake QEMU, see tests/fake}" "$WORK/bin/qemu-system-aarch64"
cat >"$WORK/bin/vmnet-helper" <<END
#!/bin/sh
exec python3 '$(cd "$(dirname "$0")/../../fake" && pwd)/vmnet_helper.py' '$WORK/notes' "\$@"
END
cat >"$WORK/bin/socketfilterfw" <<'END'
#!/bin/sh
case $1 in
--getglobalstate) echo "Firewall is enabled. (State = 1)" ;;
--listapps) echo "Total number of apps = 0" ;;
esac
END
chmod +x "$WORK"/bin/*
set_file awake 0
set_file early "-$(cut -d. -f1 /proc/uptime)"
: >"$WORK/faults"
UP_BY="env LD_PRELOAD=${PGSUP_WALL_CLOCK:?the library of tests/fault/wall_clock.c} \
    AWAKE_FILE=$WORK/awake SLEPT_FILE=$WORK/early PGSUP_DHCPD_LEASES=$WORK/leases"
export FAKE_QEMU_FILE=$WORK/faults PATH=$WORK/bin:$PATH
make_key
expect_ok "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" \
    --network vmnet-helper --ph-port "$(free_port)"
make_image "$WORK/empty.qcow2" 64M
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/empty.qcow2"
expect_ok "$PGSUP" instance create one --os empty --vcpu 1 --ram 64 --accel tcg
start_supervisor

step "vmnet is not there yet when the computer starts"
printf '%s\n' "stderr=cannot create vmnet interface: general failure (possibly not enough privileges)" \
    exit=1 >"$WORK/faults"
run "$PGSUP" -q start one
expect_equal "status of start" "$STATUS" 1
expect_event one "general failure (possibly not enough privileges); starts again in 1 s"
printf '%s\n' "console=EFI stub: Booting" "stderr=warning: this QEMU is a stand-in" >"$WORK/faults.new"
mv "$WORK/faults.new" "$WORK/faults" # whole: a QEMU may begin just now
wait_state one booting
set_file early 0
expect_event one "kernel"
expect_equal "what QEMU warns of" "$(info_of one 'it["warnings"]')" "['this QEMU is a stand-in']"

step "a kernel that panicked before its panic device worked is not waited for"
quietly stop -f one
printf '%s\n' "console=---[ end Kernel panic - not syncing: Fatal exception in interrupt ]---" >"$WORK/faults"
expect_fail 3 "one gets no further: the kernel of the guest panicked, its console says; \`pgsup log one\` has its last words" \
    "$PGSUP" -q start one --wait --timeout 120
expect_event one "the kernel of the guest panicked, its console says"
: >"$WORK/faults"
quietly reset one
wait_until 20 eval '[ "$(reason_of one)" = None ]'
quietly stop -f one
printf '%s\n' "console=EFI stub: Booting" >"$WORK/faults"
quietly start one
expect_event one "kernel"

step "nothing is heard of it"
sleep 6 # it is being watched
expect_equal "reason" "$(reason_of one)" None
awake=0
is_told() { # TEXT: when as long as it is waited for has passed since it is being watched, whenever that began
    awake=$((awake + 301))
    set_file awake $awake
    sleep 6
    has_reason one "$1"
}
wait_until 60 is_told "nothing is heard of the guest 300 s after its kernel started"
expect_reason one "1. the application firewall is on and does not let in /usr/libexec/bootpd" \
    "2. a VPN or the content filter" "3. the guest itself: \`pgsup console\`"
expect_event one "1. the application firewall is on"

step "until there is a lease"
mac=$("$PGSUP" instance get one --json | sed -n 's/.*"mac": "\(.*\)".*/\1/p')
short=${mac//:0/:}
printf '{\n\tname=one\n\tip_address=192.168.105.77\n\thw_address=1,%s\n\tidentifier=1,%s\n\tlease=0x7fffffff\n}\n' \
    "$short" "$short" >"$WORK/leases"
expect_event one "192.168.105.77 (lease)"
expect_event one "the guest is heard of"
expect_equal "reason" "$(reason_of one)" None
expect_equal "address" "$("$PGSUP" ip one)" 192.168.105.77
quietly stop -f one

step "an address, but a firewall in front of pgsup"
quietly start one
expect_event one "kernel"
sleep 6
wait_until 60 is_told "the guest has an address, but nothing of it comes through to pgsup: the application firewall does not let in /"
quietly stop -f one
end_supervisor

step "a home that macOS does not let a job open"
expect_fail 3 "cannot be opened (Operation not permitted): on a Mac, jobs of launchd" env \
    LD_PRELOAD="${PGSUP_DENIED:?the library of tests/fault/denied.c}" DENIED="$PGSUP_HOME" "$PGSUP" list

step "a static address where macOS leases them"
expect_ok "$PGSUP" instance create two --os empty --vcpu 1 --ram 64 --ip 192.168.105.200
expect_text "$OUT" "note: macOS may drop what a guest sends from a static address"
expect_ok "$PGSUP" instance set two --ip ""
expect_no_text "$OUT" "macOS may drop"
expect_no_process
