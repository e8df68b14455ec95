# Goal: a DNS server is told the names and addresses of instances, and that they are gone, by
# nsupdate: with and without a supervisor, also when the server was away, hung, or refused it, and
# nothing is lost there that is not from here.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../network.sh"

HOST=10.77.0.1
make_bridge br0 $HOST
DNS_PORT=$(free_port)
DNS=$WORK/dns
mkdir -p "$DNS"
cp "$(PATH=$PATH:/usr/sbin command -v named)" "$DNS/named" # its own path may be confined to others
PATH=$PATH:/usr/sbin
tsig-keygen pgsup >"$DNS/key"
tsig-keygen pgsup >"$DNS/wrong.key"
chmod 600 "$DNS/key" "$DNS/wrong.key"
make_zone() { # ZONE
    cat >"$DNS/$1.db" <<END
\$ORIGIN $1.
\$TTL 60
@ SOA ns hostmaster 1 60 60 600 60
@ NS ns
ns A 127.0.0.1
www A 192.0.2.1
END
    echo "zone \"$1\" { type primary; file \"$1.db\"; allow-update { key pgsup; }; };"
}
cat >"$DNS/named.conf" <<END
include "$DNS/key";
options {
    directory "$DNS";
    pid-file none;
    session-keyfile none;
    listen-on port $DNS_PORT { 127.0.0.1; };
    listen-on-v6 { none; };
    recursion no;
    dnssec-validation no;
};
controls { };
$(make_zone lab.example.org)
$(make_zone other.example.org)
END

start_dns() {
    "$DNS/named" -g -c "$DNS/named.conf" >>"$DNS/log" 2>&1 &
    NAMED=$!
    at_exit "kill -9 $NAMED 2>/dev/null"
    wait_until 60 is_in_dns ns 127.0.0.1
}
end_dns() {
    kill "$NAMED"
    wait "$NAMED" || fail "named ended with status $?"
}
hang_dns() { # a server that takes everything and never answers
    rm -f "$WORK/hanging" # of the one before
    python3 -c 'import socket, sys, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("127.0.0.1", int(sys.argv[1])))
print("bound", flush=True)
time.sleep(600)' "$DNS_PORT" >"$WORK/hanging" &
    HANGING=$!
    at_exit "kill $HANGING 2>/dev/null"
    wait_until 30 grep -q bound "$WORK/hanging"
}
end_hanging() {
    kill "$HANGING"
    wait "$HANGING" || true
}
address_in_dns() { # NAME [ZONE]
    dig +short +time=5 +tries=2 -p "$DNS_PORT" @127.0.0.1 "$1.${2:-lab.example.org}" A
}
is_in_dns() { # NAME ADDRESS [ZONE]; an empty address: it is not
    [ "$(address_in_dns "$1" "${3:-}")" = "$2" ]
}
expect_in_dns() {
    expect_equal "$1 in the DNS" "$(address_in_dns "$1" "${3:-}")" "$2"
}
expect_warning() { # TEXT COMMAND…: it ends well, with one warning that contains the text
    local text=$1
    shift
    run "$@"
    expect_equal "status of $*" "$STATUS" 0
    expect_equal "lines on stderr" "$(wc -l <"$ERR" | tr -d ' ')" 1
    expect_text "$ERR" "warning: names: dns update failed: " "$text"
}
events_with() { # TEXT: how many
    "$PGSUP" events -v -n all | grep -cF -- "$1" || true
}
has_dns_event() {
    [ "$(events_with "$1")" -gt 0 ]
}

# The supervisor's clock: it looks for addresses each 5 s, and waits 30 s after an update that failed.
CLOCK=0
set_file clock $CLOCK
is_updating() {
    pgrep -P "$SUPERVISOR" nsupdate >/dev/null
}
# let_pass SECONDS: in steps of 5 s, none of them while it updates, which has a time limit.
let_pass() {
    local end=$((CLOCK + $1))
    while [ $CLOCK -lt $end ]; do
        wait_until 30 eval '! is_updating'
        CLOCK=$((CLOCK + 5))
        set_file clock $CLOCK
        expect_ok "$PGSUP" -q list # it looks at its clock
        sleep 0.2
    done
}
passes_until() { # SECONDS COMMAND…: as wait_until, three times as long at most
    local end=$((CLOCK + 3 * $1))
    shift
    until "$@"; do
        [ $CLOCK -lt $end ] || fail "passed in vain: $*"
        let_pass 5
    done
}

make_key
echo "$PASSWORD" >"$WORK/password"
create() { # OPTION…
    "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
        --ssh-public-key "$KEY.pub" --ph-port "$(free_port)" "$@"
}

step "settings that are none"
server=127.0.0.1:$DNS_PORT
expect_refused 2 "no addresses of their own" create --network user --dns-server $server \
    --dns-zone lab.example.org
expect_ok create --network bridge --host-if br0 --host-ip4 $HOST --host-nm4 255.255.255.0
expect_ok "$PGSUP" cloud get --json
expect_equal "the server" "$(json_of 'it["dns_server"], it["dns_zone"], it["dns_key"]')" \
    "(None, None, None)"
chmod 644 "$DNS/wrong.key"
expect_refused 2 "--dns-server requires --dns-zone" "$PGSUP" cloud set --dns-server $server
expect_refused 2 "--dns-zone requires --dns-server" "$PGSUP" cloud set --dns-zone lab.example.org
expect_refused 2 "--dns-key requires --dns-server" "$PGSUP" cloud set --dns-key "$DNS/key"
expect_refused 2 '"ns" is not a server' "$PGSUP" cloud set --dns-server ns --dns-zone lab
expect_refused 2 '"Lab" is not a zone' "$PGSUP" cloud set --dns-server $server --dns-zone Lab
expect_refused 2 "--no-dns excludes the other DNS options" "$PGSUP" cloud set --no-dns --dns-zone lab
expect_refused 2 "others can read the DNS key" "$PGSUP" cloud set --dns-server $server \
    --dns-zone lab.example.org --dns-key "$DNS/wrong.key"
expect_refused 2 "is not a TSIG key" "$PGSUP" cloud set --dns-server $server \
    --dns-zone lab.example.org --dns-key "$KEY"
expect_refused 3 "$DNS/none" "$PGSUP" cloud set --dns-server $server \
    --dns-zone lab.example.org --dns-key "$DNS/none"
chmod 600 "$DNS/wrong.key"

step "all names go in when the server is named"
start_dns
make_image "$WORK/blank.qcow2" 1G
expect_ok "$PGSUP" image import -n blank --arch aarch64 "$WORK/blank.qcow2"
expect_ok "$PGSUP" instance create --os blank one --ip 10.77.0.5
expect_ok "$PGSUP" instance create --os blank two --ip 10.77.0.6
expect_ok "$PGSUP" instance create --os blank --vcpu 1 --ram 256 moving
expect_in_dns one ""
expect_ok "$PGSUP" cloud set --dns-server $server --dns-zone lab.example.org. \
    --dns-key "$DNS/key"
expect_in_dns one 10.77.0.5
expect_in_dns two 10.77.0.6
expect_in_dns moving ""
expect_ok "$PGSUP" cloud get --json
expect_equal "the zone" "$(json_of 'it["dns_server"], it["dns_zone"]')" \
    "('$server', 'lab.example.org')"
expect_ok "$PGSUP" cloud get
expect_text "$OUT" "$server" "$DNS/key"

step "... and follow what is changed, without a supervisor"
expect_ok "$PGSUP" instance set one --ip 10.77.0.7
expect_in_dns one 10.77.0.7
expect_ok "$PGSUP" instance rename one three
expect_in_dns one ""
expect_in_dns three 10.77.0.7
expect_ok "$PGSUP" instance set two --ip ""
expect_in_dns two ""
expect_ok "$PGSUP" instance set two --ip 10.77.0.6
expect_ok "$PGSUP" instance remove -y two
expect_in_dns two ""
expect_text "$PGSUP_HOME/dns/records" "told 10.77.0.7 three lab.example.org $server $DNS/key"
expect_equal "mode of records" "$(mode_of "$PGSUP_HOME/dns/records")" "-rw-------"
secret=$(sed -n 's/.*secret "\(.*\)".*/\1/p' "$DNS/key")
! grep -rqF -- "$secret" "$PGSUP_HOME" || fail "the key itself is in the home"

step "a name that somebody else has there stays unchanged"
expect_warning "www.lab.example.org has an address in the DNS that was not set by pgsup" \
    "$PGSUP" instance create --os blank www --ip 10.77.0.8
expect_in_dns www 192.0.2.1
expect_ok "$PGSUP" instance remove -y www
expect_in_dns www 192.0.2.1

step "what the server lost comes back by naming it again; another zone takes them with it"
nsupdate -k "$DNS/key" <<END
server 127.0.0.1 $DNS_PORT
zone lab.example.org.
update delete three.lab.example.org. A
send
END
expect_in_dns three ""
expect_ok "$PGSUP" cloud set --dns-server $server
expect_in_dns three 10.77.0.7
expect_ok "$PGSUP" cloud set --dns-server $server # it has what it is to have
expect_ok "$PGSUP" cloud set --dns-zone other.example.org
expect_in_dns three ""
expect_in_dns three 10.77.0.7 other.example.org
expect_text "$PGSUP_HOME/hosts" "10.77.0.7 three three.other.example.org"
expect_ok "$PGSUP" cloud set --no-dns
expect_in_dns three "" other.example.org
expect_equal "records" "$(cat "$PGSUP_HOME/dns/records")" ""

step "a wrong key, and none: nsupdate's words, and it is done as soon as the key is right"
expect_warning "NOTAUTH(BADSIG)" "$PGSUP" cloud set --dns-server $server \
    --dns-zone lab.example.org --dns-key "$DNS/wrong.key"
expect_in_dns three ""
expect_warning "REFUSED" "$PGSUP" cloud set --dns-key ""
expect_ok "$PGSUP" cloud set --dns-key "$DNS/key"
expect_in_dns three 10.77.0.7
nsupdate=$(command -v nsupdate)
mount --bind /dev/null "$nsupdate"
expect_warning "nsupdate is not installed: apt-get install bind9-dnsutils" \
    "$PGSUP" instance set three --ip 10.77.0.8
umount "$nsupdate"
expect_ok "$PGSUP" instance set three --ip 10.77.0.7
expect_in_dns three 10.77.0.7

step "a server that is away when an instance goes"
expect_ok "$PGSUP" instance create --os blank two --ip 10.77.0.6
end_dns
expect_warning "connection refused" "$PGSUP" instance remove -y two
start_dns
expect_in_dns two 10.77.0.6
expect_ok "$PGSUP" instance create --os blank four --ip 10.77.0.9
expect_in_dns two ""
expect_in_dns four 10.77.0.9

step "a server that is away when another one takes its place is not waited for"
end_dns
expect_warning "old names may remain there" "$PGSUP" cloud set --no-dns
expect_equal "records" "$(cat "$PGSUP_HOME/dns/records")" ""
start_dns
expect_in_dns four 10.77.0.9
expect_ok "$PGSUP" cloud set --dns-server "$server" --dns-zone lab.example.org \
    --dns-key "$DNS/key" # both are as they are to be: they are taken for its own

step "killed in the middle of an update, whose nsupdate is heard later"
end_dns
hang_dns
"$PGSUP" instance set four --ip 10.77.0.10 >/dev/null 2>&1 &
setting=$!
wait_until 30 grep -q "telling 10.77.0.10 four" "$PGSUP_HOME/dns/records"
kill -9 $setting
wait $setting || true
end_hanging
start_dns
expect_ok "$PGSUP" instance set four --ip 10.77.0.11
expect_in_dns four 10.77.0.11

step "killed before an update without an answer is noted as done, of a name that was not there"
end_dns
hang_dns
expect_warning "timed out" "$PGSUP" instance create --os blank five --ip 10.77.0.20
expect_text "$PGSUP_HOME/dns/records" "telling 10.77.0.20 five"
end_hanging
start_dns
nsupdate -k "$DNS/key" <<END
server 127.0.0.1 $DNS_PORT
zone lab.example.org.
update add five.lab.example.org. 60 A 10.77.0.20
send
END
expect_ok "$PGSUP" instance set five --ip 10.77.0.21
expect_in_dns five 10.77.0.21

step "a supervisor: an address by DHCP, when it changes, and when it is gone"
mac_of() { # NAME
    "$PGSUP" instance get "$1" --json | sed -n 's/.*"mac": "\(.*\)".*/\1/p'
}
UP_BY="env LD_PRELOAD=${PGSUP_WALL_CLOCK:?the library of tests/fault/wall_clock.c} \
    SLEPT_FILE=$WORK/clock MONOTONIC_FILE=$WORK/clock"
start_supervisor
run "$PGSUP" start moving
expect_equal "status of start" "$STATUS" 0
ip neighbour replace 10.77.0.50 lladdr "$(mac_of moving)" dev br0 nud permanent
passes_until 60 is_in_dns moving 10.77.0.50
wait_until 30 has_dns_event "moving.lab.example.org is 10.77.0.50"
ip neighbour flush dev br0 nud all
ip neighbour replace 10.77.0.60 lladdr "$(mac_of moving)" dev br0 nud permanent
passes_until 90 is_in_dns moving 10.77.0.60

step "... a server that hangs holds up nothing else"
end_dns
hang_dns
ip neighbour flush dev br0 nud all
ip neighbour replace 10.77.0.70 lladdr "$(mac_of moving)" dev br0 nud permanent
passes_until 60 grep -q "telling 10.77.0.70 moving" "$PGSUP_HOME/dns/records"
expect_ok "$PGSUP" list # while it hangs
expect_warning "timed out" "$PGSUP" instance set four --ip 10.77.0.12
is_in_state moving running || is_in_state moving booting || fail "moving is $(state_of moving)"
wait_until 60 has_dns_event "dns update failed: "
expect_text "$UP_LOG" "names: dns update failed: "
end_hanging

step "... and comes right by itself when it is back"
start_dns
passes_until 90 is_in_dns moving 10.77.0.70
passes_until 30 is_in_dns four 10.77.0.12
all_is_told() { # which is noted after the server has answered
    ! grep -q telling "$PGSUP_HOME/dns/records"
}
passes_until 30 all_is_told

step "... a wrong key is told once"
warned=$(events_with BADSIG)
expect_equal "events of it before" "$warned" 0
cp "$DNS/key" "$DNS/kept" && cp "$DNS/wrong.key" "$DNS/key"
expect_warning BADSIG "$PGSUP" instance set four --ip 10.77.0.13
passes_until 60 has_dns_event BADSIG
let_pass 40 # longer than it waits before it tries again
expect_equal "events of it" "$(events_with BADSIG)" 1
expect_equal "warnings of it" "$(grep -c BADSIG "$UP_LOG")" 1
run "$PGSUP" kill moving
expect_equal "status of kill" "$STATUS" 0
cp "$DNS/kept" "$DNS/key"
passes_until 90 is_in_dns four 10.77.0.13
wait_until 30 is_in_state moving stopped
expect_ok "$PGSUP" instance rebuild -y moving
passes_until 60 is_in_dns moving ""

step "a server that hangs when the supervisor ends"
end_dns
hang_dns
expect_warning "timed out" "$PGSUP" instance set four --ip 10.77.0.14
end_supervisor
end_hanging

step "under sudo nsupdate is run as the owner of the home"
if [ "$(id -u)" = 0 ]; then
    mkdir "$WORK/bin"
    # shellcheck disable=SC2016  # variables of that program
    printf '#!/bin/sh\necho "run by $(id -u) with $*"; exit 1\n' >"$WORK/bin/nsupdate"
    chmod +x "$WORK/bin/nsupdate"
    chmod 755 "$WORK"
    chown -R 65534:65534 "$PGSUP_HOME"
    SUDO_UID=65534 SUDO_GID=65534 PATH=$WORK/bin:$PATH expect_warning "run by 65534 with -t 4 -u 2 -r 1 -k $DNS/key" \
        "$PGSUP" instance set four --ip 10.77.0.15
    expect_equal "files of others" "$(find "$PGSUP_HOME" ! -uid 65534)" ""
fi
