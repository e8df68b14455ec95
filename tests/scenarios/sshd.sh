# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Sourced instead of network.sh, which it includes, by the scenarios in which a real sshd stands in the
# place of that of a guest: it has the guest's address and host key, in the scenario's own network.
. "$(dirname "${BASH_SOURCE[0]}")/network.sh"
SSHD=$(command -v sshd || echo /usr/sbin/sshd)

# make_ssh_cloud: on a bridge br0, in a home whose path has to be quoted everywhere.
make_ssh_cloud() {
    PGSUP_HOME="$WORK/a home's (1) #"
    mkdir -p "$HOME/.ssh"
    chmod 700 "$HOME/.ssh"
    make_key
    make_bridge br0 10.77.0.1
    expect_ok "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" --network bridge \
        --host-if br0 --host-ip4 10.77.0.1 --host-nm4 255.255.255.0 --ph-port "$(free_port)"
    make_image "$WORK/disk.qcow2" 64M
    expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
    expect_ok "$PGSUP" cloud set --ssh-user root
}

# new_served NAME ADDRESS [OPTION…]: an instance whose processor sleeps, and the sshd; which gives the
# SFTP commands of $WORK/sftp-NAME, if there is such a program, else the system's own.
new_served() {
    local name=$1 address=$2 folder=$PGSUP_HOME/instances/$1
    shift 2
    expect_ok "$PGSUP" instance create "$name" --os base --vcpu 1 --ram 64 --accel tcg --seed drive --ip "$address" "$@"
    idle "$name"
    ip address add "$address/32" dev lo
    mkdir -p "$WORK/sshd-$name" /run/sshd
    cp "$KEY.pub" "$WORK/sshd-$name/authorized_keys"
    cat >"$WORK/sshd-$name/config" <<END
ListenAddress $address
Port 22
HostKey "$WORK/sshd-$name/key"
AuthorizedKeysFile $WORK/sshd-$name/authorized_keys
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
AllowAgentForwarding yes
Subsystem sftp $(sftp_server_of "$name")
END
    install -m 600 "$folder/host-keys/ssh_host_ed25519_key" "$WORK/sshd-$name/key"
    "$SSHD" -D -e -f "$WORK/sshd-$name/config" 2>"$WORK/sshd-$name/log" &
    at_exit "kill $! 2>/dev/null"
    wait_until 10 ssh-keyscan -t ed25519 "$address"
}
sftp_server_of() { # NAME
    [ ! -e "$WORK/sftp-$1" ] && echo internal-sftp || echo "$WORK/sftp-$1"
}
