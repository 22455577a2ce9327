#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What stands between a container and the host. tests/helpers/secprobe.c tries in
# turn what should not work, in cells that differ by one setting and on the host
# itself: what a default container is denied, a privileged one can do as the host's
# root can, so no line here is denied by accident.

load ../helpers/suite

setup_file()
{
	# The directories and the filter that stay are there before the first test.
	suite_start 'seccompDefault: true'
	cp "$INSTANCE_BINDIR/secprobe" "$HERE/secprobe"
	chmod 755 "$HERE/secprobe"
	inst "$HERE/secprobe" >"$HERE/host"
	probe default ""
	probe unconfined "securityOpts: [seccomp=unconfined]"
	probe privileged "privileged: true"
	probe setuid "securityOpts: ['No-New-Privileges:false']"
}

setup()
{
	suite_snapshot -x "$INSTANCE/run/seccomp"
}

# probe NAME YAML: all attempts, in a cell that sees the host's processes.
probe()
{
	local extra=$2${2:+$'\n'}

	run_cell "$1" '/secprobe; exec sleep 1000' "${extra}hostPID: true
volumes: [{source: $HERE/secprobe, target: /secprobe, readOnly: true}]"
	wait_for 400 log_has "$1" '^done$'
	logs "$1" >"$HERE/$1"
	quiet kuke kill cell "$1" >/dev/null
	quiet kuke delete cell "$1" >/dev/null
}

# result FILE NAME
result()
{
	sed -n "s/^$2: //p" "$HERE/$1"
}

# denied NAME WORD…: one of the words by default. Privileged it ends as on the host.
denied()
{
	local got name=$1

	shift
	got=$(result default "$name")
	echo "$name: '$got' of '$*'"
	assert_like " $* " ... " $got " ...
	assert_equal "$name: $(result privileged "$name")" "$name: $(result host "$name")"
}

# The host lets its root do it: that a container may not is our work.
allowed_on_host()
{
	assert_equal "$1: $(result host "$1")" "$1: ok"
}

# filtered NAME WORD: by the profile alone; without it the kernel has another answer.
filtered()
{
	denied "$1" "$2"
	assert_equal "$(result unconfined "$1")" "$(result host "$1")"
	assert_not_equal "$(result unconfined "$1")" "$2"
}

status_of()
{
	logs "$1" | sed -n "s/^$2:[[:space:]]*//p"
}

@test "a default container loads no module" {
	denied load_module EPERM
	denied load_module_fd EPERM
	denied unload_module EPERM
}

@test "a default container mounts nothing, and takes nothing away" {
	denied mount_tmpfs EPERM
	allowed_on_host mount_tmpfs
	denied mount_new_api EPERM
	denied unmount_masks EPERM
	denied remount_sys EPERM
	# Nor without the profile: the capability is missing too.
	assert_equal "$(result unconfined mount_tmpfs)" EPERM
	assert_equal "$(result unconfined remount_sys)" EPERM
}

@test "a default container does not reach the kernel's own files" {
	denied read_kcore empty ENOENT
	denied read_timers empty ENOENT
	denied list_firmware empty ENOENT
	denied write_core_pattern EROFS
	allowed_on_host write_core_pattern
	denied write_sysrq EROFS ENOENT
	denied write_sysfs EROFS
	allowed_on_host write_sysfs
}

@test "a default container does not touch processes outside, even where it sees them" {
	denied ptrace_1 EPERM
	allowed_on_host ptrace_1
	denied read_memory_1 EACCES
	denied root_of_1 EACCES
	assert_equal "$(result unconfined ptrace_1)" EPERM
}

@test "a default container opens no device but those that every container has" {
	denied device_kmsg EPERM
	allowed_on_host device_kmsg
	denied device_loop EPERM
	assert_equal "$(result default device_null)" ok
}

@test "a default container does not raise its capabilities" {
	denied raise_capability EPERM
	assert_equal "$(result unconfined raise_capability)" EPERM
	denied raise_ambient EPERM
	# no_new_privs holds for privileged containers too; one option gives it up.
	assert_equal "$(result default setuid_program)" EPERM
	assert_equal "$(result privileged setuid_program)" EPERM
	assert_equal "$(result setuid setuid_program)" ok
}

@test "the default profile denies what capabilities leave open" {
	filtered keys EPERM
	filtered perf EPERM
	filtered clone3_null ENOSYS # its flags are out of sight: the C library takes clone
	# These a host may have closed by itself.
	denied new_userns EPERM
	denied bpf EPERM
	denied io_uring EPERM
	denied user_faults EPERM
	denied open_handle EPERM
	denied socket_alg EAFNOSUPPORT
	denied socket_vsock EAFNOSUPPORT
	denied set_time EPERM
	denied restart EPERM
	denied swap_on EPERM
}

@test "the profile is there, the inheritable set is empty, the OOM score is the container's own" {
	run_cell s 'cat /proc/self/status; echo oom: $(cat /proc/self/oom_score_adj); echo .done; exec sleep 1000'
	wait_for 300 log_has s '^\.done$'
	assert_equal "$(status_of s Seccomp)" 2
	assert_equal "$(status_of s NoNewPrivs)" 1
	assert_equal "$(status_of s CapInh)" 0000000000000000
	assert_equal "$(status_of s CapAmb)" 0000000000000000
	assert_equal "$(status_of s CapBnd)" 00000000a80425fb
	assert_equal "$(status_of s oom)" 0
	quiet kuke kill cell s && quiet kuke delete cell s
}

@test "no-new-privileges and seccomp in all their spellings, the last one counts" {
	local row

	for row in "[no-new-privileges:0, no-new-privileges]|1 2" \
		"['NO-NEW-PRIVILEGES=F', 'seccomp:unconfined']|0 0" \
		"[seccomp=unconfined, Seccomp=default]|1 2"; do
		run_cell s 'cat /proc/self/status; echo .done; exec sleep 1000' "securityOpts: ${row%|*}"
		wait_for 300 log_has s '^\.done$'
		[ "$(status_of s NoNewPrivs) $(status_of s Seccomp)" = "${row#*|}" ] ||
			{ echo "$row" >&2; logs s >&2; return 1; }
		quiet kuke kill cell s && quiet kuke delete cell s
	done
}

@test "a profile of one's own" {
	cat >"$HERE/p.json" <<'P'
{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
P
	run_cell s 'mkdir /x; touch /y && echo touched; echo .done; exec sleep 1000' \
		"securityOpts: ['seccomp=$HERE/p.json']"
	wait_for 300 log_has s '^\.done$'
	log_has s 'No space left on device'
	log_has s touched
	quiet kuke kill cell s && quiet kuke delete cell s
}

@test "what the host does not have is said before anything changes" {
	local pid

	run_cell s 'exec sleep 1000'
	pid=$(init_of s)
	echo '{' >"$HERE/half.json"
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"],
		"action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}' >"$HERE/docker.json"
	while IFS='|' read -r opt says; do
		run bash -c 'echo "$1" | "${@:2}"' _ "$(cell_doc s 'exec sleep 1000' "securityOpts: ['$opt']")" \
			nsenter -m -n -p -i -u -r -t "$INSTANCE_PID" env HOME="$HERE" \
			KUKEON_HOST="unix://$INSTANCE_SOCKET" "$INSTANCE_BINDIR/kuke" apply -f -
		echo "$opt: $output" >&2
		assert_failure 1
		assert_output --partial "$says"
	done <<-ROWS
		seccomp=$HERE/nowhere.json|container "main": seccomp profile does not exist on the host ('$HERE/nowhere.json')
		seccomp=$HERE/half.json|container "main": seccomp profile '$HERE/half.json': unexpected end of JSON input
		seccomp=$HERE/docker.json|container "main": seccomp profile '$HERE/docker.json': syscalls[0]: includes: unknown key
		seccomp=$HERE|container "main": read the seccomp profile '$HERE'
		apparmor=no-such|container "main": securityOpt "apparmor=no-such":
		label=type:x|unsupported securityOpt "label=type:x": SELinux labels are not supported
		systempaths=unconfined|unsupported securityOpt "systempaths=unconfined"
	ROWS
	assert_equal "$(init_of s)" "$pid"
	is_cell_state s Ready
	quiet kuke kill cell s && quiet kuke delete cell s
}

@test "privileged: the host's devices, a writable sysfs, every capability we have" {
	run_cell s 'find /dev -type c -o -type b | sort; cat /proc/self/status; mount; echo .done; exec sleep 1000' \
		"privileged: true
capabilities: {drop: [net_raw]}
volumes: [{source: $HERE, target: /ro, readOnly: true}]"
	wait_for 300 log_has s '^\.done$'
	# What the container has of its own: pts, console, ptmx. Others use /dev/shm.
	diff <(logs s | grep '^/dev/[^ ]*$' | grep -v '^/dev/\(pts\|shm\)/') \
		<(inst find /dev \( -path /dev/pts -o -path /dev/shm \) -prune -o \( -type c -o -type b \) -print |
			grep -v '^/dev/console$\|^/dev/ptmx$' | sort)
	assert_equal $((0x$(status_of s CapBnd) | 1 << 13)) $((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)))
	assert_equal $((0x$(status_of s CapBnd) & 1 << 13)) 0
	assert_equal "$(status_of s Seccomp)" 0
	logs s | grep '^sysfs on /sys type sysfs (rw'
	logs s | grep ' on /ro type .*(ro'
	refute log_has s ' on /proc/[a-z]'
	quiet kuke kill cell s && quiet kuke delete cell s
}

@test "the compiled filter is kept beside the bundle, one for all that are alike" {
	local a b

	run_cell a 'exec sleep 1000'
	run_cell b 'exec sleep 1000' 'securityOpts: [seccomp=default]'
	run_cell c 'exec sleep 1000' 'securityOpts: [seccomp=unconfined]'
	a=$(echo "$INSTANCE"/run/containers/*/default_default_a_main/seccomp.bpf)
	b=$(echo "$INSTANCE"/run/containers/*/default_default_b_main/seccomp.bpf)
	assert_equal "$(stat -c '%a %u' "$a")" '600 0'
	assert_equal "$(stat -c %i "$a")" "$(stat -c %i "$b")"
	assert [ ! -e "${a/_a_/_c_}" ]
	assert_equal "$(stat -c %a "$INSTANCE/run/seccomp")" 700
	for cell in a b c; do
		quiet kuke kill cell $cell && quiet kuke delete cell $cell
	done
	assert [ ! -e "$a" ]
}

@test "nestedCgroupRuntime needs the unified hierarchy" {
	if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
		run inst grep -c . /sys/fs/cgroup/cgroup.controllers
		assert_output 1 # tests/vm/cells shows the rest
		return
	fi
	cell_doc s 'exec sleep 1000' | sed 's/^spec:/spec:\n  nestedCgroupRuntime: true/' >"$HERE/nested.yaml"
	run kuke run -d -f "$HERE/nested.yaml"
	assert_failure 1
	assert_output --partial "nestedCgroupRuntime needs cgroup v2; this host has "
	run kuke get cell s
	assert_failure 1
}
