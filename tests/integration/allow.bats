#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kuke allow: rules of an egress policy that end by themselves. That a clock that is set does
# not move their end cannot be tried here, since it is the host's; they have it as clock_ms().

load ../helpers/suite

# No pass but those that are asked for: what ends a rule is that its end was asked for.
setup_file()
{
	suite_start --restarts 'reconcileInterval: 0s'
	inst ip netns add outside
	inst ip link set uplink1 netns outside
	inst ip -n outside link set uplink1 up
	inst ip -n outside addr add 192.0.2.1/24 dev uplink1
	inst ip -n outside addr add 192.0.2.9/24 dev uplink1
	quiet inst ip netns exec outside "$top_builddir/netprobe" serve 7001 >/dev/null 2>&1 &
	cp /etc/hosts "$HERE/hosts.host"
	names
	inst mount --bind "$HERE/hosts" /etc/hosts
	# The first packets leave neighbours and routes, which stay.
	IN="default warm default" fenced warm 'default: allow'
	IN="default warm default" reaches '192.0.2.1 yes' '192.0.2.9 yes'
	kuke delete space warm --cascade >/dev/null
}

setup()
{
	names 192.0.2.1 web.test
	space=tenant
	export IN="default $space default"
	file=$INSTANCE/run/allowed/default_$space
	suite_snapshot
}

# names [ADDRESS NAME]…: what the resolver says.
names()
{
	{
		cat "$HERE/hosts.host"
		[ $# -eq 0 ] || printf '%s %s\n' "$@"
	} >"$HERE/hosts.new"
	cat "$HERE/hosts.new" >"$HERE/hosts" # in place: it is mounted
}

# space_doc NAME [POLICY]
space_doc()
{
	printf 'apiVersion: v1beta1\nkind: Space\nmetadata: {name: %s}\nspec: {realmId: default%s}\n' \
		"$1" "${2:+, network: {egress: {$2\}\}}"
}

policy()
{
	space_doc "$space" "${1:-}" | kuke apply -f - >/dev/null
}

# fenced SPACE POLICY: the space, and the cell "one" in it.
fenced()
{
	space_doc "$1" "$2" | kuke apply -f - >/dev/null
	quiet kuke create stack default --space "$1" >/dev/null
	run_cell one "$IDLE"
}

# reaches 'ADDRESS yes|no'…: the cell "one", by TCP.
reaches()
{
	local row

	for row in "$@"; do
		printf 'outside tcp %s 7001 %s\n' "${row% *}" "${row#* }"
	done | in_cell one "$top_builddir/netprobe" probe
}

rules()
{
	inst iptables-legacy -S | grep -F "kukeon:default:$space:"
}

temporary()
{
	rules | grep -oE 'temporary\[[0-9]+\]:[a-z]+=[^" ]+' | sort -u | xargs
}

is_temporary()
{
	assert_equal "$(temporary)" "$1"
}

shown()
{
	kuke get space "$space" -o json | jq -c "$1"
}

gone()
{
	kuke delete space "$space" --cascade >/dev/null
	assert [ ! -e "$file" ]
}

@test "an address is open until it is taken back, and the status shows it" {
	fenced "$space" 'default: deny'
	reaches '192.0.2.1 no'
	run kuke allow "$space" 192.0.2.1:7001 --for 1h
	assert_success
	assert_output --regexp '^Allowed 192\.0\.2\.1:7001 from space "tenant" until ([0-9]{4}-[0-9]{2}-[0-9]{2} )?[0-9]{2}:[0-9]{2}:[0-9]{2} \(1h\)$'
	reaches '192.0.2.1 yes' '192.0.2.9 no'
	is_temporary 'temporary[0]:cidr=192.0.2.1/32'
	assert_equal "$(shown '.status.network.temporaryRules | map([.cidr, .ports])')" '[["192.0.2.1/32",[7001]]]'
	assert_equal "$(kuke get spaces -o json | jq -r '.[] | select(.metadata.name == "tenant").status.network.temporaryRules[0].cidr')" 192.0.2.1/32
	local left
	left=$(($(date -d "$(shown '.status.network.temporaryRules[0].until' | jq -r .)" +%s) - $(date +%s)))
	assert [ "$left" -gt 3000 ]
	assert [ "$left" -le 3601 ]
	run kuke explain --why-denied one 192.0.2.1:7001 --space "$space"
	assert_output 'allowed: 192.0.2.1: rule temporary[0]:cidr=192.0.2.1/32 of space "tenant"'
	run kuke explain --why-denied one 192.0.2.1:80 --space "$space"
	assert_line 'denied: 192.0.2.1: rule temporary[0]:cidr=192.0.2.1/32 of space "tenant" allows TCP ports 7001 alone'
	# Nothing of it is in the document, also when that is applied again.
	policy 'default: deny, allow: [{cidr: 198.51.100.0/24}]'
	reaches '192.0.2.1 yes'
	refute grep -q temporary "$INSTANCE_RUN_PATH/data/default/$space/metadata.json"
	run kuke allow "$space" 192.0.2.1:7001 --end
	assert_output 'No longer allowed: 192.0.2.1:7001 from space "tenant"'
	reaches '192.0.2.1 no'
	is_temporary ''
	assert_equal "$(shown .status.network)" null
	assert [ ! -e "$file" ]
	gone
}

@test "a name is open for its time, and then closed by a pass that was asked for" {
	fenced "$space" 'default: deny'
	run kuke allow "$space" web.test --for 5s
	assert_success
	reaches '192.0.2.1 yes' '192.0.2.9 no'
	is_temporary 'temporary[0]:host=web.test'
	grep -qxF $'192.0.2.1\tweb.test' "$(cell_dir one)/etc-hosts"
	wait_for 200 is_temporary ''
	reaches '192.0.2.1 no'
	wait_for 200 refute test -e "$file"
	wait_for 200 refute grep -q web.test "$(cell_dir one)/etc-hosts"
	assert [ ! -e "$INSTANCE_RUN_PATH/data/default/$space/egress-hosts.json" ]
	gone
}

# echo_at ADDRESS: answers line by line at port 7009.
echo_at()
{
	quiet inst ip netns exec outside socat "TCP-LISTEN:7009,bind=$1,fork,reuseaddr" EXEC:cat \
		>/dev/null 2>&1 &
}

# talk NAME ADDRESS: a connection that says what is written into NAME.in.
talk()
{
	mkfifo "$HERE/$1.in"
	quiet in_cell one socat - "TCP:$2:7009" <>"$HERE/$1.in" >"$HERE/$1.out" 2>&1 &
}

says()
{
	echo "$2" >"$HERE/$1.in"
	wait_for "${3:-100}" grep -qx "$2" "$HERE/$1.out"
}

@test "a connection ends with the rule that let it begin, and others go on" {
	fenced "$space" 'default: deny, allow: [{cidr: 192.0.2.9/32}]'
	kuke allow "$space" 192.0.2.1 --for 1h >/dev/null
	echo_at 192.0.2.1
	echo_at 192.0.2.9
	wait_for 100 eval '[ "$(inst ip netns exec outside ss -Hltn "sport = :7009" | wc -l)" = 2 ]'
	talk ends 192.0.2.1
	talk stays 192.0.2.9
	says ends one
	says stays one
	# Another rule comes and goes.
	kuke allow "$space" 203.0.113.1 --for 1h >/dev/null
	kuke allow "$space" 203.0.113.1 --end >/dev/null
	says ends two
	kuke allow "$space" 192.0.2.1 --for 1s >/dev/null
	wait_for 200 is_temporary ''
	says stays three
	run says ends three 2
	assert_failure
	# It was not closed: TCP tries again.
	kuke allow "$space" 192.0.2.1 --for 1h >/dev/null
	wait_for 100 grep -qx three "$HERE/ends.out"
	inst pkill -x socat
	rm "$HERE"/*.in "$HERE"/*.out
	gone
}

@test "the same destination again begins anew, others stand beside it" {
	fenced "$space" 'default: deny'
	kuke allow "$space" web.test:7001 --for 1h >/dev/null
	kuke allow "$space" 192.0.2.8/31 --for 1h >/dev/null
	kuke allow "$space" 192.0.2.9/31 --for 2h >/dev/null
	kuke allow "$space" web.test:7001 --for 2s >/dev/null
	assert_equal "$(shown '.status.network.temporaryRules | length')" 2
	reaches '192.0.2.9 yes'
	wait_for 200 is_temporary 'temporary[0]:cidr=192.0.2.8/31'
	reaches '192.0.2.1 no' '192.0.2.9 yes'
	run kuke allow "$space" '[2001:db8::1]:443' --for 90s -o json
	assert_success
	assert_equal "$(jq -c '[.host, .cidr, .ports]' <<<"$output")" '[null,"2001:db8::1/128",[443]]'
	run kuke allow "$space" other.test --for 90s -o yaml
	assert_failure
	run kuke allow "$space" web.test --for 1h30m -o yaml
	assert_success
	assert_line 'host: web.test'
	assert_line --regexp '^until: '
	gone
}

@test "a restart of the daemon keeps the rules until their end" {
	fenced "$space" 'default: deny'
	kuke allow "$space" web.test --for 1h >/dev/null
	restart_daemon
	is_temporary 'temporary[0]:host=web.test'
	reaches '192.0.2.1 yes'
	# It is over while no daemon runs: the next one begins with that.
	kuke allow "$space" web.test --for 2s >/dev/null
	quiet kuke daemon stop >/dev/null
	is_temporary 'temporary[0]:host=web.test'
	quiet kuke daemon start >/dev/null
	wait_for 200 is_temporary ''
	reaches '192.0.2.1 no'
	# One of another boot has no effect, wherever the runtime directory is.
	kuke allow "$space" web.test --for 1h >/dev/null
	sed -i 's/"boot": "[^"]*"/"boot": "00000000-0000-0000-0000-000000000000"/' "$file"
	pass_over one
	is_temporary ''
	assert [ ! -e "$file" ]
	gone
}

@test "without the daemon it is the same, and a daemon takes the rule out" {
	fenced "$space" 'default: deny'
	kuke --no-daemon allow "$space" 192.0.2.1 --for 3s >/dev/null
	is_temporary 'temporary[0]:cidr=192.0.2.1/32'
	wait_for 200 is_temporary ''
	reaches '192.0.2.1 no'
	gone
}

@test "a damaged file opens nothing and is told of, and the next rule is made" {
	fenced "$space" 'default: deny'
	kuke allow "$space" 192.0.2.1 --for 1h >/dev/null
	echo '{' >"$file"
	pass_over one
	is_temporary ''
	reaches '192.0.2.1 no'
	assert [ ! -e "$file" ]
	wait_for 100 grep -q 'temporary rules are lost' \
		"$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log"
	kuke allow "$space" 192.0.2.1 --for 1h >/dev/null
	reaches '192.0.2.1 yes'
	# With the policy that denies its rules are of no effect any more.
	policy 'default: allow'
	is_temporary ''
	assert_equal "$(shown .status.network)" null
	gone
}

# refused TEXT ARG…
refused()
{
	local text=$1

	shift
	run kuke allow "$@"
	assert_failure 1
	assert_output --partial "$text"
}

@test "what cannot be allowed is refused by name" {
	refused 'space "none" not found' none 192.0.2.1 --for 1m
	policy 'default: allow'
	refused 'space "tenant" has no policy that denies: a temporary rule would change nothing' \
		"$space" 192.0.2.1 --for 1m
	policy
	refused 'space "tenant" has no policy that denies' "$space" 192.0.2.1 --for 1m
	policy 'default: deny'
	refused 'failed to resolve egress allow rule host "nowhere.test": ' "$space" nowhere.test --for 1m
	refused 'egress allow rule host is not a valid dns name: "a b"' "$space" 'a b' --for 1m
	refused 'egress allow rule cidr is not a valid CIDR: "10.0.0.0/40"' "$space" 10.0.0.0/40 --for 1m
	refused 'invalid port "0": give HOST or HOST:PORT' "$space" 192.0.2.1:0 --for 1m
	refused 'invalid port "http"' "$space" web.test:http --for 1m
	refused 'egress allow rule requires exactly one of host or cidr' "$space" '' --for 1m
	refused '--for is required: how long' "$space" 192.0.2.1
	refused 'invalid argument "soon" for "--for" flag' "$space" 192.0.2.1 --for soon
	refused 'a temporary rule can last from 1s to 24h' "$space" 192.0.2.1 --for 25h
	refused 'a temporary rule can last from 1s to 24h' "$space" 192.0.2.1 --for 500ms
	refused 'a temporary rule can last from 1s to 24h' "$space" 192.0.2.1 --for=-1m
	refused '--for and --end exclude each other' "$space" 192.0.2.1 --for 1m --end
	refused 'space "tenant" has no temporary rule for that destination' "$space" 192.0.2.1 --end
	assert [ ! -e "$file" ]
	gone
	# Where plugins make the network, no rule of kukeon would change anything.
	printf '{ "cniVersion": "1.0.0", "name": "own", "plugins": [ { "type": "ptp", "ipam": { "type": "host-local", "subnet": "10.66.0.0/24" } } ] }' \
		>"$HERE/own.conflist"
	printf 'apiVersion: v1beta1\nkind: Space\nmetadata: {name: own}\nspec: {realmId: default, cniConfigPath: %s}\n' \
		"$HERE/own.conflist" | kuke apply -f - >/dev/null
	refused 'plugins make the network of space "own": kukeon has no rules there' own 192.0.2.1 --for 1m
	kuke delete space own >/dev/null
}

@test "sixty-four at most" {
	policy 'default: deny'
	for i in {1..64}; do
		printf '{"id":%d,"method":"KukeonX1.AllowEgress","params":[{"RealmName":"default","SpaceName":"%s","Cidr":"198.51.100.%d/32","ForMs":3600000}]}\n' \
			"$i" "$space" "$i"
	done >"$HERE/requests"
	rpc "$(<"$HERE/requests")" >"$HERE/replies"
	assert_equal "$(jq -r .result.Result.Rule.cidr "$HERE/replies" | sort -u | grep -c 198)" 64
	refused 'space "tenant" has 64 temporary rules, and no more are possible' "$space" 192.0.2.1 --for 1m
	kuke allow "$space" 198.51.100.7 --end >/dev/null
	kuke allow "$space" 192.0.2.1 --for 1m >/dev/null
	gone
	# A space of that name has none of them.
	policy 'default: deny'
	is_temporary ''
	assert_equal "$(shown .status.network)" null
	gone
}
