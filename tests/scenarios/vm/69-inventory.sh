# Goal: Ansible takes the whole cloud as its dynamic inventory, with and without a supervisor, and
# reaches every guest with its host key checked, whatever the user's own configuration says.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
PROGRAM=$(cd "$(dirname "$PGSUP")" && pwd)/pgsup-inventory
[ "$(uname -s)" = Darwin ] && utf8=en_US.UTF-8 || utf8=C.UTF-8
with_ansible() { # COMMAND…: Ansible refuses to work in a locale that is not UTF-8
    expect_ok env LC_ALL="$utf8" "$@"
}
hosts_of() { # GROUP
    with_ansible ansible -i "$PROGRAM" "$1" --list-hosts
    sed -n 's/^ *//; 2,$p' "$OUT" | sort | tr '\n' ' '
}

step "an empty cloud"
make_cloud
expect_ok "$PGSUP" inventory --list
expect_equal "the inventory" "$(json_of 'it')" "{'_meta': {'hostvars': {}}}"
expect_ok "$PROGRAM" --list

step "what is wrong is told"
expect_fail 2 "use either --list or --host NAME" "$PGSUP" inventory
expect_fail 2 "use either --list or --host NAME" "$PGSUP" inventory --list --host test
expect_fail 3 'no instance "none"' "$PROGRAM" --host none
expect_fail 3 "no cloud in $WORK/none" "$PGSUP" -p "$WORK/none" inventory --list

step "groups by image, network and state"
make_image "$WORK/empty.qcow2" 64M
for image in debian-12 other; do
    expect_ok "$PGSUP" image import -n $image --arch aarch64 "$WORK/empty.qcow2"
done
port=$(free_port)
expect_ok "$PGSUP" instance create -n test --os debian-12 --vcpu 1 --ram 256 --accel tcg --ssh-port "$port"
expect_ok "$PGSUP" instance create -n web --os debian-12 --vcpu 1 --ram 256 --accel tcg --ssh-port "$(free_port)"
expect_ok "$PGSUP" instance create -n 1e3 --os other --vcpu 1 --ram 64 --accel tcg --ssh-port "$(free_port)"
printf '\177\040\003\325\377\377\377\027' >"$WORK/idle.fw" # aarch64: wfi; b .-4
printf '%s\n' -bios "$WORK/idle.fw" >"$PGSUP_HOME/instances/test/qemu.args"
expect_equal "all" "$(hosts_of all)" "1e3 test web "
expect_equal "by image" "$(hosts_of image_debian_12)" "test web "
expect_equal "by network" "$(hosts_of network_user)" "1e3 test web "
expect_equal "by state" "$(hosts_of state_stopped)" "1e3 test web "

is_served() { # PORT: something answers HTTP there
    python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5).read()' \
        "http://127.0.0.1:$1/" 2>"$WORK/page"
}

step "nobody is spoken to in the place of a VM that does not run"
python3 -m http.server -b 127.0.0.1 "$port" >"$WORK/foreign.log" 2>&1 &
foreign=$!
at_exit "kill $foreign 2>/dev/null"
wait_until 20 is_served "$port"
: >"$WORK/foreign.log"
run env LC_ALL="$utf8" ansible -i "$PROGRAM" test -m ping
expect_text "$OUT" "UNREACHABLE" 'test is stopped: `pgsup start test --wait` starts it'
expect_equal "what the other program heard" "$(cat "$WORK/foreign.log")" ""
expect_fail 3 'test is stopped: `pgsup start test --wait` starts it' "$PGSUP" ssh test
kill $foreign
expect_ok "$PROGRAM" --host test
expect_equal "where it is" "$(json_of 'it["ansible_host"], it.get("ansible_port"), it["pgsup_state"]')" \
    "('test.stopped.invalid', None, 'stopped')"

step "the variables of a host"
start_supervisor
run "$PGSUP" -q start test
expect_equal "status of start" "$STATUS" 0
with_ansible ansible-inventory -i "$PROGRAM" --host test
folder=$PGSUP_HOME/instances/test
expect_equal "where it is" "$(json_of 'it["ansible_host"], it["ansible_port"], it["ansible_user"], it["ansible_become"]')" \
    "('127.0.0.1', $port, 'ansible', True)"
expect_equal "what it is" "$(json_of 'it["pgsup_image"], it["pgsup_arch"], it["pgsup_state"], it["pgsup_folder"]')" \
    "('debian-12', 'aarch64', 'booting', '$folder')"
expect_equal "its key" "$(json_of 'it["ansible_ssh_private_key_file"]')" "$KEY"
cp "$OUT" "$WORK/by-ansible"
expect_ok "$PGSUP" inventory --host test
expect_equal "by both ways" "$(json_of 'it == json.load(open("'"$WORK"'/by-ansible"))')" True

step "its host key is checked, though the user's configuration says no"
printf '[defaults]\nhost_key_checking = False\n' >"$HOME/.ansible.cfg"
mkdir "$WORK/bin"
printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s/ssh-words"\nexit 255\n' "$WORK" >"$WORK/bin/ssh"
chmod +x "$WORK/bin/ssh"
run env LC_ALL="$utf8" ANSIBLE_SSH_EXECUTABLE="$WORK/bin/ssh" ansible -i "$PROGRAM" test -m ping
expect_text "$OUT" "UNREACHABLE"
expect_text "$WORK/ssh-words" "StrictHostKeyChecking=yes" "UserKnownHostsFile=\"$folder/known_hosts\"" \
    "GlobalKnownHostsFile=/dev/null" "HostKeyAlias=test-" "Port=$port" "IdentityFile=\"$KEY\"" 'User="ansible"'
expect_no_text "$WORK/ssh-words" "StrictHostKeyChecking=no"

step "states as the supervisor tells them"
expect_equal "started" "$(hosts_of state_booting)" "test "
expect_equal "not started" "$(hosts_of state_stopped)" "1e3 web "
expect_ok "$PROGRAM" --host test
expect_equal "its state" "$(json_of 'it["pgsup_state"]')" booting

step "on the port by which it would be reached after a restart somebody else listens"
other=$(free_port)
expect_ok "$PGSUP" instance set test --ssh-port "$other"
python3 -m http.server -b 127.0.0.1 "$other" >"$WORK/foreign.log" 2>&1 &
foreign=$!
wait_until 20 is_served "$other"
: >"$WORK/foreign.log"
sentence="nothing was sent to test: on port $other of 127.0.0.1 not its QEMU (process $(pid_of test)) listens, but process $foreign (python3)"
expect_fail 3 "$sentence" "$PGSUP" ssh test
run env LC_ALL="$utf8" ansible -i "$PROGRAM" test -m ping
expect_text "$OUT" "UNREACHABLE" "$sentence"
expect_equal "what it heard" "$(cat "$WORK/foreign.log")" ""
kill $foreign

step "... and without one as QEMU does"
kill_supervisor
expect_equal "it runs on" "$(hosts_of state_running)" "test "

step "installed, it finds the program beside it, or by PATH"
mkdir "$WORK/prefix" "$WORK/alone"
cp -p "$PGSUP" "$PROGRAM" "$WORK/prefix/"
cp -p "$PROGRAM" "$WORK/alone/"
PATH=$WORK/prefix:$PATH
expect_ok "$WORK/alone/pgsup-inventory" --list
expect_ok pgsup-inventory --list
with_ansible ansible -i "$(command -v pgsup-inventory)" all --list-hosts
expect_text "$OUT" "hosts (3)"
