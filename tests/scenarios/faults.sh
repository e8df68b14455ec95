# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Sourced by the scenarios of faults instead of lib.sh, which it includes: VMs that need no guest,
# and what is asked about them.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# make_machines NAME…: a cloud and instances whose processor sleeps for ever instead of running
# firmware: a real QEMU that starts at once and costs nothing. The power button does nothing to it.
make_machines() {
    local name
    make_cloud
    make_image "$WORK/empty.qcow2" 64M
    expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/empty.qcow2"
    for name in "$@"; do
        make_machine "$name"
    done
}
make_machine() { # NAME [OPTION…]
    # shellcheck disable=SC2046  # words
    expect_ok "$PGSUP" instance create "$@" --os empty --vcpu 1 --ram 64 --accel tcg \
        --ssh-port "$(free_port)" $(seed_words "$@")
    idle "$1"
}

# our_qemus: pid and words of each VM of this scenario, also of those whose pid file was removed.
our_qemus() {
    ps -axww -o pid=,args= | awk -v home="$PGSUP_HOME/instances/" \
        '$2 ~ /qemu-system/ && index($0, home)'
}
end_qemus() {
    local pid
    for pid in $(our_qemus | awk '{print $1}'); do
        kill -9 "$pid"
    done
}
at_exit end_qemus

expect_no_process() {
    [ -z "$(our_qemus)" ] || fail "still runs: $(our_qemus | cut -c1-100)"
    [ -z "$SUPERVISOR" ] || is_gone "$SUPERVISOR" || fail "the supervisor still runs"
}

# quietly COMMAND…: of pgsup, ends well; progress is not shown.
quietly() {
    run "$PGSUP" -q "$@"
    [ "$STATUS" = 0 ] || fail "status $STATUS, expected 0: $*"
}

# guest_runs NAME: "cont" has been sent when a start is answered, and may still be on its way.
guest_runs() {
    case $("$PGSUP" qmp "$1" query-status) in *'"running": true'*) ;; *) return 1 ;; esac
}

# wait_state NAME STATE [SECONDS]
wait_state() {
    wait_until "${3:-30}" is_in_state "$1" "$2"
}
expect_state() { # NAME STATE
    expect_equal "state of $1" "$(state_of "$1")" "$2"
}

# expect_reason NAME TEXT…: the sentence for its state has each text; wait_reason waits for one.
expect_reason() {
    local text
    for text in "${@:2}"; do
        has_reason "$1" "$text" || fail "the reason for $1 lacks \"$text\": $(reason_of "$1")"
    done
}
wait_reason() { # NAME TEXT [SECONDS]
    wait_until "${3:-30}" has_reason "$1" "$2"
}
has_reason() {
    case $(reason_of "$1") in *"$2"*) ;; *) return 1 ;; esac
}
reason_of() {
    field_of "$1" 'it["reason"]'
}

# info_of NAME EXPRESSION: Python over "it", what `pgsup info` tells.
info_of() {
    "$PGSUP" info "$1" --json 2>/dev/null |
        python3 -c "import json,sys; it = json.load(sys.stdin); print(($2))"
}

# in_store SQL: on the home's store, while nobody else writes to it.
in_store() {
    python3 - "$PGSUP_HOME/cloud.sqlite3" "$1" <<'END'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], timeout=20)
for row in store.execute(sys.argv[2]):
    print(*row, sep="|")
store.commit()
END
}
