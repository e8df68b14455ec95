# Goal: a home of many instances from one file, with one command; interrupted by SIGKILL and given
# again nothing is there twice; a second run touches no file; what is exported applies to nothing;
# images come with it, and --wait starts what it names.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"

touched() { # everything in the home with its time, but the store, which is opened
    find "$PGSUP_HOME" -type f -not -name 'cloud.sqlite3*' -printf '%p %T@\n' | sort
}

make_cloud
qemu-img create -q -f qcow2 "$WORK/base.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/base.qcow2"
cat >"$WORK/lab.yaml" <<'END'
networks:
  lab: {kind: multicast}
defaults: {image: base, size: 64M, vcpu: 1, ram: 256M, nics: [user, lab]}
instances:
  node-{01..15}: {after: first, groups: [nodes]}
  first: {restart: always}
END

step "what would be done"
run "$PGSUP" diff -f "$WORK/lab.yaml"
expect_equal "status of diff" "$STATUS" 6
expect_equal "its steps" "$(wc -l <"$OUT")" 17
run "$PGSUP" diff -f "$WORK/lab.yaml" --json
expect_equal "its steps for programs" "$STATUS $(json_of '{each["schema"] for each in it}, len(it), it[0]["step"], it[0]["name"]')" \
    "6 ({1}, 17, 'create network', 'lab')"
expect_equal "the instances" "$("$PGSUP" list --json)" "[]"

step "killed on the way, three times"
for delay in 0.3 0.8 1.5; do
    "$PGSUP" apply -f "$WORK/lab.yaml" >"$WORK/apply.log" 2>&1 &
    pid=$!
    sleep $delay
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
done
expect_ok "$PGSUP" apply -f "$WORK/lab.yaml"
expect_equal "the instances" "$("$PGSUP" list --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')" 16
expect_equal "folders" "$(find "$PGSUP_HOME/instances" -mindepth 1 -maxdepth 1 -name '[a-z]*' | wc -l)" 16
expect_ok "$PGSUP" network info lab --json
expect_equal "addresses" "$(json_of 'len({each["ip4"] for each in it["members"]})')" 16

step "a second time"
touched >"$WORK/before"
expect_ok "$PGSUP" apply -f "$WORK/lab.yaml"
expect_equal "what it says" "$(cat "$OUT")" "nothing to do"
touched | diff "$WORK/before" - || fail "files were touched"
"$PGSUP" export >"$WORK/export.yaml"
expect_ok "$PGSUP" apply -f "$WORK/export.yaml" --prune --dry-run
expect_equal "what the export changes" "$(cat "$OUT")" "nothing to do"

step "bad files"
printf 'instances:\n  a: {vpcu: 1}\n' >"$WORK/bad.yaml"
run "$PGSUP" apply -f "$WORK/bad.yaml"
expect_equal "status" "$STATUS" 2
grep -q 'bad.yaml:2:7: "vpcu" is not a key here: did you mean "vcpu"?' "$ERR" || fail "not said where and what"
printf 'images:\n  a: {url: "http://127.0.0.1/\\e]0;x\\a\\r\\ncreate b", arch: aarch64}\n' >"$WORK/bad.yaml"
run "$PGSUP" diff -f "$WORK/bad.yaml"
expect_equal "status of one with control characters" "$STATUS" 6
expect_equal "what is shown" "$(cat "$OUT")" 'get image a: http://127.0.0.1/\x1B]0;x\x07\x0D\x0Acreate b'
head -c 2000000 /dev/urandom | base64 -w 0 >"$WORK/bad.yaml"
run "$PGSUP" apply -f "$WORK/bad.yaml"
expect_equal "status of a file that is too long" "$STATUS" 2
"$PGSUP" apply --schema | python3 -c 'import json, sys; json.load(sys.stdin)["properties"]["instances"]' || fail "no schema"

step "a fault of the store is told without a place in the file"
ddl() { # SQL: to the store
    python3 -c 'import sqlite3, sys
sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None).execute(sys.argv[2])' "$PGSUP_HOME/cloud.sqlite3" "$1"
}
printf 'instances:\n  extra: {image: base, size: 64M, forwards: ["%s:80"]}\n' "$(free_port)" >"$WORK/extra.yaml"
ddl "CREATE TRIGGER broken BEFORE INSERT ON forwards BEGIN INSERT INTO nowhere VALUES (1); END"
expect_fail 1 "nowhere" "$PGSUP" apply -f "$WORK/extra.yaml"
expect_no_text "$ERR" "extra.yaml:"
ddl "DROP TRIGGER broken"

step "images are fetched first, and --wait starts the instances"
mkdir -p "$WORK/bin" "$WORK/files"
ln -s "${PGSUP_FAKE_QEMU:?the fake QEMU, see tests/fake}" "$WORK/bin/qemu-system-aarch64"
export PATH=$WORK/bin:$PATH
cp "$WORK/base.qcow2" "$WORK/files/far.qcow2"
PORT=$(free_port)
(cd "$WORK/files" && exec python3 -m http.server "$PORT" --bind 127.0.0.1) >/dev/null 2>&1 &
at_exit "kill $!"
wait_until 10 python3 -c "import socket; socket.create_connection(('127.0.0.1', $PORT))"
cat >"$WORK/images.yaml" <<'END'
images:
  near: {file: base.qcow2, arch: aarch64}
  far: {url: !env "http://127.0.0.1:${PORT}/far.qcow2", arch: aarch64, sha256: !env "${SUM}"}
defaults: {size: 64M, accel: tcg, host-keys: guest}
instances:
  one: {image: far, after: two, user-data: "#cloud-config\nlocale: C\n"}
  two: {image: near, nested: false, package-upgrade: false}
END
right=$(sha256sum "$WORK/base.qcow2" | cut -d' ' -f1)
export PORT SUM=${right//?/0}
run "$PGSUP" -q apply -f "$WORK/images.yaml"
expect_equal "status with another checksum" "$STATUS" 1
expect_text "$ERR" "get image far: " "does not have its publisher's SHA256"
created="create two: near: done"
"$PGSUP" instance get two >/dev/null 2>&1 && created= # before the download had failed: it goes on beside
SUM=$right
# shellcheck disable=SC2086  # words
run "$PGSUP" apply -f "$WORK/images.yaml" --prune --wait --timeout 1 $AS_ROOT
expect_equal "status of the wait" "$STATUS" 5
expect_text "$OUT" "get image far: http://127.0.0.1:$PORT/far.qcow2: done" "create one: far: done" "$created"
expect_text "$ERR" "two is not ready after 1 s" "one is not ready after 1 s"
both_boot() {
    [ "$("$PGSUP" list -q --state booting | tr '\n' ' ')" = "one two " ]
}
wait_until 20 both_boot
printf 'instances: {one: {vcpu: 3}, two: {restart: always}}\n' | run "$PGSUP" apply -f - --dry-run
expect_equal "what is due" "$(cat "$OUT")" $'change one: vcpu 2 -> 3, restart needed\nchange two: restart no -> always'
expect_text "$PGSUP_HOME/instances/one/cloud-init/own-user-data" "locale: C"
expect_ok "$PGSUP" apply -f "$WORK/images.yaml" --prune
expect_equal "what it says" "$(cat "$OUT")" "nothing to do"
expect_equal "what is left" "$("$PGSUP" list -q | tr '\n' ' ')" "one two "
run "$PGSUP" down
expect_equal "status of down" "$STATUS" 0

step "from nothing: the cloud is in the file too"
export PGSUP_HOME=$WORK/whole
cat >"$WORK/whole.yaml" <<'END'
cloud:
  name: whole
  network: user
  ph-port: auto
  ssh-public-key: [id_ed25519.pub]
  users: {anna: !env "${HOME}/anna.pub"}
  trash-days: 3
images:
  near: {file: base.qcow2, arch: aarch64}
instances:
  one: {image: near, size: 64M, accel: tcg, host-keys: guest}
END
cp "$KEY.pub" "$HOME/anna.pub"
run "$PGSUP" apply -f "$WORK/whole.yaml" --dry-run
expect_equal "status of --dry-run" "$STATUS" 6
expect_text "$OUT" "create the cloud in $PGSUP_HOME" "get image near: base.qcow2" "create one: near"
sed 's/size: 64M/size: much/' "$WORK/whole.yaml" >"$WORK/bad.yaml"
expect_fail 2 'bad.yaml:11:28: one: "much"' "$PGSUP" apply -f "$WORK/bad.yaml"
run "$PGSUP" diff -f "$WORK/whole.yaml"
expect_equal "status of diff" "$STATUS" 6
expect_text "$OUT" "create the cloud in $PGSUP_HOME" "create one: near"
run "$PGSUP" diff -f "$WORK/whole.yaml" --json
expect_equal "its steps for programs" "$STATUS $(json_of '[(each["step"], each["name"]) for each in it]')" \
    "6 [('create cloud', 'cloud'), ('get image', 'near'), ('create', 'one')]"
[ ! -e "$PGSUP_HOME" ] || fail "a home was made"
expect_refused 3 "no cloud in" "$PGSUP" apply -f "$WORK/images.yaml"
run "$PGSUP" apply -f "$WORK/whole.yaml"
expect_equal "status" "$STATUS" 0
expect_text "$OUT" "get image near: base.qcow2: done" "create one: near: done" '`pgsup start one --wait` boots it'
touched >"$WORK/before"
expect_ok "$PGSUP" apply -f "$WORK/whole.yaml"
expect_equal "what it says" "$(cat "$OUT")" "nothing to do"
touched | diff "$WORK/before" - || fail "files were touched"
expect_ok "$PGSUP" cloud get --json
expect_equal "the cloud" "$(json_of 'it["name"], it["trash_days"], [each["name"] for each in it["users"]]')" "('whole', 3, ['anna'])"
sed -i.bak 's/trash-days: 3/trash-days: 4/' "$WORK/whole.yaml"
expect_ok "$PGSUP" apply -f "$WORK/whole.yaml"
expect_equal "what is changed" "$(cat "$OUT")" $'change the cloud: trash-days\nchange the cloud: trash-days: done'
