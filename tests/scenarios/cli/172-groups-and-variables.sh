# Goal: groups and variables that a user gives to instances are in Ansible's inventory, and what would
# mislead Ansible or lead it past the checked way to the guest is refused with a reason.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
PROGRAM=$(cd "$(dirname "$PGSUP")" && pwd)/pgsup-inventory
[ "$(uname -s)" = Darwin ] && utf8=en_US.UTF-8 || utf8=C.UTF-8
export LC_ALL=$utf8
create() { # NAME OPTION…
    expect_ok "$PGSUP" instance create -n "$1" --os base --vcpu 1 --ram 64 --accel tcg --ssh-port "$(free_port)" "${@:2}"
}
as_ansible_reads() { # into $WORK/read
    expect_ok ansible-inventory -i "$PROGRAM" --list
    cp "$OUT" "$WORK/read"
}
hosts_of() { # GROUP
    cp "$WORK/read" "$OUT"
    json_of '" ".join(sorted(it.get("'"$1"'", {}).get("hosts", [])))'
}
variables_of() { # HOST EXPRESSION
    cp "$WORK/read" "$OUT"
    json_of "(lambda it: ($2))(it['_meta']['hostvars']['$1'])"
}

step "given at creation"
make_cloud
make_image "$WORK/empty.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/empty.qcow2"
create web-1 --group web,lab --group on --var role=first --var 'text=a "b" '\''c'\'' {{ 1 + 1 }}: #d' --var 'ports=[80, {"a": "ü"}]' \
    --var yes=no --var empty=
create db --group lab
create alone
as_ansible_reads
expect_equal "a group" "$(hosts_of lab)" "db web-1"
expect_equal "a group, by the name that no host has" "$(hosts_of group_lab)" "db web-1"
expect_equal "a group whose name is a truth value to YAML" "$(hosts_of on)" "web-1"
expect_equal "its variables" "$(variables_of web-1 'it["role"], it["ports"], it["yes"], it["empty"]')" \
    "('first', [80, {'a': 'ü'}], 'no', '')"
expect_ok ansible -i "$PROGRAM" web-1 -c local -m debug -a 'msg={{ text }}'
expect_text "$OUT" 'a \"b\" '\''c'\'' 2: #d'
expect_ok "$PGSUP" instance get web-1 --json
expect_equal "as pgsup tells them" "$(json_of 'it["groups"], it["variables"]["role"]')" "(['web', 'lab', 'on'], 'first')"

expect_ok "$PGSUP" info web-1
expect_text "$OUT" "groups        web" "variables     role=first"

step "those that do not run are in the inventory, but not ready"
expect_equal "all" "$(hosts_of image_base)" "alone db web-1"
expect_equal "ready" "$(hosts_of state_ready)" ""

step "what is about the guest alone can be set"
expect_ok "$PGSUP" instance set db --var ansible_user=root --var ansible_python_interpreter=/usr/bin/python3
expect_ok "$PGSUP" instance set db --remove-var ansible_user --remove-var ansible_python_interpreter

step "changed afterwards, and cloned"
expect_ok "$PGSUP" instance set web-1 --group web --var role=second --remove-var ports
expect_ok "$PGSUP" instance set db --group ''
expect_ok "$PGSUP" instance clone web-1 web-2
as_ansible_reads
expect_equal "left" "$(hosts_of lab)$(hosts_of on)" ""
expect_equal "web with the clone" "$(hosts_of web)" "web-1 web-2"
expect_equal "its variables" "$(variables_of web-2 'it["role"], "ports" in it')" "('second', False)"

step "refused, with nothing changed"
for group in web-1 1st 'a b' all ungrouped _meta state_ready image_x 'web,,lab' web, ,web ünder "$(printf 'a\nb')" "$(printf '%064d' 0 | tr 0 a)"; do
    expect_fail 2 'group' "$PGSUP" instance set alone --group "$group"
done
for var in role =x 'a-b=x' '1=x' 'a b=x' ansible_host=x ansible_ssh_common_args=x ansible_connection=local pgsup_state=ready \
    ansible_ssh_executable=/tmp/x ansible_ssh_extra_args=-oProxyCommand=id ansible_sftp_executable=x \
    ansible_local_tmp=x ansible_pkcs11_provider=x ansible_play_hosts=x \
    "$(printf 'a=b\nc=d')" "$(printf 'a=\033[31m')" "a=$(printf '%05000d' 0)"; do
    expect_fail 2 '' "$PGSUP" instance set alone --var "$var"
done
expect_fail 3 'there is no variable "none" to remove' "$PGSUP" instance set web-1 --remove-var none
expect_fail 2 '--no-provision excludes --provision' "$PGSUP" instance set web-1 --no-provision --provision
expect_ok "$PGSUP" instance get alone --json
expect_equal "unchanged" "$(json_of 'it["groups"], it["variables"]')" "([], {})"

step "the inventory of another home"
expect_ok env PGSUP_HOME="$WORK/none" "$PROGRAM" -p "$PGSUP_HOME" --list
expect_equal "its hosts" "$(json_of 'sorted(it["_meta"]["hostvars"])')" "['alone', 'db', 'web-1', 'web-2']"
expect_ok env PGSUP_HOME="$WORK/none" "$PROGRAM" --path="$PGSUP_HOME" --host alone
