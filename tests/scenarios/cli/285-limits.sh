# Goal: under the limits of a shell, of the size of files and of open files, each command works or
# says in one sentence what is in the way, and nothing half-done is left.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/disk.qcow2" 64M
qemu-io -f qcow2 -c 'write -P 7 0 24M' "$WORK/disk.qcow2" >/dev/null
limited() { # LETTER LIMIT COMMAND…: bash's ulimit
    bash -c 'ulimit "-$0" "$1" && shift && exec "$@"' "$@"
}

expect_ok "$PGSUP" snapshot list # makes run/

step "files that may not grow: what is written says so, and leaves nothing"
expect_refused 1 "cannot copy $WORK/disk.qcow2" limited f 10000 "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
expect_text "$ERR" "File too large"
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
expect_ok "$PGSUP" instance create one --os base --ram 128 -s 64M
qemu-io -f qcow2 -c 'write -P 9 0 24M' "$PGSUP_HOME/instances/one/os.qcow2" >/dev/null
expect_refused 1 "File too large" limited f 10000 "$PGSUP" instance clone one two
expect_fail 1 "File too large" limited f 10000 "$PGSUP" export one --as libvirt --to "$WORK/export"
expect_equal "left of the export" "$(find "$WORK" \( -name 'export*' -o -name '*.part' -o -name '.new-*' \))" ""

step "what prints into such a file fails by a sentence, not by a signal"
status=0
limited f 0 "$PGSUP" help 2>&1 >"$WORK/printed" | cat >"$WORK/said" || status=$? # a pipe has no limit
expect_equal "status of help" "$status" 1
expect_equal "lines" "$(wc -l <"$WORK/said" | tr -d ' ')" 1
expect_text "$WORK/said" "pgsup: " "File too large"
[ ! -s "$WORK/printed" ] || fail "it was printed"

step "few open files are enough to run other programs"
expect_ok limited n 30 "$PGSUP" instance clone one two
run limited n 30 "$PGSUP" doctor
grep -q "^ok  *qemu-version" "$OUT" || fail "doctor runs no QEMU"
expect_text "$OUT" "a process may open 30 files, too few for a VM: raise the hard limit"
