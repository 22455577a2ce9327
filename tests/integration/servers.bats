#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What PostgreSQL, MariaDB, Redis, nginx and sshd do at start, at work and at the
# end, by small stand-ins (tests/helpers/standin.c) from one image, each as the
# user that its package gives it: served, stopped gracefully, started again.

load ../helpers/suite

export IMAGE=localhost/servers:1

setup_file()
{
	suite_start --no-image
	servers_image
	suite_warm
}

# busybox, a user per server, their directories as Debian's packages make them.
servers_image()
{
	local dir=$INSTANCE/home root=$INSTANCE/home/files

	"$INSTANCE_HELPERS/busybox-image" "$dir/bb.tar" docker.io/library/bb:1
	skopeo copy -q --insecure-policy "docker-archive:$dir/bb.tar" "oci:$dir/oci:servers"
	mkdir -p "$root/etc" "$root/usr/sbin"
	install -m 755 "$top_builddir/standin" "$root/usr/sbin/standin"
	printf 'root:x:0:0::/root:/bin/sh\nmysql:x:100:101::/:/bin/false\nredis:x:101:103::/:/bin/false\npostgres:x:102:105::/:/bin/sh\nwww-data:x:33:33::/:/bin/false\n' >"$root/etc/passwd"
	printf 'root:x:0:\nmysql:x:101:\nredis:x:103:\npostgres:x:105:\nwww-data:x:33:\n' >"$root/etc/group"
	install -d -o 102 -g 105 -m 700 "$root/var/lib/postgresql"
	install -d -o 102 -g 105 -m 2775 "$root/run/postgresql"
	install -d -o 100 -g 101 -m 755 "$root/var/lib/mysql" "$root/run/mysqld"
	install -d -o 101 -g 103 -m 750 "$root/var/lib/redis"
	install -d -m 755 "$root/var/lib/nginx" "$root/var/lib/sshd" "$root/run/sshd"
	tar -C "$root" --numeric-owner -cf "$dir/files.tar" etc usr var run
	umoci raw add-layer --image "$dir/oci:servers" "$dir/files.tar"
	umoci config --image "$dir/oci:servers" --config.stopsignal SIGINT
	skopeo copy -q --insecure-policy "oci:$dir/oci:servers" "docker-archive:$dir/servers.tar:localhost/servers:1"
	kuke image load "$dir/servers.tar" >/dev/null
	rm -rf "$root" "$dir"/*.tar "$dir/oci"
}

# asks CELL PORT: what it answers
asks()
{
	in_cell "$1" socat -t 5 -T 5 - "TCP:127.0.0.1:$2" </dev/null
}

ready_again()
{
	assert_equal "$(logs "$1" | grep -c "^$1: ready$")" 2
}

# server KIND DIR PORT YAML [COUNT]: the life of one; COUNT after a stop and a start.
server()
{
	{
		cell_doc "$1" '' "$4"
	} | sed "s|^      command: sh|      command: /usr/sbin/standin|; s|^      args: .*|      args: [$1, $2]|" |
		quiet kuke run -d -f - >/dev/null
	wait_for 60 log_has "$1" "^$1: ready" || { logs "$1"; return 1; }
	assert_equal "$(asks "$1" "$3")" "$1 1"
	assert_equal "$(asks "$1" "$3")" "$1 2"
	kuke stop cell "$1" --timeout 60s
	log_has "$1" "^$1: ends on signal 2$"
	assert_equal "$(container_value "$1" main .status.exitCode)" 0
	assert_equal "$(cell_state "$1")" Stopped
	quiet kuke start cell "$1"
	wait_for 60 ready_again "$1" || { logs "$1"; return 1; }
	assert_equal "$(asks "$1" "$3")" "$1 ${5:-3}"
	kuke delete cell "$1"
}

@test "PostgreSQL: its directory in /run, shared memory, data of its own" {
	server postgres /var/lib/postgresql 5432 'user: postgres'
}

@test "MariaDB: descriptors, socket and pid file in /run/mysqld" {
	server mariadb /var/lib/mysql 3306 'user: mysql'
}

@test "Redis: read-only root, a tmpfs over its directory, which is empty at each start" {
	server redis /var/lib/redis 6379 $'user: redis\nreadOnlyRootFilesystem: true\nvolumes: [{kind: tmpfs, target: /var/lib/redis, mode: 01777}]' 1
}

@test "MariaDB with a read-only root, its data in a tmpfs" {
	server mariadb /var/lib/mysql 3306 $'user: mysql\nreadOnlyRootFilesystem: true\nvolumes: [{kind: tmpfs, target: /var/lib/mysql, mode: 01777}]' 1
}

@test "nginx: a port below 1024, its worker's user, logs to /dev/stdout" {
	server nginx /var/lib/nginx 80 'user: root'
}

@test "nginx as another user: the capability that is added acts, and no other is kept" {
	cell_doc c 'grep -E "^Cap(Inh|Prm|Amb)" /proc/self/status; exec busybox nc -l -p 80' \
		$'user: "1000:1000"\ncapabilities: {add: [NET_BIND_SERVICE]}' | quiet kuke run -d -f - >/dev/null
	wait_for 60 in_cell c bash -c 'exec 3<>/dev/tcp/127.0.0.1/80' || { logs c; return 1; }
	assert_equal "$(logs c)" $'CapInh:\t0000000000000400\nCapPrm:\t0000000000000400\nCapAmb:\t0000000000000400'
	kuke delete cell c
	cell_doc c 'grep -E "^Cap(Inh|Prm|Amb)" /proc/self/status' 'user: "1000:1000"' | quiet kuke run -d -f - >/dev/null
	wait_for 60 is_cell_state c Stopped
	assert_equal "$(logs c)" $'CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapAmb:\t0000000000000000'
	kuke delete cell c
}

@test "open files: the convention's, and what a host with less has, with a warning" {
	local hard=524288 own
	own=$(inst sh -c 'ulimit -Hn')
	[ "$own" = unlimited ] || [ "$own" -gt $hard ] || hard=$own
	run_cell c 'ulimit -Sn; ulimit -Hn'
	wait_for 60 is_cell_state c Stopped
	assert_equal "$(logs c)" "$(printf '1024\n%s' "$hard")"
	kuke delete cell c
	# Without what would raise it again.
	cell_doc c 'ulimit -Sn; ulimit -Hn' >"$HERE/c.yaml"
	run quiet inst prlimit --nofile=64:64 setpriv --bounding-set=-sys_resource \
		"$INSTANCE_BINDIR/kuke" --no-daemon --verbose run -d -f "$HERE/c.yaml"
	assert_success
	assert_output --partial 'fewer open files'
	wait_for 60 is_cell_state c Stopped
	assert_equal "$(logs c)" $'64\n64'
	kuke delete cell c
}

@test "sshd: privilege separation, and a terminal for another user" {
	server sshd /var/lib/sshd 22 'user: root'
}
