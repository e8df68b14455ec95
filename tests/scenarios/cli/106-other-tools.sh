# Goal: who comes from the predecessor or from another tool types what he knows: -n NAME works
# wherever a name is an argument, and --memory, --cpus, --disk and --image are what he takes them for.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
expect_ok "$PGSUP" image import --name spare --arch aarch64 "$WORK/disk.qcow2"

# WORDS: for `instance create -n test …`, and what becomes of them as VCPU RAM DISK IMAGE
step "limactl's and multipass's names" # also the older --mem: jonathanbossenger/wp-local-env#26
while IFS='|' read -r words expected; do
    # shellcheck disable=SC2086  # words of a command
    expect_ok "$PGSUP" instance create -n test $words
    expect_ok "$PGSUP" instance get -n test --json
    expect_equal "$words" \
        "$(json_of 'it["vcpu"], it["ram_bytes"] >> 20, it["disk_bytes"] >> 20, it["image"]')" "$expected"
    expect_ok "$PGSUP" instance remove -y -n test
done <<'END'
--image base --cpus 1 --memory 512M --disk 1G|(1, 512, 1024, 'base')
--image=base --cpus=1 --memory=1G --disk=2G|(1, 1024, 2048, 'base')
--os base --vcpu 1 --mem 256M --size 1G|(1, 256, 1024, 'base')
--os base --ram 256 --vcpu 1 -s 1G|(1, 256, 1024, 'base')
--memory 128 --image spare --disk 1GiB --cpus 2|(2, 128, 1024, 'spare')
END
expect_refused 2 'or a unit such as 4G' "$PGSUP" instance create -n test --image base --memory 4
expect_ok "$PGSUP" instance create -n test --os base --ram 256 --vcpu 1 -s 1G
expect_ok "$PGSUP" instance set -n test --memory 300 --cpus 1

# Each command, said in both ways, says the same.
step "-n NAME, --name NAME and --name=NAME"
while IFS='|' read -r command rest; do
    # shellcheck disable=SC2086  # words of a command
    for words in "test $rest" "-n test $rest" "--name test $rest" "--name=test $rest" "-ntest $rest" \
        "$rest -n test"; do
        run "$PGSUP" $command $words
        sed -E 's/[0-9.]+ (min [0-9]+ s|min|ms|s)//' "$OUT" "$ERR" >"$WORK/said"
        echo "status $STATUS" >>"$WORK/said"
        [ "$words" != "test $rest" ] || cp "$WORK/said" "$WORK/expected"
        cmp -s "$WORK/said" "$WORK/expected" || fail "$command $words says something else"
    done
    ! grep -q '^status 2$' "$WORK/said" || fail "$command is refused"
done <<'END'
instance get|
instance set|--restart no
info|
info|--json
ip|
forward list|
disk list|
nic list|
instance clone|test
instance rename|test
disk remove|none -y
start|
stop|
restart|
pause|
resume|
reset|
kill|
wait|--timeout 1
provision|
qmp|query-status
END
expect_ok "$PGSUP" events --name test # -n is how many
expect_ok "$PGSUP" instance rename -n test web
expect_ok "$PGSUP" instance clone -n web copy
expect_ok "$PGSUP" disk add -n copy data 1G
expect_ok "$PGSUP" disk remove -y data -n copy
expect_ok "$PGSUP" instance resize -n copy 2G
expect_ok "$PGSUP" instance rebuild -y -n copy
expect_ok "$PGSUP" instance remove -y --name copy
expect_ok "$PGSUP" image info -n base
expect_ok "$PGSUP" image verify --name=base
expect_ok "$PGSUP" image remove -n spare
expect_fail 2 'unexpected argument "copy"' "$PGSUP" info -n web copy
