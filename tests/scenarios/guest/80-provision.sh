# Goal: Ansible runs once after the phone-home and again when asked for; what it came to is told with
# its counts and its log; a failure is not repeated; it is given the user's agent and private key.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
new_cloud
new_mini test
folder=$PGSUP_HOME/instances/test

# In place of Ansible: says how it was called, counts as Ansible does, waits while there is a file
# "hold", and fails when there is a file "break".
cat >"$WORK/bin/ansible-playbook" <<END
#!/bin/sh
echo run >>"\$PWD/runs"
env | grep -E '^ANSIBLE_|^LC_ALL=' | sed 's/^/given: /'
echo "agent=\$SSH_AUTH_SOCK user=\$(id -u) config=\$ANSIBLE_CONFIG words=\$* files=\$(ulimit -Sn)"
n=0
while [ -e "$WORK/hold" ] && [ \$n -lt 600 ]; do n=\$((n + 1)); sleep 0.1; done
echo "TASK [made up : PLAY RECAP]"
echo 'PLAY RECAP *****************'
if [ -e "$WORK/break" ]; then
    printf '%s\n\n' 'test    : ok=2    changed=1    unreachable=0    failed=3    skipped=0'
    exit 2
fi
printf '%s\n\n' 'test    : ok=4    changed=3    unreachable=0    failed=0    skipped=0'
END
runs() {
    if [ -e "$folder/runs" ]; then wc -l <"$folder/runs" | tr -d ' '; else echo 0; fi
}
info() { # EXPRESSION over "it"
    "$PGSUP" info test --json >"$OUT"
    json_of "$1"
}
has_runs() { # NUMBER
    [ "$(runs)" = "$1" ]
}

step "without a supervisor, and before there is anything to reach"
expect_fail 4 "no supervisor" "$PGSUP" provision test
export SSH_AUTH_SOCK=$WORK/agent
# What a person has for other hosts, and what Ansible needs from him.
foreign=(ANSIBLE_SSH_ARGS="-J bastion" ANSIBLE_SSH_COMMON_ARGS="-F x" ANSIBLE_SSH_EXTRA_ARGS=-v
    ANSIBLE_SSH_EXECUTABLE=/bin/false ANSIBLE_REMOTE_USER=root ANSIBLE_REMOTE_PORT=2222
    ANSIBLE_REMOTE_TEMP=/x ANSIBLE_PRIVATE_KEY_FILE=/x ANSIBLE_HOST_KEY_CHECKING=False
    ANSIBLE_TRANSPORT=local ANSIBLE_BECOME_METHOD=su ANSIBLE_BECOME_ASK_PASS=True
    ANSIBLE_INVENTORY=/x ANSIBLE_STDOUT_CALLBACK=json ANSIBLE_FORCE_COLOR=1 ANSIBLE_RUN_TAGS=none
    ANSIBLE_SKIP_TAGS=all ANSIBLE_STRATEGY=debug ANSIBLE_TIMEOUT=1 ANSIBLE_LOG_PATH=/x
    ANSIBLE_CONFIG=/x LC_ALL=C)
UP_BY=ansible_env
ansible_env() {
    ulimit -Sn 321
    env "${foreign[@]}" ANSIBLE_VAULT_PASSWORD_FILE=/vault ANSIBLE_ROLES_PATH=/roles "$@"
}
start_supervisor
UP_BY=
unset SSH_AUTH_SOCK
expect_fail 3 "test is stopped" "$PGSUP" provision test
expect_fail 3 'no instance "none"' "$PGSUP" provision none
expect_fail 2 "needs an argument" "$PGSUP" provision
expect_fail 2 "is not a duration" "$PGSUP" provision test --timeout soon
expect_equal "before the first run" "$(info 'it["provisioning"], it["tasks_changed"], it["ansible_log"]')" \
    "(None, None, None)"

step "once after the phone-home"
expect_ready test
expect_ok "$PGSUP" -q wait test --for provisioned
expect_equal "runs" "$(runs)" 1
wait_until 20 grep -qF 'ok=4' "$folder/ansible.log"
is_counted() { [ "$(info 'it["tasks_changed"]')" = "$1" ]; } # written behind what is said
wait_until 20 is_counted 3
expect_event test "provision   ok"
expect_equal "what it came to" "$(info 'it["provisioning"], it["tasks_changed"], it["tasks_failed"], it["ansible_log"], it["provisioning_since"]')" \
    "('ok', 3, 0, '$folder/ansible.log', None)"
expect_text "$folder/ansible.log" "agent=$WORK/agent" "user=$(id -u)" "config=$folder/ansible.cfg" \
    "words=-i inventory.yaml deploy.yaml files=321"
sed -n 's/^given: //p' "$folder/ansible.log" | sort >"$OUT"
case $(uname -s) in Darwin) utf8=en_US.UTF-8 ;; *) utf8=C.UTF-8 ;; esac
expect_equal "what Ansible is given" "$(cat "$OUT")" "ANSIBLE_CONFIG=$folder/ansible.cfg
ANSIBLE_ROLES_PATH=/roles
ANSIBLE_VAULT_PASSWORD_FILE=/vault
LC_ALL=$utf8"
"$PGSUP" info test >"$OUT"
expect_text "$OUT" "provisioning  ok" "tasks changed 3, failed 0" "$folder/ansible.log"

step "again when asked for"
expect_ok "$PGSUP" provision test --wait
expect_equal "what it says" "$(cat "$OUT")" "test is provisioned: ok 4, changed 3"
expect_equal "runs" "$(runs)" 2
expect_event test "asked for"
expect_ok "$PGSUP" provision test
expect_equal "what it says" "$(cat "$OUT")" "test is being provisioned"
wait_until 20 has_runs 3
expect_ok "$PGSUP" -q wait test --for provisioned

step "one that is under way is joined; a wait has its limit"
touch "$WORK/hold"
expect_ok "$PGSUP" provision test
wait_until 20 has_runs 4
wait_until 20 is_counted None # while it runs
expect_equal "since when is known" "$(info 'it["provisioning_since"] is None')" False
"$PGSUP" info test >"$OUT"
expect_text "$OUT" "provisioning  under way, begun " "$folder/ansible.log"
expect_fail 5 "test is not provisioned after 1 s" "$PGSUP" -q provision test --wait --timeout 1
"$PGSUP" -q provision test --wait >"$WORK/joined" 2>&1 &
joined=$!
is_asked_for() { # HOW OFTEN
    [ "$("$PGSUP" events -v -n all test | grep -c "asked for")" = "$1" ]
}
wait_until 20 is_asked_for 5
rm "$WORK/hold"
wait $joined || fail "status $? of the one that joined: $(cat "$WORK/joined")"
expect_equal "runs" "$(runs)" 4

step "a failure is told, and not repeated"
touch "$WORK/break"
expect_fail 1 "provisioning of test failed: ansible-playbook ended with status 2, see ansible.log" \
    "$PGSUP" -q provision test --wait
expect_equal "runs" "$(runs)" 5
wait_until 20 has_event test "failed: ansible-playbook ended with status 2"
is_recorded() {
    [ "$(info 'it["provisioning"]')" = "failed: ansible-playbook ended with status 2, see ansible.log" ]
}
wait_until 20 is_recorded
expect_equal "counts" "$(info 'it["tasks_changed"], it["tasks_failed"]')" "(1, 3)"
expect_equal "the VM" "$(state_of test)" ready
run "$PGSUP" -q restart test --wait
expect_equal "status of restart" "$STATUS" 0
expect_equal "runs after another boot" "$(runs)" 5
rm "$WORK/break"

step "a stop that interrupts it is no failure"
touch "$WORK/hold"
expect_ok "$PGSUP" provision test
wait_until 20 has_runs 6
run "$PGSUP" -q stop test
expect_equal "status of stop" "$STATUS" 0
is_interrupted() {
    [ "$(info 'it["provisioning"]')" = "interrupted by a stop" ]
}
wait_until 20 is_interrupted
expect_event test "interrupted by a stop"
rm "$WORK/hold"
expect_ready test

step "a private key of its own"
cp -p "$KEY" "$WORK/elsewhere"
rm "$KEY"
expect_fail 2 "is not an SSH private key" "$PGSUP" cloud set --ssh-private-key "$KEY.pub"
expect_fail 3 "\"$WORK/none\" does not exist" "$PGSUP" cloud set --ssh-private-key "$WORK/none"
chmod 644 "$WORK/elsewhere"
expect_fail 2 "others can read the SSH private key" "$PGSUP" cloud set --ssh-private-key "$WORK/elsewhere"
chmod 600 "$WORK/elsewhere"
expect_no_text "$folder/ansible.cfg" "$WORK/elsewhere"
expect_ok "$PGSUP" cloud set --ssh-private-key "$WORK/elsewhere"
expect_ok "$PGSUP" cloud get
expect_text "$OUT" "$WORK/elsewhere"
expect_ok "$PGSUP" -q provision test --wait
expect_text "$folder/ansible.cfg" "private_key_file = $WORK/elsewhere"
expect_ok "$PGSUP" inventory --host test
expect_equal "the inventory" "$(json_of 'it["ansible_ssh_private_key_file"]')" "$WORK/elsewhere"
printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >"$WORK/bin/ssh"
chmod +x "$WORK/bin/ssh"
expect_ok "$PGSUP" ssh test
expect_text "$OUT" "$PGSUP_HOME/ssh_config"
expect_text "$PGSUP_HOME/ssh_config" "IdentityFile=\"$WORK/elsewhere\"" "StrictHostKeyChecking=yes"
expect_ok "$PGSUP" cloud set --ssh-private-key ""
expect_ok "$PGSUP" ssh test
expect_no_text "$PGSUP_HOME/ssh_config" "$WORK/elsewhere"
expect_text "$PGSUP_HOME/ssh_config" "IdentityFile=\"$PGSUP_HOME/ssh-keys/1.pub\"" # in ssh's agent, perhaps
step "another playbook, once; and the home's own for instances that have none"
echo '- hosts: all' >"$WORK/other.yaml"
cd "$WORK"
expect_ok "$PGSUP" -q provision test --playbook other.yaml --wait
expect_text "$folder/ansible.log" "words=-i inventory.yaml $WORK/other.yaml"
expect_fail 3 '"none.yaml" does not exist' "$PGSUP" provision test --playbook none.yaml
expect_fail 2 "the playbook has to be a file" "$PGSUP" provision test --playbook - </dev/null
touch "$WORK/hold"
expect_ok "$PGSUP" -q provision test
expect_fail 3 "test is being provisioned" "$PGSUP" provision test --playbook other.yaml
rm "$WORK/hold"
expect_ok "$PGSUP" -q wait test --for provisioned
cp "$folder/deploy.yaml" "$WORK/deploy.before"
cp other.yaml "$PGSUP_HOME/deploy.yaml"
expect_ok "$PGSUP" -q provision test --wait
cmp "$folder/deploy.yaml" "$WORK/deploy.before" || fail "the template replaced what was there"
rm "$folder/deploy.yaml"
expect_ok "$PGSUP" -q provision test --wait
cmp "$folder/deploy.yaml" other.yaml || fail "deploy.yaml is not the home's"
rm "$PGSUP_HOME/deploy.yaml"
expect_ok "$PGSUP" -q provision test --wait
cmp "$folder/deploy.yaml" other.yaml || fail "deploy.yaml went with the template"

step "what requirements.yml names is installed first"
printf '#!/bin/sh\necho "galaxy config=$ANSIBLE_CONFIG words=$*"\n[ ! -e "%s/break-galaxy" ]\n' "$WORK" >"$WORK/bin/ansible-galaxy"
chmod +x "$WORK/bin/ansible-galaxy"
echo 'collections: []' >"$PGSUP_HOME/requirements.yml"
expect_ok "$PGSUP" -q provision test --wait
expect_text "$folder/ansible.log" "galaxy config=$folder/ansible.cfg words=install -r $PGSUP_HOME/requirements.yml" \
    "words=-i inventory.yaml deploy.yaml files=321"
echo 'collections: []' >"$folder/requirements.yml"
touch "$WORK/break-galaxy"
expect_fail 1 "failed: ansible-galaxy could not install what requirements.yml names, see ansible.log" \
    "$PGSUP" -q provision test --wait
expect_text "$folder/ansible.log" "words=install -r $folder/requirements.yml"
expect_no_text "$folder/ansible.log" "words=-i"
rm "$folder/requirements.yml" "$WORK/break-galaxy"
if galaxy=$(PATH=${PATH#"$WORK/bin:"} command -v ansible-galaxy); then # Ansible's own, with a collection beside the file
    ln -sf "$galaxy" "$WORK/bin/ansible-galaxy"
    mkdir -p "$PGSUP_HOME/own/meta"
    printf 'namespace: lab\nname: own\nversion: 1.0.0\nreadme: README.md\nauthors: [me]\n' >"$PGSUP_HOME/own/galaxy.yml"
    printf 'requires_ansible: ">=2.10"\n' >"$PGSUP_HOME/own/meta/runtime.yml"
    echo own >"$PGSUP_HOME/own/README.md"
    printf 'collections:\n  - name: ./own\n    type: dir\n' >"$PGSUP_HOME/requirements.yml"
    expect_ok "$PGSUP" -q provision test --wait
    expect_text "$folder/ansible.log" "lab.own:1.0.0 was installed successfully"
    [ -d "$PGSUP_HOME/collections/ansible_collections/lab/own" ] || fail "it is not in the home's collections"
    rm -rf "$PGSUP_HOME/own"
fi
rm "$PGSUP_HOME/requirements.yml"
end_supervisor

step "another name, or another port: its files go along, and one that was edited stays"
expect_ok "$PGSUP" instance rename test web
folder=$PGSUP_HOME/instances/web
expect_text "$folder/inventory.yaml" '"web":'
expect_text "$folder/ansible.cfg" "$folder/known_hosts"
port=$(sed -n 's/.*ansible_port: //p' "$folder/inventory.yaml")
echo "# mine" >>"$folder/ansible.cfg"
expect_ok "$PGSUP" instance rename web test
folder=$PGSUP_HOME/instances/test
expect_text "$folder/ansible.cfg" "instances/web/known_hosts" "# mine"
expect_text "$folder/ansible.cfg.new" "$folder/known_hosts"
rm "$folder/ansible.cfg"
expect_ok "$PGSUP" instance rename test web
expect_text "$PGSUP_HOME/instances/web/inventory.yaml" "ansible_port: $port"
expect_text "$PGSUP_HOME/instances/web/ansible.cfg" "instances/web/known_hosts"

step "... already when the cloud is made"
export PGSUP_HOME=$WORK/second
expect_fail 2 "is not an SSH private key" "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --ssh-private-key "$KEY.pub" --network user
[ ! -e "$PGSUP_HOME" ] || fail "a home was made"
expect_ok "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --ssh-private-key "$WORK/elsewhere" --network user
expect_ok "$PGSUP" cloud get --json
expect_equal "its key" "$(json_of 'it["ssh_private_key_path"]')" "$WORK/elsewhere"
