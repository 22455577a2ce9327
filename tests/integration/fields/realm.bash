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
	proof "true, and the namespace's directory is there; not while a file stands in its place"
	[ "$(status containerdNamespaceReady)" = true ]
	[ -d "$INSTANCE_RUN_PATH/namespaces/own.$INSTANCE_NS_SUFFIX" ]
	namespace_is_taken
	[ "$(jq -r '.containerdNamespaceReady // false' "$WORK/spare")" = false ]
}

# A file stands where the namespace's directory should.
namespace_is_taken()
{
	local dir=$INSTANCE_RUN_PATH/namespaces/spare

	[ ! -e "$WORK/spare" ] || return 0
	printf 'kind: Realm\nmetadata: {name: spare}\nspec: {namespace: spare}\n' | kuke apply -f - >/dev/null
	rm -r "$dir"
	touch "$dir"
	wait_for 400 is_spare_state Failed
	get realm spare .status >"$WORK/spare"
	rm "$dir"
	wait_for 400 is_spare_state Ready
}

is_spare_state()
{
	[ "$(get realm spare .status.state)" = "$1" ]
}

realm.status.reason()
{
	proof "the manifest's is dropped; NamespaceMissing while a file stands in its directory's place, then nothing"
	[ "$(status 'reason // ""')" = "" ]
	namespace_is_taken
	[ "$(jq -r .reason "$WORK/spare")" = NamespaceMissing ]
	[ "$(get realm spare '.status.reason // ""')" = "" ]
}

realm.status.message()
{
	proof "the manifest's is dropped; names the directory while a file stands in its place, then nothing"
	[ "$(status 'message // ""')" = "" ]
	namespace_is_taken
	[[ "$(jq -r .message "$WORK/spare")" == *namespaces/spare* ]]
	[ "$(get realm spare '.status.message // ""')" = "" ]
}
