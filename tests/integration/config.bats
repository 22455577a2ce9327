#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each key of the server configuration acts; the instance file is kept; which layer
# wins is tested in tests/unit/test_settings.c and test_client_settings.c.

load ../helpers/suite

setup_file()
{
	suite_start --restarts
	cp "$INSTANCE_CONFIG" "$INSTANCE/home/kukeond.yaml"
}

setup()
{
	suite_snapshot
	file=$INSTANCE_RUN_PATH/.kukeon-instance.json
}

teardown()
{
	local file=$INSTANCE/home/kukeond.yaml

	cmp -s "$file" "$INSTANCE_CONFIG" || { cp "$file" "$INSTANCE_CONFIG"; restart; }
	suite_check
}

restart()
{
	restart_daemon
	wait_for 200 daemon_is_back
}

# with KEY VALUE…: the daemon once more, with these keys on top.
with()
{
	cp "$INSTANCE/home/kukeond.yaml" "$INSTANCE_CONFIG"
	while [ $# -gt 0 ]; do
		sed -i "/^  $1:/d" "$INSTANCE_CONFIG"
		printf '  %s: %s\n' "$1" "$2" >>"$INSTANCE_CONFIG"
		shift 2
	done
	restart
}

@test "socketGID: the socket is the group's; 0: root's alone" {
	assert_equal "$(stat -c '%a %g' "$INSTANCE_SOCKET")" '600 0'
	with socketGID 12
	assert_equal "$(stat -c '%a %g' "$INSTANCE_SOCKET")" '660 12'
	with socketGID 0
	assert_equal "$(stat -c '%a %g' "$INSTANCE_SOCKET")" '600 0'
}

@test "socketGID: init records it, an absent key means the recorded one" {
	cp -a "$file" "$INSTANCE/home/before" # with its checksum
	printf '  socketGID: 13\n' >>"$INSTANCE_CONFIG"
	quiet kuke init --server-configuration "$INSTANCE_CONFIG" >/dev/null
	assert_equal "$(jq .socketGID "$file")" 13
	with logLevel debug
	assert_equal "$(stat -c '%a %g' "$INSTANCE_SOCKET")" '660 13'
	printf '  socketGID: 0\n' >>"$INSTANCE_CONFIG"
	quiet kuke init --server-configuration "$INSTANCE_CONFIG" >/dev/null
	assert_equal "$(jq .socketGID "$file")" 0
	cp -a "$INSTANCE/home/before" "$file"
	rm "$INSTANCE/home/before"
}

daemon_log()
{
	kuke log kukeond --realm kuke-system --space kukeon --stack kukeon
}

@test "logLevel: what is below it is not logged" {
	local log=$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log n
	with logLevel error
	n=$(stat -c %s "$log")
	run_cell c "$IDLE"
	kuke delete cell c >/dev/null
	assert_equal "$(stat -c %s "$log")" "$n"
	with logLevel debug
	n=$(stat -c %s "$log")
	run_cell c "$IDLE"
	kuke delete cell c >/dev/null
	tail -c "+$((n + 1))" "$log" | grep -q level=DEBUG
}

bridge()
{
	inst ip -o link show type bridge | grep -c .
}

has_bridge()
{
	assert [ "$(bridge)" -gt 0 ]
}

# Others' changes of it are not noticed but by looking.
has_mtu()
{
	inst ip -o link show "$1" | grep -q " mtu $2 "
}

@test "reconcileInterval: what was changed is mended by the timer, and by 0 it is not" {
	local name mtu
	with reconcileInterval 100ms
	wait_for 200 has_bridge
	name=$(inst ip -o link show type bridge | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p' | head -n1)
	mtu=$(inst ip -o link show "$name" | sed 's/.* mtu \([0-9]*\) .*/\1/')
	inst ip link set "$name" mtu 1300
	wait_for 200 has_mtu "$name" "$mtu"
	with reconcileInterval 0s
	wait_for 200 daemon_idle "$(kukeond_pid)"
	inst ip link set "$name" mtu 1300
	# Ten times the interval that mended it.
	stays 1 has_mtu "$name" 1300
	with reconcileInterval 100ms
	wait_for 200 has_mtu "$name" "$mtu"
}

# A line per pass that has looked at cell c: how often it opened the record of its start.
# There is one pass at a time; the last may be under way.
looks()
{
	awk '/\/default\/default\/default\/c\/run\.json"/ {
			if ($1 != pid && n) print n
			n = $1 == pid ? n + 1 : 1
			pid = $1
		}' "$INSTANCE/home/trace"
}

several_looks()
{
	[ "$(looks | wc -l)" -ge 3 ]
}

@test "a pass over a cell in order takes one look at its start" {
	local tracer
	run_cell c "$IDLE"
	with reconcileInterval 100ms
	quiet inst strace -f -qq -e trace=openat -o "$INSTANCE/home/trace" -p "$(kukeond_pid)" &
	tracer=$!
	wait_for 200 several_looks
	inst kill -INT "$(inst pgrep -x strace)"
	wait "$tracer" || true
	looks | sort | uniq -c
	assert_equal "$(looks | sort -u)" 1
	kuke delete cell c
	rm "$INSTANCE/home/trace"
}

@test "podSubnetCIDR, podSubnetSize: where new spaces get their addresses" {
	with podSubnetCIDR 10.99.0.0/16 podSubnetSize 28
	quiet kuke create space s1
	quiet kuke create stack t1 --space s1
	IN="default s1 t1" run_cell c "$IDLE"
	local ip
	ip=$(cell_ip c default s1 t1)
	assert_like "$ip" 10.99. ...
	IN="default s1 t1" in_cell c ip -o -4 addr show eth0 | grep -q "inet $ip/28 "
	kuke delete space s1 --cascade
	# Room for one: a plan and what follows it agree on which has none.
	with podSubnetCIDR 10.99.0.0/28 podSubnetSize 28
	printf 'kind: Space\nmetadata: {name: s%d}\nspec: {realmId: default}\n---\n' 1 2 >"$INSTANCE/home/spaces.yaml"
	run quiet kuke apply --dry-run -f "$INSTANCE/home/spaces.yaml"
	assert_output $'Space "s1": created (dry run)\nSpace "s2": failed (dry run)\n  Error: failed to create space: failed to create network: no free subnet available in parent CIDR'
	run quiet kuke apply -f "$INSTANCE/home/spaces.yaml"
	assert_like "$output" $'Space "s1": created\nSpace "s2": failed\n  Error: failed to create space: failed to create network: no free subnet available in parent CIDR\n' ...
	kuke delete space s1
	rm "$INSTANCE/home/spaces.yaml"
	sed -i 's/podSubnetSize: 28/podSubnetSize: 8/' "$INSTANCE_CONFIG"
	run quiet inst "$INSTANCE_BINDIR/kukeond" serve --configuration "$INSTANCE_CONFIG"
	assert_failure 1
	assert_output 'Error: podSubnetSize 8 must be within [28, 30]'
}

# Which crun works on this host's cgroups is crun's affair: this one is runc, and tells.
@test "runtime: the program of that name is what starts containers" {
	local bin=/usr/local/sbin calls=$INSTANCE/home/calls
	inst mount -t tmpfs none "$bin"
	printf '#!/bin/sh\necho "$*" >>%s\nexec runc "$@"\n' "$calls" |
		inst sh -c "cat >$bin/crun && chmod 755 $bin/crun"
	with runtime crun
	run_cell c "$IDLE"
	wait_for 200 log_has c up
	grep -q 'run .*default_default_c_main' "$calls"
	kuke delete cell c
	rm "$calls"
	with runtime runc
	run_cell c "$IDLE"
	kuke delete cell c
	assert [ ! -e "$calls" ]
	inst umount "$bin"
	printf '  runtime: rocket\n' >>"$INSTANCE_CONFIG"
	sed -i '/runtime: runc/d' "$INSTANCE_CONFIG"
	run quiet inst "$INSTANCE_BINDIR/kukeond" serve --configuration "$INSTANCE_CONFIG"
	assert_failure 1
	assert_like "$output" ... 'spec.runtime "rocket" is not one of the known values: server configuration is invalid'
}

blobs()
{
	find "$INSTANCE_RUN_PATH/namespaces/$1.$INSTANCE_NS_SUFFIX/blobs" -type f -size +100k | wc -l
}

@test "keepLayers: compressed layers stay after they were unpacked" {
	local keep
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/b.tar" "$IMAGE" oci
	for keep in false true; do
		with keepLayers $keep
		quiet kuke create realm "r-$keep"
		quiet kuke image load --realm "r-$keep" "$INSTANCE/home/b.tar"
	done
	assert_equal "$(blobs r-false)" 0
	assert_equal "$(blobs r-true)" 1
	kuke delete realm r-false
	kuke delete realm r-true
	rm "$INSTANCE/home/b.tar"
}

@test "containerdSocket is accepted and does nothing" {
	with containerdSocket /nowhere/at.all
	run_cell c "$IDLE"
	kuke delete cell c
}

@test "another suffix or cgroup root is refused before anything is touched" {
	local args
	cp -a "$file" "$INSTANCE/home/before" # with its checksum
	kuke daemon stop
	for args in '--containerd-namespace-suffix other.io' '--cgroup-root /elsewhere'; do
		# shellcheck disable=SC2086
		run quiet inst "$INSTANCE_BINDIR/kukeond" serve --configuration "$INSTANCE_CONFIG" $args
		assert_failure 1
		assert_like "$output" "Error: runPath \"$INSTANCE_RUN_PATH\" was bootstrapped with containerdNamespaceSuffix=\"$INSTANCE_NS_SUFFIX\" cgroupRoot=\"$INSTANCE_CGROUP\" but the running configuration requests " ... ": kukeon instance mismatch"
	done
	# White space and slashes at the end make no difference. A new file has no checksum.
	rm "$file"
	printf '{"containerdNamespaceSuffix": " %s ", "cgroupRoot": "%s//"}\n' \
		"$INSTANCE_NS_SUFFIX" "$INSTANCE_CGROUP" >"$file"
	quiet kuke daemon start
	wait_for 200 daemon_is_back
	kuke daemon stop
	echo '{' >"$file"
	run quiet inst "$INSTANCE_BINDIR/kukeond" serve --configuration "$INSTANCE_CONFIG"
	assert_failure 1
	assert_like "$output" "Error: read instance file '$file': " ... ": server configuration is invalid"
	assert_equal "$(cat "$file")" '{'
	cp -a "$INSTANCE/home/before" "$file"
	rm "$INSTANCE/home/before"
	quiet kuke daemon start
}

@test "another runtime directory is refused while a cell runs" {
	run_cell c "$IDLE"
	kuke daemon stop
	run quiet inst "$INSTANCE_BINDIR/kukeond" serve --configuration "$INSTANCE_CONFIG" \
		--socket "$HERE/elsewhere/k.sock"
	assert_failure 1
	assert_like "$output" "Error: cells of '$INSTANCE_RUN_PATH' are running with socket directory " ...
	quiet kuke daemon start
	wait_for 200 daemon_is_back
	kuke delete cell c
	rm -rf "${HERE:?}/elsewhere"
}

@test "in process: suffix and cgroup root are those of the instance file" {
	quiet kuke --no-daemon create realm r1
	assert_equal "$(kuke get realm r1 -o json | jq -r .spec.namespace)" "r1.$INSTANCE_NS_SUFFIX"
	assert_equal "$(kuke get realm r1 -o json | jq -r .status.cgroupPath)" "$INSTANCE_CGROUP/r1"
	quiet kuke --no-daemon delete realm r1
	run kuke --no-daemon --run-path rel get realm
	assert_failure 1
	assert_output 'Error: runPath "rel" must be an absolute path'
}

@test "spec.output and KUKE_GET_OUTPUT are the format of get" {
	local conf=$INSTANCE/home/.kuke/kuke.yaml saved
	saved=$(cat "$conf")
	printf 'spec: {output: json}\n' >"$conf"
	run kuke get realm default
	assert_equal "$(jq -r .kind <<<"$output")" Realm
	run kuke get realm default -o yaml
	assert_line --index 0 'apiVersion: v1beta1'
	run inst env KUKE_GET_OUTPUT=yaml "$INSTANCE_BINDIR/kuke" get realm default
	assert_line --index 0 'apiVersion: v1beta1'
	run inst env KUKE_GET_OUTPUT= "$INSTANCE_BINDIR/kuke" get realm default
	assert_equal "$(jq -r .kind <<<"$output")" Realm
	echo "$saved" >"$conf"
}

@test "a configuration in /etc that this build does not read is told" {
	local prefix sysconfdir other=$INSTANCE/home/other
	prefix=$(sed -n 's/^prefix = //p' "${top_builddir:?}/Makefile")
	sysconfdir=$(sed -n 's/^sysconfdir = //p' "$top_builddir/Makefile")
	sysconfdir=${sysconfdir/'${prefix}'/$prefix}
	# A build that reads /etc says nothing of what it reads, nor looks elsewhere.
	if [ "$sysconfdir" = /etc ]; then
		inst mount -t tmpfs none /etc
		inst sh -c 'mkdir /etc/kukeon && : >/etc/kukeon/kukeond.yaml'
		run quiet inst "$INSTANCE_BINDIR/kuke" init --run-path "$other" --cgroup-root /
		inst umount /etc
		echo "$output"
		assert_failure 1
		refute_output --partial 'is not read'
		rm -rf "$other"
		return
	fi
	inst mount -t tmpfs none "$sysconfdir"
	mkdir "$INSTANCE/home/etc"
	# shellcheck disable=SC2016
	inst sh -c 'mount -t tmpfs none "$0" && mkdir "$0/up" "$0/work" &&
		mount -t overlay -o "lowerdir=/etc,upperdir=$0/up,workdir=$0/work" none /etc &&
		mkdir -p /etc/kukeon && : >/etc/kukeon/kukeond.yaml' "$INSTANCE/home/etc"
	run quiet inst "$INSTANCE_BINDIR/kuke" init --run-path "$other" --cgroup-root /
	assert_failure 1
	assert_line --index 0 "warning: /etc/kukeon/kukeond.yaml is not read: this build of kukeon reads $sysconfdir/kukeon/kukeond.yaml; move the file there, or name it with --server-configuration (kuke init) or --configuration (kukeond)"
	run quiet inst timeout 300 "$INSTANCE_BINDIR/kukeond" serve --run-path "$other" --socket /proc/x/s
	assert_output --partial '/etc/kukeon/kukeond.yaml is not read'
	run quiet inst "$INSTANCE_BINDIR/kuke" init --server-configuration /dev/null --cgroup-root /
	refute_output --partial 'is not read'
	inst umount /etc "$INSTANCE/home/etc" "$sysconfdir"
	rm -rf "$other" "$INSTANCE/home/etc"
}

@test "the first start writes the server configuration, once" {
	local prefix sysconfdir conf other=$INSTANCE/home/other
	prefix=$(sed -n 's/^prefix = //p' "${top_builddir:?}/Makefile")
	sysconfdir=$(sed -n 's/^sysconfdir = //p' "$top_builddir/Makefile")
	sysconfdir=${sysconfdir/'${prefix}'/$prefix}
	conf=$sysconfdir/kukeon/kukeond.yaml
	inst mount -t tmpfs none "$sysconfdir"
	# It writes, reads, and then refuses the suffix.
	run quiet inst "$INSTANCE_BINDIR/kukeond" serve --run-path "$other" --socket "$other/s" \
		--containerd-namespace-suffix .bad
	assert_failure 1
	assert_equal "$(inst stat -c %a "$conf" "${conf%/*}")" $'600\n750'
	assert_equal "$(inst head -n 10 "$conf")" '# The server configuration of kukeon, generated on the first run.
# Read by `kukeond --configuration` and `kuke init --server-configuration`.
# Precedence: flag > environment (KUKEOND_*, KUKEON_*) > this file > default.
# An existing file is never changed; delete it to have it generated again.
# Every key stands here with its default; remove the '\''#'\'' to set it.
apiVersion: v1beta1
kind: ServerConfiguration
metadata:
  name: default
spec:'
	inst grep -q '^  # socket: /run/kukeon/kukeond.sock$' "$conf"
	inst grep -q '^  seccompDefault: true$' "$conf"
	inst sh -c "echo '# mine' >>'$conf'"
	run quiet inst "$INSTANCE_BINDIR/kukeond" serve --run-path "$other" --socket "$other/s" \
		--containerd-namespace-suffix .bad
	assert_equal "$(inst tail -n 1 "$conf")" '# mine'
	assert [ ! -e "$other" ]
	inst umount "$sysconfdir"
}
