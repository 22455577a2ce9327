#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # scripts for the shell in the terminal
#
# kuketty by itself: what it says on its socket, byte for byte, and what becomes of the
# program in its terminal.
load ../helpers/suite

setup_file()
{
	suite_start --no-init
	# attach.bats has the static one
	export KUKETTY=$top_builddir/src/kuketty/kuketty-sanitized
}

setup()
{
	tty=$HERE/tty
	mkdir -p "$tty"
	suite_snapshot
}

teardown()
{
	rm -rf "$tty"
	suite_check
}

# terminal SPEC SCRIPT: kuketty with sh -c SCRIPT in it; SPEC has further members.
terminal()
{
	jq -n --arg s "$2" --argjson more "{$1}" --arg d "$tty" '{apiVersion: "sbsh/v1beta1",
		kind: "Terminal", metadata: {name: "t"}, spec: ({id: "t", name: "t", command: "sh",
		commandArgs: ["-c", $s], socketIO: ($d + "/socket"), socketMode: 432,
		captureFile: ($d + "/capture"), captureMode: 416, stages: {}} + $more)}' >"$tty/doc"
	# a process group and a session of its own, as a container's first process has
	inst setsid "$KUKETTY" --config "$tty/doc" >"$tty/out" 2>&1 3>&- 4>&- &
	kuketty=$!
	wait_for 60 test -S "$tty/socket"
}

talk()
{
	inst "$BATS_TEST_DIRNAME/../helpers/ttytalk" "$tty/socket" "$@"
}

# shown NAME COLS ROWS: the screen of a client whose bytes are in that file.
shown()
{
	"$top_builddir/termtext" "$2" "$3" <"$tty/$1"
}

# How kuketty ended.
ended()
{
	local code=0

	wait "$kuketty" || code=$?
	assert_equal "$code" "$1"
}

ping='{"method":"TerminalController.Ping","params":[{"Message":"PING"}],"id":0}'
pong='{"id":0,"result":{"Message":"PONG"},"error":null}\n'
state='{"method":"TerminalController.State","params":[{}],"id":0}'

@test "what upstream's clients send is answered as its terminals do" {
	terminal '' 'read x; exit 3'
	while IFS='|' read -r request reply; do
		run talk "raw $request\\n"
		assert_success
		assert_output "$reply\\n"
	done <<-'END'
		{"method":"TerminalController.Ping","params":[{"Message":"PING"}],"id":0}|{"id":0,"result":{"Message":"PONG"},"error":null}
		{"method":"TerminalController.State","params":[{}],"id":0}|{"id":0,"result":4,"error":null}
		{"method":"TerminalController.Resize","params":[{"Cols":90,"Rows":30}],"id":0}|{"id":0,"result":{},"error":null}
		{"method":"TerminalController.Write","params":[{"Data":"ZWNobyBoaQ=="}],"id":0}|{"id":0,"result":{},"error":null}
		{"method":"TerminalController.Write","params":[{"Data":""}],"id":0}|{"id":0,"result":{},"error":null}
		{"method":"TerminalController.Write","params":[{"Data":"x"}],"id":0}|{"id":0,"result":null,"error":"illegal base64 data at input byte 0"}
		{"id":0,"method":"TerminalController.Attach","params":["bafbd118"]}|{"id":0,"result":{"ok":true},"error":null}
		{"id":0,"method":"TerminalController.Attach","params":[{"ClientID":"x","FullCapture":true}]}|{"id":0,"result":{"ok":true},"error":null}
		{"id":0,"method":"TerminalController.Subscribe","params":[{"ClientID":"sub1"}]}|{"id":0,"result":{"ok":true},"error":null}
		{"method":"TerminalController.Detach","params":["nope"],"id":0}|{"id":0,"result":null,"error":"client nope not found among clients"}
		{"method":"TerminalController.Nope","params":[{}],"id":0}|{"id":0,"result":null,"error":"rpc: can't find method TerminalController.Nope"}
		{"method":"Foo.Bar","params":[{}],"id":0}|{"id":0,"result":null,"error":"rpc: can't find service Foo.Bar"}
		{"jsonrpc":"2.0","id":"s","method":"TerminalController.State"}|{"id":"s","result":4,"error":null}
	END
	run talk 'call Stop {"Reason":"bye"}'
	assert_output '{"id":0,"result":{},"error":null}\n'
	ended 143
}

@test "requests in pieces, several at once, and what is none" {
	terminal '' 'read x'
	run talk "raw  \\n $ping$state\\n" # the first of two replies ends the step
	assert_output --partial "$pong"
	for bad in '{"method":' ']' '"x"' '{"method":7}' '{"method":"a" "b"}' 'GET / HTTP/1.1\r\n\r\n'; do
		run timeout 60 bash -c "printf '%b' '$bad' | nsenter -m -t $INSTANCE_PID socat -t 60 - UNIX-CONNECT:$tty/socket"
		assert_output ''
	done
	run talk "raw {\"method\":\"TerminalController.State\",\"params\":[\"$(head -c 70000 /dev/zero | tr '\0' x)\"]}"
	assert_output ''
	run talk 'call State' # it is as well as before
	assert_output '{"id":0,"result":4,"error":null}\n'
	talk 'call Stop'
	ended 143
}

@test "typing, what is shown, replay, detach; the same for two" {
	terminal '' 'echo up; while read x; do echo "<$x>"; stty size; done'
	run talk 'a=attach "a"' 'a.expect up\r\n' 'b=attach "b"' 'b.expect up\r\n' 'a.send one\n' \
		'b.expect <one>\r\n24 80\r\n' 'call Resize {"Cols":90,"Rows":30}' 'b.send two\n' \
		'a.expect <two>\r\n30 90\r\n' 'b.expect <two>\r\n30 90\r\n' 'call Detach "a"' 'a.eof' \
		'call Detach "a"' "b.dump $tty/b" \
		'c=attach {"ClientID":"c","ClearOnAttach":true,"Cols":90,"Rows":30}' 'c.expect \x1b[?25h' 'c.show' \
		'd=attach {"ClientID":"d","ClearOnAttach":true,"FullCapture":true}' 'd.expect 30 90\r\n' 'd.show'
	assert_success
	assert_line --index 4 '{"id":0,"result":null,"error":"client a not found among clients"}\n'
	assert_line --index 6 --partial '\x1b[H\x1b[2J\x1b[3J\x1b[0mup\r\none\r\n<one>\r\n24 80\r\ntwo\r\n<two>\r\n30 90\r\n'
	assert_line --index 8 '\x1b[H\x1b[2J\x1b[3Jup\r\none\r\n<one>\r\n24 80\r\ntwo\r\n<two>\r\n30 90\r\n'
	run shown b 90 30
	assert_output $'up\none\n<one>\n24 80\ntwo\n<two>\n30 90'
	run talk 'call Metadata'
	assert_output --partial '"state":4,"socketCtrl":"","baseRunPath"'
	talk 'call Stop'
	ended 143
}

@test "prompt and onInit are typed before anyone is let in" {
	terminal '"prompt": "'"'P: '"'", "setPrompt": true, "stages": {"onInit": [{"script": "A=1"}, {"script": "echo $A$A"}]}' \
		'exec sh -i'
	run talk 'a=attach "a"' 'a.expect \r\n11\r\n' 'a.send exit 5\n' 'a.eof'
	assert_success
	ended 5
	run cat "$tty/capture"
	assert_output --partial "export PS1='P: '"
	assert_output --partial 'P: '
	assert [ ! -e "$tty/socket" ]
}

@test "the program's end, its last output, and its status" {
	for code in 0 1 42; do
		terminal '' "read x; i=0; while [ \$i -lt 3000 ]; do echo line \$i; i=\$((i + 1)); done; exit $code"
		run talk 'a=attach "a"' 'a.send go\n' 'a.eof' 'a.expect line 2999\r\n'
		assert_success
		ended "$code"
	done
	terminal '' 'read x; kill -KILL $$'
	talk 'a=attach "a"' 'a.send go\n' 'a.eof'
	ended 137
	jq '.spec.command = "/no/such/program"' "$tty/doc" >"$tty/doc2"
	code=0
	inst "$KUKETTY" --config "$tty/doc2" >"$tty/out" 2>&1 || code=$?
	assert_equal "$code" 127
	run cat "$tty/out"
	assert_output "kuketty: cannot run '/no/such/program': no such file or directory"
}

@test "who waits for the end gets the exit code" {
	terminal '' 'read x; exit 42'
	run talk 'w=ask Wait' 'a=attach "a"' 'a.send go\n' w.eof w.show
	assert_success
	assert_line --index 1 '{"id":0,"result":{"ExitCode":42},"error":null}\n'
	ended 42
}

@test "signals: handed on, a grace, and a shell that ignores SIGTERM" {
	terminal '' 'trap "echo usr1" USR1; trap "echo term; exit 7" TERM; echo up; while :; do sleep 0.1; done'
	talk 'a=attach "a"' 'a.expect up'
	inst pkill -USR1 -f '^[^ ]*kuketty-sanitized'
	talk 'a=attach "a"' 'a.expect usr1'
	inst pkill -TERM -f '^[^ ]*kuketty-sanitized'
	ended 7
	terminal '"shutdownGrace": 200000000' 'trap "" TERM HUP; echo up; while :; do sleep 0.1; done'
	talk 'a=attach "a"' 'a.expect up'
	inst pkill -TERM -f '^[^ ]*kuketty-sanitized'
	ended 137
	terminal '' 'trap "" TERM; echo up; while :; do sleep 0.1; done' # as an interactive shell
	talk 'a=attach "a"' 'a.expect up'
	inst pkill -TERM -f '^[^ ]*kuketty-sanitized'
	ended 129
}

@test "children that lose their parent are reaped" {
	terminal '' '(sh -c "sleep 0.1" & ) ; echo up; read x'
	talk 'a=attach "a"' 'a.expect up'
	no_zombies() { ! inst ps -eo stat= | grep -q '^Z'; }
	wait_for 60 no_zombies
	talk 'a=attach "a"' 'a.send x\n' 'a.eof'
	ended 0
}

@test "a client that reads nothing holds nobody up, and has the same screen in the end" {
	# 8 MiB, far more than a client may be behind
	terminal '' 'read x; head -c 8388608 /dev/zero | tr "\0" x | fold -w 63; echo done; read x; exit 0'
	run talk 'slow=attach "slow"' 'sub=subscribe {}' 'fast=attach "fast"' 'fast.send go\n' \
		'fast.expect done' 'slow.expect done' 'slow.total' 'slow.expect \x18\x1b[?1049l' 'sub.eof' 'sub.expect [sbsh: subscriber lagged, disconnecting]\r\n' \
		'fast.send x\n' 'fast.eof' 'slow.eof' "fast.dump $tty/fast" "slow.dump $tty/slow"
	assert_success
	assert_equal "${#lines[@]}" 4
	assert [ "${lines[3]}" -lt 4194304 ] # what the slow one has read
	run shown slow 80 24
	assert_line --index 21 --partial 'done'
	assert_output "$(shown fast 80 24)"
	ended 0
}

@test "the history is kept within its bounds" {
	terminal '"captureMaxBytes": 100000, "captureFiles": 3' \
		'read x; head -c 1000000 /dev/zero | tr "\0" x | fold -w 63; echo done; read x'
	talk 'a=attach "a"' 'a.send go\n' 'a.expect done\r\n'
	run ls "$tty"
	assert_output $'capture\ncapture.1\ncapture.2\ndoc\nout\nsocket'
	for f in capture capture.1 capture.2; do
		run stat -c %s "$tty/$f"
		assert [ "$output" -le 180000 ]
	done
	run talk 'a=attach {"ClientID":"a","FullCapture":true}' 'a.expect done\r\n' 'a.total'
	assert [ "${lines[1]}" -ge 200000 ]
	talk 'a=attach "a"' 'a.send x\n' 'a.eof'
	ended 0
}

@test "a directory that the container spoils costs history and no more" {
	terminal '' 'echo up; while read x; do echo "<$x>"; done; exit 4'
	rm "$tty/capture"
	ln -s /etc/shadow "$tty/capture"
	ln -s /etc/shadow "$tty/capture.1"
	run talk 'a=attach "a"' 'a.send one\n' 'a.expect <one>\r\n' 'b=attach "b"' 'b.expect <one>\r\n'
	assert_success
	assert [ ! -L "$tty/capture" ]
	run cat "$tty/capture"
	assert_output --partial '<one>'
	rm "$tty/capture" && mkdir "$tty/capture"
	talk 'a=attach "a"' 'a.send two\n' 'a.expect <two>\r\n' 'b=attach "b"' 'b.expect <two>\r\n'
	talk 'a=attach "a"' 'a.send \x04' 'a.eof'
	ended 4
}

@test "nothing that makes sense to run: usage, no document, a bad one" {
	run inst "$KUKETTY" x
	assert_failure 64
	run inst "$KUKETTY"
	assert_failure 70
	assert_output "kuketty: open '/.kukeon/kuketty/metadata.json': no such file or directory"
	echo '{"apiVersion":"v1"}' >"$tty/doc"
	run inst "$KUKETTY" --config "$tty/doc"
	assert_failure 70
	assert_output "kuketty: the terminal's document is a v1  and not a sbsh/v1beta1 Terminal"
}

@test "many clients, more than there is room for; at rest it is small" {
	KUKETTY=$top_builddir/src/kuketty/kuketty
	terminal '' 'read x'
	local steps=() i
	for i in $(seq 32); do
		steps+=("c$i=attach \"c$i\"")
	done
	run talk "${steps[@]}" 'raw {"id":0,"method":"TerminalController.Attach","params":["more"]}\n'
	assert_success
	assert_line --index 32 '{"id":0,"result":null,"error":"too many clients are attached"}\n'
	run inst awk '/^Pss:/ { print $2 }' "/proc/$(inst pgrep -x kuketty)/smaps_rollup"
	assert [ "$output" -le 512 ]
	talk 'call Stop'
	ended 143
}
