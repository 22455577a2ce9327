# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A container's fields, for each SUBJECT: "cell" (in a Cell), "container" (a
# document of its own), "defaults" (filled by the space).

container.spec.id()
{
	proof "is in the name of the process's control group; a document's name by default"
	seen_line plain cgroup "/$(runtime_id plain)$"
}

container.spec.containerdId()
{
	proof "the manifest's is dropped: it is the name of the control group"
	[ "$(get cell "$SUBJECT" '.spec.containers[] | select(.id == "plain").containerdId')" = \
		"$(seen plain cgroup | sed -n 's,.*/,,p' | head -n 1)" ]
}

container.spec.realmId()
{
	proof "the process is in that realm's control group; inside a Cell the cell's counts, with a warning"
	seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/"
	refute seen_line plain cgroup elsewhere
}

container.spec.spaceId()
{
	proof "the process is in that space's control group; inside a Cell the cell's counts"
	seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/sp/"
}

container.spec.stackId()
{
	proof "the process is in that stack's control group; inside a Cell the cell's counts"
	seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/sp/st/"
}

container.spec.cellId()
{
	proof "the process is in that cell's control group and namespaces; inside a Cell the cell's counts"
	seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/sp/st/$SUBJECT/"
	[ "$(seen plain ns/ipc)" = "$(seen all ns/ipc)" ]
}

container.spec.root()
{
	if [ "$SUBJECT" = container ]; then
		proof "a second root cannot join a cell that has one: refused"
		attempt_fails 'only one container in a cell may have root: true' 'root: true'
		return
	fi
	proof "when the root ends the others are ended"
	if [ "$SUBJECT" = profile ]; then
		profile_boss 'root: true' ''
		ends_with_boss profile-boss
	else
		ends_with_boss hostnet
	fi
}

container.spec.image()
{
	proof "its root is an overlay with the image's files; one that is not there fails by name"
	seen_line all mountinfo ' / / .* - overlay '
	said all image | grep -q 'Hello from a cell'
	{ head_of_cell noimage sp && printf '%s\n' 'image: none.test/none:1' 'command: x' | listed x; } \
		>"$WORK/x.yaml"
	refute kuke apply -f "$WORK/x.yaml" >"$WORK/x.out" 2>&1
	grep -q none.test/none:1 "$WORK/x.out"
}

container.spec.command()
{
	proof "is the first word of /proc/PID/cmdline"
	[ "$(seen all cmdline | head -n 1)" = /bin/sh ]
	[ "$(seen plain cmdline | head -n 1)" = sleep ]
}

container.spec.args()
{
	proof "are the further words of /proc/PID/cmdline, as they are"
	[ "$(seen all cmdline | tail -n 3)" = $'zero\na b\n$HOME' ]
	[ "$(seen all cmdline | sed -n 2p)" = -c ]
}

container.spec.workingDir()
{
	proof "is /proc/PID/cwd, cleaned"
	[ "$(seen all cwd)" = /tmp ]
	[ "$(said all pwd)" = /tmp ]
	[ "$(seen plain cwd)" = / ]
}

container.spec.env()
{
	proof "is in /proc/PID/environ: over the image's, the last of a name wins, a bare name takes it away"
	[ "$(seen all environ | grep -c '^A=')" -eq 1 ]
	seen_line all environ '^A=2$'
	seen_line all environ '^B=two words$'
	seen_line all environ '^PATH=/bin$'
	refute seen_line all environ '^GONE'
	seen_line all environ '^KUKEON_REALM=mine$'
	seen_line all environ "^KUKEON_CELL_NAME=$SUBJECT$"
	seen_line all environ '^KUKEON_CONTAINER_ID=all$'
	seen_line all environ "^KUKEON_CGROUP_PATH=$INSTANCE_CGROUP/$REALM/sp/st/$SUBJECT$"
}

container.spec.ports()
{
	proof "a rule of the host translates it to the cell; what is no port is refused"
	grep -E -- ":$SUBJECT:publish\"" "$SEEN/nat" >"$WORK/rules"
	grep -qE -- ' (--)?dport 700[0-9]+ .* (--to-destination|to) [0-9.]+:80( |$)' "$WORK/rules"
	refute grep -qE -- ' (--to-destination|to) [0-9.]+:81( |$)' "$WORK/rules"
	attempt_fails 'port "8080:80/sctp" is not valid: the protocol is tcp or udp' 'ports: ["8080:80/sctp"]'
}

container.spec.networks()
{
	proof "eth1 is in that space's bridge; a space that is not there is refused"
	local index
	index=$(seen plain link | sed -n 's/^[0-9]*: eth1@if\([0-9]*\):.*/\1/p')
	grep -qE "^$index: .* master $(bridge_of filled) " "$SEEN/links"
	attempt_fails 'networks[0]: space "nowhere" not found in realm' 'networks: [nowhere]'
}

container.spec.networksAliases()
{
	proof "/etc/hosts has it beside the cell's own name; what is no host name is refused"
	said all hosts | grep -qE "^[0-9.]+	$SUBJECT $SUBJECT\.st all-alias$"
	attempt_fails 'networksAliases[0] "a_b" is not a host name' 'networksAliases: [a_b]'
}

# ---- volumes ----

refused_volume()
{
	attempt_fails "$1" "volumes: [$2]"
}

container.spec.volumes.kind()
{
	proof "mountinfo has a bind of the host's path for bind and none, a tmpfs for tmpfs; others are refused"
	seen_line all mountinfo " [^ ]*$HERE/bind /bind "
	seen_line all mountinfo " [^ ]*$HERE/bind /ro "
	seen_line all mountinfo ' / /vol .* - tmpfs '
	refused_volume 'volume kind is not recognized' '{kind: nfs, source: /tmp, target: /x}'
}

container.spec.volumes.source()
{
	proof "the host's file is read inside and the container's is on the host; one that is missing is refused"
	said all bind | grep -qx of-host
	[ "$(cat "$HERE/bind/g")" = inside ]
	refused_volume 'volume source does not exist on the host' '{source: /no/such, target: /x}'
}

container.spec.volumes.target()
{
	proof "is the mount point, cleaned; the root and the kernel's file systems are refused"
	seen_line all mountinfo " [^ ]*$HERE/bind /bind "
	seen_line all mountinfo " [^ ]*$HERE/bind /ro "
	refused_volume 'volume target is not allowed' '{source: /tmp, target: /x/../proc/sys}'
	refused_volume 'volume target is not allowed' '{source: /tmp, target: //}'
}

container.spec.volumes.readOnly()
{
	proof "mountinfo says ro, a write inside fails; rw where it is not set"
	seen_line all mountinfo " [^ ]*$HERE/bind /ro ro"
	seen_line all mountinfo " [^ ]*$HERE/bind /bind rw"
	said all bind | grep -q 'Read-only file system'
	[ ! -e "$HERE/bind/h" ]
}

container.spec.volumes.sizeBytes()
{
	proof "df inside says 1024 blocks; on a bind it is refused"
	said all size | sed -n 1p | grep -qE '^tmpfs +1024 '
	refused_volume 'are for tmpfs only' '{source: /tmp, target: /x, sizeBytes: 4096}'
}

container.spec.volumes.mode()
{
	proof "stat inside says 1770; on a bind it is refused"
	[ "$(said all size | sed -n 2p)" = 1770 ]
	refused_volume 'are for tmpfs only' '{source: /tmp, target: /x, mode: 0755}'
}

# ---- namespaces ----

container.spec.privileged()
{
	proof "CapBnd is all that kukeond has, /sys is rw in mountinfo, every device may be used; not so without it"
	[ "$(seen master status | grep ^CapBnd)" = "$(grep ^CapBnd "$SEEN/self/status")" ]
	[ "$(seen plain status | grep ^CapBnd)" != "$(grep ^CapBnd "$SEEN/self/status")" ]
	seen_line master mountinfo ' / /sys rw'
	seen_line plain mountinfo ' / /sys ro'
	inst test -c "/proc/$(cat "$(dir_of master)/pid")/root/dev/kmsg" -o ! -c /dev/kmsg
	refute inst test -c "/proc/$(cat "$(dir_of plain)/pid")/root/dev/kmsg"
}

container.spec.hostNetwork()
{
	proof "the network namespace is the host's, for the whole cell, and its own elsewhere"
	case $SUBJECT in
	cell)
		cmp "$SEEN/self/ns/net" "$(dir_of root hostnet)/ns/net"
		cmp "$SEEN/self/ns/net" "$(dir_of plain hostnet)/ns/net" ;;
	container) # who joins takes the whole cell along
		{ head_of_cell joined sp && plain_keys | listed first; } >"$WORK/x.yaml"
		{ plain_keys && echo 'hostNetwork: true'; } | container_doc late |
			sed 's/cellId: container/cellId: joined/' >>"$WORK/x.yaml"
		kuke apply -f "$WORK/x.yaml" >/dev/null
		on_host_network joined first
		on_host_network joined late ;;
	profile)
		attempt 'hostNetwork: true' >/dev/null
		on_host_network profile-later x
		undo ;;
	esac
	refute cmp -s "$SEEN/self/ns/net" "$(dir_of plain)/ns/net"
}

on_host_network()
{
	[ "$(inst readlink "/proc/$(init_pid "$2" "$1")/ns/net")" = "$(cat "$SEEN/self/ns/net")" ]
}

init_pid()
{
	inst pgrep -P "$(inst pgrep -f -- "--id=$(runtime_id "$@") ")"
}

container.spec.hostPID()
{
	proof "the pid namespace is the host's, and its own elsewhere"
	cmp "$SEEN/self/ns/pid" "$(dir_of host)/ns/pid"
	refute cmp -s "$SEEN/self/ns/pid" "$(dir_of plain)/ns/pid"
}

container.spec.hostCgroup()
{
	proof "the cgroup namespace is the host's, and its own elsewhere"
	cmp "$SEEN/self/ns/cgroup" "$(dir_of host)/ns/cgroup"
	refute cmp -s "$SEEN/self/ns/cgroup" "$(dir_of plain)/ns/cgroup"
}

# ---- rights ----

container.spec.user()
{
	proof "Uid, Gid and Groups of /proc/PID/status; root without it; an unknown name fails"
	seen_line all status $'^Uid:\t1000\t1000\t1000\t1000$'
	seen_line all status $'^Gid:\t1001\t1001\t1001\t1001$'
	seen_line all status $'^Groups:\t1001 *$'
	if [ "$SUBJECT" = defaults ]; then
		seen_line own status $'^Uid:\t5\t'
	else
		seen_line plain status $'^Uid:\t0\t'
	fi
}

container.spec.readOnlyRootFilesystem()
{
	proof "mountinfo says ro of /, a write inside fails; rw without it"
	seen_line all mountinfo ' / / ro'
	said all touch | grep -q 'Read-only file system'
	[ "$SUBJECT" = defaults ] || seen_line plain mountinfo ' / / rw'
}

# Bits 12 (net_admin) and 18 (sys_chroot).
container.spec.capabilities.drop()
{
	proof "ALL leaves only what is added in CapBnd of /proc/PID/status; an unknown name is refused"
	seen_line all status $'^CapBnd:\t0000000000041000$'
	refused_capabilities drop
}

container.spec.capabilities.add()
{
	proof "CapBnd has them, with and without CAP_, for a user that is no root CapAmb, and no other; an unknown name is refused"
	(( 0x$(seen all status | sed -n 's/^CapBnd:\t//p') & 1 << 12 ))
	(( 0x$(seen all status | sed -n 's/^CapBnd:\t//p') & 1 << 18 ))
	seen_line all status $'^CapInh:\t0000000000041000$'
	seen_line all status $'^CapAmb:\t0000000000041000$'
	if [ "$SUBJECT" = defaults ]; then # {} keeps the space's away
		(( ! (0x$(seen own status | sed -n 's/^CapBnd:\t//p') & 1 << 12) ))
	fi
	refused_capabilities add
}

refused_capabilities()
{
	attempt_fails 'unknown capability "NOPE"' "capabilities: {$1: [NOPE]}"
}

container.spec.securityOpts()
{
	proof "NoNewPrivs and Seccomp of /proc/PID/status are off; on without them; an unknown one is refused"
	seen_line all status $'^NoNewPrivs:\t0$'
	seen_line all status $'^Seccomp:\t0$'
	if [ "$SUBJECT" = defaults ]; then # a list of its own keeps the space's away
		seen_line own status $'^NoNewPrivs:\t1$'
		seen_line own status $'^Seccomp:\t2$'
	else
		seen_line plain status $'^NoNewPrivs:\t1$'
		seen_line plain status $'^Seccomp:\t2$'
	fi
	attempt_fails 'unsupported securityOpt "nope"' 'securityOpts: [nope]'
}

container.spec.tmpfs.path()
{
	proof "mountinfo has a tmpfs there, cleaned"
	seen_line all mountinfo ' / /tmpfs .* - tmpfs '
	if [ "$SUBJECT" = defaults ]; then # a list of its own keeps the space's away
		seen_line own mountinfo ' / /own .* - tmpfs '
		refute seen_line own mountinfo ' / /tmpfs '
	fi
}

container.spec.tmpfs.sizeBytes()
{
	proof "df inside says 2048 blocks"
	said all size | sed -n 3p | grep -qE '^tmpfs +2048 '
}

container.spec.tmpfs.options()
{
	proof "mountinfo says noexec beside nosuid,nodev, stat says 1777, nothing can be executed there"
	seen_line all mountinfo ' / /tmpfs rw,nosuid,nodev,noexec'
	[ "$(said all size | sed -n 4p)" = 1777 ]
	said all exec | grep -qi 'permission denied'
}

container.spec.resources.memoryLimitBytes()
{
	proof "the group's memory limit"
	[ "$(cgroup_of all memory.max memory.limit_in_bytes)" = 67108864 ]
	[ "$SUBJECT" != defaults ] || [ "$(cgroup_of own memory.max memory.limit_in_bytes)" != 67108864 ]
}

container.spec.resources.cpuShares()
{
	proof "the group's weight"
	local weight
	weight=$(cgroup_of all cpu.weight cpu.shares)
	[ "$weight" != "$(cgroup_of plain cpu.weight cpu.shares || cgroup_of own cpu.weight cpu.shares)" ]
	[ "$weight" -eq 512 ] || [ "$weight" -lt 100 ]
}

container.spec.resources.pidsLimit()
{
	proof "the group's pids.max"
	[ "$(cgroup_of all pids.max)" = 33 ]
	[ "$SUBJECT" != defaults ] || [ "$(cgroup_of own pids.max)" = 44 ]
}

# ---- secrets ----

refused_secret()
{
	attempt_fails "$1" "secrets: [$2]"
}

container.spec.secrets.name()
{
	proof "is the variable's name in /proc/PID/environ; a path is refused"
	seen_line all environ '^FROM_FILE='
	seen_line all environ '^FROM_ENV='
	refute seen_line all environ '^token='
	refused_secret 'secret name must be a single path segment' '{name: ../x, fromEnv: FIELDS_SECRET}'
}

container.spec.secrets.fromFile()
{
	proof "the file's bytes; a missing one is refused; in no file of the run path"
	seen_line all environ '^FROM_FILE=value-of-file$'
	refused_secret 'secret fromFile path does not exist on the host' '{name: X, fromFile: /no/such}'
	refute grep -rlq --exclude=log value-of-file "$INSTANCE_RUN_PATH"
	[ -z "$(find "$INSTANCE/run/containers" -maxdepth 1 -perm /077)" ]
}

container.spec.secrets.fromEnv()
{
	proof "the value of kukeond's variable; a missing one is refused; in no file of the run path"
	seen_line all environ '^FROM_ENV=value-of-env$'
	refused_secret 'secret fromEnv env var is not set on the daemon host' '{name: X, fromEnv: NO_SUCH_VARIABLE}'
	refute grep -rlq value-of-env "$INSTANCE_RUN_PATH"
}

container.spec.secrets.mountPath()
{
	proof "a read-only file that the container's user owns and reads"
	seen_line all mountinfo ' /run/secrets/token ro'
	said all secret | grep -qx value-of-file
	[ "$(said all secretmode)" = '400 1000 1001' ]
	said all secretwrite | grep -qi 'read-only\|denied'
	refused_secret 'secret mountPath is not allowed' '{name: X, fromEnv: FIELDS_SECRET, mountPath: /proc/x}'
}

# ---- the rest ----

container.spec.cniConfigPath()
{
	proof "the space's own is taken and the cell is on its bridge; another one is refused"
	attempt_fails 'cniConfigPath "/etc/cni/x.conflist" differs from its space' \
		'cniConfigPath: /etc/cni/x.conflist'
	attempt "cniConfigPath: $INSTANCE_RUN_PATH/data/$REALM/sp/network.conflist" >/dev/null
	undo
}

container.spec.restartPolicy()
{
	proof "always: after its process is killed there is another one; without it there is none; others are refused"
	killed_again
	[ ! -e "$(dir_of exits)/pid" ]
	attempt_fails 'restartPolicy "often" is not recognized' 'restartPolicy: often'
}

# Kill the container "again" once; killed_at is when.
killed_again()
{
	local done=$WORK/killed-$SUBJECT

	[ ! -e "$done" ] || return 0
	date +%s >"$done"
	inst kill -KILL "$(cat "$(dir_of again)/pid")"
	wait_for 200 another_process again
	# The process is there a moment before its start is stored, with its time and its count.
	wait_for 100 counted
}

counted()
{
	[ "$(container_status again restartCount)" -gt 0 ]
}

another_process()
{
	local pid

	pid=$(init_pid "$1") && [ -n "$pid" ] && [ "$pid" != "$(cat "$(dir_of "$1")/pid")" ]
}

# The directory of the terminal of what an attempt has made.
tty_dir()
{
	local cell=container

	[ "$SUBJECT" = container ] || cell=$(later)
	echo "$INSTANCE_RUN_PATH/data/$REALM/sp/st/$cell/x/tty"
}

# shows FILE TEXT KEYS: with these keys the file of the terminal's directory has that text.
shows()
{
	local dir

	attempt "$3" >/dev/null
	dir=$(tty_dir)
	wait_for 60 grep -qF -- "$2" "$dir/$1"
	undo
}

container.spec.attachable()
{
	proof "kuketty is its first process, listens, and has the program in a terminal"
	attempt 'attachable: true' >/dev/null
	wait_for 60 test -S "$(tty_dir)/socket"
	test -f "$(tty_dir)/capture"
	undo
}

container.spec.tty.prompt()
{
	proof "it is set in the terminal at the start; only with a terminal"
	shows capture "export PS1='P: '" $'attachable: true\ntty: {prompt: "\'P: \'"}'
	attempt_fails 'tty fields require attachable: true' 'tty: {prompt: x}'
}

container.spec.tty.onInit.script()
{
	proof "it is typed in the terminal at the start"
	shows capture 'echo typed' $'attachable: true\ntty: {onInit: [{script: echo typed}]}'
}

container.spec.tty.logFile()
{
	proof "kuketty makes it, for what it has to say"
	attempt $'attachable: true\ntty: {logFile: /run/kukeon/tty/own.log}' >/dev/null
	wait_for 60 test -f "$(tty_dir)/own.log"
	undo
}

# ---- status ----

container_status()
{
	local cell=$SUBJECT

	kuke get container "$1" --realm "$REALM" --space sp --stack st --cell "$cell" -o json | jq -r ".status.$2"
}

container.status.name()
{
	proof "the container's"
	[ "$(container_status plain name)" = plain ]
}

container.status.id()
{
	proof "the container's, as in the name of its control group"
	[ "$(container_status plain id)" = plain ]
	seen_line plain cgroup "_$(container_status plain id)$"
}

container.status.state()
{
	proof "the manifest's is dropped: Ready with a process; Failed after exit 7 and a signal, without one"
	[ "$(container_status plain state)" = Ready ]
	[ "$(container_status exits state)" = Failed ]
	[ "$(container_status dies state)" = Failed ]
	[ ! -e "$(dir_of exits)/pid" ]
}

container.status.restartCount()
{
	proof "the manifest's 9 is dropped: 1 after its process was killed once, 0 of what is not restarted"
	killed_again
	[ "$(container_status again restartCount)" = 1 ]
	[ "$(container_status exits restartCount)" = 0 ]
}

container.status.restartTime()
{
	proof "after the kill of its process and not later than now; the zero time of what is not restarted"
	local shown
	killed_again
	shown=$(seconds "$(container_status again restartTime)")
	[ "$shown" -ge "$(cat "$WORK/killed-$SUBJECT")" ]
	[ "$shown" -le "$(date +%s)" ]
	[ "$(container_status exits restartTime)" = 0001-01-01T00:00:00Z ]
}

container.status.startTime()
{
	proof "the kernel's start time of the process, within half a minute"
	local kernel shown
	kernel=$(( $(awk '$1 == "btime" { print $2 }' /proc/stat) +
		$(sed 's/.*) //' "$(dir_of plain)/stat" | cut -d' ' -f20) / $(getconf CLK_TCK) ))
	shown=$(seconds "$(container_status plain startTime)")
	between "$(container_status plain startTime)"
	[ $((shown - kernel)) -le 30 ]
	[ $((kernel - shown)) -le 30 ]
}

container.status.finishTime()
{
	proof "while the probes ran, for what has ended; the zero time for what runs"
	between "$(container_status exits finishTime)"
	[ "$(container_status plain finishTime)" = 0001-01-01T00:00:00Z ]
}

container.status.exitCode()
{
	proof "7 of exit 7; 139 of SIGSEGV"
	[ "$(container_status exits exitCode)" = 7 ]
	[ "$(container_status dies exitCode)" = 139 ]
}

container.status.exitSignal()
{
	proof "SIGSEGV of kill -SEGV; none of exit 7"
	[ "$(container_status dies exitSignal)" = SIGSEGV ]
	[ "$(container_status exits exitSignal)" = "" ]
}
