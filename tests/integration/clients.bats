#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clients that are slow, silent or in bad company: nobody else waits for them.

load ../helpers/suite

USERS=5001,5002,5003,5004,5005,5006

setup_file()
{
	suite_start --restarts --no-image 'socketGID: 4321'
	chmod 711 "$INSTANCE" "$INSTANCE/run"
}

# clients ARG…: into $HERE/said, in the background; returns when they are ready.
clients()
{
	quiet inst "$INSTANCE_HELPERS/clients" "$INSTANCE_SOCKET" "$@" \
		>"$HERE/said" 2>&1 </dev/null &
	CLIENTS=$!
	wait_for 400 grep -q '^ready' "$HERE/said"
}

# ask UID METHOD
ask()
{
	inst "$INSTANCE_HELPERS/clients" "$INSTANCE_SOCKET" ask "$@"
}

requests()
{
	inst pgrep -c -P "$(kukeond_pid)"
}

has_requests()
{
	assert [ "$(requests)" -ge "$1" ]
}

@test "half requests of six users: root, and a Ping of anybody, are served at once" {
	clients half 40 "$USERS"
	wait_for 400 has_requests 64
	# They are all there still when these are answered.
	kuke get realms >/dev/null
	ask 5001 KukeonV1.Ping | grep '"OK":true'
	ask 6001 KukeonV1.Ping | grep '"OK":true'
	has_requests 64
	# Each is told, and its place becomes free.
	wait "$CLIENTS"
	cat "$HERE/said"
	assert_equal "$(grep -c 'request was not complete within 10 s' "$HERE/said")" 6
	ask 5001 KukeonV1.ListRealms | grep '"Realms":'
}

@test "daemon stop does not wait for half requests, nor for idle connections" {
	clients half 20 "$USERS"
	wait_for 400 has_requests 64
	run kuke daemon stop
	assert_success
	assert_like "$output" "kukeond stopped" ...
	wait "$CLIENTS"
	cat "$HERE/said"
	# Not one was told that its time was over.
	assert_equal "$(grep -c ': closed$' "$HERE/said")" 6
	quiet kuke daemon start
}

@test "a request of a byte a second" {
	run inst "$INSTANCE_HELPERS/clients" "$INSTANCE_SOCKET" slow 40
	assert_output '{"id":null,"result":null,"error":"request was not complete within 10 s"}'
}

@test "the answer to a request that is too large arrives" {
	run inst "$INSTANCE_HELPERS/clients" "$INSTANCE_SOCKET" big 60000000
	assert_line --index 0 '{"id":7,"result":null,"error":"request is larger than 25165824 bytes"}'
	assert_like "${lines[1]}" '{"id":1,"result":{"OK":true,' ...
}

@test "a megabyte of blanks before a request" {
	(head -c 1000000 /dev/zero | tr '\0' ' '; echo '{"method":"KukeonV1.Ping","params":[{}],"id":4}') |
		quiet inst socat -t 60 - "UNIX-CONNECT:$INSTANCE_SOCKET" >"$HERE/answer"
	grep -q '^{"id":4,"result":{"OK":true,' "$HERE/answer"
}

@test "what is empty, nested too deep, or has a NUL: a defined end each" {
	local deep

	run rpc '{}'
	assert_output '{"id":null,"result":null,"error":"rpc: service/method request ill-formed: "}'
	run rpc ''
	assert_success
	assert_output ''
	deep=$(printf '[%.0s' {1..100})
	assert_equal "$(rpc "{\"id\":1,\"params\":$deep" 2>/dev/null)" ''
	printf '{"method":"\0","id":1}' | quiet inst socat -t 60 - "UNIX-CONNECT:$INSTANCE_SOCKET" >"$HERE/answer" || true
	assert [ ! -s "$HERE/answer" ]
	grep 'nested deeper than 64 levels' "$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log"
}

@test "who does not read his answers is not waited for when the daemon stops" {
	mkfifo "$HERE/end"
	quiet inst "$INSTANCE_HELPERS/clients" "$INSTANCE_SOCKET" deaf 100000 \
		>"$HERE/said" 2>&1 <"$HERE/end" &
	CLIENTS=$!
	exec 8>"$HERE/end"
	wait_for 400 grep -q ready "$HERE/said"
	has_requests 1
	run kuke daemon stop
	assert_success
	grep -q 'msg=stopped' "$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log"
	refute grep 'did not end in time' "$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log"
	exec 8>&-
	wait "$CLIENTS"
	grep closed "$HERE/said"
	rm "$HERE/end"
	quiet kuke daemon start
}
