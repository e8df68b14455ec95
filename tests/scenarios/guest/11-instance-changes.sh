# Goal: an instance is changed, renamed and cloned. What needs a restart says so; a rename keeps the
# machine, a clone is another one; both are refused while it runs and leave no trace when refused.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
new_cloud
new_mini web --seed drive --ip 10.0.2.50
make_machine_of() { # NAME: that starts at once and runs nothing
    printf '%s\n' -bios "$WORK/idle.fw" >"$PGSUP_HOME/instances/$1/qemu.args"
}
printf '\177\040\003\325\377\377\377\027' >"$WORK/idle.fw" # aarch64: wfi; b .-4
new_mini idle --accel tcg
make_machine_of idle
get() { # NAME EXPRESSION
    run "$PGSUP" instance get "$1" --json
    json_of "$2"
}
row() { # NAME COLUMN
    in_store "SELECT $2 FROM instances WHERE name = '$1'"
}

step "set: what is wrong is refused, and nothing is changed"
expect_refused 2 "nothing to change was given" "$PGSUP" instance set web
expect_refused 2 '"65" is not a number of virtual processors' "$PGSUP" instance set web --vcpu 65
expect_refused 2 '"7" is not enough memory' "$PGSUP" instance set web --vcpu 2 --ram 7
expect_refused 2 '"floppy" is not a way to seed a guest' "$PGSUP" instance set web --seed floppy
expect_refused 2 '"warp" is not an accelerator' "$PGSUP" instance set web --accel warp
expect_refused 2 "10.0.2.0/24" "$PGSUP" instance set web --ip 10.0.3.5
expect_refused 3 'the address 10.0.2.50 belongs to the instance "web"' \
    "$PGSUP" instance set idle --ip 10.0.2.50
expect_refused 3 'no instance "nobody"' "$PGSUP" instance set nobody --vcpu 1

expect_refused 2 '"0" is not a port' "$PGSUP" instance set web --ssh-port 0
expect_refused 3 '"idle"' "$PGSUP" instance set web --ssh-port "$(row idle ssh_port)"

step "set: of what does not run"
port=$(free_port)
expect_ok "$PGSUP" instance set web --ssh-port "$port"
expect_ok "$PGSUP" instance set web --ssh-port "$port"
expect_equal "port" "$(row web ssh_port)" "$port"
expect_ok "$PGSUP" instance set web --vcpu 2 --ram 300 --accel tcg --ip 10.0.2.50
expect_equal "row" "$(row web 'vcpu, ram_mib, accel, ip4, seed')" "2|300|tcg|10.0.2.50|drive"
expect_text "$PGSUP_HOME/instances/web/vm.sh" "-smp 2" "-m 300"
expect_ok "$PGSUP" instance set web --vcpu 1 --ip "" --accel ""
expect_equal "row" "$(row web "vcpu, ifnull(ip4, '-'), ifnull(accel, '-')")" "1|-|-"
expect_ok "$PGSUP" instance set idle --ip 10.0.2.51
expect_equal "its seed, by its address" "$(row idle seed)" drive

step "set: refused half-way: all files are as before, and none counts as edited"
folder=$PGSUP_HOME/instances/web
addresses() { # of the document, and of the one on the drive
    mcopy -n -i "$folder/cloud-init.img" ::network-config - | cat - "$folder/cloud-init/network-config" |
        sed -n 's/.*"\(10[.].*\)\/24".*/\1/p' | tr '\n' ' '
}
printf '#cloud-config\n  a: [\n' >"$folder/cloud-init/user-data"
expect_fail 2 "user-data: line" "$PGSUP" instance set web --ip 10.0.2.77
expect_equal "addresses" "$(addresses)" ""
rm "$folder/cloud-init/user-data" "$folder/vm.sh"
mkdir "$folder/vm.sh"
expect_fail 2 "vm.sh is not a file: move it away" "$PGSUP" instance set web --ip 10.0.2.78
expect_equal "addresses" "$(addresses)" ""
rmdir "$folder/vm.sh"
expect_ok "$PGSUP" instance set web --ip 10.0.2.79
expect_equal "addresses" "$(addresses)" "10.0.2.79 10.0.2.79 "
expect_ok "$PGSUP" instance set web --ip ""
expect_equal "what counts as edited" "$(find "$folder" -name '*.new')" ""

step "set: of what runs"
start_supervisor
quietly start idle
expect_ok "$PGSUP" instance set idle --ram 200
expect_text "$OUT" "idle runs: the change takes effect at the next start"
expect_ok "$PGSUP" instance set idle --restart on-failure
expect_no_text "$OUT" "next start"

step "rename and clone: refused while it runs, and to names that cannot be"
expect_fail 3 "runs (pid" "$PGSUP" instance rename idle other
expect_fail 3 "runs (pid" "$PGSUP" instance clone idle other
quietly stop -f idle
expect_fail 2 '"Web" is not a valid instance name' "$PGSUP" instance rename idle Web
expect_fail 3 'the instance "web" exists already' "$PGSUP" instance rename idle web
expect_fail 3 'the instance "idle" exists already' "$PGSUP" instance clone idle idle
expect_fail 2 '"a.b" is not a valid instance name' "$PGSUP" instance clone idle a.b
mkdir "$PGSUP_HOME/instances/mine"
expect_fail 3 "instances/mine exists but belongs to no instance" "$PGSUP" instance rename idle mine
expect_fail 3 "instances/mine exists but belongs to no instance" "$PGSUP" instance clone idle mine
expect_equal "folders" "$(find "$PGSUP_HOME/instances" -mindepth 1 -maxdepth 1 | wc -l)" 3
expect_equal "rows" "$(in_store 'SELECT count(*) FROM instances')" 2

step "rename: the same machine under another name, to the supervisor too"
expect_ready web
quietly wait web --for provisioned
quietly stop web
before=$(row web "id, instance_id, uuid, token, mac")
expect_ok "$PGSUP" instance set idle --after web
expect_ok "$PGSUP" instance rename web shop
expect_text "$OUT" 'instance "web" renamed to "shop"' "hostnamectl set-hostname shop"
expect_equal "identity" "$(row shop "id, instance_id, uuid, token, mac")" "$before"
expect_equal "what starts after it" "$(get idle 'it["after"]')" shop
expect_text "$PGSUP_HOME/instances/shop/vm.sh" "guest=shop"
expect_fail 3 'no instance "web"' "$PGSUP" start web
expect_ready shop
expect_no_text "$ERR" "phase: phone-home"
[ "$(state_of shop)" = ready ] || fail "it is not ready under its new name"
quietly stop shop

step "a rename that was killed in the middle is completed by whatever comes next"
mv "$PGSUP_HOME/instances/shop" "$PGSUP_HOME/instances/web"
touch "$PGSUP_HOME/instances/web/.renamed-$(row shop id)"
expect_ready shop
quietly stop shop
expect_equal "folders" "$(cd "$PGSUP_HOME/instances" && echo *)" "idle mine shop"
expect_equal "marks" "$(find "$PGSUP_HOME/instances" -name '.renamed-*')" ""

step "clone: another machine with the same disk and settings"
echo "# mine" >>"$PGSUP_HOME/instances/shop/cloud-init/user-data"
expect_ok "$PGSUP" instance set shop --ip 10.0.2.60 --ram 280
expect_ok "$PGSUP" instance clone shop copy
expect_equal "settings" "$(row copy "vcpu, ram_mib, seed, ifnull(ip4, '-')")" "1|280|drive|-"
for column in id instance_id uuid token mac ssh_port; do
    [ "$(row copy $column)" != "$(row shop $column)" ] || fail "both have the same $column"
done
expect_text "$PGSUP_HOME/instances/copy/cloud-init/user-data" "# mine" "$(row copy phone_home_token)"
expect_no_text "$PGSUP_HOME/instances/copy/cloud-init/user-data" "$(row shop phone_home_token)"
qemu-img compare -q "$PGSUP_HOME"/instances/{shop,copy}/os.qcow2 || fail "the disks differ"
qemu-img info "$PGSUP_HOME/instances/copy/os.qcow2" >"$OUT"
expect_text "$OUT" "images/mini"
expect_ok "$PGSUP" instance set copy --ssh-port "$(free_port)" # the first free one is that of other scenarios, too
expect_ready copy
expect_text "$ERR" "phase: phone-home"
expect_ready shop
quietly stop --all
[ "$(cat "$PGSUP_HOME/instances/copy/known_hosts")" != \
    "$(cat "$PGSUP_HOME/instances/shop/known_hosts")" ] || fail "both have the same host keys"

step "the copy does not need the other one"
quietly instance remove -y shop
expect_ready copy
quietly stop copy

step "one that a guest over HTTP must be told of"
new_mini net --seed http
expect_ready net
quietly stop net
expect_ok "$PGSUP" instance clone net net-2
expect_text "$OUT" "if an older pgsup seeded" "cloud-init clean --machine-id --reboot"
expect_ok "$PGSUP" instance set net-2 --ssh-port "$(free_port)"
expect_ready net-2 # what its guest fetches is another instance-id, so sshd does not make it ready
expect_text "$ERR" "phase: phone-home"
quietly stop net-2
end_supervisor
expect_no_process
