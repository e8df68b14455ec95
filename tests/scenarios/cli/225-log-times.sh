# Goal: `pgsup log` shows when the lines of the console came, where that is known, across the two files of
# the log and while it follows; requirements of Ansible are found beside their file.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
expect_ok "$PGSUP" create test --os base --ssh-port "$(free_port)"
log=$PGSUP_HOME/instances/test/console.log

step "a log without times is as it is"
printf 'one\ntwo\n' >"$log"
expect_ok "$PGSUP" log test
expect_equal "the log" "$(cat "$OUT")" "one
two"

step "times of both files; what came before the first is not known"
printf 'before\nolder\nolder too\n' >"$log.1"
echo '7 1700000000000' >"$log.1.times"
printf '4 1700000060000\n8 1700000120500\n' >"$log.times"
printf 'one\ntwo\nthree\nfour\n' >"$log"
expect_ok "$PGSUP" log test
expect_equal "the log" "$(cat "$OUT")" "                          before
2023-11-14T22:13:20.000Z  older
2023-11-14T22:13:20.000Z  older too
2023-11-14T22:13:20.000Z  one
2023-11-14T22:14:20.000Z  two
2023-11-14T22:15:20.500Z  three
2023-11-14T22:15:20.500Z  four"
expect_ok "$PGSUP" log test -n 1
expect_equal "the last" "$(cat "$OUT")" "2023-11-14T22:15:20.500Z  four"
expect_ok "$PGSUP" log test --raw -n 1
expect_equal "the last, raw" "$(cat "$OUT")" "four"

step "while it follows"
"$PGSUP" log test -f -n 1 >"$WORK/followed" &
at_exit "kill $! 2>/dev/null"
wait_until 10 grep -q four "$WORK/followed"
echo '19 1700000180000' >>"$log.times"
echo five >>"$log"
wait_until 10 grep -qx '2023-11-14T22:16:20.000Z  five' "$WORK/followed"

step "marks that make no sense are no marks"
for marks in '-1 5' 'x' '4' '4 -1' '99999999999999999999 1' ''; do
    echo "$marks" >"$log.times"
    rm -f "$log.1" "$log.1.times"
    expect_ok "$PGSUP" log test -n 1
    grep -q 'five$' "$OUT" || fail "$marks"
done
head -c 2000000 /dev/zero >"$log.times"
expect_ok "$PGSUP" log test -n 1
expect_equal "the last" "$(cat "$OUT")" "five"
