#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # scripts for the shells in the terminals
#
# Programs that draw, in a terminal of tmux: the same one in a cell, under kuke attach, and
# beside it without anything between. Their screens have to be the same, colours included.
load ../helpers/suite

setup_file()
{
	suite_start
	export TERM=tmux-256color LC_ALL=C.UTF-8
}

setup()
{
	t=$HERE/t
	mkdir -p "$t/completion"
	printf 'line %d of a text that has some Words to look for\n' {1..200} >"$t/text"
	touch "$t/completion/"{alpha,alphabet,beta}
	suite_snapshot
}

teardown()
{
	mux kill-server || true # some tests need none
	rm -rf "$t"
	suite_check
}

mux()
{
	inst env TMUX_TMPDIR="$HERE" tmux -u -f /dev/null -L t "$@" 3>&- 4>&-
}

# at NAME COLS ROWS COMMAND: a terminal with that in it.
at()
{
	mux new-session -d -s "$1" -x "$2" -y "$3" "$4" \; set -g status off \; \
		set -g default-terminal "$TERM"
}

# The host's programs in a cell: bash -c SCRIPT.
in_terminal()
{
	local volumes='' env dir

	for dir in /usr /lib /lib64; do
		[ ! -d "$dir" ] || volumes+="{source: $(realpath "$dir"), target: $dir, readOnly: true}, "
	done
	volumes+="{source: $t, target: $t}"
	env="TERM=$TERM, LC_ALL=$LC_ALL, HOME=/tmp, PATH=/usr/bin"
	run_cell "$1" "cd $t; exec /usr/bin/bash -c '$2'" "attachable: true
env: [$env]
volumes: [$volumes]"
}

# both SCRIPT: in the terminals "cell" and "bare". It begins when the client is there, and what
# that one has said is gone.
both()
{
	set -- "echo ready; read -r x; clear; $1"
	at none 80 24 'exec sleep 1000' # the server stays when others end
	in_terminal t "$1"
	at cell 80 24 'exec kuke attach t'
	at bare 80 24 "cd $t; exec env HOME=$t PATH=/usr/bin bash -c '$1'"
	wait_for 60 shows cell ready
	wait_for 60 shows bare ready
	keys Enter
}

shows()
{
	screen "$1" | grep -q "$2"
}

keys()
{
	mux send-keys -t cell "$@"
	mux send-keys -t bare "$@"
}

typed()
{
	keys -l "$1"
	keys Enter
}

screen()
{
	mux capture-pane -e -p -t "$1"
}

same_now()
{
	local cell bare

	cell=$(screen cell) && bare=$(screen bare) || return
	[[ $bare == *"$1"* ]] || { printf '%s\n' "the bare one has no $1:" "$bare"; return 1; }
	assert_equal "$cell" "$bare"
}

# same TEXT: both show the same, and TEXT.
same()
{
	wait_for 60 same_now "$1"
}

# The cell's client leaves, and another one comes at a terminal of COLS by ROWS; the bare
# terminal gets that size.
reattach()
{
	mux send-keys -t cell C-] C-]
	wait_for 60 gone cell
	at cell "$1" "$2" 'exec kuke attach t'
	mux resize-window -t bare -x "$1" -y "$2"
}

gone()
{
	! mux has-session -t "$1" 2>/dev/null
}

@test "vim" {
	both 'exec vim.tiny -u NONE -i NONE -n -N text'
	same 'line 23 of'
	keys -l '3Gihello '
	keys Escape
	keys -l ':set number ruler hlsearch'
	keys Enter
	keys -l '/Words'
	keys Enter
	same 'hello line 3'
	keys -l ':split'
	keys Enter
	keys -l 'G'
	same 'line 200 of'
	reattach 100 40
	same 'line 200 of'
	keys -l 'ggdG'
	keys -l 'iwide 日本語, e + ́: é, emoji 👍 end'
	keys Escape
	same 'emoji'
	keys -l ':qa!'
	keys Enter
	wait_for 60 gone cell
	kuke delete cell t
}

@test "less" {
	both 'exec less text'
	same 'line 23 of'
	keys Space
	same 'line 46 of'
	typed '/Words'
	same '46'
	reattach 60 15
	same 'line 37 of' # a key that comes with a new size is lost on less
	keys -l 'G'
	same '(END)'
	keys -l 'g'
	same 'line 1 of'
	keys -l q
	wait_for 60 gone cell
	kuke delete cell t
}

@test "top: what every one of them has" {
	both 'exec top -d 1'
	header() { screen "$1" | grep 'PID USER'; }
	alike()
	{
		local cell bare

		cell=$(header cell) && bare=$(header bare) && assert_equal "$cell" "$bare"
	}
	wait_for 60 alike
	reattach 120 40
	wait_for 60 alike
	keys -l q
	wait_for 60 gone cell
	kuke delete cell t
}

@test "bash: editing, completion, 256 colours, wide and combining characters" {
	both 'PS1="> " exec bash --norc --noprofile'
	same '>'
	typed 'echo be''gun'
	same begun
	keys -l 'ls completion/al'
	keys Tab Tab Tab
	same alphabet
	keys -l 'b'
	keys Tab
	keys Enter
	same 'completion/alphabet'
	typed 'for i in {16..231}; do printf "\e[48;5;${i}m \e[38;5;${i}m#"; done; printf "\e[0m\n"'
	same '48;5;231'
	typed 'printf "\e[38;2;1;2;3mrgb\e[0m \e[1;3;4;7;9mall\e[0m \e[2mdim\e[0m done\n"'
	same 'done'
	typed 'printf "%s\n" "日本語|" "e\u0301|" "👍|" "👩‍👩‍👧|" "한국어|" "a\u0308\u0301|"; echo wi''de'
	same wide
	keys -l 'echo 日本語 👍 é x'
	keys C-a
	keys -l 'X'
	keys C-e BSpace BSpace BSpace
	keys -l 'y'
	same 'Xecho 日本語'
	keys C-u
	typed 'seq 100'
	same 100
	typed exit
	wait_for 60 gone cell
	kuke delete cell t
}
