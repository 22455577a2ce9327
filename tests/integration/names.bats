#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# By which names the cells of a space find each other: aliases, who keeps a name that
# several have, and that hosts files follow what changes, in place.

load ../helpers/suite

setup_file()
{
	suite_start --restarts
}

setup()
{
	doc=$HERE/doc.yaml
	suite_snapshot
}

hosts_of()
{
	sed '1,/ip6-allrouters/d' "$(cell_dir "$1")/etc-hosts"
}

# page_of NAME FROM: what the cell that FROM finds by NAME serves.
page_of()
{
	kuke get cell "$2" >/dev/null
	in_mounts_of "$2" sh -c "printf 'GET / HTTP/1.0\r\n\r\n' | busybox nc -w 5 $1 8080 | tail -n1"
}

# With the cell's network and its /etc/hosts, but the host's programs.
in_mounts_of()
{
	local name=$1 hosts

	shift
	hosts=$(cell_dir "$name")/etc-hosts
	in_cell "$name" unshare -m bash -c "mount --bind '$hosts' /etc/hosts && \"\$@\"" - "$@"
}

# Addresses by which the cell's C library knows a name, as one line.
addresses()
{
	in_mounts_of "$2" getent ahostsv4 "$1" | awk '{ print $1 }' | sort -u | tr '\n' ' '
}

inode()
{
	stat -c %i "$(cell_dir "$1")/etc-hosts"
}

@test "a cell is found by its aliases, from other cells and from itself" {
	run_cell web "$SERVE" 'networksAliases: [www, shop.example.com]'
	{
		cell_doc client 'for i in web web.default www shop.example.com; do
			wget -q -O - http://$i:8080/; done; ping -c1 -W2 www >/dev/null && echo pong; exec sleep 1000'
	} | quiet kuke run -d -f - >/dev/null
	wait_for 400 log_has client '^pong$'
	assert_equal "$(logs client)" $'web\nweb\nweb\nweb\npong'
	assert_equal "$(addresses shop.example.com web)" "$(cell_ip web) "
	kuke delete cell web
	run hosts_of client
	assert_output "$(cell_ip client)"$'\tclient client.default'
	kuke delete cell client
}

@test "the aliases of a cell are those of all its containers, and change while it runs" {
	local before
	run_cell other "$IDLE"
	{ cell_doc c "$SERVE" 'networksAliases: [one, two]'; container side "$IDLE" 'networksAliases: [TWO, three]'; } >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	run hosts_of other
	assert_line "$(cell_ip c)"$'\tc c.default one two three'
	before="$(init_of c) $(init_of c side) $(inode other) $(cell_ip c)"
	sed -i 's/\[one, two\]/[uno]/' "$doc"
	run kuke apply -f "$doc" --dry-run
	assert_line --index 0 'Cell "c": updated (dry run)'
	assert_output --partial networksAliases
	run hosts_of other
	assert_line "$(cell_ip c)"$'\tc c.default one two three'
	run quiet kuke apply -f "$doc"
	assert_line --index 0 'Cell "c": updated'
	run hosts_of other
	assert_line "$(cell_ip c)"$'\tc c.default uno TWO three'
	assert_equal "$(init_of c) $(init_of c side) $(inode other) $(cell_ip c)" "$before"
	run quiet kuke apply -f "$doc"
	assert_output 'Cell "c": unchanged'
	# With a container its names go, and one that is added brings its own.
	quiet kuke delete container side --cell c >/dev/null
	run hosts_of other
	assert_line "$(cell_ip c)"$'\tc c.default uno'
	quiet kuke create container more --cell c --image "$IMAGE" --network-alias four --command sleep --args 1000 >/dev/null
	run hosts_of other
	assert_line "$(cell_ip c)"$'\tc c.default uno four'
	# Stopped it keeps address and names; an apply changes them then as well.
	quiet kuke stop cell c >/dev/null
	quiet kuke start cell c >/dev/null
	run hosts_of other
	assert_line "$(cell_ip c)"$'\tc c.default uno four'
	kuke delete cell c
	kuke delete cell other
}

@test "several cells may share an alias; the name of a cell is never another's" {
	run_cell a "$SERVE" 'networksAliases: [pool, b, b.default]'
	assert_equal "$(addresses b a)" "$(cell_ip a) "
	run_cell b "$SERVE" 'networksAliases: [POOL]'
	run_cell c "$IDLE"
	wait_for 200 fetch "$(cell_ip a)"
	wait_for 200 fetch "$(cell_ip b)"
	assert_equal "$(addresses pool c)" "$(printf '%s\n' "$(cell_ip a)" "$(cell_ip b)" | sort | tr '\n' ' ')"
	assert_equal "$(page_of b c)" b
	assert_equal "$(page_of b.default c)" b
	kuke delete cell b
	assert_equal "$(page_of b c)" a
	assert_equal "$(addresses pool c)" "$(cell_ip a) "
	kuke delete cell a
	kuke delete cell c
}

@test "what is no name is refused, and nothing is made" {
	local alias
	for alias in a_b '"a b"' '""' 10.0.0.1 -a "$(printf 'x%.0s' {1..64})"; do
		cell_doc c true "networksAliases: [ok, $alias]" >"$doc"
		run quiet kuke apply -f "$doc"
		assert_failure 1
		assert_output --partial 'container "main": networksAliases[1]'
		assert_output --partial 'is not a host name'
	done
	cell_doc c true 'networksAliases: [Localhost]' >"$doc"
	run quiet kuke apply -f "$doc"
	assert_failure 1
	assert_output --partial 'networksAliases[0] "Localhost" stands for the local host in every cell; choose another name'
	cell_doc c true $'networksAliases: [x]\nhostNetwork: true' >"$doc"
	run quiet kuke apply -f "$doc"
	assert_failure 1
	assert_output --partial 'container "main": networksAliases cannot be used on the host network'
	assert [ ! -e "$(cell_dir c)" ]
	# Nor does one join a cell that is there.
	run_cell c "$IDLE" 'hostNetwork: true'
	printf 'kind: Container\nmetadata: {name: x}\nspec: {realmId: default, spaceId: default, stackId: default, cellId: c, image: %s, command: sleep, args: ["9"], networksAliases: [x]}\n' "$IMAGE" >"$doc"
	run quiet kuke apply -f "$doc"
	assert_failure 1
	assert_output --partial 'networksAliases cannot be used on the host network'
	kuke delete cell c
}

@test "hosts files are made again from the leases, whoever was killed" {
	local leases=$INSTANCE_RUN_PATH/data/default/default/.leases ip was
	run_cell c "$IDLE" 'networksAliases: [db]'
	run_cell other "$IDLE"
	ip=$(cell_ip c)
	was=$(inode other)
	assert_equal "$(readlink "$leases/${ip}_default_c")" db
	kill_daemon
	: >"$(cell_dir other)/etc-hosts"
	quiet kuke daemon start >/dev/null
	wait_for 200 grep -q "^${ip}[[:space:]]*c c.default db\$" "$(cell_dir other)/etc-hosts"
	assert_equal "$(inode other)" "$was"
	# A lease as earlier versions wrote it is taken over, and gets the names.
	kill_daemon
	rm "$leases/${ip}_default_c"
	ln -s default/c "$leases/$ip"
	quiet kuke daemon start >/dev/null
	wait_for 200 test -L "$leases/${ip}_default_c"
	assert_equal "$(readlink "$leases/${ip}_default_c")" db
	wait_for 200 grep -q "^${ip}[[:space:]]*c c.default db\$" "$(cell_dir other)/etc-hosts"
	assert [ ! -L "$leases/$ip" ]
	# The document was stored, but whoever did that was killed before the rest.
	kill_daemon
	ln -sfn old "$leases/${ip}_default_c"
	quiet kuke daemon start >/dev/null
	wait_for 200 grep -q "^${ip}[[:space:]]*c c.default db\$" "$(cell_dir other)/etc-hosts"
	quiet kuke stop cell c >/dev/null
	quiet kuke start cell c >/dev/null
	assert_equal "$(cell_ip c)" "$ip"
	kuke delete cell c
	kuke delete cell other
	assert_equal "$(ls -A "$leases")" ''
}

@test "a start looks at the directory of leases, not at each of them" {
	local leases=$INSTANCE_RUN_PATH/data/default/default/.leases i
	run_cell first "$IDLE"
	for i in {100..199}; do : >"$leases/10.88.0.${i}_default_x$i"; done
	quiet kuke daemon stop >/dev/null
	cell_doc c "$IDLE" >"$doc"
	quiet traced_engine "$HERE/trace" -f -e trace=readlink,readlinkat -- apply -f "$doc" --no-daemon >/dev/null
	grep -q readlink "$HERE/trace"
	run grep -c '_default_x' "$HERE/trace"
	assert_output 0
	run grep -c 'x150' "$(cell_dir c)/etc-hosts"
	assert_output 1
	rm "$leases"/*_default_x*
	quiet kuke daemon start >/dev/null
	kuke delete cell c
	kuke delete cell first
}

@test "a space without a free address says so, and has one again when a cell is deleted" {
	local leases=$INSTANCE_RUN_PATH/data/default/default/.leases net i
	run_cell first "$IDLE"
	net=$(cell_ip first)
	net=${net%.*}
	for i in {3..254}; do : >"$leases/$net.${i}_default_x$i"; done
	cell_doc late "$IDLE" >"$doc"
	run quiet kuke apply -f "$doc"
	assert_output --partial "space \"default\" has no free address: all 253 of its subnet $net.0/24 are held; delete cells that are in it"
	rm "$leases/$net.77_default_x77"
	quiet kuke start cell late >/dev/null
	assert_equal "$(cell_ip late)" "$net.77"
	rm "$leases/$net".*_default_x*
	kuke delete cells first late
}
