#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who calls whom (ARCHITECTURE, "Layers"), by the symbol tables of the objects that were
# built: a call goes to the file's own folder or one below, and no files call each other
# in a circle. Prints the order of folders.
. "${BASH_SOURCE[0]%/*}/lib.bash"

lint_need nm binutils
build=${top_builddir:-build/dev}

# "FILE FILE SYMBOL" for each use in the first of what the second defines, without suffixes.
# kukeshim and kuketty are static programs without objects; the sanitized ones have their files.
calls()
{
	# What a build tree still has of sources that are gone counts for nothing.
	{
		product_files | sed 's/^/source /'
		find "$build/lib" "$build/oci" "$build/src" -name '*.o' -print0 2>/dev/null |
			xargs -0 -r nm -A -g 2>/dev/null
	} | awk -v build="$build/" '
		function node(path,   n, p)
		{
			sub(/:[0-9a-f ]*$/, "", path)
			path = substr(path, length(build) + 1)
			sub(/\.o$/, "", path)
			n = split(path, p, "/")
			sub(/^.*-/, "", p[n])
			path = p[1]
			for (i = 2; i <= n; i++) path = path "/" p[i]
			return path
		}
		$1 == "source" && NF == 2 { here[$2] = 1; next }
		{
			file = node($1)
			if (!((file ".c") in here)) next
			if ($(NF - 1) == "U") use[++n] = file " " $NF
			else if (!((file, $NF) in has)) {
				has[file, $NF] = 1
				where[$NF] = where[$NF] " " file
			}
		}
		function folder(f) { sub(/\/[^\/]*$/, "", f); return f }
		END {
			for (i = 1; i <= n; i++) {
				split(use[i], u, " ")
				k = split(where[u[2]], w, " ")
				# Programs have names in common: their own come first.
				best = ""
				for (j = 1; j <= k; j++)
					if (best == "" || folder(w[j]) == folder(u[1])) best = w[j]
				if (best != "" && best != u[1]) print u[1], best, u[2]
			}
		}' | sort -u
}

edges=$(calls)
if [ -z "$edges" ]; then
	for rule in "calls go down" "no circles of files"; do
		echo "no objects in '$build': build first" | lint_rule "$rule"
	done
	lint_done
fi

{ layers | sed 's/^/may /'; printf '%s\n' "$edges" | sed 's/^/call /'; } | awk '
	function folder(f) { sub(/\/[^\/]*$/, "", f); return f }
	$1 == "may" { may[$2, $3] = 1; next }
	NF == 4 && !((folder($2), folder($3)) in may) { print $2 " calls " $4 " of " $3 }' |
	lint_rule "calls go down"

# What a circle is made of, one line for each call in it.
circles()
{
	awk '
		{ out[$1] = out[$1] " " $2; sym[$1, $2] = sym[$1, $2] " " $3; at[$1] = at[$2] = 1 }
		# Tarjan: the strongly connected sets of files.
		function visit(v,   i, n, w)
		{
			index_[v] = low[v] = ++counter; stack[++top] = v; on[v] = 1
			n = split(out[v], w, " ")
			for (i = 1; i <= n; i++) {
				if (!(w[i] in index_)) {
					visit(w[i])
					if (low[w[i]] < low[v]) low[v] = low[w[i]]
				} else if (on[w[i]] && index_[w[i]] < low[v])
					low[v] = index_[w[i]]
			}
			if (low[v] == index_[v]) {
				do { set[stack[top]] = v; on[stack[top]] = 0; size[v]++ } while (stack[top--] != v)
			}
		}
		END {
			for (v in at) if (!(v in index_)) visit(v)
			for (e in sym) {
				split(e, p, SUBSEP)
				if (set[p[1]] == set[p[2]] && size[set[p[1]]] > 1)
					print size[set[p[1]]] " files: " p[1] " calls" sym[e] " of " p[2]
			}
		}' | sort
}
found=$(echo "$edges" | circles)
printf '%s' "$found" | lint_rule "no circles of files"
[ -n "$found" ] || echo "# no circles"

echo "# the order of folders: $(layers | awk '{ print $1, $2 }' | tsort | tac | tr '\n' ' ')"
lint_done
