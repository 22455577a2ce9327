#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# init and the daemon as a process.

load ../helpers/suite

setup_file()
{
	suite_start --restarts
}

tree()
{
	inst find "$INSTANCE_RUN_PATH" "$INSTANCE/run" -xdev -type f ! -path '*/locks/*' -printf '%p %m %s\n' | sort
}

@test "init once more: the same daemon, everything already existed" {
	local pid
	pid=$(kukeond_pid)
	tree >"$INSTANCE/home/before"
	run quiet kuke init --server-configuration "$INSTANCE_CONFIG"
	assert_success
	assert_line --index 0 'Kukeon runtime already initialized'
	assert_line --index 1 "Realm: default (namespace: default.$INSTANCE_NS_SUFFIX)"
	assert_line --index 2 "System realm: kuke-system (namespace: kuke-system.$INSTANCE_NS_SUFFIX)"
	assert_line --index 3 "Run path: $INSTANCE_RUN_PATH"
	assert_line --index 4 'Kukeond image: host'
	assert_line --index 5 "Server configuration: $INSTANCE_CONFIG"
	assert_line --index 6 --regexp '^Packet filter: (iptables \(legacy\)|nftables)$'
	assert_line --index 7 'Actions:'
	assert_like "$output" ... '    - realm "default": already existed' ... '    - network "default-default": already existed' ...
	assert_like "$output" ... '    - cell "kukeond": already existed' ... '    - cell containers: already running' ...
	refute grep -E ': (created|started|missing)' <<<"$output"
	assert_equal "${lines[-1]}" "kukeond is ready (unix://$INSTANCE_SOCKET)"
	assert_equal "$(kukeond_pid)" "$pid"
	tree | diff "$INSTANCE/home/before" -
}

@test "a flag without a value is refused, nothing changed" {
	local flag
	tree >"$INSTANCE/home/before"
	for flag in cgroup-root=cgroupRoot containerd-namespace-suffix=containerdNamespaceSuffix \
		realm space run-path=runPath configuration 'server-configuration=server configuration'; do
		run quiet kuke init --server-configuration "$INSTANCE_CONFIG" "--${flag%%=*}" ""
		assert_failure 1
		assert_output "Error: ${flag#*=} is empty"
		run quiet kuke init --server-configuration "$INSTANCE_CONFIG" "--${flag%%=*}= "
		assert_output "Error: ${flag#*=} is empty"
	done
	run quiet inst env KUKEON_CGROUP_ROOT=" " "$INSTANCE_BINDIR/kuke" init \
		--server-configuration "$INSTANCE_CONFIG"
	assert_output 'Error: configure runtime: cgroupRoot is empty: server configuration is invalid'
	tree | diff "$INSTANCE/home/before" -
}

@test "init with another suffix or cgroup root is refused, nothing changed" {
	tree >"$INSTANCE/home/before"
	local pid
	pid=$(kukeond_pid)
	run quiet kuke init --server-configuration "$INSTANCE_CONFIG" --containerd-namespace-suffix other.io
	assert_failure 1
	assert_like "$output" "Error: " ... "runPath \"$INSTANCE_RUN_PATH\" was bootstrapped with containerdNamespaceSuffix=\"$INSTANCE_NS_SUFFIX\" cgroupRoot=\"$INSTANCE_CGROUP\" but the running configuration requests containerdNamespaceSuffix=\"other.io\" cgroupRoot=\"$INSTANCE_CGROUP\": kukeon instance mismatch"
	run quiet kuke init --server-configuration "$INSTANCE_CONFIG" --cgroup-root /elsewhere
	assert_failure 1
	assert_equal "$(wc -l <<<"$output")" 1
	assert_equal "$(kukeond_pid)" "$pid"
	tree | diff "$INSTANCE/home/before" -
	assert_equal "$(inst find /sys/fs/cgroup -maxdepth 2 -ignore_readdir_race -name elsewhere)" ''
}

@test "init refuses bad settings and an image" {
	local args
	while read -r args; do
		# shellcheck disable=SC2086
		run quiet kuke init --server-configuration "$INSTANCE_CONFIG" $args
		assert_failure 1
		assert_equal "$(wc -l <<<"$output")" 1
	done <<-'END'
		--containerd-namespace-suffix .x
		--containerd-namespace-suffix a/b
		--cgroup-root /
		--cgroup-root relative
		--kukeond-image docker.io/x/y:1
	END
}

@test "files and modes of the run path and the socket's directory" {
	local path mode
	while read -r mode path; do
		echo "$path: $(stat -c '%a' "$INSTANCE/$path")"
		assert_equal "$(stat -c %a "$INSTANCE/$path")" "$mode"
	done <<-END
		640 opt/.kukeon-instance.json
		644 opt/data/default/metadata.json
		2750 opt/data/default
		2750 opt/data/default/default/default
		600 opt/data/default/default/network.json
		600 opt/data/default/default/network.conflist
		700 opt/locks
		600 run/kukeond.sock
		644 run/kukeond.pid
	END
	# Its children have its name.
	assert_equal "$(inst cat "/proc/$(cat "$INSTANCE/run/kukeond.pid")/comm")" kukeond
}

@test "daemon stop and start, twice each; the workload runs on" {
	run_cell a "$IDLE"
	local init cell='(cell "kukeond" in realm "kuke-system")'
	init=$(init_of a)
	run kuke daemon stop
	assert_success
	assert_output "kukeond stopped $cell"
	assert [ ! -e "$INSTANCE_SOCKET" ]
	assert [ ! -e "$INSTANCE/run/kukeond.pid" ]
	wait_for 100 refute inst pgrep -x kukeond
	run kuke daemon stop
	assert_output "kukeond is already stopped $cell"
	inst test -e "/proc/$init"
	run kuke get cells
	assert_failure 1
	assert_equal "$(grep -vc '^Hint: ' <<<"$output")" 1
	assert_like "$output" "Error: " ... "$INSTANCE_SOCKET" ...
	run quiet kuke daemon start
	assert_output "kukeond started $cell"
	run quiet kuke daemon start
	assert_output "kukeond is already running $cell"
	assert_equal "$(init_of a)" "$init"
	is_cell_state a Ready
	kuke delete cell a
}

@test "kill -9 of kukeond: its monitor starts another, workloads never notice" {
	run_cell a "$IDLE"
	local init old
	init=$(init_of a)
	old=$(kukeond_pid)
	inst kill -9 "$old"
	wait_for 400 daemon_is_back "$old"
	assert_equal "$(init_of a)" "$init"
	is_cell_state a Ready
	kuke delete cell a
}

monitor()
{
	inst pgrep -f -- '--id=kukeon_kukeon_kukeond_kukeond '
}

monitor_is_back()
{
	local pid

	pid=$(monitor) && [ "$pid" != "$1" ]
}

# What a daemon says has nobody who reads it, and there is no more room for it.
fill_output()
{
	inst dd if=/dev/zero of="$(find "$INSTANCE/run/containers" -path '*kukeond/stderr')" \
		oflag=nonblock bs=4096 count=17 status=none 2>/dev/null || true
}

@test "kill -9 of the daemon's monitor: the daemon answers, and has another one soon" {
	local daemon old
	daemon=$(kukeond_pid)
	old=$(monitor)
	inst kill -9 "$old"
	wait_for 200 pid_gone "$old"
	fill_output
	kuke get cells
	quiet kuke daemon start
	wait_for 200 monitor_is_back "$old"
	assert_equal "$(kukeond_pid)" "$daemon"
	# It does what the first one did: what is said is in the log, and the daemon is kept up.
	wait_for 200 logs_grow
	inst kill -9 "$daemon"
	wait_for 400 daemon_is_back "$daemon"
	# A pass finds it, too.
	old=$(monitor)
	inst kill -9 "$old"
	IN='kuke-system kukeon kukeon' pass_over kukeond
	wait_for 200 monitor_is_back "$old"
}

logs_grow()
{
	local log=$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log before
	before=$(stat -c %s "$log")
	IN='kuke-system kukeon kukeon' pass_over kukeond
	[ "$(stat -c %s "$log")" -gt "$before" ]
}

@test "SIGTERM from outside ends it cleanly, and kuke daemon start brings it back" {
	run_cell a "$IDLE"
	local init
	init=$(init_of a)
	inst kill -TERM "$(kukeond_pid)"
	ended() { refute inst pgrep -x kukeond; }
	wait_for 200 ended
	assert [ ! -e "$INSTANCE_SOCKET" ]
	inst test -e "/proc/$init"
	quiet kuke daemon start
	is_cell_state a Ready
	kuke delete cell a
}

@test "kukeond serve by hand, without a monitor: the instance is held by one" {
	kuke daemon stop
	quiet inst setsid -f "$INSTANCE_BINDIR/kukeond" serve --configuration "$INSTANCE_CONFIG" \
		>"$INSTANCE/home/serve.log" 2>&1 </dev/null
	wait_for 200 daemon_is_back
	run quiet inst "$INSTANCE_BINDIR/kukeond" serve --configuration "$INSTANCE_CONFIG"
	assert_failure 1
	assert_output --partial "already running"
	run quiet kuke daemon start
	assert_like "$output" "kukeond is already running" ...
	kill_daemon TERM
	grep -q 'msg=stopped' "$INSTANCE/home/serve.log"
	quiet kuke daemon start
}

@test "kuke daemon start returns when the daemon answers, with --no-wait before" {
	for _ in 1 2 3; do
		kuke daemon stop >/dev/null
		quiet kuke daemon start >/dev/null
		run kuke get realms
		assert_success
	done
	kuke daemon stop >/dev/null
	run quiet kuke daemon start --no-wait
	assert_success
	assert_output --partial "kukeond started"
	wait_for 200 kuke get realms
}

@test "a stale socket and pid file after kill -9 of both are no obstacle" {
	local old
	old=$(kukeond_pid)
	inst kill -9 "$(inst pgrep -f -- '--id=kukeon_kukeon_kukeond_kukeond ')" "$old"
	wait_for 200 pid_gone "$old"
	assert [ -S "$INSTANCE_SOCKET" ]
	run kuke get cells
	assert_failure 1
	quiet kuke daemon start
	wait_for 200 daemon_is_back "$old"
}

@test "a server configuration that is none" {
	printf 'kind: Nope\n' >"$INSTANCE/home/bad.yaml"
	run quiet kuke init --server-configuration "$INSTANCE/home/bad.yaml"
	assert_failure 1
	assert_like "$output" ... 'has kind "Nope", want "ServerConfiguration": server configuration is invalid'
	printf 'kind: [\n' >"$INSTANCE/home/bad.yaml"
	run quiet kuke init --server-configuration "$INSTANCE/home/bad.yaml"
	assert_failure 1
	assert_equal "$(wc -l <<<"$output")" 1
	rm "$INSTANCE/home/bad.yaml"
}
