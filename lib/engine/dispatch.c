/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "apply.h"
#include "bootstrap.h"
#include "cell_create.h"
#include "cell_stop.h"
#include "cell_verbs.h"
#include "container_copy.h"
#include "container_exec.h"
#include "container_log.h"
#include "container_verbs.h"
#include "context.h"
#include "delete_targets.h"
#include "denied_list.h"
#include "engine.h"
#include "field.h"
#include "host_status.h"
#include "images.h"
#include "images_health.h"
#include "mem.h"
#include "model.h"
#include "net_allow.h"
#include "net_doctor.h"
#include "net_why.h"
#include "page.h"
#include "parent_delete.h"
#include "pull_failures.h"
#include "realm.h"
#include "scope.h"
#include "server.h"
#include "space.h"
#include "stack.h"
#include "str.h"
#include "system.h"

#define APPLY_TEXT_MAX (1 << 20)

/* A call being dispatched; the handler knows the types of args and reply. */
struct call {
	struct engine *e;
	void *args;
	void *reply;
	int fd; /* image archive; -EBADF: none */
	const struct rpc_fds *fds; /* all descriptors of the request; NULL: none */
	struct kerr *err;
};

#define ARGS(T) struct rpc_##T##_args *args = c->args
#define REPLY(T) struct rpc_##T##_reply *reply = c->reply

static int do_ping(struct call *c)
{
	REPLY(ping);

	reply->ok = true;
	reply->version = xstrdup(PACKAGE_VERSION);
	return 0;
}

static int do_daemon_info(struct call *c)
{
	REPLY(daemon_info);

	reply->result.version = xstrdup(PACKAGE_VERSION);
	reply->result.pid = getppid();
	reply->result.run_path = xstrdup(c->e->layout.run_path);
	reply->result.runtime_dir = xstrdup(c->e->layout.runtime_dir);
	reply->result.namespace_suffix = xstrdup(c->e->suffix);
	reply->result.cgroup_root = xstrdup(c->e->cgroup_root);
	return 0;
}

static int do_status(struct call *c)
{
	REPLY(status);

	host_status(c->e, &reply->result);
	return 0;
}

/* ---- create and get ---- */

static int do_create_realm(struct call *c)
{
	ARGS(realm);
	REPLY(create_realm);

	return realm_create(c->e, &args->doc, &reply->result, c->err);
}

static int do_create_space(struct call *c)
{
	ARGS(space);
	REPLY(create_space);

	return space_create(c->e, &args->doc, &reply->result, c->err);
}

static int do_create_stack(struct call *c)
{
	ARGS(stack);
	REPLY(create_stack);

	return stack_create(c->e, &args->doc, &reply->result, c->err);
}

static int do_create_cell(struct call *c)
{
	ARGS(cell);
	REPLY(create_cell);

	return cell_create(c->e, &args->doc, 0, &reply->result, c->err);
}

static int do_create_container(struct call *c)
{
	ARGS(container);
	REPLY(create_container);

	return container_verb_create(c->e, &args->doc, &reply->result, c->err);
}

static int do_get_realm(struct call *c)
{
	ARGS(realm);
	REPLY(get_realm);
	struct addr a = addr_of_realm(&args->doc);

	return realm_get(c->e, &a, &reply->result, c->err);
}

static int do_get_space(struct call *c)
{
	ARGS(space);
	REPLY(get_space);
	struct addr a = addr_of_space(&args->doc);

	return space_get(c->e, &a, &reply->result, c->err);
}

static int do_get_stack(struct call *c)
{
	ARGS(stack);
	REPLY(get_stack);
	struct addr a = addr_of_stack(&args->doc);

	return stack_get(c->e, &a, &reply->result, c->err);
}

static int do_get_cell(struct call *c)
{
	ARGS(cell);
	REPLY(get_cell);
	struct addr a = addr_of_cell(&args->doc);

	return cell_get(c->e, &a, &reply->result, c->err);
}

static int do_get_container(struct call *c)
{
	ARGS(container);
	REPLY(get_container);

	return container_verb_get(c->e, &args->doc, &reply->result, c->err);
}

/* ---- lists ---- */

static struct addr filter_of(const struct rpc_list_args *a)
{
	return (struct addr){ .realm = a->realm_name,
			      .space = a->space_name,
			      .stack = a->stack_name,
			      .cell = a->cell_name };
}

/* Where the documents of a list go. */
static struct page page_of(const struct call *c)
{
	assert(c->e->link);
	return (struct page){ .out = c->e->link->items, .flags = c->e->link->emit };
}

/* Complete lists, for clients without paging. */

static int do_list_realms(struct call *c)
{
	cleanup_(page_clear) struct page page = page_of(c);
	int r = realm_list(c->e, &page, c->err);

	return r < 0 ? r : page_end(&page, "realms", NULL, c->err);
}

static int do_list_spaces(struct call *c)
{
	cleanup_(page_clear) struct page page = page_of(c);
	struct addr a = filter_of(c->args);
	int r = space_list(c->e, &a, &page, c->err);

	return r < 0 ? r : page_end(&page, "spaces", NULL, c->err);
}

static int do_list_stacks(struct call *c)
{
	cleanup_(page_clear) struct page page = page_of(c);
	struct addr a = filter_of(c->args);
	int r = stack_list(c->e, &a, &page, c->err);

	return r < 0 ? r : page_end(&page, "stacks", NULL, c->err);
}

static int do_list_cells(struct call *c)
{
	cleanup_(page_clear) struct page page = page_of(c);
	struct addr a = filter_of(c->args);
	int r = cell_list(c->e, &a, &page, c->err);

	return r < 0 ? r : page_end(&page, "cells", NULL, c->err);
}

static int do_list_containers(struct call *c)
{
	cleanup_(page_clear) struct page page = page_of(c);
	struct addr a = filter_of(c->args);
	int r = container_list(c->e, &a, &page, c->err);

	return r < 0 ? r : page_end(&page, "containers", NULL, c->err);
}

static int do_list_images(struct call *c)
{
	ARGS(image);
	REPLY(list_images);
	cleanup_(page_clear) struct page page = { .reply = &reply->result };
	int r = images_list(c->e, args->realm, &page, c->err);

	return r < 0 ? r : page_end(&page, "images", NULL, c->err);
}

/* Pages. */

static struct page a_page_of(const struct call *c, const struct model_type *t)
{
	const struct rpc_list_args *args = c->args;
	struct page p = page_of(c);

	p.after = args->after ? args->after : "";
	p.max = args->page_bytes;
	p.pick = args->fields.n > 0 ? pick_new(t, &args->fields) : NULL;
	return p;
}

static int do_page_realms(struct call *c)
{
	REPLY(list_realms);
	cleanup_(page_clear) struct page page = a_page_of(c, &realm_doc_type);
	int r = realm_list(c->e, &page, c->err);

	return r < 0 ? r : page_end(&page, "realms", &reply->next, c->err);
}

static int do_page_spaces(struct call *c)
{
	REPLY(list_spaces);
	cleanup_(page_clear) struct page page = a_page_of(c, &space_doc_type);
	struct addr a = filter_of(c->args);
	int r = space_list(c->e, &a, &page, c->err);

	return r < 0 ? r : page_end(&page, "spaces", &reply->next, c->err);
}

static int do_page_stacks(struct call *c)
{
	REPLY(list_stacks);
	cleanup_(page_clear) struct page page = a_page_of(c, &stack_doc_type);
	struct addr a = filter_of(c->args);
	int r = stack_list(c->e, &a, &page, c->err);

	return r < 0 ? r : page_end(&page, "stacks", &reply->next, c->err);
}

static int do_page_cells(struct call *c)
{
	REPLY(list_cells);
	cleanup_(page_clear) struct page page = a_page_of(c, &cell_doc_type);
	struct addr a = filter_of(c->args);
	int r = cell_list(c->e, &a, &page, c->err);

	return r < 0 ? r : page_end(&page, "cells", &reply->next, c->err);
}

static int do_page_containers(struct call *c)
{
	REPLY(list_container_docs);
	cleanup_(page_clear) struct page page = a_page_of(c, &container_doc_type);
	struct addr a = filter_of(c->args);
	int r = container_list_docs(c->e, &a, &page, c->err);

	return r < 0 ? r : page_end(&page, "containers", &reply->next, c->err);
}

static int do_page_images(struct call *c)
{
	ARGS(list);
	REPLY(list_images);
	cleanup_(page_clear) struct page page = { .after = args->after ? args->after : "",
						  .max = args->page_bytes,
						  .reply = &reply->result };
	int r = images_list(c->e, args->realm_name, &page, c->err);

	return r < 0 ? r : page_end(&page, "images", &reply->result.next, c->err);
}

/* ---- start, stop, kill ---- */

static int do_start_cell(struct call *c)
{
	ARGS(cell);
	REPLY(cell_done);
	struct addr a = addr_of_cell(&args->doc);

	return cell_start(c->e, &a, &reply->result, c->err);
}

static int do_stop_cell(struct call *c)
{
	ARGS(cell_stop);
	REPLY(cell_done);
	struct addr a = addr_of_cell(&args->doc);

	return cell_stop(c->e, &a, 0, &reply->result, c->err);
}

static int do_kill_cell(struct call *c)
{
	ARGS(cell);
	REPLY(cell_done);
	struct addr a = addr_of_cell(&args->doc);

	return cell_stop(c->e, &a, CELL_STOP_KILL, &reply->result, c->err);
}

static int do_start_container(struct call *c)
{
	ARGS(container);
	REPLY(container_done);

	return container_verb_start(c->e, &args->doc, &reply->result, c->err);
}

static int do_stop_container(struct call *c)
{
	ARGS(container_stop);
	REPLY(container_done);

	return container_verb_stop(c->e, &args->doc, 0, &reply->result, c->err);
}

static int do_kill_container(struct call *c)
{
	ARGS(container);
	REPLY(container_done);

	return container_verb_stop(c->e, &args->doc, CELL_STOP_KILL, &reply->result, c->err);
}

/* ---- delete ---- */

static int delete_parent(struct call *c, enum addr_level level, const struct addr *a,
			 enum delete_flags flags, void *ret_doc, struct deleted *ret)
{
	int r = scope_check(a, level, 0, c->err);

	return r < 0 ? r : parent_delete(c->e, a, flags, ret_doc, ret, c->err);
}

static enum delete_flags delete_flags_of(bool force, bool cascade)
{
	return (force ? DELETE_FORCE : 0) | (cascade ? DELETE_CASCADE : 0);
}

static int do_delete_realm(struct call *c)
{
	ARGS(realm_flags);
	REPLY(delete_realm);
	struct addr a = addr_of_realm(&args->doc);
	struct deleted d = { 0 };
	enum delete_flags flags = delete_flags_of(args->force, args->cascade);
	int r = delete_parent(c, ADDR_REALM, &a, flags, &reply->result.realm, &d);

	reply->result.deleted = d.parts;
	reply->result.metadata_deleted = d.metadata;
	reply->result.cgroup_deleted = d.cgroup;
	reply->result.namespace_deleted = d.extra;
	return r;
}

static int do_delete_space(struct call *c)
{
	ARGS(space_flags);
	REPLY(delete_space);
	struct addr a = addr_of_space(&args->doc);
	struct deleted d = { 0 };
	enum delete_flags flags = delete_flags_of(args->force, args->cascade);
	int r = delete_parent(c, ADDR_SPACE, &a, flags, &reply->result.space, &d);

	reply->result.space_name = xstrdup_null(a.space);
	reply->result.realm_name = xstrdup_null(a.realm);
	reply->result.deleted = d.parts;
	reply->result.metadata_deleted = d.metadata;
	reply->result.cgroup_deleted = d.cgroup;
	reply->result.network_deleted = d.extra;
	return r;
}

static int do_delete_stack(struct call *c)
{
	ARGS(stack_flags);
	REPLY(delete_stack);
	struct addr a = addr_of_stack(&args->doc);
	struct deleted d = { 0 };
	enum delete_flags flags = delete_flags_of(args->force, args->cascade);
	int r = delete_parent(c, ADDR_STACK, &a, flags, &reply->result.stack, &d);

	reply->result.stack_name = xstrdup_null(a.stack);
	reply->result.realm_name = xstrdup_null(a.realm);
	reply->result.space_name = xstrdup_null(a.space);
	reply->result.deleted = d.parts;
	reply->result.metadata_deleted = d.metadata;
	reply->result.cgroup_deleted = d.cgroup;
	return r;
}

static int do_delete_cell(struct call *c)
{
	ARGS(cell_stop);
	REPLY(delete_cell);
	struct addr a = addr_of_cell(&args->doc);

	return cell_delete(c->e, &a, &reply->result, c->err);
}

static int do_delete_container(struct call *c)
{
	ARGS(container_stop);
	REPLY(delete_container);

	return container_verb_delete(c->e, &args->doc, &reply->result, c->err);
}

/* ---- terminals, logs, apply, images ---- */

static int do_attach_container(struct call *c)
{
	ARGS(container);
	REPLY(attach);

	return container_verb_attach(c->e, &args->doc, &reply->result, c->err);
}

static int do_log_container(struct call *c)
{
	ARGS(container);
	REPLY(log);

	return container_verb_log(c->e, &args->doc, &reply->result, c->err);
}

static int do_read_log(struct call *c)
{
	ARGS(read_log);
	REPLY(read_log);

	return container_read_log(c->e, args, &reply->result, c->err);
}

/* The list of errors may exceed a kerr, so it is put into the reply in full. */
static int apply(struct call *c, enum apply_flags flags)
{
	ARGS(apply);
	REPLY(apply);
	cleanup_buf struct buf text = BUF_INIT(APPLY_TEXT_MAX);
	int r = apply_documents(c->e, &args->raw_yaml, flags, &reply->result, &text, c->err);

	if (r < 0 && text.len) {
		reply->err = rpc_err_new(c->err);
		free(reply->err->message);
		reply->err->message = buf_take(&text);
	}
	return r;
}

static int do_apply(struct call *c)
{
	return apply(c, 0);
}

static int do_plan(struct call *c)
{
	return apply(c, APPLY_DRY_RUN);
}

static int do_plan_delete(struct call *c)
{
	ARGS(plan_delete);
	REPLY(plan_delete);

	plan_delete_targets(c->e, args, &reply->result);
	return 0;
}

static int do_prepare_delete(struct call *c)
{
	ARGS(plan_delete);
	REPLY(plan_delete);

	prepare_delete_targets(c->e, args, &reply->result);
	return 0;
}

static int do_delete_targets(struct call *c)
{
	ARGS(plan_delete);
	REPLY(plan_delete);

	return delete_targets(c->e, args, &reply->result, c->err);
}

static int do_load_image(struct call *c)
{
	ARGS(load_image);
	REPLY(load_image);

	return images_load(c->e, args->realm, c->fd, &reply->result, c->err);
}

static int do_get_image(struct call *c)
{
	ARGS(image);
	REPLY(get_image);

	return images_get(c->e, args->realm, args->ref, &reply->result, c->err);
}

static int do_delete_image(struct call *c)
{
	ARGS(image);
	REPLY(delete_image);

	return images_delete(c->e, args->realm, args->ref, &reply->result, c->err);
}

static int do_pull_image(struct call *c)
{
	ARGS(image);
	REPLY(pull_image);

	return images_pull(c->e, args->realm, args->ref, &reply->result, c->err);
}

static int do_inspect_image(struct call *c)
{
	ARGS(image);
	REPLY(inspect_image);

	return images_inspect(c->e, args->realm, args->ref, &reply->result, c->err);
}

static int do_prune_images(struct call *c)
{
	ARGS(image);
	REPLY(prune_images);

	return images_prune(c->e, args->realm, &reply->result, c->err);
}

static int do_verify_images(struct call *c)
{
	ARGS(verify_images);
	REPLY(verify_images);

	return images_verify(c->e, args, &reply->result, c->err);
}

static int do_doctor_network(struct call *c)
{
	ARGS(doctor_network);
	REPLY(doctor_network);

	return net_doctor(c->e, args->repair, &reply->result, c->err);
}

static int do_why_denied(struct call *c)
{
	ARGS(why_denied);
	REPLY(why_denied);

	return net_why(c->e, args, &reply->result, c->err);
}

static int do_allow_egress(struct call *c)
{
	ARGS(allow_egress);
	REPLY(allow_egress);

	return net_allow(c->e, args, &reply->result, c->err);
}

/* The status that the caller exits with goes beside the error. */
static int do_exec(struct call *c)
{
	ARGS(exec);
	REPLY(exec);
	int r = container_exec(c->e, args, c->fds ? c->fds->v : NULL, c->fds ? c->fds->n : 0,
			       &reply->result, c->err);

	if (r < 0)
		reply->err = rpc_err_new(c->err);
	return r;
}

static int do_copy_in(struct call *c)
{
	ARGS(copy_in);
	REPLY(copy);

	return container_copy_in(c->e, args, &reply->result, c->err);
}

static int do_copy_out(struct call *c)
{
	ARGS(copy_out);
	REPLY(copy);

	return container_copy_out(c->e, args, &reply->result, c->err);
}

static int do_list_denied(struct call *c)
{
	ARGS(list_denied);
	REPLY(list_denied);

	return denied_list(c->e, args, &reply->result, c->err);
}

/* ---- of a private engine ---- */

static int do_init_host(struct call *c)
{
	ARGS(init_host);
	REPLY(init_host);

	if (str_empty(args->socket))
		return kerr_plain(c->err, -EINVAL, "a socket for the daemon is required");
	return bootstrap_init(c->e, args, &reply->result, c->err);
}

static int do_start_daemon(struct call *c)
{
	REPLY(daemon);
	int r = system_check(c->e, c->err);

	if (r == 0)
		r = system_start(c->e, &reply->result.socket, c->err);
	reply->result.done = r > 0;
	return r < 0 ? r : 0;
}

static int do_stop_daemon(struct call *c)
{
	ARGS(stop_daemon);
	REPLY(daemon);
	int64_t ms = args->timeout_ms;
	int r = system_check(c->e, c->err);

	if (r == 0)
		r = system_stop(c->e, ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int) ms, c->err);
	reply->result.done = r > 0;
	reply->result.killed = r == 2;
	return r < 0 ? r : 0;
}

typedef int call_fn(struct call *c);

static call_fn *const handlers[_RPC_METHOD_MAX] = {
	[RPC_PING] = do_ping,
	[RPC_X_DAEMON_INFO] = do_daemon_info,
	[RPC_X_STATUS] = do_status,
	[RPC_CREATE_REALM] = do_create_realm,
	[RPC_CREATE_SPACE] = do_create_space,
	[RPC_CREATE_STACK] = do_create_stack,
	[RPC_CREATE_CELL] = do_create_cell,
	[RPC_CREATE_CONTAINER] = do_create_container,
	[RPC_GET_REALM] = do_get_realm,
	[RPC_GET_SPACE] = do_get_space,
	[RPC_GET_STACK] = do_get_stack,
	[RPC_GET_CELL] = do_get_cell,
	[RPC_GET_CONTAINER] = do_get_container,
	[RPC_LIST_REALMS] = do_list_realms,
	[RPC_LIST_SPACES] = do_list_spaces,
	[RPC_LIST_STACKS] = do_list_stacks,
	[RPC_LIST_CELLS] = do_list_cells,
	[RPC_LIST_CONTAINERS] = do_list_containers,
	[RPC_X_LIST_REALMS] = do_page_realms,
	[RPC_X_LIST_SPACES] = do_page_spaces,
	[RPC_X_LIST_STACKS] = do_page_stacks,
	[RPC_X_LIST_CELLS] = do_page_cells,
	[RPC_X_LIST_CONTAINERS] = do_page_containers,
	[RPC_X_LIST_IMAGES] = do_page_images,
	[RPC_START_CELL] = do_start_cell,
	[RPC_STOP_CELL] = do_stop_cell,
	[RPC_KILL_CELL] = do_kill_cell,
	[RPC_START_CONTAINER] = do_start_container,
	[RPC_STOP_CONTAINER] = do_stop_container,
	[RPC_KILL_CONTAINER] = do_kill_container,
	[RPC_DELETE_REALM] = do_delete_realm,
	[RPC_DELETE_SPACE] = do_delete_space,
	[RPC_DELETE_STACK] = do_delete_stack,
	[RPC_DELETE_CELL] = do_delete_cell,
	[RPC_DELETE_CONTAINER] = do_delete_container,
	[RPC_ATTACH_CONTAINER] = do_attach_container,
	[RPC_LOG_CONTAINER] = do_log_container,
	[RPC_APPLY_DOCUMENTS] = do_apply,
	[RPC_X_PLAN_DOCUMENTS] = do_plan,
	[RPC_X_PLAN_DELETE] = do_plan_delete,
	[RPC_X_PREPARE_DELETE] = do_prepare_delete,
	[RPC_X_DELETE_TARGETS] = do_delete_targets,
	[RPC_LOAD_IMAGE] = do_load_image,
	[RPC_X_LOAD_IMAGE] = do_load_image,
	[RPC_X_INSPECT_IMAGE] = do_inspect_image,
	[RPC_X_PRUNE_IMAGES] = do_prune_images,
	[RPC_X_VERIFY_IMAGES] = do_verify_images,
	[RPC_X_DOCTOR_NETWORK] = do_doctor_network,
	[RPC_X_WHY_DENIED] = do_why_denied,
	[RPC_X_ALLOW_EGRESS] = do_allow_egress,
	[RPC_X_READ_LOG] = do_read_log,
	[RPC_X_LIST_DENIED] = do_list_denied,
	[RPC_X_EXEC] = do_exec,
	[RPC_X_COPY_IN] = do_copy_in,
	[RPC_X_COPY_OUT] = do_copy_out,
	[RPC_LIST_IMAGES] = do_list_images,
	[RPC_GET_IMAGE] = do_get_image,
	[RPC_DELETE_IMAGE] = do_delete_image,
	[RPC_X_PULL_IMAGE] = do_pull_image,
	[RPC_X_INIT_HOST] = do_init_host,
	[RPC_X_START_DAEMON] = do_start_daemon,
	[RPC_X_STOP_DAEMON] = do_stop_daemon,
};

static int request_fd(const struct rpc_fds *fds)
{
	if (!fds)
		return -EBADF;
	return fds->stream >= 0 ? fds->stream : fds->n ? fds->v[0] : -EBADF;
}

/* Return the grace period in the request, for methods that stop something; -1: none. */
static int grace_of(const struct rpc_method *m, const void *args)
{
	const struct field *f = model_find(m->args, RPC_GRACE_KEY, NULL);
	const struct nint *n = f ? field_cptr(f, args) : NULL;

	if (!n || !n->set || n->v < 0)
		return -1;
	return n->v < CELL_GRACE_MAX_MS ? (int) n->v : CELL_GRACE_MAX_MS;
}

int engine_dispatch(struct engine *e, const struct rpc_method *m, const struct peer *peer,
		    void *args, void *reply, struct rpc_fds *fds)
{
	struct kerr err = { 0 };
	struct call c = {
		.e = e, .args = args, .reply = reply, .fd = request_fd(fds), .fds = fds, .err = &err
	};
	int r;

	e->grace_ms = grace_of(m, args);
	e->caller = peer ? peer->uid : geteuid();
	e->link = fds ? fds->link : NULL;
	if (!handlers[m->id])
		r = kerr_plain(&err, -ENOSYS, "not implemented yet: %s", m->name);
	else
		r = handlers[m->id](&c);
	locks_drop_all(e->locks);
	pull_failures_forget(e);
	e->link = NULL;
	if (r < 0 && !rpc_reply_err(m, reply))
		rpc_reply_fail(m, reply, &err);
	return r;
}
