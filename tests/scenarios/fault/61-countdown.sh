# Goal: whichever single call of the supervisor fails (a write, an open, a socket, a new process, one
# of libuv or SQLite), it does not crash, leak or hang, says what failed, loses no VM, and the next
# supervisor finds all in order.
#
# PGSUP_FAULTS is the number of faults of each kind, PGSUP_FAULT_CALLS the kinds.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
mkdir "$WORK/bin"
ln -s "${PGSUP_FAKE_QEMU:?the fake QEMU, see tests/fake}" "$WORK/bin/qemu-system-aarch64"
export PATH=$WORK/bin:$PATH

step "one call fails after the other"
# shellcheck disable=SC2086  # words
python3 "$(dirname "$0")/countdown.py" "$PGSUP" "$PGSUP_HOME" \
    "${PGSUP_FAULT:?the library of tests/fault}" "${PGSUP_FAULTS:-40}" ${PGSUP_FAULT_CALLS:-} ||
    fail "see above"
expect_no_process
