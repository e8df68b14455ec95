# Goal: every file that a person names is read once, so that pipes, FIFOs and standard input work
# where a file does; what precedes its text unseen is taken off or named; a missing one is status 3.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2059
. "$(dirname "$0")/../lib.sh"
make_key
echo sesame-4711 >"$WORK/password"
make_image "$WORK/disk.qcow2" 64M
printf '#cloud-config\npackages: [htop]\n' >"$WORK/user-data"
printf 'version: 2\nethernets: {enp0s16: {dhcp4: true}}\n' >"$WORK/network-config"
printf 'key "k" {\n\talgorithm hmac-sha256;\n\tsecret "c2VjcmV0";\n};\n' >"$WORK/dns.key"
chmod 600 "$WORK/dns.key"
bom=$(printf '\357\273\277') nbsp=$(printf '\302\240')
host_of=(--network "$(bridged_kind)" --host-if "$(any_interface)" --host-ip4 10.9.8.1 --host-nm4 255.255.255.0)
from_fifo() { # FILE: the path of a FIFO that it comes out of, once
    rm -f "$WORK/fifo"
    mkfifo "$WORK/fifo"
    cat "$1" >"$WORK/fifo" &
}

step "cloud create: each file from a pipe, a FIFO and standard input; keys are kept in the home"
create() { # OPTION…
    "$PGSUP" cloud create --no-admin-password "$@"
}
expect_ok create --ssh-public-key <(cat "$KEY.pub") --ssh-private-key <(cat "$KEY") \
    --user "anna:"<(cat "$KEY.pub") --dns-server 127.0.0.1 --dns-zone lab.example.org \
    --dns-key <(cat "$WORK/dns.key") "${host_of[@]}"
cmp -s "$KEY" "$PGSUP_HOME/ssh-keys/private" || fail "the private key is another one"
cmp -s "$WORK/dns.key" "$PGSUP_HOME/dns/key" || fail "the DNS key is another one"
expect_equal "modes" "$(mode_of "$PGSUP_HOME/ssh-keys/private") $(mode_of "$PGSUP_HOME/dns/key")" \
    "-rw------- -rw-------"
expect_ok "$PGSUP" cloud get --json
expect_equal "what is named" "$(json_of 'it["ssh_public_key_path"], it["ssh_private_key_path"], it["dns_key"]')" \
    "(None, '$PGSUP_HOME/ssh-keys/private', '$PGSUP_HOME/dns/key')"
rm -r "$PGSUP_HOME"
"$PGSUP" cloud create --admin-password-file - --ssh-public-key "$KEY.pub" <"$WORK/password" >"$OUT" ||
    fail "a password on standard input"
set_from() { # OPTION FILE: by standard input, a redirected file and a FIFO
    "$PGSUP" cloud set "$1" - <"$2" >"$OUT" 2>"$ERR" || fail "$1 - : $(cat "$ERR")"
    "$PGSUP" cloud set "$1" /dev/stdin <"$2" >"$OUT" 2>"$ERR" || fail "$1 /dev/stdin: $(cat "$ERR")"
    from_fifo "$2"
    expect_ok timeout 20 "$PGSUP" cloud set "$1" "$WORK/fifo"
}
set_from --ssh-public-key "$KEY.pub"
set_from --ssh-private-key "$KEY"
set_from --admin-password-file "$WORK/password"
"$PGSUP" cloud set --user bob:- <"$KEY.pub" >"$OUT" || fail "a user's keys on standard input"
expect_refused 2 "given for 2 files" "$PGSUP" cloud set --ssh-public-key - --user bob:-
expect_refused 2 "given for 2 files" "$PGSUP" cloud set --ssh-public-key - --ssh-public-key -

step "a password that nobody could type; found here"
while read -r bytes says; do
    printf "$bytes\n" >"$WORK/untypable"
    expect_fail 2 "$says" "$PGSUP" -p "$WORK/none" cloud create --ssh-public-key "$KEY.pub" --network user \
        --admin-password-file "$WORK/untypable"
done <<'END'
se\342\200\213same goes on with a zero-width space
ses\342\200\215ame goes on with
ses\342\200\256ame goes on with an invisible character (U+202E)
\351same is not text in UTF-8 (byte 1)
same\303 is not text in UTF-8 (byte 5)
\355\240\200same is not text in UTF-8 (byte 1)
\300\257same is not text in UTF-8 (byte 1)
same\302\205 is not text in UTF-8 (byte 5)
END

step "documents too (canonical/multipass#1589, #617), though cloud-init reads them again"
mkdir "$WORK/bin"
PATH=$WORK/bin:$PATH
printf '#!/bin/sh\ncat "$3" >"%s"\necho "Valid cloud-config: $3"\n' "$WORK/seen" >"$WORK/bin/cloud-init"
chmod +x "$WORK/bin/cloud-init"
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/disk.qcow2"
port=$(free_port)
expect_ok "$PGSUP" instance create test --os empty --ssh-port "$port" --user-data <(cat "$WORK/user-data") \
    --vendor-data <(cat "$WORK/user-data") --network-config <(cat "$WORK/network-config")
own=$PGSUP_HOME/instances/test/cloud-init
for name in user-data network-config; do
    cmp -s "$WORK/$name" "$own/own-$name" || fail "another $name was kept"
done
cmp -s "$WORK/user-data" "$WORK/seen" || fail "cloud-init saw another text"
from_fifo "$WORK/user-data"
expect_ok timeout 20 "$PGSUP" instance set test --user-data "$WORK/fifo"
"$PGSUP" instance set test --user-data - <"$WORK/user-data" >"$OUT" 2>"$ERR" || fail "$(cat "$ERR")"
cmp -s "$WORK/user-data" "$own/own-user-data" || fail "another user-data was kept"
printf '#cloud-config\n\ta: b\n' >"$WORK/bad"
run "$PGSUP" instance set test --user-data - <"$WORK/bad"
expect_text "$ERR" "pgsup: standard input: line 2"

step "a missing file is status 3, a folder 2, for every option"
while read -r words; do
    for path in "$WORK/none" "$KEY/none"; do
        # shellcheck disable=SC2086  # words of a command
        expect_refused 3 "\"$path\" does not exist" "$PGSUP" ${words//FILE/$path}
    done
    # shellcheck disable=SC2086
    expect_refused 2 "\"$WORK\" is a folder" "$PGSUP" ${words//FILE/$WORK}
done <<'END'
cloud set --ssh-public-key FILE
cloud set --ssh-private-key FILE
cloud set --admin-password-file FILE
cloud set --user bob:FILE
cloud set --dns-server 127.0.0.1 --dns-zone a.example --dns-key FILE
instance set test --user-data FILE
instance set test --vendor-data FILE
instance set test --network-config FILE
instance create x --os empty --user-data FILE
image import -n x FILE
END

# WORDS|CONTENT of FILE (printf)|STATUS|what is said
step "what stands unseen before or in the text"
while IFS='|' read -r words content status says; do
    # shellcheck disable=SC2059  # the content is a format
    printf "$content" >"$WORK/given"
    chmod 600 "$WORK/given"
    # shellcheck disable=SC2086  # words of a command
    run "$PGSUP" ${words//FILE/$WORK/given}
    [ "$STATUS" = "$status" ] || fail "status $STATUS, expected $status: $words, $content"
    [ -n "$says" ] || [ ! -s "$ERR" ] || fail "something on stderr: $words, $content"
    grep -qF -- "$says" "$ERR" || [ -z "$says" ] || fail "\"$says\" is not said: $words, $content"
done <<END
cloud set --admin-password-file FILE|${bom}secret\n|0|
cloud set --admin-password-file FILE|${bom}secret\r\n|0|
cloud set --admin-password-file FILE|${bom}\n|2|is empty
cloud set --admin-password-file FILE|\377\376s\0e\0\n\0|2|it is UTF-16 text
cloud set --admin-password-file FILE|\376\377\0s\0e\0\n|2|it is UTF-16 text
cloud set --admin-password-file FILE|s\0e\0c\0r\0\n\0|2|it is UTF-16 text
cloud set --admin-password-file FILE|${nbsp}secret\n|2|begins with a no-break space (U+00A0)
cloud set --admin-password-file FILE|secret${nbsp}\r\n|2|ends with a no-break space (U+00A0)
cloud set --admin-password-file FILE|secret\342\200\213\n|2|ends with a zero-width space (U+200B)
cloud set --admin-password-file FILE|in${nbsp}between\n|0|
cloud set --admin-password-file FILE|"secret"\n|0|the quotation marks around the admin password are part of it
cloud set --admin-password-file FILE|secret \n|0|the blanks around the admin password are part of it
cloud set --ssh-public-key FILE|${bom}$(cat "$KEY.pub")\n|0|
cloud set --ssh-public-key FILE|${bom}# mine\n$(cat "$KEY.pub")\r\n|0|
cloud set --ssh-public-key FILE|\377\376s\0s\0h\0|2|it is UTF-16 text
cloud set --ssh-public-key FILE|"$(cat "$KEY.pub")"\n|2|begins with a quotation mark (U+0022)
cloud set --ssh-public-key FILE|\342\200\234$(cat "$KEY.pub")\n|2|begins with a quotation mark (U+201C)
cloud set --ssh-public-key FILE|${nbsp}$(cat "$KEY.pub")\n|2|begins with a no-break space (U+00A0)
cloud set --user bob:FILE|${bom}$(cat "$KEY.pub")\n|0|
cloud set --user bob:FILE|ssh-ed25519${nbsp}AAAA\n|2|contains a no-break space (U+00A0)
cloud set --ssh-private-key FILE|${bom}-----BEGIN OPENSSH PRIVATE KEY-----\n|2|begins with a byte order mark
cloud set --ssh-private-key FILE|\377\376-\0-\0|2|it is UTF-16 text
cloud set --dns-server 127.0.0.1 --dns-zone a.example --dns-key FILE|${bom}key x { algorithm a; secret b; };\n|2|begins with a byte order mark
instance set test --user-data FILE|${bom}#cloud-config\na: b\n|2|begins with a byte order mark
instance set test --user-data FILE|${bom}MIME-Version: 1.0\n\n|2|begins with a byte order mark
instance set test --user-data FILE|${bom}#!/bin/sh\n|2|begins with a byte order mark
instance set test --vendor-data FILE|\377\376#\0c\0|2|it is UTF-16 text
instance set test --network-config FILE|${bom}version: 2\n|2|begins with a byte order mark
instance set test --user-data FILE|#cloud-config\npackages:\n${nbsp}${nbsp}- htop\n|2|line 3: a no-break space (U+00A0)
END

step "files of the home"
printf '%s# none\n' "$bom" >"$PGSUP_HOME/images.yaml"
expect_ok "$PGSUP" image list --available
printf '\377\376i\0m\0' >"$PGSUP_HOME/images.yaml"
expect_fail 2 "$PGSUP_HOME/images.yaml: it is UTF-16 text" "$PGSUP" image list --available
rm "$PGSUP_HOME/images.yaml"
printf '%s#cloud-config\n' "$bom" >"$own/own-user-data"
expect_fail 2 "own-user-data: it begins with a byte order mark" "$PGSUP" instance set test --vcpu 1
rm "$own/own-user-data"

step "words of the command line"
expect_refused 2 '"\xEF\xBB\xBFweb" is not a valid' "$PGSUP" instance create "${bom}web" --os empty
expect_refused 2 '"10.0.2.9\xC2\xA0"' "$PGSUP" instance create web --os empty --ip "10.0.2.9$nbsp"
expect_refused 2 'is not the "-" of the keyboard' "$PGSUP" instance create $'\342\200\223n' web
expect_refused 2 'is not the "-" of the keyboard' "$PGSUP" instance list $'\342\200\224json'
