#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The leak checker has to catch every class of leak, or it proves nothing.

load ../helpers/suite

setup_file()
{
	suite_start --no-init
	mkdir "$INSTANCE/files"
}

setup()
{
	export LEAKCHECK_WAIT_MS=0
	check=$INSTANCE_HELPERS/leakcheck
	snap=$INSTANCE/snap
	inst "$check" snapshot "$snap" -c "$INSTANCE_CGROUP" -d "$INSTANCE/files" -p 1
}

# expect_leak PATTERN: the checker fails and names the thing.
expect_leak()
{
	run inst "$check" compare "$snap"
	assert_failure 1
	assert_output --regexp "leaked: $1"
}

# Afterwards, with the thing gone again, there is no difference.
teardown()
{
	LEAKCHECK_WAIT_MS=2000 inst "$check" compare "$snap"
}

@test "nothing changed" {
	run inst "$check" compare "$snap"
	assert_success
	assert_output ''
}

@test "a mount" {
	inst mount -t tmpfs leak /mnt
	expect_leak 'mount /mnt tmpfs'
	inst umount /mnt
}

@test "a second mount on the same place" {
	inst mount --bind /run /run
	expect_leak 'mount /run tmpfs'
	inst umount /run
}

@test "a link" {
	inst ip link add leak0 type bridge
	expect_leak 'net link leak0'
	inst ip link del leak0
}

@test "a link that moved into a bridge" {
	inst ip link add br0 type bridge
	inst ip link set uplink1 master br0
	expect_leak 'net link uplink1 in br0'
	inst ip link del br0
}

@test "an address and a route" {
	inst ip addr add 198.51.100.7/32 dev lo
	inst ip route add 203.0.113.0/24 via 192.0.2.1
	expect_leak 'net addr lo inet 198.51.100.7/32'
	expect_leak '.*net route 203.0.113.0/24'
	inst ip route del 203.0.113.0/24
	inst ip addr del 198.51.100.7/32 dev lo
}

@test "a rule, a chain, a policy, in IPv4 and IPv6" {
	inst iptables-legacy -t nat -A POSTROUTING -s 10.9.9.0/24 -j MASQUERADE
	expect_leak 'rule iptables nat -A POSTROUTING'
	inst iptables-legacy -t nat -F POSTROUTING
	inst iptables-legacy -N LEAK
	expect_leak 'rule iptables filter :LEAK'
	inst iptables-legacy -X LEAK
	inst iptables-legacy -P FORWARD DROP
	expect_leak 'rule iptables filter :FORWARD DROP'
	inst iptables-legacy -P FORWARD ACCEPT
	inst ip6tables-legacy -A FORWARD -j DROP
	expect_leak 'rule ip6tables filter -A FORWARD'
	inst ip6tables-legacy -F FORWARD
}

@test "a cgroup, in each hierarchy" {
	local mnt n=0

	while read -r mnt; do
		mkdir -p "$mnt$INSTANCE_CGROUP/leak"
		expect_leak "cgroup $mnt/*$INSTANCE_CGROUP/leak"
		rmdir "$mnt$INSTANCE_CGROUP/leak" "$mnt$INSTANCE_CGROUP"
		n=$((n + 1))
	done < <(awk '{ for (i = 7; $i != "-"; i++) ; if ($(i + 1) ~ /^cgroup2?$/) print $5 }' \
		/proc/self/mountinfo)
	assert [ "$n" -ge 1 ]
}

@test "a process" {
	inst setsid -f sleep 300 3>&- 4>&-
	expect_leak 'proc [0-9]+ \(sleep\)'
	inst sh -c 'for p in /proc/[0-9]*; do
		[ "$(tr "\0" " " <$p/cmdline)" != "sleep 300 " ] || kill ${p#/proc/}; done'
}

@test "a process in the place of another with its pid and name" {
	local pid

	inst setsid -f sleep 302 3>&- 4>&-
	pid=$(inst sh -c 'for p in /proc/[0-9]*; do
		[ "$(tr "\0" " " <$p/cmdline)" != "sleep 302 " ] || echo ${p#/proc/}; done')
	inst "$check" snapshot "$snap" -o proc
	sleep 0.1 # a clock tick, the unit of a start
	inst bash -c 'kill "$1"
		while [ -e "/proc/$1" ]; do sleep 0.01; done
		until [ -e "/proc/$1" ]; do
			echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid
			/bin/sh -c "echo \$\$; exec sleep 302" >"$2" &
			wait_for_pid=$!
			[ "$wait_for_pid" = "$1" ] || kill "$wait_for_pid"
		done
		disown -a' _ "$pid" "$INSTANCE/files/pid" 3>&- 4>&-
	expect_leak "proc $pid .* since"
	assert_output --partial "lost: proc $pid (sleep) since"
	inst kill "$pid"
	rm "$INSTANCE/files/pid"
	inst "$check" snapshot "$snap"
}

# daemon: a stand-in for kukeond. It says its pid in files/pid; for each line in
# files/ask it has a child, until there is a line in files/end.
daemon()
{
	rm -f "$INSTANCE/files/"{pid,ask,end}
	[ -e "$INSTANCE/home/kukeond" ] || cp "$(command -v bash)" "$INSTANCE/home/kukeond"
	mkfifo "$INSTANCE/files/ask" "$INSTANCE/files/end"
	inst setsid -f "$INSTANCE/home/kukeond" -c 'exec 8<>"$0/ask" 9<>"$0/end"
		echo $$ >"$0/pid"
		while read -r -u 8 _; do (read -r -u 9 _; :); done' "$INSTANCE/files" 3>&- 4>&-
	wait_for 100 test -s "$INSTANCE/files/pid"
}

# children [of N]: how many the daemon has.
children()
{
	local pid

	pid=$(cat "$INSTANCE/files/pid")
	assert_equal "$(inst cat "/proc/$pid/task/$pid/children" | wc -w)" "$1"
}

daemon_end()
{
	inst kill -KILL "$(cat "$INSTANCE/files/pid")"
	rm "$INSTANCE/files/"{pid,ask,end}
	LEAKCHECK_WAIT_MS=20000 inst "$check" snapshot "$snap" -o mount
}

@test "a snapshot waits until the daemon has no child; it goes on afterwards" {
	daemon
	echo >"$INSTANCE/files/ask"
	wait_for 100 children 1
	rm "$snap"
	inst "$check" snapshot "$snap" -k "$INSTANCE/files/pid" -o proc 3>&- &
	stays 1 test ! -s "$snap"
	echo >"$INSTANCE/files/end"
	wait $!
	assert_equal "$(grep -c '(kukeond)' "$snap")" 1
	inst "$check" compare "$snap"
	echo >"$INSTANCE/files/ask"
	wait_for 100 children 1
	echo >"$INSTANCE/files/end"
	wait_for 100 children 0
	daemon_end
}

@test "a child of the daemon that goes is no leak, one that stays is" {
	daemon
	inst "$check" snapshot "$snap" -k "$INSTANCE/files/pid" -o proc
	echo >"$INSTANCE/files/ask"
	wait_for 100 children 1
	expect_leak 'proc [0-9]+ \(kukeond\)'
	LEAKCHECK_WAIT_MS=60000 inst "$check" compare "$snap" 3>&- &
	stays 1 kill -0 $!
	echo >"$INSTANCE/files/end"
	wait $!
	daemon_end
}

@test "the daemon may be replaced by the next, not by a child that it left behind" {
	daemon
	echo >"$INSTANCE/files/ask"
	wait_for 100 children 1
	inst kill -KILL "$(cat "$INSTANCE/files/pid")"
	LEAKCHECK_WAIT_MS=0 inst "$check" snapshot "$snap" -n -k "$INSTANCE/files/pid" -o proc
	grep -x 'proc (kukeond)' "$snap"
	echo >"$INSTANCE/files/end"
	wait_for 100 refute_kukeond
	daemon
	inst "$check" snapshot "$snap" -n -k "$INSTANCE/files/pid" -o proc
	echo >"$INSTANCE/files/ask"
	wait_for 100 children 1
	inst kill -KILL "$(cat "$INSTANCE/files/pid")"
	run inst "$check" compare "$snap"
	assert_failure 1
	assert_output --partial 'lost: proc the daemon'
	echo >"$INSTANCE/files/end"
	wait_for 100 refute_kukeond
	daemon
	inst "$check" compare "$snap"
	daemon_end
}

refute_kukeond()
{
	refute grep -qx kukeond <(inst sh -c 'cat /proc/[0-9]*/comm')
}

@test "of the host's mounts only those of the instance count" {
	mkdir "$INSTANCE/files/mine"
	inst mkdir /run/other
	inst "$check" snapshot "$snap" -m "$INSTANCE" -o mount
	inst mount -t tmpfs other /run/other
	inst "$check" compare "$snap"
	inst mount -t overlay -o "lowerdir=$INSTANCE/files/mine:/mnt" overlay /run/other
	expect_leak 'mount /run/other overlay'
	inst umount /run/other
	inst mount -t tmpfs mine "$INSTANCE/files/mine"
	expect_leak "mount $INSTANCE/files/mine tmpfs"
	inst umount "$INSTANCE/files/mine"
	inst umount /run/other
	inst "$check" compare "$snap"
	inst rmdir /run/other
	rmdir "$INSTANCE/files/mine"
}

@test "a namespace held by a process" {
	inst setsid -f unshare -n sleep 301 3>&- 4>&-
	expect_leak '.*ns net:'
	inst sh -c 'for p in /proc/[0-9]*; do
		[ "$(tr "\0" " " <$p/cmdline)" != "sleep 301 " ] || kill ${p#/proc/}; done'
}

@test "a pinned namespace" {
	inst sh -c 'touch /run/pin && unshare --net=/run/pin true'
	expect_leak 'mount /run/pin nsfs'
	inst sh -c 'umount /run/pin && rm /run/pin'
}

@test "a file, and a mode that changed" {
	touch "$INSTANCE/files/leak"
	expect_leak "file f 644 root:root $INSTANCE/files/leak"
	rm "$INSTANCE/files/leak"
	chmod 700 "$INSTANCE/files"
	expect_leak "file d 700 root:root $INSTANCE/files"
	chmod 755 "$INSTANCE/files"
}

@test "a file that is gone" {
	touch "$INSTANCE/files/old"
	inst "$check" snapshot "$snap" -d "$INSTANCE/files"
	rm "$INSTANCE/files/old"
	run inst "$check" compare "$snap"
	assert_failure 1
	assert_output --regexp 'lost: file f.*files/old'
	touch "$INSTANCE/files/old"
	inst "$check" compare "$snap"
	rm "$INSTANCE/files/old"
	inst "$check" snapshot "$snap" -d "$INSTANCE/files"
}

@test "a descriptor" {
	local pid

	mkfifo "$INSTANCE/files/fifo"
	inst setsid -f sh -c 'echo $$ >"$0/pid"; read x <"$0/fifo"; exec 9</dev/null; echo >"$0/fifo"; read x <"$0/fifo"' \
		"$INSTANCE/files" 3>&- 4>&-
	wait_for 100 test -s "$INSTANCE/files/pid"
	pid=$(cat "$INSTANCE/files/pid")
	inst "$check" snapshot "$snap" -p "$pid" -o fd
	echo >"$INSTANCE/files/fifo"
	read -r _ <"$INSTANCE/files/fifo"
	expect_leak "fd $pid /dev/null"
	echo >"$INSTANCE/files/fifo"
	rm "$INSTANCE/files/fifo" "$INSTANCE/files/pid"
	inst "$check" snapshot "$snap"
}

@test "a thing that vanishes a moment later is no leak" {
	touch "$INSTANCE/files/late"
	(sleep 0.4; rm "$INSTANCE/files/late") 3>&- &
	LEAKCHECK_WAIT_MS=2000 inst "$check" compare "$snap"
	wait
}

@test "an instance sees nothing of a kukeon that is installed here" {
	local dir=$INSTANCE/files/host

	# A host with one, for this command alone.
	mkdir "$dir"
	run unshare -m --propagation private bash -c '
		. "$1/instance.bash"
		dir=$2 r=0
		mount -t tmpfs tmpfs "$dir" && mkdir "$dir/etc" "$dir/tmp" && cp -a /etc/. "$dir/etc" &&
			mkdir -p "$dir/etc/kukeon" && echo "{" >"$dir/etc/kukeon/kukeond.yaml" &&
			mount --bind "$dir/etc" /etc || exit 2
		export KUKEON_NO_DAEMON=true KUKEOND_CONFIGURATION=/nowhere https_proxy=http://nobody:1
		TMPDIR=$dir/tmp instance_new || exit 2
		grep -q . /etc/kukeon/kukeond.yaml || r=3
		inst bash -c "[ ! -e /etc/kukeon/kukeond.yaml ] && ! compgen -e KUKEOND_ && ! compgen -e KUKEON_NO &&
			! compgen -e https_" || r=4
		instance_stop || r=5
		exit $r' _ "$INSTANCE_HELPERS" "$dir" 3>&- 4>&-
	echo "$status $output"
	assert_success
	assert_output ''
	rmdir "$dir"
}

@test "a file that is no snapshot is refused" {
	echo hello >"$INSTANCE/other"
	run inst "$check" compare "$INSTANCE/other"
	assert_failure 2
	run inst "$check" compare "$INSTANCE/none"
	assert_failure
}
