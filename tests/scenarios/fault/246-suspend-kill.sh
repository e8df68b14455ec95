# Goal: wherever the supervisor or QEMU is killed while memory goes to disk or comes back, the next
# supervisor or start goes on from there, or boots as after a power cut: never with old memory beside
# disks that have gone on, and never with a guest that stands still.
#
# PGSUP_SUSPEND_KILLS is the number of places of each kind, all: 1000.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
expect_ok "$PGSUP" disk add test data 32M
python3 "$(dirname "$0")/suspend_kill.py" "$PGSUP" "$PGSUP_HOME" "${PGSUP_FAULT:?the library of tests/fault}" \
    "${PGSUP_SUSPEND_KILLS:-2}" "$WORK/idle.fw" || fail "see above"
expect_no_process
