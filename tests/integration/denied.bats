#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuke get denied: what is on record of attempts that no policy allows. The records are
# written by hand, in the form of lib/engine/net/denied_log.

load ../helpers/suite

setup_file()
{
	suite_start --restarts --no-image 'reconcileInterval: 0s'
}

setup()
{
	suite_snapshot
	kuke create space tenant >/dev/null
	log=$INSTANCE_RUN_PATH/data/default/tenant/denied.log
}

teardown()
{
	kuke delete space tenant --cascade >/dev/null
	suite_check
}

# entry TIME CELL NAME DESTINATION PORT PROTOCOL COUNT
entry()
{
	jq -cn --arg time "$1" --arg cell "$2" --arg name "$3" --arg to "$4" --argjson port "$5" \
		--arg protocol "$6" --argjson count "$7" '{time: $time, last: $time, cell: $cell,
		address: "10.88.0.2", name: $name, destination: $to, port: $port,
		protocol: $protocol, count: $count}'
}

some()
{
	entry 2026-01-01T10:00:02Z default/tenant/web/one tracker.test 192.0.2.1 443 tcp 7
	entry 2026-01-01T10:00:01Z default/tenant/web/two mail.test '' 0 dns 1
	entry 2026-01-01T10:00:03.5Z default/tenant/db/one '' 2001:db8::1 53 udp 2
}

@test "a table by time, and what programs get" {
	run kuke get denied
	assert_success
	assert_output 'No denied attempts found.'
	assert_equal "$(kuke get denied -o json | jq -c .)" '[]'
	some >"$log"
	run kuke get denied
	assert_success
	assert_line --index 0 --regexp '^TIME +CELL +NAME +DESTINATION +PORT +PROTOCOL +COUNT *$'
	assert_line --index 2 --regexp '^2026-01-01T10:00:01Z +default/tenant/web/two +mail.test +- +- +dns +1 *$'
	assert_line --index 3 --regexp '^2026-01-01T10:00:02Z +default/tenant/web/one +tracker.test +192.0.2.1 +443 +tcp +7 *$'
	assert_line --index 4 --regexp '^2026-01-01T10:00:03Z +default/tenant/db/one +- +2001:db8::1 +53 +udp +2 *$'
	run kuke get denied -o wide
	assert_line --index 0 --regexp 'COUNT +LAST +ADDRESS *$'
	assert_line --index 2 --regexp ' 10.88.0.2 *$'
	assert_equal "$(kuke get denied -o json | jq -c 'map([.name, .port, .count])')" \
		'[["mail.test",0,1],["tracker.test",443,7],["",53,2]]'
	run kuke get denied -o yaml
	assert_line --partial 'name: mail.test'
	assert_equal "$(kuke --no-daemon get denied)" "$(kuke get denied)"
}

names()
{
	kuke get denied "$@" -o json | jq -r 'map(.name) | join(" ")'
}

@test "a part of it, by place and by time" {
	some >"$log"
	kuke create space other >/dev/null
	entry "$(date -u +%FT%TZ)" default/other/web/one late.test '' 0 dns 1 \
		>"$INSTANCE_RUN_PATH/data/default/other/denied.log"
	assert_equal "$(names)" 'mail.test tracker.test  late.test'
	assert_equal "$(names --space other)" late.test
	assert_equal "$(names --space tenant --stack web)" 'mail.test tracker.test'
	assert_equal "$(names --cell one --stack web)" 'tracker.test late.test'
	assert_equal "$(names --realm none)" ''
	assert_equal "$(names --since 1h)" late.test
	assert_equal "$(names --since 2026-01-01T10:00:02Z)" 'tracker.test  late.test'
	run kuke get denied --since yesterday
	assert_failure 1
	assert_output --partial 'invalid --since "yesterday"'
	run kuke get denied -o name
	assert_failure 1
	run kuke get denied -l a=b
	assert_failure 1
	kuke delete space other >/dev/null
}

@test "damaged lines are passed over, and what a cell makes up cannot drive a terminal" {
	{
		echo '{"time":"2026-01-01T10:0'
		entry 2026-01-01T10:00:01Z default/tenant/web/one $'a\e[2J\nb.test' '' 0 dns 1
		printf '\0\xff\n[]\n'
		entry 2026-01-01T10:00:02Z default/tenant/web/one good.test '' 0 dns 1
		printf '{"time":"2026-01-01T10:00:03Z","last":'
	} >"$log"
	run kuke get denied
	assert_success
	assert_lines 4
	assert_line --index 2 --partial ' a\x1b[2J\nb.test '
	assert_line --index 3 --partial ' good.test '
	# It is the space's, and no more than its files are.
	assert_equal "$(kuke get space tenant -o json | jq -r .status.state)" Ready
	mkdir "$INSTANCE_RUN_PATH/data/default/tenant/denied.log.1"
	run kuke get denied
	assert_success
	assert_lines 4
	rmdir "$INSTANCE_RUN_PATH/data/default/tenant/denied.log.1"
}

said()
{
	grep -q "$1" "$HERE/followed"
}

@test "-f goes on with what comes, also over a rotation and from a new space" {
	some >"$log"
	quiet kuke get denied -f >"$HERE/followed" 2>&1 &
	local pid=$!
	wait_for 100 said mail.test
	entry 2026-01-01T11:00:00Z default/tenant/web/one appended.test '' 0 dns 1 >>"$log"
	wait_for 100 said appended.test
	entry 2026-01-01T11:00:01Z default/tenant/web/one old.test '' 0 dns 1 >>"$log"
	mv "$log" "$log.1"
	entry 2026-01-01T11:00:02Z default/tenant/web/one new.test '' 0 dns 1 >"$log"
	wait_for 100 said new.test
	kuke create space other >/dev/null
	entry 2026-01-01T11:00:03Z default/other/web/one other.test '' 0 dns 1 \
		>"$INSTANCE_RUN_PATH/data/default/other/denied.log"
	wait_for 100 said other.test
	for name in mail appended old new other; do
		assert_equal "$(grep -c "$name.test" "$HERE/followed")" 1
	done
	assert_equal "$(grep -c ^TIME "$HERE/followed")" 1
	kuke delete space other >/dev/null
	# A daemon that stops does not wait for who follows, who ends with the connection.
	quiet kuke daemon stop >/dev/null
	run wait "$pid"
	assert_failure
	quiet kuke daemon start >/dev/null
}

@test "who follows and ends leaves no process" {
	quiet kuke get denied -f -o json >"$HERE/followed" 2>&1 &
	local pid=$!
	entry 2026-01-01T11:00:00Z default/tenant/web/one one.test '' 0 dns 1 >"$log"
	wait_for 100 said one.test
	assert_equal "$(jq -r .name "$HERE/followed")" one.test
	inst pkill -INT -x kuke
	run wait "$pid"
	assert_failure
	wait_for 100 daemon_idle "$(kukeond_pid)"
}

@test "without its document a space is Unknown, not because of its log" {
	local dir=$INSTANCE_RUN_PATH/data/default/ghost
	mkdir "$dir"
	some >"$dir/denied.log"
	run kuke get spaces
	refute_output --partial ghost
	rm -r "$dir"
	some >"$log"
	cp "$log" "$log.1"
	kuke delete space tenant --cascade >/dev/null
	assert [ ! -e "${log%/*}" ]
	kuke create space tenant >/dev/null
	assert_equal "$(names)" ''
}
