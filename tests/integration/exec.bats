#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuke exec: a program in a running container has what the container's own has, its streams
# and how it ends are its caller's, and it leaves nothing behind, neither when it ends nor when
# its client, its monitor, the daemon or the cell ends before it. Containers that are not
# trusted are at its end.
# shellcheck disable=SC2016,SC2094 # scripts for the container; files that are only read

load ../helpers/suite

setup_file()
{
	suite_start --restarts 'seccompDefault: true'
	mkdir -p "$HERE/bin"
	cp "$INSTANCE_BINDIR/execprobe" "$HERE/bin/execprobe"
	chmod 755 "$HERE/bin/execprobe"
}

setup()
{
	suite_snapshot -x "$INSTANCE/run/seccomp"
}

KUKE()
{
	quiet kuke "$@"
}

# up NAME [YAML] [SCRIPT]: a cell whose container runs.
up()
{
	run_cell "$1" "${3:-$IDLE}" "${2:-}"
	wait_for 100 log_has "$1" '^up$'
}

down()
{
	local name

	for name in "$@"; do
		KUKE kill cell "$name" >/dev/null
		KUKE delete cell "$name" >/dev/null
	done
}

# tried ARG…: as run of bats, which warns of status 127.
tried()
{
	status=0
	output=$(quiet kuke exec "$@" 2>&1) || status=$?
}

# exec_fails STATUS TEXT ARG…: with that one line, which begins with "Error: ".
exec_fails()
{
	local status_wanted=$1 text=$2

	shift 2
	tried "$@" </dev/null
	assert_failure "$status_wanted"
	assert_equal "${output%%$'\n'*}" "Error: $text"
}

# marked MARK: the pid, on the host, of the one process with that argument.
marked()
{
	inst pgrep -fx "sleep $1"
}

is_marked()
{
	marked "$1" >/dev/null
}

is_gone()
{
	assert_equal "$(marked "$1")" ''
}

no_monitor()
{
	assert_equal "$(inst pgrep -x kukeexec)" ''
}

@test "the exit status is the program's" {
	local n sig

	up a
	run quiet kuke exec a -- sh -c 'echo out; echo err >&2; exit 0'
	assert_success
	for n in 1 2 42 125 126 127 128 255; do
		tried a sh -c "exit $n"
		assert_failure "$n"
		assert_output ''
	done
	for sig in 1 2 9 15 6; do
		run quiet kuke exec a sh -c 'kill -'$sig' $$'
		assert_failure $((128 + sig))
		assert_output ''
	done
	exec_fails 127 "cannot execute 'nosuch' in the container: it is in no directory of its PATH" a nosuch
	exec_fails 127 "cannot execute '/bin/nosuch' in the container: no such file or directory" a /bin/nosuch
	exec_fails 127 "cannot execute '/bin/sh/x' in the container: not a directory" a /bin/sh/x
	exec_fails 126 "cannot execute '/etc' in the container: permission denied" a /etc
	KUKE exec a sh -c 'echo no program >/tmp/text; chmod 755 /tmp/text; printf "#!/no/such\n" >/tmp/script; chmod 755 /tmp/script'
	exec_fails 126 "cannot execute '/tmp/text' in the container: exec format error" a /tmp/text
	exec_fails 127 "cannot execute '/tmp/script' in the container: no such file or directory" a /tmp/script
	down a
	wait_for 60 no_monitor
}

first_line()
{
	set -o pipefail
	quiet kuke "$@" | head -n 1
}

@test "streams: binary and large input to its end, output to where it belongs" {
	up a
	head -c 1048576 /dev/urandom >"$HERE/bytes"
	# A pipe is handed over, a file is read by kuke.
	quiet kuke exec -i a cat <"$HERE/bytes" | cmp - "$HERE/bytes"
	dd if="$HERE/bytes" bs=64k status=none | quiet kuke exec -i a cat | cmp - "$HERE/bytes"
	quiet kuke exec -i a cat <"$HERE/bytes" >"$HERE/copy"
	cmp "$HERE/copy" "$HERE/bytes"
	quiet kuke exec a sh -c 'echo out; echo err >&2' >"$HERE/out" 2>"$HERE/err"
	assert_equal "$(cat "$HERE/out")" out
	assert_equal "$(cat "$HERE/err")" err
	# Without -i there is no input.
	assert_equal "$(echo unread | quiet kuke exec a cat)" ''
	# Input that is not read does not keep its sender; what is left in a pipe is for others.
	quiet kuke exec -i a true <"$HERE/bytes"
	assert_equal "$(printf '1\n2\n' | { quiet kuke exec -i a sh -c 'read -r x; echo "$x"'; cat; })" $'1\n2'
	# It ends with the program, not with what that left in the background.
	assert_equal "$(quiet kuke exec a sh -c 'sleep 4711 & echo begun')" begun
	wait_for 60 is_marked 4711
	# A reader that goes ends it as SIGPIPE would.
	run first_line exec a yes
	assert_failure 141
	assert_output y
	down a
	is_gone 4711
	wait_for 60 no_monitor
}

@test "no program of the container's gets a file, a directory or a terminal of the caller" {
	up a
	run quiet kuke exec -i a sh -c 'for f in 0 1 2; do readlink /proc/self/fd/$f; done; ls /proc/self/fd | wc -l' \
		<"$HERE/bin/execprobe" 2>"$HERE/err"
	assert_success
	# ls has its own directory open as the fourth.
	assert_like "$output" 'pipe:[' ... $'\npipe:[' ... $'\npipe:[' ... $'\n4'
	# Nor when another client passes them; kuke passes pipes only.
	run inst "$HERE/bin/execprobe" pass "$INSTANCE_SOCKET" a "$HERE" stdin
	assert_output 'the descriptor passed as stdin is neither a pipe nor a socket'
	run inst "$HERE/bin/execprobe" pass "$INSTANCE_SOCKET" a "$HERE/bin/execprobe" stdout
	assert_output 'the descriptor passed as stdout is neither a pipe nor a socket'
	run inst "$HERE/bin/execprobe" pass "$INSTANCE_SOCKET" a /dev/null nowhere
	assert_output 'invalid stream "nowhere" in Passed'
	run inst "$HERE/bin/execprobe" pass "$INSTANCE_SOCKET" a /dev/null
	assert_output '1 descriptors were passed, 0 are named'
	down a
}

@test "user, environment and working directory" {
	up a 'env: [A=of the container, B=b]'
	assert_equal "$(quiet kuke exec a id)" 'uid=0(root) gid=0(root) groups=0(root)'
	assert_equal "$(quiet kuke exec -u nobody a sh -c 'id -u; id -g; echo "$HOME"')" "$(quiet kuke exec a sed -n 's,^nobody:[^:]*:\([0-9]*\):\([0-9]*\):[^:]*:\([^:]*\):.*,\1\n\2\n\3,p' /etc/passwd)"
	assert_equal "$(quiet kuke exec -u 1000 a sh -c 'id -u; id -g; echo "$HOME"')" $'1000\n0\n/'
	assert_equal "$(quiet kuke exec -u 1000:2000 a sh -c 'id -u; id -G')" $'1000\n2000'
	# What the container says of its users now is what counts.
	KUKE exec a sh -c 'echo "late:x:77:78::/late:/bin/sh" >>/etc/passwd; echo "more:x:99:late" >>/etc/group'
	assert_equal "$(quiet kuke exec -u late a sh -c 'id -u; id -G; echo "$HOME"')" $'77\n78 99\n/late'
	assert_equal "$(quiet kuke exec -u late:more a id -G)" 99
	exec_fails 1 "user 'ghost': no such user in the image's /etc/passwd" -u ghost a id
	assert_equal "$(A=client C=client quiet kuke exec a sh -c 'echo "$A $B $C"')" 'of the container b '
	assert_equal "$(quiet kuke exec -e A=x -e D= -e 'E=y z=1' a sh -c 'echo "$A $B ${D-unset} $E"')" 'x b  y z=1'
	export PASSED_ON=value
	assert_equal "$(quiet kuke exec -e PASSED_ON -e NOT_SET a sh -c 'echo "$PASSED_ON ${NOT_SET-unset}"')" 'value unset'
	exec_fails 1 'invalid value "=x" of --env: expected KEY=VALUE or KEY' -e =x a env
	assert_equal "$(quiet kuke exec a pwd)" /
	assert_equal "$(quiet kuke exec -w /etc a pwd)" /etc
	exec_fails 1 "working directory '/no/such' in the container: no such file or directory" -w /no/such a pwd
	exec_fails 1 "working directory '/bin/sh' in the container: not a directory" -w /bin/sh a pwd
	exec_fails 1 'working directory "etc" must be absolute' -w etc a pwd
	down a
}

# facts PID: what the kernel says of a process that is not its own business.
facts()
{
	local ns

	inst grep -E '^(Uid|Gid|Groups|Umask|Cap...|NoNewPrivs|Seccomp|Seccomp_filters|Speculation.*):' "/proc/$1/status"
	inst cat "/proc/$1/limits" "/proc/$1/cgroup" "/proc/$1/oom_score_adj"
	# What a shell sets for itself is not the runtime's.
	inst cat "/proc/$1/environ" | tr '\0' '\n' | grep -vE '^(PWD|SHLVL|OLDPWD|_)=' | sort
	for ns in mnt pid net ipc uts cgroup user; do
		inst readlink "/proc/$1/ns/$ns"
	done
	inst readlink "/proc/$1/root" "/proc/$1/cwd"
}

# same_as_first YAML: what is executed in a container like that equals its first process.
same_as_first()
{
	up a "$1" 'echo up; exec sleep 1000'
	KUKE exec -d a sleep 4712
	wait_for 60 is_marked 4712
	facts "$(process_in a)" >"$HERE/first"
	facts "$(marked 4712)" >"$HERE/second"
	run diff "$HERE/first" "$HERE/second"
	assert_output ''
	down a
	is_gone 4712
}

@test "all that the kernel knows of it is as of the container's first process" {
	same_as_first ''
	grep -qx 'Seccomp:.2' "$HERE/second"
	grep -qx 'NoNewPrivs:.1' "$HERE/second"
	same_as_first "securityOpts: ['no-new-privileges:false']"
	grep -qx 'Seccomp:.2' "$HERE/second"
	grep -qx 'NoNewPrivs:.0' "$HERE/second"
	same_as_first 'securityOpts: [seccomp=unconfined]'
	grep -qx 'Seccomp:.0' "$HERE/second"
	same_as_first 'privileged: true'
	same_as_first $'user: "1000:2000"\nworkingDir: /tmp\nenv: [X=1]'
	same_as_first $'user: "1000"\ncapabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}'
	grep -qx 'CapAmb:.0000000000000400' "$HERE/second"
	same_as_first 'capabilities: {drop: [ALL]}'
	grep -qx 'CapBnd:.0000000000000000' "$HERE/second"
	same_as_first 'hostPID: true'
	same_as_first $'resources: {memoryLimitBytes: 67108864, pidsLimit: 20}'
}

@test "without a kept filter it is compiled again" {
	up a '' 'echo up; exec sleep 1000'
	find "$INSTANCE/run/containers" -name seccomp.bpf -delete
	KUKE exec -d a sleep 4713
	wait_for 60 is_marked 4713
	assert_equal "$(inst grep -c 'Seccomp:.2' "/proc/$(marked 4713)/status")" 1
	assert_equal "$(find "$INSTANCE/run/containers" -name seccomp.bpf | wc -l)" 1
	down a
}

@test "it counts in the limits of the container" {
	up a 'resources: {memoryLimitBytes: 16777216, pidsLimit: 12}'
	run quiet kuke exec a sh -c 'x=$(head -c 40000000 /dev/zero | tr "\0" x); echo survived'
	refute_output --partial survived
	run quiet kuke exec a sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 4714 & done; echo all'
	refute_output --partial all
	run quiet kuke exec a true
	assert_failure 1
	assert_like "$output" 'Error: ' ... ': resource temporarily unavailable'
	down a
	is_gone 4714
}

# ---- signals, terminals ----

# client ARG…: kuke exec in the background; its output is in $HERE/out, its pid, outside,
# in $CLIENT and, inside, from client_pid.
client()
{
	quiet kuke exec "$@" >"$HERE/out" 2>&1 </dev/null &
	CLIENT=$!
}

client_pid()
{
	inst pgrep -fx "$INSTANCE_BINDIR/kuke exec .*"
}

# script(1) begins and ends with a line of its own, which has the command.
out_has()
{
	sed '/^Script [a-z]* on /d' "$HERE/out" | grep -q -- "$1"
}

# ended STATUS
client_ended()
{
	local r=0

	wait "$CLIENT" || r=$?
	assert_equal "$r" "$1"
}

@test "signals reach the program" {
	local sig n

	up a
	for sig in INT TERM HUP QUIT USR1 USR2; do
		client a sh -c "trap 'echo got $sig; exit 9' $sig; echo ready; while :; do sleep 0.1; done"
		wait_for 60 out_has ready
		inst kill -"$sig" "$(client_pid)"
		client_ended 9
		out_has "got $sig"
	done
	client a sleep 4715
	wait_for 60 is_marked 4715
	inst kill -TERM "$(client_pid)"
	client_ended 143
	down a
}

@test "a client that is killed: the program gets SIGHUP, and one that ignores it ends with the container" {
	up a
	client a sh -c 'trap "echo hup >/tmp/hup; exit" HUP; echo ready; while :; do sleep 0.1; done'
	wait_for 60 out_has ready
	inst kill -KILL "$(client_pid)"
	client_ended 137
	wait_for 60 KUKE exec a test -s /tmp/hup
	client a sh -c 'trap "" HUP; echo ready; exec sleep 4716'
	wait_for 60 is_marked 4716
	inst kill -KILL "$(client_pid)"
	client_ended 137
	stays 1 is_marked 4716
	KUKE stop cell a >/dev/null
	is_gone 4716
	wait_for 60 no_monitor
	KUKE delete cell a >/dev/null
}

# terminal ARG…: kuke exec on a terminal of 24 rows and 80 columns, which types what is
# written to descriptor 9; what it shows is in $HERE/out.
terminal()
{
	rm -f "$HERE/keys" "$HERE/out"
	mkfifo "$HERE/keys"
	quiet inst script -qefc "stty rows 24 cols 80; '$INSTANCE_BINDIR/kuke' exec $*" "$HERE/out" \
		<"$HERE/keys" >/dev/null 2>&1 &
	CLIENT=$!
	exec 9>"$HERE/keys"
}

@test "a terminal: its name, its size, a resize, keys, end of input, and ours as it was" {
	up a
	terminal -it a sh -c "'tty; stty size; trap \"stty size\" WINCH; echo ready; while :; do sleep 0.1; done'"
	wait_for 60 out_has ready
	out_has '^/dev/pts/0'
	out_has '^24 80'
	inst stty -F "/proc/$(client_pid)/fd/0" rows 33 cols 101
	wait_for 60 out_has '33 101'
	# The key, not a signal to kuke.
	printf '\003' >&9
	client_ended 130
	exec 9>&-
	# A shell, as a person has it.
	terminal -it -u 1000 a sh
	echo 'echo $((6*7)) "$TERM" $(id -u) >/dev/tty' >&9
	wait_for 60 out_has '42 xterm 1000'
	echo 'exit 5' >&9
	client_ended 5
	exec 9>&-
	# The end of input of a program that reads lines; then the terminal echoes again.
	# Before there is output, the terminal may not be the program's yet, and a key is another's.
	terminal -it a sh -c "'echo begun; exec cat'; echo \"left \$?\"; stty -a"
	wait_for 60 out_has begun
	echo line >&9
	wait_for 60 out_has line
	printf '\004' >&9
	wait_for 60 out_has 'left 0'
	wait_for 60 out_has ' echo '
	client_ended 0
	exec 9>&-
	# A program without -i has a terminal, but no keys.
	terminal -t a sh -c "'test -t 0 && test -t 1 && test -t 2 && echo all three'"
	wait_for 60 out_has 'all three'
	client_ended 0
	exec 9>&-
	exec_fails 1 '--tty needs a terminal as standard input; leave it out' -t a tty
	down a
	wait_for 60 no_monitor
}

@test "a terminal that hangs up ends what ran on it" {
	up a
	terminal -it a sleep 4717
	wait_for 60 is_marked 4717
	inst kill -KILL "$(client_pid)"
	exec 9>&-
	wait "$CLIENT" || true
	wait_for 60 is_gone 4717
	down a
}

# ---- what cannot be ----

@test "refusals name what is wrong" {
	up a
	{ cell_doc two "$IDLE"; container side "$IDLE"; } | quiet kuke run -d -f - >/dev/null
	wait_for 60 log_has two up side
	run_cell over 'exit 0'
	wait_for 60 is_cell_state over Stopped
	exec_fails 1 'cell "none" not found in realm "default", space "default", stack "default"' none true
	exec_fails 1 'container "x" not found in cell "two", which has: main, side' -c x two true
	exec_fails 1 'cell "two" has several containers: name one of: main, side' two true
	KUKE exec -c side two true
	exec_fails 1 'container "root" of cell "a" has no process to join; the cell has: main' -c root a true
	exec_fails 1 "container \"main\" of cell \"over\" is not running (Stopped); start it by 'kuke start cell over'" over true
	KUKE stop container side --cell two >/dev/null
	exec_fails 1 "container \"side\" of cell \"two\" is not running (Stopped); start it by 'kuke start cell two'" -c side two true
	exec_fails 1 'a command is required: kuke exec a -- COMMAND' a
	exec_fails 1 'a command is required: kuke exec a -- COMMAND' a --
	exec_fails 1 'a command is required: kuke exec a -- COMMAND' a ''
	exec_fails 1 'accepts 1 arg(s), received 0'
	exec_fails 1 '--detach leaves no input and no terminal: leave --interactive and --tty out' -di a true
	exec_fails 1 'cell "kukeond" is the daemon'"'s own: no program is executed in it" \
		kukeond --realm kuke-system --space kukeon --stack kukeon true
	# Words behind the program are its own, flags too.
	assert_equal "$(quiet kuke exec a echo -n --detach -- -c x)" '--detach -- -c x'
	down two
	down a
	KUKE delete cell over >/dev/null
}

# freezer: the file that freezes the container of cell a.
freezer()
{
	local group=$INSTANCE_CGROUP/default/default/default/a/default_default_a_main

	if [ -d /sys/fs/cgroup/freezer ]; then
		echo "/sys/fs/cgroup/freezer$group/freezer.state"
	else
		echo "/sys/fs/cgroup$group/cgroup.freeze"
	fi
}

freeze()
{
	case $(freezer) in
	*.state) echo "$1" >"$(freezer)" ;;
	*) echo "$2" >"$(freezer)" ;;
	esac
}

@test "a container that is paused is refused, and goes on" {
	up a
	freeze FROZEN 1
	wait_for 60 is_container_state a main Paused
	exec_fails 1 'container "main" of cell "a" is paused' a true
	freeze THAWED 0
	KUKE exec a true
	down a
}

# ---- many, detached, deaths ----

@test "detached: it returns at once, and the program ends with its container" {
	up a
	run quiet kuke exec -d a sh -c 'echo x; echo y >&2; sleep 4718'
	assert_success
	assert_output ''
	wait_for 60 is_marked 4718
	exec_fails 127 "cannot execute 'nosuch' in the container: it is in no directory of its PATH" -d a nosuch
	KUKE exec -d a sh -c 'kill -9 $$'
	KUKE stop cell a >/dev/null
	is_gone 4718
	wait_for 60 no_monitor
	KUKE delete cell a >/dev/null
}

@test "twenty at once, each with its own" {
	local i pids=()

	up a
	for i in $(seq 1 20); do
		{ seq "$i" 2000 | quiet kuke exec -i a sh -c "cat; exit $i" >"$HERE/out.$i" ||
			echo "$?" >"$HERE/status.$i"; } &
		pids+=($!)
	done
	wait "${pids[@]}" || true # their statuses are in files
	for i in $(seq 1 20); do
		assert_equal "$(cat "$HERE/status.$i")" "$i"
		seq "$i" 2000 | cmp - "$HERE/out.$i"
	done
	down a
	wait_for 60 no_monitor
}

@test "a cell that is stopped or deleted ends what was executed in it" {
	up a
	client a sleep 4719
	wait_for 60 is_marked 4719
	KUKE stop cell a >/dev/null
	client_ended 137
	is_gone 4719
	KUKE start cell a >/dev/null
	wait_for 60 KUKE exec a true
	client a sleep 4720
	wait_for 60 is_marked 4720
	KUKE delete cell a --timeout 1s >/dev/null
	client_ended 137
	is_gone 4720
	up h 'hostPID: true'
	client h sleep 4721
	wait_for 60 is_marked 4721
	KUKE stop cell h >/dev/null
	client_ended 137
	is_gone 4721
	KUKE delete cell h >/dev/null
	wait_for 60 no_monitor
}

@test "a daemon that is killed: the program goes on and its client hears how it ends" {
	up a
	client a sh -c 'trap "exit 23" USR1; echo ready; while :; do sleep 0.1; done'
	wait_for 60 out_has ready
	kill_daemon KILL
	KUKE daemon start >/dev/null
	inst kill -USR1 "$(client_pid)"
	client_ended 23
	down a
	wait_for 60 no_monitor
}

@test "a monitor that is killed takes its program along, and its client says so" {
	up a
	client a sleep 4722
	wait_for 60 is_marked 4722
	inst kill -KILL "$(inst pgrep -x kukeexec)"
	client_ended 1
	out_has 'Error: the monitor of the program has ended: how the program ended is not known'
	wait_for 60 is_gone 4722
	down a
}

@test "without the daemon it is the same" {
	up a
	run quiet kuke --no-daemon exec a sh -c 'echo here; exit 3'
	assert_failure 3
	assert_output here
	assert_equal "$(echo in | quiet kuke --no-daemon exec -i a cat)" in
	down a
}

@test "who may not use the socket may not execute either" {
	up a
	run inst setpriv --reuid 65534 --regid 65534 --clear-groups "$INSTANCE_BINDIR/kuke" exec a id
	assert_failure 1
	assert_output --partial 'permission denied'
	down a
}

# ---- containers that are not trusted ----

sums()
{
	sha256sum "$INSTANCE_BINDIR/kuke" "$INSTANCE_BINDIR/kukeond" "$INSTANCE_BINDIR/src/kukeexec/kukeexec" \
		"$INSTANCE_BINDIR/src/kukeshim/kukeshim" "$(command -v runc)"
}

@test "a container that lies in wait for the program's process reaches nothing of the host" {
	local before i yaml

	before=$(sums)
	head -c 100000 /dev/urandom >"$HERE/bytes"
	for yaml in '' 'capabilities: {add: [SYS_PTRACE]}' 'hostPID: true' 'privileged: true'; do
		run_cell a 'exec /bin/execprobe lurk' "${yaml}${yaml:+$'\n'}volumes: [{source: $HERE/bin/execprobe, target: /bin/execprobe, readOnly: true}]"
		wait_for 60 log_has a up
		for i in $(seq 1 10); do
			KUKE exec a true
			quiet kuke exec -i a cat <"$HERE/bytes" | cmp - "$HERE/bytes"
		done
		# Where it sees the host's processes it sees the monitor, as long as that lives.
		if [ "$yaml" = 'hostPID: true' ]; then
			client a sleep 4723
			wait_for 60 is_marked 4723
			wait_for 60 log_has a '^closed$'
			inst kill -TERM "$(client_pid)"
			client_ended 143
		fi
		echo "$yaml: $(logs a | sort | uniq -c)"
		# What it may not have had is on a line of its own.
		run grep -h '^BAD' "$(cell_dir a)/main/log"
		assert_output ''
		down a
		assert_equal "$(sums)" "$before"
	done
}

@test "a shell that is a script of the executing program does not change it" {
	local before

	before=$(sums)
	up a
	KUKE exec a sh -c 'printf "#!/proc/self/exe\n" >/tmp/sh; chmod 755 /tmp/sh'
	# What it runs is the copy in memory, as the container's own process.
	run quiet kuke exec a /tmp/sh
	refute_output --partial 'usage: '
	KUKE exec a sh -c 'mkdir /x; cp /bin/busybox /x/sh; printf "#!/proc/self/exe\n" >/x/init; chmod 755 /x/init'
	run quiet kuke exec a /x/init
	run quiet kuke exec a sh -c 'for f in /proc/[0-9]*/exe; do echo x >$f; done 2>/dev/null; true'
	assert_equal "$(sums)" "$before"
	assert_equal "$(quiet kuke exec a echo well)" well
	down a
}

@test "a working directory, a user or a terminal that leads out" {
	up a
	KUKE exec a sh -c 'ln -s /proc/self/fd/3 /tmp/a; ln -s /proc/1/cwd /tmp/b; ln -s /proc/self/cwd /tmp/c'
	for dir in /proc/self/fd/0 /proc/self/fd/3 /proc/self/fd/7 /tmp/a /proc/self/cwd /tmp/c; do
		run quiet kuke exec -w "$dir" a pwd
		assert_failure 1
		assert_like "$output" "Error: working directory '$dir' in the container: " ...
	done
	assert_equal "$(quiet kuke exec -w /tmp/b a pwd)" /
	KUKE exec a sh -c 'rm /etc/passwd; mkfifo /etc/passwd'
	exec_fails 1 "'/etc/passwd' of the image is not a regular file" -u nobody a id
	assert_equal "$(quiet kuke exec a sh -c 'echo "$HOME"')" /
	KUKE exec a sh -c 'rm /etc/passwd; ln -s /proc/1/root/etc/shadow /etc/passwd'
	run quiet kuke exec -u nobody a id
	assert_failure 1
	down a
	# With the processes of the host in sight, /proc/1/root is the host's root.
	up a 'hostPID: true'
	exec_fails 1 "working directory '/proc/1/root/etc' is not below the container's root" -w /proc/1/root/etc a pwd
	down a
	# No devpts where a terminal is made.
	up a "volumes: [{kind: tmpfs, target: /dev/pts}]"
	terminal -t a tty
	wait_for 60 out_has "make a terminal in the container's /dev/pts"
	client_ended 1
	exec 9>&-
	KUKE exec a true
	down a
}

# The same sources with the sanitizers in them, which end a monitor that errs.
@test "the monitor under sanitizers" {
	local bin=$INSTANCE/sanitized n

	mkdir -p "$bin"
	cp "$INSTANCE_BINDIR/kuke" "$INSTANCE_BINDIR/kukeond" "$bin/"
	ln -s "$top_builddir/src" "$bin/src"
	cp "$top_builddir/src/kukeexec/kukeexec-sanitized" "$bin/kukeexec"
	up a
	head -c 300000 /dev/urandom >"$HERE/bytes"
	sanitized() { quiet inst "$bin/kuke" --no-daemon exec "$@"; }
	for n in 0 4; do
		run sanitized a sh -c "echo out; exit $n"
		assert_equal "$status $output" "$n out"
	done
	sanitized -i a cat <"$HERE/bytes" | cmp - "$HERE/bytes"
	run sanitized a sh -c 'kill -9 $$'
	assert_failure 137
	run sanitized a /etc
	assert_failure 126
	run sanitized -w /no a true
	assert_failure 1
	assert_output --partial "working directory '/no'"
	down a
	wait_for 60 no_monitor
	rm -r "$bin"
}
