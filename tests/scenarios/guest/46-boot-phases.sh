# Goal: a start that is stuck ends by its time limit, names the last sign of its boot, and leaves the
# VM alone.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines firmware
expect_ok "$PGSUP" image import -n mini --arch aarch64 "${PGSUP_MINI_IMAGE:?the mini guest}"
new_mini silent
sed -i.bak '/phone_home/,$d' "$PGSUP_HOME/instances/silent/cloud-init/user-data"
start_supervisor

step "no sign of a guest at all"
expect_fail 5 'firmware is not ready after 5 s: it is booting, the last sign of its boot was "started"' \
    "$PGSUP" -q start --wait --timeout 5 firmware
expect_state firmware booting

step "a guest that fetches its seed, in which no phone-home is"
quietly start silent
wait_until 120 has_event silent "meta-data fetched by mini"
expect_fail 5 'silent is not ready after 5 s: it is booting, the last sign of its boot was "seed"; the VM keeps running' \
    "$PGSUP" -q start --wait --timeout 5 silent
expect_state silent booting

step "the signs are in info, with their times"
expect_equal "phases" "$(info_of silent 'set(it["boots"][0]["phases_s"]) >= {"launched", "started", "firmware", "kernel", "seed"}')" True
expect_equal "ready" "$(info_of silent '"ready" in it["boots"][0]["phases_s"]')" False
run "$PGSUP" stop silent
expect_text "$OUT" "stopped: guest-shutdown after 1 press"
quietly stop -f --all
end_supervisor
expect_no_process
