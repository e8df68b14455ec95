# Goal: of a VM that runs, a new supervisor asks no more than who it is and what it does before it
# tells its state; of one that stands still also why. What is left it asks a moment later.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one two
mkdir "$WORK/bin"
ln -s "${PGSUP_FAKE_QEMU:?the fake QEMU, see tests/fake}" "$WORK/bin/qemu-system-aarch64"
printf 'tell-commands\n' >"$WORK/faults"
begin() {
    FAKE_QEMU_FILE=$WORK/faults PATH=$WORK/bin:$PATH start_supervisor
}
log_of() {
    echo "$PGSUP_HOME/instances/$1/qemu.log"
}
asked() { # NAME: on one line, what it was asked since the supervisor was killed
    tail -n "+$((${old[$1]} + 1))" "$(log_of "$1")" | sed -n 's/.*told to //p' | tr '\n' ' '
}
has_been_asked() { # NAME COMMANDS
    [[ "$(asked "$1")" == "$2 "* ]]
}
declare -A old

step "one runs, two is paused: the supervisor is killed, and another one begins"
begin
quietly start one two
quietly pause two
kill_supervisor
for name in one two; do
    old[$name]=$(wc -l <"$(log_of "$name")")
done
begin
wait_state one running 10
wait_state two paused 10

step "what each was asked, in this order"
wait_until 10 has_been_asked one "qmp_capabilities query-uuid query-status query-jobs query-chardev"
wait_until 10 has_been_asked two \
    "qmp_capabilities query-uuid query-status query-block query-jobs query-status query-chardev"

step "it has them in hand"
quietly resume two
expect_state two running
quietly stop -f one two
expect_state one stopped
expect_state two stopped
end_supervisor
expect_no_process
