# shellcheck shell=bash
# Sourced by lib.sh. A process beside the scenario, which ends what hangs and tells what it was: a
# command of run() after PGSUP_COMMAND_LIMIT seconds, and whatever it is, if the scenario goes on for
# PGSUP_SCENARIO_LIMIT seconds, shortly before ctest would kill it without a word. 0 or nothing: never.
# It looks every $WATCH_S seconds. A command's time is counted in looks, so that a computer that sleeps or
# is busy gives it more of it.
#
# run() adds its words to $WORK/.runs when it begins, and a line of one dot when it ends. The watch moves
# that file away, so while no new one comes it is one and the same command.
: "${PGSUP_COMMAND_LIMIT:=0}" "${PGSUP_SCENARIO_LIMIT:=0}"
WATCH_S=${PGSUP_WATCH_S:-5}

# watched_processes WATCH: what this scenario's shell began, but the watch and supervisors, which other
# things depend on.
watched_processes() {
    ps -axww -o pid=,ppid=,args= | awk -v top=$$ -v watch="$1" -v up="$PGSUP up" '
        { parent[$1] = $2; args[$1] = $0 }
        function left_out(pid) { return pid == watch || index(args[pid], up) }
        END {
            for (pid in parent) {
                for (each = pid; each in parent && each != top && !left_out(each); each = parent[each])
                    continue
                if (each == top && pid != top)
                    print pid
            }
        }'
}

# watch_report WHAT WATCH
watch_report() {
    local pid columns="pid,ppid,stat,wchan:24,etime,args"
    [ "$(uname -s)" != Darwin ] || columns="pid,ppid,stat,wchan,etime,args"
    {
        echo "HANGS: $1"
        ps -axww -o $columns | awk -v work="$WORK" -v pids="$$ $(watched_processes "$2" | tr '\n' ' ')" '
            BEGIN { n = split(pids, list, " "); for (i = 1; i <= n; i++) wanted[list[i]] = 1 }
            NR == 1 || $1 in wanted || index($0, work)' | cut -c1-400
        for pid in $(watched_processes "$2"); do
            [ ! -r "/proc/$pid/stack" ] || sed "s/^/  $pid: /" "/proc/$pid/stack" /proc/"$pid"/task/*/syscall
        done
    } >&3
    show_logs 2>&3
    : >"$WORK/.hung"
}

# watch_end WATCH: of all that was begun, and so of the scenario, whose shell hears of its own signal
# when its command has ended.
watch_end() {
    local all
    trap '' TERM
    all=$(watched_processes "$1" | tr '\n' ' ')
    kill -TERM $$
    # shellcheck disable=SC2086  # words
    kill -TERM $all
    sleep 2 3>&-
    # shellcheck disable=SC2046,SC2086  # words
    kill -KILL $all $(watched_processes "$1")
}

# watch_command: of what run() began and has not ended, the words; "" if there is none.
watch_command() {
    awk '$0 == "." { text = ""; next } { text = text $0 "\n" } END { printf "%s", text }' "$WORK/.ran" | head -c 1000
}

watch() {
    local same=0 self what command_looks
    set +e
    exec 3>&2 2>/dev/null # who began the scenario waits until nothing can write there any more
    SECONDS=0
    trap 'kill $! 2>/dev/null; exit' TERM # the sleep
    self=$(sh -c 'echo $PPID')
    command_looks=$(awk "BEGIN { print int($PGSUP_COMMAND_LIMIT / $WATCH_S) }")
    while kill -0 $$ && [ -d "$WORK" ]; do
        sleep "$WATCH_S" 3>&- &
        wait $!
        same=$((same + 1)) what=
        if [ -e "$WORK/.runs" ]; then
            mv "$WORK/.runs" "$WORK/.ran"
            same=0
        fi
        if [ "$command_looks" != 0 ] && [ "$same" = "$command_looks" ] && [ -n "$(watch_command)" ]; then
            what="after $PGSUP_COMMAND_LIMIT s: $(watch_command)"
        elif [ "$PGSUP_SCENARIO_LIMIT" != 0 ] && [ $SECONDS -ge "$PGSUP_SCENARIO_LIMIT" ]; then
            what="the scenario, which goes on for $PGSUP_SCENARIO_LIMIT s; last: $(tail -n 2 "$WORK/.ran" | head -c 1000)"
        fi
        [ -n "$what" ] || continue
        watch_report "$what" "$self"
        watch_end "$self"
        return
    done
}

if [ "$PGSUP_COMMAND_LIMIT" != 0 ] || [ "$PGSUP_SCENARIO_LIMIT" != 0 ]; then
    : >"$WORK/.ran"
    watch </dev/null >/dev/null &
    WATCH=$!
    disown "$WATCH" || true # no wait is for it
fi
