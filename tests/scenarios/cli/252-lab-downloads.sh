# Goal: `pgsup apply` downloads several images at the same time, at most three, and creates meanwhile
# what needs none of them; an instance waits for its own image and for the one that it comes after.
# When one fails, or at a signal, all of them end, and the next apply completes it.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/empty.qcow2"
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/empty.qcow2"
hold=$WORK/hold
mkfifo "$WORK/leash"
serve() { # anew, because it counts
    rm -f "$WORK/web"
    python3 "$(dirname "$0")/lab_downloads.py" "$WORK/empty.qcow2" "$hold" <"$WORK/leash" \
        >"$WORK/web" &
    server=$!
    exec 9>"$WORK/leash"
    wait_until 60 test -s "$WORK/web"
    PORT=$(head -1 "$WORK/web")
    export PORT no_proxy='*'
}
end_server() {
    exec 9>&-
    wait "$server"
}
lab() { # PATH-OF-THE-LAST
    cat <<END_OF_LAB
images:
  one: {url: !env "http://127.0.0.1:\${PORT}/one-arm64.qcow2"}
  two: {url: !env "http://127.0.0.1:\${PORT}/two-arm64.qcow2"}
  three: {url: !env "http://127.0.0.1:\${PORT}/$1-arm64.qcow2"}
  four: {url: !env "http://127.0.0.1:\${PORT}/four-arm64.qcow2"}
defaults: {size: 64M, host-keys: guest, nics: [user]}
instances:
  late: {image: two}
  next: {image: empty, after: late}
  early: {image: empty}
  last: {image: four}
END_OF_LAB
}
are_asked_for() {
    [ "$(grep -c '^came' "$WORK/web")" = 3 ]
}
is_early() {
    [ -s "$PGSUP_HOME/instances/early/vm.sh" ]
}

echo "# interrupted while three are on their way; what needs none of them is there before"
serve
: >"$hold"
lab three >"$WORK/lab.yaml"
"$PGSUP" apply -f "$WORK/lab.yaml" >"$OUT" 2>"$ERR" &
apply=$!
wait_until 120 is_early
wait_until 120 are_asked_for
kill -TERM $apply # a shell lets its background ignore SIGINT
status=0
wait $apply || status=$?
[ "$status" = 143 ] || fail "status $status: $(cat "$ERR")"
run "$PGSUP" list --json
! grep -q late "$OUT" || fail "an instance without its image"
end_server

echo "# one fails: the others, which would never end, are given up"
serve
lab missing >"$WORK/lab.yaml"
expect_fail 3 "pgsup: get image three: " "$PGSUP" -q apply -f "$WORK/lab.yaml"
end_server

echo "# the same again completes it"
rm "$hold"
serve
lab three >"$WORK/lab.yaml"
run "$PGSUP" apply -f "$WORK/lab.yaml" # it may tell of its progress
expect_equal "status of apply" "$STATUS" 0
end_server
[ "$(tail -1 "$WORK/web")" = "most 3" ] || fail "not three at once: $(cat "$WORK/web")"
number() {
    grep -n "^$1" "$OUT" | head -1 | cut -d: -f1
}
[ "$(number 'get image two')" -lt "$(number 'create late')" ] || fail "before its image: $(cat "$OUT")"
[ "$(number 'create late')" -lt "$(number 'create next')" ] || fail "before the one before: $(cat "$OUT")"
! grep -q early "$OUT" || fail "made twice: $(cat "$OUT")"
expect_ok "$PGSUP" diff -f "$WORK/lab.yaml"
[ "$(cat "$OUT")" = "nothing to do" ] || fail "left to do: $(cat "$OUT")"
left=$(find "$PGSUP_HOME/images" -type f ! -name '*.qcow2')
[ -z "$left" ] || fail "left over: $left"
