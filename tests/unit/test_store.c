/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "copy.h"
#include "field.h"
#include "mem.h"
#include "store.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

static struct tempdir dir;
static struct layout l;

static const struct addr realm = { .realm = "r" };
static const struct addr space = { .realm = "r", .space = "s" };
static const struct addr cell = { .realm = "r", .space = "s", .stack = "t", .cell = "c" };

static void set_up(void)
{
	/* In memory where there is such a place: the crash tests sync thousands of times. */
	dir.path = xstrdup("/dev/shm/kukeon-unit-XXXXXX");
	if (mkdtemp(dir.path)) {
		dir.fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} else {
		free_p(&dir.path);
		dir = tempdir_make();
	}
	layout_init(&l, dir.path, "/run/x");
}

static void tear_down(void)
{
	layout_clear(&l);
	tempdir_clear(&dir);
}

static void put(const char *path, const char *text)
{
	cleanup_free char *full = path_join(dir.path, path, NULL);
	cleanup_free char *parent = path_dirname(full);
	cleanup_fd int fd = -EBADF;

	ck_assert_int_eq(mkdir_p(parent, 0755, NULL), 0);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

/* "" when it is not there; owned by the caller. */
static char *get(const char *path)
{
	struct buf b = BUF_INIT(1 << 20);

	(void) file_read_at(dir.fd, path, 1 << 20, &b, NULL);
	return buf_take(&b);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return fstatat(dir.fd, path, &st, 0) == 0 ? st.st_mode & 07777 : 0;
}

static int save_cell(cell_state state, struct cell_doc *d)
{
	struct kerr err = { 0 };
	int r;

	free_p(&d->head.metadata.name);
	d->head.metadata.name = xstrdup("c");
	d->status.state = state;
	r = store_save(&l, &cell, 0, d, &err);
	ck_assert_msg(r == 0, "%s", err.msg);
	return r;
}

START_TEST(save_and_load)
{
	struct cell_doc d = { 0 };
	struct cell_doc back = { 0 };
	struct space_doc lost = { 0 };
	struct kerr err = { 0 };
	cleanup_free char *text = NULL;

	save_cell(CELL_STATE_PENDING, &d);
	ck_assert_int_eq(mode_of("data/r/s/t/c/metadata.json"), 0644);
	ck_assert_int_eq(mode_of("data/r/s/t/c"), 02750);
	text = get("data/r/s/t/c/metadata.json");
	ck_assert(
		str_has_prefix(text, "{\n  \"apiVersion\": \"v1beta1\",\n  \"kind\": \"Cell\",\n"));
	ck_assert(str_has_suffix(text, "}\n"));
	ck_assert_int_eq(store_load(&l, &cell, 0, &back, NULL), 0);
	ck_assert(model_eq(&cell_doc_type, &d, &back));
	ck_assert_int_eq(store_exists(&l, &cell, NULL), 1);
	/* Where there are children a document has been lost. */
	ck_assert_int_eq(store_exists(&l, &space, NULL), 1);
	ck_assert_int_eq(store_load(&l, &space, 0, &lost, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "data/r/s/metadata.json' is missing"));
	model_clear(&cell_doc_type, &d);
	model_clear(&cell_doc_type, &back);
}
END_TEST

START_TEST(stamps)
{
	struct cell_doc d = { 0 };
	struct ktime created, ready;

	save_cell(CELL_STATE_PENDING, &d);
	created = d.status.created_at;
	ck_assert(created.set);
	ck_assert_int_eq(ktime_cmp(&created, &d.status.updated_at), 0);
	ck_assert(!d.status.ready_at.set);
	save_cell(CELL_STATE_READY, &d);
	ready = d.status.ready_at;
	ck_assert(ready.set);
	ck_assert_int_eq(ktime_cmp(&created, &d.status.created_at), 0);
	ck_assert_int_gt(ktime_cmp(&d.status.updated_at, &created), 0);
	save_cell(CELL_STATE_READY, &d);
	ck_assert_int_eq(ktime_cmp(&ready, &d.status.ready_at), 0);
	/* A document that lost them gets the stored ones. */
	d.status.created_at = d.status.ready_at = (struct ktime){ 0 };
	save_cell(CELL_STATE_STOPPED, &d);
	ck_assert_int_eq(ktime_cmp(&created, &d.status.created_at), 0);
	ck_assert_int_eq(ktime_cmp(&ready, &d.status.ready_at), 0);
	created = d.status.updated_at;
	ck_assert_int_eq(store_save(&l, &cell, STORE_SAVE_KEEP_TIMES | STORE_SAVE_NOSYNC, &d, NULL),
			 0);
	ck_assert_int_eq(ktime_cmp(&created, &d.status.updated_at), 0);
	model_clear(&cell_doc_type, &d);
}
END_TEST

START_TEST(first_write_heals_the_directory)
{
	struct cell_doc d = { 0 };

	put("data/r/s/t/c/x/y", "");
	ck_assert_int_eq(mode_of("data/r/s/t/c"), 0755);
	save_cell(CELL_STATE_PENDING, &d);
	ck_assert_int_eq(mode_of("data/r/s/t/c"), 02750);
	/* A rewrite leaves it alone. */
	ck_assert_int_eq(fchmodat(dir.fd, "data/r/s/t/c", 0700, 0), 0);
	save_cell(CELL_STATE_PENDING, &d);
	ck_assert_int_eq(mode_of("data/r/s/t/c"), 0700);
	model_clear(&cell_doc_type, &d);
}
END_TEST

static const struct {
	const char *text, *error; /* error NULL: fine; "%s" is the path */
} stored[] = {
	{ "{\"metadata\":{\"name\":\"c\"},\"status\":{\"state\":2}}", NULL },
	{ "{\"apiVersion\":\"v1beta1\",\"kind\":\"Cell\",\"future\":1,\"status\":{\"state\":"
	  "\"Stopped\"}}",
	  NULL },
	{ "{\"apiVersion\":\"v9\",\"status\":{\"state\":2}}",
	  "read '%s': unsupported apiVersion for Cell: v9" },
	{ "{\"kind\":\"Realm\"}", "read '%s': it is a Realm, not a Cell" },
	{ "{\"metadata\"", "read '%s': " },
	{ "[]", "read '%s': " },
	{ "{\"status\":{\"state\":9}}", "read '%s': cell state: int 9 out of range" },
};

START_TEST(load_what_is_there)
{
	cleanup_free char *path = layout_object(&l, &cell, OBJECT_METADATA);
	cleanup_free char *want = NULL;
	struct cell_doc d = { 0 };
	struct kerr err = { 0 };
	int r;

	put("data/r/s/t/c/metadata.json", stored[_i].text);
	r = store_load(&l, &cell, 0, &d, &err);
	if (!stored[_i].error) {
		ck_assert_msg(r == 0, "%s", err.msg);
		ck_assert_int_eq(d.status.state, CELL_STATE_STOPPED);
		ck_assert_str_eq(d.head.api_version, "v1beta1");
	} else {
		const char *at = strstr(stored[_i].error, "%s");

		want = xasprintf("%.*s%s%s", (int) (at - stored[_i].error), stored[_i].error, path,
				 at + 2);
		ck_assert_int_lt(r, 0);
		ck_assert_msg(str_has_prefix(err.msg, want), "%s", err.msg);
		ck_assert(model_is_zero(&cell_doc_type, &d));
	}
	model_clear(&cell_doc_type, &d);
}
END_TEST

START_TEST(load_what_is_not_there)
{
	struct cell_doc d = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(store_load(&l, &cell, 0, &d, &err), -ENOENT);
	put("data/r/s", "a file");
	ck_assert_int_eq(store_load(&l, &cell, 0, &d, &err), -ENOENT);
	ck_assert_int_eq(store_exists(&l, &cell, &err), 0);
	ck_assert_str_eq(err.msg, "");
	/* What a power cut leaves of a file that was not synced. */
	ck_assert_int_eq(unlinkat(dir.fd, "data/r/s", 0), 0);
	ck_assert_int_eq(store_begin(&l, &cell, NULL), 0);
	ck_assert_int_eq(mode_of("data/r/s/t/c"), 03750);
	put("data/r/s/t/c/metadata.json", "");
	ck_assert_int_eq(store_load(&l, &cell, 0, &d, &err), -ENOENT);
	ck_assert_int_eq(store_exists(&l, &cell, &err), 0);
	put("data/r/s/t/c/metadata.json", "{\"kind\":");
	ck_assert_int_eq(store_load(&l, &cell, 0, &d, &err), -ENOENT);
	ck_assert_int_eq(store_exists(&l, &cell, &err), 0);
	ck_assert_str_eq(err.msg, "");
	/* Of one that was there, it is damage. */
	ck_assert_int_eq(fchmodat(dir.fd, "data/r/s/t/c", 02750, 0), 0);
	ck_assert_int_eq(store_exists(&l, &cell, &err), 1);
	put("data/r/s/t/c/metadata.json", "");
	ck_assert_int_eq(store_load(&l, &cell, 0, &d, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "metadata.json' is empty"));
	ck_assert_int_eq(store_exists(&l, &cell, &err), 1);
	ck_assert_int_eq(unlinkat(dir.fd, "data/r/s/t/c/metadata.json", 0), 0);
	ck_assert_int_eq(store_exists(&l, &cell, &err), 0);
	/* A symbolic link is nothing that we made. */
	put("data/r/s/t/c/other", "{}");
	ck_assert_int_eq(symlinkat("other", dir.fd, "data/r/s/t/c/metadata.json"), 0);
	ck_assert_int_lt(store_load(&l, &cell, 0, &d, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "metadata.json"));
}
END_TEST

START_TEST(list)
{
	const struct addr root = { 0 };
	struct strlist names = { 0 };

	ck_assert_int_eq(store_list(&l, &root, &names, NULL), 0);
	ck_assert_uint_eq(names.n, 0);
	ck_assert_ptr_nonnull(names.v);
	put("data/b/metadata.json", "{}");
	put("data/a/metadata.json", "{}");
	put("data/Z/metadata.json", "not even JSON");
	put("data/.hidden/metadata.json", "{}");
	put("data/empty/other", "");
	put("data/file", "");
	put("data/b/s/metadata.json", "{}");
	ck_assert_int_eq(store_list(&l, &root, &names, NULL), 0);
	ck_assert_uint_eq(names.n, 3);
	ck_assert_str_eq(names.v[0], "Z");
	ck_assert_str_eq(names.v[1], "a");
	ck_assert_str_eq(names.v[2], "b");
	ck_assert_int_eq(store_names(&l, &root, &names, NULL), 0);
	ck_assert_uint_eq(names.n, 4); /* and "empty", which is no object */
	ck_assert_str_eq(names.v[3], "empty");
	ck_assert_int_eq(store_list(&l, &(struct addr){ .realm = "b" }, &names, NULL), 0);
	ck_assert_uint_eq(names.n, 1);
	strlist_clear(&names);
}
END_TEST

START_TEST(delete)
{
	struct cell_doc d = { 0 };
	struct space_doc s = { 0 };

	ck_assert_int_eq(store_save(&l, &space, 0, &s, NULL), 0);
	save_cell(CELL_STATE_PENDING, &d);
	put("data/r/s/network.json", "{}");
	put("data/r/s/network.conflist", "{}");
	put("data/r/s/.hosts", "");
	put("data/r/s/.leases/10.88.0.2", "");
	put("data/r/s/t/c/etc-hosts", "");
	put("data/r/s/t/c/work/log", "x");
	/* A cell with something of its containers left is kept as a directory. */
	ck_assert_int_eq(store_delete(&l, &cell, 0, NULL), 0);
	ck_assert_int_eq(store_exists(&l, &cell, NULL), 0);
	ck_assert_int_ne(mode_of("data/r/s/t/c/work/log"), 0);
	ck_assert_int_eq(mode_of("data/r/s/t/c/etc-hosts"), 0);
	ck_assert_int_eq(store_delete(&l, &cell, STORE_DELETE_TREE, NULL), 0);
	ck_assert_int_eq(mode_of("data/r/s/t/c"), 0);
	ck_assert_int_eq(store_delete(&l, &cell, 0, NULL), 0); /* again: fine */
	ck_assert_int_eq(rmdir("/nonexistent"), -1);
	ck_assert_int_eq(unlinkat(dir.fd, "data/r/s/t", AT_REMOVEDIR), 0);
	ck_assert_int_eq(store_delete(&l, &space, 0, NULL), 0);
	ck_assert_int_eq(mode_of("data/r/s"), 0);
	ck_assert_int_ne(mode_of("data/r"), 0);
	model_clear(&cell_doc_type, &d);
	model_clear(&space_doc_type, &s);
}
END_TEST

/* ---- passwords ---- */

static void credential(struct realm_doc *d, const char *user, const char *server,
		       const char *password)
{
	struct registry_credentials *c = list_grow(&d->spec.registry_credentials, sizeof(*c));

	c->username = xstrdup(user);
	c->server_address = xstrdup(server);
	c->password = xstrdup(password);
}

static void check_password(size_t i, const char *shown, const char *real)
{
	struct realm_doc d = { 0 };

	ck_assert_int_eq(store_load(&l, &realm, 0, &d, NULL), 0);
	ck_assert_uint_gt(d.spec.registry_credentials.n, i);
	ck_assert_str_eq(d.spec.registry_credentials.v[i].password, shown);
	ck_assert_int_eq(store_load(&l, &realm, STORE_LOAD_PASSWORDS, &d, NULL), 0);
	ck_assert_str_eq(d.spec.registry_credentials.v[i].password, real);
	model_clear(&realm_doc_type, &d);
}

START_TEST(passwords_stand_apart)
{
	struct realm_doc d = { 0 };
	struct kerr err = { 0 };
	cleanup_free char *text = NULL;

	credential(&d, "u", "ghcr.io", "one");
	credential(&d, "u", "quay.io", "two");
	ck_assert_int_eq(store_save(&l, &realm, 0, &d, NULL), 0);
	ck_assert_int_eq(mode_of("data/r/.passwords.json"), 0600);
	text = get("data/r/metadata.json");
	ck_assert_ptr_null(strstr(text, "one"));
	check_password(0, PASSWORD_MASK, "one");
	check_password(1, PASSWORD_MASK, "two");
	/* What comes back masked keeps its password. */
	ck_assert_int_eq(store_load(&l, &realm, 0, &d, NULL), 0);
	ck_assert_int_eq(store_save(&l, &realm, 0, &d, NULL), 0);
	check_password(1, PASSWORD_MASK, "two");
	/* A mask of somebody we do not know is refused, and nothing changes. */
	credential(&d, "other", "quay.io", PASSWORD_MASK);
	ck_assert_int_eq(store_save(&l, &realm, 0, &d, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "registryCredentials[2]: no stored password for user 'other' of "
				  "'quay.io' to keep");
	check_password(1, PASSWORD_MASK, "two");
	/* Fewer, and none: the file follows. */
	model_clear(&realm_doc_type, &d);
	credential(&d, "u", "quay.io", "three");
	ck_assert_int_eq(store_save(&l, &realm, 0, &d, NULL), 0);
	check_password(0, PASSWORD_MASK, "three");
	free_p(&text);
	text = get("data/r/.passwords.json");
	ck_assert_ptr_null(strstr(text, "one"));
	ck_assert_ptr_null(strstr(text, "two"));
	model_clear(&realm_doc_type, &d);
	ck_assert_int_eq(store_save(&l, &realm, 0, &d, NULL), 0);
	ck_assert_int_eq(mode_of("data/r/.passwords.json"), 0);
	model_clear(&realm_doc_type, &d);
}
END_TEST

/* A file that a crashed delete left is not the new realm's. */
START_TEST(leftover_passwords_are_nobodys)
{
	struct realm_doc d = { 0 };

	ck_assert_int_eq(store_begin(&l, &realm, NULL), 0);
	put("data/r/.passwords.json",
	    "{\"registryCredentials\":[{\"username\":\"u\",\"password\":\"old\","
	    "\"serverAddress\":\"x\"}]}");
	credential(&d, "u", "x", PASSWORD_MASK);
	ck_assert_int_eq(store_save(&l, &realm, 0, &d, NULL), -EINVAL);
	model_clear(&realm_doc_type, &d);
}
END_TEST

/* ---- instance file ---- */

START_TEST(instance_file)
{
	struct instance want = { .namespace_suffix = (char *) (uintptr_t) "a",
				 .cgroup_root = (char *) (uintptr_t) "/b/" };
	struct instance got = { 0 };
	struct kerr err = { 0 };
	cleanup_free char *text = NULL;
	cleanup_free char *say = NULL;

	ck_assert_int_eq(instance_load(&l, &got, &err), -ENOENT);
	ck_assert_int_eq(instance_check(&l, &want, &got, &err), 0);
	ck_assert_int_eq(mode_of(".kukeon-instance.json"), 0640);
	text = get(".kukeon-instance.json");
	ck_assert_str_eq(text, "{\n  \"containerdNamespaceSuffix\": \"a\",\n  \"cgroupRoot\": "
			       "\"/b/\"\n}\n");
	want.namespace_suffix = (char *) (uintptr_t) " a ";
	want.cgroup_root = (char *) (uintptr_t) "/b";
	want.runtime_dir = (char *) (uintptr_t) "/run/x";
	ck_assert_int_eq(instance_check(&l, &want, &got, &err), 0);
	ck_assert_str_eq(got.runtime_dir, "/run/x");
	want.namespace_suffix = (char *) (uintptr_t) "c";
	want.cgroup_root = (char *) (uintptr_t) "/d//";
	ck_assert_int_eq(instance_check(&l, &want, NULL, &err), -EINVAL);
	say = xasprintf(
		"runPath \"%s\" was bootstrapped with containerdNamespaceSuffix=\"a\" "
		"cgroupRoot=\"/b\" but the running configuration requests "
		"containerdNamespaceSuffix=\"c\" cgroupRoot=\"/d\": kukeon instance mismatch",
		dir.path);
	ck_assert_str_eq(err.msg, say);
	put(".kukeon-instance.json", "{");
	ck_assert_int_eq(instance_check(&l, &want, NULL, &err), -EINVAL);
	ck_assert(str_has_suffix(err.msg, ": server configuration is invalid"));
	instance_clear(&got);
}
END_TEST

/* The gid's presence counts, also when it is 0. */
START_TEST(instance_gid)
{
	struct instance i = { .socket_gid = { .set = true, .v = 0 } };
	struct instance got = { 0 };

	ck_assert_int_eq(instance_save(&l, &i, NULL), 0);
	ck_assert_int_eq(instance_load(&l, &got, NULL), 0);
	ck_assert(got.socket_gid.set);
	ck_assert_int_eq(got.socket_gid.v, 0);
	instance_clear(&got);
}
END_TEST

/* ---- crashes ---- */

/*
 * Run step in a child and kill it at its n-th entry to a system call. Returns
 * whether it ended on its own before that.
 */
static bool killed_at(void (*step)(void), unsigned n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void) ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void) raise(SIGSTOP);
		step();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSTOPPED(status));
	/* Every call stops twice, on the way in and out; the death may come at either. */
	for (; n > 0; n--) {
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status)) {
			ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
			return true;
		}
	}
	(void) kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return false;
}

static void save_new(void)
{
	struct realm_doc d = { 0 };

	d.spec.namespace = xstrdup("new");
	credential(&d, "u", "new.io", "new");
	(void) store_save(&l, &realm, 0, &d, NULL);
}

/* At every point the document is the old one or the new one, each with its password. */
START_TEST(killed_while_saving)
{
	struct realm_doc old = { 0 };
	struct realm_doc d = { 0 };
	unsigned n;
	bool done = false;
	unsigned seen_old = 0, seen_new = 0;

	for (n = 1; !done; n++) {
		(void) remove_tree_at(dir.fd, "data", 0, NULL);
		model_clear(&realm_doc_type, &old);
		old.spec.namespace = xstrdup("old");
		credential(&old, "u", "old.io", "old");
		ck_assert_int_eq(store_save(&l, &realm, 0, &old, NULL), 0);
		done = killed_at(save_new, n);
		ck_assert_int_eq(store_load(&l, &realm, STORE_LOAD_PASSWORDS, &d, NULL), 0);
		ck_assert_uint_eq(d.spec.registry_credentials.n, 1);
		ck_assert_str_eq(d.spec.registry_credentials.v[0].password, d.spec.namespace);
		if (streq(d.spec.namespace, "old"))
			seen_old++;
		else if (streq(d.spec.namespace, "new"))
			seen_new++;
		ck_assert_uint_lt(n, 2000);
	}
	ck_assert_uint_eq(seen_old + seen_new, n - 1);
	ck_assert_uint_gt(seen_old, 10);
	ck_assert_uint_gt(seen_new, 3);
	/* The dead left temporary files; the store does not see them, a save works. */
	ck_assert_int_eq(store_save(&l, &realm, 0, &old, NULL), 0);
	model_clear(&realm_doc_type, &old);
	model_clear(&realm_doc_type, &d);
}
END_TEST

static void save_first(void)
{
	struct cell_doc d = { 0 };

	d.head.metadata.name = xstrdup("c");
	(void) store_save(&l, &cell, 0, &d, NULL);
	model_clear(&cell_doc_type, &d);
}

static void delete_it(void)
{
	(void) store_delete(&l, &cell, STORE_DELETE_TREE, NULL);
}

START_TEST(killed_while_creating_and_deleting)
{
	void (*const steps[])(void) = { save_first, delete_it };
	struct cell_doc d = { 0 };
	bool done = false;
	unsigned n;
	int r;

	for (n = 1; !done; n++) {
		(void) remove_tree_at(dir.fd, "data", 0, NULL);
		if (_i == 1) {
			save_first();
			put("data/r/s/t/c/work/log", "x");
		}
		done = killed_at(steps[_i], n);
		r = store_load(&l, &cell, 0, &d, NULL);
		ck_assert(r == 0 || r == -ENOENT);
		if (r == 0)
			ck_assert_str_eq(d.head.metadata.name, "c");
		/* Doing it again ends well. */
		steps[_i]();
		ck_assert_int_eq(store_exists(&l, &cell, NULL), _i == 0);
		ck_assert_uint_lt(n, 2000);
	}
	model_clear(&cell_doc_type, &d);
}
END_TEST

Suite *test_store(void);
Suite *test_store(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, save_and_load);
	tcase_add_test(t, stamps);
	tcase_add_test(t, first_write_heals_the_directory);
	tcase_add_loop_test(t, load_what_is_there, 0, (int) ARRAY_SIZE(stored));
	tcase_add_test(t, load_what_is_not_there);
	tcase_add_test(t, list);
	tcase_add_test(t, delete);
	tcase_add_test(t, passwords_stand_apart);
	tcase_add_test(t, leftover_passwords_are_nobodys);
	tcase_add_test(t, instance_file);
	tcase_add_test(t, instance_gid);
	tcase_add_test(t, killed_while_saving);
	tcase_add_loop_test(t, killed_while_creating_and_deleting, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_store);
