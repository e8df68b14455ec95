# Goal: starting, stopping and adopting VMs leaks no memory and makes no error that valgrind sees.
# shellcheck shell=bash source-path=SCRIPTDIR
if ! command -v valgrind >/dev/null; then
    echo "skipped: valgrind is not installed"
    exit 77
fi
. "$(dirname "$0")/../faults.sh"
make_machines one two

UP_BY="valgrind --quiet --error-exitcode=9 --leak-check=full --child-silent-after-fork=yes
    --errors-for-leak-kinds=definite,indirect,possible --log-file=$WORK/valgrind.%p"
# Valgrind 3.19 does not know pidfd_open(2), number 434, and says so; the process is polled then.
valgrind_says() {
    sed -E '/unhandled [a-z0-9]+-linux syscall: 434$/,/valgrind.org.support.bug_reports/d' "$WORK"/valgrind.*
}
expect_clean() {
    local status=0
    wait "$SUPERVISOR" || status=$?
    SUPERVISOR=
    [ $status = 0 ] || fail "status $status: $(valgrind_says)"
    expect_equal "what valgrind says" "$(valgrind_says)" ""
    rm -f "$WORK"/valgrind.*
}

step "start, pause, restart, stop, a failure"
start_supervisor
quietly start one two
quietly pause one
quietly resume one
quietly restart -f one
quietly stop -f two
kill -9 "$(pid_of one)"
wait_state one failed
expect_fail 3 '"ghost"' "$PGSUP" -q start ghost
quietly start one
"$PGSUP" -q stop --timeout 100 one 2>/dev/null &
wait_state one stopping
quietly stop -f one
quietly start one two
quietly down --keep
expect_clean

step "adoption, and the end by down"
start_supervisor
wait_state one running 30
wait_state two running 30
quietly pause two
quietly stop -f --all
quietly down
expect_clean
expect_no_process
