# shellcheck shell=bash
# Sourced by scenarios that run a domain in libvirt: its session daemon, which root has none of, so
# that nobody's is used then. Everything of it is in $WORK/there. virsh would start a daemon of its own
# where none listens yet.

libvirt_as() { # COMMAND…
    local as=()
    [ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    env -u DBUS_SESSION_BUS_ADDRESS LIBVIRT_AUTOSTART=0 HOME="$WORK/there" XDG_RUNTIME_DIR="$WORK/there/run" \
        XDG_CONFIG_HOME="$WORK/there/config" XDG_CACHE_HOME="$WORK/there/cache" \
        ${as[@]+"${as[@]}"} "$@"
}

virsh_there() { # in the folder of the export
    (cd "$LIBVIRT_FOLDER" && libvirt_as virsh -q -c qemu:///session "$@")
}

# start_libvirt FOLDER: one that its daemon may read and write.
start_libvirt() {
    LIBVIRT_FOLDER=$1
    mkdir -p "$WORK/there/run"
    chmod 711 "$WORK"
    [ "$(id -u)" != 0 ] || chown -R 65534:65534 "$WORK/there" "$1"
    libvirt_as /usr/sbin/libvirtd >"$WORK/there.log" 2>&1 &
    at_exit "end_libvirt"
    at_exit "for name in \$(virsh_there list --name 2>/dev/null); do virsh_there destroy \$name; done"
    wait_until 30 test -S "$WORK/there/run/libvirt/libvirt-sock"
    wait_until 30 virsh_there uri
}

# By its own pid file: $! is a shell's.
end_libvirt() {
    local pid
    pid=$(cat "$WORK/there/run/libvirt/libvirtd.pid" 2>/dev/null) || return 0
    command kill "$pid" 2>/dev/null || return 0 # its file goes with it
    wait_until 20 is_gone "$pid"
}

# console_says_there DOMAIN TEXT SECONDS: what it says is in $WORK/there.console.
console_says_there() {
    libvirt_as cat "$(virsh_there ttyconsole "$1")" >>"$WORK/there.console" 2>/dev/null &
    at_exit "kill $! 2>/dev/null"
    wait_until "$3" grep -qaF "$2" "$WORK/there.console"
}
