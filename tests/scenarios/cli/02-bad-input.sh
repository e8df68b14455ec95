# Goal: each thing that a person can get wrong gives one sentence, the status 2 or 3, and leaves the
# cloud home as it was.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
make_key
make_image "$WORK/disk.qcow2" 64M
echo sesame-4711 >"$WORK/password"

create_cloud() { # OPTION…
    "$PGSUP" cloud create --admin-password-file "$WORK/password" --ssh-public-key "$KEY.pub" "$@"
}

step "the command line"
expect_refused 2 'unknown command "frobnicate"' "$PGSUP" frobnicate
expect_refused 2 'did you mean "instance"' "$PGSUP" instanec
expect_refused 2 'did you mean "instance create"' "$PGSUP" instance craete
expect_refused 2 'did you mean "image import"' "$PGSUP" image improt
expect_refused 2 'unknown option "--frob"' "$PGSUP" instance create --frob
expect_refused 2 'did you mean "--vcpu"' "$PGSUP" instance create --vpcu 2
expect_refused 2 'unknown option "-Z"' "$PGSUP" instance list -Z
expect_refused 2 'unknown option "--home"' "$PGSUP" --home "$WORK" version
expect_refused 2 '"--name" needs a value' "$PGSUP" instance create -n
expect_refused 2 '"--path" needs a value' "$PGSUP" -p
expect_refused 2 '"--path" is empty' "$PGSUP" -p "" version
expect_refused 2 '"--json" takes no value' "$PGSUP" image list --json=yes
expect_refused 3 "no cloud in $WORK/nowhere" "$PGSUP" instance list -p "$WORK/nowhere"
expect_refused 2 'unexpected argument "x"' "$PGSUP" version x
expect_refused 2 'needs an argument: pgsup instance remove' "$PGSUP" instance remove -y
expect_refused 2 'needs the option --ssh-public-key' "$PGSUP" cloud create
expect_refused 2 'needs the option --name' "$PGSUP" image import "$WORK/disk.qcow2"
expect_refused 2 'unknown command "x\x0Ay"' "$PGSUP" "$(printf 'x\ny')"
expect_refused 2 'bash|zsh|fish' "$PGSUP" completion tcsh
expect_refused 2 'unknown command "frob"' "$PGSUP" help frob

step "without a cloud"
for command in "cloud get" "image list" "instance list" "instance get x" "instance remove x" \
    "image remove x" "image download ubuntu-jammy" "instance create x"; do
    # shellcheck disable=SC2086  # words of a command
    expect_refused 3 'cloud create' "$PGSUP" $command
done
expect_refused 3 "$WORK/nowhere" "$PGSUP" -p "$WORK/nowhere" instance list

step "cloud create: names and passwords"
expect_refused 2 'RFC 1123' create_cloud -n My_Lab
expect_refused 2 'RFC 1123' create_cloud -n ""
: >"$WORK/empty"
expect_refused 2 'empty' "$PGSUP" cloud create --ssh-public-key "$KEY.pub" \
    --admin-password-file "$WORK/empty"
head -c 300 /dev/zero | tr '\0' x >"$WORK/long"
expect_refused 2 '256 bytes' "$PGSUP" cloud create --ssh-public-key "$KEY.pub" \
    --admin-password-file "$WORK/long"
expect_refused 2 '256 bytes' "$PGSUP" cloud create --ssh-public-key "$KEY.pub" \
    --admin-password-file /dev/zero # which never ends
expect_refused 2 "$WORK" "$PGSUP" cloud create --ssh-public-key "$KEY.pub" \
    --admin-password-file "$WORK"
printf 'a\0b\n' >"$WORK/nul"
expect_refused 2 'NUL' "$PGSUP" cloud create --ssh-public-key "$KEY.pub" \
    --admin-password-file "$WORK/nul"
expect_refused 3 "$WORK/none" "$PGSUP" cloud create --ssh-public-key "$KEY.pub" \
    --admin-password-file "$WORK/none"

step "cloud create: the public key"
with_key() { # FILE
    "$PGSUP" cloud create --admin-password-file "$WORK/password" --ssh-public-key "$1"
}
expect_refused 3 "$WORK/none.pub" with_key "$WORK/none.pub"
expect_refused 2 'private key' with_key "$KEY"
echo "ssh-ed25519 not!base64 me" >"$WORK/bad.pub"
expect_refused 2 'key' with_key "$WORK/bad.pub"
cut -c1-60 "$KEY.pub" >"$WORK/cut.pub"
expect_refused 2 'key' with_key "$WORK/cut.pub"
expect_refused 2 'key' with_key "$WORK/empty"
expect_refused 2 "$WORK" with_key "$WORK"
expect_refused 2 'this line does not begin with an accepted key type' with_key "$WORK/password"
expect_no_text "$ERR" sesame-4711 # the files were swapped: a password is not echoed

step "cloud create: the network"
expect_refused 2 'token-ring' create_cloud --network token-ring
expect_refused 2 'no-such-if0' create_cloud --host-if no-such-if0 --host-ip4 10.9.8.1 \
    --host-nm4 255.255.255.0
bridged() { # OPTION…
    create_cloud --network "$(bridged_kind)" --host-if "$(any_interface)" "$@"
}
expect_refused 2 '"300.1.1.1"' bridged --host-ip4 300.1.1.1 --host-nm4 255.255.255.0
expect_refused 2 '"255.0.255.0"' bridged --host-ip4 10.9.8.1 --host-nm4 255.0.255.0
expect_refused 2 '"x.y"' bridged --host-ip4 10.9.8.1 --host-nm4 255.255.255.0 --host-gw4 x.y
expect_refused 2 '10.9.9.1' bridged --host-ip4 10.9.8.1 --host-nm4 255.255.255.0 --host-gw4 10.9.9.1
expect_refused 2 '"dns"' bridged --host-ip4 10.9.8.1 --host-nm4 255.255.255.0 --host-ns4 dns
expect_refused 2 '--host-ip4' bridged
expect_refused 2 '--host-ip4' create_cloud --network user --host-ip4 10.9.8.1 --host-nm4 255.255.255.0
for port in 0 65536 -1 10300x ""; do
    expect_refused 2 "\"$port\"" create_cloud --ph-port "$port"
done

step "cloud create: the home"
echo >"$WORK/file"
expect_refused 3 "$WORK/file" "$PGSUP" -p "$WORK/file/home" cloud create \
    --admin-password-file "$WORK/password" --ssh-public-key "$KEY.pub"
[ ! -e "$PGSUP_HOME" ] || fail "something was made in the home"
long=$(head -c 300 /dev/zero | tr '\0' a)
expect_refused 2 'too long' "$PGSUP" -p "$WORK/new1/new2/$long/x" cloud create \
    --admin-password-file "$WORK/password" --ssh-public-key "$KEY.pub"
[ ! -e "$WORK/new1" ] || fail "folders were left: $(find "$WORK/new1")"
expect_refused 2 '":"' "$PGSUP" -p "$WORK/a:b" cloud create \
    --admin-password-file "$WORK/password" --ssh-public-key "$KEY.pub"
if [ "$(id -u)" != 0 ]; then
    mkdir -m 500 "$WORK/closed"
    expect_refused 3 'Permission denied' "$PGSUP" -p "$WORK/closed" instance list
fi

expect_ok create_cloud --network user
expect_ok "$PGSUP" image import -n debian-12 --arch aarch64 "$WORK/disk.qcow2"
expect_ok "$PGSUP" instance create taken --os debian-12 --ssh-port 10555
create() { # OPTION…
    "$PGSUP" instance create --os debian-12 "$@"
}

step "instance create: names"
for name in Test te_st -test test- te.st "a b" "" ../x \
    "$(printf 'x%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)$(printf 'y%.0s' 1 2 3 4 5 6 7 8)-$(
        printf 'z%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 \
            29 30 31 32 33 34 35 36 37 38 39 40)"; do
    expect_refused 2 'RFC 1123' create -n "$name"
done
expect_refused 3 '"taken"' create -n taken
expect_refused 2 'needs a name' create

step "instance create: values"
expect_refused 3 '"debian-99"' "$PGSUP" instance create -n x --os debian-99
for vcpu in 0 -1 two 100000 1.5 ""; do
    expect_refused 2 "\"$vcpu\"" create -n x --vcpu "$vcpu"
done
for ram in 0 63 999999G -5 lots 5X ""; do
    expect_refused 2 "\"$ram\"" create -n x --ram "$ram"
done
for size in 0 1M -5G big 9999999999T ""; do
    expect_refused 2 "\"$size\"" create -n x -s "$size"
done
for port in 0 70000 ssh ""; do
    expect_refused 2 "\"$port\"" create -n x --ssh-port "$port"
done
expect_refused 3 '10555' create -n x --ssh-port 10555
expect_refused 2 '"carrier-pigeon"' create -n x --seed carrier-pigeon
expect_refused 2 '"warp"' create -n x --accel warp

step "instance create: addresses"
expect_refused 2 '"10.0.2"' create -n x --ip 10.0.2
expect_refused 2 '"10.0.2.256"' create -n x --ip 10.0.2.256
expect_refused 2 '"10.0.2.05" is not an address for --ip' create -n x --ip 10.0.2.05
expect_refused 2 '192.168.77.5' create -n x --ip 192.168.77.5
expect_ok create -n first --ip 10.0.2.50
expect_refused 3 '10.0.2.50' create -n x --ip 10.0.2.50

step "what is not there"
expect_refused 3 '"ghost"' "$PGSUP" instance get ghost
expect_refused 3 '"ghost"' "$PGSUP" instance remove -y ghost
expect_refused 3 '"ghost"' "$PGSUP" image remove ghost
expect_refused 2 'exclude each other' "$PGSUP" stop -f --no-escalate taken

step "several at once: each has its line"
run "$PGSUP" stop taken ghost first
expect_equal "status" "$STATUS" 3
expect_equal "stdout" "$(cat "$OUT")" "taken already stopped
first already stopped"
expect_equal "stderr" "$(cat "$ERR")" 'pgsup: no instance "ghost": `pgsup list` shows all'

step "cloud set"
expect_refused 2 'pgsup help cloud set' "$PGSUP" cloud set
expect_refused 2 '"70000"' "$PGSUP" cloud set --ph-port 70000

step "a full disk for the output is told"
run sh -c '"$1" image list >/dev/full' sh "$PGSUP"
[ ! -e /dev/full ] || expect_equal "status" "$STATUS" 1
[ ! -e /dev/full ] || expect_text "$ERR" "cannot write to the standard output: No space left on device"
run sh -c '"$1" list >/dev/full' sh "$PGSUP"
[ ! -e /dev/full ] || expect_equal "status" "$STATUS" 1
! grep -q "Resource temporarily" "$ERR" || fail "another failure is told: $(cat "$ERR")"
