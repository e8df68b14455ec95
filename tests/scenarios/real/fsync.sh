# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034,SC2154
# Sourced after debian.sh: a program in the guest "test" that writes with fsync(2), and what a copy of
# its disk must hold that was taken meanwhile.

# Each number is told to the host once fsync(2) says that it is on the disk.
writer='import itertools, os
log = open("/var/tmp/journal", "a")
for i in itertools.count(1):
    log.write("%d\n" % i)
    log.flush()
    os.fsync(log.fileno())
    print(i, flush=True)'
synced() {
    tail -n 1 "$WORK/acks"
}
more_than() { # NUMBER: of them are synced
    [ "$(synced)" -gt "$1" ]
}
begin_writer() { # $before: so many are synced
    printf '%s\n' "$writer" >"$WORK/writer.py"
    expect_ok "$PGSUP" cp "$WORK/writer.py" test:/var/tmp/writer.py
    "$PGSUP" ssh test -- exec python3 /var/tmp/writer.py >"$WORK/acks" &
    client=$!
    wait_until 60 test -s "$WORK/acks"
    wait_until 60 more_than 20
    before=$(synced)
}
end_writer() { # when the copy is there; $after: not more than so many are in it
    in_guest tail -n 1 /var/tmp/journal # what was told of it may still be on its way
    after=$(cat "$OUT")
    wait_until 60 more_than $((after + 20)) # it writes on
    kill "$client"
    wait "$client" 2>/dev/null || true
}

# expect_clean QCOW2: its largest partition, which is then $WORK/disk?offset=$offset.
expect_clean() {
    qemu-img convert -O raw "$1" "$WORK/disk"
    offset=$(python3 -c 'import struct, sys
disk = open(sys.argv[1], "rb")
disk.seek(1024) # the table of a GPT: UEFI specification, 5.3.3
parts = [struct.unpack_from("<QQ", disk.read(128), 32) for _ in range(128)]
print(max(parts, key=lambda part: part[1] - part[0])[0] * 512)' "$WORK/disk")
    e2fsck -fn "$WORK/disk?offset=$offset" >"$OUT" 2>&1 || fail "the file system is not clean"
    expect_no_text "$OUT" "recovering journal" "skipping journal recovery"
}
expect_journal() { # FILE WHAT: of the copy
    local last
    last=$(tail -n 1 "$1")
    seq "$last" | cmp - "$1" || fail "the journal has gaps"
    if [ "$last" -lt "$before" ] || [ "$last" -gt "$after" ]; then
        fail "it has $last; $before were synced before the $2, $after when it was there"
    fi
}
