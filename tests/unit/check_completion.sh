#!/usr/bin/env bash
# Goal: completion offers what can be typed next, in every shell that is installed, and the manual
# page is set without a warning. Bash is always there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

expect() { # WHAT ACTUAL EXPECTED
    [ "$2" = "$3" ] && return
    printf '%s\n  gives    %s\n  expected %s\n' "$1" "$2" "$3" >&2
    failures=$((failures + 1))
}

for shell in bash zsh fish; do
    "$PGSUP" completion $shell >"$work/pgsup.$shell"
done

# shellcheck source=/dev/null
. "$work/pgsup.bash"
bash_offers() { # WORD…
    COMP_WORDS=(pgsup "$@") COMP_CWORD=$# COMP_LINE="pgsup $*"
    COMP_POINT=${#COMP_LINE}
    _pgsup
    echo "${COMPREPLY[*]:-}"
}
# What the scripts would ask pgsup for is what they offer then.
mkdir "$work/bin"
printf '%s\n' '#!/bin/sh' 'echo "$*" | tr -d " "' >"$work/bin/pgsup"
chmod +x "$work/bin/pgsup"
PATH=$work/bin:$PATH
zsh_offers() { # WORD…
    zsh -fc "compdef() { true; }
        compadd() { if [[ \$1 == -a ]]; then print -r -- \${(P)2}; else print -r -- \$@; fi; }
        source '$work/pgsup.zsh'
        words=(pgsup \"\$@\") CURRENT=\$(( \$# + 1 )) PREFIX=\$@[-1]
        _pgsup" zsh "$@" | tr '\n' ' '
}
fish_offers() { # WORD…
    fish -c "source '$work/pgsup.fish'; complete -C 'pgsup $*'" | cut -f1 | sort | tr '\n' ' '
}

bash -n "$work/pgsup.bash"
expect "bash: ins" "$(bash_offers ins)" "instance"
expect "bash: instance cr" "$(bash_offers instance cr)" "create"
expect "bash: -p H instance create --se" "$(bash_offers -p H instance create --se)" "--seed"
expect "bash: instance create --seed" "$(bash_offers instance create --seed '')" "http drive both"
expect "bash: create --seed" "$(bash_offers create --seed '')" "http drive both"
expect "bash: ls --sta" "$(bash_offers ls --sta)" "--state"
expect "bash: instance ls --sta" "$(bash_offers instance ls --sta)" "--state"
expect "bash: ren" "$(bash_offers ren)" "rename"
expect "bash: clo" "$(bash_offers clo)" "cloud clone"
expect "bash: rename, of one" "$(bash_offers rename --h)" "--help"
expect "bash: help imag" "$(bash_offers help imag)" "image"

offers() { # SHELL WORD… WHAT IS EXPECTED
    local shell=$1 expected=${*: -1}
    shift
    set -- "${@:1:$#-1}"
    expect "$shell: $*" "$("${shell}_offers" "$@" | xargs)" "$expected"
}
for shell in bash zsh fish; do
    command -v $shell >/dev/null || continue
    offers $shell start "" instancelist--names-only
    offers $shell start web "" instancelist--names-only
    offers $shell info "" instancelist--names-only
    offers $shell info web "" ""
    offers $shell clone "" instancelist--names-only
    offers $shell clone web "" ""
    offers $shell image rm "" imagelist--names-only
    offers $shell snapshot rm web "" snapshotlist--names-onlyweb
    offers $shell set --vcpu 2 "" instancelist--names-only
    offers $shell set --vcpu 2 web "" ""
    offers $shell rename web "" ""
    offers $shell snapshot create web "" ""
    offers $shell snapshot restore "" instancelist--names-only
    offers $shell snapshot restore web "" snapshotlist--names-onlyweb
    offers $shell -p H snapshot remove --json web one "" -pHsnapshotlist--names-onlyweb
    offers $shell disk remove web "" disklist--names-onlyweb
    offers $shell nic remove web "" niclist--names-onlyweb
    offers $shell forward remove web "" forwardlist--names-onlyweb
    offers $shell forward add web "" ""
    offers $shell instance undelete "" trashlist--names-only
    offers $shell launch "" "imagelist--names-only imagelist--names-only--available"
    offers $shell launch debian "" ""
done

bash_offers_behind_at() { # bash gives the words cut there
    pgsup() { [ "$*" != "snapshot list --names-only web" ] || printf '%s\n' before after; }
    COMP_WORDS=(pgsup clone web @ b) COMP_CWORD=4
    COMP_LINE="pgsup clone web@b" COMP_POINT=17
    _pgsup
    echo "${COMPREPLY[*]:-}"
}
expect "bash: clone web@b" "$(bash_offers_behind_at)" "before"
bash_offers_in_one_word() { # without @ in COMP_WORDBREAKS (shopt -u hostcomplete), or without :
    pgsup() {
        case "$*" in
        "snapshot list --names-only web") printf '%s\n' before after ;;
        forward*) echo 10.0.0.1:8080:80 ;;
        esac
    }
    COMP_WORDBREAKS=$1 COMP_WORDS=(pgsup "${@:2}") COMP_CWORD=$(($# - 1)) COMP_LINE="pgsup ${*:2}"
    COMP_POINT=${#COMP_LINE}
    _pgsup
    echo "${COMPREPLY[*]:-}"
}
for breaks in " :" " "; do
    expect "bash: clone web@b, breaks '$breaks'" "$(bash_offers_in_one_word "$breaks" clone web@b)" "web@before"
done
for breaks in " @" " "; do
    expect "bash: a colon, breaks '$breaks'" \
        "$(bash_offers_in_one_word "$breaks" forward remove web 10.0.0.1:80)" "10.0.0.1:8080:80"
done
if command -v zsh >/dev/null; then
    expect "zsh: clone web@" "$(zsh_offers clone web@)" "web@snapshotlist--names-onlyweb "
fi
if command -v fish >/dev/null; then
    expect "fish: clone web@" "$(fish_offers clone web@)" "web@snapshotlist--names-onlyweb "
fi

bash_offers_in_word() { # bash gives the words cut at colons
    pgsup() { echo 10.0.0.1:8080:80; }
    COMP_WORDS=(pgsup forward remove web 10.0.0.1 : 80) COMP_CWORD=6
    COMP_LINE="pgsup forward remove web 10.0.0.1:80" COMP_POINT=35
    _pgsup
    echo "${COMPREPLY[*]:-}"
}
expect "bash: a word with a colon" "$(bash_offers_in_word)" "8080:80"

if command -v zsh >/dev/null; then
    zsh -n "$work/pgsup.zsh"
    expect "zsh: lists with short forms" "$(grep -c "'rename:.*'rm:\|'rm:.*'rename:" "$work/pgsup.zsh")" 2
fi
if command -v fish >/dev/null; then
    expect "fish: ins" "$(fish_offers ins)" "instance "
    expect "fish: ren" "$(fish_offers ren)" "rename "
    expect "fish: instance cr" "$(fish_offers instance cr)" "create "
    expect "fish: -p H instance create --se" "$(fish_offers -p H instance create --se)" "--seed "
    expect "fish: create --seed" "$(fish_offers create --seed '')" "both drive http "
    expect "fish: instance create --seed" "$(fish_offers instance create --seed '')" "both drive http "
fi

"$PGSUP" help --man >"$work/pgsup.1"
expect "lines of the page that begin with a stray request" \
    "$(grep -cE "^[.'][^A-Z]" "$work/pgsup.1" || true)" 0
if command -v groff >/dev/null; then
    expect "groff warns" "$(groff -man -Tutf8 -ww "$work/pgsup.1" 2>&1 >/dev/null)" ""
fi
exit $((failures > 0))
