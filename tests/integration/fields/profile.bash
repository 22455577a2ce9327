# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034 # ${X} is a profile's; SUBJECT is read by probe.bash
#
# spec.cell is proven by the containers of the cell "profile", which `kuke run -p`
# made of the same text as those of the cell "cell" (container.bash, cell.bash).

# profile_fails TEXT SED [ARG…]: the profile, changed, is refused.
profile_fails()
{
	local text=$1 out

	sed "$2; s/name: profile,/name: later,/" "$HERE/.kuke/profiles.d/profile.yaml" >"$HERE/.kuke/profiles.d/later.yaml"
	shift 2
	out=$(kuke run -d -p later --name profile-later "$@" 2>&1 </dev/null) && return 1
	grep -qF -- "$text" <<<"$out"
}

cellprofile.apiVersion()
{
	proof "is not looked at: v9 is taken as v1beta1"
	profile_fails 'required parameter "IMAGE" is not set' 's/v1beta1/v9/'
}

cellprofile.kind()
{
	proof "another one is refused"
	profile_fails 'has kind "Cell", want "CellProfile"' 's/^kind: .*/kind: Cell/' --param "IMAGE=$IMAGE"
}

cellprofile.metadata.name()
{
	proof "what -p asks for, and KUKEON_CELL_PROFILE_NAME in /proc/PID/environ"
	SUBJECT=profile
	seen_line all environ '^KUKEON_CELL_PROFILE_NAME=profile$'
	[[ "$(kuke run -d -p nobody 2>&1 </dev/null)" == *'profile "nobody" not found'* ]]
}

cellprofile.metadata.labels()
{
	proof "another process is told them as the cell's"
	[ "$(get cell profile .metadata.labels.proof)" = profile ]
}

cellprofile.spec.realm()
{
	proof "the process is in that realm's control group"
	SUBJECT=profile
	seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/"
}

cellprofile.spec.space()
{
	proof "the process is in that space's control group"
	SUBJECT=profile
	seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/sp/"
}

cellprofile.spec.stack()
{
	proof "the process is in that stack's control group"
	SUBJECT=profile
	seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/sp/st/"
}

cellprofile.spec.prefix()
{
	proof "the control group of a cell without --name begins with it"
	plain_keys | listed x | profile_doc named >"$HERE/.kuke/profiles.d/named.yaml"
	kuke run -d -p named --param "IMAGE=$IMAGE" </dev/null >/dev/null
	inst find /sys/fs/cgroup -ignore_readdir_race -path "*$INSTANCE_CGROUP/$REALM/sp/st/pre-*" -name 'sp_st_pre-*_x' |
		grep -qE '/pre-[0-9a-f]{6}/'
}

cellprofile.spec.parameters.name()
{
	proof "is replaced by its value; one that is not declared is refused"
	SUBJECT=profile
	said all image | grep -q 'Hello from a cell'
	profile_fails 'references undeclared parameter "NOPE"' 's/command: sleep/command: ${NOPE}/'
}

cellprofile.spec.parameters.description()
{
	proof "text for readers: a list in its place is refused"
	profile_fails 'cannot unmarshal !!seq into string' 's/description: what to run/description: [x]/'
}

cellprofile.spec.parameters.default()
{
	proof "is the value where none is given"
	[ "$(get cell profile .metadata.labels.proof)" = profile ]
}

cellprofile.spec.parameters.required()
{
	proof "without a value the profile is refused"
	profile_fails 'required parameter "IMAGE" is not set' 's/x/x/'
}

cellprofile.spec.cell.id()
{
	proof "refused: the id is the cell's name"
	profile_fails 'spec.cell.id must not be set on a CellProfile' 's/^  cell:/&\n    id: x/' --param "IMAGE=$IMAGE"
}
