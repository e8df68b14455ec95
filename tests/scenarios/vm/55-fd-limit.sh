# Goal: a supervisor that may not open more files says so to whoever asks for more; what it has goes
# on, and when something ends there is room again.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
names="a b c d e f g h i j"
# shellcheck disable=SC2086  # words are meant
make_machines $names
printf '#!/bin/sh\nulimit -n 44\nexec "$@"\n' >"$WORK/limited"
printf '#!/bin/sh\nulimit -Sn 44\nexec "$@"\n' >"$WORK/lowered"
chmod +x "$WORK/limited" "$WORK/lowered"

step "a low soft limit, as launchd's, is raised"
UP_BY=$WORK/lowered start_supervisor
# shellcheck disable=SC2086
quietly start $names
# shellcheck disable=SC2086
quietly stop -f $names
end_supervisor

UP_BY=$WORK/limited start_supervisor

step "starts until it is full"
refused=
for name in $names; do
    run "$PGSUP" -q start $name
    if [ "$STATUS" != 0 ]; then
        refused=$name
        break
    fi
done
[ -n "$refused" ] || fail "it was never full"
expect_equal "lines on stderr" "$(wc -l <"$ERR" | tr -d ' ')" 1
expect_text "$ERR" "pgsup: "
grep -qiE "too many open files|all the [0-9]+ clients" "$ERR" || fail "the sentence"

step "those that run are not harmed"
running=0
for name in $names; do
    [ "$name" != "$refused" ] || break
    running=$((running + 1))
    kill -0 "$(pid_of $name)" || fail "$name ended"
done
[ "$running" -ge 2 ] || fail "it was full at once"

step "room again"
quietly stop -f a
quietly stop -f b
quietly start "$refused"
expect_state "$refused" booting
expect_state c booting
quietly stop -f --all
end_supervisor
expect_no_process
