#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # scripts for the shell in the container
#
# kuke attach, and the terminals of containers.
load ../helpers/suite

# Says what it reads and how large its terminal is; "end N" ends it.
ECHO='stty -echo; echo up; while read w n; do case $w in end) exit $n;; die) kill -$n $$;;
	much) head -c 4194304 /dev/zero | tr "\0" x | fold -w 63;; esac; echo "<$w> $(stty size)"; done'

setup_file()
{
	suite_start --restarts
}

setup()
{
	doc=$HERE/doc.yaml
	dir=$INSTANCE_RUN_PATH/data/default/default/default
	suite_snapshot
}

terminal()
{
	run_cell "$1" "$ECHO" "attachable: true"$'\n'"${2:-}"
}

# talk CELL STEP…; "a=kuke ARG…" runs kuke in a terminal.
talk()
{
	local cell=$1 steps=() s

	shift
	for s; do
		steps+=("${s/=kuke /=spawn $INSTANCE_BINDIR/kuke }")
	done
	inst "$BATS_TEST_DIRNAME/../helpers/ttytalk" "$dir/$cell/main/tty/socket" "${steps[@]}"
}

exited()
{
	assert_equal "$(container_value "$1" main '"\(.status.state) \(.status.exitCode) \(.status.exitSignal)"')" "$2"
}

gone()
{
	run kuke get cell t
	assert_failure
}

@test "typing, detaching, coming back, sizes; the end of the program" {
	terminal t
	run talk t 'a=kuke attach t' 'a.expect To detach, press ^] twice' 'a.expect up\r\n' 'a.send one\r' \
		'a.expect <one> 30 100\r\n' a.modes 'a.resize 90 20' 'a.send \x1d' 'a.send \x1d' \
		a.exit a.modes a.show
	assert_success
	assert_line --index 0 raw
	assert_line --index 1 0
	assert_line --index 2 cooked
	assert_line --index 3 --partial '\x1b[93m\r\nDetached\x1b[0m\r\n'
	run talk t 'a=kuke attach t' 'a.resize 90 20' 'a.expect <one> 30 100\r\n' 'a.send \rtwo\r' \
		'a.expect <two> 20 90\r\n' 'a.send end 42\r' a.exit a.modes
	assert_success
	assert_output $'0\ncooked'
	wait_for 60 exited t 'Failed 42 '
	run kuke log t
	assert_success
	assert_output --partial $'up\r\n'
	assert_output --partial '<two> 20 90'
	kuke delete cell t
	assert [ ! -e "$dir/t" ]
}

@test "how it ended: codes and signals" {
	local code want

	for code in 'end 0|Stopped 0 ' 'end 1|Failed 1 ' 'die TERM|Failed 143 SIGTERM' 'die KILL|Failed 137 SIGKILL'; do
		want=${code#*|}
		terminal t
		run talk t 'a=kuke attach t' 'a.expect up' "a.send ${code%|*}\\r" a.exit
		assert_output 0
		wait_for 60 exited t "$want"
		kuke delete cell t
	done
	cell_doc t true 'attachable: true' | sed 's/command: sh/command: \/no\/such/' | quiet kuke run -d -f - >/dev/null
	wait_for 60 exited t 'Failed 127 '
	run kuke log t
	assert_output --partial 'kuketty: cannot run the program: no such file or directory'
	kuke delete cell t
}

@test "two at a time; one that is stopped, one that is killed" {
	terminal t
	run talk t 'a=kuke attach t' 'b=kuke attach t' 'a.expect up' 'b.expect up' 'a.send hello\r' \
		'b.expect <hello>' 'b.signal STOP' 'a.send much\r' 'a.expect <much>' 'b.signal CONT' \
		'b.expect <much>' 'a.signal KILL' a.exit 'b.send still\r' 'b.expect <still>' \
		'c=attach "c"' 'c.expect <still>' 'b.send \x1d\x1d' b.exit
	assert_success
	assert_line --index 0 SIGKILL
	assert_line --index 2 0
	kuke delete cell t
}

@test "the program goes on without daemon and monitor" {
	local monitor

	terminal t
	monitor=$(inst pgrep -f 'kukeshim.*--id=[^ ]*t_main')
	kill_daemon KILL
	inst kill -KILL "$monitor"
	run talk t 'a=attach "a"' 'a.send one\n' 'a.expect <one>'
	assert_success
	restart_daemon || kuke daemon start
	run talk t 'a=kuke attach t' 'a.expect <one>' 'a.send two\r' 'a.expect <two>' 'a.send end 3\r' a.exit
	assert_output 0
	kuke delete cell t
}

@test "every way out leaves the terminal as it was" {
	local how

	run_cell t 'printf "\033[?1049h\033[?1000;1006;2004h\033[?25lup"; read x; exit 0' 'attachable: true'
	for how in TERM HUP INT QUIT; do
		run talk t 'a=kuke attach t' 'a.expect up' a.modes "a.signal $how" a.exit a.modes a.show
		assert_success
		assert_line --index 0 raw
		assert_line --index 1 "SIG$how"
		assert_line --index 2 cooked
		assert_line --index 3 --partial '\x18\x1b[0m\x1b[?1000l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[?25h'
	done
	run talk t 'a=kuke attach t' 'a.expect up' 'a.signal TSTP' a.stopped a.modes a.show 'a.signal CONT' \
		'a.expect \x1b[?25l' a.modes 'a.send \r' a.exit a.modes
	assert_success
	assert_line --index 0 cooked
	assert_line --index 1 --partial '\x1b[?1049l\x1b[?25h'
	assert_line --index 2 raw
	assert_line --index 3 0
	assert_line --index 4 cooked
	kuke delete cell t
}

@test "a terminal that takes nothing any more keeps nobody from leaving" {
	local how

	run_cell t 'read x; exec yes' 'attachable: true'
	for how in TERM HUP; do
		run talk t 'a=kuke attach t' 'a.expect To detach' 'a.send \r' a.full "a.signal $how" a.exit-unread a.modes
		assert_success
		assert_output "SIG$how"$'\ncooked'
	done
	run talk t 'a=kuke attach t' 'a.expect To detach' a.full 'a.send \x1d\x1d' a.exit-unread a.modes
	assert_success
	assert_output $'0\ncooked'
	kuke delete cell t
}

@test "keys that detach: others, none, and in a paste" {
	terminal t
	run talk t 'a=kuke attach t --detach-keys ^p,^q' 'a.expect press ^P ^Q' 'a.expect up' 'a.send \x1d\x1d\r' \
		'a.expect <\x1d\x1d>' 'a.send \x10\x11' a.exit
	assert_output 0
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send \x1b[200~\x1d\x1d\x1b[201~\r' 'a.expect 201~> ' \
		'a.send \x1d\x1d' a.exit
	assert_output 0
	run talk t "a=kuke attach t --detach-keys ''" 'a.expect up' 'a.send \r\x1d\x1d\r' 'a.expect <\x1d\x1d>' \
		'a.signal TERM' a.exit
	assert_output SIGTERM
	run kuke attach t --detach-keys '^^^'
	assert_failure 1
	assert_output 'Error: invalid --detach-keys "^^^": want keys as ^] or q, with commas between, or "" for none'
	kuke delete cell t
}

@test "looking on only; input from a pipe" {
	terminal t
	run talk t 'a=kuke attach --read-only t' 'a.expect up' 'a.send one\r' 'b=kuke attach t' 'b.resize 77 22' \
		'b.expect up' 'b.send two\r' 'a.expect <two>' 'a.never <one>' 'a.send \x1d\x1d' a.exit
	assert_output 0
	run timeout 60 bash -c "$(declare -f kuke inst); echo end 5 | kuke attach t"
	assert_success
	assert_line --partial up
	wait_for 60 exited t 'Failed 5 '
	kuke delete cell t
}

@test "why one cannot attach" {
	{
		cell_doc t "$ECHO" 'attachable: true'
		container plain 'sleep 1000'
	} >"$doc"
	quiet kuke run -d -f "$doc" >/dev/null
	run kuke attach t -c plain
	assert_failure 1
	assert_output --partial 'container "plain" in cell "t" is not attachable: container is not attachable; recreate with attachable=true'
	run kuke attach t -c nope
	assert_failure 1
	assert_output --partial 'container "nope"'
	run kuke attach nope -c main
	assert_failure 1
	assert_output --partial 'failed to get cell "nope": cell not found'
	run kuke attach nope
	assert_output --partial 'no attachable container in cell (cell "nope")'
	run kuke attach ' '
	assert_output --partial 'cell name is required (positional cell)'
	kuke stop cell t
	run kuke attach t
	assert_failure 1
	assert_output --partial 'container "main" in cell "t" is not running; kuke start cell t'
	kuke delete cell t
	{
		cell_doc t "$ECHO" 'attachable: true'
		container alpha "$ECHO" 'attachable: true'
	} >"$doc"
	quiet kuke run -d -f "$doc" >/dev/null
	run kuke attach t
	assert_output --partial 'multiple attachable containers in cell; specify --container (cell "t"): candidates: alpha, main'
	kuke delete cell t
}

@test "a directory that the container spoils" {
	terminal t
	talk t 'a=attach "a"' 'a.expect up'
	in_tty() { inst ln -sfn "$1" "$dir/t/main/tty/$2"; }
	inst mv "$dir/t/main/tty/socket" "$dir/t/main/tty/away"
	in_tty "$INSTANCE_SOCKET" socket # of kukeond
	run kuke attach t
	assert_failure 1
	assert_output --partial 'is not a socket: the container has put something else there'
	inst rm "$dir/t/main/tty/socket"
	run kuke attach t
	assert_failure 1
	assert_output --partial 'no such file or directory'
	inst mv "$dir/t/main/tty/away" "$dir/t/main/tty/socket"
	inst rm "$dir/t/main/tty/capture"
	in_tty /etc/passwd capture
	run kuke log t
	assert_failure 1
	refute_output --partial root:
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send one\r' 'a.expect <one>' 'a.send \x1d\x1d' a.exit
	assert_output 0
	run kuke log t # there is a file again
	assert_output --partial '<one>'
	kuke stop cell t
	in_tty /etc/passwd capture
	in_tty /etc/passwd capture.1
	in_tty /etc socket
	kuke start cell t
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send end 0\r' a.exit
	assert_output 0
	run grep -c '^root:' /etc/passwd
	assert_output 1
	kuke delete cell t
}

@test "any user, any root: without rights, read-only, without a shell's directory" {
	terminal t $'user: "1234:5678"\nreadOnlyRootFilesystem: true\ncapabilities: {drop: [ALL]}\nsecurityOpts: [no-new-privileges]'
	run stat -c '%a %u' "$dir/t/main/tty"
	assert_output --regexp '^(700|2750) 1234$'
	run stat -c '%u' "$dir/t/main/tty/socket" "$dir/t/main/tty/capture" "$dir/t/main/kuketty-metadata.json"
	assert_output $'1234\n1234\n1234'
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send one\r' 'a.expect <one>' 'a.send \x1d\x1d' a.exit
	assert_output 0
	kuke stop cell t
	cell_doc t "$ECHO" $'attachable: true\nuser: "4321"' >"$doc" # its history changes hands
	quiet kuke apply -f "$doc" >/dev/null
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send two\r' 'a.expect <two>' 'a.send end 0\r' a.exit
	assert_output 0
	kuke delete cell t
}

@test "a path that is too long for a socket" {
	local long

	long=$(printf 'c%.0s' {1..60})
	terminal "$long"
	assert [ "${#dir}" -lt 107 ]
	run bash -c "$(declare -f rpc inst); rpc '{\"method\":\"KukeonV1.AttachContainer\",\"params\":[{\"Doc\":{\"metadata\":{\"name\":\"main\"},\"spec\":{\"id\":\"main\",\"realmId\":\"default\",\"spaceId\":\"default\",\"stackId\":\"default\",\"cellId\":\"$long\"}}}],\"id\":1}' | jq -r .result.Result.HostSocketPath"
	assert_success
	assert [ "${#output}" -le 107 ]
	run talk "$long" "a=kuke attach $long" 'a.expect up' 'a.send end 0\r' a.exit
	assert_output 0
	kuke delete cell "$long"
}

@test "a cell in newer clients' eyes; changes of the terminal; a restart" {
	terminal t
	run rpc '{"method":"KukeonV1.GetCell","params":[{"Doc":{"metadata":{"name":"t"},"spec":{"realmId":"default","spaceId":"default","stackId":"default"}}}],"id":1}'
	assert_output --partial '"RootContainerTaskRunning":true'
	cell_doc t 'exec sh -i' $'attachable: true\nrestartPolicy: always\ntty: {prompt: "'"'P: '"'", onInit: [{script: "echo $((40 + 2))"}], logFile: /tmp/log}' >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	run talk t 'a=kuke attach t' 'a.expect \r\n42\r\n' 'a.expect P: ' 'a.send exit 9\r' a.exit
	assert_output 0
	restarted() { [ "$(container_value t main .status.restartCount)" -ge 1 ]; }
	wait_for 60 restarted
	run talk t 'a=kuke attach t' 'a.expect P: ' 'a.signal TERM' a.exit
	assert_output SIGTERM
	kuke stop cell t
	run rpc '{"method":"KukeonV1.GetCell","params":[{"Doc":{"metadata":{"name":"t"},"spec":{"realmId":"default","spaceId":"default","stackId":"default"}}}],"id":1}'
	assert_output --partial '"RootContainerTaskRunning":false'
	kuke delete cell t
}

@test "kuke run attaches" {
	{
		cell_doc t 'echo other; sleep 1000' 'attachable: true'
		container second "$ECHO" 'attachable: true'
		echo '  tty: {default: second}'
	} >"$doc"
	run talk t "a=kuke run -f $doc" 'a.expect up' 'a.send one\r' 'a.expect <one>' 'a.send \x1d\x1d' a.exit
	assert_output 0
	run talk t "a=kuke run -f $doc --container main" 'a.expect other' 'a.send \x1d\x1d' a.exit
	assert_output 0
	is_cell_state t Ready
	kuke delete cell t
	cell_doc t "$ECHO" 'attachable: true' >"$doc"
	run talk t "a=kuke run --rm -f $doc" 'a.expect up' 'a.send end 0\r' a.exit
	assert_output 0
	wait_for 60 gone
}

@test "kuke run: input from a pipe, and its end" {
	cell_doc t 'exec sh -i' 'attachable: true' >"$doc"
	run timeout 300 bash -c "$(declare -f kuke inst); echo 'echo \$((40 + 2)); exit 7' | kuke run --rm --exit-code -f $doc"
	assert_failure 7
	assert_output --partial 42
	wait_for 60 gone
	run timeout 300 bash -c "$(declare -f kuke inst); echo ls / | kuke run -f $doc"
	assert_success
	assert_output --partial proc
	wait_for 60 exited t 'Stopped 0 '
	kuke start cell t # without input nothing is typed
	inst timeout 300 bash -c "kuke run -f $doc </dev/null" >/dev/null 2>&1 3>&- 4>&- &
	run talk t 'a=kuke attach t' 'a.expect To detach' 'a.send echo $((50 + 5))\r' 'a.expect \n55\r' 'a.send exit\r' a.exit
	assert_output 0
	wait $!
	kuke delete cell t
}

@test "kuke run --exit-code ends as the program does" {
	local code

	cell_doc t "$ECHO" 'attachable: true' >"$doc"
	for code in 'end 0|0' 'end 1|1' 'end 42|42' 'die SEGV|139' 'die KILL|137'; do
		run talk t "a=kuke run --rm --exit-code -f $doc" 'a.expect To detach' "a.send ${code%|*}\\r" a.exit a.modes
		assert_success
		assert_output "${code#*|}"$'\ncooked'
		wait_for 60 gone
	done
	run talk t "a=kuke run --exit-code -f $doc" 'a.expect To detach' 'a.send \x1d\x1d' a.exit
	assert_output 0
	run talk t "a=kuke run -f $doc" 'a.expect To detach' 'a.send \rend 42\r' a.exit
	assert_output 0
	wait_for 60 exited t 'Failed 42 '
	run kuke run -d --exit-code -f "$doc"
	assert_failure 1
	assert_output 'Error: --exit-code is incompatible with -d/--detach'
	kuke delete cell t
}
