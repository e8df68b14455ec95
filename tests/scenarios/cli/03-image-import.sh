# Goal: images come into the home checked, whole and read-only, and leave it only when nobody uses
# them.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/debian-12-arm64.qcow2" 96M
before=$(cksum <"$WORK/debian-12-arm64.qcow2")

step "import copies, checks and makes read-only"
expect_ok "$PGSUP" image import -n debian-12 "$WORK/debian-12-arm64.qcow2"
expect_equal "the source afterwards" "$(cksum <"$WORK/debian-12-arm64.qcow2")" "$before"
expect_ok "$PGSUP" image list --json
expect_equal "what is recorded" \
    "$(json_of '[(i["name"], i["format"], i["arch"], i["virtual_bytes"]) for i in it]')" \
    "[('debian-12', 'qcow2', 'aarch64', 100663296)]"
file=$PGSUP_HOME/images/$(json_of 'it[0]["file"]')
expect_equal "the copy" "$(cksum <"$file")" "$before"
expect_equal "mode of the copy" "$(mode_of "$file" | tr -d 'r-')" ""

step "the architecture can be told, tables and names are printed"
expect_ok "$PGSUP" image import -n other --arch x86_64 "$WORK/debian-12-arm64.qcow2"
expect_ok "$PGSUP" image ls
expect_equal "lines" "$(wc -l <"$OUT" | tr -d ' ')" 3
expect_text "$OUT" "x86_64" "96 MiB"
expect_ok "$PGSUP" image list -q
expect_equal "names" "$(tr '\n' ' ' <"$OUT")" "debian-12 other "

step "a name that would change the direction of the text is shown escaped, and is data in JSON"
deceiver=$(printf '%s/\342\200\256gpj.qcow2' "$WORK")
cp "$WORK/debian-12-arm64.qcow2" "$deceiver"
expect_ok "$PGSUP" image import -n deceiver "$deceiver"
expect_ok "$PGSUP" image info deceiver
expect_text "$OUT" '\xE2\x80\xAEgpj.qcow2'
expect_equal "control characters" "$(tr -d '\n -~' <"$OUT")" ""
expect_ok "$PGSUP" image info deceiver --json
expect_text "$OUT" '/\u202Egpj.qcow2'
expect_equal "origin" "$(json_of 'it["origin"].endswith("/" + chr(0x202e) + "gpj.qcow2")')" True
rm "$deceiver"
expect_refused 3 '\xE2\x80\xAEgpj.qcow2' "$PGSUP" image import -n gone "$deceiver"
expect_ok "$PGSUP" image remove deceiver

step "what is no proper image is refused"
expect_refused 3 debian-12 "$PGSUP" image import -n debian-12 "$WORK/debian-12-arm64.qcow2"
expect_refused 3 missing.qcow2 "$PGSUP" image import -n x "$WORK/missing.qcow2"
expect_refused 2 folder "$PGSUP" image import -n x "$WORK"
head -c 100000 /dev/zero >"$WORK/raw.img"
expect_refused 2 "raw.img is neither a qcow2" "$PGSUP" image import -n x "$WORK/raw.img"
qemu-img create -q -f qcow2 -b "$WORK/debian-12-arm64.qcow2" -F qcow2 "$WORK/child.qcow2"
expect_refused 2 backing "$PGSUP" image import -n x "$WORK/child.qcow2"
printf 'QFI\373\0\0\0\003garbage' >"$WORK/broken.qcow2"
expect_refused 2 broken.qcow2 "$PGSUP" image import -n x "$WORK/broken.qcow2"
expect_refused 2 "RFC 1123" "$PGSUP" image import -n Bad_Name "$WORK/debian-12-arm64.qcow2"
expect_refused 2 riscv64 "$PGSUP" image import -n x --arch riscv64 "$WORK/debian-12-arm64.qcow2"

step "download from an address"
mkdir "$WORK/www"
cp "$WORK/debian-12-arm64.qcow2" "$WORK/www/"
(cd "$WORK/www" && exec python3 -u -m http.server --bind 127.0.0.1 0) >"$WORK/www.log" 2>&1 &
server=$!
at_exit "kill $server"
wait_until 20 grep -q 'port [0-9]' "$WORK/www.log"
port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$WORK/www.log" | head -1)
expect_ok "$PGSUP" image download -n web --url "http://127.0.0.1:$port/debian-12-arm64.qcow2"
expect_ok "$PGSUP" image list --json
expect_equal "the download" \
    "$(json_of '[(i["arch"], i["virtual_bytes"]) for i in it if i["name"] == "web"]')" \
    "[('aarch64', 100663296)]"
expect_refused 3 404 "$PGSUP" image download -n gone --url "http://127.0.0.1:$port/gone.qcow2"
expect_refused 3 ubuntu-jammy "$PGSUP" image download -n no-such-image

step "an image in use stays, and its users are named"
expect_ok "$PGSUP" instance create one --os debian-12
expect_ok "$PGSUP" instance create two --os debian-12
expect_refused 3 "one, two" "$PGSUP" image remove debian-12
expect_ok "$PGSUP" instance remove -y one
expect_ok "$PGSUP" instance remove -y two
expect_ok "$PGSUP" image rm debian-12
[ ! -e "$file" ] || fail "the file is still there"
expect_refused 3 debian-12 "$PGSUP" image remove debian-12

step "an architecture that nothing tells is told"
make_image "$WORK/plain.qcow2"
expect_ok "$PGSUP" image import -n guessed "$WORK/plain.qcow2"
expect_text "$OUT" 'image "guessed" imported; its name tells no architecture, so it is taken for '
expect_ok "$PGSUP" image import -n told --arch aarch64 "$WORK/plain.qcow2"
expect_equal "what is said" "$(cat "$OUT")" 'image "told" imported'
expect_refused 2 '"mips" is not an architecture' "$PGSUP" image import -n odd --arch mips "$WORK/plain.qcow2"
expect_refused 2 "--arch requires --url" "$PGSUP" image download -n debian-12 --arch aarch64
expect_refused 2 '"mips" is not an architecture' "$PGSUP" image download -n odd --url http://127.0.0.1:9/x --arch mips
