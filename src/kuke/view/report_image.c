/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <inttypes.h>

#include "emit.h"
#include "emit_json.h"
#include "emit_yaml.h"
#include "report.h"
#include "str.h"

static const char *nn(const char *s)
{
	return s ? s : "";
}

void report_image_loaded(struct buf *out, const struct rpc_load_image_result *res)
{
	buf_addf(out, "loaded %zu %s into realm \"%s\" (namespace \"%s\")%s\n", res->images.n,
		 res->images.n ? "image(s)" : "images", nn(res->realm), nn(res->namespace),
		 res->images.n ? ":" : "");
	for (size_t i = 0; i < res->images.n; i++)
		buf_addf(out, "  - %s\n", res->images.v[i]);
}

/* Go's field names in JSON; all in lower case in YAML. */
static void image_json(struct jemit *j, const struct rpc_image *im)
{
	jemit_object(j);
	jemit_key(j, "Name"), jemit_str(j, im->name);
	jemit_key(j, "Size"), jemit_i64(j, im->size);
	jemit_key(j, "CreatedAt"), jemit_time(j, &im->created_at);
	jemit_key(j, "Digest"), jemit_str(j, im->digest);
	jemit_key(j, "MediaType"), jemit_str(j, im->media_type);
	jemit_key(j, "Labels"), jemit_strmap(j, &im->labels);
	jemit_object_end(j);
}

static void image_yaml(struct yemit *y, const struct rpc_image *im)
{
	yemit_map(y);
	yemit_key(y, "name"), yemit_str(y, im->name);
	yemit_key(y, "size"), yemit_i64(y, im->size);
	yemit_key(y, "createdat"), yemit_time(y, &im->created_at);
	yemit_key(y, "digest"), yemit_str(y, im->digest);
	yemit_key(y, "mediatype"), yemit_str(y, im->media_type);
	yemit_key(y, "labels"), yemit_strmap(y, &im->labels);
	yemit_map_end(y);
}

void report_image(struct buf *out, const struct rpc_get_image_result *res,
		  enum output_format format)
{
	struct jemit j;
	struct yemit y;

	if (format == OUTPUT_JSON) {
		jemit_init(&j, out, EMIT_INDENT);
		image_json(&j, &res->image);
		buf_addc(out, '\n');
	} else {
		yemit_init(&y, out, 2, 0);
		image_yaml(&y, &res->image);
	}
}

void report_images_begin(struct image_report *r, struct buf *out, const char *realm,
			 const char *namespace, enum output_format format)
{
	r->out = out;
	r->json = format == OUTPUT_JSON;
	if (r->json) {
		jemit_init(&r->j, out, EMIT_INDENT);
		jemit_object(&r->j);
		jemit_key(&r->j, "Realm"), jemit_str(&r->j, realm);
		jemit_key(&r->j, "Namespace"), jemit_str(&r->j, namespace);
		jemit_key(&r->j, "Images");
		jemit_array(&r->j);
	} else {
		yemit_init(&r->y, out, 2, 0);
		yemit_map(&r->y);
		yemit_key(&r->y, "realm"), yemit_str(&r->y, realm);
		yemit_key(&r->y, "namespace"), yemit_str(&r->y, namespace);
		yemit_key(&r->y, "images");
		yemit_seq(&r->y);
	}
}

void report_images_add(struct image_report *r, const struct rpc_image *im)
{
	if (r->json)
		image_json(&r->j, im);
	else
		image_yaml(&r->y, im);
}

void report_images_end(struct image_report *r)
{
	if (r->json) {
		jemit_array_end(&r->j);
		jemit_object_end(&r->j);
		buf_addc(r->out, '\n');
	} else {
		yemit_seq_end(&r->y);
		yemit_map_end(&r->y);
	}
}

static void new_line(struct buf *out, unsigned depth)
{
	buf_addc(out, '\n');
	for (; depth > 0; depth--)
		buf_adds(out, "  ");
}

/* Copy the string that begins at p with its quotes; returns the byte after it. */
static const char *copy_string(struct buf *out, const char *p)
{
	const unsigned char *u;

	buf_addc(out, *p++);
	for (; *p && *p != '"'; p++) {
		u = (const unsigned char *) p;
		if (*p == '\\' && p[1]) {
			buf_add(out, p++, 2);
		} else if (u[0] == 0x7f || u[0] < 0x20) {
			buf_addf(out, "\\u%04x", u[0]);
		} else if (u[0] == 0xc2 && u[1] >= 0x80 && u[1] < 0xa0) { /* C1 in UTF-8 */
			buf_addf(out, "\\u%04x", u[1]);
			p++;
		} else {
			buf_addc(out, *p);
		}
	}
	if (*p)
		buf_addc(out, *p++);
	return p;
}

void report_json(struct buf *out, const char *json)
{
	const char *p = json ? json : "";
	unsigned depth = 0;

	while (*p) {
		if (*p == '"') {
			p = copy_string(out, p);
			continue;
		}
		if (*p == '}' || *p == ']')
			new_line(out, depth > 0 ? --depth : 0);
		if (!strchr(" \t\r\n", *p))
			buf_addc(out, *p);
		if (*p == ':')
			buf_addc(out, ' ');
		if (*p == ',')
			new_line(out, depth);
		if (*p == '{' || *p == '[') {
			p += 1 + strspn(p + 1, " \t\r\n");
			if (*p == '}' || *p == ']')
				buf_addc(out, *p++);
			else
				new_line(out, ++depth);
			continue;
		}
		p++;
	}
	buf_addc(out, '\n');
}

static void add_check(struct buf *out, const struct rpc_image_check *c)
{
	for (size_t i = 0; i < c->problems.n; i++)
		buf_addf(out, "image \"%s\": %s\n", nn(c->name), c->problems.v[i]);
	if (c->more > 0)
		buf_addf(out, "image \"%s\": %" PRId64 " more\n", nn(c->name), c->more);
	if (streq(nn(c->outcome), "ok"))
		buf_addf(out, "image \"%s\": ok (%" PRId64 " files in %" PRId64 " layers)\n",
			 nn(c->name), c->files, c->layers);
	else if (streq(nn(c->outcome), "repaired"))
		buf_addf(out, "image \"%s\": repaired\n", nn(c->name));
	else if (streq(nn(c->outcome), "reload"))
		buf_addf(out, "image \"%s\": broken; load it again\n", nn(c->name));
	else if (!str_empty(c->error))
		buf_addf(out, "image \"%s\": broken; not repaired: %s\n", nn(c->name), c->error);
	else
		buf_addf(out, "image \"%s\": broken\n", nn(c->name));
}

size_t report_image_checks(struct buf *out, const struct rpc_verify_images_result *res)
{
	size_t i, broken = 0;

	if (res->images.n == 0)
		buf_addf(out, "No images found in realm \"%s\".\n", nn(res->realm));
	for (i = 0; i < res->images.n; i++) {
		const struct rpc_image_check *c = &res->images.v[i];

		add_check(out, c);
		broken += !streq(nn(c->outcome), "ok") && !streq(nn(c->outcome), "repaired");
	}
	return broken;
}
