#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the fields of a manifest do, seen from inside the container and in the
# kernel's own files.

load ../helpers/suite

# What SCRIPT printed in a cell with YAML as further keys of its container.
output_of()
{
	run_cell s "$1; echo .done; exec sleep 1000" "${2:-}"
	wait_for 300 log_has s '^\.done$'
	logs s | sed '/^\.done$/d'
	quiet kuke kill cell s >/dev/null
	quiet kuke delete cell s >/dev/null
}

# The file NAME of the container's cgroup, in whichever hierarchy has it.
cgroup_file()
{
	local dir

	# In every hierarchy, by its path: a search would walk through groups of others, which go.
	for dir in /sys/fs/cgroup /sys/fs/cgroup/*/; do
		dir=${dir%/}$INSTANCE_CGROUP/default/default/default/s/default_default_s_main
		inst cat "$dir/$1" 2>/dev/null || true
	done
}

@test "env, args, command, workingDir" {
	run output_of 'echo $A,$B,$PATH; pwd; echo $0 $1' \
		$'env: [A=1, "B=two words"]\nworkingDir: /tmp'
	assert_output $'1,two words,/bin\n/tmp\nsh'
	cell_doc s x | sed 's,^      command: sh,      command: /bin/echo,; s/^      args: .*/      args: ["a b", "$HOME", "*"]/' |
		quiet kuke run -d -f - >/dev/null
	wait_for 200 log_has s 'a b'
	assert_equal "$(logs s)" 'a b $HOME *'
	kuke delete cell s
	# args alone follow the image's entrypoint; this image has a command only.
	cell_doc s 'echo args alone; exec sleep 1000' |
		sed '/^      command: sh/d; s/args: \[-c/args: [sh, -c/' | quiet kuke run -d -f - >/dev/null
	wait_for 200 log_has s 'args alone'
	kuke delete cell s
}

@test "a user by number, by name, and the variables of identity" {
	run output_of 'id -u; id -g; touch /x 2>&1 | grep -c denied' 'user: "1000:1001"'
	assert_output $'1000\n1001\n1'
	run output_of 'id -u; id -g' 'user: nobody'
	assert_output $'65534\n65534'
	run output_of 'id -u; echo $HOME'
	assert_output $'0\n/root'
	run output_of 'env | grep ^KUKEON_ | sort'
	assert_line --regexp '^KUKEON_.*=s$'
	assert_line --regexp '^KUKEON_.*=main$'
}

@test "hostname, hosts and resolv.conf" {
	run output_of 'hostname; cat /etc/hostname; grep -c localhost /etc/hosts; test -s /etc/resolv.conf && echo yes'
	assert_line --index 0 s
	assert_line --index 1 s
	assert [ "${lines[2]}" -ge 1 ]
}

@test "a bind mount, read-write and read-only" {
	mkdir -p "$HERE/v"
	echo host >"$HERE/v/f"
	run output_of 'cat /rw/f; echo inside >/rw/g; echo x >/ro/h || echo refused' \
		"volumes: [{source: $HERE/v, target: /rw}, {source: $HERE/v, target: /ro, readOnly: true}]"
	assert_line --index 0 host
	assert_output --partial refused
	assert_equal "$(cat "$HERE/v/g")" inside
	assert [ ! -e "$HERE/v/h" ]
	rm -r "$HERE/v"
}

@test "a read-only bind mount covers what the host has mounted below it" {
	mkdir -p "$HERE/v/below"
	inst mount -t tmpfs below "$HERE/v/below"
	run output_of 'echo x >/ro/below/f || echo refused; echo x >/rw/below/g && echo written' \
		"volumes: [{source: $HERE/v, target: /ro, readOnly: true}, {source: $HERE/v, target: /rw}]"
	assert_output --partial refused
	assert_output --partial written
	inst umount "$HERE/v/below"
	rm -r "$HERE/v"
}

@test "secrets: read at every start, gone with the stop, found missing before anything changes" {
	local bundle=$INSTANCE/run/containers/default.$INSTANCE_NS_SUFFIX/default_default_s_main
	printf alpha7 >"$HERE/secret"
	run_cell s 'echo $VALUE; cat /run/value; echo; exec sleep 1000' "secrets: [{name: VALUE, fromFile: $HERE/secret},
		{name: file, fromFile: $HERE/secret, mountPath: /run/value}]"
	wait_for 200 log_has s alpha7
	assert_equal "$(cat "$bundle/secrets/1")" alpha7
	assert_equal "$(stat -c %a "$bundle" "$bundle/bundle" "$bundle/bundle/config.json" "$bundle/secrets" | paste -sd' ')" '700 700 600 700'
	refute grep -rq --exclude=log alpha7 "$INSTANCE_RUN_PATH"
	quiet kuke kill cell s
	refute grep -rq alpha7 "$INSTANCE/run" --include=config.json --include='[0-9]'
	assert [ ! -e "$bundle/secrets" ]
	rm "$HERE/secret"
	run quiet kuke start cell s
	assert_failure 1
	assert_output --partial "secret fromFile path does not exist on the host (secrets[0] \"VALUE\" fromFile \"$HERE/secret\")"
	assert_equal "$(cell_state s)" Stopped
	printf second >"$HERE/secret"
	quiet kuke start cell s
	wait_for 200 log_has s second
	# One that would need bytes no variable can hold.
	printf 'a\0b' >"$HERE/secret"
	quiet kuke kill cell s
	run quiet kuke start cell s
	assert_output --partial "mount it as a file (mountPath)"
	mkfifo "$HERE/fifo"
	run quiet kuke run -d -f - < <(cell_doc t true "secrets: [{name: X, fromFile: $HERE/fifo}]")
	assert_output --partial "is not a regular file"
	refute kuke get cell t
	kuke delete cell s
	rm "$HERE/secret" "$HERE/fifo"
}

@test "defaults of a space: for who comes or changes after them, never for who is there" {
	local space='kind: Space\nmetadata: {name: d}\nspec: {realmId: default, defaults: {container: %s}}\n---\nkind: Stack\nmetadata: {name: d}\nspec: {realmId: default, spaceId: d}\n'
	# shellcheck disable=SC2059
	printf "$space" '{user: "7:7"}' | kuke apply -f - >/dev/null
	IN='default d d' cell_doc s 'id -u; exec sleep 1000' >"$HERE/s.yaml"
	quiet kuke apply -f "$HERE/s.yaml" >/dev/null
	IN='default d d' wait_for 200 log_has s '^7$'
	# shellcheck disable=SC2059
	printf "$space" '{user: "8:8"}' | kuke apply -f - | grep -q 'Space "d": updated'
	# Another container joins: the one that is there keeps what it has.
	quiet kuke create container late --cell s --space d --stack d --image "$IMAGE" \
		--command sh --args=-c --args='id -u; exec sleep 1000' >/dev/null
	IN='default d d' wait_for 200 log_has s '^8$' late
	assert_equal "$(IN='default d d' logs s)" 7
	# Applied again, it is held against what the space says now.
	run quiet kuke apply -f "$HERE/s.yaml"
	assert_output --partial 'container "main" updated: user'
	IN='default d d' wait_for 200 log_has s '^8$'
	quiet kuke delete space d --cascade
	rm "$HERE/s.yaml"
}

@test "a container's labels are its document's, and change in place" {
	local doc=$HERE/x.yaml pid
	run_cell s "$IDLE"
	printf 'kind: Container\nmetadata: {name: x, labels: {a: b}}\nspec: {realmId: default, spaceId: default, stackId: default, cellId: s, image: %s, command: sleep, args: ["1000"]}\n' \
		"$IMAGE" >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	pid=$(init_of s x)
	assert_equal "$(container_value s x .metadata.labels.a)" b
	sed -i 's/a: b/a: c/' "$doc"
	run quiet kuke apply -f "$doc"
	assert_output $'Container "x": updated\n  - metadata.labels'
	assert_equal "$(quiet kuke apply -f "$doc")" 'Container "x": unchanged'
	assert_equal "$(container_value s x .metadata.labels.a)" c
	assert_equal "$(init_of s x)" "$pid"
	kuke delete cell s
	rm "$doc"
}

@test "a tmpfs with size and mode" {
	run output_of 'stat -c %a /t; df -k /t | tail -n1 | tr -s " " | cut -d" " -f2; mount | grep -c "^tmpfs on /t "
		dd if=/dev/zero of=/t/f bs=1k count=2000 2>/dev/null || echo full' \
		'volumes: [{kind: tmpfs, target: /t, sizeBytes: 1048576, mode: 01770}]'
	assert_output $'1770\n1024\n1\nfull'
}

@test "volumes that cannot be are refused before anything is made" {
	local v
	while IFS='|' read -r v message; do
		run quiet kuke run -d -f - < <(cell_doc s true "volumes: [$v]")
		assert_failure 1
		assert_output --partial "$message"
		quiet kuke delete cell s >/dev/null 2>&1 || true
	done <<-'END'
		{source: /no/such, target: /x}|volume source does not exist on the host (volume[0] source "/no/such")
		{source: /tmp, target: x}|volume target must be an absolute container path (volume[0] target "x")
		{source: named, target: /x}|named or managed volumes are not supported; use an absolute host path as source (volume[0] source "named")
		{kind: tmpfs, source: /tmp, target: /x}|tmpfs volume must not set a source
		{kind: nfs, source: /tmp, target: /x}|volume kind is not recognized; expected "", "bind", or "tmpfs" (volume[0] kind "nfs")
	END
}

@test "resources are in the kernel's files" {
	run_cell s "$IDLE" 'resources: {memoryLimitBytes: 67108864, cpuShares: 512, pidsLimit: 33}'
	wait_for 200 log_has s up
	assert_equal "$(cgroup_file pids.max)" 33
	if [ -n "$(cgroup_file memory.limit_in_bytes)" ]; then
		assert_equal "$(cgroup_file memory.limit_in_bytes)" 67108864
		assert_equal "$(cgroup_file cpu.shares)" 512
	else
		assert_equal "$(cgroup_file memory.max)" 67108864
		assert [ "$(cgroup_file cpu.weight)" -lt 100 ]
	fi
	kuke delete cell s
	run_cell s 'sleep 0.2; exec tail /dev/zero' 'resources: {memoryLimitBytes: 16777216}'
	wait_for 400 is_cell_state s Failed
	assert_equal "$(container_value s main .status.exitCode)" 137
	assert_regex "$(cell_value s .status.message)" 'OOM|memory'
	kuke delete cell s
}

# limits MEMORY SHARES PIDS: what the kernel has; "none" for no limit.
limits_are()
{
	local memory shares pids
	memory=$(cgroup_file memory.limit_in_bytes; cgroup_file memory.max)
	shares=$(cgroup_file cpu.shares; cgroup_file cpu.weight)
	pids=$(cgroup_file pids.max)
	case $memory in max | 9223372036854*) memory=none ;; esac
	case $shares in 1024 | 100) shares=none ;; esac
	case $pids in max) pids=none ;; esac
	echo "$memory $shares $pids"
	assert_equal "$memory $shares $pids" "$*"
}

@test "a limit that is zero or taken away is none at once, and after a restart" {
	local doc=$INSTANCE/home/limits.yaml none init
	for none in '{memoryLimitBytes: 0, cpuShares: 0, pidsLimit: 0}' '{}'; do
		cell_doc s "$IDLE" 'resources: {memoryLimitBytes: 67108864, cpuShares: 512, pidsLimit: 33}' >"$doc"
		quiet kuke apply -f "$doc"
		wait_for 200 log_has s up
		init=$(init_of s)
		assert_equal "$(cgroup_file pids.max)" 33
		cell_doc s "$IDLE" "resources: $none" >"$doc"
		run quiet kuke apply -f "$doc"
		echo "$output"
		assert_like "$output" 'Cell "s": updated' ...
		assert_equal "$(init_of s)" "$init"
		limits_are none none none
		quiet kuke stop cell s
		quiet kuke start cell s
		limits_are none none none
		kuke delete cell s
	done
	rm "$doc"
}

@test "a limit that this host cannot keep is refused before anything is made" {
	local doc=$INSTANCE/home/limits.yaml words=$INSTANCE/home/controllers mount where
	cell_doc s "$IDLE" 'resources: {pidsLimit: 64}' >"$doc"
	# A host without the pids controller: its v1 hierarchy is taken away for a moment, or
	# the list of the unified one is another.
	mount=$(inst awk '$3 == "cgroup" && $4 ~ /(^|,)pids(,|$)/ { print $2; exit }' /proc/mounts)
	if inst grep -q ' cgroup ' /proc/mounts; then
		where='the mounted cgroup v1 hierarchies'
	else
		mount=$(inst awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
		where=$mount/cgroup.controllers
		inst sed 's/\<pids\>//' "$where" >"$words"
	fi
	case $where in
	/*) inst mount --bind "$words" "$where" ;;
	*) [ -z "$mount" ] || inst umount -l "$mount" ;;
	esac
	run quiet kuke apply --no-daemon -f "$doc"
	case $where in
	/*) inst umount "$where" ;;
	*) [ -z "$mount" ] || inst mount -t cgroup -o nosuid,nodev,noexec,pids cgroup "$mount" ;;
	esac
	assert_failure 1
	assert_output --partial "container \"main\": resources.pidsLimit: this host has no pids controller (not in $where); enable it or leave the limit out"
	refute kuke get cell s
	rm -f "$doc" "$words"
}

@test "every hierarchy has the cell's directories while it is there, and none after" {
	local mnt n=0
	run_cell s "$IDLE"
	while read -r mnt; do
		# What nobody asked for does not count: a v2 mount without controllers.
		[ -e "$mnt$INSTANCE_CGROUP/default/default/default" ] || continue
		assert [ -d "$mnt$INSTANCE_CGROUP/default/default/default/s" ]
		n=$((n + 1))
	done < <(awk '{ for (i = 7; $i != "-"; i++) ; if ($(i + 1) ~ /^cgroup2?$/) print $5 }' /proc/self/mountinfo | sort -u)
	assert [ "$n" -ge 1 ]
	grep -q "$INSTANCE_CGROUP/default/default/default/s/default_default_s_main" \
		<(inst cat "/proc/$(init_of s)/cgroup")
	grep -q "$INSTANCE_CGROUP/_monitors" <(inst cat "/proc/$(monitor_of s)/cgroup")
	kuke delete cell s
	run find_cgroups '' -path "*/default/default/default/s*"
	assert_output ''
}

@test "hostNetwork, hostPID, hostCgroup" {
	run output_of 'ls /sys/class/net; readlink /proc/self/ns/net' 'hostNetwork: true'
	assert_output --partial uplink0
	assert_like "$output" ... "$(inst readlink /proc/self/ns/net)"
	run output_of 'readlink /proc/self/ns/pid; cat /proc/1/comm' 'hostPID: true'
	assert_line --index 0 "$(inst readlink /proc/self/ns/pid)"
	assert_line --index 1 "$(inst cat /proc/1/comm)"
	run output_of 'readlink /proc/self/ns/cgroup' 'hostCgroup: true'
	assert_output "$(inst readlink /proc/self/ns/cgroup)"
	# Otherwise they are the container's own.
	run output_of 'readlink /proc/self/ns/pid; readlink /proc/self/ns/cgroup; ls /sys/class/net'
	assert_not_equal "${lines[0]}" "$(inst readlink /proc/self/ns/pid)"
	assert_not_equal "${lines[1]}" "$(inst readlink /proc/self/ns/cgroup)"
	assert_equal "${lines[2]} ${lines[3]}" "eth0 lo"
}

@test "a cell on the host's network has the host's own names and resolvers, others what they reach" {
	printf 'nameserver 127.0.0.53\nnameserver ::1\nnameserver 10.9.9.9\nnameserver fe80::1%%eth0\nsearch here\n' >"$INSTANCE/home/resolv.conf"
	printf '127.0.0.1 localhost\n10.1.2.3 printer\n' >"$INSTANCE/home/hosts"
	inst mount --bind "$INSTANCE/home/resolv.conf" /etc/resolv.conf
	inst mount --bind "$INSTANCE/home/hosts" /etc/hosts
	run output_of 'cat /etc/resolv.conf /etc/hosts' 'hostNetwork: true'
	assert_output "$(cat "$INSTANCE/home/resolv.conf" "$INSTANCE/home/hosts")"
	run output_of 'cat /etc/resolv.conf; grep -c printer /etc/hosts'
	inst umount /etc/resolv.conf
	inst umount /etc/hosts
	rm "$INSTANCE/home/resolv.conf" "$INSTANCE/home/hosts"
	assert_output $'nameserver 10.9.9.9\nsearch here\n0'
}

@test "hostPID: all processes of the container end with it" {
	run_cell s 'sleep 1001 & sleep 1002 & echo up; wait' 'hostPID: true'
	wait_for 200 log_has s up
	quiet kuke kill cell s
	refute inst pgrep -f 'sleep 100[12]'
	kuke delete cell s
}

@test "labels: what run adds, what the manifest says" {
	cell_doc s "$IDLE" | sed 's/^  name: s/&\n  labels: {app: x}/' | quiet kuke run -d -f - >/dev/null
	assert_equal "$(cell_value s '.metadata.labels | to_entries | map(.key + "=" + .value) | join(" ")')" 'app=x cell.kukeon.io=s realm.kukeon.io=default space.kukeon.io=default stack.kukeon.io=default'
	kuke delete cell s
}

@test "log: raw bytes, the single container is found, several must be named" {
	{ cell_doc s 'printf "one\n\001\377two"; exec sleep 1000'; container side 'echo side; exec sleep 1000'; } |
		quiet kuke run -d -f - >/dev/null
	wait_for 200 log_has s one
	wait_for 200 log_has s side side
	run kuke log s
	assert_failure 1
	assert_output 'Error: multiple attachable containers in cell; specify --container (cell "s"): candidates: main, side
Hint: for all of them pass --all-containers'
	kuke log s --container main | cmp - <(printf 'one\n\001\377two')
	kuke delete container side --cell s
	kuke log s | cmp - <(printf 'one\n\001\377two')
	kuke delete cell s
}

@test "log -f goes on over a rotation and misses nothing" {
	run_cell s 'i=0; echo begin; until [ -e /go ]; do sleep 0.1; done
		seq 1 1700000; sleep 0.3; echo end; exec sleep 1000'
	wait_for 200 log_has s begin
	quiet kuke log -f s >"$INSTANCE/home/followed" &
	wait_for 60 grep -q '^begin$' "$INSTANCE/home/followed"
	inst touch "/proc/$(init_of s)/root/go"
	wait_for 400 grep -q '^end$' "$INSTANCE/home/followed"
	# 10 MiB is the limit of one file.
	assert [ -f "$(cell_dir s)/main/log.1" ]
	assert [ "$(stat -c %s "$(cell_dir s)/main/log.1")" -ge 10000000 ]
	assert [ "$(stat -c %s "$(cell_dir s)/main/log.1")" -le 10551296 ]
	cmp <(sed '1d; $d' "$INSTANCE/home/followed") <(seq 1 1700000)
	quiet kuke kill cell s >/dev/null
	quiet kuke delete cell s
	wait || true
	rm "$INSTANCE/home/followed"
}
