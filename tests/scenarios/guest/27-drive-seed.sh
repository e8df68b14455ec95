# Goal: a guest with a static address is seeded from its drive, without asking the seed server for
# anything, and is ready when it has phoned home; its address is the one that it was given.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
new_cloud
start_supervisor

step "a static address chooses the drive"
new_mini fixed --ip 10.0.2.77
expect_ok "$PGSUP" instance get fixed --json
expect_equal "how it is seeded" "$(json_of 'it["seed"], it["ip4"]')" "('drive', '10.0.2.77')"
expect_ready fixed
expect_text "$ERR" "phase: phone-home" "phase: ready"
expect_text "$PGSUP_HOME/instances/fixed/console.log" "mini: seed drive /dev/vdb" \
    "mini: address 10.0.2.77"
expect_event fixed "phoned home"
"$PGSUP" events -v -n all fixed >"$WORK/events"
expect_no_text "$WORK/events" "fetched by"

step "where it is reached"
ssh_port=$(field_of fixed 'it["port"]')
expect_equal "addresses" "$(field_of fixed 'it["address"], it["ip4"]')" \
    "('127.0.0.1', '10.0.2.77')"
expect_equal "who answers there" "$(python3 - "$ssh_port" <<'END'
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20) as connection:
    print(connection.recv(100).decode().strip())
END
)" SSH-2.0-tiny

step "what the user edits gets onto the drive"
run "$PGSUP" stop fixed
expect_equal "status of stop" "$STATUS" 0
misbehave fixed ignore-power-button
expect_ready fixed
run "$PGSUP" stop -t 2 --no-escalate fixed
expect_equal "status of stop" "$STATUS" 5
wait_until 20 grep -q "mini: power button ignored" "$PGSUP_HOME/instances/fixed/console.log"
run "$PGSUP" stop -f fixed
expect_equal "status of stop -f" "$STATUS" 0

step "a drive by request, with an address by DHCP"
new_mini asked --seed drive
expect_ready asked
expect_text "$PGSUP_HOME/instances/asked/console.log" "mini: seed drive /dev/vdb" \
    "mini: address 10.0.2.15"
"$PGSUP" events -v -n all asked >"$WORK/events"
expect_no_text "$WORK/events" "fetched by"

step "an image whose cloud-init cannot be seeded over HTTP"
make_image "$WORK/old.qcow2" 64M
expect_fail 2 '"floppy"' "$PGSUP" image import -n old --seed-source floppy "$WORK/old.qcow2"
expect_ok "$PGSUP" image import -n old --arch aarch64 --seed-source none "$WORK/old.qcow2"
expect_ok "$PGSUP" instance create old --os old
expect_ok "$PGSUP" instance get old --json
expect_equal "how it is seeded" "$(json_of 'it["seed"]')" drive
expect_fail 2 "does not support a seed over HTTP" "$PGSUP" instance create older --os old --seed http
end_supervisor
expect_nothing_left
