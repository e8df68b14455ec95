# Goal: what decides in a guest whether cloud-init runs at all, its ds-identify (Debian's package),
# finds a NoCloud seed in what QEMU gives to a VM, each way it is seeded, on both architectures and by
# vm.sh as well; without a seed it finds none.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
IDENTIFY=/usr/lib/cloud-init/ds-identify
if [ ! -x $IDENTIFY ]; then
    [ "$(uname -s)" = Darwin ] || fail "cloud-init is not installed: scripts/setup test"
    echo "cloud-init has no package on macOS"
    exit 77
fi
PATH=$PATH:/usr/sbin:/sbin

# serial_in WORDS: the serial of the machine, from the table of SMBIOS that QEMU is given as a file.
serial_in() {
    local file
    file=$(sed -n 's/^file=\(.*smbios\.bin\)$/\1/p' "$1")
    [ -z "$file" ] || tr '\0' '\n' <"$file" | grep '^ds=' || true
}

# identify MACHINE WORDS: as the guest's generator runs it, in a root of its own, where the words of
# QEMU's command line (one a line) are its devices and its DMI; status in $STATUS, found in $FOUND.
# What stands in for a guest is what cloud-init's tests/unittests/test_ds_identify.py mocks.
identify() {
    local root=$WORK/root product='Standard PC (Q35 + ICH9, 2009)'
    [ "$1" = x86_64 ] || product='QEMU Virtual Machine'
    rm -rf "$root"
    mkdir -p "$root/sys/class/dmi/id" "$root/proc" "$root/run" "$root/etc"
    cp -R /etc/cloud "$root/etc/cloud"
    echo "BOOT_IMAGE=/boot/vmlinuz root=UUID=1 ro" >"$root/proc/cmdline"
    echo QEMU >"$root/sys/class/dmi/id/sys_vendor"
    echo "$product" >"$root/sys/class/dmi/id/product_name"
    serial_in "$2" >"$root/sys/class/dmi/id/product_serial"
    [ -s "$root/sys/class/dmi/id/product_serial" ] || rm "$root/sys/class/dmi/id/product_serial"
    sed -n 's/^type=3,.*asset=\([^,]*\).*/\1/p' "$2" >"$root/sys/class/dmi/id/chassis_asset_tag"
    sed -n 's/^driver=.*,file\.filename=\([^,]*\).*/\1/p' "$2" >"$root/disks"
    xargs -n 1 blkid -p -o export <"$root/disks" >"$root/blkid" || true # one without any: status 2
    STATUS=0
    MACHINE=$1 PATH_ROOT=$root DI_MAIN=noop sh -c '
        . "$0"
        blkid() { cat "$PATH_ROOT/blkid"; }
        uname() {
            case $1 in
            -svm) echo "Linux #1 SMP Debian 6.1 $MACHINE" ;;
            *) echo "Linux guest 6.1.0-1 #1 SMP Debian 6.1 $MACHINE GNU/Linux" ;;
            esac
        }
        detect_virt() { _RET=qemu; }
        is_disabled() { false; } # newer ones look for that in /etc/cloud of this host
        main' $IDENTIFY >"$OUT" 2>"$ERR" || STATUS=$?
    # Newer ones warn of Debian's configuration, which leaves the list of sources to them.
    ! grep -qv -e 'WARN: no datasource_list found' -e "WARN: No check method 'dscheck_MAAS'" "$ERR" ||
        fail "ds-identify complains"
    FOUND=$(sed -n 's/^datasource_list: //p' "$root/run/cloud-init/cloud.cfg")
}
expect_seeded() { # MACHINE WORDS
    identify "$@"
    expect_equal "status and sources on $1" "$STATUS $FOUND" "0 [ NoCloud, None ]"
}
words_of() { # NAME: of its QEMU
    ps -ww -o args= -p "$(pid_of "$1")" | tr ' ' '\n'
}

make_machines
expect_ok "$PGSUP" image import -n pc --arch x86_64 "$WORK/empty.qcow2"
expect_ok "$PGSUP" image import -n newer --arch aarch64 --seed-source nocloud "$WORK/empty.qcow2"
new_pc() { # NAME OPTION…
    expect_ok "$PGSUP" instance create "$@" --os pc --ram 64 --accel tcg --ssh-port "$(free_port)"
}
new_newer() {
    expect_ok "$PGSUP" instance create "$@" --os newer --ram 64 --accel tcg --ssh-port "$(free_port)"
    printf '%s\n' -bios "$WORK/idle.fw" >"$PGSUP_HOME/instances/$1/qemu.args"
}
start_supervisor
for way in drive http both; do
    make_machine "arm-$way" --seed $way
    new_pc "pc-$way" --seed $way
    for name in "arm-$way" "pc-$way"; do
        step "$name"
        machine=aarch64
        [ "${name%%-*}" = arm ] || machine=x86_64
        quietly start "$name"
        words_of "$name" >"$WORK/words"
        expect_seeded $machine "$WORK/words"
        expect_equal "serials" "$(serial_in "$WORK/words" | grep -c '^ds=nocloud-net;s=http:' || true)" \
            "$([ $way = http ] && echo 1 || echo 0)"
        expect_equal "labels" "$(grep -c '^LABEL=CIDATA$' "$WORK/root/blkid" || true)" \
            "$([ $way = http ] && echo 0 || echo 1)"
        tr " '" '\n\n' <"$PGSUP_HOME/instances/$name/vm.sh" >"$WORK/script"
        expect_seeded $machine "$WORK/script"
        quietly stop -f "$name"
    done
done

step "an image whose cloud-init wants the other name of the source"
new_newer arm-newer --seed http
quietly start arm-newer
words_of arm-newer >"$WORK/words"
serial_in "$WORK/words" | grep -q '^ds=nocloud;s=http:' || fail "the serial"
expect_seeded aarch64 "$WORK/words"
quietly stop -f arm-newer

step "without any seed"
grep -v -e 'smbios\.bin' -e 'cloud-init' "$WORK/words" >"$WORK/bare"
identify x86_64 "$WORK/bare"
expect_equal "status and sources on x86_64" "$STATUS $FOUND" "1 "
identify aarch64 "$WORK/bare"
[ "${FOUND#*NoCloud}" = "$FOUND" ] || fail "NoCloud is found on aarch64: $FOUND"
end_supervisor
expect_nothing_left
