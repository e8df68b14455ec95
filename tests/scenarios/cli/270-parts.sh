# Goal: the parts of instances, disks, cards, forwards and snapshots, are listed for one or for all,
# and completion is told those that the next word can name.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
for name in one two; do
    expect_ok "$PGSUP" instance create --os base --vcpu 1 --ram 64 $name
done
port=$(free_port)
expect_ok "$PGSUP" disk add two data 1G
expect_ok "$PGSUP" disk add one first 1G
expect_ok "$PGSUP" disk add one second 2G
expect_ok "$PGSUP" nic add two user
expect_ok "$PGSUP" forward add two "$port:80" "0.0.0.0:$port:53/udp"
expect_ok "$PGSUP" snapshot create two before

step "disks and cards of all instances"
expect_ok "$PGSUP" disk list --json
expect_equal "disks" "$(json_of '[(each["instance"], each["name"]) for each in it]')" \
    "[('one', 'first'), ('one', 'second'), ('two', 'data')]"
expect_ok "$PGSUP" disk list
expect_equal "disks" "$(awk '{print $1, $2}' "$OUT" | xargs)" "INSTANCE DISK one first one second two data"
expect_ok "$PGSUP" disk list two --json
expect_equal "disks of one" "$(json_of '[(each["instance"], each["name"]) for each in it]')" "[('two', 'data')]"
expect_ok "$PGSUP" nic list --json
expect_equal "cards" "$(json_of '[(each["instance"], each["position"]) for each in it]')" \
    "[('one', 0), ('two', 0), ('two', 1)]"
expect_ok "$PGSUP" nic list
expect_equal "cards" "$(awk '{print $1, $2}' "$OUT" | xargs)" "INSTANCE CARD one 0 two 0 two 1"
expect_refused 3 'no instance "none"' "$PGSUP" disk list none
expect_refused 3 'no instance "none"' "$PGSUP" nic list none

step "what completion is told is what the next word can be"
names() { # COMMAND… EXPECTED
    expect_ok "$PGSUP" "${@:1:$#-1}"
    expect_equal "${*:1:$#-1}" "$(xargs <"$OUT")" "${*: -1}"
}
names disk list --names-only one "first second"
names nic list --names-only two 1
names nic list --names-only one ""
names forward list --names-only two "$port:80 0.0.0.0:$port:53/udp"
names snapshot list --names-only two before
names snapshot list --names-only one ""
names trash list --names-only ""
expect_ok "$PGSUP" image list --names-only --available
expect_text "$OUT" debian-13

step "a forward goes by its host port, if only one has it"
expect_refused 2 "\"two\" has more than one port forward $port: give one of them as a whole, \
127.0.0.1:$port:80 or 0.0.0.0:$port:53/udp" "$PGSUP" forward remove two "$port"
expect_refused 3 "\"two\" has no port forward 1:" "$PGSUP" forward remove two 1
expect_refused 3 "\"two\" has no port forward 127.0.0.1:$port/udp" "$PGSUP" forward remove two "127.0.0.1:$port/udp"
expect_refused 2 "is not a port forward" "$PGSUP" forward remove two web
expect_refused 3 "\"two\" has no port forward 1:" "$PGSUP" forward remove two "$port/udp" 1
for given in "$port/udp" "0.0.0.0:$port" "0.0.0.0:$port/udp"; do
    expect_ok "$PGSUP" forward remove two "$given"
    expect_text "$OUT" "two: 0.0.0.0:$port:53/udp no longer forwarded"
    names forward list --names-only two "$port:80"
    expect_ok "$PGSUP" forward add two "0.0.0.0:$port:53/udp"
done
expect_ok "$PGSUP" forward remove two "$port:80"
expect_ok "$PGSUP" forward remove two "$port"
names forward list --names-only two ""

step "they are words that the commands take"
expect_ok "$PGSUP" forward add two "$port:80" "0.0.0.0:$port:53/udp"
# shellcheck disable=SC2046  # words
expect_ok "$PGSUP" forward remove two $("$PGSUP" forward list --names-only two)
expect_ok "$PGSUP" nic remove two "$("$PGSUP" nic list --names-only two)"
expect_ok "$PGSUP" instance remove -y two
names trash list --names-only two
