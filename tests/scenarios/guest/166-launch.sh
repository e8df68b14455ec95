# Goal: from an empty HOME to a shell in a guest by one command; what it decided is printed as commands
# that do the same elsewhere; interrupted at any step nothing is half-done, and it goes on.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
unset PGSUP_HOME
PGSUP_HOME=$HOME/var/pgsup # where it looks by itself
port=$(free_port)
mkdir "$WORK/www"
cp "${PGSUP_MINI_IMAGE:?the image of the mini guest}" "$WORK/www/mini-arm64.qcow2"
(cd "$WORK/www" && sha256sum mini-arm64.qcow2 >SUMS)
python3 -m http.server --bind 127.0.0.1 --directory "$WORK/www" "$port" >"$WORK/www.log" 2>&1 &
at_exit "kill $! 2>/dev/null"
web=$!
wait_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
catalogue_in() { # FOLDER
    mkdir -p "$1"
    chmod 700 "$1"
    {
        printf 'mini:\n  title: mini\n  user: root\n  seed-source: nocloud\n  phones-home: yes\n'
        printf '  min-disk: 16M\n  min-ram: 128M\n  format: qcow2\n  digest: sha256\n'
        # What runs here is arm64 wherever it is asked for; the name of the file says so.
        printf '  %s:\n    url: http://127.0.0.1:%s/mini-arm64.qcow2\n    checksums: http://127.0.0.1:%s/SUMS\n' \
            aarch64 "$port" "$port" x86_64 "$port" "$port"
    } >"$1/images.yaml"
}
catalogue_in "$PGSUP_HOME"
options=(mini -n one --ram 256 --vcpu 1 --size 1G --accel tcg ${AS_ROOT:+"$AS_ROOT"})
at_exit '"$PGSUP" down 2>/dev/null'

step "what cannot be is said before anything is made"
expect_refused 3 'no image is called "nosuch": there are' "$PGSUP" launch nosuch ${AS_ROOT:+"$AS_ROOT"}
expect_refused 2 '"No" is not a valid instance name' "$PGSUP" launch mini -n No ${AS_ROOT:+"$AS_ROOT"}

step "a download that fails: the home is whole, and it is said that it goes on"
kill $web
wait $web 2>/dev/null || true
run "$PGSUP" launch "${options[@]}"
[ "$STATUS" != 0 ] || fail "it did not fail"
expect_text "$ERR" "the same \`pgsup launch\` goes on from here"
expect_equal "lines about it" "$(grep -c '^pgsup: ' "$ERR")" 1
expect_ok "$PGSUP" cloud get --json
expect_equal "what it decided" "$(json_of 'it["network"], it["ph_port_auto"], it["admin_password"]')" "('user', True, False)"
expect_equal "mode of the key" "$(mode_of "$PGSUP_HOME/ssh-keys/private")" "-rw-------"
python3 -m http.server --bind 127.0.0.1 --directory "$WORK/www" "$port" >"$WORK/www.log" 2>&1 &
at_exit "kill $! 2>/dev/null"
wait_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"

step "interrupted at whatever it does: the same command goes on"
for seconds in 0.1 0.4 1 2; do
    run timeout -s INT $seconds "$PGSUP" launch "${options[@]}"
done

step "one command, and the guest is ready"
run "$PGSUP" launch "${options[@]}"
expect_equal "status" "$STATUS" 0
expect_text "$ERR" "get in: $PGSUP ssh one"
cp "$OUT" "$WORK/commands"
sed "s|^$PGSUP ||" "$WORK/commands" >"$WORK/said"
expect_no_text "$WORK/said" "cloud create"
expect_text "$WORK/said" "start one --wait"
expect_equal "state" "$(state_of one)" ready
if [ "$(uname -s)" = Linux ]; then
    expect_ok "$PGSUP" nic list one --json
    expect_equal "networks of its cards" "$(json_of '[each["network"] for each in it]')" "[None, 'lab']"
fi

step "a command runs in the guest"
on_terminal "$PGSUP" console one
wait_until 10 grep -q 'on the console of one' "$SCREEN"
type_keys 'echo a$((6*7))b; hostname\r'
wait_until 20 grep -q 'a42b' "$SCREEN"
wait_until 10 grep -q '^one' "$SCREEN"
type_keys '\035'
wait "$TERMINAL" || fail "status $?"

step "given again, nothing is left to do"
run "$PGSUP" launch "${options[@]}"
expect_equal "status" "$STATUS" 0
expect_equal "what it ran" "$(cat "$OUT")" "$PGSUP start one --wait"
run "$PGSUP" launch -n one ${AS_ROOT:+"$AS_ROOT"}
expect_equal "status" "$STATUS" 0
expect_ok "$PGSUP" image import -n other --arch aarch64 "$WORK/www/mini-arm64.qcow2"
expect_fail 3 'instance "one" exists, with the image "mini"' "$PGSUP" launch other -n one ${AS_ROOT:+"$AS_ROOT"}
expect_ok "$PGSUP" instance get one --json
made=$(json_of '{key: it[key] for key in ("vcpu", "ram_bytes", "disk_bytes", "accel", "image", "seed", "package_upgrade")}')
run "$PGSUP" down

step "the commands that it prints, given to a shell in another HOME, do the same"
HOME=$WORK/other
PGSUP_HOME=$HOME/var/pgsup
mkdir "$HOME"
ssh-keygen -q -t ed25519 -N '' -C mine -f "$WORK/key"
mkdir -m 700 "$HOME/.ssh"
cp "$WORK/key.pub" "$HOME/.ssh/id_rsa.pub"
catalogue_in "$PGSUP_HOME"
run "$PGSUP" launch "${options[@]}" --no-wait --restart on-failure --forward "127.0.0.1:$(free_port):80"
expect_equal "status" "$STATUS" 0
cp "$OUT" "$WORK/commands"
expect_ok "$PGSUP" cloud get --json
expect_equal "key" "$(json_of 'it["ssh_public_key_path"]')" "$HOME/.ssh/id_rsa.pub"
tell() {
    "$PGSUP" cloud get --json | grep -v '"created"\|"home"\|"ph_port"' # the first free one
    "$PGSUP" instance get one --json >"$OUT"
    json_of '[it[key] for key in ("image", "arch", "vcpu", "ram_bytes", "disk_bytes", "accel", "nested", "ip4", "nics",
        "seed", "host_keys", "package_upgrade", "restart", "autostart", "after", "groups", "variables", "wanted")]' |
        sed 's/,mac=[0-9a-f:]*//' # drawn by each home
    "$PGSUP" forward list one --json >"$OUT"
    json_of '[each for each in it if not each["automatic"]]'
}
tell >"$WORK/first"
run "$PGSUP" down
rm -rf "$PGSUP_HOME"
catalogue_in "$PGSUP_HOME"
run bash -e "$WORK/commands"
expect_equal "status of the commands" "$STATUS" 0
tell >"$WORK/second"
diff "$WORK/first" "$WORK/second" >&2 || fail "it is not the same"
is_in_state one booting || is_in_state one ready || fail "it does not run"
run "$PGSUP" down
