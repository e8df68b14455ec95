# Goal: what can be downloaded is data: compiled in, and a home's own images.yaml adds to it and
# replaces; what is wrong there is told with its line.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud

step "what is compiled in"
expect_ok "$PGSUP" image list --available
expect_text "$OUT" ubuntu-jammy ubuntu-noble debian-12 debian-13 fedora almalinux rocky opensuse \
    alpine freebsd
expect_ok "$PGSUP" image list --available --json
expect_equal "FreeBSD" "$(json_of '[(i["format"], i["phones_home"], i["seed_source"], sorted(i["urls"])) for i in it if i["user"] == "freebsd"]')" \
    "[('raw.xz', False, 'nuageinit', ['aarch64', 'x86_64'])]"

step "the home's own file adds and replaces"
cat >"$PGSUP_HOME/images.yaml" <<'END'
mine:
  title: My own
  user: me
  seed-source: none
  phones-home: no
  min-disk: 7G
  min-ram: 3G
  format: qcow2
  aarch64:
    url: http://127.0.0.1:9/mine.qcow2
    sha256: 00000000000000000000000000000000000000000000000000000000000000ff
END
sed 's/^mine/debian-12/' "$PGSUP_HOME/images.yaml" >"$WORK/replaced"
cat "$WORK/replaced" >>"$PGSUP_HOME/images.yaml"
expect_ok "$PGSUP" image list --available --json
expect_equal "titles" "$(json_of '[i["name"] for i in it if i["title"] == "My own"]')" \
    "['debian-12', 'mine']"

step "what an image needs is the default, and less is refused"
make_image "$WORK/mine-arm64.qcow2"
expect_ok "$PGSUP" image import -n mine "$WORK/mine-arm64.qcow2"
expect_ok "$PGSUP" image list --json
expect_equal "what is recorded" "$(json_of '[(i["user"], i["seed_source"], i["phones_home"]) for i in it]')" \
    "[('me', 'none', False)]"
expect_refused 2 "at least 7168M" "$PGSUP" instance create test --os mine -s 5G
expect_refused 2 "at least 3072M" "$PGSUP" instance create test --os mine --ram 1G
expect_ok "$PGSUP" instance create test --os mine
expect_ok "$PGSUP" instance get test --json
expect_equal "its size" "$(json_of '(it["disk_bytes"] >> 30, it["ram_bytes"] >> 20)')" "(7, 3072)"
expect_refused 2 "at least 3072M" "$PGSUP" instance set test --ram 1G

step "a mistake is told with its line"
echo "  color: red" >>"$PGSUP_HOME/images.yaml"
lines=$(wc -l <"$PGSUP_HOME/images.yaml" | tr -d ' ')
expect_refused 2 "images.yaml:$lines: \"color\"" "$PGSUP" image list --available
expect_refused 2 "images.yaml:$lines: \"color\"" "$PGSUP" image download debian-12

step "an image that cannot phone home is ready when its sshd answers"
cat >"$PGSUP_HOME/images.yaml" <<'END'
quiet:
  title: One without phone_home
  user: root
  seed-source: none
  phones-home: no
  min-disk: 16M
  min-ram: 128M
  format: qcow2
  aarch64:
    url: http://127.0.0.1:9/quiet.qcow2
    sha256: 00000000000000000000000000000000000000000000000000000000000000ff
END
expect_ok "$PGSUP" image import -n quiet --arch aarch64 "${PGSUP_MINI_IMAGE:?the image of the mini guest}"
expect_ok "$PGSUP" instance create quiet --os quiet --vcpu 1 --ram 256 --ssh-port "$(free_port)"
python3 - "$PGSUP_HOME/instances/quiet/cloud-init/user-data" <<'END'
import re, sys
text = open(sys.argv[1]).read()
changed = re.sub(r"(?m)^phone_home:\n( .*\n)+", "", text)
assert changed != text
open(sys.argv[1], "w").write(changed)
END
start_supervisor
expect_ready -v quiet
expect_text "$ERR" "booting --ready--> ready"
"$PGSUP" events -v -n all quiet >"$WORK/events"
expect_no_text "$WORK/events" "phoned home"
end_supervisor
