# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What all kinds share: the head of a document and the life of what it made.
# SUBJECT is the kind.

any.apiVersion()
{
	proof "v9 is refused, nothing is made"
	printf 'apiVersion: v9\nkind: %s\nmetadata: {name: later}\nspec: {}\n' "${SUBJECT^}" |
		refused 'unsupported apiVersion: v9 (expected v1beta1)'
}

any.kind()
{
	proof "decides what is made; one that there is not is refused"
	printf 'kind: %ss\nmetadata: {name: later}\nspec: {}\n' "${SUBJECT^}" |
		refused "unknown kind: ${SUBJECT^}s"
	is_cgroup "$(cgroup_path_of "$SUBJECT")"
}

any.metadata.name()
{
	proof "its control group has that name"
	is_cgroup "$(cgroup_path_of "$SUBJECT")"
	refute is_cgroup "$(cgroup_path_of "$SUBJECT")x"
}

any.metadata.labels()
{
	proof "another process is told them"
	[ "$(get "$SUBJECT" "$(name_of "$SUBJECT")" .metadata.labels.proof)" = "$(label_of "$SUBJECT")" ]
}

# What the documents of probe.bash made, one of each kind.
name_of()
{
	case $1 in
	realm) echo "$REALM" ;;
	space) echo sp ;;
	stack) echo st ;;
	cell) echo cell ;;
	container) echo all ;;
	esac
}

label_of()
{
	case $1 in
	realm | space | stack) echo "$1" ;;
	*) name_of "$1" ;;
	esac
}

cgroup_path_of()
{
	case $1 in
	realm) echo "/$REALM" ;;
	space) echo "/$REALM/sp" ;;
	stack) echo "/$REALM/sp/st" ;;
	cell) echo "/$REALM/sp/st/cell" ;;
	container) echo "/$REALM/sp/st/container/sp_st_container-id_all" ;;
	esac
}

status()
{
	get "$SUBJECT" "$(name_of "$SUBJECT")" ".status.$1"
}

seconds()
{
	date -d "$1" +%s
}

# between TIME: while the probes were made.
between()
{
	[ "$(seconds "$1")" -ge "$BEFORE" ]
	[ "$(seconds "$1")" -le "$AFTER" ]
}

any.status.state()
{
	proof "the manifest's Failed is dropped: Ready, and its control group is there"
	[ "$(status state)" = Ready ]
	is_cgroup "$(cgroup_path_of "$SUBJECT")"
}

any.status.cgroupPath()
{
	proof "the manifest's is dropped; the kernel has a group of that path"
	local path
	path=$(status cgroupPath)
	[ "$path" = "$INSTANCE_CGROUP$(cgroup_path_of "$SUBJECT")" ]
	is_cgroup "${path#"$INSTANCE_CGROUP"}"
}

any.status.subtreeControllers()
{
	proof "what cgroup.subtree_control of its group has, nothing on v1"
	local file shown
	shown=$(status '(subtreeControllers // []) | sort | join(" ")' 2>/dev/null ||
		get "$SUBJECT" "$(name_of "$SUBJECT")" '(.status.subtreeControllers // []) | sort | join(" ")')
	if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
		file=$(find /sys/fs/cgroup -ignore_readdir_race -path "*$INSTANCE_CGROUP$(cgroup_path_of "$SUBJECT")/cgroup.subtree_control" | head -n 1)
		[ "$shown" = "$(tr ' ' '\n' <"$file" | grep -xE 'cpu|memory|io|pids' | sort | paste -sd' ')" ]
		[ -n "$shown" ]
	else
		[ -z "$shown" ]
	fi
}

any.status.createdAt()
{
	proof "the manifest's is dropped: when the probes were made, and it stays"
	local at
	at=$(status createdAt)
	between "$at"
	probe_apply "$HERE/parents.yaml"
	[ "$(status createdAt)" = "$at" ]
}

any.status.updatedAt()
{
	proof "the manifest's is dropped: not before createdAt, not in the future"
	[ "$(seconds "$(status updatedAt)")" -ge "$(seconds "$(status createdAt)")" ]
	[ "$(seconds "$(status updatedAt)")" -le "$(date +%s)" ]
}

any.status.readyAt()
{
	proof "the manifest's is dropped: between createdAt and the end of the probes"
	between "$(status readyAt)"
	[ "$(seconds "$(status readyAt)")" -ge "$(seconds "$(status createdAt)")" ]
}

any.status.reason()
{
	proof "the manifest's is dropped; nothing while it is Ready"
	[ "$(status 'reason // ""')" = "" ]
}

any.status.message()
{
	proof "the manifest's is dropped; nothing while it is Ready"
	[ "$(status 'message // ""')" = "" ]
}

any.status.cgroupReady()
{
	proof "true, and its control group is there"
	[ "$(status cgroupReady)" = true ]
	is_cgroup "$(cgroup_path_of "$SUBJECT")"
}
