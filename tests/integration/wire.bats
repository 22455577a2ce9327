#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Requests written by hand to the socket, and the bytes that come back. Only
# times, versions and what depends on the host are substituted.

load ../helpers/suite

ZERO=0001-01-01T00:00:00Z

# Times become TIME, the suffix and the cgroup root of the instance the usual ones.
neutral()
{
	sed -E "s/\"20[0-9-]+T[0-9:]+(\\.[0-9]{1,9})?Z\"/\"TIME\"/g
		s/$INSTANCE_NS_SUFFIX/kukeon.io/g; s,$INSTANCE_CGROUP/,/kukeon/,g
		s/\"subtreeControllers\":\\[[^]]*\\],//; s/\"Version\":\"[^\"]*\"/\"Version\":\"V\"/"
}

# answers REQUEST REPLY
answers()
{
	local got

	got=$(rpc "$1" | neutral)
	echo "sent: $1"
	assert_equal "$got" "$2"
}

@test "Ping" {
	answers '{"method":"KukeonV1.Ping","params":[{}],"id":0}' \
		'{"id":0,"result":{"OK":true,"Version":"V","Err":null},"error":null}'
	# One line, ended by one newline.
	assert_equal "$(rpc '{"method":"KukeonV1.Ping","params":[{}],"id":0}' | od -An -c | grep -o '\\n' | wc -l)" 1
	assert_regex "$(rpc '{"method":"KukeonV1.Ping","params":[{}],"id":0}')" '"Version":"(v?[0-9]+\.[0-9]+\.[0-9]+)"'
	assert_equal "${BASH_REMATCH[1]}" "$(kuke version)"
}

@test "GetRealm" {
	answers '{"method":"KukeonV1.GetRealm","params":[{"Doc":{"apiVersion":"","kind":"","metadata":{"name":"default","labels":null},"spec":{"namespace":""},"status":{"state":"Pending","createdAt":"0001-01-01T00:00:00Z","updatedAt":"0001-01-01T00:00:00Z","readyAt":"0001-01-01T00:00:00Z"}}}],"id":1}' \
		'{"id":1,"result":{"Result":{"Realm":{"apiVersion":"v1beta1","kind":"Realm","metadata":{"name":"default","labels":{"realm.kukeon.io":"default.kukeon.io"}},"spec":{"namespace":"default.kukeon.io"},"status":{"state":"Ready","cgroupPath":"/kukeon/default","createdAt":"TIME","updatedAt":"TIME","readyAt":"TIME","cgroupReady":true,"containerdNamespaceReady":true}},"MetadataExists":true,"CgroupExists":true,"ContainerdNamespaceExists":true},"Err":null},"error":null}'
}

@test "GetRealm without a name: an error of the application" {
	answers '{"method":"KukeonV1.GetRealm","params":[{"Doc":{}}],"id":2}' \
		'{"id":2,"result":{"Result":{"Realm":{"apiVersion":"","kind":"","metadata":{"name":"","labels":null},"spec":{"namespace":""},"status":{"state":"Pending","createdAt":"'$ZERO'","updatedAt":"'$ZERO'","readyAt":"'$ZERO'"}},"MetadataExists":false,"CgroupExists":false,"ContainerdNamespaceExists":false},"Err":{"Kind":"RealmNameRequired","Message":"realm name is required"}},"error":null}'
}

@test "GetRealm of a missing one is no error" {
	answers '{"method":"KukeonV1.GetRealm","params":[{"Doc":{"metadata":{"name":"nope"}}}],"id":2}' \
		'{"id":2,"result":{"Result":{"Realm":{"apiVersion":"","kind":"","metadata":{"name":"","labels":null},"spec":{"namespace":""},"status":{"state":"Pending","createdAt":"'$ZERO'","updatedAt":"'$ZERO'","readyAt":"'$ZERO'"}},"MetadataExists":false,"CgroupExists":false,"ContainerdNamespaceExists":false},"Err":null},"error":null}'
}

@test "ApplyDocuments" {
	answers '{"method":"KukeonV1.ApplyDocuments","params":[{"RawYAML":"a2luZDogUmVhbG0KbWV0YWRhdGE6IHtuYW1lOiByMX0K"}],"id":3}' \
		'{"id":3,"result":{"Result":{"Resources":[{"Index":0,"Kind":"Realm","Name":"r1","Action":"created","Error":"","Changes":null,"Details":null}]},"Err":null},"error":null}'
	answers '{"method":"KukeonV1.ApplyDocuments","params":[{"RawYAML":"a2luZDogUmVhbG0KbWV0YWRhdGE6IHtuYW1lOiByMX0K"}],"id":3}' \
		'{"id":3,"result":{"Result":{"Resources":[{"Index":0,"Kind":"Realm","Name":"r1","Action":"unchanged","Error":"","Changes":null,"Details":null}]},"Err":null},"error":null}'
	kuke delete realm r1
}

@test "ListCells: a document as it stands, and none" {
	answers '{"method":"KukeonV1.ListCells","params":[{"RealmName":"default","SpaceName":"","StackName":""}],"id":4}' \
		'{"id":4,"result":{"Cells":null,"Err":null},"error":null}'
	quiet kuke create cell c >/dev/null
	answers '{"method":"KukeonV1.ListCells","params":[{"RealmName":"default","SpaceName":"","StackName":""}],"id":4}' \
		"$(rpc '{"method":"KukeonV1.GetCell","params":[{"Doc":{"metadata":{"name":"c"},"spec":{"realmId":"default","spaceId":"default","stackId":"default"}}}],"id":4}' |
			neutral | jq -c '{id, result: {Cells: [.result.Result.Cell], Err: null}, error: null}')"
	assert_like "$(rpc '{"method":"KukeonV1.ListCells","params":[{"RealmName":"default"}],"id":4}' | neutral)" '{"id":4,"result":{"Cells":[{"apiVersion":"v1beta1","kind":"Cell","metadata":{"name":"c","labels":{"cell.kukeon.io":"c","realm.kukeon.io":"default","space.kukeon.io":"default","stack.kukeon.io":"default"}},"spec":{"id":"c","realmId":"default","spaceId":"default","stackId":"default","rootContainerId":"root","containers":[{"id":"root",' ... '"createdAt":"TIME","updatedAt":"TIME","readyAt":"TIME","cgroupReady":true}}],"Err":null},"error":null}'
	kuke delete cell c
}

@test "KillCell without names" {
	answers '{"method":"KukeonV1.KillCell","params":[{"Doc":{"apiVersion":"","kind":"","metadata":{"name":"","labels":null},"spec":{"id":"","realmId":"","spaceId":"","stackId":"","containers":null},"status":{"state":"Pending","cgroupPath":"","network":{},"containers":null,"createdAt":"0001-01-01T00:00:00Z","updatedAt":"0001-01-01T00:00:00Z","readyAt":"0001-01-01T00:00:00Z"}}}],"id":5}' \
		'{"id":5,"result":{"Result":{"Cell":{"apiVersion":"","kind":"","metadata":{"name":"","labels":null},"spec":{"id":"","realmId":"","spaceId":"","stackId":"","containers":null},"status":{"state":"Pending","cgroupPath":"","network":{},"containers":null,"createdAt":"'$ZERO'","updatedAt":"'$ZERO'","readyAt":"'$ZERO'"}},"Killed":false},"Err":{"Kind":"RealmNameRequired","Message":"realm name is required"}},"error":null}'
}

@test "AttachContainer without names" {
	answers '{"method":"KukeonV1.AttachContainer","params":[{"Doc":{}}],"id":8}' \
		'{"id":8,"result":{"Result":{"HostSocketPath":""},"Err":{"Kind":"ContainerNameRequired","Message":"container name is required"}},"error":null}'
}

@test "errors of the transport, and the connection stays usable" {
	run rpc '{"method":"Other.Ping","params":[{}],"id":7}' \
		'{"method":"Ping","params":[{}],"id":"a"}' \
		'{"method":"KukeonV1.Nope","params":[{}],"id":null}' \
		'{"method":"KukeonV1.Ping","id":1}' \
		'{"method":"KukeonV1.Ping","params":{},"id":2}' \
		'{"method":"KukeonV1.GetRealm","params":[{"Doc":{"status":{"state":"Bogus"}}}],"id":3}' \
		'{"method":"KukeonV1.Ping","params":[],"id":4}'
	assert_line --index 0 '{"id":7,"result":null,"error":"rpc: can'"'"'t find service Other.Ping"}'
	assert_line --index 1 '{"id":"a","result":null,"error":"rpc: service/method request ill-formed: Ping"}'
	assert_line --index 2 '{"id":null,"result":null,"error":"rpc: can'"'"'t find method KukeonV1.Nope"}'
	assert_line --index 3 '{"id":1,"result":null,"error":"jsonrpc: request body missing params"}'
	assert_line --index 4 '{"id":2,"result":null,"error":"json: cannot unmarshal object into Go value of type [1]interface {}"}'
	assert_line --index 5 '{"id":3,"result":null,"error":"realm state: unknown label \"Bogus\""}'
	assert_like "${lines[6]}" '{"id":4,"result":{"OK":true,' ...
}

@test "keys in any case, unknown ones ignored, the last of two counts" {
	run rpc '{"METHOD":"KukeonV1.GetRealm","jsonrpc":"2.0","Params":[{"doc":{"METADATA":{"NAME":"x","name":"default"},"more":[1]}},7],"ID":9}'
	assert_like "$output" '{"id":9,"result":{"Result":{"Realm":{"apiVersion":"v1beta1","kind":"Realm","metadata":{"name":"default",' ...
}

@test "what is no JSON ends the connection without an answer" {
	local bytes
	for bytes in 'hello' '{"method":"KukeonV1.Ping","params":[{}],"id":0' '}' '[1]' $'\x80' '{"id":\u0000}'; do
		# Some socats complain of what we hung up on.
		assert_equal "$(rpc "$bytes" 2>/dev/null)" ''
	done
	# Half of a request, then silence, hurts nobody.
	(printf '{"method":'; sleep 3) | quiet inst socat -t 5 - "UNIX-CONNECT:$INSTANCE_SOCKET" &
	answers '{"method":"KukeonV1.Ping","params":[{}],"id":0}' \
		'{"id":0,"result":{"OK":true,"Version":"V","Err":null},"error":null}'
	wait
}

@test "several requests in one write are answered in order" {
	run rpc "$(for i in $(seq 1 50); do printf '{"method":"KukeonV1.Ping","params":[{}],"id":%s} ' "$i"; done)"
	assert_equal "$(jq -s 'map(.id) == [range(1; 51)]' <<<"$output")" true
}
