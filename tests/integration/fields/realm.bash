# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

realm.spec.namespace()
{
	proof "images and containers of the realm lie in a directory of that name"
	[ -d "$INSTANCE_RUN_PATH/namespaces/own.$INSTANCE_NS_SUFFIX/containers/sp_st_cell-id_all" ]
	[ ! -e "$INSTANCE_RUN_PATH/namespaces/$REALM.$INSTANCE_NS_SUFFIX" ]
}

credentials()
{
	printf 'kind: Realm\nmetadata: {name: %s}\nspec: {namespace: %s, registryCredentials: [{username: %s, password: "********", serverAddress: %s}]}\n' \
		"$REALM" "own.$INSTANCE_NS_SUFFIX" "$1" "$2"
}

realm.spec.registryCredentials.username()
{
	proof "a masked password is that of the same user; of another one it is refused"
	credentials u registry.test | kuke apply -f - >/dev/null
	credentials v registry.test | refute kuke apply -f - >/dev/null 2>&1
}

realm.spec.registryCredentials.serverAddress()
{
	proof "a masked password is that of the same registry; of another one it is refused"
	credentials u registry.test | kuke apply -f - >/dev/null
	credentials u other.test | refute kuke apply -f - >/dev/null 2>&1
}

realm.spec.registryCredentials.password()
{
	proof "in one file of mode 0600 and nowhere else below the run path; printed masked"
	local found
	found=$(grep -rl pa55 "$INSTANCE_RUN_PATH")
	[ "$(wc -l <<<"$found")" -eq 1 ]
	[ "$(stat -c %a "$found")" = 600 ]
	[ "$(get realm "$REALM" '.spec.registryCredentials[0].password')" = '********' ]
}

realm.status.containerdNamespaceReady()
{
	proof "true, and the namespace's directory is there"
	[ "$(status containerdNamespaceReady)" = true ]
	[ -d "$INSTANCE_RUN_PATH/namespaces/own.$INSTANCE_NS_SUFFIX" ]
}
