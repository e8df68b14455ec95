# Goal: a download that breaks off goes on by itself or with the next command, whatever the server
# does; Ctrl-C leaves what helps and nothing else; what comes packed or raw becomes a qcow2.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
fake=$(cd "$(dirname "$0")/../../fake" && pwd)
python3 - "$WORK" <<'END'
import gzip, lzma, os, sys
work = sys.argv[1]
disk = bytearray(os.urandom(400_000)) + bytearray(3 << 20)
disk[510:512] = b"\x55\xaa"
open(f"{work}/disk.raw", "wb").write(disk)
open(f"{work}/disk.raw.xz", "wb").write(lzma.compress(disk))
member = gzip.compress(bytes(disk[:512]) + bytes(256 << 20), 1)
with open(f"{work}/endless.gz", "wb") as file:  # 100 GiB of zeros
    for _ in range(400):
        file.write(member)
END
digest=$(python3 -c 'import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$WORK/disk.raw.xz")
# The server ends with its stdin, which is that of this pipe's other end.
mkfifo "$WORK/leash"
python3 "$fake/http_server.py" "$WORK/disk.raw.xz" <"$WORK/leash" >"$WORK/port" &
exec 9>"$WORK/leash"
wait_until 20 test -s "$WORK/port"
web=http://127.0.0.1:$(cat "$WORK/port")
part=$PGSUP_HOME/images/x.part
whole=$(wc -c <"$WORK/disk.raw.xz")
left() {
    find "$PGSUP_HOME/images" -type f ! -name '*.qcow2' | sed 's|.*/||' | sort | tr '\n' ' '
}
get() { # PATH [OPTION…]
    local path=$1
    shift
    "$PGSUP" image download -n x --url "$web/$path/x" "$@"
}
# interrupted SIGNAL FILE SIZE COMMAND…: what the command ends with when it gets the signal after the
# file has that size. From here: what a shell runs in the background ignores Ctrl-C.
interrupted() {
    python3 - "$@" 2>"$ERR" <<'END'
import os, signal, subprocess, sys, time
number, file, size = getattr(signal, sys.argv[1]), sys.argv[2], int(sys.argv[3])
child = subprocess.Popen(sys.argv[4:], restore_signals=True,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
end = time.monotonic() + 60
while not (os.path.exists(file) and os.path.getsize(file) >= size):
    if time.monotonic() > end or child.poll() is not None:
        sys.exit(f"{file} never had {size} bytes; status {child.poll()}")
    time.sleep(0.02)
child.send_signal(number)
print(child.wait(60))
END
}

step "Ctrl-C keeps what came, and the same command goes on from there"
status=$(interrupted SIGINT "$part" $((whole / 2)) "$PGSUP" image download -n x --url "$web/stuck/x" \
    --sha256 "$digest")
expect_equal "the status" "$status" -2
expect_text "$ERR" "pgsup: interrupted; the partial download is kept, and the same command resumes it"
expect_equal "what is left" "$(left)" "x.part "
expect_ok get range-only --sha256 "$digest"
expect_equal "what is left" "$(left)" ""
expect_ok "$PGSUP" image verify x
qemu-img compare -q -f raw -F qcow2 "$WORK/disk.raw" "$PGSUP_HOME/images/x.qcow2" ||
    fail "it is another disk"
expect_ok "$PGSUP" image remove x

step "a connection that breaks is made again"
run get cut-range --sha256 "$digest"
expect_equal "the status" "$STATUS" 0
expect_text "$ERR" "x: interrupted at 117.1 KiB (" "x: interrupted at 351.5 KiB (" "): resuming"
expect_ok "$PGSUP" image remove x
run "$PGSUP" -q image download -n x --url "$web/cut-range/x" --sha256 "$digest"
[ ! -s "$ERR" ] || fail "something was said although -q"
expect_ok "$PGSUP" image remove x

step "without a checksum nothing is kept"
expect_fail 1 "the connection ended with " get short
expect_equal "what is left" "$(left)" ""
status=$(interrupted SIGTERM "$part" $((whole / 2)) "$PGSUP" image download -n x --url "$web/stuck/x")
expect_equal "the status" "$status" -15
expect_text "$ERR" "pgsup: interrupted"
expect_equal "what is left" "$(left)" ""

step "servers that refuse, or tell nonsense"
expect_fail 3 "status 404" get 404 --sha256 "$digest"
expect_fail 1 "status 416" get 416 --sha256 "$digest"
expect_fail 1 "status 500" get 500 --sha256 "$digest"
expect_fail 1 "redirects" get loop --sha256 "$digest"
expect_fail 1 "does not have its publisher's SHA256" get page --sha256 "$digest"
expect_equal "what is left" "$(left)" "x.part.mismatch "
expect_fail 1 "status 403; the partial download is kept" "$PGSUP" -q image download -n x \
    --url "$web/half-then-403/x" --sha256 "$digest"
expect_equal "what is left" "$(left)" "x.part x.part.mismatch "
expect_ok "$PGSUP" image remove x
expect_equal "what is left" "$(left)" ""
run get wrong-range --sha256 "$digest"
expect_text "$ERR" "x: interrupted at 117.1 KiB" "from the beginning"
expect_text "$ERR" "does not have its publisher's SHA256"

step "a proxy, as curl knows it"
http_proxy=$web expect_ok "$PGSUP" image download -n y --url http://images.invalid/file/x \
    --sha256 "$digest"
expect_ok "$PGSUP" image remove y

step "one that is interrupted when all of it has come need not come again"
mkdir "$WORK/www"
mv "$WORK/endless.gz" "$WORK/www"
(cd "$WORK/www" && exec python3 -u -m http.server --bind 127.0.0.1 0) >"$WORK/www.log" 2>&1 &
at_exit "kill $!"
wait_until 20 grep -q 'port [0-9]' "$WORK/www.log"
other=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$WORK/www.log" | head -1)
status=$(interrupted SIGINT "$PGSUP_HOME/images/z.unpacked" 0 "$PGSUP" image download -n z \
    --url "$other/endless.gz" --sha256 "$(python3 -c 'import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$WORK/www/endless.gz")")
expect_equal "the status" "$status" -2
expect_text "$ERR" "interrupted; the partial download is kept, and the same command resumes it"
cmp -s "$WORK/www/endless.gz" "$PGSUP_HOME/images/z.part" || fail "it is not all there"
expect_ok "$PGSUP" image remove z

step "an import that is interrupted leaves nothing"
status=$(interrupted SIGINT "$PGSUP_HOME/images/big.unpacked" 0 "$PGSUP" image import -n big \
    "$WORK/www/endless.gz")
expect_equal "the status" "$status" -2
expect_text "$ERR" "pgsup: interrupted"
expect_ok "$PGSUP" image remove x
expect_equal "what is left" "$(left)" ""
expect_ok "$PGSUP" image import -n big "$WORK/disk.raw.xz"
