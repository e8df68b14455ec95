# Goal: wherever a backup or its restore is killed, or the QEMU that is copied from, there is a whole
# backup or none, the instance is as it was or as the backup, and nothing is left of it after the next
# command; vm.sh starts no half of a restore.
#
# PGSUP_BACKUP_KILLS is the number of places of each kind, all: 1000.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
expect_ok "$PGSUP" disk add test data 32M
start_supervisor
mkdir "$WORK/out"
python3 "$(dirname "$0")/backup_kill.py" "$PGSUP" "$PGSUP_HOME" "${PGSUP_FAULT:?the library of tests/fault}" \
    "${PGSUP_BACKUP_KILLS:-2}" || fail "see above"
