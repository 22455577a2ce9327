#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # scripts for the shell in the container
#
# Terminals of containers in odd places: images with next to nothing in them, programs that
# die in all ways, containers that spoil what they share with the host, floods, people
# without rights, and clients whose own terminal goes away.
load ../helpers/suite

BARE=docker.io/library/bare:1
GROUP=4321 # of the socket
# Says what it reads and how large its terminal is; "end N" ends it.
ECHO='stty -echo; echo up; while read w n; do case $w in end) exit $n;; die) kill -$n $$;;
	esac; echo "<$w> $(stty size)"; done'

setup_file()
{
	suite_start --restarts "socketGID: $GROUP"
	"$BATS_TEST_DIRNAME/../helpers/odd-image" "$HERE/bare.tar" "$BARE" \
		'mv bin/busybox . && find . -mindepth 1 -maxdepth 1 ! -name busybox -exec rm -rf {} +' \
		'.config = {}'
	kuke image load "$HERE/bare.tar" && rm "$HERE/bare.tar"
	IMAGE=$BARE bare_doc first 'exit 0' | quiet kuke run -d -f - >/dev/null
	kuke delete cell first
	mkdir "$HERE/people" # where those without rights find it
	cp "$INSTANCE_BINDIR/kuke" "$HERE/people"
	chmod 711 "$INSTANCE"
	chmod -R a+rX "$HERE"
}

setup()
{
	doc=$HERE/doc.yaml
	dir=$INSTANCE_RUN_PATH/data/default/default/default
	suite_snapshot
}

teardown()
{
	! inst mountpoint -q "$dir/t/main/tty" || inst umount -l "$dir/t/main/tty"
	suite_check
}

# A cell of the image that has one program.
bare_doc()
{
	IMAGE=$BARE cell_doc "$@" | sed -e 's|command: sh|command: /busybox|' -e 's|args: \[-c|args: [sh, -c|'
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

shot_has()
{
	kuke screenshot "$1" | grep -qF -- "$2"
}

@test "an image with one static program, its root read-only, as a user of no name" {
	bare_doc t 'read me </proc/1/comm; [ -w / ] || me="$me ro"
		echo "up $(/busybox id -u):$(/busybox id -g) $me $(/busybox ls /)" | /busybox tr "\n" " "
		while read w n; do case $w in end) exit $n;; esac; echo "<$w> $(/busybox stty size)"; done' \
		$'attachable: true\nuser: "1000:1000"\nreadOnlyRootFilesystem: true' >"$doc"
	quiet kuke run -d -f "$doc" >/dev/null
	wait_for 60 shot_has t 'up 1000:1000 kuketty ro'
	run kuke screenshot t
	assert_success
	refute_output --regexp ' (bin|tmp|usr|root|www) '
	run talk t 'a=kuke attach t' 'a.expect up 1000:1000' 'a.send one\r' 'a.expect <one> 30 100' \
		'a.send \x1d\x1d' a.exit a.modes
	assert_success
	assert_output $'0\ncooked'
	run kuke screenshot t
	assert_success
	assert_line --partial '<one> 30 100'
	run kuke screenshot t -o json
	assert_output --partial '"cols":100,"rows":30'
	run talk t 'a=kuke attach t' 'a.expect <one>' 'a.send \rend 42\r' a.exit
	assert_output 0
	wait_for 60 exited t 'Failed 42 '
	run kuke log t
	assert_output --partial '<one> 30 100'
	kuke delete cell t
}

@test "how the program ended is what get says: codes, a crash, no memory" {
	local code

	for code in 'end 0|Stopped 0 ' 'end 1|Failed 1 ' 'end 42|Failed 42 ' 'die SEGV|Failed 139 SIGSEGV'; do
		terminal t
		run talk t 'a=kuke attach t' 'a.expect up' "a.send ${code%|*}\\r" a.exit a.modes
		assert_output $'0\ncooked'
		wait_for 60 exited t "${code#*|}"
		kuke delete cell t
	done
	# The kernel takes the largest, which is not kuketty.
	run_cell t 'echo up; read x; exec tail /dev/zero' $'attachable: true\nresources: {memoryLimitBytes: 33554432}'
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send \r' a.exit a.modes
	assert_output $'0\ncooked'
	wait_for 60 exited t 'Failed 137 SIGKILL'
	run kuke get cell t -o json
	assert_output --partial 'container \"main\" was killed by the OOM killer'
	kuke delete cell t
}

# ---- a directory that the container spoils ----

# inside CELL SCRIPT: what a program of the container does, in the directory that it shares.
inside()
{
	kuke exec "$1" -- sh -c "cd /run/kukeon/tty && $2"
}

# What must not change: files of the host that links lead to.
host_state()
{
	inst stat -c '%n %f %u %g %s %Y %Z %h' "$HERE/canary" "$HERE/closed" "$HERE/closed/file" /etc/passwd
	inst sha256sum "$HERE/canary" "$HERE/closed/file"
	inst ls -A "$HERE/closed"
}

canaries()
{
	echo secret of the host >"$HERE/canary"
	mkdir -p "$HERE/closed"
	echo other >"$HERE/closed/file"
	chmod 600 "$HERE/canary" "$HERE/closed/file"
	host_state >"$HERE/state"
}

canaries_live()
{
	assert_equal "$(host_state)" "$(cat "$HERE/state")"
	rm -r "$HERE/canary" "$HERE/closed" "$HERE/state"
}

# says TEXT ARG…: kuke ARG… fails within a minute, with an error of one line that has TEXT.
says()
{
	local text=$1

	shift
	run inst timeout 60 "$INSTANCE_BINDIR/kuke" "$@"
	assert_failure 1
	assert_line --index 0 --partial "$text"
	assert_line --index 0 --regexp '^Error: '
	refute_output --partial secret
	assert [ "${#lines[@]}" -le 2 ]
	[ "${#lines[@]}" -eq 1 ] || assert_line --index 1 --regexp '^Hint: '
}

# server KIND: a socket in place of the terminal's that is not kuketty's. "mute" takes
# connections and says nothing, "dead" takes none, "datagram" is of another kind, "babble"
# answers all with nonsense and no end, "greedy" with descriptors that nobody asked for.
server()
{
	cat >"$HERE/server.py" <<-'END'
		import array, os, socket, sys
		kind, path = sys.argv[1:]
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == 'datagram' else socket.SOCK_STREAM)
		s.bind(path + '.new')
		if kind not in ('datagram', 'dead'):
		    s.listen(64)
		os.rename(path + '.new', path)
		taken = []
		while kind in ('datagram', 'dead'):
		    s.recv(1) if kind == 'datagram' else os.read(0, 1)
		while True:
		    c = s.accept()[0]
		    taken.append(c)
		    try:
		        if kind == 'babble':
		            while True:
		                c.sendall(b'\x1b]0;x\x07{"id":' * 4096)
		        elif kind == 'greedy':
		            fds = array.array('i', [2] * 200).tobytes()
		            c.sendmsg([b'{"id":0,"result":4,"error":null}\n'],
		                      [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
		    except OSError:
		        pass
	END
	mkfifo "$HERE/never"
	inst python3 "$HERE/server.py" "$1" "$dir/t/main/tty/socket" <>"$HERE/never" 3>&- 4>&- &
	server=$!
	rm "$HERE/never"
	served() { [ "$(stat -c %i "$dir/t/main/tty/socket")" != "$2" ] && [ -S "$dir/t/main/tty/socket" ]; }
	wait_for 60 served "$1" "${2:-}"
}

end_server()
{
	inst kill -KILL "$(inst pgrep -f "$HERE/server.py")"
	wait "$server" || true # by a signal
	rm "$HERE/server.py" "$dir/t/main/tty/socket"
}

@test "another thing where the socket was: one line, and nothing outside is touched" {
	local what

	canaries
	terminal t
	wait_for 60 shot_has t up
	inside t 'mv socket away'
	while IFS='|' read -r what text; do
		inside t "$what"
		says "$text" attach t
		says "$text" screenshot t
		kuke get cell t >/dev/null
		is_cell_state t Ready
		kuke log t >"$HERE/shown"
		grep -q up "$HERE/shown"
		inside t 'rm -rf socket'
	done <<-END
		ln -s $HERE/canary socket|is not a socket: the container has put something else there
		ln -s $HERE/closed socket|is not a socket
		ln -s $INSTANCE_SOCKET socket|is not a socket
		ln -s away socket|is not a socket
		ln -s socket socket|is not a socket
		mkfifo socket|is not a socket
		mknod socket c 1 3|is not a socket
		echo x >socket|is not a socket
		mkdir socket|is not a socket
		ln away socket; chmod 0 socket; rm socket|no such file or directory
	END
	inside t 'mv away socket; chmod 660 socket'
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send one\r' 'a.expect <one>' 'a.send \x1d\x1d' a.exit
	assert_output 0
	kuke delete cell t
	rm "$HERE/shown"
	canaries_live
}

@test "another server where the socket was" {
	local kind text

	canaries
	terminal t
	wait_for 60 shot_has t up
	inside t 'rm socket'
	while IFS='|' read -r kind text shot; do
		server "$kind"
		says "$text" attach t
		says "${shot:-$text}" screenshot t
		is_cell_state t Ready
		kuke log t | grep -q up
		end_server
	done <<-'END'
		mute|the terminal does not answer
		dead|connection refused
		datagram|connect to
		babble|answer
		greedy|the terminal passed no connection|the terminal's answer makes no sense
	END
	# stop and start make it whole
	kuke stop cell t
	kuke start cell t
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send end 3\r' a.exit
	assert_output 0
	wait_for 60 exited t 'Failed 3 '
	kuke delete cell t
	canaries_live
}

@test "other things where the history was" {
	local what

	canaries
	terminal t
	wait_for 60 shot_has t up
	for what in "ln -s $HERE/canary capture; ln -s $HERE/canary capture.1" "ln -s $HERE/closed capture" \
		"mkfifo capture" "mkdir capture capture.1" "mknod capture c 1 3" "echo x >capture; chmod 0 capture" \
		"echo x >capture; truncate -s 1099511627776 capture" "mkdir -p capture/capture; ln -s capture capture.1" \
		"touch capture; ln capture capture.1; ln capture capture.2"; do
		inside t "rm -rf capture*; $what"
		run inst timeout 60 bash -o pipefail -c 'kuke log t 2>&1 | head -c 65536 | tr -d "\0"'
		assert [ "$status" -ne 124 ]
		refute_output --partial secret
		assert [ "${#lines[@]}" -le 2 ]
		run talk t 'a=kuke attach t' 'a.send one\r' 'a.expect <one>' 'a.send \x1d\x1d' a.exit
		assert_output 0
		kuke screenshot t | grep -q '<one>'
		is_cell_state t Ready
	done
	inside t 'rm -rf capture*'
	run talk t 'a=kuke attach t' 'a.send \rlast\r' 'a.expect <last>' 'a.send \x1d\x1d' a.exit
	assert_output 0
	kuke log t | grep -q '<last>'
	run talk t 'a=kuke attach t' 'a.send \rend 4\r' a.exit
	assert_output 0
	wait_for 60 exited t 'Failed 4 '
	kuke delete cell t
	canaries_live
}

# A page that no sequence of a drawing has.
much()
{
	inside t 'i=0; while [ $i -lt 3000 ]; do echo "row $i of many"; i=$((i + 1)); done >/dev/pts/0'
}

@test "no room in the directory, or none for a file: the terminal works as before" {
	local tty=$dir/t/main/tty

	terminal t
	wait_for 60 shot_has t up
	kuke stop cell t
	inst mount -t tmpfs -o "size=128k,nr_inodes=16,mode=$(stat -c %a "$tty"),uid=$(stat -c %u "$tty"),gid=$(stat -c %g "$tty")" none "$tty"
	kuke start cell t
	wait_for 60 shot_has t up
	assert [ "$(inst stat -f -c %T "$tty")" = tmpfs ]
	inside t 'cat /dev/zero >fill; true' 2>/dev/null
	much
	wait_for 60 shot_has t 'row 2999'
	run talk t 'a=kuke attach t' 'a.send one\r' 'a.expect <one>' 'a.send \x1d\x1d' a.exit
	assert_output 0
	kuke log t >/dev/null
	run kuke log t
	refute_output --partial '<one>' # there was no room
	inside t 'rm fill'
	run talk t 'a=kuke attach t' 'a.send \rtwo\r' 'a.expect <two>' 'a.send \x1d\x1d' a.exit
	kuke log t | grep -q '<two>'
	# a limit on files: no signal for it ends the container's first process
	inst prlimit --pid "$(inst pgrep -x kuketty)" --fsize=1000
	much
	wait_for 60 shot_has t 'row 2999'
	run talk t 'a=kuke attach t' 'a.send \rthree\r' 'a.expect <three>' 'a.send \x1d\x1d' a.exit
	assert_output 0
	kuke log t >/dev/null
	run talk t 'a=kuke attach t' 'a.send \rend 5\r' a.exit
	assert_output 0
	wait_for 60 exited t 'Failed 5 '
	# not even for the socket
	inst bash -c "cd $tty && : >full && for i in {1..20}; do : >\$i; done" 2>/dev/null || true
	kuke start cell t
	wait_for 60 exited t 'Failed 70 '
	run logs t
	assert_output --regexp '^kuketty: .*[Nn]o space left on device$'
	says 'container "main" in cell "t" is not running' attach t
	inst umount "$tty"
	kuke start cell t
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send end 0\r' a.exit
	assert_output 0
	kuke delete cell t
}

# ---- floods ----

# In KiB, of kuketty in the only cell.
pss()
{
	inst awk '/^Pss:/ { print $2 }' "/proc/$(inst pgrep -x kuketty)/smaps_rollup"
}

small()
{
	run pss
	assert_success
	assert [ "$output" -le 2048 ]
}

@test "floods of sequences and sizes that no terminal has: memory as before" {
	local what i=0

	run_cell t 'stty -echo; m() { yes "$1" | tr -d "\n" | head -c "${2:-1048576}"; }
		echo up; while read i w; do eval "$w"; printf "\033\\\\\030\r\n<done $i>\r\n"; done' 'attachable: true'
	wait_for 60 shot_has t up
	small
	while read -r what; do
		i=$((i + 1))
		run talk t 'a=kuke attach t' 'a.expect To detach' "a.send \\r$i ${what//\\/\\\\}\\r" "a.pass <done $i>" \
			'a.send \x1d\x1d' a.exit a.modes
		assert_success
		assert_output $'0\ncooked'
		wait_for 60 shot_has t "<done $i>"
		small
	done <<-'END'
		printf "\033]0;"; m title
		printf "\033]8;;"; m link; printf "\033\\text"
		printf "\033]52;c;"; m QUFB; printf "\007"
		m "$(printf "\033]0;x")" 4194304
		printf "\033P+q"; m 61
		printf "\033P0;1|"; m 61; printf "\033P"; m "$(printf "\033P")"
		printf "\033_G"; m apc; printf "\033^"; m pm; printf "\033X"; m sos
		printf "\033["; m "1;" 4194304; printf H
		printf "\033["; m ":" 4194304; printf m
		printf "\033["; m "9" 4194304; printf H
		printf "\033["; m "38:2:1:2:3;48;5;7;" 4194304; printf m
		printf "\033["; m "!" ; printf p
		m "$(printf "x\033[99999b")" 20000
		m "$(printf "\033[99999L\033[99999@\033[99999P\033[99999M\033[99999S\033[99999T")" 100000
		m "$(printf "\033[?1049h\033[?1049l\0337\0338\033c")" 100000
		m "$(printf "\033H\t\033[99999I\033[99999Z")" 100000
		m "$(printf "e\314\201\314\202\314\203\314\204\314\205\314\206\314\207")" 1048576
		m "$(printf "\360\237\221\250\342\200\215")" 1048576
		m "$(printf "\377\376\300\200\355\240\200")" 1048576
		head -c 4194304 /dev/urandom | tr -d "\005"
	END
	kuke delete cell t
}

@test "clients that ask for sizes that no terminal has" {
	run_cell t 'stty -echo; m() { yes "$1" | tr -d "\n" | head -c "${2:-1048576}"; }
		echo up; while read i w; do eval "$w"; printf "\030\r\n<done $i> $(stty size)\r\n"; done' 'attachable: true'
	wait_for 60 shot_has t up
	small
	run talk t 'call Resize {"Cols":0,"Rows":0}' 'call Resize {"Cols":0,"Rows":50}' \
		'call Resize {"Cols":-1,"Rows":-1}' 'call Resize {"Cols":1e9,"Rows":1e9}' \
		'a=attach {"ClientID":"a","Cols":0,"Rows":0}' 'a.send 1\n' 'a.expect <done 1> ' \
		'call Detach "a"'
	assert_success
	run talk t 'call Resize {"Cols":10000,"Rows":10000}' \
		'a=attach {"ClientID":"a","Cols":10000,"Rows":10000}' \
		'a.send 2 m x 2000000\n' 'a.pass <done 2> ' 'a.send 3 m "$(printf "\\033[31mr\\033[1;44mb")" 4000000\n' 'a.pass <done 3> '
	assert_success
	kuke screenshot t >"$HERE/shot"
	grep -q '<done 3> ' "$HERE/shot"
	kuke screenshot t -o json >"$HERE/shot"
	assert_equal "$(jq -c '[.cols, .rows]' "$HERE/shot")" '[1024,256]'
	rm "$HERE/shot"
	# an ordinary client comes, and what the large ones took is given back
	run talk t 'a=kuke attach t' 'a.expect To detach' 'a.send 4\r' 'a.expect <done 4> 30 100' \
		'a.send \x1d\x1d' a.exit
	assert_success
	small
	kuke delete cell t
}

# ---- people ----

# How a spawn begins for someone with this uid, a member of kukeon's group or of none.
member="spawn setpriv --reuid=4242 --regid=4242 --groups=$GROUP env HOME=/nonexistent"
outsider="setpriv --reuid=4243 --regid=4243 --clear-groups env HOME=/nonexistent"

@test "a member of the group attaches without root; nobody else does" {
	local socket=$dir/t/main/tty/socket verb

	terminal t
	wait_for 60 shot_has t up
	# as if they were made before there was a group
	inst chgrp root "$INSTANCE_RUN_PATH/data" "$dir" "$dir/t" "$dir/t/main"
	run talk t "a=$member $HERE/people/kuke attach t" 'a.expect up' 'a.send one\r' 'a.expect <one> 30 100' \
		'a.resize 90 20' 'a.send two\r' 'a.expect <two> 20 90' 'a.send \x1d\x1d' a.exit a.modes \
		"b=$member $HERE/people/kuke screenshot t" 'b.expect <two> 20 90' b.exit \
		"c=$member $HERE/people/kuke attach --read-only t" 'c.expect <two>' 'c.send \x1d\x1d' c.exit
	assert_success
	assert_output $'0\ncooked\n0\n0'
	for verb in "attach t" "screenshot t" "log t" "get cell t" "exec t -- true"; do
		# shellcheck disable=SC2086 # words
		run inst $outsider timeout 60 "$HERE/people/kuke" $verb
		assert_failure 1
		assert_line --index 0 --regexp '^Error: .*[Pp]ermission denied'
		assert [ "${#lines[@]}" -le 2 ]
	done
	# nor by the socket itself, not even where its directories let him through
	# shellcheck disable=SC2086 # words
	run inst $outsider socat -u OPEN:/dev/null "UNIX-CONNECT:$socket"
	assert_failure
	assert_output --partial 'Permission denied'
	run inst stat -c %a "$socket"
	assert_output --regexp '0$'
	kuke delete cell t
}

@test "a client that stands still does not hold up a program with much to say" {
	local mb=${KUKEON_FLOOD_MB:-100}

	mkdir -p "$HERE/vol"
	run_cell t "stty -echo; read x; yes \$(printf %063d 7) | head -c ${mb}000000; echo; : >/vol/ended; echo the end of it; read x" \
		$'attachable: true\nvolumes: [{source: '"$HERE"$'/vol, target: /vol}]'
	run talk t 'a=kuke attach t' 'b=kuke attach t' 'a.expect To detach' 'b.expect To detach' 'b.signal STOP' \
		b.stopped 'a.send \r' "wait $HERE/vol/ended" 'a.pass the end of it' \
		'b.signal CONT' 'b.expect the end of it' "b.dump $HERE/b" b.modes \
		'a.send \x1d\x1d' a.exit 'b.send \x1d\x1d' b.exit b.modes
	assert_success
	assert_output $'raw\n0\n0\ncooked'
	assert_equal "$("$top_builddir/termtext" 100 30 <"$HERE/b")" "$(kuke screenshot t)"
	run "$top_builddir/termtext" 100 30 <"$HERE/b"
	assert_line --index 0 "$(printf %063d 7)"
	kuke delete cell t
	rm -r "$HERE/vol" "$HERE/b"
}

# ---- terminals that go away ----

@test "a window that is closed, a client that is killed: the program goes on" {
	terminal t
	run talk t 'a=kuke attach t' 'a.expect up' 'a.send one\r' 'a.expect <one>' a.hangup a.exit-unread \
		'b=kuke attach t' 'b.expect <one>' 'b.send two\r' 'b.expect <two>' 'b.signal KILL' b.exit \
		'c=kuke attach t' 'c.expect <two>' 'c.send three\r' 'c.expect <three>' 'c.signal TERM' c.exit c.modes \
		'd=kuke attach t' 'd.expect <three>' 'd.send end 6\r' d.exit d.modes
	assert_success
	assert_line --index 0 --regexp '^(0|SIGHUP)$' # the signal and the end of input come together
	assert_line --index 1 SIGKILL
	assert_line --index 2 SIGTERM
	assert_line --index 3 cooked
	assert_line --index 4 0
	assert_line --index 5 cooked
	wait_for 60 exited t 'Failed 6 '
	kuke delete cell t
}

# In an interactive bash, whose terminal has odd modes: these have to be there afterwards. What
# bash itself shows ends with "N>", a number that counts.
bash='a=spawn env PS1=\\#> bash --norc --noprofile -i'

@test "bash: the modes of the terminal after every way out; stopped and continued" {
	local how

	terminal t
	wait_for 60 shot_has t up
	cat >"$HERE/signal" <<-'END'
		#!/bin/bash
		# signal NAME: to the kuke that attaches, of the processes of this instance
		for process in /proc/[0-9]*; do
			[ "$(tr '\0' ' ' 2>/dev/null <"$process/cmdline")" != 'kuke attach t ' ] ||
				kill "-$1" "${process#/proc/}"
		done
	END
	chmod 755 "$HERE/signal"
	run talk t "$bash" 'a.expect 1>' "a.send stty -echoctl intr ^X; stty -g >$HERE/modes.0\\r" 'a.expect 2>' \
		"a.send PATH=$INSTANCE_BINDIR:\$PATH\\r" 'a.pass 3>' \
		'a.send kuke attach t\r' 'a.pass press ^]' 'a.send one\r' 'a.pass <one>' \
		"x=spawn $HERE/signal TERM" x.exit 'a.pass 4>' "a.send stty -g >$HERE/modes.TERM\\r" 'a.pass 5>' \
		'a.send kuke attach t\r' 'a.pass press ^]' 'a.send two\r' 'a.pass <two>' \
		"y=spawn $HERE/signal KILL" y.exit 'a.pass 6>' "a.send stty -g >$HERE/modes.KILL\\r" 'a.pass 7>' \
		'a.send kuke attach t\r' 'a.pass press ^]' 'a.send three\r' 'a.pass <three>' \
		'a.send \x1d\x1d' 'a.pass 8>' "a.send stty -g >$HERE/modes.detached\\r" 'a.pass 9>' \
		'a.send kuke attach t\r' 'a.pass press ^]' 'a.send \rfour\r' 'a.pass <four>' \
		"z=spawn $HERE/signal TSTP" z.exit 'a.pass Stopped' 'a.pass 10>' \
		"a.send stty -g >$HERE/modes.stopped\\r" 'a.pass 11>' 'a.resize 90 20' \
		'a.send fg\r' 'a.pass kuke attach t' 'a.pass <four>' 'a.send five\r' 'a.pass <five> 20 90' \
		'a.send end 7\r' 'a.pass 12>' "a.send stty -g >$HERE/modes.ended\\r" 'a.pass 13>' \
		'a.send exit 3\r' a.exit
	assert_success
	assert_output $'0\n0\n0\n3'
	for how in TERM KILL detached stopped ended; do
		assert_equal "$how $(cat "$HERE/modes.$how")" "$how $(cat "$HERE/modes.0")"
	done
	rm "$HERE"/modes.* "$HERE/signal"
	wait_for 60 exited t 'Failed 7 '
	kuke delete cell t
}

@test "^Z and fg in a shell of the container: its own jobs, and nobody's client" {
	run_cell t 'PS1="\$> " exec sh -i' 'attachable: true'
	run talk t "$bash" 'a.expect 1>' "a.send PATH=$INSTANCE_BINDIR:\$PATH\\r" 'a.pass 2>' \
		'a.send kuke attach t\r' 'a.pass press ^]' 'a.send \r' 'a.pass > ' \
		'a.send sh -c "echo go\\ing; read x; echo =\\$x="\r' 'a.pass going' 'a.send \x1a' 'a.pass Stopped' \
		'a.send fg\r' 'a.pass sh -c' 'a.send hello\r' 'a.pass =hello=' \
		'a.send sh -c "echo nap\\ping; exec sleep 1000"\r' 'a.pass napping' 'a.send \x03' 'a.pass > ' \
		'a.send echo s\\till\r' 'a.pass still' 'a.send \x1d\x1d' 'a.pass 3>' 'a.send exit 5\r' a.exit
	assert_success
	assert_output 5
	is_cell_state t Ready
	kuke delete cell t
}
