# Goal: wherever a command on snapshots is killed, or the QEMU that makes one, the next command or
# start completes or undoes it: rows, folders and qcow2 files agree, and a restore is whole or was not.
#
# PGSUP_SNAPSHOT_KILLS is the number of places of each kind, all: 1000.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
expect_ok "$PGSUP" disk add test data 32M
start_supervisor
python3 "$(dirname "$0")/snapshot_kill.py" "$PGSUP" "$PGSUP_HOME" "${PGSUP_FAULT:?the library of tests/fault}" \
    "${PGSUP_SNAPSHOT_KILLS:-2}" || fail "see above"
