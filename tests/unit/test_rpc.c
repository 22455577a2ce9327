/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "copy.h"
#include "emit_json.h"
#include "errkind.h"
#include "fd.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "server.h"
#include "str.h"
#include "unit.h"

/*
 * A server in a child that answers as the examples of the protocol do, spoken to
 * by hand.
 */
static int conn;
static pid_t server_pid;
static uid_t peer_uid; /* whom the server is told to serve */
static bool server_private; /* and whether that one has started it */

static void zero_cell(struct cell_doc *c)
{
	c->status.state = CELL_STATE_UNKNOWN;
	strmap_make_empty(&c->head.metadata.labels);
	list_make_empty(&c->spec.containers, sizeof(c->spec.containers.v[0]));
	list_make_empty(&c->status.containers, sizeof(c->status.containers.v[0]));
}

static void ready_realm(struct rpc_get_realm_reply *r, const char *name)
{
	struct realm_doc *d = &r->result.realm;

	d->head.api_version = xstrdup("v1beta1");
	d->head.kind = xstrdup("Realm");
	d->head.metadata.name = xstrdup(name);
	strmap_set(&d->head.metadata.labels, "realm.kukeon.io", "default.kukeon.io");
	d->spec.namespace = xstrdup("default.kukeon.io");
	d->status.state = REALM_STATE_READY;
	d->status.cgroup_path = xstrdup("/kukeon/default");
	strlist_add(&d->status.subtree_controllers, "cpu");
	strlist_add(&d->status.subtree_controllers, "io");
	ck_assert_int_eq(ktime_parse("2026-01-02T03:04:05.123456789Z", &d->status.created_at), 0);
	d->status.updated_at = d->status.ready_at = d->status.created_at;
	d->status.cgroup_ready = d->status.namespace_ready = true;
	r->result.metadata_exists = r->result.cgroup_exists = r->result.namespace_exists = true;
}

static int get_realm(const struct rpc_method *m, struct rpc_realm_args *args,
		     struct rpc_get_realm_reply *reply)
{
	const char *name = args->doc.head.metadata.name;
	struct kerr err = { 0 };

	if (str_empty(name)) {
		(void) kerr_setk(&err, ERR_REALM_NAME_REQUIRED, -EINVAL,
				 "realm name is required: x");
		rpc_reply_fail(m, reply, &err);
		return -EINVAL;
	}
	ready_realm(reply, name);
	if (streq(name, "secret")) {
		struct registry_credentials *c =
			list_grow(&reply->result.realm.spec.registry_credentials, sizeof(*c));

		c->username = xstrdup("u");
		c->password = xstrdup("swordfish");
	}
	return 0;
}

static int apply(struct rpc_apply_args *args, struct rpc_apply_reply *reply)
{
	struct rpc_apply_resource *r = list_grow(&reply->result.resources, sizeof(*r));

	if (!streq(buf_str(&args->raw_yaml), "kind: Realm\nmetadata: {name: r1}\n"))
		return -EBADMSG;
	r->kind = xstrdup("Realm");
	r->name = xstrdup("r1");
	r->action = xstrdup("created");
	return 0;
}

/* The image's bytes come back as its names. */
static int load_image(const char *realm, int fd, struct rpc_load_image_reply *reply)
{
	struct buf text = BUF_INIT(1 << 20);

	if (fd < 0 || buf_read_fd(&text, fd, NULL) < 0)
		return -EBADF;
	reply->result.realm = xstrdup(realm ? realm : "");
	strlist_add(&reply->result.images, buf_str(&text));
	buf_clear(&text);
	return 0;
}

/* No cells in the realm "none"; of the realm "bad" one is written before it fails. */
static int list_cells(const struct rpc_method *m, struct rpc_list_args *args, void *reply,
		      struct rpc_link *link)
{
	struct cell_doc d = { 0 };
	struct kerr err = { 0 };

	if (streq_null(args->realm_name, "none"))
		return 0;
	zero_cell(&d);
	model_emit_json(link->items, &cell_doc_type, &d, link->emit);
	model_clear(&cell_doc_type, &d);
	if (streq_null(args->realm_name, "default"))
		return 0;
	(void) kerr_plain(&err, -EINVAL, "no");
	rpc_reply_fail(m, reply, &err);
	return -EINVAL;
}

/* Two events, for those who want them. */
static int pull_image(struct rpc_link *link, struct rpc_pull_image_reply *reply)
{
	struct rpc_event e = { .layer = (char *) (uintptr_t) "sha256:1",
			       .phase = (char *) (uintptr_t) "downloading",
			       .total = 9 };

	link->event(link, &e);
	e.current = 9;
	link->event(link, &e);
	reply->result.image.name = xstrdup("x");
	reply->result.changed = true;
	return 0;
}

static int stub(void *ctx, const struct rpc_method *m, const struct peer *peer, void *args,
		void *reply, struct rpc_fds *fds)
{
	struct rpc_load_image_args *load = args;
	struct rpc_open_engine_args *open = args;
	struct rpc_ping_reply *ping = reply;
	struct kerr err = { 0 };

	(void) ctx;
	(void) peer;
	switch (m->id) {
	case RPC_PING:
		ping->ok = true;
		ping->version = xstrdup("v0.5.0");
		return 0;
	case RPC_X_OPEN_ENGINE:
		ping->ok = true;
		ping->version = xstrdup(open->run_path);
		return 0;
	case RPC_GET_REALM:
		return get_realm(m, args, reply);
	case RPC_APPLY_DOCUMENTS:
		return apply(args, reply);
	case RPC_LIST_CELLS:
		return list_cells(m, args, reply, fds->link);
	case RPC_LOAD_IMAGE:
		return load_image(load->realm, fds->stream, reply);
	case RPC_X_LOAD_IMAGE:
		return load_image(load->realm, fds->n > 0 ? fds->v[0] : -1, reply);
	case RPC_X_PULL_IMAGE:
		return pull_image(fds->link, reply);
	case RPC_PURGE_CELL:
		(void) kerr_plain(&err, -ENOSYS, "not implemented yet: %s", m->name);
		rpc_reply_fail(m, reply, &err);
		return -ENOSYS;
	case RPC_START_CELL:
		(void) kerr_setk(&err, ERR_CELL_NOT_FOUND, -ENOENT, "cell not found");
		rpc_reply_fail(m, reply, &err);
		return 0;
	default:
		return -ENOSYS;
	}
}

static void start_server(int fd)
{
	const struct rpc_server s = { .dispatch = stub,
				      .spool_dir = "/tmp",
				      .stop_fd = -1,
				      .frame_ms = server_private ? 1 : 0,
				      .private = server_private };
	const struct peer peer = { .uid = peer_uid };

	server_pid = fork();
	if (server_pid == 0) {
		fd_close_p(&conn);
		_exit(rpc_serve(&s, fd, &peer, NULL) < 0);
	}
}

static void set_up(void)
{
	int s[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
	conn = s[0];
	start_server(s[1]);
	fd_close_p(&s[1]);
}

static void tear_down(void)
{
	fd_close_p(&conn);
	peer_uid = 0;
	server_private = false;
}

/* One line of answer; "" when the connection was closed without one. */
static const char *answer(void)
{
	static char line[65536];
	size_t n = 0;

	while (n < sizeof(line) - 1 && read(conn, line + n, 1) == 1)
		if (line[n++] == '\n')
			break;
	line[n] = '\0';
	return line;
}

static const char *ask(const char *request)
{
	ck_assert_int_eq(wire_write(conn, request, strlen(request), NULL, 0, NULL), 0);
	return answer();
}

#define PING_BYTES \
	"{\"id\":0,\"result\":{\"OK\":true,\"Version\":\"v0.5.0\",\"Err\":null},\"error\":null}\n"
#define ZERO_STATUS                                                                      \
	"\"createdAt\":\"0001-01-01T00:00:00Z\",\"updatedAt\":\"0001-01-01T00:00:00Z\"," \
	"\"readyAt\":\"0001-01-01T00:00:00Z\""
#define ZERO_REALM                                                                         \
	"{\"apiVersion\":\"\",\"kind\":\"\",\"metadata\":{\"name\":\"\",\"labels\":null}," \
	"\"spec\":{\"namespace\":\"\"},\"status\":{\"state\":\"Pending\"," ZERO_STATUS "}}"
#define STAMP "\"2026-01-02T03:04:05.123456789Z\""
#define ZERO_CELL                                                                          \
	"{\"apiVersion\":\"\",\"kind\":\"\",\"metadata\":{\"name\":\"\",\"labels\":null}," \
	"\"spec\":{\"id\":\"\",\"realmId\":\"\",\"spaceId\":\"\",\"stackId\":\"\","        \
	"\"containers\":null},\"status\":{\"state\":\"Pending\",\"cgroupPath\":\"\","      \
	"\"network\":{},\"containers\":null," ZERO_STATUS "}}"

/* spec surface.md section 4.3, byte for byte; and 4.2's rules for what is read. */
static const struct {
	const char *request, *reply;
} golden[] = {
	{ "{\"method\":\"KukeonV1.Ping\",\"params\":[{}],\"id\":0}\n", PING_BYTES },
	{ "{\"method\":\"KukeonV1.GetRealm\",\"params\":[{\"Doc\":{\"apiVersion\":\"\",\"kind\":\"\","
	  "\"metadata\":{\"name\":\"default\",\"labels\":null},\"spec\":{\"namespace\":\"\"},\"status\":"
	  "{\"state\":\"Pending\"," ZERO_STATUS "}}}],\"id\":1}\n",
	  "{\"id\":1,\"result\":{\"Result\":{\"Realm\":{\"apiVersion\":\"v1beta1\",\"kind\":\"Realm\","
	  "\"metadata\":{\"name\":\"default\",\"labels\":{\"realm.kukeon.io\":\"default.kukeon.io\"}},"
	  "\"spec\":{\"namespace\":\"default.kukeon.io\"},\"status\":{\"state\":\"Ready\","
	  "\"cgroupPath\":\"/kukeon/default\",\"subtreeControllers\":[\"cpu\",\"io\"],"
	  "\"createdAt\":" STAMP ",\"updatedAt\":" STAMP ",\"readyAt\":" STAMP ","
	  "\"cgroupReady\":true,\"containerdNamespaceReady\":true}},\"MetadataExists\":true,"
	  "\"CgroupExists\":true,\"ContainerdNamespaceExists\":true},\"Err\":null},\"error\":null}\n" },
	{ "{\"method\":\"KukeonV1.GetRealm\",\"params\":[{}],\"id\":2}\n",
	  "{\"id\":2,\"result\":{\"Result\":{\"Realm\":" ZERO_REALM ",\"MetadataExists\":false,"
	  "\"CgroupExists\":false,\"ContainerdNamespaceExists\":false},\"Err\":{\"Kind\":"
	  "\"RealmNameRequired\",\"Message\":\"realm name is required: x\"}},\"error\":null}\n" },
	{ "{\"method\":\"KukeonV1.ApplyDocuments\",\"params\":[{\"RawYAML\":"
	  "\"a2luZDogUmVhbG0KbWV0YWRhdGE6IHtuYW1lOiByMX0K\"}],\"id\":3}\n",
	  "{\"id\":3,\"result\":{\"Result\":{\"Resources\":[{\"Index\":0,\"Kind\":\"Realm\",\"Name\":"
	  "\"r1\",\"Action\":\"created\",\"Error\":\"\",\"Changes\":null,\"Details\":null}]},\"Err\":"
	  "null},\"error\":null}\n" },
	{ "{\"method\":\"KukeonV1.ListCells\",\"params\":[{\"RealmName\":\"default\",\"SpaceName\":"
	  "\"\",\"StackName\":\"\"}],\"id\":4}\n",
	  "{\"id\":4,\"result\":{\"Cells\":[{\"apiVersion\":\"\",\"kind\":\"\",\"metadata\":{\"name\":"
	  "\"\",\"labels\":{}},\"spec\":{\"id\":\"\",\"realmId\":\"\",\"spaceId\":\"\",\"stackId\":\"\","
	  "\"containers\":[]},\"status\":{\"state\":\"Unknown\",\"cgroupPath\":\"\",\"network\":{},"
	  "\"containers\":[]," ZERO_STATUS "}}],\"Err\":null},\"error\":null}\n" },
	/* lists are written as they come: none, and what a failure takes back */
	{ "{\"method\":\"KukeonV1.ListCells\",\"params\":[{\"RealmName\":\"none\"}],\"id\":4}\n",
	  "{\"id\":4,\"result\":{\"Cells\":null,\"Err\":null},\"error\":null}\n" },
	{ "{\"method\":\"KukeonV1.ListCells\",\"params\":[{\"RealmName\":\"bad\"}],\"id\":4}\n",
	  "{\"id\":4,\"result\":{\"Cells\":null,\"Err\":{\"Kind\":\"Unknown\",\"Message\":\"no\"}},"
	  "\"error\":null}\n" },
	/* a method of ours to come */
	{ "{\"method\":\"KukeonV1.PurgeCell\",\"params\":[{}],\"id\":5}",
	  "{\"id\":5,\"result\":{\"Result\":{\"Cell\":" ZERO_CELL
	  ",\"ContainersDeleted\":false,\"CgroupDeleted\":false,\"MetadataDeleted\":false,"
	  "\"PurgeSucceeded\":false,\"Force\":false,\"Cascade\":false,\"Deleted\":null,"
	  "\"Purged\":null},\"Err\":{\"Kind\":\"Unknown\",\"Message\":\"not implemented yet: "
	  "PurgeCell\"}},\"error\":null}\n" },
	/* transport errors */
	{ "{\"method\":\"Ping\",\"params\":[{}],\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"rpc: service/method request ill-formed: Ping\"}\n" },
	{ "{\"method\":\"Other.Ping\",\"params\":[{}],\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"rpc: can't find service Other.Ping\"}\n" },
	{ "{\"method\":\"KukeonV1.Nope\",\"params\":[{}],\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"rpc: can't find method KukeonV1.Nope\"}\n" },
	{ "{\"method\":\"kukeonv1.Ping\",\"params\":[{}],\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"rpc: can't find service kukeonv1.Ping\"}\n" },
	{ "{\"method\":\"A.B.C\",\"params\":[{}],\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"rpc: can't find service A.B.C\"}\n" },
	{ "{\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"rpc: service/method request ill-formed: \"}\n" },
	{ "{\"method\":\"KukeonV1.Ping\",\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"jsonrpc: request body missing params\"}\n" },
	{ "{\"method\":\"KukeonV1.Ping\",\"params\":null,\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"jsonrpc: request body missing params\"}\n" },
	{ "{\"method\":\"KukeonV1.Ping\",\"params\":{},\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"json: cannot unmarshal object into Go value of type "
	  "[1]interface {}\"}\n" },
	{ "{\"method\":\"KukeonV1.Ping\",\"params\":\"x\",\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"json: cannot unmarshal string into Go value of type "
	  "[1]interface {}\"}\n" },
	{ "{\"method\":\"KukeonV1.GetRealm\",\"params\":[{\"Doc\":{\"status\":{\"state\":\"Bogus\"}}}],"
	  "\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"realm state: unknown label \\\"Bogus\\\"\"}\n" },
	{ "{\"method\":\"KukeonV1.LoadImage\",\"params\":[{\"Tarball\":\"a!\"}],\"id\":7}",
	  "{\"id\":7,\"result\":null,\"error\":\"illegal base64 data at input byte 1\"}\n" },
	/* what is read generously */
	{ "{\"METHOD\":\"KukeonV1.Ping\",\"Params\":[],\"ID\":0}", PING_BYTES },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"KukeonV1.Ping\",\"params\":[null],\"id\":0}",
	  PING_BYTES },
	{ "{\"method\":\"X.Y\",\"id\":9,\"method\":\"KukeonV1.Ping\",\"params\":[{}, 5],\"id\":0}",
	  PING_BYTES },
	{ "{\"method\":\"KukeonV1.Ping\",\"params\":[{}],\"id\":\"a\\u00e9\"}",
	  "{\"id\":\"a\\u00e9\",\"result\":{\"OK\":true,\"Version\":\"v0.5.0\",\"Err\":null},"
	  "\"error\":null}\n" },
	{ "{\"method\":\"KukeonV1.Ping\",\"params\":[{}],\"id\":18446744073709551615}",
	  "{\"id\":18446744073709551615,\"result\":{\"OK\":true,\"Version\":\"v0.5.0\",\"Err\":null},"
	  "\"error\":null}\n" },
	{ "{\"method\":\"KukeonV1.Ping\",\"params\":[{}]}",
	  "{\"id\":null,\"result\":{\"OK\":true,\"Version\":\"v0.5.0\",\"Err\":null},\"error\":null}\n" },
	/* an image, through a file */
	{ "{\"method\":\"KukeonV1.LoadImage\",\"params\":[{\"Realm\":\"r\",\"Tarball\":\"aGVsbG8=\"}],"
	  "\"id\":6}",
	  "{\"id\":6,\"result\":{\"Result\":{\"Realm\":\"r\",\"Namespace\":\"\",\"Images\":"
	  "[\"hello\"]},\"Err\":null},\"error\":null}\n" },
	/* a handler that fails without words */
	{ "{\"method\":\"KukeonV1.GetImage\",\"params\":[{}],\"id\":8}",
	  "{\"id\":8,\"result\":{\"Result\":{\"Realm\":\"\",\"Namespace\":\"\",\"Image\":{\"Name\":\"\","
	  "\"Size\":0,\"CreatedAt\":\"0001-01-01T00:00:00Z\",\"Digest\":\"\",\"MediaType\":\"\","
	  "\"Labels\":null}},\"Err\":{\"Kind\":\"Unknown\",\"Message\":\"GetImage: function not "
	  "implemented\"}},\"error\":null}\n" },
};

START_TEST(golden_bytes)
{
	ck_assert_str_eq(ask(golden[_i].request), golden[_i].reply);
	/* and the connection is still usable */
	ck_assert_str_eq(ask(golden[0].request), PING_BYTES);
}
END_TEST

static const char *const broken[] = {
	"hello\n",
	"[]",
	"{\"method\":\"KukeonV1.Ping\",,}",
	"{\"method\":5,\"params\":[{}],\"id\":1}",
	"\x80",
	"{\"a\":\x01}",
};

START_TEST(broken_json_gets_no_answer)
{
	ck_assert_str_eq(ask(broken[_i]), "");
}
END_TEST

START_TEST(half_a_frame)
{
	ck_assert_int_eq(wire_write(conn, "{\"method\":", 10, NULL, 0, NULL), 0);
	(void) shutdown(conn, SHUT_WR);
	ck_assert_str_eq(answer(), "");
}
END_TEST

START_TEST(two_frames_in_one_write)
{
	ck_assert_str_eq(ask("{\"method\":\"KukeonV1.Ping\",\"params\":[{}],\"id\":0}"
			     "{\"method\":\"x\",\"id\":1}"),
			 PING_BYTES);
	ck_assert_str_eq(answer(), "{\"id\":1,\"result\":null,\"error\":\"rpc: service/method "
				   "request ill-formed: x\"}\n");
}
END_TEST

/* A client that sends all of it before it reads is told, with its id; and can go on. */
START_TEST(oversized_is_answered)
{
	cleanup_free char *chunk = malloc(1 << 20);
	int i;

	memset(chunk, 'x', 1 << 20);
	ck_assert_int_eq(wire_write(conn, "{\"a\":\"", 6, NULL, 0, NULL), 0);
	for (i = 0; i < 40; i++)
		ck_assert_int_eq(wire_write(conn, chunk, 1 << 20, NULL, 0, NULL), 0);
	ck_assert_str_eq(ask("\",\"id\":12}"),
			 "{\"id\":12,\"result\":null,\"error\":\"request is larger than "
			 "25165824 bytes\"}\n");
	ck_assert_str_eq(ask(golden[0].request), PING_BYTES);
}
END_TEST

#define ASK_SECRET \
	"{\"method\":\"KukeonV1.GetRealm\",\"params\":[{\"Doc\":{\"metadata\":{\"name\":\"secret\"}}}],\"id\":1}"

START_TEST(passwords_are_for_root)
{
	ck_assert_ptr_nonnull(strstr(ask(ASK_SECRET), "swordfish"));
	tear_down();
	peer_uid = 1000;
	set_up();
	ck_assert_ptr_null(strstr(ask(ASK_SECRET), "swordfish"));
	ck_assert_ptr_nonnull(strstr(ask(ASK_SECRET), "\"********\""));
}
END_TEST

/* A daemon's clients do not even learn that there is such a method. */
START_TEST(private_methods)
{
	for (int i = 1; i < _RPC_METHOD_MAX; i++) {
		const struct rpc_method *m = rpc_method_get(i);
		char *text cleanup_free = xasprintf(
			"{\"method\":\"%s.%s\",\"params\":[{}],\"id\":1}", m->service, m->name);
		const char *said = m->private ? ask(text) : "";

		ck_assert_msg(!m->private || strstr(said, "rpc: can't find method KukeonX1."), "%s",
			      said);
	}
	ck_assert_str_eq(ask("{\"method\":\"KukeonV1.Ping\",\"params\":[{}],\"id\":0}\n"),
			 PING_BYTES);
}
END_TEST

#define OPEN_BEGIN "{\"method\":\"KukeonX1.OpenEngine\",\"params\":[{\"RunPath\":"
#define OPEN_END "\"/r\"}],\"id\":3}"

/* Who has started the server may call them, and say half of it and go for a walk. */
START_TEST(private_server)
{
	struct pollfd p = { .events = POLLIN };

	tear_down();
	server_private = true;
	set_up();
	p.fd = conn;
	ck_assert_int_eq(wire_write(conn, OPEN_BEGIN, strlen(OPEN_BEGIN), NULL, 0, NULL), 0);
	ck_assert_int_eq(poll(&p, 1, 100), 0); /* a hundred times what its frame may take */
	ck_assert_str_eq(ask(OPEN_END), "{\"id\":3,\"result\":{\"OK\":true,\"Version\":\"/r\","
					"\"Err\":null},\"error\":null}\n");
	ck_assert_str_eq(ask("{\"method\":\"KukeonV1.Ping\",\"params\":[{}],\"id\":0}\n"),
			 PING_BYTES);
}
END_TEST

/* ---- the table ---- */

START_TEST(every_method_has_its_row)
{
	int i;

	ck_assert_int_eq(RPC_PING, 40); /* of KukeonV1 */
	for (i = 1; i < _RPC_METHOD_MAX; i++) {
		const struct rpc_method *m = rpc_method_get(i);
		const struct field *last = &m->reply->fields[m->reply->n_fields - 1];
		void *reply = xcalloc(1, m->reply->size);
		struct kerr err = { .msg = "x", .sys_errno = ENOENT };

		ck_assert_int_eq(m->id, i);
		ck_assert_ptr_eq(rpc_method_find(m->service, m->name), m);
		ck_assert(rpc_service_known(m->service));
		ck_assert_str_eq(last->name, "Err");
		ck_assert_int_eq(last->type, FIELD_OBJPTR);
		ck_assert_uint_eq(last->offset + sizeof(void *), m->reply->size);
		ck_assert_ptr_null(rpc_reply_err(m, reply));
		rpc_reply_fail(m, reply, &err);
		ck_assert_str_eq(rpc_reply_err(m, reply)->message, "x: no such file or directory");
		ck_assert_str_eq(rpc_reply_err(m, reply)->kind, "Unknown");
		model_clear(m->reply, reply);
		free(reply);
	}
	ck_assert_ptr_null(rpc_method_find("KukeonV1", "ping"));
	ck_assert_ptr_null(rpc_method_find("KukeonX1", "Ping"));
}
END_TEST

START_TEST(errors_travel)
{
	struct kerr err = { 0 };
	struct kerr back = { 0 };
	struct rpc_err *e;

	(void) kerr_setk(&err, ERR_IMAGE_NOT_FOUND, -ENOENT, "image \"x\" not found");
	e = rpc_err_new(&err);
	ck_assert_str_eq(e->kind, "ImageNotFound");
	ck_assert_int_eq(rpc_err_to_kerr(e, &back), -ENOENT);
	ck_assert_int_eq(back.kind, ERR_IMAGE_NOT_FOUND);
	ck_assert_str_eq(back.msg, "image \"x\" not found");
	free(e->kind);
	free(e->message);
	free(e);
}
END_TEST

/* ---- the client ---- */

static const struct {
	const char *host, *text;
} bad_hosts[] = {
	{ "unix://", "unsupported kukeon host scheme: unix path is empty" },
	{ "ssh://h", "unsupported kukeon host scheme: ssh transport not yet implemented" },
	{ "tcp://h:1",
	  "unsupported kukeon host scheme: \"tcp://h:1\" (expected unix:// or ssh://)" },
	{ "unix:///nonexistent/s",
	  "dial kukeond at /nonexistent/s: dial unix /nonexistent/s: connect: no such file or "
	  "directory" },
};

START_TEST(bad_host)
{
	struct rpc_client *c = NULL;
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	ck_assert_int_lt(rpc_dial(bad_hosts[_i].host, &c, &err), 0);
	ck_assert_str_eq(kerr_text(&err, text, sizeof(text)), bad_hosts[_i].text);
	ck_assert_ptr_null(c);
}
END_TEST

static char socket_path[64];

static int listen_here(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void) snprintf(socket_path, sizeof(socket_path), "/tmp/unit-rpc-%d.sock", getpid());
	memcpy(addr.sun_path, socket_path, sizeof(socket_path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *) &addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	return fd;
}

static struct rpc_client *dial_here(void)
{
	char host[80];
	struct rpc_client *c = NULL;
	struct kerr err = { 0 };

	(void) snprintf(host, sizeof(host), "unix://%s", socket_path);
	ck_assert_msg(rpc_dial(host, &c, &err) == 0, "%s", err.msg);
	return c;
}

static void add_current(void *ctx, const struct rpc_event *e)
{
	*(int64_t *) ctx += 100 + e->current;
}

START_TEST(client_and_server)
{
	int l = listen_here();
	struct rpc_client *c = dial_here();
	int fd = accept(l, NULL, NULL);
	struct rpc_no_args none = { 0 };
	struct rpc_ping_reply ping = { 0 };
	struct rpc_cell_args cell = { 0 };
	struct rpc_cell_done_reply done = { 0 };
	struct rpc_load_image_args load = { .realm = (char *) (uintptr_t) "r" };
	struct rpc_load_image_reply loaded = { 0 };
	struct rpc_image_args image = { 0 };
	struct rpc_pull_image_reply pulled = { 0 };
	struct kerr err = { 0 };
	int64_t sum = 0;
	int p[2];

	start_server(fd);
	(void) close(fd);
	ck_assert_msg(rpc_call(c, RPC_PING, &none, &ping, &err) == 0, "%s", err.msg);
	ck_assert(ping.ok);
	ck_assert_str_eq(ping.version, "v0.5.0");
	model_clear(rpc_method_get(RPC_PING)->reply, &ping);
	/* an error of the application */
	ck_assert_int_eq(rpc_call(c, RPC_START_CELL, &cell, &done, &err), -ENOENT);
	ck_assert_int_eq(err.kind, ERR_CELL_NOT_FOUND);
	ck_assert_str_eq(err.msg, "cell not found");
	model_clear(rpc_method_get(RPC_START_CELL)->reply, &done);
	/* a descriptor */
	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(write(p[1], "image", 5), 5);
	(void) close(p[1]);
	ck_assert_msg(rpc_call_with(c, RPC_X_LOAD_IMAGE, &load, &loaded,
				    &(struct rpc_call_opts){ .fds = p, .n_fds = 1 }, &err) == 0,
		      "%s", err.msg);
	ck_assert_str_eq(loaded.result.images.v[0], "image");
	model_clear(rpc_method_get(RPC_X_LOAD_IMAGE)->reply, &loaded);
	(void) close(p[0]);
	/* events come before the reply */
	ck_assert_msg(rpc_call_with(c, RPC_X_PULL_IMAGE, &image, &pulled,
				    &(struct rpc_call_opts){ .event = add_current, .ctx = &sum },
				    &err) == 0,
		      "%s", err.msg);
	ck_assert_int_eq(sum, 100 + 109);
	ck_assert_str_eq(pulled.result.image.name, "x");
	ck_assert_msg(rpc_call(c, RPC_X_PULL_IMAGE, &image, &pulled, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(pulled.result.image.name, "x");
	model_clear(rpc_method_get(RPC_X_PULL_IMAGE)->reply, &pulled);
	/* the server goes away */
	ck_assert_int_eq(kill(server_pid, SIGKILL), 0);
	ck_assert_int_eq(rpc_call(c, RPC_PING, &none, &ping, &err), -EPIPE);
	ck_assert_str_eq(err.msg, "unexpected EOF");
	ck_assert_int_lt(rpc_call(c, RPC_PING, &none, &ping, &err), 0);
	ck_assert_str_eq(err.msg, "connection is shut down");
	rpc_client_free(c);
	(void) close(l);
	(void) unlink(socket_path);
}
END_TEST

/* What a daemon may answer to the first Ping, and what the client makes of it. */
static const struct {
	const char *answer, *text; /* text NULL: fine */
} answers[] = {
	{ "{\"id\":0,\"result\":{\"ok\":true,\"VERSION\":\"x\",\"new\":1},\"error\":null}", NULL },
	{ "{\"id\":0,\"result\":null,\"error\":\"some words\"}", "some words" },
	{ "{\"id\":0,\"result\":null,\"error\":\"\"}", "unspecified error" },
	{ "{\"id\":0,\"result\":null,\"error\":null}", "invalid error null" },
	{ "{\"id\":0,\"result\":null,\"error\":5}", "invalid error 5" },
	{ "{\"id\":9,\"result\":{},\"error\":null}",
	  "the daemon's answer belongs to another request" },
	{ "{\"id\":0,\"event\":{}}\n", "the daemon sent an event that was not asked for" },
	{ "{\"id\":null,\"result\":null,\"error\":\"too large\"}", "too large" },
	{ "nonsense", "invalid JSON: not an object" },
	{ "{\"id\":0,\"resu", "unexpected EOF" },
	{ "", "unexpected EOF" },
};

START_TEST(client_reads)
{
	int l = listen_here();
	struct rpc_client *c = dial_here();
	int fd = accept(l, NULL, NULL);
	struct rpc_no_args none = { 0 };
	struct rpc_ping_reply ping = { 0 };
	struct kerr err = { 0 };
	int r;

	ck_assert_int_eq(fd_write_all(fd, answers[_i].answer, strlen(answers[_i].answer)), 0);
	(void) shutdown(fd, SHUT_WR);
	r = rpc_call(c, RPC_PING, &none, &ping, &err);
	ck_assert_int_eq(r < 0, answers[_i].text != NULL);
	ck_assert_str_eq(err.msg, answers[_i].text ? answers[_i].text : "");
	if (!answers[_i].text)
		ck_assert_str_eq(ping.version, "x");
	model_clear(rpc_method_get(RPC_PING)->reply, &ping);
	rpc_client_free(c);
	(void) close(fd);
	(void) close(l);
	(void) unlink(socket_path);
}
END_TEST

/* The client's own bytes: upstream's daemon has to read them. */
START_TEST(client_writes)
{
	int l = listen_here();
	struct rpc_client *c = dial_here();
	int fd = accept(l, NULL, NULL);
	struct rpc_list_args args = { .realm_name = (char *) (uintptr_t) "default" };
	struct rpc_list_cells_reply reply = { 0 };
	char got[1024];
	ssize_t n;

	(void) shutdown(fd, SHUT_WR);
	ck_assert_int_lt(rpc_call(c, RPC_LIST_CELLS, &args, &reply, NULL), 0);
	n = read(fd, got, sizeof(got) - 1);
	ck_assert_int_gt(n, 0);
	got[n] = '\0';
	ck_assert_str_eq(got, "{\"method\":\"KukeonV1.ListCells\",\"params\":[{\"RealmName\":"
			      "\"default\",\"SpaceName\":\"\",\"StackName\":\"\"}],\"id\":0}\n");
	rpc_client_free(c);
	(void) close(fd);
	(void) close(l);
	(void) unlink(socket_path);
}
END_TEST

Suite *test_rpc(void);
Suite *test_rpc(void)
{
	Suite *s = suite_create("rpc");
	TCase *t = tcase_create("server");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, golden_bytes, 0, (int) ARRAY_SIZE(golden));
	tcase_add_loop_test(t, broken_json_gets_no_answer, 0, (int) ARRAY_SIZE(broken));
	tcase_add_test(t, half_a_frame);
	tcase_add_test(t, two_frames_in_one_write);
	tcase_add_test(t, oversized_is_answered);
	tcase_add_test(t, passwords_are_for_root);
	tcase_add_test(t, private_methods);
	tcase_add_test(t, private_server);
	suite_add_tcase(s, t);
	t = tcase_create("client");
	tcase_add_test(t, every_method_has_its_row);
	tcase_add_test(t, errors_travel);
	tcase_add_loop_test(t, bad_host, 0, (int) ARRAY_SIZE(bad_hosts));
	tcase_add_test(t, client_and_server);
	tcase_add_loop_test(t, client_reads, 0, (int) ARRAY_SIZE(answers));
	tcase_add_test(t, client_writes);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_rpc);
