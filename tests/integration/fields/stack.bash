# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

stack.spec.id()
{
	proof "kept as given, a name rule broken is refused"
	[ "$(get stack st .spec.id)" = st-id ]
	printf 'kind: Stack\nmetadata: {name: later}\nspec: {id: a/b, realmId: %s, spaceId: sp}\n' "$REALM" |
		refused 'disallowed character'
}

stack.spec.realmId()
{
	proof "its control group is below that realm's"
	is_cgroup "/$REALM/sp/st"
	refute is_cgroup /default/sp/st
}

stack.spec.spaceId()
{
	proof "its control group is below that space's"
	is_cgroup "/$REALM/sp/st"
	refute is_cgroup "/$REALM/default/st"
}
