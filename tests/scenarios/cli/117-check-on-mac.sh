# Goal: the script for people with a Mac runs here with those steps that need none, tells the others
# from them, and says so when a step is not as expected; its steps and launchd's jobs are well-formed.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
top=$(cd "$(dirname "$0")/../../.." && pwd)

step "what needs no Mac is good, the rest is skipped"
run "$top/scripts/check-on-mac" --pgsup "$PGSUP" --report "$WORK/report"
expect_equal "status" "$STATUS" 0
expect_text "$WORK/report" "good     version" "good     guide" "skipped  vmnet-shared" " 0 bad"

step "a program that does not run is found out"
printf '#!/bin/sh\nexit 137\n' >"$WORK/broken"
chmod +x "$WORK/broken"
run "$top/scripts/check-on-mac" --pgsup "$WORK/broken" --report "$WORK/report"
expect_equal "status" "$STATUS" 1
expect_text "$WORK/report" "BAD      version"

step "each step has its five fields"
! grep -v '^#' "$top/scripts/check-on-mac.steps" | awk -F';' 'NF != 5' | grep . || fail "the steps"

step "whether a static address is answered to, by a stand-in that says yes, and by one that says no"
printf '#!/bin/sh\nexec python3 "%s" "%s" "$@"\n' "$top/tests/fake/vmnet_helper.py" "$WORK/notes" >"$WORK/vmnet-helper"
chmod +x "$WORK/vmnet-helper"
probe() {
    python3 "$top/scripts/macos/probe-static" "$WORK/vmnet-helper" | tr '\n' ';'
}
expect_equal "all" "$(probe)" "static alone: answered;leased: answered;static beside a lease: answered;"
touch "$WORK/notes.strict"
expect_equal "leased only" "$(probe)" "static alone: dropped;leased: answered;static beside a lease: dropped;"

step "launchd's jobs"
for job in "$top"/scripts/launchd/*.plist; do
    python3 - "$job" <<'END' || fail "$job"
import plistlib, sys
job = plistlib.load(open(sys.argv[1], "rb"))
assert job["ProcessType"] == "Interactive" and job["AbandonProcessGroup"] is True
assert job["ExitTimeOut"] >= 120 and job["SoftResourceLimits"]["NumberOfFiles"] >= 10240
END
done
