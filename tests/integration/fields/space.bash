# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# spec.defaults.container is proven by the containers of the space "filled",
# which say nothing of what the defaults fill (container.bash, SUBJECT defaults).

space.spec.realmId()
{
	proof "its control group is below that realm's; a realm that is not there is made"
	is_cgroup "/$REALM/sp"
	refute is_cgroup "/default/sp"
}

space.spec.cniConfigPath()
{
	proof "the plugins that the file names give a cell its address, and kukeon makes no bridge"
	cat >"$WORK/plugged.conflist" <<-END
		{ "cniVersion": "1.0.0", "name": "plugged", "plugins": [ { "type": "ptp", "ipam": {
		  "type": "host-local", "dataDir": "$WORK/ipam", "subnet": "10.66.0.0/24" } } ] }
	END
	printf 'kind: Space\nmetadata: {name: plugged}\nspec: {realmId: %s, cniConfigPath: %s}\n' \
		"$REALM" "$WORK/plugged.conflist" | kuke apply -f - >/dev/null
	{ head_of_cell plugged plugged && plain_keys | listed x; } | kuke apply -f - >/dev/null
	local where=(--realm "$REALM" --space plugged)
	[[ "$(kuke get cell plugged "${where[@]}" --stack st -o json | jq -r .status.network.address)" == 10.66.0.* ]]
	refute grep -q "alias $REALM/plugged" <<<"$(inst ip link)"
	kuke delete space plugged --realm "$REALM" --cascade >/dev/null
	[ -z "$(find "$WORK/ipam" -name '10.66.*')" ]
}

space.spec.network.egress.default()
{
	not_yet spec.network.egress "{realmId: $REALM, network: {egress: {default: deny}}}" Space
}

space.spec.network.egress.allow.host()
{
	not_yet spec.network.egress "{realmId: $REALM, network: {egress: {allow: [{host: a.test}]}}}" Space
}

space.spec.network.egress.allow.cidr()
{
	not_yet spec.network.egress "{realmId: $REALM, network: {egress: {allow: [{cidr: 192.0.2.0/24}]}}}" Space
}

space.spec.network.egress.allow.ports()
{
	not_yet spec.network.egress "{realmId: $REALM, network: {egress: {allow: [{cidr: 192.0.2.0/24, ports: [443]}]}}}" Space
}

# A device that is not ours has the name of the space's bridge.
bridge_is_taken()
{
	local name

	[ ! -e "$WORK/taken" ] || return 0
	name=$(bridge_of filled)
	wait_for 100 take_name "$name" # a pass may be quicker
	wait_for 200 is_space_state Failed
	get space filled .status >"$WORK/damaged"
	inst ip link delete "$name"
	wait_for 200 is_space_state Ready
	touch "$WORK/taken"
}

take_name()
{
	inst ip link delete "$1"
	inst ip link add "$1" type veth peer name taken0
}

is_space_state()
{
	[ "$(get space filled .status.state)" = "$1" ]
}

space.status.reason()
{
	proof "the manifest's is dropped; NetworkFailed while a foreign device has the bridge's name, then nothing"
	[ "$(status 'reason // ""')" = "" ]
	bridge_is_taken
	[ "$(jq -r .reason "$WORK/damaged")" = NetworkFailed ]
	[ "$(get space filled '.status.reason // ""')" = "" ]
}

space.status.message()
{
	proof "the manifest's is dropped; names the bridge while a foreign device has its name, then nothing"
	[ "$(status 'message // ""')" = "" ]
	bridge_is_taken
	[[ "$(jq -r .message "$WORK/damaged")" == *"$(bridge_of filled)"* ]]
	[ "$(get space filled '.status.message // ""')" = "" ]
}
