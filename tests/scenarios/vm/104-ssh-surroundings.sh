# Goal: what a person's own configuration of ssh and his agent contain does not decide whether pgsup
# reaches a guest: its configuration names the cloud's key, and nothing else is offered.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
PROGRAM=$(cd "$(dirname "$PGSUP")" && pwd)/pgsup-inventory
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n debian-12 --arch aarch64 "$WORK/disk.qcow2"
port=$(free_port)
expect_ok "$PGSUP" instance create -n test --os debian-12 --seed drive --ssh-port "$port" \
    --vcpu 1 --ram 256 --accel tcg
printf '\177\040\003\325\377\377\377\027' >"$WORK/idle.fw" # aarch64: wfi; b .-4
printf '%s\n' -bios "$WORK/idle.fw" >"$PGSUP_HOME/instances/test/qemu.args"
expect_ok "$PGSUP" instance create -n other --os debian-12 --seed drive --ssh-port "$(free_port)"
config=$PGSUP_HOME/ssh_config

effective() { # FILE [OPTION…]: what ssh makes of it for "test"
    ssh -F "$@" -G test >"$OUT" 2>"$ERR" || fail "ssh does not accept $1: $(cat "$ERR")"
}
expect_pgsups() { # KEYFILE
    local line
    for line in "hostname 127.0.0.1" "port $port" "user ansible" "identitiesonly yes" \
        "stricthostkeychecking true" "pubkeyauthentication true" "globalknownhostsfile /dev/null" \
        "userknownhostsfile $PGSUP_HOME/instances/test/known_hosts" "identityfile $1"; do
        grep -qixF "$line" "$OUT" || fail "ssh -G lacks \"$line\""
    done
    expect_equal "the first key" "$(grep -m 1 '^identityfile ' "$OUT")" "identityfile $1"
    ! grep -E '^(proxyjump|proxycommand|remotecommand) ' "$OUT" | grep -v ' none$' ||
        fail "ssh would go another way"
}

step "the file itself"
effective "$config"
expect_pgsups "$KEY"
decides='^(addressfamily|bindaddress|hostkeyalgorithms|pubkeyaccepted[a-z]*|preferredauthentications|kexalgorithms|ciphers|macs|revokedhostkeys|exitonforwardfailure|tunnel|requesttty|canonicalizehostname) '
grep -E "$decides" "$OUT" >"$WORK/decides"
expect_equal "keys that are offered" "$(grep -c '^identityfile ' "$OUT")" 1
expect_equal "its mode" "$(mode_of "$config")" -rw-------

# What people write for all hosts, and the public report of its kind (in general: lima-vm/lima#110). It does not count with `ssh -F`;
# and where a person's own file includes pgsup's, that comes first.
step "it stands above a person's lines for all hosts"
while IFS='|' read -r lines source; do
    { echo "Include \"$config\"" && echo "Host *" && echo "$lines" | tr ';' '\n'; } >"$WORK/own"
    printf '%s\n' "  $lines ($source)"
    effective "$WORK/own"
    expect_pgsups "$KEY"
    expect_equal "what decides" "$(grep -E "$decides" "$OUT")" "$(cat "$WORK/decides")"
done <<'END'
ProxyJump bastion.example.org|intel/ccloudvm#16
ProxyCommand nc -X connect -x proxy:8080 %h %p|kubernetes-sigs/kubespray#4932
RemoteCommand tmux new -A -s main;RequestTTY yes|found here
IgnoreUnknown UseKeychain;UseKeychain yes;AddKeysToAgent yes|found here
PubkeyAuthentication no|found here
IdentitiesOnly no|trailofbits/coop#68
IdentityFile ~/.ssh/id_work|trailofbits/coop#68
CanonicalizeHostname always;CanonicalDomains example.com|labgrid-project/labgrid#664
User root;Port 2222|intel/ccloudvm#16
HostName 192.0.2.1|intel/ccloudvm#16
HostKeyAlias elsewhere|found here
StrictHostKeyChecking no;UserKnownHostsFile /dev/null|found here
GlobalKnownHostsFile /etc/ssh/ssh_known_hosts2|theforeman/puppet-foreman_proxy#742
HostKeyAlgorithms ssh-rsa|found here
HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com|found here
PubkeyAcceptedKeyTypes ssh-rsa|found here
KexAlgorithms diffie-hellman-group1-sha1|found here
Ciphers aes128-cbc|found here
MACs hmac-md5|found here
AddressFamily inet6|found here
BindAddress 192.0.2.1|found here
BindAddress ::1|found here
PreferredAuthentications password|found here
PreferredAuthentications keyboard-interactive,password|found here
LocalForward 8080 localhost:80;ExitOnForwardFailure yes|found here
Tunnel point-to-point;ExitOnForwardFailure yes|found here
RevokedHostKeys /does/not/exist|found here
RequestTTY force|found here
IgnoreUnknown UseRoaming;UseRoaming yes|found here
Match all;Port 1|found here
Match host *;User nobody|found here
Match exec true;HostName 192.0.2.1|found here
Match final all;Port 99|found here
ControlMaster auto;ControlPath ~/.ssh/%r@%h:%p|found here
ForwardAgent yes;SendEnv LANG LC_*|found here
END

step "Ansible gets the same, and no configuration of the person's"
start_supervisor
run "$PGSUP" -q start test
expect_equal "status of start" "$STATUS" 0
expect_ok "$PROGRAM" --host test
json_of 'it["ansible_ssh_common_args"]' >"$WORK/arguments"
eval "set -- $(cat "$WORK/arguments")"
expect_equal "its first words" "$1 $2" "-F /dev/null"
ssh "$@" -p "$port" -l ansible -G 127.0.0.1 >"$OUT" 2>"$ERR" || fail "ssh does not accept them"
expect_pgsups "$KEY"

step "a key that only an agent has: its public half selects it"
mv "$KEY" "$WORK/away"
expect_ok "$PROGRAM" --host test
json_of 'it["ansible_ssh_common_args"]' >"$WORK/arguments"
expect_text "$WORK/arguments" "$PGSUP_HOME/ssh-keys/1.pub"
expect_equal "a key's file" "$(json_of '"ansible_ssh_private_key_file" in it')" False
expect_ok "$PGSUP" instance rename other another # writes the configuration again
effective "$config"
expect_pgsups "$PGSUP_HOME/ssh-keys/1.pub"
expect_equal "the public half" "$(cat "$PGSUP_HOME/ssh-keys/1.pub")" "$(cut -d' ' -f1,2 "$KEY.pub")"
expect_text "$config" "Host another"
expect_no_text "$config" "Host other"

step "a key of the person's that lies where ssh looks for it"
mkdir -m 700 "$HOME/.ssh"
cp "$WORK/away" "$HOME/.ssh/id_ed25519"
cp "$KEY.pub" "$HOME/.ssh/id_ed25519.pub"
expect_ok "$PGSUP" instance rename another other
effective "$config"
expect_pgsups "$HOME/.ssh/id_ed25519"
ssh-keygen -q -t ed25519 -N '' -C foreign -f "$WORK/foreign"
cp "$WORK/foreign.pub" "$HOME/.ssh/id_ed25519.pub" # not one of the cloud's
expect_ok "$PGSUP" instance rename other another
effective "$config"
expect_pgsups "$PGSUP_HOME/ssh-keys/1.pub"

step "a folder whose name needs quotes"
run "$PGSUP" -q stop -f test
expect_equal "status of stop" "$STATUS" 0
end_supervisor
mv "$PGSUP_HOME" "$WORK/a home 100%"
PGSUP_HOME="$WORK/a home 100%"
expect_ok "$PGSUP" instance rename another other
effective "$PGSUP_HOME/ssh_config"
expect_text "$OUT" "identityfile ${PGSUP_HOME%\%}%%/ssh-keys/1.pub" "hostname 127.0.0.1"
