# Goal: an image with FreeBSD's nuageinit in place of cloud-init gets a seed that nuageinit reads: by
# drive, plain, with its host keys in user-data, because it knows no vendor-data.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/disk.qcow2"
folder=$PGSUP_HOME/instances/bsd
create() { # OPTION…
    "$PGSUP" instance create bsd --os bsd "$@"
}
on_drive() { # DOCUMENT
    rm -f "$WORK/$1"
    mcopy -n -i "$folder/cloud-init.img" "::$1" "$WORK/$1"
}

step "what the image is, is said when it comes into the home"
expect_ok "$PGSUP" image import -n bsd --arch aarch64 --seed-source nuageinit "$WORK/disk.qcow2"
expect_refused 2 "is not the path of a login shell" "$PGSUP" image import -n other --shell sh "$WORK/disk.qcow2"
expect_refused 2 "or nuageinit for FreeBSD" "$PGSUP" image import -n other --seed-source bsd "$WORK/disk.qcow2"
expect_ok "$PGSUP" image info bsd --json
expect_equal "what is known of it" "$(json_of 'it["seed_source"], it["phones_home"]')" \
    "('nuageinit', False)"

step "what it could not read is refused"
printf '#cloud-config\nruncmd: ["true"]\n' >"$WORK/own"
expect_refused 2 "does not support a seed over HTTP (--seed-source nuageinit): use drive" create --seed http
expect_refused 2 "cannot merge two documents: omit your own user-data" create --user-data "$WORK/own"
expect_refused 2 "omit your own vendor-data" create --vendor-data "$WORK/own"

step "its seed"
expect_ok create
on_drive user-data
on_drive network-config
python3 - "$WORK/user-data" "$folder/host-keys" <<'END' || fail "that is no seed for it"
import pathlib, sys, yaml
text = pathlib.Path(sys.argv[1]).read_text()
assert text.startswith("#cloud-config\n"), text
seed = yaml.safe_load(text)
for user in seed["users"]:
    assert user["shell"] == "/bin/sh" and "lock_passwd" not in user and "groups" not in user, user
assert seed["users"][0]["passwd"].startswith("$6$"), seed["users"][0]
for key in ("phone_home", "write_files", "growpart", "ssh_genkeytypes"):
    assert key not in seed, key
for kind in ("ed25519", "ecdsa"):
    key = pathlib.Path(sys.argv[2], f"ssh_host_{kind}_key").read_text()
    assert seed["ssh_keys"][f"{kind}_private"].strip() == key.strip(), kind
    public = pathlib.Path(sys.argv[2], f"ssh_host_{kind}_key.pub").read_text().split()[:2]
    assert seed["ssh_keys"][f"{kind}_public"].split()[:2] == public, kind
END
expect_text "$folder/known_hosts" "$(cut -d' ' -f2 "$folder/host-keys/ssh_host_ed25519_key.pub")"
! grep -rq "PRIVATE KEY" "$folder/cloud-init" || fail "a private key is where it is served"
expect_equal "mode of what holds the keys" "$(mode_of "$folder/host-keys/user-data")" -rw-------

step "an edit of its user counts, and keeps the keys; a script is left as it is"
echo 'runcmd: [touch /here]' >>"$folder/cloud-init/user-data"
expect_ok "$PGSUP" instance set bsd --vcpu 1
on_drive user-data
expect_text "$WORK/user-data" "touch /here" "ed25519_private"
echo 'runcmd: [' >>"$folder/cloud-init/user-data"
expect_fail 2 "user-data: line " "$PGSUP" instance set bsd --vcpu 2
printf '#!/bin/sh\nexit 0\n' >"$folder/cloud-init/user-data"
expect_ok "$PGSUP" instance set bsd --vcpu 2
on_drive user-data
expect_equal "the script" "$(cat "$WORK/user-data")" "$(printf '#!/bin/sh\nexit 0')"

step "another login shell, for an image without bash"
expect_ok "$PGSUP" image import -n small --arch aarch64 --shell /bin/ash "$WORK/disk.qcow2"
expect_ok "$PGSUP" instance create small --os small
expect_text "$PGSUP_HOME/instances/small/cloud-init/user-data" "shell: /bin/ash"
expect_no_text "$PGSUP_HOME/instances/small/cloud-init/user-data" "/bin/bash"
