# Goal: who may log in to the guests of a cloud: a password by file or terminal, or none at all;
# several keys, keys from a file of many, more users. What is wrong with one of them changes nothing.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_key
for type in ecdsa rsa; do
    ssh-keygen -q -t $type -N '' -C "$type" -f "$WORK/$type"
done
{
    echo "# a comment, then an empty line"
    echo
    cat "$WORK/ecdsa.pub" "$WORK/rsa.pub"
} >"$WORK/many.pub"
key_of() { # FILE
    cut -d' ' -f1-2 "$1"
}
create() { # OPTION…
    "$PGSUP" cloud create -n lab --network user --no-lab --ph-port "$(free_port)" "$@"
}

step "what is refused makes nothing"
both="not both"
expect_refused 2 "$both" create --no-admin-password --admin-password-file /dev/null \
    --ssh-public-key "$KEY.pub"
expect_refused 2 '"root"' create --no-admin-password --ssh-public-key "$KEY.pub" \
    --user "root:$KEY.pub"
expect_refused 2 'NAME:KEYFILE' create --no-admin-password --ssh-public-key "$KEY.pub" --user anna
expect_refused 2 'private key' create --no-admin-password --ssh-public-key "$KEY.pub" \
    --user "anna:$KEY"
expect_refused 3 "$WORK/none.pub" create --no-admin-password --ssh-public-key "$KEY.pub" \
    --ssh-public-key "$WORK/none.pub"
{
    cat "$KEY.pub"
    echo "ssh-ed25519 AAAA"
} >"$WORK/bad.pub"
expect_refused 2 "line 2" create --no-admin-password --ssh-public-key "$WORK/bad.pub"

step "by key only"
expect_ok create --no-admin-password --ssh-public-key "$KEY.pub" --ssh-public-key "$WORK/many.pub" \
    --user "anna:$WORK/many.pub" --user "no:$KEY.pub"
expect_ok "$PGSUP" cloud get --json
expect_equal "a password" "$(json_of 'it["admin_password"]')" False
expect_equal "keys" "$(json_of 'len(it["ssh_public_keys"])')" 3
expect_equal "users" "$(json_of '[user["name"] for user in it["users"]]')" "['anna', 'no']"
make_image "$WORK/disk.qcow2"
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/disk.qcow2"
new_one() { # NAME
    expect_ok "$PGSUP" instance create "$1" --os empty --ssh-port "$(free_port)"
    user_data=$PGSUP_HOME/instances/$1/cloud-init/user-data
}
new_one first
expect_text "$user_data" "ssh_pwauth: false" "- name: anna" '- name: "no"' "$(key_of "$KEY.pub")" \
    "$(key_of "$WORK/ecdsa.pub")" "$(key_of "$WORK/rsa.pub")"
expect_no_text "$user_data" hashed_passwd
expect_no_text "$user_data" "lock_passwd: false"

step "what is refused changes nothing"
expect_refused 3 '"zoe"' "$PGSUP" cloud set --remove-user zoe --user "eve:$KEY.pub"
expect_refused 2 '"sudo"' "$PGSUP" cloud set --user "eve:$KEY.pub" --user "sudo:$KEY.pub"
expect_refused 3 "$WORK/none" "$PGSUP" cloud set --user "eve:$WORK/none"
expect_refused 2 "$both" "$PGSUP" cloud set --no-admin-password --admin-password-file /dev/null
expect_refused 2 'empty' "$PGSUP" cloud set --admin-password-file /dev/null
expect_refused 2 '--admin-password-file' python3 -c \
    'import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])' "$PGSUP" cloud set \
    --ask-admin-password # without a terminal

step "a password, other keys, other users"
echo sesame-18 >"$WORK/password"
expect_ok "$PGSUP" cloud set --admin-password-file "$WORK/password" \
    --ssh-public-key "$WORK/ecdsa.pub" --remove-user no --user "anna:$KEY.pub"
new_one second
expect_text "$user_data" "ssh_pwauth: true" "lock_passwd: false" "hashed_passwd: \"\$6\$"
expect_text "$user_data" "- name: anna" "$(key_of "$WORK/ecdsa.pub")" "$(key_of "$KEY.pub")"
expect_no_text "$user_data" '- name: "no"' "$(key_of "$WORK/rsa.pub")" sesame-18
! grep -rqF sesame-18 "$PGSUP_HOME" || fail "the password itself is in the home"

step "typed on a terminal, and taken away again"
on_terminal "$PGSUP" cloud set --ask-admin-password
wait_until 10 grep -q "Admin password:" "$SCREEN"
type_keys 'sesame-19\n'
wait_until 10 grep -q "Repeat the password:" "$SCREEN"
type_keys 'sesame-19\n'
wait_until 10 grep -q "first boot" "$SCREEN"
expect_no_text "$SCREEN" sesame-19
expect_ok "$PGSUP" cloud set --no-admin-password
new_one third
expect_text "$user_data" "ssh_pwauth: false"
