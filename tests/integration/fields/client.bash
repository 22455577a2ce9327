# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # SUBJECT is read by probe.bash

# client SPEC ARG…: kuke with that configuration and no environment of ours.
client()
{
	printf 'apiVersion: v1beta1\nkind: ClientConfiguration\nmetadata: {name: x}\nspec: {%s}\n' "$1" >"$WORK/client.yaml"
	shift
	client_with "$@"
}

client_with()
{
	inst env -u KUKEON_HOST -u KUKEON_RUN_PATH "$INSTANCE_BINDIR/kuke" \
		--configuration "$WORK/client.yaml" "$@"
}

client_refused()
{
	local out
	cat >"$WORK/client.yaml"
	out=$(client_with get realms 2>&1) && return 1
	grep -qF -- "$1" <<<"$out"
}

clientconfiguration.apiVersion()
{
	proof "kuke does nothing with v9"
	printf 'apiVersion: v9\nkind: ClientConfiguration\nmetadata: {name: x}\n' |
		client_refused 'unsupported apiVersion: v9 (expected v1beta1)'
}

clientconfiguration.kind()
{
	proof "kuke does nothing with another kind"
	printf 'kind: ServerConfiguration\nmetadata: {name: x}\n' | client_refused 'kind'
}

clientconfiguration.metadata.name()
{
	proof "a name that is no string is refused"
	printf 'kind: ClientConfiguration\nmetadata: {name: [x]}\n' | client_refused 'cannot unmarshal'
}

clientconfiguration.metadata.labels()
{
	proof "labels that are no map are refused"
	printf 'kind: ClientConfiguration\nmetadata: {name: x, labels: [y]}\n' |
		client_refused 'cannot unmarshal !!seq into map'
}

clientconfiguration.spec.host()
{
	proof "kuke speaks to the socket it names, and to no other"
	client "host: unix://$INSTANCE_SOCKET" get realms | grep -q "$REALM"
	refute client 'host: unix:///no/such.sock' get realms 2>"$WORK/err"
	grep -q 'dial kukeond at /no/such.sock' "$WORK/err"
}

clientconfiguration.spec.runPath()
{
	proof "work without the daemon reads there"
	client "runPath: $INSTANCE_RUN_PATH" --no-daemon get realms | grep -q "$REALM"
	refute grep -q "$REALM" <(client "runPath: $WORK/none" --no-daemon get realms 2>&1)
}

clientconfiguration.spec.containerdSocket()
{
	proof "accepted, no effect: nothing is at that path and kuke works"
	client "host: unix://$INSTANCE_SOCKET, containerdSocket: /no/such.sock" get realms | grep -q "$REALM"
}

clientconfiguration.spec.logLevel()
{
	proof "with -v, debug puts lines of that level on standard error, error puts none"
	SUBJECT=cell
	{ head_of_cell later sp && plain_keys | listed x; } >"$WORK/x.yaml"
	logged debug
	refute logged error
}

# logged LEVEL: a cell is made, and whether that says anything of level debug.
logged()
{
	client "runPath: $INSTANCE_RUN_PATH, logLevel: $1" --no-daemon -v apply -f "$WORK/x.yaml" >/dev/null 2>"$WORK/err"
	undo
	cat "$WORK/err"
	grep -qw DEBUG "$WORK/err"
}

clientconfiguration.spec.output()
{
	proof "what get prints is JSON"
	client "host: unix://$INSTANCE_SOCKET, output: json" get realms | jq -e 'length > 0' >/dev/null
}
