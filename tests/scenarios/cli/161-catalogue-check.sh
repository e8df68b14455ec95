# Goal: an image of the catalogue is found by what its publisher lists, the newest one; each address is
# asked without a download; a publisher that moves is followed, and one that lies is told of.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
fake=$(cd "$(dirname "$0")/../../fake" && pwd)
make_image "$WORK/small.qcow2" 64M
python3 - "$WORK" <<'END'
import os, sys
with open(sys.argv[1] + "/small.qcow2", "rb") as small, open(sys.argv[1] + "/image.qcow2", "wb") as image:
    image.write(small.read() + bytes(2 << 20))
END
mkfifo "$WORK/leash"
python3 "$fake/publisher.py" "$WORK/image.qcow2" <"$WORK/leash" >"$WORK/port" 2>"$WORK/asked" &
exec 9>"$WORK/leash"
wait_until 20 test -s "$WORK/port"
web=http://127.0.0.1:$(cat "$WORK/port")

# image NAME URL LISTING CHECKSUMS: an entry; "" leaves the listing out, ARCH in an address is the
# architecture. brief …: for aarch64 only.
ARCHITECTURES="aarch64 x86_64"
brief() {
    ARCHITECTURES=aarch64 image "$@"
}
image() {
    local arch
    printf '%s:\n  title: %s\n  seed-source: none\n  format: qcow2\n' "$1" "$1"
    for arch in $ARCHITECTURES; do
        printf '  %s:\n    url: %s\n%s    checksums: %s\n' $arch "$web${2/ARCH/$arch}" \
            "${3:+    listing: $web$3$'\n'}" "$web$4"
    done
}
expect_ok "$PGSUP" image list --available --quiet
built_in=$(cat "$OUT")
{
    for name in $built_in; do # nobody else is asked here
        brief "$name" /index/img-1.2-ARCH.qcow2 "" /index/SHA256SUMS
    done
    image index "/index/img-*-ARCH.qcow2" /index/ /index/SHA256SUMS
    image sums "/moved/index/img-1.*-ARCH.qcow2" /moved/index/SHA256SUMS /index/SHA256SUMS
    brief nohead "/nohead/img-1.9-ARCH.qcow2" "" /nohead/SHA256SUMS
    brief ahead "/ahead/img-*-ARCH.qcow2" /ahead/ /ahead/SHA256SUMS
    brief hostile "/index/img-*-ARCH.qcow2" /hostile/ /index/SHA256SUMS
    image page "/index/img-*-ARCH.qcow2" /page/ /index/SHA256SUMS
    brief huge "/index/img-*-ARCH.qcow2" /huge/ /index/SHA256SUMS
    brief flood "/index/img-*-ARCH.qcow2" /flood/ /index/SHA256SUMS
    brief escape "/index/img-*-ARCH.qcow2" /escape/ /index/SHA256SUMS
    brief elsewhere "/index/img-*-ARCH.qcow2" /elsewhere/ /index/SHA256SUMS
    brief small "/small/img-1.9-ARCH.qcow2" "" /small/SHA256SUMS
    brief other "/index/img-1.9-ARCH.qcow2" "" /other/SHA256SUMS
    brief gone "/gone/x-ARCH.qcow2" "" /gone/sums
} >"$PGSUP_HOME/images.yaml"

step "every address is asked, and nothing is downloaded"
: >"$WORK/asked"
run "$PGSUP" image list --available --check --json
expect_equal "status" "$STATUS" 1
expect_text "$ERR" "11 images of the catalogue cannot be downloaded"
row() { # NAME EXPRESSION: over the row of aarch64
    json_of "[($2) for row in it if row['name'] == '$1' and row['arch'] == 'aarch64'][0]"
}
expect_equal "built in" "$(json_of "len([row for row in it if row['result'] == 'ok' and row['name'] not in ('index', 'sums', 'nohead')])")" \
    "$(wc -w <<<"$built_in" | tr -d ' ')"
expect_equal "the newest of an index" "$(row index 'row["result"], row["file"], row["bytes"] > 2 << 20')" \
    "('ok', 'img-1.10.1-2-aarch64.qcow2', True)"
expect_equal "of a checksum file that has moved" "$(row sums 'row["result"], row["file"]')" "('ok', 'img-1.10.1-2-aarch64.qcow2')"
expect_equal "without HEAD" "$(row nohead 'row["result"], row["bytes"] > 2 << 20')" "('ok', True)"
while read -r name text; do
    expect_equal "$name" "$(row "$name" "row['result'], '$text' in row['error']")" "('failed', True)"
done <<'END'
ahead contains no SHA256 checksum of img-1.11-aarch64.qcow2
hostile lists nothing of the form img-*-aarch64.qcow2
page lists nothing of the form img-*-aarch64.qcow2
huge is larger than 1048576 bytes
flood is larger than 1048576 bytes
escape rotocol "file"
elsewhere contains no SHA256 checksum of img-9.9-aarch64.qcow2
small has 36 bytes, which is no image
other 
gone the server answered with status 404
END
wait_until 20 grep -q "^CUT /flood/" "$WORK/asked" || fail "the listing without an end was read on"
! grep '^GET' "$WORK/asked" | grep -v /nohead/ || fail "something was downloaded"
expect_equal "images" "$(ls "$PGSUP_HOME/images")" ""

step "the newest is downloaded"
expect_ok "$PGSUP" image download -n sums
expect_ok "$PGSUP" image info sums --json
expect_equal "its origin" "$(json_of 'it["origin"].rsplit("/", 1)[1].startswith("img-1.10.1-2-")')" "True"
run "$PGSUP" image download -n page
expect_text "$ERR" "/page/: lists nothing of the form img-*-"

step "the script that a release and a weekly job run"
run env HOME="$WORK" "$(dirname "$0")/../../../scripts/check-catalogue" --home "$PGSUP_HOME" --program "$PGSUP"
expect_equal "status" "$STATUS" 1
expect_text "$OUT" "gone" "failed"
image index "/index/img-*-ARCH.qcow2" /index/ /index/SHA256SUMS >"$WORK/good"
for name in $built_in; do
    brief "$name" /index/img-1.2-ARCH.qcow2 "" /index/SHA256SUMS
done >>"$WORK/good"
cp "$WORK/good" "$PGSUP_HOME/images.yaml"
expect_ok "$(dirname "$0")/../../../scripts/check-catalogue" --home "$PGSUP_HOME" --program "$PGSUP"
expect_text "$OUT" "check-catalogue: all can be downloaded"
expect_fail 2 "--check is for --available" "$PGSUP" image list --check
