#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What kuke log shows of what there is: parts of it, times, streams, several containers,
# on a terminal, of damaged logs; and the same where the daemon reads.

load ../helpers/suite

GROUP=4321

setup_file()
{
	suite_start --restarts "socketGID: $GROUP"
	# A program and a way to it for who is not root.
	mkdir "$HERE/member"
	cp "$INSTANCE_BINDIR/kuke" "$HERE/member"
	chmod 711 "$INSTANCE"
	chmod -R a+rX "$HERE"
}

# kuke as a member of the socket's group that may not open logs.
member()
{
	inst setpriv --reuid=4242 --regid=$GROUP --clear-groups env HOME=/nonexistent "$HERE/member/kuke" "$@"
}

# Neither root's kuke nor the daemon's reading differs: run_both ARG… sets $output.
run_both()
{
	local mine

	run quiet kuke log "$@"
	assert_success
	mine=$output
	chmod 700 "$(cell_dir "$1")"
	run quiet member log "$@"
	chmod 750 "$(cell_dir "$1")"
	assert_success
	assert_output "$mine"
}

# A cell whose container says this, and has ended: said NAME SCRIPT [YAML].
said()
{
	run_cell "$@"
	wait_for 200 is_cell_state "$1" Stopped
}

times() { sed -n 's/^\([0-9T:.-]*Z\) .*/\1/p'; }

@test "tail, since, until, timestamps and streams" {
	local at

	said a 'echo one; usleep 20000; echo two >&2; usleep 1100000; echo three; usleep 20000; echo four >&2; usleep 20000; printf five'
	run_both a
	assert_output $'one\ntwo\nthree\nfour\nfive'
	run_both a --tail 2
	assert_output $'four\nfive'
	run_both a -n 0
	assert_output ''
	run_both a --tail 99
	assert_equal "${#lines[@]}" 5
	run_both a --tail all --stream stdout
	assert_output $'one\nthree\nfive'
	run_both a --stream stderr
	assert_output $'two\nfour'
	run_both a --stream stderr --tail 1
	assert_output four
	run_both a -t
	assert_equal "$(times <<<"$output" | wc -l)" 5
	times <<<"$output" | sort -c
	assert_equal "$(cut -d' ' -f2 <<<"$output")" $'one\ntwo\nthree\nfour\nfive'
	at=$(sed -n 's/ three$//p' <<<"$output")
	run_both a --since "$at"
	assert_output $'three\nfour\nfive'
	run_both a --until "$at"
	assert_output $'one\ntwo\nthree'
	run_both a --since "$at" --until "$at"
	assert_output three
	run_both a --since "$at" --tail 1
	assert_output five
	run_both a --until "$at" --tail 2
	assert_output $'two\nthree'
	run_both a --since 24h
	assert_equal "${#lines[@]}" 5
	run_both a --until 24h
	assert_output ''
	run_both a --since 2100-01-01T00:00:00Z
	assert_output ''
	kuke delete cell a
}

@test "what makes no sense is refused with the remedy" {
	refused()
	{
		run kuke log a "${@:2}"
		assert_failure 1
		assert_like "${lines[0]}" "Error: $1" ...
	}
	refused 'invalid --tail "x": give a number of lines, or all' --tail x
	refused 'invalid --tail "-5": give a number' --tail -5
	refused 'invalid --since "soon": give how long ago, such as 10m, or a time' --since soon
	refused 'invalid --until "": give' --until ''
	refused '--since is after --until' --since 1m --until 2m
	refused 'invalid --stream "both" (supported: stdout, stderr)' --stream both
	refused '--raw and --plain exclude each other' --raw --plain
	refused 'container "x" is named twice' x -c x
	refused 'name containers or give --all-containers, not both' x --all-containers
}

@test "why there is nothing: no cell, no container, never started, not written, damaged" {
	local log

	run kuke log nosuch
	assert_failure 1
	assert_output 'Error: cell "nosuch" not found in realm "default", space "default", stack "default"'
	run kuke log nosuch -c main
	assert_failure 1
	assert_output 'Error: cell "nosuch" not found in realm "default", space "default", stack "default"'
	{ cell_doc a "$IDLE"; container side true; } | quiet kuke run -d -f - >/dev/null
	run kuke log a
	assert_failure 1
	assert_output 'Error: multiple attachable containers in cell; specify --container (cell "a"): candidates: main, side
Hint: for all of them pass --all-containers'
	run kuke log a main nosuch
	assert_failure 1
	assert_output --partial 'container "nosuch" not found in cell "a"'
	assert_output --partial 'Hint: containers of cell "a": main, side'
	# on a terminal, silence is explained
	run script -qec "$(declare -f inst kuke | tr -d '\r'); kuke log a side" /dev/null </dev/null
	assert_output --partial 'container "side" has written nothing'
	run kuke log a side
	assert_success
	assert_output ''
	kuke stop cell a
	log=$(cell_dir a)/side/log
	rm "$log" "$log.idx"
	run kuke log a side
	assert_failure 1
	assert_output "Error: cell \"a\" container \"side\" has no log file at $log (the runtime shim has not opened it yet — try again after the container produces output)"
	mkdir "$log"
	run kuke log a side
	assert_failure 1
	assert_output "Error: log '$log' is not a regular file"
	rmdir "$log"
	ln -s /etc/passwd "$log"
	run kuke log a side
	assert_failure 1
	assert_output "Error: log '$log' is a symbolic link"
	chmod 700 "$(cell_dir a)"
	run member log a side
	chmod 750 "$(cell_dir a)"
	assert_failure 1
	assert_output "Error: log '$log' is a symbolic link"
	kuke delete cell a
	# Never started: what is created needs an image, and this one cannot be pulled.
	cell_doc b true | sed 's|image: .*|image: 127.0.0.1:1/none:1|' >"$HERE/doc"
	run quiet kuke run -d -f "$HERE/doc"
	assert_failure
	run kuke log b
	assert_failure 1
	assert_output --partial 'Error: cell "b" container "main" has no log file at '
	assert_output --partial 'Hint: it was never started; kuke start cell b'
	kuke delete cell b
}

@test "a damaged index costs times, not lines" {
	local log way

	said a 'for i in 1 2 3 4 5; do echo $i; usleep 5000; done'
	log=$(cell_dir a)/main/log
	cp "$log.idx" "$HERE/idx"
	for way in empty gone zeros noise directory; do
		rm -rf "$log.idx"
		case $way in
		empty) : >"$log.idx" ;;
		zeros) head -c 80 /dev/zero >"$log.idx" ;;
		noise) head -c 4096 /dev/urandom >"$log.idx" ;;
		directory) mkdir "$log.idx" ;;
		esac
		chmod -f a+rX "$log.idx" || true
		run_both a -t
		assert_equal "$(awk '{ print $NF }' <<<"$output")" $'1\n2\n3\n4\n5'
		[ "$way" = noise ] || assert_equal "$(cut -d' ' -f1 <<<"$output" | sort -u)" -
		run_both a --since 1h
		[ "$way" = noise ] || assert_equal "${#lines[@]}" 5
	done
	rm -rf "$log.idx"
	# the end is torn
	head -c 72 "$HERE/idx" >"$log.idx"
	chmod a+r "$log.idx"
	run_both a -t
	assert_equal "$(times <<<"$output" | wc -l)" 5
	kuke delete cell a
}

@test "several containers: each line once, in the order of times, with names" {
	local script='i=0; while [ $i -lt 200 ]; do echo NAME $i; i=$((i+1)); usleep 500; done'

	{ cell_doc a "${script//NAME/main}"; container two "${script//NAME/two}"; container t3 "${script//NAME/t3}"; } |
		quiet kuke run -d -f - >/dev/null
	wait_for 400 is_cell_state a Stopped
	run_both a --all-containers -t
	assert_equal "${#lines[@]}" 600
	cut -d'|' -f2 <<<"$output" | cut -c2- | times >"$HERE/times"
	assert_equal "$(wc -l <"$HERE/times")" 600
	sort -c "$HERE/times"
	for id in main two t3; do
		assert_equal "$(grep -c "^$id *| [^ ]* $id " <<<"$output")" 200
		sed -n "s/^$id *| .* //p" <<<"$output" | cmp - <(seq 0 199)
	done
	# mixed, and not one after the other
	assert [ "$(cut -d'|' -f1 <<<"$output" | uniq | wc -l)" -gt 10 ]
	run_both a two -c t3 --tail 1
	assert_equal "$(sort <<<"$output")" $'t3  | t3 199\ntwo | two 199'
	run_both a main two --prefix=false --tail 1
	assert_equal "$(sort <<<"$output")" $'main 199\ntwo 199'
	run_both a main --prefix --tail 1
	assert_output 'main | main 199'
	kuke delete cell a
}

# on_terminal ARG…: what a terminal gets, with ESC as ^[.
on_terminal()
{
	printf '#!/bin/bash\n%s\n%s\nkuke log "$@"\n' "$(declare -f inst)" "$(declare -f kuke)" >"$HERE/log.sh"
	script -qec "bash $HERE/log.sh $*" /dev/null </dev/null | sed 's/\x1b/^[/g; s/\r$//'
}

@test "a terminal gets no control characters, unless it is asked for; a pipe gets bytes" {
	local ugly='\033[31mred\033[0m \033]0;title\007 \033[2J\302\2331mx back\010 bell\007 tab\tend'

	said a "printf '$ugly\n'"
	assert_equal "$(kuke log a | od -An -c)" "$(printf '%b\n' "$ugly" | od -An -c)"
	assert_equal "$(on_terminal a)" '\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\u009b1mx back\x08 bell\x07 tab'$'\tend'
	assert_equal "$(on_terminal a --raw | head -c 9)" '^[[31mred'
	assert_equal "$(on_terminal a --plain)" $'red  x back bell tab\tend'
	assert_equal "$(kuke log a --plain)" $'red  x back bell tab\tend'
	assert_equal "$(kuke log a --prefix --plain)" $'main | red  x back bell tab\tend'
	# names in colours there alone, and not where that is not wanted
	assert_like "$(TERM=xterm on_terminal a --prefix --plain)" '^[[' ... 'mmain |^[[0m red' ...
	assert_equal "$(TERM=xterm NO_COLOR=1 on_terminal a --prefix --plain)" $'main | red  x back bell tab\tend'
	assert_equal "$(TERM=dumb on_terminal a --prefix --plain)" $'main | red  x back bell tab\tend'
	kuke delete cell a
}

@test "huge lines, NUL bytes, no line feed at the end" {
	said a 'echo first; head -c 5000000 /dev/zero; echo; echo; head -c 300000 /dev/zero | tr "\0" x; printf "\nend"'
	{ echo first; head -c 5000000 /dev/zero; echo; echo; head -c 300000 /dev/zero | tr '\0' x; printf '\nend'; } >"$HERE/want"
	kuke log a | cmp - "$HERE/want"
	chmod 700 "$(cell_dir a)"
	member log a | cmp - "$HERE/want"
	chmod 750 "$(cell_dir a)"
	assert_equal "$(kuke log a --tail 2 | wc -c)" 300004
	assert_equal "$(kuke log a --tail 4 | wc -c)" $((5000000 + 2 + 300004))
	assert_equal "$(kuke log a -t | sed 's/^[^ ]* //' | cmp - "$HERE/want" && echo same)" same
	kuke delete cell a
}

# What a command reads by read and pread, in bytes.
bytes_read()
{
	inst strace -f -e trace=read,pread64 -o "$HERE/trace" "$INSTANCE_BINDIR/kuke" "$@" >/dev/null
	awk '$NF > 0 { n += $NF } END { print n + 0 }' "$HERE/trace"
}

@test "the end of a large log is read from its end" {
	local log few

	said a 'echo one'
	log=$(cell_dir a)/main/log
	few=$(bytes_read log a)
	yes "a line of some length, as they are in logs" | head -n 4651163 >"$log" # 200 MB
	assert_equal "$(kuke log a --tail 10 | wc -l)" 10
	assert [ "$(bytes_read log a --tail 10)" -lt $((few + 200000)) ]
	assert [ "$(bytes_read log a --tail 10 -t)" -lt $((few + 200000)) ]
	assert_equal "$(kuke log a --tail 100000 | wc -l)" 100000
	kuke delete cell a
}

@test "kill -9 of a monitor: what was written is shown, and what comes goes on behind it" {
	local monitor n

	run_cell a 'i=0; while [ ! -e /stop ]; do echo "$i"; i=$((i+1)); usleep 1000; done; exec sleep 1000'
	wait_for 200 log_has a 50
	monitor=$(monitor_of a)
	inst kill -KILL "$monitor"
	n=$(kuke log a | tail -n 1)
	kuke log a | cmp - <(seq 0 "$n")
	wait_for 300 eval '[ "$(monitor_of a)" != "" ] && [ "$(monitor_of a)" != "$monitor" ]'
	wait_for 300 log_has a "$((n + 50))"
	inst touch "/proc/$(process_in a)/root/stop"
	kuke stop cell a
	kuke log a | cmp - <(seq 0 "$(kuke log a --tail 1)")
	run_both a -t
	assert_equal "$(times <<<"$output" | wc -l)" "${#lines[@]}"
	times <<<"$output" | sort -c
	kuke delete cell a
}
