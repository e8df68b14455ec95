#!/bin/bash
# Runs the VM of the instance big in this terminal, without a supervisor.
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
if [ -e /home/login/var/pgsup/instances/big/.unfinished ]; then
  echo "a restore or rebuild of big is not complete: \`pgsup snapshot list big\` completes it" >&2
  exit 3
fi

# While its memory is in its disk, it does not boot.
img=/usr/bin/qemu-img
[ -x "$img" ] || img=qemu-img
saved=$("$img" info -U -f qcow2 /home/login/var/pgsup/instances/big/os.qcow2 2>&1) || {
  echo "big is not started, because qemu-img does not tell whether it is suspended: $saved" >&2
  exit 3
}
case $saved in *pgsup-suspended:*)
  echo 'big is suspended: `pgsup start big` lets it go on, `pgsup stop big --discard` discards its memory' >&2
  exit 3 ;;
esac

# Sockets and the pid file, by which a supervisor finds this VM.
run=/home/login/var/pgsup/run
[ -d "$run" ] || mkdir -p "$run"
if [ "$EUID" = 0 ]; then # by sudo: these are for the owner of the disk
  owner=$(ls -ln /home/login/var/pgsup/instances/big/os.qcow2 | awk 'NR == 1 { print $3 ":" $4 }')
  : >"$run/big.sh$$.pid"
  chown "$owner" "$run" "$run/big.sh$$.pid"
  ( (for n in 1 2 3 4 5; do sleep 1 && chown "$owner" "$run/big.sh$$".*; done) </dev/null >/dev/null 2>&1 &)
  [ "${owner%%:*}" = 0 ] || set -- "$@" -runas "$owner" # root no longer than it needs
fi

vm=(
  /usr/bin/qemu-system-aarch64
  -no-user-config
  -nodefaults
  -display none
  -name guest=big,debug-threads=on
  -uuid 6fa459ea-ee8a-4ca4-894e-db77e160355e
  -machine virt,gic-version=3
  -accel tcg
  -cpu cortex-a72
  -smp 12
  -m 2048
  -bios /usr/share/qemu-efi-aarch64/QEMU_EFI.fd
  -boot menu=on,splash-time=0
  -pidfile /home/login/var/pgsup/run/big.sh$$.pid
  -chardev socket,id=qmp,path=/home/login/var/pgsup/run/big.sh$$.qmp,server=on,wait=off
  -mon chardev=qmp,mode=control
  -chardev stdio,id=console,mux=on,signal=off
  -serial chardev:console
  -mon chardev=console,mode=readline
  -chardev socket,id=spare,path=/home/login/var/pgsup/run/big.sh$$.mon,server=on,wait=off
  -mon chardev=spare,mode=control
  -action panic=pause
  -device pvpanic-pci
  -blockdev driver=qcow2,node-name=disk0,discard=unmap,file.driver=file,file.filename=/home/login/var/pgsup/instances/big/os.qcow2,file.discard=unmap
  -device virtio-blk-pci,id=vda,drive=disk0,bootindex=0
  -smbios type=3,manufacturer=pgsup,version=0,serial=i-9-big,asset=big,sku=pgsup
  -netdev user,id=net0,hostname=big,hostfwd=tcp:127.0.0.1:10022-:22
  -device virtio-net-pci,id=nic0,netdev=net0,mac=52:54:00:ab:cd:09,romfile=,addr=0x10
  -device virtio-rng-pci
  -device nec-usb-xhci,id=usb-bus
  -device usb-kbd,bus=usb-bus.0
  -chardev socket,id=agent,path=/home/login/var/pgsup/run/big.sh$$.qga,server=on,wait=off
  -device virtio-serial-pci,id=serial0
  -device virtserialport,id=agent,bus=serial0.0,chardev=agent,name=org.qemu.guest_agent.0
)
exec "${vm[@]}" "$@"
