# Goal: the supervisor is killed at random moments, again and again, while ten VMs start, stop and
# pause: no VM dies of it, each is supervised again, no state is wrong, and the store is whole.
#
# PGSUP_CHAOS is the number of kills, PGSUP_CHAOS_SEED repeats a run.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
kills=${PGSUP_CHAOS:-100}
seed=${PGSUP_CHAOS_SEED:-$RANDOM}
make_machines vm0 vm1 vm2 vm3 vm4 vm5 vm6 vm7 vm8 vm9

step "$kills kills, seed $seed"
python3 "$(dirname "$0")/chaos.py" "$PGSUP" "$PGSUP_HOME" "$kills" "$seed" ||
    fail "PGSUP_CHAOS_SEED=$seed"

step "the store is whole"
expect_equal "integrity_check" "$(in_store 'PRAGMA integrity_check')" ok
expect_equal "foreign_key_check" "$(in_store 'PRAGMA foreign_key_check')" ""

step "all are supervised, and end when they are told to"
start_supervisor
for n in 0 1 2 3 4 5 6 7 8 9; do
    wait_state vm$n running 20
done
quietly stop -f --all
end_supervisor
expect_no_process
