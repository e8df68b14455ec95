# Goal: what is downloaded is used only when it is what its publisher says: the checksum is fetched
# first, and what does not have it is kept aside.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
mkdir "$WORK/www"
make_image "$WORK/www/good.qcow2"
make_image "$WORK/www/evil.qcow2" 65M
digest() { # sha256|sha512 FILE
    python3 -c 'import hashlib, sys
print(hashlib.new(sys.argv[1], open(sys.argv[2], "rb").read()).hexdigest())' "$@"
}
good=$(digest sha256 "$WORK/www/good.qcow2")
python3 -c 'import lzma, sys
open(sys.argv[1] + ".xz", "wb").write(lzma.compress(open(sys.argv[1], "rb").read()))' "$WORK/www/good.qcow2"
echo "$(digest sha256 "$WORK/www/good.qcow2.xz")  good.qcow2.xz
$good  good.qcow2
$good  evil.qcow2" >"$WORK/www/SUMS"
echo "SHA512 (good.qcow2) = $(digest sha512 "$WORK/www/good.qcow2")" >"$WORK/www/CHECKSUM"
echo "nothing of use" >"$WORK/www/EMPTY"
(cd "$WORK/www" && exec python3 -u -m http.server --bind 127.0.0.1 0) >"$WORK/www.log" 2>&1 &
at_exit "kill $!"
wait_until 20 grep -q 'port [0-9]' "$WORK/www.log"
web=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$WORK/www.log" | head -1)

known() { # NAME FILE SUMS DIGEST FORM [FORMAT]
    cat <<END
$1:
  title: The one called $1
  user: me
  seed-source: nocloud
  phones-home: yes
  min-disk: 64M
  min-ram: 64M
  format: ${6:-qcow2}
  digest: $4
  checksum-form: $5
  aarch64:
    url: $web/$2
    checksums: $web/$3
  x86_64:
    url: $web/$2
    checksums: $web/$3
END
}
{
    known gnu good.qcow2 SUMS sha256 gnu
    known bsd good.qcow2 CHECKSUM sha512 bsd
    known evil evil.qcow2 SUMS sha256 gnu
    known unsaid good.qcow2 EMPTY sha256 gnu
    known nowhere good.qcow2 GONE sha256 gnu
    known packed good.qcow2.xz SUMS sha256 gnu qcow2.xz
} >"$PGSUP_HOME/images.yaml"
fetched() { # FILE: how often
    grep -c "GET /$1 " "$WORK/www.log" || true
}
images() {
    "$PGSUP" image list -q | tr '\n' ' '
}

step "the publisher's checksum, in both forms"
expect_ok "$PGSUP" image download gnu
expect_ok "$PGSUP" image download bsd
expect_equal "the images" "$(images)" "bsd gnu "

step "packed by its publisher: the checksum is of what is fetched"
expect_ok "$PGSUP" image download packed
cmp -s "$WORK/www/good.qcow2" "$PGSUP_HOME/images/packed.qcow2" || fail "it is another image"
expect_ok "$PGSUP" image remove packed

step "what does not have it is not used"
expect_fail 1 "evil.qcow2 does not have its publisher's SHA256" "$PGSUP" image download evil
aside=$PGSUP_HOME/images/evil.part.mismatch
expect_text "$ERR" "$aside"
expect_equal "what came" "$(cksum <"$aside")" "$(cksum <"$WORK/www/evil.qcow2")"
expect_equal "the images" "$(images)" "bsd gnu "
expect_equal "what else is left" "$(find "$PGSUP_HOME/images" -name '*.part' -o -name '*.new')" ""
cp "$WORK/www/good.qcow2" "$WORK/www/evil.qcow2"
expect_ok "$PGSUP" image download evil

step "without a checksum nothing is fetched"
before=$(fetched good.qcow2)
expect_fail 1 "EMPTY: it contains no SHA256 checksum of good.qcow2" "$PGSUP" image download unsaid
expect_fail 3 "GONE: the server answered with status 404" "$PGSUP" image download nowhere
expect_equal "how often the image was fetched" "$(fetched good.qcow2)" "$before"
expect_equal "what is left" "$(find "$PGSUP_HOME/images" -name '*.part' -o -name '*.new')" ""

step "of any address, as asked for"
expect_ok "$PGSUP" image download -n mine --url "$web/good.qcow2" --sha256 "$good"
expect_fail 1 "does not have its publisher's SHA256" \
    "$PGSUP" image download -n other --url "$web/good.qcow2" --sha256 "$(digest sha256 "$WORK/www/SUMS")"
expect_fail 2 "is not a SHA-256" "$PGSUP" image download -n other --url "$web/good.qcow2" --sha256 123
expect_fail 2 "--sha256 requires --url" "$PGSUP" image download gnu --sha256 "$good"
