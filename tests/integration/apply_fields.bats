#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every field of a cell and of a container that the model has: it is changed, applied,
# and what its class promises happens, at the processes; a second apply says
# unchanged. Then back again. A field that the tables below have no value for fails.

load ../helpers/suite

# A value for each field, as YAML of the flow kind.
declare -gA CELL=(
	[rootContainerId]=main
	[tty]='{default: main}'
	[autoDelete]=true
	[nestedCgroupRuntime]=true
	[id]=other
)
declare -gA CONTAINER=(
	[root]=true
	[image]=docker.io/library/other:1
	[command]=/bin/sh
	[args]='[-c, "trap \"exit 0\" TERM; : changed; sleep 1000 & wait"]'
	[workingDir]=/tmp
	[env]='[A=b]'
	[ports]='["8080:80"]'
	[volumes]='[{kind: tmpfs, target: /mnt}]'
	[networks]='[other]'
	[networksAliases]='[alias]'
	[privileged]=true
	[hostNetwork]=true
	[hostPID]=true
	[hostCgroup]=true
	[user]='"1000:1000"'
	[readOnlyRootFilesystem]=true
	[capabilities]='{drop: [ALL]}'
	[securityOpts]='[no-new-privileges]'
	[tmpfs]='[{path: /mnt}]'
	[resources]='{memoryLimitBytes: 67108864}'
	[secrets]="[{name: S, fromFile: /etc/hostname}]"
	[cniConfigPath]=/nowhere/network.conflist
	[restartPolicy]=on-failure
	[attachable]=true
	[tty]='{prompt: "> "}'
)

setup_file()
{
	suite_start
	busybox_image docker.io/library/other:1 >/dev/null
	quiet kuke create space other >/dev/null
	quiet kuke create stack default --space other >/dev/null
	IN='default other default' run_cell first "$IDLE" # its leases have a directory from now on
	quiet kuke delete cell first --space other
}

setup()
{
	suite_snapshot
	doc=$INSTANCE/home/doc.yaml
}

# doc KIND FIELD: the cell, with the field set where one is named.
doc()
{
	local value=

	echo 'kind: Cell'
	echo 'metadata: {name: c}'
	echo 'spec:'
	echo '  realmId: default'
	echo '  spaceId: default'
	echo '  stackId: default'
	[ "$1" != cell ] || echo "  $2: ${CELL[$2]}"
	echo '  containers:'
	for id in main side; do
		echo "  - id: $id"
		declare -A field=([image]=$IMAGE [command]=sh [args]="[-c, '$IDLE']")
		[ -z "${attachable:-}" ] || field[attachable]=true
		if [ "$id" = main ] && [ "$1" = container ]; then
			field[$2]=${CONTAINER[$2]}
		fi
		for value in "${!field[@]}"; do
			echo "    $value: ${field[$value]}"
		done
		unset field
	done
}

applied()
{
	run quiet kuke apply -f "$doc"
	echo "$1: $output"
}

# A root container's runtime id ends in root, whatever it is called.
processes()
{
	local main=main

	monitor_of c main >/dev/null || main=root
	echo "$(init_of c $main) $(init_of c side)"
}

# moved CLASS BEFORE AFTER: who was started anew.
moved()
{
	local main side main2 side2

	read -r main side <<<"$2"
	read -r main2 side2 <<<"$3"
	[ -n "$main2" ] && [ -n "$side2" ] || return 1
	case $1 in
	in-place) [ "$main $side" = "$main2 $side2" ] ;;
	container) [ "$main" != "$main2" ] && [ "$side" = "$side2" ] ;;
	cell) [ "$main" != "$main2" ] && [ "$side" != "$side2" ] ;;
	*) return 1 ;;
	esac
}

# What this host's cgroups have no place for is refused, and the cell left as it is.
unfit()
{
	[ "$1" = nestedCgroupRuntime ] && [ ! -e /sys/fs/cgroup/cgroup.controllers ]
}

# to WHAT FIELD CLASS: apply the document; then again, which must find nothing.
to()
{
	local before after

	before=$(processes)
	applied "$1 $2"
	assert_success
	assert_line --index 0 'Cell "c": updated'
	[ "$3" = cell ] || assert_output --partial "$2"
	after=$(processes)
	moved "$3" "$before" "$after" || { echo "$1 $2 ($3): $before -> $after"; return 1; }
	applied "$1 $2 again"
	assert_output 'Cell "c": unchanged'
	assert_equal "$(processes)" "$after"
	is_cell_state c Ready
}

walk()
{
	local what name class state attachable rows
	declare -n values=${1^^}

	doc none >"$doc"
	quiet kuke apply -f "$doc"
	rows=$("${top_builddir:?}/fieldrows")
	while read -r what name class state; do
		[ "$what" = "$1" ] || continue
		[ -n "${values[$name]:-}" ] || { echo "no value for $what $name"; return 1; }
		attachable=
		if [ "$name" = tty ]; then # it asks for attachable
			attachable=true
			doc none >"$doc" && applied attachable
		fi
		doc "$what" "$name" >"$doc"
		if [ "$state" = later ]; then
			applied "$name"
			assert_failure 1
			assert_output --partial 'not supported yet: spec.'
		elif [ "$class" = refused ] || unfit "$name"; then
			applied "$name"
			assert_failure 1
			assert_output --partial "$name"
			doc none >"$doc"
			applied "$name"
			assert_output 'Cell "c": unchanged'
		else
			to "$what" "$name" "$class"
			doc none >"$doc"
			to "$what" "$name" "$class"
		fi
		if [ -n "$attachable" ]; then # the next one begins as all others do
			attachable=
			doc none >"$doc" && applied 'not attachable'
		fi
	done <<<"$rows"
	quiet kuke delete cell c
}

@test "every field of a cell" {
	walk cell
}

@test "every field of a container" {
	walk container
}

@test "labels of a cell" {
	doc none >"$doc"
	quiet kuke apply -f "$doc"
	sed -i 's/{name: c}/{name: c, labels: {a: b, c: ""}}/' "$doc"
	to cell metadata.labels in-place
	sed -i 's/, c: ""}/, d: ""}/' "$doc"
	to cell metadata.labels in-place
	quiet kuke delete cell c
}

@test "limits change in the running container" {
	doc none >"$doc"
	quiet kuke apply -f "$doc"
	local limit
	limit()
	{
		local dir
		dir=$(inst cat "/proc/$(init_of c)/cgroup" | sed -n 's/.*:\(memory\|\):\(.*\)/\2/p' | head -n1)
		cat "/sys/fs/cgroup/memory$dir/memory.limit_in_bytes" 2>/dev/null ||
			cat "/sys/fs/cgroup$dir/memory.max"
	}
	limit=$(limit)
	assert_not_equal "$limit" 67108864
	doc container resources >"$doc"
	to container resources in-place
	assert_equal "$(limit)" 67108864
	doc none >"$doc"
	to container resources in-place
	assert_equal "$(limit)" "$limit"
	quiet kuke delete cell c
}
