# Goal: what people type wrong, and what they know from other tools, is answered with one sentence
# that tells the right word, and with the documented status: mistakes.txt.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
MISTAKES=$(dirname "$0")/mistakes.txt
make_cloud
cd "$WORK"
make_image disk.qcow2 64M
expect_ok "$PGSUP" image import -n plain --arch aarch64 disk.qcow2
expect_ok "$PGSUP" image import -n spare --arch aarch64 disk.qcow2
for name in test web node2 node10; do
    expect_ok "$PGSUP" create "$name" --os plain --ram 0.5g --disk 1.5G
done
expect_ok "$PGSUP" network add lab

step "each mistake is answered as the table says, and changes nothing"
pgsup() {
    "$PGSUP" "$@" >"$OUT" 2>"$ERR" </dev/null
}
before=$(fingerprint "$PGSUP_HOME/instances")
rows=0
bad=0
while IFS='|' read -r status line sentence; do
    case $status in '' | '#'*) continue ;; esac
    sentence=${sentence# } line=${line# } got=0
    rows=$((rows + 1))
    eval "$line" || got=$?
    said=$(cat "$ERR")
    if [ "$got" != $((status)) ] || [ -s "$OUT" ] || [ "${said%%: *}" != pgsup ] ||
        [[ $said == *$'\n'* ]] || [[ $said != *"$sentence"* ]]; then
        printf '%s\n    expected %s: %s\n    is %s: %s\n' "$line" "$status" "$sentence" "$got" "$said" >&2
        bad=$((bad + 1))
    fi
done <"$MISTAKES"
[ $bad = 0 ] || fail "$bad of $rows mistakes are answered otherwise"
[ $rows -ge 100 ] || fail "only $rows mistakes"
expect_equal "the instances" "$(fingerprint "$PGSUP_HOME/instances")" "$before"

step "what other tools want to be told is not refused"
expect_note "no supervisor runs" "$PGSUP" list --all
expect_ok "$PGSUP" ls -aq

step "pgsup alone says how to begin"
run "$PGSUP"
expect_equal "status" "$STATUS" 2
expect_text "$ERR" "To begin:" "pgsup cloud create" "pgsup start test --wait"
[ "$(wc -l <"$ERR")" -le 16 ] || fail "more than 16 lines"

step "habits that work: options anywhere, short forms, help as a word"
expect_note "no supervisor runs" "$PGSUP" list -p "$PGSUP_HOME"
expect_text "$OUT" node10
expect_ok "$PGSUP" image -p "$PGSUP_HOME" list
expect_text "$OUT" plain
expect_ok "$PGSUP" list help
expect_text "$OUT" "Usage: pgsup list"
expect_ok "$PGSUP" instance help
expect_text "$OUT" "instance clone"
expect_ok "$PGSUP" -V
expect_ok "$PGSUP" image list --available -p "$WORK/nowhere"
expect_text "$OUT" debian-12
expect_ok "$PGSUP" set test --memory 768m -c 1
expect_ok "$PGSUP" resize test '2 GiB'
expect_ok "$PGSUP" rename node10 node3
expect_ok "$PGSUP" clone test copy
expect_ok "$PGSUP" rm copy -y
expect_ok "$PGSUP" trash list
expect_text "$OUT" REMOVED "$(date -u +%F)T"
expect_ok "$PGSUP" clone test -n copy
expect_ok "$PGSUP" snapshot create -n copy before
expect_ok "$PGSUP" snapshot create copy -n after
expect_ok "$PGSUP" snapshot remove copy -n before
expect_ok "$PGSUP" snapshot list copy
! grep -q before "$OUT" || fail "the snapshot is still there"
expect_text "$OUT" after
expect_ok "$PGSUP" rm copy -y
expect_ok "$PGSUP" stop test --timeout 1h30m
expect_ok "$PGSUP" set test --group web,db
expect_ok "$PGSUP" list -g db -q
expect_equal "of the group" "$(cat "$OUT")" test
expect_ok "$PGSUP" list --state stopped --sort -name --no-header --columns name -q
expect_equal "the other way round" "$(tr '\n' ' ' <"$OUT")" "web test node3 node2 "

step "programs are told what came of it, and nothing else"
expect_ok "$PGSUP" create -n made --os plain --ram 256 --json
expect_equal "what was created" "$(json_of 'it["schema"], it["name"], it["ram_bytes"] >> 20, it["state"]')" \
    "(1, 'made', 256, 'stopped')"
expect_ok "$PGSUP" set made --ram 512 --json
expect_equal "what was set" "$(json_of 'it["ram_bytes"] >> 20')" 512
expect_ok "$PGSUP" rename made named --json
expect_equal "what was renamed" "$(json_of 'it["name"]')" named
expect_ok "$PGSUP" rm -y named --json
expect_equal "what was removed" "$(json_of 'it["name"], it["ok"], it["outcome"]')" "('named', True, 'removed')"
run "$PGSUP" create test --os plain --json
expect_equal "status" "$STATUS" 3
expect_equal "why not" "$(json_of 'it["ok"], it["error"]["code"]')" "(False, 'exists')"

step "each document says which shape it has, and each of its keys is in the topic"
expect_ok "$PGSUP" disk add test data 1G
expect_ok "$PGSUP" nic add test lab
expect_ok "$PGSUP" snapshot create test before
mkdir "$WORK/backups"
expect_ok "$PGSUP" backup create test --to "$WORK/backups"
topic=$(dirname "$0")/../../../supervisor/cli/manual/topics/json.md
missing='sorted({key for row in (it if isinstance(it, list) else [it]) for key in (row.keys() |
    {inner for name in ("members", "checks", "boots", "qemu") for each in row.get(name, []) for inner in each})}
    - set(__import__("re").findall("`([a-z0-9_]+)`", open("'$topic'").read())))'
for words in version doctor "cloud get" "image list" "image list --available" "image info plain" "trash list" \
    "network list" "network info lab" list "info test" "disk list test" "nic list test" "forward list test" \
    "ip test" "snapshot list" "backup list $WORK/backups"; do
    # shellcheck disable=SC2086  # words of a command
    run "$PGSUP" $words --json
    expect_equal "schema of $words" \
        "$(json_of 'set(row["schema"] for row in (it if isinstance(it, list) else [it])) or {1}')" "{1}"
    expect_equal "keys of $words that \`pgsup help json\` does not have" "$(json_of "$missing")" "[]"
done
