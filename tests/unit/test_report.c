/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "capture.h"
#include "copy.h"
#include "decode.h"
#include "emit_json.h"
#include "get.h"
#include "mem.h"
#include "model.h"
#include "model_random.h"
#include "pick.h"
#include "report.h"
#include "run.h"
#include "str.h"
#include "subject.h"
#include "term.h"
#include "unit.h"

static char *s(const char *text)
{
	return xstrdup(text);
}

/* ---- create ---- */

START_TEST(created_parents)
{
	struct rpc_create_realm_reply realm = { 0 };
	struct rpc_create_space_reply space = { 0 };
	struct rpc_create_stack_reply stack = { 0 };
	struct buf out cleanup_buf = BUF_INIT(1 << 16);

	realm.result.realm.head.metadata.name = s("r1");
	realm.result.realm.spec.namespace = s("r1.kukeon.io");
	realm.result.created = realm.result.namespace_created = true;
	realm.result.cgroup_exists_post = true;
	report_created_realm(&out, &realm.result);
	space.result.space.head.metadata.name = s("s1");
	space.result.space.spec.realm_id = s("r1");
	space.result.created = space.result.cgroup_created = true;
	report_created_space(&out, &space.result);
	stack.result.stack.head.metadata.name = s("t1");
	stack.result.stack.spec.realm_id = s("r1");
	stack.result.stack.spec.space_id = s("s1");
	stack.result.metadata_exists_post = stack.result.cgroup_created = true;
	report_created_stack(&out, &stack.result);
	ck_assert_str_eq(buf_str(&out), "Realm \"r1\" (namespace \"r1.kukeon.io\")\n"
					"  - metadata: created\n"
					"  - containerd namespace: created\n"
					"  - cgroup: already existed\n"
					"Space \"s1\" (realm \"r1\", network \"r1-s1\")\n"
					"  - metadata: created\n"
					"  - network: missing\n"
					"  - cgroup: created\n"
					"Stack \"t1\" (realm \"r1\", space \"s1\")\n"
					"  - metadata: already existed\n"
					"  - cgroup: created\n");
	cli_free_reply(RPC_CREATE_REALM, &realm);
	cli_free_reply(RPC_CREATE_SPACE, &space);
	cli_free_reply(RPC_CREATE_STACK, &stack);
}
END_TEST

static void make_cell(struct rpc_create_cell_result *res)
{
	struct rpc_container_outcome *o;

	res->cell.head.metadata.name = s("c1");
	res->cell.spec.realm_id = s("r1");
	res->cell.spec.space_id = s("s1");
	res->cell.spec.stack_id = s("t1");
	res->created = res->cgroup_created = res->root_created = res->started = true;
	res->metadata_exists_post = res->cgroup_exists_post = res->root_exists_post = true;
	o = vec_grow(&res->containers.v, &res->containers.n, sizeof(*o));
	o->name = s("web");
	o->created = o->exists_post = true;
	o = vec_grow(&res->containers.v, &res->containers.n, sizeof(*o));
	o->name = s("db");
}

START_TEST(created_cell)
{
	struct rpc_create_cell_reply reply = { 0 };
	struct buf out cleanup_buf = BUF_INIT(1 << 16);

	make_cell(&reply.result);
	report_run(&out, &reply.result, OUTPUT_TABLE);
	ck_assert_str_eq(buf_str(&out), "Cell \"c1\" (realm \"r1\", space \"s1\", stack \"t1\")\n"
					"  - metadata: created\n"
					"  - cgroup: created\n"
					"  - root container: created\n"
					"  - container \"web\": created\n"
					"  - container \"db\": missing\n"
					"  - containers: started\n");
	buf_reset(&out);
	report_run(&out, &reply.result, OUTPUT_YAML);
	ck_assert_str_eq(buf_str(&out), "cell:\n"
					"    name: c1\n"
					"    realmId: r1\n"
					"    spaceId: s1\n"
					"    stackId: t1\n"
					"created: true\n"
					"metadataExistsPost: true\n"
					"cgroupCreated: true\n"
					"cgroupExistsPost: true\n"
					"rootContainerCreated: true\n"
					"rootContainerExistsPost: true\n"
					"started: true\n"
					"containers:\n"
					"    - name: web\n"
					"      created: true\n"
					"      existsPost: true\n"
					"    - name: db\n"
					"      created: false\n"
					"      existsPost: false\n");
	cli_free_reply(RPC_CREATE_CELL, &reply);
}
END_TEST

START_TEST(created_cell_bare)
{
	struct rpc_create_cell_reply reply = { 0 };
	struct buf out cleanup_buf = BUF_INIT(1 << 16);

	reply.result.cell.head.metadata.name = s("c1");
	report_run(&out, &reply.result, OUTPUT_TABLE);
	ck_assert_str_eq(buf_str(&out), "Cell \"c1\" (realm \"\", space \"\", stack \"\")\n"
					"  - metadata: missing\n"
					"  - cgroup: missing\n"
					"  - root container: missing\n"
					"  - containers: none defined\n"
					"  - containers: not started\n");
	buf_reset(&out);
	report_run(&out, &reply.result, OUTPUT_JSON);
	ck_assert_str_eq(buf_str(&out), "{\n"
					"  \"cell\": {\n"
					"    \"name\": \"c1\",\n"
					"    \"realmId\": \"\",\n"
					"    \"spaceId\": \"\",\n"
					"    \"stackId\": \"\"\n"
					"  },\n"
					"  \"created\": false,\n"
					"  \"metadataExistsPost\": false,\n"
					"  \"cgroupCreated\": false,\n"
					"  \"cgroupExistsPost\": false,\n"
					"  \"rootContainerCreated\": false,\n"
					"  \"rootContainerExistsPost\": false,\n"
					"  \"started\": false\n"
					"}");
	cli_free_reply(RPC_CREATE_CELL, &reply);
}
END_TEST

START_TEST(created_container)
{
	struct rpc_create_container_reply reply = { 0 };
	struct buf out cleanup_buf = BUF_INIT(1 << 16);
	struct scope where = { s("r1"), s("s1"), s("t1"), s("c1") };

	scope_fill_doc(&where, KIND_CONTAINER, "w", &reply.result.container);
	reply.result.container_exists_post = reply.result.started = true;
	report_created_container(&out, &reply.result);
	ck_assert_str_eq(buf_str(&out),
			 "Container \"w\" (ID: \"w\") in cell \"c1\" (realm \"r1\", space \"s1\", "
			 "stack \"t1\")\n"
			 "  - container: already existed\n"
			 "  - container: started\n");
	scope_clear(&where);
	cli_free_reply(RPC_CREATE_CONTAINER, &reply);
}
END_TEST

/* ---- apply, delete -f ---- */

static void make_applied(struct rpc_apply_result *res)
{
	struct rpc_apply_resource *a = vec_grow(&res->resources.v, &res->resources.n, sizeof(*a));

	*a = (struct rpc_apply_resource){ .index = 0, .kind = s("Realm"), .name = s("r1") };
	a->action = s("updated");
	a->error = s("");
	strlist_add(&a->changes, "metadata.labels");
	strmap_set(&a->details, "metadata.labels", "labels changed");
	a = vec_grow(&res->resources.v, &res->resources.n, sizeof(*a));
	*a = (struct rpc_apply_resource){ .index = 1, .kind = s("Container"), .name = s("x") };
	a->action = s("failed");
	a->error = s("parent cell \"zz\" not found: cell not found");
}

static const char applied_text[] = "Realm \"r1\": updated\n"
				   "  - metadata.labels\n"
				   "Container \"x\": failed\n"
				   "  Error: parent cell \"zz\" not found: cell not found\n";
static const char applied_json[] =
	"{\n"
	"  \"resources\": [\n"
	"    {\n"
	"      \"Index\": 0,\n"
	"      \"Kind\": \"Realm\",\n"
	"      \"Name\": \"r1\",\n"
	"      \"Action\": \"updated\",\n"
	"      \"Error\": \"\",\n"
	"      \"Changes\": [\n"
	"        \"metadata.labels\"\n"
	"      ],\n"
	"      \"Details\": {\n"
	"        \"metadata.labels\": \"labels changed\"\n"
	"      }\n"
	"    },\n"
	"    {\n"
	"      \"Index\": 1,\n"
	"      \"Kind\": \"Container\",\n"
	"      \"Name\": \"x\",\n"
	"      \"Action\": \"failed\",\n"
	"      \"Error\": \"parent cell \\\"zz\\\" not found: cell not found\",\n"
	"      \"Changes\": null,\n"
	"      \"Details\": null\n"
	"    }\n"
	"  ]\n"
	"}";
static const char applied_yaml[] = "resources:\n"
				   "    - index: 0\n"
				   "      kind: Realm\n"
				   "      name: r1\n"
				   "      action: updated\n"
				   "      error: \"\"\n"
				   "      changes:\n"
				   "        - metadata.labels\n"
				   "      details:\n"
				   "        metadata.labels: labels changed\n"
				   "    - index: 1\n"
				   "      kind: Container\n"
				   "      name: x\n"
				   "      action: failed\n"
				   "      error: 'parent cell \"zz\" not found: cell not found'\n"
				   "      changes: []\n"
				   "      details: {}\n";

START_TEST(applied)
{
	static const char *const want[] = { [OUTPUT_TABLE] = applied_text,
					    [OUTPUT_JSON] = applied_json,
					    [OUTPUT_YAML] = applied_yaml };
	struct rpc_apply_reply reply = { 0 };
	struct buf out cleanup_buf = BUF_INIT(1 << 16);

	make_applied(&reply.result);
	ck_assert_uint_eq(report_applied(&out, &reply.result, (enum output_format) _i, 0), 1);
	ck_assert_str_eq(buf_str(&out), want[_i]);
	cli_free_reply(RPC_APPLY_DOCUMENTS, &reply);
}
END_TEST

START_TEST(deleted)
{
	char name[4][4] = { "c1", "s1", "r1", "r2" }, error[] = "no";
	struct deleted_resource v[] = {
		{ .index = 3,
		  .kind = KIND_CELL,
		  .name = name[0],
		  .action = "deleted",
		  .containers = 3 },
		{ .index = 1, .kind = KIND_SPACE, .name = name[1], .action = "deleted" },
		{ .index = 0, .kind = KIND_REALM, .name = name[2], .action = "not found" },
		{ .index = 2,
		  .kind = KIND_REALM,
		  .name = name[3],
		  .action = "failed",
		  .error = error },
	};
	struct buf out cleanup_buf = BUF_INIT(1 << 16);

	strlist_add(&v[1].cascaded, "a");
	strlist_add(&v[1].cascaded, "b");
	report_deleted(&out, v, 4, OUTPUT_TABLE, 0);
	ck_assert_str_eq(buf_str(&out), "Cell \"c1\": deleted\n"
					"  - containers: 3 deleted\n"
					"Space \"s1\": deleted\n"
					"  - 2 stack(s) deleted (cascade)\n"
					"Realm \"r1\": not found\n"
					"Realm \"r2\": failed\n"
					"  Error: no\n");
	buf_reset(&out);
	report_deleted(&out, v, 2, OUTPUT_TABLE, REPORT_DRY_RUN);
	ck_assert_str_eq(buf_str(&out), "Cell \"c1\": deleted (dry run)\n"
					"  - containers: 3 deleted (dry run)\n"
					"Space \"s1\": deleted (dry run)\n"
					"  - 2 stack(s) deleted (cascade) (dry run)\n");
	buf_reset(&out);
	report_deleted(&out, v, 2, OUTPUT_JSON, REPORT_DRY_RUN);
	ck_assert_str_eq(buf_str(&out), "{\n"
					"  \"resources\": [\n"
					"    {\n"
					"      \"index\": 3,\n"
					"      \"kind\": \"Cell\",\n"
					"      \"name\": \"c1\",\n"
					"      \"action\": \"deleted\",\n"
					"      \"details\": {\n"
					"        \"containers\": \"3 deleted\"\n"
					"      }\n"
					"    },\n"
					"    {\n"
					"      \"index\": 1,\n"
					"      \"kind\": \"Space\",\n"
					"      \"name\": \"s1\",\n"
					"      \"action\": \"deleted\",\n"
					"      \"cascaded\": [\n"
					"        \"a\",\n"
					"        \"b\"\n"
					"      ]\n"
					"    }\n"
					"  ]\n"
					"}");
	buf_reset(&out);
	report_deleted(&out, v + 3, 1, OUTPUT_YAML, 0);
	ck_assert_str_eq(buf_str(&out), "resources:\n"
					"    - index: 2\n"
					"      kind: Realm\n"
					"      name: r2\n"
					"      action: failed\n"
					"      error: \"no\"\n");
	strlist_clear(&v[1].cascaded);
}
END_TEST

/* ---- images ---- */

static const struct {
	int64_t n;
	const char *text;
} sizes[] = {
	{ -1, "-" },
	{ 0, "0 B" },
	{ 1023, "1023 B" },
	{ 1024, "1.0 KiB" },
	{ 1536, "1.5 KiB" },
	{ 2130245, "2.0 MiB" },
	{ INT64_C(5) << 30, "5.0 GiB" },
	{ INT64_MAX, "8.0 EiB" },
};

START_TEST(image_sizes)
{
	struct buf out cleanup_buf = BUF_INIT(64);

	term_add_size(&out, sizes[_i].n);
	ck_assert_str_eq(buf_str(&out), sizes[_i].text);
}
END_TEST

static void list_images(struct buf *out, const struct rpc_list_images_result *res,
			enum output_format format)
{
	struct image_report r;
	size_t i;

	report_images_begin(&r, out, res->realm, res->namespace, format);
	for (i = 0; i < res->images.n; i++)
		report_images_add(&r, &res->images.v[i]);
	report_images_end(&r);
}

START_TEST(images)
{
	struct rpc_load_image_reply loaded = { 0 };
	struct rpc_list_images_reply list = { 0 };
	struct buf out cleanup_buf = BUF_INIT(1 << 16);
	struct rpc_image *im;

	loaded.result.realm = s("r");
	loaded.result.namespace = s("r.kukeon.io");
	report_image_loaded(&out, &loaded.result);
	strlist_add(&loaded.result.images, "a:1");
	report_image_loaded(&out, &loaded.result);
	ck_assert_str_eq(buf_str(&out),
			 "loaded 0 images into realm \"r\" (namespace \"r.kukeon.io\")\n"
			 "loaded 1 image(s) into realm \"r\" (namespace \"r.kukeon.io\"):\n"
			 "  - a:1\n");
	list.result.realm = s("r");
	list.result.namespace = s("r.kukeon.io");
	im = vec_grow(&list.result.images.v, &list.result.images.n, sizeof(*im));
	*im = (struct rpc_image){ .name = s("a:1"), .size = 5, .digest = s("d") };
	im->media_type = s("m");
	im->created_at = (struct ktime){ .sec = 0, .nsec = 0, .set = true };
	buf_reset(&out);
	list_images(&out, &list.result, OUTPUT_YAML);
	ck_assert_str_eq(buf_str(&out), "realm: r\n"
					"namespace: r.kukeon.io\n"
					"images:\n"
					"  - name: a:1\n"
					"    size: 5\n"
					"    createdat: 1970-01-01T00:00:00Z\n"
					"    digest: d\n"
					"    mediatype: m\n"
					"    labels: {}\n");
	buf_reset(&out);
	list_images(&out, &list.result, OUTPUT_JSON);
	ck_assert_str_eq(buf_str(&out), "{\n"
					"  \"Realm\": \"r\",\n"
					"  \"Namespace\": \"r.kukeon.io\",\n"
					"  \"Images\": [\n"
					"    {\n"
					"      \"Name\": \"a:1\",\n"
					"      \"Size\": 5,\n"
					"      \"CreatedAt\": \"1970-01-01T00:00:00Z\",\n"
					"      \"Digest\": \"d\",\n"
					"      \"MediaType\": \"m\",\n"
					"      \"Labels\": null\n"
					"    }\n"
					"  ]\n"
					"}\n");
	cli_free_reply(RPC_LOAD_IMAGE, &loaded);
	cli_free_reply(RPC_LIST_IMAGES, &list);
}
END_TEST

/* ---- get ---- */

START_TEST(passwords_are_masked)
{
	struct realm_doc d = { 0 };
	struct registry_credentials *cred;
	struct capture cap;
	const void *docs[] = { &d };

	d.head.metadata.name = s("r");
	cred = vec_grow(&d.spec.registry_credentials.v, &d.spec.registry_credentials.n,
			sizeof(*cred));
	cred->username = s("u");
	cred->password = s("hunter2");
	capture_begin(&cap);
	cli_print_doc(&realm_doc_type, &d, OUTPUT_YAML);
	cli_print_doc(&realm_doc_type, &d, OUTPUT_JSON);
	cli_print_docs(&realm_doc_type, docs, 1, OUTPUT_YAML);
	cli_print_docs(&realm_doc_type, docs, 1, OUTPUT_JSON);
	capture_end(&cap);
	ck_assert_ptr_null(strstr(buf_str(&cap.out), "hunter2"));
	ck_assert_ptr_nonnull(strstr(buf_str(&cap.out), "********"));
	capture_clear(&cap);
	model_clear(&realm_doc_type, &d);
}
END_TEST

START_TEST(empty_lists)
{
	struct capture cap;

	capture_begin(&cap);
	cli_print_docs(&cell_doc_type, NULL, 0, OUTPUT_JSON);
	cli_print_docs(&cell_doc_type, NULL, 0, OUTPUT_YAML);
	capture_end(&cap);
	ck_assert_str_eq(buf_str(&cap.out), "[]\n[]\n");
	capture_clear(&cap);
}
END_TEST

/* The document as it arrives when those fields are asked for; none: all. */
static void send_doc(const struct model_type *t, const void *doc, const struct strlist *fields,
		     void *ret)
{
	cleanup_(pick_freep) struct pick *pick = fields->n > 0 ? pick_new(t, fields) : NULL;
	cleanup_buf struct buf json = BUF_INIT(KUKE_MAX_REPLY);
	struct kerr err = { 0 };

	model_emit_json_picked(&json, t, doc, pick, 0);
	ck_assert_msg(model_read_json(t, buf_str(&json), json.len, ret, &err) == 0, "%s", err.msg);
}

static char *row_of(enum kind kind, const void *doc, enum get_table_flags flags)
{
	struct table t cleanup_(table_clear) = { 0 };
	struct capture cap;
	char *text;

	capture_begin(&cap);
	get_table_doc(&t, kind, doc, flags);
	table_print(&t);
	cli_printf("%s\n", get_name(kind, doc));
	capture_end(&cap);
	text = xstrdup(buf_str(&cap.out));
	capture_clear(&cap);
	return text;
}

/* A table is the same whether whole documents come or the fields that it says it needs. */
START_TEST(table_fields)
{
	const enum kind kind = (enum kind)(KIND_REALM + _i / 4);
	const enum get_table_flags flags = _i % 4;
	const struct model_type *t = kind_info(kind)->type;
	cleanup_strlist struct strlist fields = { 0 }, all = { 0 };
	uint32_t seed = 1;

	get_table_fields(kind, flags, &fields);
	get_name_fields(kind, &fields);
	for (int i = 0; i < 100; i++) {
		cleanup_free void *doc = xcalloc(1, t->size), *whole = xcalloc(1, t->size),
				  *part = xcalloc(1, t->size);
		cleanup_free char *want = NULL, *have = NULL;

		model_random(t, doc, &seed);
		send_doc(t, doc, &all, whole);
		send_doc(t, doc, &fields, part);
		want = row_of(kind, whole, flags);
		have = row_of(kind, part, flags);
		ck_assert_str_eq(have, want);
		model_clear(t, doc);
		model_clear(t, whole);
		model_clear(t, part);
	}
}
END_TEST

START_TEST(tables)
{
	struct container_doc root = { .spec.root = true }, web = { 0 };
	struct table t cleanup_(table_clear) = { 0 };
	struct cell_doc cell = { 0 };
	struct capture cap;

	cell.head.metadata.name = s("c");
	cell.spec.realm_id = s("r");
	cell.status.state = CELL_STATE_FAILED;
	strlist_add(&cell.status.subtree_controllers, "cpu");
	strlist_add(&cell.status.subtree_controllers, "pids");
	strlist_add(&cell.status.network.ports, "0.0.0.0:8080->80/tcp");
	strlist_add(&cell.status.network.ports, "127.0.0.1:53-54->53-54/udp");
	root.spec.id = s("base");
	web.spec.cell_id = s("c");
	web.spec.image = s("busybox");
	root.status.state = CONTAINER_STATE_READY;
	web.status.state = CONTAINER_STATE_UNKNOWN;
	capture_begin(&cap);
	get_table_header(&t, KIND_CELL, GET_TABLE_CONTROLLERS);
	get_table_doc(&t, KIND_CELL, &cell, GET_TABLE_CONTROLLERS);
	table_print(&t);
	table_clear(&t);
	get_table_header(&t, KIND_CONTAINER, 0);
	get_table_doc(&t, KIND_CONTAINER, &root, 0);
	get_table_doc(&t, KIND_CONTAINER, &web, 0);
	table_print(&t);
	capture_end(&cap);
	ck_assert_str_eq(buf_str(&cap.out),
			 "NAME  REALM  SPACE  STACK  STATE   CGROUP  "
			 "PORTS                                             CONTROLLERS\n"
			 "----  -----  -----  -----  ------  ------  "
			 "------------------------------------------------  -----------\n"
			 "c     r                    Failed  -       "
			 "0.0.0.0:8080->80/tcp, 127.0.0.1:53-54->53-54/udp  cpu,pids   \n"
			 "NAME  REALM  SPACE  STACK  CELL  ROOT   IMAGE    STATE  \n"
			 "----  -----  -----  -----  ----  -----  -------  -------\n"
			 "root                             true            Ready  \n"
			 "-                          c     false  busybox  Unknown\n");
	capture_clear(&cap);
	model_clear(&cell_doc_type, &cell);
	model_clear(&container_doc_type, &root);
	model_clear(&container_doc_type, &web);
}
END_TEST

static void add_container(struct rpc_list_containers_reply *all, const char *realm,
			  const char *space, const char *stack, const char *cell)
{
	struct container_spec *c = vec_grow(&all->containers.v, &all->containers.n, sizeof(*c));

	c->realm_id = s(realm);
	c->space_id = s(space);
	c->stack_id = s(stack);
	c->cell_id = s(cell);
}

START_TEST(hints)
{
	char none[] = "", c[] = "c", t[] = "t", r[] = "r", x[] = "x";
	struct scope by_cell = { none, none, none, c }, by_all = { r, x, t, c };
	struct scope by_stack = { r, none, t, none }, by_realm = { r, none, none, none };
	struct rpc_list_containers_reply all = { 0 };
	struct buf out cleanup_buf = BUF_INIT(4096);

	get_container_hint(&out, &by_cell, &all);
	ck_assert_str_eq(buf_str(&out), "");
	add_container(&all, "r2", "s", "t", "c");
	add_container(&all, "r", "s", "t", "c");
	add_container(&all, "r", "s", "t", "c");
	add_container(&all, "r", "s", "t", "other");
	get_no_containers(&out, &by_realm);
	get_container_hint(&out, &by_realm, &all);
	get_no_containers(&out, &by_all);
	get_container_hint(&out, &by_cell, &all);
	get_container_hint(&out, &by_stack, &all);
	ck_assert_str_eq(
		buf_str(&out),
		"No containers found for realm \"r\".\n"
		"No containers found for cell \"c\" stack \"t\" space \"x\" realm \"r\".\n"
		"Hint: cell \"c\" exists in realm \"r\" space \"s\" stack \"t\"; realm \"r2\" space "
		"\"s\" stack \"t\" — pass --realm/--space/--stack to filter there.\n"
		"Hint: stack \"t\" exists in realm \"r\" space \"s\"; realm \"r2\" space \"s\" — "
		"pass --realm/--space/--stack to filter there.\n");
	cli_free_reply(RPC_LIST_CONTAINERS, &all);
}
END_TEST

/* ---- run ---- */

START_TEST(attach_targets)
{
	struct cell_doc cell = { 0 };
	struct container_spec *c;
	struct kerr err = { 0 };
	const char *id = NULL;

	cell.head.metadata.name = s("c");
	c = vec_grow(&cell.spec.containers.v, &cell.spec.containers.n, sizeof(*c));
	c->id = s("plain");
	ck_assert_int_lt(run_attach_target(&cell, NULL, &id, &err), 0);
	ck_assert_str_eq(err.msg, "no attachable container in cell (cell \"c\"); declare "
				  "'attachable: true' on one container or pass -d/--detach");
	ck_assert_int_lt(run_attach_target(&cell, "plain", &id, &err), 0);
	ck_assert_str_eq(err.msg, "container \"plain\" in cell \"c\" is not attachable: container "
				  "is not attachable; recreate with attachable=true; available "
				  "attachable containers: <none>");
	c = vec_grow(&cell.spec.containers.v, &cell.spec.containers.n, sizeof(*c));
	c->id = s("a");
	c->attachable = true;
	c = vec_grow(&cell.spec.containers.v, &cell.spec.containers.n, sizeof(*c));
	c->id = s("b");
	c->attachable = true;
	ck_assert_int_lt(run_attach_target(&cell, "zz", &id, &err), 0);
	ck_assert_str_eq(err.msg, "container \"zz\" not found in cell \"c\": container not found; "
				  "available attachable containers: a, b");
	ck_assert_int_eq(run_attach_target(&cell, NULL, &id, &err), 0);
	ck_assert_str_eq(id, "a");
	cell.spec.tty = xcalloc(1, sizeof(*cell.spec.tty));
	cell.spec.tty->default_container = s("b");
	ck_assert_int_eq(run_attach_target(&cell, "", &id, &err), 0);
	ck_assert_str_eq(id, "b");
	model_clear(&cell_doc_type, &cell);
}
END_TEST

static Suite *test_report(void)
{
	Suite *suite = suite_create("report");
	TCase *t = tcase_create("report");

	tcase_add_test(t, created_parents);
	tcase_add_test(t, created_cell);
	tcase_add_test(t, created_cell_bare);
	tcase_add_test(t, created_container);
	tcase_add_loop_test(t, applied, OUTPUT_TABLE, OUTPUT_JSON + 1);
	tcase_add_test(t, deleted);
	tcase_add_loop_test(t, image_sizes, 0, (int) ARRAY_SIZE(sizes));
	tcase_add_test(t, images);
	tcase_add_test(t, passwords_are_masked);
	tcase_add_test(t, empty_lists);
	tcase_add_test(t, tables);
	tcase_add_loop_test(t, table_fields, 0, 4 * (KIND_CONTAINER - KIND_REALM + 1));
	tcase_add_test(t, hints);
	tcase_add_test(t, attach_targets);
	suite_add_tcase(suite, t);
	return suite;
}

UNIT_MAIN(test_report);
