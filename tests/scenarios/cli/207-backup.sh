# Goal: an instance that is off is backed up to a folder, found there, verified and made again, in
# this home and in another one; what is wrong is said in one sentence, and nothing is half-done.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
expect_ok "$PGSUP" network add lan
expect_ok "$PGSUP" instance create --os base --vcpu 1 --ram 64 -s 96M one --group web --var color=blue \
    --user-data "$(printf '#cloud-config\nfqdn: one.example\n' >"$WORK/own"; echo "$WORK/own")"
expect_ok "$PGSUP" disk add one data 8M
expect_ok "$PGSUP" forward add one "$(free_port):80"
expect_ok "$PGSUP" nic add one lan
folder=$PGSUP_HOME/instances/one
qemu-io -f qcow2 -c 'write -P 7 1M 1M' "$folder/os.qcow2" >/dev/null
qemu-io -f qcow2 -c 'write -P 9 0 1M' "$folder/disk-data.qcow2" >/dev/null
tell() { # all that is known of it
    "$PGSUP" instance get "$1" --json
    "$PGSUP" disk list "$1" --json | sed '/created/d'
    "$PGSUP" forward list "$1" --json
    "$PGSUP" nic list "$1" --json
    (cd "$PGSUP_HOME/instances/$1" && cksum cloud-init/user-data cloud-init/own-user-data host-keys/ssh_host_*)
}
tell one >"$WORK/before"
mkdir "$WORK/out"

step "a folder that is not there is not made; neither is an instance"
expect_refused 3 'the folder '"$WORK"'/none does not exist: create it, or mount the disk' \
    "$PGSUP" backup create one --to "$WORK/none"
expect_refused 3 'no instance "none"' "$PGSUP" backup create none --to "$WORK/out"
expect_refused 2 'option "--to": the name of the folder is empty' "$PGSUP" backup create one --to ""
ln -s "$folder" "$WORK/inner"
for each in "$PGSUP_HOME" "$WORK/inner"; do
    expect_refused 2 "the folder $each is in the home $PGSUP_HOME, with which it would be lost" "$PGSUP" backup create one --to "$each"
    expect_refused 2 "the folder $each is in the home" "$PGSUP" instance set one --backup-to "$each"
    expect_refused 2 "is in the home $PGSUP_HOME, with which it would be lost" "$PGSUP" export one --as libvirt --to "$each/new/"
    printf 'instances:\n  one: {image: base, backup-to: "%s"}\n' "$each" >"$WORK/lab.yaml"
    expect_refused 2 "lab.yaml:2:33: one: option \"--backup-to\": the folder $each is in the home" "$PGSUP" apply -f "$WORK/lab.yaml"
    printf 'defaults: {backup-to: "%s"}\ninstances:\n  one: {image: base}\n' "$each" >"$WORK/lab.yaml"
    expect_refused 2 "lab.yaml:1:23: one: option \"--backup-to\": the folder $each is in the home" "$PGSUP" apply -f "$WORK/lab.yaml"
done
expect_refused 2 '--thin excludes --full' "$PGSUP" backup create one --to "$WORK/out" --thin --full
expect_refused 2 '"fast" is not a number of bytes' "$PGSUP" backup create one --to "$WORK/out" --limit fast
expect_refused 2 'is not a number of bytes' "$PGSUP" backup create one --to "$WORK/out" --limit 9223372036854775808
expect_equal "left" "$(ls -A "$WORK/out")" ""

step "thin and full; both verify, also against the instance"
expect_ok "$PGSUP" backup create one --to "$WORK/out" --thin
expect_text "$OUT" "one backed up to $WORK/out/one-" "it was off" 'where the image "base" is'
thin=$(ls -d "$WORK"/out/one-*Z)
expect_ok "$PGSUP" backup create one --to "$WORK/out" --limit 50M --json
full=$(json_of 'it["folder"]')
expect_equal "kind" "$(json_of '(it["kind"], it["moment"], it["name"])')" "('full', 'stopped', 'one')"
expect_equal "mode" "$(mode_of "$full")$(mode_of "$full/manifest.json")" "drwx-------rw-------"
for each in "$thin" "$full"; do
    expect_ok "$PGSUP" backup verify "$each" --against-vm
    expect_text "$OUT" "$each: whole, " 'its disks are those of "one", to the byte'
done
expect_ok "$PGSUP" backup list "$WORK/out" --json
expect_equal "listed" "$(json_of 'sorted(each["kind"] for each in it)')" "['full', 'thin']"

step "the limit is also that of a thin one"
mkdir "$WORK/bin"
printf '#!/bin/sh\necho "$*" >>%s/words\nexec %s "$@"\n' "$WORK" "$(command -v qemu-img)" >"$WORK/bin/qemu-img"
chmod +x "$WORK/bin/qemu-img"
for each in --thin --full; do
    mkdir "$WORK/limited"
    PATH=$WORK/bin:$PATH expect_ok "$PGSUP" backup create one --to "$WORK/limited" $each --limit 1G
    grep -q 'convert .* -r 1073741824 .*os.qcow2' "$WORK/words" || fail "$each: $(cat "$WORK/words")"
    rm -r "$WORK/limited" "$WORK/words"
done

step "a thin one copies the files themselves, and no QEMU can write to them meanwhile; one with a snapshot is converted"
converted() { # COUNT: disks, of the backup that is made
    mkdir "$WORK/converted"
    : >"$WORK/words"
    PATH=$WORK/bin:$PATH expect_ok "$PGSUP" backup create one --to "$WORK/converted" --thin
    expect_equal "converted" "$(grep -c '^convert ' "$WORK/words")" "$1"
    expect_ok "$PGSUP" backup verify "$WORK"/converted/one-*Z --against-vm
    expect_equal "check" "$(qemu-img check -q -f qcow2 "$WORK"/converted/one-*Z/disk-data.qcow2 2>&1)" ""
    expect_equal "modes" "$(mode_of "$WORK"/converted/one-*Z/os.qcow2)" "-rw-------"
    rm -r "$WORK/converted"
}
cat >"$WORK/bin/qemu-img" <<END
#!/bin/sh
echo "\$*" >>"$WORK/words"
for last in "\$@"; do :; done
[ "\$1" != check ] || qemu-io -f qcow2 -c 'write -P 3 2M 64k' "\$last" >>"$WORK/written" 2>&1
exec "$(command -v qemu-img)" "\$@"
END
converted 0
expect_text "$WORK/written" 'Failed to get "write" lock'
expect_no_text "$WORK/written" "wrote"
qemu-img snapshot -c kept "$folder/os.qcow2"
converted 1
qemu-img snapshot -d kept "$folder/os.qcow2"
converted 0
write_for_long() {
    qemu-io -f qcow2 -c 'sleep 60000' "$folder/disk-data.qcow2" >/dev/null 2>&1 &
    writer=$!
}
write_for_long
# shellcheck disable=SC2016  # when it exits
at_exit 'kill $writer 2>/dev/null || true'
is_written_to() { # a look keeps a writer out that comes during it
    kill -0 $writer 2>/dev/null || write_for_long
    ! qemu-img info -f qcow2 "$folder/disk-data.qcow2" >/dev/null 2>&1
}
wait_until 20 is_written_to
expect_fail 1 'no backup of "one" was made: cannot copy the disk '"$folder/disk-data.qcow2" "$PGSUP" backup create one --to "$WORK/out" --thin
expect_text "$ERR" "Is another process using the image"
kill $writer
wait $writer 2>/dev/null || true

step "the same machine is put back in its place when that is meant"
qemu-io -f qcow2 -c 'write -P 8 1M 1M' "$folder/os.qcow2" >/dev/null
expect_fail 2 "os.qcow2 differs from $folder/os.qcow2" "$PGSUP" backup verify "$thin" --against-vm
expect_refused 3 'this machine is there, as "one": --replace' "$PGSUP" backup restore "$thin"
expect_refused 2 'the option -y says that this is meant' "$PGSUP" backup restore "$thin" --replace </dev/null
expect_refused 2 '--replace excludes --as' "$PGSUP" backup restore "$thin" --replace --as two
expect_ok "$PGSUP" snapshot create one now
expect_refused 3 '"one" has 1 snapshot, which would be lost with its disk' "$PGSUP" backup restore "$thin" --replace -y
expect_ok "$PGSUP" snapshot remove one now
for each in "$thin" "$full"; do
    qemu-io -f qcow2 -c 'write -P 8 1M 1M' "$folder/os.qcow2" >/dev/null
    expect_ok "$PGSUP" backup restore "$each" --replace -y
    expect_text "$OUT" "instance \"one\" restored from $each"
    expect_ok "$PGSUP" backup verify "$thin" --against-vm
    tell one | cmp -s - "$WORK/before" || fail "changed: $(tell one | diff "$WORK/before" -)"
done

step "each write and each sync that fails: one sentence and nothing, or a whole one; a sync of a disk is one of them"
if [ "$(uname -s)" = Linux ]; then # which has the library
    mkdir "$WORK/failing"
    make_with() { # NTH: the write of that number fails
        : >"$WORK/fault.log"
        run env LD_PRELOAD="${PGSUP_FAULT:?the library of tests/fault}" FAULT_CALL=write FAULT_NTH="$1" \
            FAULT_LOG="$WORK/fault.log" "$PGSUP" backup create one --to "$WORK/failing" --thin
    }
    make_with 0
    calls=$(sed -n 's/^calls //p' "$WORK/fault.log")
    rm -r "$WORK"/failing/one-*Z
    : >"$WORK/failed"
    for ((nth = 1; nth <= calls; nth++)); do
        make_with $nth
        case $STATUS in
        0) expect_ok "$PGSUP" backup verify "$WORK"/failing/one-*Z && rm -r "$WORK"/failing/one-*Z ;;
        1)
            expect_equal "lines after write $nth: $(cat "$ERR")" "$(wc -l <"$ERR" | tr -d ' ')" 1
            echo "$(cat "$ERR")$(sed -n 's/^  in / in /p' "$WORK/fault.log")" >>"$WORK/failed"
            ;;
        *) fail "status $STATUS after write $nth: $(cat "$ERR")" ;;
        esac
        expect_equal "left after write $nth" "$(ls -A "$WORK/failing")" ""
    done
    grep -q "cannot copy the disk $folder/os.qcow2: .*/os.qcow2: No space left on device in fsync" "$WORK/failed" ||
        fail "a sync of what was copied is not among them: $(cat "$WORK/failed")"
    grep -q "cannot write .*/disk-data.qcow2: No space left on device in fsync" "$WORK/failed" ||
        fail "a sync of what was converted is not among them: $(cat "$WORK/failed")"
fi

step "another machine is made of it, as a clone is"
expect_ok "$PGSUP" instance set one --var "tpl={{ 1 }}"
expect_ok "$PGSUP" -q backup create one --to "$WORK/out" --thin --json
expect_ok "$PGSUP" backup restore "$(json_of 'it["folder"]')" --as two
expect_text "$OUT" "note: the variable tpl was left out"
expect_ok "$PGSUP" instance get two --json
expect_equal "groups" "$(json_of 'it["groups"]')" "['web']"
two=$(json_of 'it["uuid"]')
! grep -q "$two" "$WORK/before" || fail "it has the identity of the first one"
qemu-io -f qcow2 -c 'read -P 9 0 1M' "$PGSUP_HOME/instances/two/disk-data.qcow2" >/dev/null

step "in a home that has nothing of it: the full one is the same machine, the thin one asks for its image"
export PGSUP_HOME=$WORK/second; rm "$KEY" "$KEY.pub"
make_cloud
run "$PGSUP" list
expect_refused 3 'a card in the network "lan", which this home does not have' "$PGSUP" backup restore "$full"
expect_ok "$PGSUP" network add lan
expect_refused 3 'the backup is thin, and its image "base" (SHA-256 ' "$PGSUP" backup restore "$thin"
expect_ok "$PGSUP" backup restore "$full"
expect_text "$OUT" 'its disk became the image "one-backup"'
own() { # without what is this home's
    sed -E "s/one-backup/base/; s|$WORK/[a-z]+/|HOME/|; /\"(created|interface|port|ssh_port|host_port)\"/d; / cloud-init.user-data/d"
}
diff <(own <"$WORK/before") <(tell one | own) >&2 || fail "it is not the same"
qemu-io -f qcow2 -c 'read -P 7 1M 1M' "$PGSUP_HOME/instances/one/os.qcow2" >/dev/null

step "a list that was cut short, a folder of somebody else"
cp -a "$full" "$WORK/cut"
python3 - "$WORK/cut/manifest.json" <<'END'
import json, sys
manifest = json.load(open(sys.argv[1]))
manifest["disks"] = []
manifest["files"] = [each for each in manifest["files"] if each["path"] != "disk-data.qcow2"]
json.dump(manifest, open(sys.argv[1], "w"))
END
expect_refused 2 "$WORK/cut: manifest.json does not list disk-data.qcow2, which is there" "$PGSUP" backup verify "$WORK/cut"
rm "$WORK/cut/disk-data.qcow2" "$WORK/cut/cloud-init/own-user-data"
expect_refused 2 "own-user-data is missing" "$PGSUP" backup verify "$WORK/cut"
rm -r "$WORK/cut"
mkdir "$WORK/out/downloads.part" "$WORK/out/x-20260101T000000Z-2.part"
expect_ok "$PGSUP" backup list "$WORK/out"
expect_no_text "$OUT" downloads
expect_text "$OUT" "x-20260101T000000Z-2.part  incomplete: its making was interrupted"
rm -r "$WORK"/out/*.part

step "a flipped bit, a missing file and a full disk"
printf x | dd of="$full/disk-data.qcow2" bs=1 seek=70000 conv=notrunc 2>/dev/null
expect_refused 2 "disk-data.qcow2 is damaged: its SHA-256 is not that of the manifest" "$PGSUP" backup verify "$full"
expect_refused 2 "disk-data.qcow2 is damaged" "$PGSUP" backup restore "$full" --as three
rm "$full/disk-data.qcow2"
expect_refused 2 "the backup is not whole" "$PGSUP" backup restore "$full" --as three
echo '{"format": "pgsup-backup", "version": 1, "x": "../../etc"}' >"$full/manifest.json"
expect_refused 2 'manifest.json has no "created_ms" for the backup' "$PGSUP" backup restore "$full" --as three
expect_ok "$PGSUP" backup list "$WORK/out"
expect_text "$OUT" 'manifest.json has no "created_ms" for the backup'
expect_refused 3 'is no backup: it has no manifest.json' "$PGSUP" backup verify "$WORK/out"
export PGSUP_HOME=$WORK/home
(
    ulimit -f 1000 # of 1024 bytes: files are as full as a disk would be
    expect_fail 1 'no backup of "one" was made: ' "$PGSUP" backup create one --to "$WORK/out" --thin
)
expect_equal "unfinished" "$(find "$WORK/out" -name '*.part')" ""
