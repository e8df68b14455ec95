# Goal: documents of a user's own are taken as cloud-init takes them, put before pgsup's, kept with
# the instance, changed and taken away again. What is malformed is refused with line and column, and
# leaves nothing behind; what the host's cloud-init says of them is told.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_cloud
make_image "$WORK/empty.qcow2"
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/empty.qcow2"
mkdir "$WORK/bin"
PATH=$WORK/bin:$PATH
schema_says() { # STATUS TEXT: the host's cloud-init from now on
    printf '#!/bin/sh\ncat <<END\n%s\nEND\nexit %s\n' "$2" "$1" >"$WORK/bin/cloud-init"
    chmod +x "$WORK/bin/cloud-init"
}
schema_says 0 "Valid cloud-config: x"
create() { # OPTION…
    "$PGSUP" instance create test --os empty --ram 64 --ssh-port "$port" "$@"
}
refused() { # TEXT OPTION…
    expect_refused 2 "$1" create "${@:2}"
}
port=$(free_port)
folder=$PGSUP_HOME/instances/test
cat >"$WORK/web.yaml" <<'END'
#cloud-config
locale: de_CH.UTF-8
users: [{name: bob}]
END

step "what is malformed is refused, with line and column"
printf '#cloud-config\nruncmd:\n- [ echo\nb: c\n' >"$WORK/bad.yaml"
refused "$WORK/bad.yaml: line 4, column 2: " --user-data "$WORK/bad.yaml"
refused "$WORK/bad.yaml: line 4, column 2: " --vendor-data "$WORK/bad.yaml"
printf 'version: 2\nethernets:\n\t- a\n' >"$WORK/bad.net"
refused "$WORK/bad.net: line 3, column 1: " --network-config "$WORK/bad.net"
echo "- a" >"$WORK/bad.net"
refused '"key: value" is expected' --network-config "$WORK/bad.net"
echo "hello" >"$WORK/bad.txt"
refused "a document must begin with its kind" --user-data "$WORK/bad.txt"
gzip -c "$WORK/web.yaml" >"$WORK/web.gz"
refused "web.gz is compressed: decompress it with \`gunzip\` first" --user-data "$WORK/web.gz"
: >"$WORK/nothing"
refused "$WORK/nothing is empty" --user-data "$WORK/nothing"
(echo "#!/bin/sh" && head -c 262144 /dev/zero | tr '\0' '#') >"$WORK/big"
refused "$WORK/big is larger than 262144 bytes" --user-data "$WORK/big"
expect_refused 3 "$WORK/not-there" create --user-data "$WORK/not-there"

step "what costs the guest its accounts, its phone-home or its network is refused" # golden/own-documents.yaml has more
for document in 'users: bob' 'groups: [ansible]' 'phone_home: {url: x}' 'cloud_final_modules: []'; do
    printf '#cloud-config\n%s\n' "$document" >"$WORK/lost.yaml"
    refused "$WORK/lost.yaml: " --user-data "$WORK/lost.yaml"
done
printf '#cloud-config\ngroups: [ansible]\n' >"$WORK/lost.yaml"
refused "lost.yaml: the group \"ansible\" has the name of one of pgsup's accounts" --vendor-data "$WORK/lost.yaml"
echo "ethernets: {eth0: {dhcp4: true}}" >"$WORK/lost.net"
refused "lost.net: it has no \"version: 2\"" --network-config "$WORK/lost.net"
printf 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=X\n\nX\n' >"$WORK/lost.mime"
refused "lost.mime: it is multipart/mixed, but no line \"--X\" begins a part" --user-data "$WORK/lost.mime"
printf 'version: 2\nethernets: {eth0: {dhcp4: true}}\n' >"$WORK/net"
refused "--seed drive or both" --seed http --network-config "$WORK/net"
expect_ok create --network-config "$WORK/net"
"$PGSUP" instance get test --json >"$OUT"
expect_equal "its seed" "$(json_of 'it["seed"]')" drive
printf '#cloud-config\nlocale: de_CH.UTF-8\n' >"$WORK/unused.yaml"
run "$PGSUP" instance set test --vendor-data "$WORK/unused.yaml"
expect_equal "status" "$STATUS" 0
expect_text "$ERR" "pgsup: warning: $WORK/unused.yaml: its \"locale\" has no effect"
expect_ok "$PGSUP" instance remove -y test

step "what cloud-init itself finds invalid is refused, what it warns of is told"
schema_says 1 "Error:
Cloud config schema errors: users.0: 5 is not valid"
refused "web.yaml: \`cloud-init schema\` reports: users.0: 5 is not valid" --user-data "$WORK/web.yaml"
schema_says 0 "Cloud config schema deprecations: apt_update: DEPRECATED
Valid cloud-config: x"
run create --user-data "$WORK/web.yaml" --seed http
expect_equal "status" "$STATUS" 0
expect_equal "warning" "$(cat "$ERR")" \
    "pgsup: warning: $WORK/web.yaml: \`cloud-init schema\` reports: apt_update: DEPRECATED"
schema_says 1 "Traceback (most recent call last): KeyError"
run "$PGSUP" instance set test --user-data "$WORK/web.yaml"
expect_equal "status" "$STATUS" 0
expect_text "$ERR" "pgsup: warning: $WORK/web.yaml could not be checked by cloud-init: " KeyError
schema_says 0 "Valid cloud-config: x"

step "kept with the instance, combined with pgsup's"
expect_equal "mode" "$(mode_of "$folder/cloud-init/own-user-data")" "-rw-------"
cmp -s "$WORK/web.yaml" "$folder/cloud-init/own-user-data" || fail "it is another text"
expect_text "$folder/cloud-init/user-data" "MIME-Version: 1.0"
mtype -i "$folder/cloud-init.img" ::user-data | cmp -s - "$folder/cloud-init/user-data" ||
    fail "the drive has another user-data"
config_of() { # what cloud-init makes of user-data, in short
    /usr/bin/python3 - "$folder/cloud-init/user-data" <<'END' 2>"$ERR"
import sys
from cloudinit import helpers, user_data, util
message = user_data.UserDataProcessor(helpers.Paths({})).process(open(sys.argv[1], "rb").read())
for part in message.walk():
    if not part.is_multipart():
        text = part.get_payload(decode=True).decode()
        print(part.get_content_type(), "pgsup" if "phone_home:" in text else text.split("\n")[1])
END
}
expect_parts() { # LINE…
    if /usr/bin/python3 -c 'import cloudinit.user_data' 2>/dev/null; then
        expect_equal "parts" "$(config_of)" "$(printf '%s\n' "$@")"
    fi
}
expect_parts "text/cloud-config locale: de_CH.UTF-8" "text/cloud-config pgsup"

step "of every kind that cloud-init takes"
take() { # TEXT KIND
    printf '%b' "$1" >"$WORK/any"
    expect_ok "$PGSUP" instance set test --user-data "$WORK/any"
    expect_text "$OUT" "reads it when cloud-init runs again"
    expect_parts "$2" "text/cloud-config pgsup"
}
take '#!/bin/sh\necho hello\n' "text/x-shellscript echo hello"
take '#cloud-boothook\necho hello\n' "text/cloud-boothook echo hello"
take '## template: jinja\n#cloud-config\na: {{ v1.b }}\n' "text/jinja2 #cloud-config"
take '#cloud-config-archive\n- "#!/bin/sh\\n\\necho\\n"\n' "text/x-shellscript "
take 'Content-Type: text/x-shellscript\nMIME-Version: 1.0\n\n#!/bin/sh\necho mime\n' \
    "text/x-shellscript echo mime"
printf '#!/bin/sh\necho included\n' >"$WORK/included"
take "#include\nfile://$WORK/included\n" "text/x-shellscript echo included"

step "edited where it is kept, and combined anew at the next start"
printf '#!/bin/sh\necho edited\n' >"$folder/cloud-init/own-user-data"
expect_ok "$PGSUP" instance set test --ram 65 # as a start does, it writes what has changed
expect_parts "text/x-shellscript echo edited" "text/cloud-config pgsup"
cp "$WORK/bad.yaml" "$folder/cloud-init/own-user-data"
expect_fail 2 "cloud-init/own-user-data: line 4, column 2: " "$PGSUP" instance set test --ram 66
printf '#!/bin/sh\necho edited\n' >"$folder/cloud-init/own-user-data"
expect_ok "$PGSUP" instance set test --ram 65

step "a change that is refused leaves the one before"
expect_refused 2 "bad.yaml: line 4" "$PGSUP" instance set test --user-data "$WORK/bad.yaml"
expect_fail 2 "enough memory" "$PGSUP" instance set test --ram 7 --user-data "$WORK/web.yaml"
expect_text "$folder/cloud-init/own-user-data" "echo edited"

step "a clone has them too, but for the network"
printf 'version: 2\nethernets: {eth0: {dhcp4: true}}\n' >"$WORK/net"
printf '#cloud-config\nntp: {enabled: true}\n' >"$WORK/vendor.yaml"
expect_refused 2 "your own network-config would have no effect: the cloud-init of \"empty\" does not ask for it over HTTP" \
    "$PGSUP" instance set test --network-config "$WORK/net" --vendor-data "$WORK/vendor.yaml"
expect_ok "$PGSUP" instance set test --seed both --network-config "$WORK/net" --vendor-data "$WORK/vendor.yaml"
expect_refused 2 "use --seed drive or both" "$PGSUP" instance set test --seed http
cmp -s "$WORK/net" "$folder/cloud-init/network-config" || fail "network-config is another text"
expect_text "$folder/cloud-init/vendor-data" "MIME-Version: 1.0"
expect_ok "$PGSUP" instance clone test copy
expect_text "$PGSUP_HOME/instances/copy/cloud-init/own-user-data" "echo edited"
[ -e "$PGSUP_HOME/instances/copy/cloud-init/own-vendor-data" ] || fail "no vendor-data of its own"
[ ! -e "$PGSUP_HOME/instances/copy/cloud-init/own-network-config" ] || fail "it has the other's network"

step "taken away"
expect_ok "$PGSUP" instance set test --user-data "" --vendor-data "" --network-config ""
expect_equal "own documents" "$(find "$folder/cloud-init" -name 'own-*')" ""
expect_equal "first line" "$(head -n 1 "$folder/cloud-init/user-data")" "#cloud-config"
expect_text "$folder/cloud-init/network-config" primary0
