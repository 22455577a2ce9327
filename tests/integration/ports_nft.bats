#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Published ports where rules live in nf_tables: ports.bats in short.

load ../helpers/suite
load ../helpers/outside

FREE=18080

setup_file()
{
	suite_start 'firewallBackend: nft'
	outside_up
}

setup()
{
	suite_snapshot
	quiet kuke create space other >/dev/null
	quiet kuke create stack default --space other >/dev/null
}

teardown()
{
	inst pkill -x socat || true
	kuke delete space other --cascade >/dev/null
	suite_check
}

@test "a published port is reached from everywhere, and gone with its cell" {
	serve web "\"$FREE:8080\", \"127.0.0.1:19001:8080\""
	run_cell peer "$IDLE"
	IN="default other default" run_cell far "$IDLE"
	wait_for 200 is_page host "127.0.0.1:$FREE" web
	inst nft list ruleset | grep -q dnat
	assert_equal "$(inst iptables-legacy -t nat -S 2>/dev/null | grep -c DNAT)" 0
	for where in host outside web peer other/far; do
		is_page "$where" "$HOST:$FREE" web
	done
	is_page host 127.0.0.1:19001 web
	no_page outside "$HOST:19001"
	no_page other/far "$(cell_ip web):8080"
	kuke stop cell web
	no_page outside "$HOST:$FREE"
	assert_equal "$(inst nft list ruleset | grep -c 'dnat to')" 0
	kuke delete cell web
	kuke delete cell peer
	kuke delete cell far --space other
}

@test "UDP, ranges and single addresses" {
	run_cell many 'for i in 9000 9010; do mkdir -p /w/$i; echo $i >/w/$i/index.html
		httpd -p $i -h /w/$i; done; trap "exit 0" TERM; sleep 1000 & wait' \
		"ports: [\"8000-8010:9000-9010\", \"$HOST:18053:53/udp\", \"7000-7001:9000-9001/udp\"]"
	wait_for 200 is_page outside "$HOST:8010" 9010
	is_page host 127.0.0.1:8000 9000
	echo_udp many 53
	echo_udp many 9001
	assert_equal "$(ask_udp outside "$HOST:18053")" many-hi
	assert_equal "$(ask_udp host 127.0.0.1:18053)" ""
	assert_equal "$(ask_udp outside "$HOST:7001")" many-hi
	assert_equal "$(ask_udp many "$HOST:7001")" many-hi
	refused_port '"8005:80"' 'port 8005/tcp of the host is taken by cell "many"'
	kuke delete cell many
}

@test "an apply changes ports in place" {
	serve web "\"$FREE:8080\""
	wait_for 200 is_page outside "$HOST:$FREE" web
	cell_doc web "$SERVE" 'ports: ["19001:8080"]' | quiet kuke apply -f - >/dev/null
	is_page outside "$HOST:19001" web
	no_page outside "$HOST:$FREE"
	is_published web "0.0.0.0:19001->8080/tcp"
	kuke delete cell web
}
