# Goal: a machine goes to libvirt whole and comes up there as the one that it was, without a second
# first boot; what engines get is complete, secret where it must be, and refused in one sentence
# where it cannot be.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../libvirt.sh"
LAB= new_cloud
start_supervisor
new_mini web --seed drive
expect_ok "$PGSUP" disk add web data 16M
expect_ready web

step "of one that runs: its disks at one moment, and it goes on"
for engine in incus kubevirt; do
    expect_ok "$PGSUP" export web --as $engine --to "$WORK/running-$engine"
    expect_text "$OUT" "web runs: its disks are of one moment, crash-consistent: " \
        "what it writes from now on is not there: \`pgsup stop web\` before it runs there"
    expect_equal "state" "$(state_of web)" ready
done
expect_ok "$PGSUP" -q stop web

step "what is refused"
expect_fail 2 "\"vmware\" is no engine: use libvirt, incus or kubevirt" \
    "$PGSUP" export web --as vmware --to "$WORK/web"
expect_fail 2 "one instance goes to one folder" "$PGSUP" export web --as libvirt
expect_fail 2 "one instance goes to one folder" "$PGSUP" export --as incus --to "$WORK/web"
expect_fail 2 "one instance goes to one folder" "$PGSUP" export web db --as incus --to "$WORK/web"
expect_fail 2 "a lab file goes to standard output" "$PGSUP" export web --to "$WORK/web"
expect_fail 3 'no instance "wen": did you mean "web"?' "$PGSUP" export wen --as incus --to "$WORK/web"
expect_fail 3 "$PGSUP_HOME exists already" "$PGSUP" export web --as libvirt --to "$PGSUP_HOME/"
expect_fail 1 "cannot create the folder" "$PGSUP" export web --as libvirt --to "$WORK/none/web"
expect_fail 2 "which XML cannot" "$PGSUP" export web --as libvirt --to "$WORK/we"$'\033'b
expect_equal "what failures left" "$(find "$WORK" -maxdepth 1 -name 'we*')" ""

step "whole, and for nobody else"
before=$(fingerprint "$PGSUP_HOME/instances")
for engine in libvirt incus kubevirt; do
    expect_ok "$PGSUP" export web --as $engine --to "$WORK/$engine/"
    expect_equal "mode of $engine" "$(mode_of "$WORK/$engine")" drwx------
done
expect_equal "files for libvirt" "$(ls "$WORK/libvirt" | xargs)" \
    "README.md disk-data.qcow2 disk.qcow2 domain.xml seed.img"
expect_equal "files for incus" "$(ls "$WORK/incus" | xargs)" \
    "README.md disk-data.img disk.qcow2 instance.yaml metadata.yaml seed.img"
expect_equal "files for kubevirt" "$(ls "$WORK/kubevirt" | xargs)" \
    "README.md disk-data.qcow2 disk.qcow2 seed.yaml vm.yaml"
for engine in incus kubevirt; do
    for file in $(ls -A "$WORK/$engine" "$WORK/running-$engine" | grep -v : | sort -u); do
        case $file in
        disk*) qemu-img check -q "$WORK/running-$engine/disk.qcow2" ;;
        README.md) [ -s "$WORK/running-$engine/README.md" ] ;;
        *) sed -i "s|/running-|/|g" "$WORK/running-$engine/$file" && cmp "$WORK/$engine/$file" "$WORK/running-$engine/$file" ;;
        esac || fail "$file for $engine is another one of the VM that ran"
    done
done
for secret in libvirt/seed.img libvirt/disk.qcow2 incus/seed.img kubevirt/seed.yaml; do
    expect_equal "mode of $secret" "$(mode_of "$WORK/$secret")" -rw-------
done
expect_no_text "$WORK/kubevirt/vm.yaml" "$(sed -n 's/.*hashed_passwd: *"\(.*\)".*/\1/p' "$PGSUP_HOME/instances/web/cloud-init/user-data" | head -n1)"
for disk in "$WORK"/*/disk.qcow2; do
    qemu-img info "$disk" >"$OUT"
    expect_no_text "$OUT" "backing file"
done
expect_equal "the instance" "$(fingerprint "$PGSUP_HOME/instances")" "$before"
run virt-xml-validate "$WORK/libvirt/domain.xml" domain
expect_equal "status of virt-xml-validate" "$STATUS" 0
end_supervisor

step "the commands of the README, in libvirt"
start_libvirt "$WORK/libvirt"
grep '^    virsh' "$WORK/libvirt/README.md" | head -n 2 >"$WORK/commands"
expect_equal "commands" "$(xargs <"$WORK/commands")" "virsh define domain.xml virsh start web"
while read -r _ words; do
    # shellcheck disable=SC2086  # words
    run virsh_there $words
    expect_equal "status of virsh $words" "$STATUS" 0
done <"$WORK/commands"
console_says_there web "mini: ready" 60
expect_text "$WORK/there.console" "mini: seed drive /dev/vdb" "phoned home in an earlier boot"
run virsh_there domiflist web
expect_text "$OUT" "$(sed -n "s/.*mac address='\(.*\)'.*/\1/p" "$WORK/libvirt/domain.xml")"
run virsh_there shutdown web
expect_equal "status of shutdown" "$STATUS" 0
is_off_there() { [ "$(virsh_there domstate "$1")" = "shut off" ]; }
wait_until 30 is_off_there web
run virsh_there dumpxml web
cp "$OUT" "$WORK/dumped.xml"
run virsh_there undefine --nvram web
expect_equal "status of undefine" "$STATUS" 0
end_libvirt

step "and back, from what libvirt calls it now"
expect_fail 3 'this machine is there, as "web"' "$PGSUP" import "$WORK/dumped.xml"
home=$PGSUP_HOME
export PGSUP_HOME=$WORK/second
expect_ok "$PGSUP" cloud create -n second --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --network user --no-lab --ph-port "$(free_port)"
run "$PGSUP" import "$WORK/dumped.xml"
expect_equal "status of import" "$STATUS" 0
expect_text "$OUT" 'instance "web" imported' "1 more network card was left out" \
    "does not begin anew"
told() { # HOME EXPRESSION: of web
    "$PGSUP" -p "$1" instance get web --json >"$OUT"
    json_of "$2"
}
for key in uuid mac instance_id machine vcpu ram_bytes disk_bytes disks; do
    expect_equal "its $key" "$(told "$PGSUP_HOME" "it['$key']")" "$(told "$home" "it['$key']")"
done
expect_equal "what it left" "$(ls "$PGSUP_HOME" | grep import || true)" ""
start_supervisor
expect_ready web
wait_until 20 grep -q "phoned home in an earlier boot" "$PGSUP_HOME/instances/web/console.log" # said after its sshd answers

step "from a backup"
mkdir "$WORK/backups"
expect_ok "$PGSUP" -q -p "$home" backup create web --to "$WORK/backups" --full
expect_fail 3 'this machine is there, as "web"' "$PGSUP" import "$WORK"/backups/web-*
expect_fail 3 'a card in the network "lab", which this home does not have' \
    "$PGSUP" import "$WORK"/backups/web-* --as web-2
expect_ok "$PGSUP" -q network add lab
run "$PGSUP" import "$WORK"/backups/web-* --as web-2
expect_equal "status of import" "$STATUS" 0
expect_text "$OUT" 'instance "web-2" imported'
end_supervisor
expect_nothing_left
