/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "atomic.h"
#include "copy.h"
#include "decode.h"
#include "emit.h"
#include "emit_json.h"
#include "fd.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "passwords.h"
#include "rows.h"
#include "statefile.h"
#include "store.h"
#include "str.h"

struct list {
	LIST_OF(struct registry_credentials) credentials;
};

struct passwords {
	char *path;
	struct list list;
};

/* Separate rows: those of the document mark the password as secret and print a mask. */
static const struct field credentials_rows[] = {
	ROW_STRING(struct registry_credentials, username, "username", .help = "User."),
	ROW_STRING(struct registry_credentials, password, "password", .help = "Password."),
	ROW_STRING(struct registry_credentials, server_address, "serverAddress",
		   .help = "Registry."),
};

static const struct model_type credentials_type = {
	.name = "RegistryCredentials",
	.help = "A password of a registry.",
	TYPE_ROWS(struct registry_credentials, credentials_rows),
};

static const struct field list_rows[] = {
	ROW_OBJLIST(struct list, credentials, struct registry_credentials, "registryCredentials",
		    credentials_type, .help = "All of a realm."),
};

static const struct model_type list_type = {
	.name = "Passwords",
	.help = "Registry passwords of a realm.",
	TYPE_ROWS(struct list, list_rows),
};

static const struct registry_credentials *find(const struct list *l,
					       const struct registry_credentials *like)
{
	for (size_t i = 0; i < l->credentials.n; i++) {
		const struct registry_credentials *c = &l->credentials.v[i];

		if (streq_null(c->username, like->username) &&
		    streq_null(c->server_address, like->server_address))
			return c;
	}
	return NULL;
}

static void add(struct list *l, const struct registry_credentials *c, const char *password)
{
	struct registry_credentials *n = list_grow(&l->credentials, sizeof(*n));

	n->username = xstrdup_null(c->username);
	n->server_address = xstrdup_null(c->server_address);
	n->password = xstrdup_null(password);
}

/* A missing file is an empty list. */
static int load(const char *path, struct list *ret, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	int r;

	r = state_read_at(AT_FDCWD, path, KUKE_MAX_RECORD, &text, err);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return r;
	r = model_read_json(&list_type, buf_str(&text), text.len, ret, err);
	return r < 0 ? kerr_wrap(err, r, "read '%s'", path) : 0;
}

/* An empty list removes the file. */
static int save(const char *path, const struct list *l, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	int r;

	if (l->credentials.n == 0)
		return atomic_unlink_at(AT_FDCWD, path, err);
	model_emit_json(&text, &list_type, l, EMIT_INDENT);
	buf_addc(&text, '\n');
	r = buf_check(&text, path, err);
	if (r < 0)
		return r;
	return atomic_write_at(AT_FDCWD, path, text.data, text.len, 0600, ATOMIC_WRITE_SUM, err);
}

static void unmask(const struct list *stored, struct realm_doc *doc)
{
	for (size_t i = 0; i < doc->spec.registry_credentials.n; i++) {
		struct registry_credentials *c = &doc->spec.registry_credentials.v[i];
		const struct registry_credentials *s = find(stored, c);

		if (s && streq_null(c->password, PASSWORD_MASK)) {
			free_p(&c->password);
			c->password = xstrdup_null(s->password);
		}
	}
}

int passwords_merge(const struct layout *l, const struct addr *realm, struct realm_doc *doc,
		    struct kerr *err)
{
	cleanup_free char *path = layout_object(l, realm, REALM_PASSWORDS);
	struct list stored = { 0 };
	int r;

	if (doc->spec.registry_credentials.n == 0)
		return 0;
	r = load(path, &stored, err);
	if (r < 0)
		return r;
	unmask(&stored, doc);
	model_clear(&list_type, &stored);
	return 0;
}

void passwords_unmask(const struct realm_doc *stored, struct realm_doc *doc)
{
	struct list have = { 0 };

	for (size_t i = 0; i < stored->spec.registry_credentials.n; i++)
		add(&have, &stored->spec.registry_credentials.v[i],
		    stored->spec.registry_credentials.v[i].password);
	unmask(&have, doc);
	model_clear(&list_type, &have);
}

int passwords_check(const struct layout *l, const struct addr *realm, const struct realm_doc *doc,
		    struct kerr *err)
{
	cleanup_free char *path = layout_object(l, realm, REALM_PASSWORDS);
	struct list stored = { 0 };
	int r;

	if (doc->spec.registry_credentials.n == 0)
		return 0;
	r = load(path, &stored, err);
	for (size_t i = 0; r == 0 && i < doc->spec.registry_credentials.n; i++) {
		const struct registry_credentials *c = &doc->spec.registry_credentials.v[i];

		if (streq_null(c->password, PASSWORD_MASK) && !find(&stored, c))
			r = kerr_plain(err, -EBADMSG,
				       "'%s' is missing, or lacks the password of user '%s'", path,
				       c->username ? c->username : "");
	}
	model_clear(&list_type, &stored);
	return r;
}

void passwords_freep(struct passwords **pw)
{
	if (!*pw)
		return;
	free_p(&(*pw)->path);
	model_clear(&list_type, &(*pw)->list);
	free(*pw);
	*pw = NULL;
}

/* The credentials of doc, with masks replaced by the stored passwords. */
static int resolve(const struct realm_doc *doc, const struct list *stored, struct list *wanted,
		   struct kerr *err)
{
	for (size_t i = 0; i < doc->spec.registry_credentials.n; i++) {
		const struct registry_credentials *c = &doc->spec.registry_credentials.v[i];
		const struct registry_credentials *s = find(stored, c);

		if (!streq_null(c->password, PASSWORD_MASK)) {
			add(wanted, c, c->password);
			continue;
		}
		if (!s)
			return kerr_plain(
				err, -EINVAL,
				"registryCredentials[%zu]: no stored password for user '%s' of "
				"'%s' to keep",
				i, c->username ? c->username : "",
				c->server_address ? c->server_address : "");
		add(wanted, c, s->password);
	}
	return 0;
}

int passwords_refuse_masks(const struct realm_doc *doc, struct kerr *err)
{
	struct list none = { 0 }, wanted = { 0 };
	int r = resolve(doc, &none, &wanted, err);

	model_clear(&list_type, &wanted);
	return r;
}

int passwords_prepare(const struct layout *l, const struct addr *realm, const struct realm_doc *doc,
		      bool stored, struct passwords **ret, struct kerr *err)
{
	cleanup_(passwords_freep) struct passwords *pw = xcalloc(1, sizeof(*pw));
	struct list old = { 0 };
	struct list both = { 0 };
	int r;

	pw->path = layout_object(l, realm, REALM_PASSWORDS);
	r = load(pw->path, &old, err);
	if (r >= 0)
		r = resolve(doc, stored ? &old : &both, &pw->list, err);
	if (r < 0 || model_eq(&list_type, &old, &pw->list)) {
		model_clear(&list_type, &old);
		return r < 0 ? r : 0;
	}
	model_copy(&list_type, &both, &pw->list);
	for (size_t i = 0; stored && i < old.credentials.n; i++)
		if (!find(&both, &old.credentials.v[i]))
			add(&both, &old.credentials.v[i], old.credentials.v[i].password);
	r = save(pw->path, &both, err);
	if (r >= 0 && !model_eq(&list_type, &both, &pw->list))
		*ret = take_ptr(pw);
	model_clear(&list_type, &old);
	model_clear(&list_type, &both);
	return r < 0 ? r : 0;
}

int passwords_commit(struct passwords *pw, struct kerr *err)
{
	return save(pw->path, &pw->list, err);
}
