# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Cells for system tests, on top of instance.bash and assert.bash (which this file
# loads). A bats file has it by suite.bash.
#
#   cell_doc NAME SCRIPT [YAML]    manifest of a cell whose container "main" runs
#                                  SCRIPT in sh; YAML are further keys of that
#                                  container. $IN ("realm space stack") is where.
#   run_cell NAME SCRIPT [YAML]    kuke run -d of it
#   container YAML…                appended to a cell_doc: one more container
#   cell_state NAME, cell_value NAME JQ, container_value CELL CONTAINER JQ
#   in_cell NAME CMD…              CMD of the host in the cell's network namespace
#   cell_starts NAME, cell_pins NAME   the directories of its starts, what is pinned of it
#   fetch ADDRESS [NAME]           the page at port 8080 of it, from the cell or the host
#   logs NAME [CONTAINER]          the log file
#   rpc REQUEST…                   raw requests to the socket, replies to stdout
#   bridge_of NAME                 the bridge of a cell
#   pass_over NAME                 waits until the daemon has looked at the cell
#   traced_engine FILE STRACE-OPTION… -- ARG…   kuke ARG… whose own kukeond strace runs
#   kill_daemon [SIGNAL]           the listener, and wait until it is gone
#   held CMD…                      CMD while the daemon stands still and none of its
#                                  children, a request's or a pass's, is at work
#   restart_daemon                 stop, then start
#   machine_restarts               all that is of this boot is gone, and the next one has
#                                  another name; the daemon does not run yet
#   delete_images                  all of the realm "default"
#   $IDLE, $STUBBORN               scripts that say "up" and stay: until they are asked
#                                  to end, until they are killed
#   $SERVE                         one that serves the name of its host at port 8080

# shellcheck source=tests/helpers/instance.bash
. "${BASH_SOURCE[0]%/*}/instance.bash"
# shellcheck source=tests/helpers/assert.bash
. "${BASH_SOURCE[0]%/*}/assert.bash"

IMAGE=docker.io/library/busybox:latest
# shellcheck disable=SC2034 # for tests
IDLE='trap "exit 0" TERM; echo up; sleep 1000 & wait'
# shellcheck disable=SC2034
STUBBORN='trap "" TERM; echo up; while :; do sleep 0.1; done'
# shellcheck disable=SC2034
SERVE='trap "exit 0" TERM; mkdir -p /www; hostname >/www/index.html; httpd -f -p 8080 -h /www & wait'
# Files of a test, out of the leak checker's sight.
export HERE=${INSTANCE:-}/home

# Processes of a bats file must not keep its pipes open.
quiet()
{
	"$@" 3>&- 4>&-
}

cell_doc()
{
	local realm space stack

	read -r realm space stack <<<"${IN:-default default default}"
	cat <<-END
		apiVersion: v1beta1
		kind: Cell
		metadata:
		  name: $1
		spec:
		  id: $1
		  realmId: $realm
		  spaceId: $space
		  stackId: $stack
		  containers:
		    - id: main
		      image: $IMAGE
		      command: sh
		      args: [-c, $(jq -n --arg s "$2" '$s')]
	END
	[ -z "${3:-}" ] || printf '      %s\n' "${3//$'\n'/$'\n'      }"
}

# container ID SCRIPT [YAML]: goes after a cell_doc.
container()
{
	printf '    - id: %s\n      image: %s\n      command: sh\n      args: [-c, %s]\n' \
		"$1" "$IMAGE" "$(jq -n --arg s "$2" '$s')"
	[ -z "${3:-}" ] || printf '      %s\n' "${3//$'\n'/$'\n'      }"
}

run_cell()
{
	cell_doc "$@" | quiet kuke run -d -f - >/dev/null
}

cell_value()
{
	local realm space stack

	read -r realm space stack <<<"${IN:-default default default}"
	kuke get cell "$1" --realm "$realm" --space "$space" --stack "$stack" -o json | jq -r "$2"
}

cell_state()
{
	cell_value "$1" .status.state
}

container_value()
{
	kuke get container "$2" --cell "$1" -o json | jq -r "$3"
}

is_cell_state()
{
	assert_equal "$(cell_state "$1")" "$2"
}

is_container_state()
{
	assert_equal "$(container_value "$1" "$2" .status.state)" "$3"
}

cell_dir()
{
	local where=${IN:-default default default}

	echo "$INSTANCE_RUN_PATH/data/${where// //}/$1"
}

logs()
{
	cat "$(cell_dir "$1")/${2:-main}/log"
}

log_has()
{
	grep -q -- "$2" "$(cell_dir "$1")/${3:-main}/log" 2>/dev/null
}

# The starts of a cell: one directory each.
cell_starts()
{
	local where=${IN:-default default default}

	echo "$INSTANCE/run/cells/${where// //}/$1"/*/
}

# What is pinned of a cell: a line per namespace.
cell_pins()
{
	local where=${IN:-default default default}

	inst "$top_builddir/pinned" "$INSTANCE/run/mounts/pins" |
		sed -n "s,^${where// /_}_$1/[0-9a-f]*/,,p"
}

# The first process of one of a cell's containers.
process_in()
{
	local realm space stack

	read -r realm space stack <<<"${IN:-default default default}"
	tail -qn1 "$INSTANCE/run/containers/$realm".*/"${space}_${stack}_$1"_*/monitor |
		jq -r .pid | head -n 1
}

# A directory of the cell's cgroup, in one hierarchy.
group_dir()
{
	local group=$INSTANCE_CGROUP/default/default/default/$1 dir

	for dir in "/sys/fs/cgroup/pids$group" "/sys/fs/cgroup$group"; do
		[ ! -d "$dir" ] || { echo "$dir"; return; }
	done
}

in_cell()
{
	local name=$1

	shift
	inst nsenter --net="/proc/$(process_in "$name")/ns/net" "$@"
}

fetch()
{
	local from=(inst)

	[ $# -lt 2 ] || from=(in_cell "$2")
	printf 'GET / HTTP/1.0\r\n\r\n' |
		"${from[@]}" socat -t 3 -T 3 - "TCP:$1:8080,connect-timeout=2" | sed '1,/^\r*$/d' |
		grep .
}

delete_images()
{
	kuke image get -o name | while read -r name; do
		kuke image delete "$name" </dev/null >/dev/null
	done
}

rpc()
{
	printf '%s\n' "$@" | quiet inst socat -t 60 - "UNIX-CONNECT:$INSTANCE_SOCKET"
}

# A kuke beside a kukeond that runs the real one under strace; what strace sees goes to
# FILE. (-D: the process that kuke started stays its child.) Leaks cannot be looked for
# where strace is the tracer.
traced_engine()
{
	local file=$1 options=() dir=$INSTANCE/home/traced

	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	mkdir -p "$dir"
	[ -e "$dir/kuke" ] || cp "$INSTANCE_BINDIR/kuke" "$dir/kuke"
	printf '#!/bin/sh\nexec strace -D -qq -o %s %s %s/kukeond "$@"\n' \
		"$file" "${options[*]}" "$INSTANCE_BINDIR" >"$dir/kukeond"
	chmod 755 "$dir/kukeond"
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 inst "$dir/kuke" "$@"
}

# pid of the monitor of CELL's container, and of its init.
monitor_of()
{
	inst pgrep -f -- "--id=default_default_$1_${2:-main} "
}

init_of()
{
	local monitor

	monitor=$(monitor_of "$@") && inst pgrep -P "$monitor" | head -n1
}

pid_gone()
{
	! inst test -e "/proc/$1"
}

kill_daemon()
{
	local pid

	pid=$(kukeond_pid)
	inst kill "-${1:-KILL}" "$pid"
	wait_for 200 pid_gone "$pid"
}

bridge_of()
{
	cell_value "$1" .status.network.bridgeName
}

# The daemon was asked for a look (lib/engine/wake.h) and has begun with it.
look_begun()
{
	[ ! -e "$1" ] || { echo | inst socat -u - "UNIX-SENDTO:$INSTANCE/run/wake.sock"; false; }
}

# One look begins when the one before it is over.
pass_over()
{
	local key=${IN:-default default default}

	key=$INSTANCE/run/wake/${key// /_}_$1
	for _ in 1 2; do
		: >"$key"
		wait_for 120 look_begun "$key"
	done
}

# A child that came before the signal did is waited for anew.
daemon_stands()
{
	daemon_idle "$1" || return
	inst kill -STOP "$1"
	while inst grep -q '^State:[[:space:]]*[^TZX[:space:]]' "/proc/$1/status"; do
		sleep 0.01 # between two looks
	done
	daemon_idle "$1" || { inst kill -CONT "$1"; false; }
}

held()
{
	local pid r=0

	pid=$(kukeond_pid)
	wait_for 200 daemon_stands "$pid" || return
	"$@" || r=$?
	inst kill -CONT "$pid"
	return "$r"
}

restart_daemon()
{
	quiet kuke daemon stop >/dev/null && quiet kuke daemon start >/dev/null
}

machine_restarts()
{
	quiet kuke daemon stop >/dev/null
	inst bash -c 'kill -KILL -1' 2>/dev/null || true
	awk -v dir="$INSTANCE/run/" 'index($5, dir) == 1 { print $5 }' "/proc/$INSTANCE_PID/mountinfo" |
		sort -r | while read -r mnt; do inst umount -l "$mnt"; done
	find "$INSTANCE/run" -mindepth 1 -delete
	wait_for 100 instance_rmcgroups "$INSTANCE_CGROUP"
	inst ip -o link show type bridge | cut -d: -f2 | while read -r br; do inst ip link del "$br"; done
	cat /proc/sys/kernel/random/uuid >"$INSTANCE/home/boot_id"
	inst mountpoint -q /proc/sys/kernel/random/boot_id ||
		inst mount --bind "$INSTANCE/home/boot_id" /proc/sys/kernel/random/boot_id
}

# A daemon that answers, and is not the one with pid $1.
# shellcheck disable=SC2120
daemon_is_back()
{
	local pid

	pid=$(kukeond_pid 2>/dev/null) && [ "$pid" != "${1:-0}" ] && inst test -e "/proc/$pid" &&
		[[ $(rpc '{"method":"KukeonV1.Ping","params":[{}],"id":0}' 2>/dev/null) == *'"OK":true'* ]]
}
