# Goal: who was told that a VM has stopped finds that in `events` and `info`, even if the supervisor
# could not write it down before it answered; one that does not answer is not waited for long.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one
start_supervisor

# Prints what the command reads that is begun while nothing can be written yet, after a stop.
read_after_stop() { # WORD…: of pgsup
    python3 - "$PGSUP_HOME/cloud.sqlite3" "$PGSUP" "$@" <<'END'
import sqlite3, subprocess, sys, time
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN IMMEDIATE")
subprocess.run([sys.argv[2], "-q", "stop", "-f", "one"], check=True, stdout=subprocess.DEVNULL)
reader = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, text=True)
reader.poll() is None and time.sleep(1) # until it asks; after 2 s it would not wait any longer
store.execute("ROLLBACK")
print(reader.communicate()[0], end="")
sys.exit(reader.returncode)
END
}

step "the last event"
quietly start one
read_after_stop events -v one -n 5 >"$WORK/events" || fail "events ended with $?"
expect_text "$WORK/events" "--exited--> stopped: quit"

step "the end of the last boot"
quietly start one
read_after_stop info one --json >"$WORK/info" || fail "info ended with $?"
expect_equal "its cause" \
    "$(python3 -c 'import json,sys; print(json.load(sys.stdin)["boots"][0]["end_cause"])' <"$WORK/info")" \
    host-qmp-quit

step "a supervisor that does not answer"
frozen=$(supervisor_pid)
at_exit "kill -CONT $frozen 2>/dev/null"
kill -STOP "$frozen"
expect_ok "$PGSUP" events one
expect_text "$OUT" "stopped"
kill -CONT "$frozen"
end_supervisor
expect_no_process
