#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A host with the unified hierarchy: a stock Debian kernel in a guest
# (tests/vm/run) lives through tests/vm/cells once; each test reads its facts.

load ../helpers/assert

setup_file()
{
	: "${top_builddir:=$(pwd)}"
	VM_DIR=$BATS_TEST_DIRNAME/../vm
	FACTS=$(mktemp)
	export FACTS
	"$VM_DIR/run" --timeout 3600 --disk /var/lib/kukeon-vm:512 -- \
		"$(realpath "$VM_DIR/cells")" "$(realpath "$top_builddir")" >"$FACTS" 2>"$FACTS.err" ||
		{ cat "$FACTS" "$FACTS.err" >&2; return 1; }
}

teardown_file()
{
	rm -f "$FACTS" "$FACTS.err"
}

# fact NAME: its words.
fact()
{
	sed -n "s/^$1: //p" "$FACTS"
}

is()
{
	assert_equal "$1: $(fact "$1")" "$1: $2"
}

@test "init and image load work on a stock kernel" {
	is init "kukeond is ready (unix:///run/kukeon/kukeond.sock)"
	is load "  - docker.io/library/busybox:latest"
}

@test "the kernel's delegation is what the status says" {
	local c there

	there=" $(fact subtree) "
	fact cell | jq -e '.status.cgroupReady'
	assert_equal "$(fact cell | jq -r '.status.subtreeControllers | join(" ")')" "cpu memory io pids"
	for c in cpu io memory pids; do
		assert_like "$there" ... " $c " ...
	done
}

@test "limits are in the container's group" {
	is memory.max 33554432
	is pids.max 20
}

@test "a program of kuke exec is where the container's first process is" {
	is exec-cgroup 1
	is exec-monitor 1
	is exec-inside 0::/
	is exec-below 0::/below
	is exec-status 9
	is exec-left ''
}

@test "a limit that becomes zero is none at once" {
	is unlimited "max max 100 "
}

@test "a frozen container is Paused; stop, kill and delete thaw it, nested groups too" {
	is frozen "Paused Ready"
	is frozen-stopped "Stopped 7"
	is frozen-killed "Stopped 137"
	is deleted 0
}

@test "a container sees its own group as the root" {
	is log "0::/"
}

@test "the monitor lives in _monitors" {
	is monitors 1
}

@test "the space's masquerade rule is there" {
	is rules 1
}

@test "the exit code is kept and the container's group goes with it" {
	is exit 7
	is stopped 0
}

@test "a stopped cell starts again" {
	is again Ready
}

# probe WHO NAME: what became of an attempt (tests/helpers/secprobe.c).
probe()
{
	fact "probe-$1" | tr ';' '\n' | sed -n "s/^$2: //p"
}

@test "a default container does not load modules, read kcore, mount, ptrace or open devices" {
	local row

	for row in load_module:EPERM:ENOEXEC load_module_fd:EPERM:ENOEXEC read_kcore:empty:ok \
		mount_tmpfs:EPERM:ok ptrace_1:EPERM:ok device_kmsg:EPERM:ok write_sysrq:EROFS:ok \
		write_sysfs:EROFS:ok raise_capability:EPERM:ok unmount_masks:EPERM:EINVAL; do
		IFS=: read -r name default host <<<"$row"
		assert_equal "$name: $(probe default "$name"), $(probe privileged "$name"), $(probe host "$name")" \
			"$name: $default, $host, $host"
	done
}

@test "AppArmor: a profile that is not loaded is refused" {
	assert_like "$(fact apparmor)" "  - containers: started;unconfined;unconfined" ...
	assert_like "$(fact apparmor-missing)" 'Error: container "web": securityOpt "apparmor=no-such": no such AppArmor profile is loaded on this host;' ...
}

# line NAME: of what the script in the cell with a nested runtime said.
line()
{
	fact nested | tr ';' '\n' | sed -n "s/^$1 //p"
}

@test "a nested runtime: the process is in _payload from its first instruction" {
	fact nested
	assert_equal "$(line self)" "0::/_payload"
	assert_equal "$(line root)" 0
	assert [ "$(line payload)" -gt 0 ]
	is nested-outside "0 200"
}

@test "a nested runtime makes groups with controllers of its own" {
	fact nested
	assert_equal "$(line run)" 0
	assert_equal "$(line inner)" "0::/inner"
	assert_equal "$(line limit)" 7
	assert_like " $(line delegated) " ... " pids " ...
	assert_equal "$(line delete)" 0
}

@test "a nested runtime: all controllers are delegated, and the status says so" {
	assert_equal "$(fact nested-status | jq -r '.status.subtreeControllers | join(" ")')" "$(fact nested-subtree)"
	assert_equal "$(fact nested-subtree)" "$(fact controllers)"
	assert_like " $(fact controllers) " ... " cpuset " ...
}

@test "a nested runtime's cell starts again and leaves no group" {
	is nested-again Ready
	is nested-left 0
}

@test "delete leaves no group, a stopped daemon no mount" {
	is deleted 0
	is mounts 0
	is end 0
}
