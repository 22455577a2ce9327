#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The table of proof: one line per field of every kind, with what shows that the
# field does what it says. The rows come from the model itself (`kuke explain
# --recursive`), so a field without a proof fails, as does a proof without a
# field, and a field of the package (the file `seed`) that the model lacks.
#
# A proof is a function named after the field in one of the files beside this
# one, without "[]": the row Cell.spec.containers[].env is proven by
# cell.spec.containers.env. Where there is none, the places that share a type
# share the proof (see shared() below). It says in words what it looks at
# (proof '…') and fails like a bats test does. It looks from inside a container
# or at the kernel: probe.bash runs a few cells once and collects what is there.
# A field that is refused so far is proven by its refusal; the row turns red when the
# field comes.
#
# FIELDS=REGEX runs only the rows that match it.
set -u
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
. "$here/probe.bash"
for file in any realm space stack cell container profile server client; do
	. "$here/$file.bash"
done

KINDS='Realm Space Stack Cell Container CellProfile ServerConfiguration ClientConfiguration'
n=0
bad=0

ok()
{
	n=$((n + 1))
	echo "ok $n $1"
}

not_ok()
{
	n=$((n + 1))
	bad=$((bad + 1))
	echo "not ok $n $1"
	sed 's/^/# /' | tail -n 25
}

# rows KIND: the path of every field, blocks too.
rows()
{
	"$INSTANCE_BINDIR/kuke" explain "$1" --recursive | awk -F'\t' -v kind="$1" '
		/^FIELDS:/ { on = 1; next }
		!on || NF < 2 { next }
		{
			match($1, /^ */)
			depth = RLENGTH / 2
			at[depth] = substr($1, RLENGTH + 1) ($2 ~ /\[\]Object/ ? "[]" : "")
			path = kind
			for (i = 1; i <= depth; i++)
				path = path "." at[i]
			print path, ($2 ~ /Object>/ ? "block" : "field")
		}'
}

# shared NAME: the function that proves it, and in SUBJECT whose proof it is.
shared()
{
	local name=$1

	# shellcheck disable=SC2034 # read by probe.bash
	SUBJECT=${name%%.*}
	while ! declare -F "$name" >/dev/null; do
		# shellcheck disable=SC2034 # read by probe.bash
		case $name in
		cellprofile.spec.cell.*)
			SUBJECT=profile
			name=cell.spec.${name#cellprofile.spec.cell.} ;;
		cell.spec.containers.*) name=container.spec.${name#cell.spec.containers.} ;;
		cell.status.containers.*) name=container.status.${name#cell.status.containers.} ;;
		space.spec.defaults.container.*)
			SUBJECT=defaults
			name=container.spec.${name#space.spec.defaults.container.} ;;
		any.*) return 1 ;;
		*) name=any.${name#*.} ;;
		esac
	done
	FUNCTION=$name
}

# What a proof did last is what is shown when it fails.
prove()
{
	(
		exec 7>"$WORK/trace" 2>&1
		BASH_XTRACEFD=7
		set -ex
		"$FUNCTION"
	) >"$WORK/out"
}

row()
{
	local path=$1 name

	name=${path//\[\]/}
	name=${name%%.*}.${name#*.}
	name=${name,}
	case ${path%%.*} in
	CellProfile | ServerConfiguration | ClientConfiguration)
		name=${path%%.*}
		name=${name,,}.${path#*.}
		name=${name//\[\]/} ;;
	esac
	if ! shared "$name"; then
		not_ok "$path: no proof" </dev/null
		return
	fi
	used[$FUNCTION]=1
	: >"$WORK/words"
	prove
	# shellcheck disable=SC2181
	if [ $? -eq 0 ]; then # not "if prove": the shell would not stop at a failure then
		ok "$path: $(<"$WORK/words")"
	else
		not_ok "$path: $(<"$WORK/words")" < <(cat "$WORK/out" <(tail -n 12 "$WORK/trace"))
	fi
}

# A block is as good as what is in it.
block()
{
	local below

	below=$(grep -cF -- "$1." "$WORK/rows")
	if [ "$below" -gt 0 ]; then
		ok "$1: a block, $below rows below"
	else
		not_ok "$1: an empty block" </dev/null
	fi
}

WORK=$(mktemp -d)
trap 'probe_end >"$WORK/end" 2>&1; rm -rf "$WORK"' EXIT
declare -A used
if ! probe_begin >"$WORK/out" 2>&1; then
	not_ok 'the probes start' <"$WORK/out"
	echo "1..$n"
	exit 1
fi
for kind in $KINDS; do
	rows "$kind"
done >"$WORK/rows"
while read -r path what; do
	[[ $path =~ ${FIELDS:-.} ]] || continue
	if [ "$what" = block ]; then
		block "$path"
	else
		row "$path"
	fi
done <"$WORK/rows"

if [ -z "${FIELDS:-}" ]; then
	missing=$(comm -23 <(grep -v '^#' "$here/seed" | sort) <(cut -d' ' -f1 "$WORK/rows" | sort))
	if [ -z "$missing" ]; then
		ok "every field of the package is in the model"
	else
		not_ok "fields of the package that the model lacks" <<<"$missing"
	fi
	for name in $(declare -F | awk '$3 ~ /^[a-z]+\./ { print $3 }'); do
		[ -n "${used[$name]:-}" ] || not_ok "a proof of no field: $name" </dev/null
	done
	if probe_end >"$WORK/end" 2>&1; then
		ok 'nothing is left behind'
	else
		not_ok 'nothing is left behind' <"$WORK/end"
	fi
	trap 'rm -rf "$WORK"' EXIT
fi
echo "1..$n"
[ "$bad" -eq 0 ]
