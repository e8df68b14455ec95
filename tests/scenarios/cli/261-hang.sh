# Goal: a command that hangs ends its scenario with a sentence that names it and with the processes that
# there were; a scenario that goes on for ever likewise, whatever it does; nothing of them stays, and
# what only takes its time is left alone. And lib.sh's own tools: timeout, ports of scenarios that
# were killed, and whom a scenario ends with itself.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
lib=$(cd "$(dirname "$0")/.." && pwd)/lib.sh
nested() { # COMMAND-LIMIT SCENARIO-LIMIT TEXT: a scenario in this one
    printf '. "%s"\necho "$WORK" >"%s"\n%s\n' "$lib" "$WORK/of-nested" "$3" >"$WORK/nested.sh"
    : >"$WORK/of-nested"
    run env PGSUP_WATCH_S=0.2 PGSUP_COMMAND_LIMIT="$1" PGSUP_SCENARIO_LIMIT="$2" bash "$WORK/nested.sh"
}
expect_hang() { # SLEEP TEXT: it hung in that sleep
    expect_equal "status" "$STATUS" 1
    expect_text "$ERR" "HANGS: $2" "sleep $1"
    expect_no_text "$OUT" "it goes on"
    wait_until 10 eval '! ps -axww -o args= | grep -x "sleep $hangs"'
    [ ! -e "$(cat "$WORK/of-nested")" ] || fail "the folder of the scenario is left"
}
hangs=50$$ # seconds, of nobody else

step "a command"
nested 1 0 "echo it is told >\"\$UP_LOG\"; expect_ok sleep $hangs; echo it goes on"
expect_hang $hangs "after 1 s: sleep $hangs"
expect_text "$ERR" "up.log: it is told"
nested 1 0 "sits() { sh -c 'trap \"\" TERM; sleep $hangs | cat' || true; }; run sits; echo it goes on"
expect_hang $hangs "after 1 s: sits"

step "a scenario, in what is not watched as a command"
nested 0 4 "run true; said=\$(sleep $hangs | cat); echo it goes on"
expect_hang $hangs "the scenario, which goes on for 4 s"
nested 0 4 "sh -c 'trap \"\" TERM; sleep $hangs' & wait \$!; echo it goes on"
expect_hang $hangs "the scenario, which goes on for 4 s"

step "what takes its time, together longer than one may"
nested 3 0 'for each in 1 2 3 4 5 6; do run sleep 0.6; done; sleep 0.5; echo it goes on'
expect_equal "status" "$STATUS" 0
expect_text "$OUT" "it goes on"

step "timeout of a system that has none"
for words in "0 5 true" "7 5 sh -c 'exit 7'" "124 1 sleep $hangs" "124 -s INT 1 sleep $hangs" \
    "137 5 sh -c 'kill -9 \$\$'" "127 5 $WORK/nonesuch"; do
    eval "run portable_timeout ${words#* }"
    expect_equal "status of timeout ${words#* }" "$STATUS" "${words%% *}"
done
echo word | portable_timeout 5 cat >"$WORK/words"
expect_equal "what it reads" "$(cat "$WORK/words")" word

step "a port of a scenario that was killed is free again, that of one that runs is not"
sh -c 'echo $$' >"$WORK/ended"
cat "$WORK/ended" >"$PORTS/left-$$"
echo $$ >"$PORTS/kept-$$"
free_port >"$WORK/port"
[ ! -e "$PORTS/left-$$" ] || fail "the port is still taken"
[ -e "$PORTS/kept-$$" ] || fail "the port was taken from its scenario"
expect_equal "whose it is" "$(cat "$PORTS/$(cat "$WORK/port")")" $$
rm "$PORTS/kept-$$"

step "at its exit a scenario ends what is its own, and nobody who has the number of what was"
sleep $hangs &
foreign=$!
nested 0 0 "sleep 51$$ & at_exit \"kill \$!\"; echo \$! >'$WORK/child'
(exec -a \"sleep \$WORK\" sleep 51$$ & echo \$! >'$WORK/named'); at_exit \"kill \$(cat '$WORK/named')\"
at_exit 'kill $foreign 2>/dev/null'; at_exit 'kill -9 $foreign'"
expect_equal "status" "$STATUS" 0
wait_until 10 is_gone "$(cat "$WORK/child")"
wait_until 10 is_gone "$(cat "$WORK/named")"
kill $foreign || fail "another one's process was ended"
