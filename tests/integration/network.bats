#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who reaches whom: containers of a cell, cells of a space, the host, and
# nobody of another space.

load ../helpers/suite

@test "two containers of a cell reach each other over localhost" {
	{
		cell_doc pair "$SERVE"
		container probe 'i=0; until wget -q -O - http://127.0.0.1:8080/; do
			i=$((i + 1)); [ $i -lt 50 ] || exit 9; sleep 0.1; done
			ps; hostname; exec sleep 1000'
	} | quiet kuke run -d -f - >/dev/null
	wait_for 200 log_has pair '^pair$' probe
	assert_equal "$(logs pair probe | grep -c '^pair$')" 2
	# Process ids are each container's own.
	refute log_has pair httpd probe
	kuke delete cell pair
}

@test "two cells of a space reach each other by address and by name" {
	run_cell one "$SERVE"
	run_cell two "$SERVE"
	wait_for 200 fetch "$(cell_ip one)" two
	assert_equal "$(fetch "$(cell_ip one)" two)" one
	assert_equal "$(fetch "$(cell_ip two)" one)" two
	in_cell one busybox ping -c1 -W2 "$(cell_ip two)"
	kuke delete cell two
	# Names, as a container sees them: the younger one finds the older and the
	# other way round, also by <cell>.<stack>, and a deleted one is gone.
	run_cell three 'for i in one one.default; do
			printf "GET / HTTP/1.0\r\n\r\n" | nc $i 8080 | tail -n1; done
		grep two /etc/hosts; hostname; exec sleep 1000'
	wait_for 400 log_has three '^three$'
	logs three
	assert_equal "$(logs three)" $'one\none\nthree'
	grep -q "^$(cell_ip three)[[:space:]]*three" "$(cell_dir one)/etc-hosts"
	refute grep -q two "$(cell_dir one)/etc-hosts"
	kuke delete cell one
	kuke delete cell three
}

@test "the hosts file of a running cell is kept current in place" {
	run_cell one 'cat /etc/hosts; i=0; until grep -q later /etc/hosts; do
		i=$((i + 1)); [ $i -lt 200 ] || exit 9; sleep 0.1; done; echo found; exec sleep 1000'
	wait_for 200 log_has one localhost
	run_cell later "$IDLE"
	wait_for 400 log_has one '^found$'
	kuke delete cell one
	kuke delete cell later
}

@test "the host reaches the cells, and they reach the host" {
	run_cell one "$SERVE"
	wait_for 200 fetch "$(cell_ip one)"
	assert_equal "$(fetch "$(cell_ip one)")" one
	inst busybox ping -c1 -W2 "$(cell_ip one)"
	in_cell one busybox ping -c1 -W2 192.0.2.2
	kuke delete cell one
}

@test "a cell of another space reaches neither, by TCP and by ICMP, in both directions" {
	quiet kuke create space other >/dev/null
	quiet kuke create stack default --space other >/dev/null
	run_cell here "$SERVE"
	IN="default other default" run_cell there "$SERVE"
	local here there
	here=$(cell_ip here)
	there=$(cell_ip there default other)
	assert_not_equal "${here%.*}" "${there%.*}"
	wait_for 200 fetch "$here"
	wait_for 200 fetch "$there"
	run fetch "$there" here
	assert_failure
	IN="default other default" run fetch "$here" there
	assert_failure
	in_cell here busybox ping -c1 -W1 "${here%.*}.1"
	run in_cell here busybox ping -c1 -W1 "$there"
	assert_failure
	IN="default other default" run in_cell there busybox ping -c1 -W1 "$here"
	assert_failure
	# Nor by name.
	refute grep -q there "$(cell_dir here)/etc-hosts"
	# Through the bridge's own address there is nothing but the host.
	run in_cell here busybox ping -c1 -W1 "${there%.*}.255"
	assert_failure
	kuke delete cell here
	kuke delete cell there --space other
	kuke delete stack default --space other
	kuke delete space other
}

@test "what a space has is gone with it: bridge, rules, subnet" {
	quiet kuke create space gone >/dev/null
	run inst ip -o link show type bridge
	assert_equal "$(wc -l <<<"$output")" 3
	assert [ -f "$INSTANCE_RUN_PATH/data/default/gone/network.conflist" ]
	kuke delete space gone
	run inst ip -o link show type bridge
	assert_equal "$(wc -l <<<"$output")" 2
}

@test "a bridge and rules that somebody removed come back with the next start" {
	run_cell one "$SERVE"
	local bridge
	bridge=$(cell_value one .status.network.bridgeName)
	kuke stop cell one
	inst ip link del "$bridge"
	inst iptables-legacy -F FORWARD
	inst iptables-legacy -t nat -F POSTROUTING
	quiet kuke start cell one
	wait_for 200 fetch "$(cell_ip one)"
	kuke delete cell one
}

@test "packets of a cell leave with the host's address" {
	run_cell one "$IDLE"
	inst iptables-legacy -t nat -S | grep -q MASQUERADE
	in_cell one busybox nc -w1 192.0.2.1 9 || true
	run inst iptables-legacy -t nat -L -v -n -x
	assert [ "$(awk '/MASQUERADE/ { n += $1 } END { print n }' <<<"$output")" -ge 1 ]
	kuke delete cell one
}

# pings FROM: the gateway answers a packet of the cell "one" with that address.
pings()
{
	in_cell one busybox ping -c1 -W2 -I "$1" "$2" >/dev/null
}

@test "a cell cannot use the address or the MAC of another" {
	run_cell one "$IDLE"
	local ip gateway
	ip=$(cell_ip one)
	gateway=${ip%.*}.1
	pings "$ip" "$gateway"
	in_cell one ip addr add "${ip%.*}.200/24" dev eth0
	refute pings "${ip%.*}.200" "$gateway"
	pings "$ip" "$gateway"
	in_cell one ip link set eth0 down
	in_cell one ip link set eth0 address 02:00:00:00:00:01 up
	refute pings "$ip" "$gateway"
	kuke delete cell one
}
