# shellcheck shell=bash source-path=SCRIPTDIR
# Sourced by scenarios that look at a screen, after lib.sh: a tmux of their own, in which a shell with
# the prompt "$ " runs.
command -v tmux >/dev/null || fail "tmux is not installed: scripts/setup test"
TMUX_SOCKET=$WORK/tmux
unset TMUX
tmux_do() {
    tmux -S "$TMUX_SOCKET" -f /dev/null "$@"
}

# open_screen NAME COLUMNS ROWS
open_screen() {
    tmux_do new-session -d -s "$1" -x "$2" -y "$3" "env PS1='\$ ' HISTFILE= bash --norc --noprofile"
    at_exit "tmux -S '$TMUX_SOCKET' kill-session -t '=$1' 2>/dev/null"
    wait_until 10 shows "$1" '^\$'
}

# screen_of NAME: its text as it is now, without blank lines.
screen_of() {
    tmux_do capture-pane -p -t "=$1:" | grep -v '^ *$' || true
}

# type_in NAME TEXT: followed by Enter; press_in NAME KEY…: by tmux's names.
type_in() {
    tmux_do send-keys -t "=$1:" -l "$2"
    tmux_do send-keys -t "=$1:" Enter
}
press_in() {
    tmux_do send-keys -t "=${1}:" "${@:2}"
}

# shows NAME REGEX: a line of the screen matches; expect_shown waits for it.
shows() {
    screen_of "$1" | grep -qE -- "$2"
}
expect_shown() { # NAME REGEX [SECONDS]: as wait_until, three times as long
    local end=$((SECONDS + 3 * ${3:-20}))
    until shows "$1" "$2"; do
        if [ $SECONDS -ge $end ]; then
            screen_of "$1" | sed 's/^/  screen: /' >&2
            fail "the screen $1 does not show: $2"
        fi
        sleep 0.1
    done
}

# settings_of NAME: of its terminal, as the shell leaves them.
settings_of() {
    stty -g <"$(tmux_do display-message -p -t "=$1:" '#{pane_tty}')"
}
