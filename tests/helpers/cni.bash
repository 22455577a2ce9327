# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Networks that CNI plugins make, on top of suite.bash: the real plugins of the
# distribution, and the test's own, cni-plugin, as fake, fake2 and fake3.
#
#   real_plugins              both are where plugins are looked for
#   real_network, fake_network NAME …   writes the configuration $HERE/NAME.conflist
#   own_space NAME            a space with it, and its stack "default"
#   gone_cell SPACE NAME, gone_space NAME
#   leases, records SPACE     how many there are
#   ran, got COMMAND TYPE ENV|IN        what the test's own did and were given
#   sweep_now                 the next pass sweeps

PLUGINS=/usr/lib/cni

# The plugins stay where they are looked for, beside the test's own.
real_plugins()
{
	local plugin

	mkdir -p "$HERE/real"
	inst mount --bind "$PLUGINS" "$HERE/real"
	inst mount -t tmpfs -o mode=755 tmpfs "$PLUGINS"
	for plugin in bridge host-local portmap firewall bandwidth tuning loopback ptp macvlan; do
		inst ln -s "$HERE/real/$plugin" "$PLUGINS/$plugin"
	done
	for plugin in fake fake2 fake3; do
		inst cp "${BATS_TEST_DIRNAME}/../helpers/cni-plugin" "$PLUGINS/$plugin"
	done
}

# NAME [VERSION]: the configuration that people have, with a bridge of its own.
real_network()
{
	cat >"$HERE/$1.conflist" <<-END
		{ "cniVersion": "${2:-1.0.0}", "name": "net-$1", "plugins": [
		  { "type": "bridge", "bridge": "cnitest0", "isGateway": true, "ipMasq": ${MASQ:-true},
		    "ipam": { "type": "host-local", "dataDir": "$HERE/ipam",
		      "ranges": [[{ "subnet": "10.77.0.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }] } },
		  { "type": "portmap", "capabilities": { "portMappings": true } },
		  { "type": "firewall" },
		  { "type": "bandwidth", "ingressRate": 8000000000, "ingressBurst": 800000000,
		    "egressRate": 8000000000, "egressBurst": 800000000 } ] }
	END
}

# NAME [JSON OF do [OF THE SECOND PLUGIN]]: one or two of the test's own.
fake_network()
{
	local second=''

	[ -z "${3:-}" ] || second=", {\"type\": \"fake2\", \"log\": \"$HERE/log\", \"do\": $3}"
	rm -rf "$HERE/log"
	printf '{"cniVersion": "%s", "name": "net-%s", "plugins": [%s%s]}\n' "${VERSION:-1.0.0}" "$1" \
		"{\"type\": \"fake\", \"log\": \"$HERE/log\", \"do\": ${2:-{\}}}" "$second" \
		>"$HERE/$1.conflist"
}

space_doc()
{
	printf 'apiVersion: v1beta1\nkind: Space\nmetadata: {name: %s}\nspec: {realmId: default, cniConfigPath: %s}\n' \
		"$1" "${2:-$HERE/$1.conflist}"
}

own_space()
{
	space_doc "$1" >"$HERE/space.yaml"
	quiet kuke apply -f "$HERE/space.yaml" && quiet kuke create stack default --space "$1"
}

gone_cell()
{
	kuke delete cell "$2" --space "$1"
}

gone_space()
{
	kuke delete space "$1" --cascade
	rm -rf "${HERE:?}/log" "$HERE/$1.conflist" "$HERE/ipam"
}

# The addresses that host-local has given out.
leases()
{
	find "$HERE/ipam" -name '10.*' 2>/dev/null | wc -l
}

records()
{
	find "$INSTANCE_RUN_PATH/data/default/$1/.cni" -name '*.json' 2>/dev/null | wc -l
}

# COMMAND TYPE ENV|IN: what a plugin got, of its last such run.
got()
{
	local last

	last=$(find "$HERE/log" -name "*.$1.$2.$3" | sort -V | tail -n 1)
	[ -n "$last" ] && cat "$last"
}

# The order in which plugins ran.
ran()
{
	find "$HERE/log" -name '*.in' -printf '%f\n' | sort -n | sed -E 's/^[0-9]+\.([A-Z]+)\.(.*)\.in$/\1 \2/'
}

start_id()
{
	jq -r .start "$INSTANCE/run/cells/default/$1/default/$2/run.json"
}

# Any process of a plugin of the test.
plugin_runs()
{
	[ -n "$(inst pgrep -f "$PLUGINS/fake|sleep 100[12]")" ]
}

no_plugin_runs()
{
	! plugin_runs
}

# The plugin that waits, its guard, and the engine that runs it.
family()
{
	local pid

	pid=$(inst pgrep -o -f "$PLUGINS/fake") && echo "$pid" &&
		pid=$(parent_of "$pid") && echo "$pid" && parent_of "$pid"
}

parent_of()
{
	inst sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status"
}

# Not while a pass is about to say that it has swept.
sweep_now()
{
	held rm -f "$INSTANCE/run/.swept"
}

no_records()
{
	[ "$(records "$1")" -eq 0 ]
}
