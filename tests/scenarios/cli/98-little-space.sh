# Goal: an image that needs more space than its disk has is refused before it fills that disk, whatever
# it says of itself; nothing of it stays, and there is room for the VMs.
# shellcheck shell=bash source-path=SCRIPTDIR
if [ "$(uname -s)" != Linux ]; then
    echo "skipped: needs a small file system, which is made with mount(8) of Linux"
    exit 77
fi
if [ "$(id -u)" != 0 ] && [ -z "${PGSUP_IN_NAMESPACE:-}" ]; then
    PGSUP_IN_NAMESPACE=1 exec unshare -rm bash "$0"
fi
. "$(dirname "$0")/../lib.sh"
make_cloud
mkdir -p "$PGSUP_HOME/images"
chmod 700 "$PGSUP_HOME/images"
mount -t tmpfs -o size=32m,mode=700 pgsup-test "$PGSUP_HOME/images"
at_exit "umount -l '$PGSUP_HOME/images'"

# The least that is free there while the command runs, in KiB, is in $WORK/least.
watch_space() {
    local free least=32768
    while :; do
        free=$(df -k --output=avail "$PGSUP_HOME/images" | tail -n1)
        if [ "$free" -lt $least ]; then
            least=$free
            echo "$least" >"$WORK/least.new"
            mv "$WORK/least.new" "$WORK/least"
        fi
        sleep 0.05
    done
}
refused() { # STATUS TEXT FILE
    echo 32768 >"$WORK/least"
    watch_space &
    local watcher=$!
    at_exit "kill $watcher 2>/dev/null"
    expect_fail "$1" "$2" "$PGSUP" image import -n big "$3"
    kill $watcher
    wait $watcher 2>/dev/null || true
    [ "$(cat "$WORK/least")" -ge 3500 ] || fail "only $(cat "$WORK/least") KiB were left"
    expect_equal "left in images/" "$(ls "$PGSUP_HOME/images")" ""
}

step "3 MB of gzip that become more than there is room for"
python3 - "$WORK" <<'END'
import gzip, os, sys
with gzip.open(sys.argv[1] + "/bomb.raw.gz", "wb", 1) as file:
    for _ in range(500):
        file.write(b"x" * 1000000)  # no zeros: these would be holes
END
refused 1 "there is too little space for $WORK/bomb.raw.gz: what is in it needs more than the " "$WORK/bomb.raw.gz"

step "what is packed is larger than what is free"
head -c 36000000 /dev/urandom | gzip -1 >"$WORK/large.raw.gz"
refused 1 "what is packed needs more than the " "$WORK/large.raw.gz"

step "an archive that claims to be larger than any disk"
python3 - "$WORK" <<'END'
import sys, tarfile
member = tarfile.TarInfo("disk.raw")
member.size = 1 << 50
with open(sys.argv[1] + "/claim.tar", "wb") as file:
    file.write(member.tobuf(tarfile.GNU_FORMAT) + b"x" * 100000)
END
refused 2 "decompresses to more than 1099511627776 bytes" "$WORK/claim.tar"

step "a raw disk whose copy would need more"
{
    head -c 510 /dev/zero
    printf '\125\252'
    head -c 36000000 /dev/urandom
} >"$WORK/large.raw"
refused 1 "it occupies " "$WORK/large.raw"

step "three at once, of which each alone has room: what others take is seen"
python3 - "$WORK" <<'END'
import gzip, random, sys
noise = random.Random(1).randbytes(1 << 20)
for name in "abc":  # 12 MB that are packed well
    with gzip.open(f"{sys.argv[1]}/{name}.raw.gz", "wb", 1) as file:
        file.write(b"\x55" * 510 + b"\x55\xaa")
        for _ in range(12):
            file.write(b"y" * 1000000)
with open(sys.argv[1] + "/one.raw", "wb") as file:
    file.write(b"\x55" * 510 + b"\x55\xaa" + noise * 16)
END
together() { # FILE…: as images called by their places
    local each number=0 pids=""
    echo 32768 >"$WORK/least"
    watch_space &
    local watcher=$!
    at_exit "kill $watcher 2>/dev/null"
    for each in "$@"; do
        number=$((number + 1))
        "$PGSUP" image import -n "big$number" "$each" >"$WORK/together.$number" 2>&1 &
        pids="$pids $!"
    done
    refusals=0
    number=0
    for each in $pids; do
        number=$((number + 1))
        wait "$each" && continue
        refusals=$((refusals + 1))
        grep -q "there is too little space for" "$WORK/together.$number" ||
            fail "another reason: $(cat "$WORK/together.$number")"
    done
    kill $watcher
    wait $watcher 2>/dev/null || true
    [ "$(cat "$WORK/least")" -ge 2500 ] || fail "only $(cat "$WORK/least") KiB were left"
    for number in $(seq $#); do "$PGSUP" image remove "big$number" >/dev/null 2>&1 || true; done
    expect_equal "left in images/" "$(ls "$PGSUP_HOME/images")" ""
}
together "$WORK/a.raw.gz" "$WORK/b.raw.gz" "$WORK/c.raw.gz"
[ $refusals -ge 1 ] || fail "36 MB are in 32 MB"
cp "$WORK/one.raw" "$WORK/two.raw"
together "$WORK/one.raw" "$WORK/two.raw"
expect_equal "refused" $refusals 1

step "holes need no space: 1 GB of nothing"
python3 - "$WORK" <<'END'
import gzip, sys
with gzip.open(sys.argv[1] + "/empty.raw.gz", "wb", 1) as file:
    file.write(b"\x55" * 510 + b"\x55\xaa")
    for _ in range(100):
        file.write(bytes(10000000))
END
run "$PGSUP" image import -n empty "$WORK/empty.raw.gz"
cat "$ERR"
expect_equal "status" "$STATUS" 0
