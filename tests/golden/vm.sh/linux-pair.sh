#!/bin/bash
# Runs the VM of the instance test in this terminal, without a supervisor.
#
# Ctrl-A C  goes to QEMU's monitor and back: system_powerdown asks the guest to
#           shut down, quit ends QEMU at once
# Ctrl-A X  ends QEMU at once
# Ctrl-A H  lists the other keys; Ctrl-C goes to the guest
#
# This file is yours to edit: pgsup does not overwrite it once it was changed.
# Options stand one to a line: add some, or put a # before one to leave it out.
# What you pass to this script is given to QEMU after them.
set -e
umask 077 # nobody else may reach QEMU's monitors

# Its disks are being replaced, or whoever did so was killed.
if [ -e /home/login/var/pgsup/instances/test/.unfinished ]; then
  echo "a restore or rebuild of test is not complete: \`pgsup snapshot list test\` completes it" >&2
  exit 3
fi

# While its memory is in its disk, it does not boot.
img=/usr/bin/qemu-img
[ -x "$img" ] || img=qemu-img
saved=$("$img" info -U -f qcow2 /home/login/var/pgsup/instances/test/os.qcow2 2>&1) || {
  echo "test is not started, because qemu-img does not tell whether it is suspended: $saved" >&2
  exit 3
}
case $saved in *pgsup-suspended:*)
  echo 'test is suspended: `pgsup start test` lets it go on, `pgsup stop test --discard` discards its memory' >&2
  exit 3 ;;
esac

# Sockets and the pid file, by which a supervisor finds this VM.
run=/home/login/var/pgsup/run
[ -d "$run" ] || mkdir -p "$run"
if [ "$EUID" = 0 ]; then # by sudo: these are for the owner of the disk
  owner=$(ls -ln /home/login/var/pgsup/instances/test/os.qcow2 | awk 'NR == 1 { print $3 ":" $4 }')
  : >"$run/test.sh$$.pid"
  chown "$owner" "$run" "$run/test.sh$$.pid"
  ( (for n in 1 2 3 4 5; do sleep 1 && chown "$owner" "$run/test.sh$$".* /home/login/var/pgsup/run/pair-5f3a90c1.1; done) </dev/null >/dev/null 2>&1 &)
  [ "${owner%%:*}" = 0 ] || set -- "$@" -runas "$owner" # root no longer than it needs
fi

vm=(
  /usr/bin/qemu-system-aarch64
  -no-user-config
  -nodefaults
  -display none
  -name guest=test,debug-threads=on
  -uuid 1b4e28ba-2fa1-41d2-883f-0016d3cca427
  -machine virt
  -accel kvm
  -cpu host
  -smp 2
  -m 2048
  -bios /usr/share/qemu-efi-aarch64/QEMU_EFI.fd
  -boot menu=on,splash-time=0
  -sandbox on,obsolete=deny,spawn=deny,resourcecontrol=deny
  -pidfile /home/login/var/pgsup/run/test.sh$$.pid
  -chardev socket,id=qmp,path=/home/login/var/pgsup/run/test.sh$$.qmp,server=on,wait=off
  -mon chardev=qmp,mode=control
  -chardev stdio,id=console,mux=on,signal=off
  -serial chardev:console
  -mon chardev=console,mode=readline
  -chardev socket,id=spare,path=/home/login/var/pgsup/run/test.sh$$.mon,server=on,wait=off
  -mon chardev=spare,mode=control
  -action panic=pause
  -device pvpanic-pci
  -blockdev driver=qcow2,node-name=disk0,discard=unmap,file.driver=file,file.filename=/home/login/var/pgsup/instances/test/os.qcow2,file.discard=unmap
  -device virtio-blk-pci,id=vda,drive=disk0,bootindex=0
  -blockdev driver=raw,node-name=seed0,read-only=on,file.driver=file,file.filename=/home/login/var/pgsup/instances/test/cloud-init.img
  -device virtio-blk-pci,id=seed,drive=seed0
  -smbios type=3,manufacturer=pgsup,version=0,serial=i-7-test,asset=test,sku=pgsup
  -smbios 'type=11,value=io.systemd.credential:tmpfiles.extra=f /run/systemd/networkd.conf.d/pgsup.conf 0644 root root - [DHCPv4]\nDUIDType=link-layer\n'
  -netdev user,id=net0,hostname=test,net=10.0.2.0/24,hostfwd=tcp:127.0.0.1:10022-:22
  -device virtio-net-pci,id=nic0,netdev=net0,mac=52:54:00:ab:cd:07,romfile=,addr=0x10
  -netdev dgram,id=net1,local.type=unix,local.path=/home/login/var/pgsup/run/pair-5f3a90c1.1,remote.type=unix,remote.path=/home/login/var/pgsup/run/pair-5f3a90c1.0
  -device virtio-net-pci,id=nic1,netdev=net1,mac=52:54:01:ab:cd:07,romfile=,addr=0x11
  -device virtio-rng-pci
  -device nec-usb-xhci,id=usb-bus
  -device usb-kbd,bus=usb-bus.0
  -chardev socket,id=agent,path=/home/login/var/pgsup/run/test.sh$$.qga,server=on,wait=off
  -device virtio-serial-pci,id=serial0
  -device virtserialport,id=agent,bus=serial0.0,chardev=agent,name=org.qemu.guest_agent.0
)
exec "${vm[@]}" "$@"
