#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # scripts for the shell in the container
#
# kuke screenshot, and what a client's terminal shows of a container's screen.
load ../helpers/suite

setup_file()
{
	suite_start --restarts
}

setup()
{
	dir=$INSTANCE_RUN_PATH/data/default/default/default
	suite_snapshot
}

# terminal SCRIPT: the cell t with that in its terminal.
terminal()
{
	run_cell t "$1" 'attachable: true'
}

# talk STEP…; "a=kuke ARG…" runs kuke in a terminal.
talk()
{
	local steps=() s

	for s; do
		steps+=("${s/=kuke /=spawn $INSTANCE_BINDIR/kuke }")
	done
	inst "$BATS_TEST_DIRNAME/../helpers/ttytalk" "$dir/t/main/tty/socket" "${steps[@]}"
}

# shown NAME COLS ROWS: the screen of a client whose bytes are in that file.
shown()
{
	"$top_builddir/termtext" "$2" "$3" <"$HERE/$1"
}

shot_has()
{
	kuke screenshot t | grep -qF -- "$1"
}

@test "text, colours, the cursor; both screens" {
	terminal 'printf "one\r\n\033[1;31mred\033[m \346\227\245\346\234\254 e\314\201\r\n\n\033[?25lup"; read x; printf "\033[?1049h\033[Hfull"; read x; printf "\033[?1049l"; read x'
	wait_for 60 shot_has up
	run kuke screenshot t
	assert_success
	assert_output $'one\nred 日本 e\xcc\x81\n\nup'
	run kuke screenshot t --ansi
	assert_output $'one\n\e[0;1;31mred\e[0m 日本 e\xcc\x81\n\nup'
	run bash -c "$(declare -f kuke inst); kuke screenshot t -c main -o json | jq -c '[.cols, .rows, .cursorX, .cursorY, .cursorVisible, .altScreen, (.text | explode | map(select(. == 10)) | length), .ansi[4:8]]'"
	assert_output '[80,24,2,3,false,false,23,"\u001b[0;"]'
	talk 'call Write {"Data":"Cg=="}'
	wait_for 60 shot_has full
	run kuke screenshot t
	assert_output full
	talk 'call Write {"Data":"Cg=="}'
	wait_for 60 shot_has one
	run kuke screenshot t -o xml
	assert_failure 1
	assert_output 'Error: invalid --output "xml": want json'
	run kuke screenshot nope -c main
	assert_failure 1
	assert_output --partial 'failed to get cell "nope": cell not found'
	kuke delete cell t
}

@test "what the container says of its screen is not trusted" {
	terminal 'echo up; sleep 1000'
	wait_for 60 shot_has up
	rm "$dir/t/main/tty/socket"
	cat >"$HERE/liar.py" <<-'END'
		import json, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen(8)
		while True:
		    c = s.accept()[0]
		    c.recv(4096)
		    evil = 'a\x1b]0;t\x07b\x1b[2Jc\x1b[31md\x9be\x07'
		    c.sendall(json.dumps({'id': 0, 'error': None, 'result': {'cols': 1, 'rows': 1, 'cursorX': 0,
		        'cursorY': 0, 'cursorVisible': True, 'altScreen': False, 'text': evil, 'ansi': evil}}).encode() + b'\n')
		    c.close()
	END
	inst python3 "$HERE/liar.py" "$dir/t/main/tty/socket" 3>&- &
	liar=$!
	wait_for 60 test -S "$dir/t/main/tty/socket"
	run kuke screenshot t
	assert_success
	assert_output abcd
	run kuke screenshot t --ansi
	assert_output $'abc\e[31md'
	run kuke screenshot t -o json
	assert_output '{"cols":1,"rows":1,"cursorX":0,"cursorY":0,"cursorVisible":true,"altScreen":false,"text":"abcd","ansi":"abc\u001b[31md"}'
	inst pkill -f liar.py
	wait "$liar" || true # it was ended by a signal
	rm "$HERE/liar.py"
	kuke delete cell t
}

@test "two clients of different sizes, and one that looks on" {
	terminal 'trap "stty size" WINCH; seq 30; while :; do read x && echo "<$x>"; done'
	talk 'a=kuke attach t' 'a.resize 60 20' 'a.expect 20 60' 'b=kuke attach t' 'b.expect 30' 'b.expect 20 60' \
		'c=kuke attach --read-only t' 'c.resize 40 10' 'c.expect 20 60' \
		'a.send hello\r' 'a.expect <hello>' 'b.expect <hello>' 'c.expect <hello>' \
		"b.dump $HERE/b" "c.dump $HERE/c" 'a.send \x1d\x1d' a.exit 'b.expect 30 100'
	run shown b 100 30
	assert_output --partial '<hello>'
	run shown c 40 10
	assert_output --partial '<hello>'
	kuke delete cell t
}

@test "the alternate screen and its modes at a reattach, and the normal one after it" {
	terminal 'seq 1 40; printf "\033[?1049h\033[?2004h\033[?1002;1006h\033[?1h\033[H\033[7mfull\033[m"; read x; printf "\033[?1049l\033[?2004lback"; read x'
	wait_for 60 shot_has full
	run talk 'a=kuke attach t' 'a.expect full' 'a.expect \x1b[?25h' a.show "a.dump $HERE/a" 'a.send \r' 'a.expect back' "a.dump $HERE/b"
	assert_success
	for mode in 1h 1002h 1006h 2004h 1049h; do
		assert_output --partial "\\x1b[?$mode"
	done
	run shown a 100 30
	assert_output full
	run shown b 100 30
	assert_line --index 0 --regexp '^[0-9]+$'
	assert_output --partial back
	kuke delete cell t
}

@test "no question to a terminal is repeated; a replay has all" {
	terminal 'printf "\033[c\033[6n\033]11;?\007\033[>c\033[?2004\$pup"; read x'
	wait_for 60 shot_has up
	run talk 'a=kuke attach t' 'a.expect up' 'a.expect \x1b[?25h' 'a.never \x1b[c' 'a.never \x1b[6n' 'a.never ]11;?' 'a.never $p' \
		'b=kuke attach --replay t' 'b.expect \x1b[c\x1b[6n\x1b]11;?\x07'
	assert_success
	kuke delete cell t
}

@test "floods, huge numbers and huge sizes: memory stays within bounds" {
	terminal 'stty -echo; head -c 4194304 /dev/zero | tr "\0" x >/tmp/x; printf "\033]0;"; cat /tmp/x; printf "\007\033P"; cat /tmp/x
		printf "\033\\\\\033[99999999999;99999999999H\033[4294967295b\033[65535L\033[65535@\033[65535S\033["; head -c 100000 /tmp/x
		i=0; while [ $i -lt 2000 ]; do printf "e\314\200\314\201\314\202\314\203\314\204\314\205\314\206"; i=$((i + 1)); done
		printf "\033c\033[2J\033[Hdone"; read x'
	wait_for 60 shot_has "done"
	talk 'call Resize {"Cols":10000,"Rows":10000}' 'call Resize {"Cols":65535,"Rows":1}' 'call Resize {"Cols":1,"Rows":65535}'
	run kuke screenshot t
	assert_success
	run inst bash -c 'for p in $(pgrep -x kuketty); do awk "/^Pss:/ { print \$2 }" /proc/$p/smaps_rollup; done | sort -n | tail -1'
	assert [ "$output" -le 12288 ] # three screens of 262144 cells at most, and what it is itself
	kuke delete cell t
}
