/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <curl/curl.h>

#include "buf.h"
#include "http.h"
#include "mem.h"
#include "proxy.h"
#include "str.h"

enum {
	HTTP_MAX_HEAD = 128 << 10, /* limit of a reply's header section */
	HTTP_BUFFER = 256 << 10, /* size of libcurl's receive buffer */
	HTTP_SLOWEST = 128, /* bytes per second; a slower transfer counts as stalled */
};

struct http {
	CURLM *multi;
	struct http_settings settings;
	char *ca_file;
	bool no_http2; /* HTTP/2 failed once: use HTTP/1.1 for all further requests */
};

struct http_xfer {
	struct http *http;
	CURL *easy;
	struct curl_slist *headers;
	const struct http_ops *ops;
	void *ctx;
	struct http_answer answer;
	size_t head_bytes;
	bool stopped; /* stopped by the body function */
	char text[CURL_ERROR_SIZE];
};

static void answer_clear(struct http_answer *a)
{
	free_p(&a->type);
	free_p(&a->digest);
	free_p(&a->location);
	free_p(&a->retry_after);
	free_p(&a->range);
	free_p(&a->url);
	strlist_clear(&a->challenges);
}

int http_new(const struct http_settings *s, struct http **ret, struct kerr *err)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return kerr_plain(err, -EIO, "start libcurl");
	h = xcalloc(1, sizeof(*h));
	h->settings = *s;
	h->ca_file = xstrdup(s->ca_file);
	h->multi = curl_multi_init();
	if (!h->multi)
		return kerr_plain(err, -ENOMEM, "start libcurl");
	/*
	 * A paused HTTP/2 stream can block the others of its connection, so use one
	 * connection per transfer.
	 */
	(void) curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long) CURLPIPE_NOTHING);
	*ret = h;
	return 0;
}

/* ---- one transfer ---- */

struct http_xfer *http_stop(struct http_xfer *x)
{
	if (!x)
		return NULL;
	if (x->easy) {
		(void) curl_multi_remove_handle(x->http->multi, x->easy);
		curl_easy_cleanup(x->easy);
	}
	curl_slist_free_all(x->headers);
	answer_clear(&x->answer);
	free(x);
	return NULL;
}

const char *http_url(const struct http_xfer *x)
{
	return x->answer.url;
}

/* A new status line discards the headers of an earlier reply (100, or a proxy's). */
static void begin_answer(struct http_xfer *x)
{
	char *url = take_ptr(x->answer.url);

	answer_clear(&x->answer);
	x->answer = (struct http_answer){ .length = -1, .url = url };
}

static void set_header(char **field, const char *value)
{
	free_p(field);
	*field = xstrdup(value);
}

static void set_reply_header(struct http_answer *a, const char *name, const char *value)
{
	int64_t n;

	if (str_case_eq(name, "content-type")) {
		set_header(&a->type, value);
		a->type[strcspn(a->type, "; \t")] = '\0';
	} else if (str_case_eq(name, "docker-content-digest")) {
		set_header(&a->digest, value);
	} else if (str_case_eq(name, "location")) {
		set_header(&a->location, value);
	} else if (str_case_eq(name, "retry-after")) {
		set_header(&a->retry_after, value);
	} else if (str_case_eq(name, "content-range")) {
		set_header(&a->range, value);
	} else if (str_case_eq(name, "content-length")) {
		if (str_to_i64(value, 0, INT64_MAX, &n) == 0)
			a->length = n;
	} else if (str_case_eq(name, "www-authenticate")) {
		if (a->challenges.n < 8)
			strlist_add(&a->challenges, value);
	}
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct http_xfer *x = ctx;
	cleanup_free char *line = NULL, *value = NULL;
	char *colon;

	(void) size;
	x->head_bytes += n;
	if (x->head_bytes > HTTP_MAX_HEAD)
		return 0;
	line = xstrndup(p, n);
	if (str_has_prefix(line, "HTTP/")) {
		begin_answer(x);
		return n;
	}
	colon = strchr(line, ':');
	if (!colon)
		return n;
	*colon = '\0';
	value = str_trim(colon + 1);
	set_reply_header(&x->answer, line, value);
	return n;
}

static void take_status(struct http_xfer *x)
{
	(void) curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->answer.status);
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct http_xfer *x = ctx;

	(void) size;
	take_status(x);
	switch (x->ops->body(x->ctx, &x->answer, p, n)) {
	case HTTP_TAKEN:
		return n;
	case HTTP_LATER:
		return CURL_WRITEFUNC_PAUSE;
	case HTTP_STOP:
		break;
	}
	x->stopped = true;
	return 0;
}

static void add_header(struct http_xfer *x, const char *name, const char *value)
{
	cleanup_free char *line = NULL;

	if (!value)
		return;
	line = xasprintf("%s: %s", name, value);
	x->headers = curl_slist_append(x->headers, line);
}

/* Use the proxy chosen by proxy.c and not libcurl's own rules. */
static void set_proxy(struct http_xfer *x, const char *url)
{
	struct http_origin o = { 0 };

	if (http_origin_of(url, &o) == 0)
		(void) curl_easy_setopt(x->easy, CURLOPT_PROXY,
					proxy_for(o.scheme, o.host, o.port));
	(void) curl_easy_setopt(x->easy, CURLOPT_NOPROXY, "");
	http_origin_clear(&o);
}

bool http_knows_authorities(const struct http *h)
{
	return access(h->ca_file, F_OK) == 0;
}

static void set_options(struct http_xfer *x, const struct http_ask *ask)
{
	const struct http_settings *s = &x->http->settings;
	CURL *e = x->easy;

	/* libcurl copies the strings; these calls cannot fail with these values. */
	(void) curl_easy_setopt(e, CURLOPT_URL, ask->url);
	(void) curl_easy_setopt(e, CURLOPT_PRIVATE, (char *) x);
	(void) curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	(void) curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	(void) curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	(void) curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
				x->http->no_http2 ? (long) CURL_HTTP_VERSION_1_1
						  : (long) CURL_HTTP_VERSION_2TLS);
	(void) curl_easy_setopt(e, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	/* Newer versions of libcurl fail if the file is missing, even when no TLS is used. */
	(void) curl_easy_setopt(e, CURLOPT_CAINFO,
				http_knows_authorities(x->http) ? x->http->ca_file : NULL);
	(void) curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	(void) curl_easy_setopt(e, CURLOPT_USERAGENT, "kukeon/" PACKAGE_VERSION);
	(void) curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long) s->connect_ms);
	(void) curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, (long) HTTP_SLOWEST);
	(void) curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long) s->stall_s);
	(void) curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	(void) curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long) HTTP_BUFFER);
	(void) curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	(void) curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->text);
	(void) curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	(void) curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
	(void) curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	(void) curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
	if (ask->head)
		(void) curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	set_proxy(x, ask->url);
}

int http_start(struct http *h, const struct http_ask *ask, const struct http_ops *ops, void *ctx,
	       struct http_xfer **ret, struct kerr *err)
{
	struct http_xfer *x = xcalloc(1, sizeof(*x));
	char range[48];

	x->http = h;
	x->ops = ops;
	x->ctx = ctx;
	x->answer.length = -1;
	x->answer.url = xstrdup(ask->url);
	x->easy = curl_easy_init();
	if (!x->easy) {
		(void) http_stop(x);
		return kerr_plain(err, -ENOMEM, "start a transfer");
	}
	set_options(x, ask);
	add_header(x, "Accept", ask->accept);
	add_header(x, "Authorization", ask->authorization);
	if (ask->from > 0) {
		(void) snprintf(range, sizeof(range), "bytes=%lld-", (long long) ask->from);
		add_header(x, "Range", range);
	}
	(void) curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	if (curl_multi_add_handle(h->multi, x->easy) != CURLM_OK) {
		(void) http_stop(x);
		return kerr_plain(err, -EIO, "start a transfer");
	}
	*ret = x;
	return 0;
}

void http_resume(struct http_xfer *x)
{
	(void) curl_easy_pause(x->easy, CURLPAUSE_CONT);
}

/* ---- all transfers ---- */

static enum http_failure classify(const struct http_xfer *x, CURLcode code)
{
	if (x->stopped)
		return HTTP_STOPPED;
	switch (code) {
	case CURLE_OK:
		return HTTP_FINE;
	case CURLE_COULDNT_CONNECT:
		return HTTP_UNREACHABLE;
	case CURLE_SSL_CONNECT_ERROR:
		return HTTP_NO_TLS;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9 */
		return HTTP_NO_HTTP;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTP_UNTRUSTED;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_STALLED;
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_HTTP2: /* GOAWAY, for example */
	case CURLE_HTTP2_STREAM:
		return HTTP_BROKEN;
	default:
		return HTTP_FAILED;
	}
}

/*
 * Whether HTTP/2 may be the reason. A connection that the server ends by a broken frame
 * looks like one that gave no answer; over TLS, where HTTP/2 is spoken, HTTP/1.1 is worth a try.
 */
static bool failed_at_http2(const struct http_xfer *x, CURLcode code)
{
	const char *scheme = NULL;

	if (code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM)
		return true;
	return code == CURLE_GOT_NOTHING &&
	       curl_easy_getinfo(x->easy, CURLINFO_SCHEME, &scheme) == CURLE_OK && scheme &&
	       str_case_eq(scheme, "https");
}

static void end_xfer(struct http_xfer *x, CURLcode code)
{
	struct http_answer answer;
	enum http_failure why = classify(x, code);
	const struct http_ops *ops = x->ops;
	char text[CURL_ERROR_SIZE];
	void *ctx = x->ctx;

	take_status(x);
	x->http->no_http2 |= failed_at_http2(x, code);
	(void) snprintf(text, sizeof(text), "%s", *x->text ? x->text : curl_easy_strerror(code));
	if (!isupper((unsigned char) text[1])) /* keep "SSL …" */
		text[0] = (char) tolower((unsigned char) text[0]);
	answer = x->answer;
	x->answer = (struct http_answer){ 0 };
	(void) http_stop(x);
	ops->end(ctx, &answer, why, text);
	answer_clear(&answer);
}

int http_step(struct http *h, struct http_wait *w, size_t n, int timeout, struct kerr *err)
{
	struct curl_waitfd *fds = xcalloc(n + 1, sizeof(*fds));
	struct http_xfer *x;
	CURLMsg *msg;
	int left;
	CURLMcode r;

	for (size_t i = 0; i < n; i++) {
		fds[i].fd = w[i].fd;
		fds[i].events = (short) ((w[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
					 (w[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
	}
	r = curl_multi_poll(h->multi, fds, (unsigned) n, timeout, NULL);
	for (size_t i = 0; i < n; i++)
		w[i].revents = (short) ((fds[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0) |
					(fds[i].revents & CURL_WAIT_POLLOUT ? POLLOUT : 0));
	free(fds);
	if (r == CURLM_OK)
		r = curl_multi_perform(h->multi, &left);
	if (r != CURLM_OK)
		return kerr_plain(err, -EIO, "libcurl: %s", curl_multi_strerror(r));
	while ((msg = curl_multi_info_read(h->multi, &left))) {
		CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		if (curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **) &x) == CURLE_OK)
			end_xfer(x, code);
	}
	return 0;
}

/* ---- addresses ---- */

void http_origin_clear(struct http_origin *o)
{
	free_p(&o->scheme);
	free_p(&o->host);
	free_p(&o->port);
}

/* Copy a part of a URL; NULL when it is missing. Owned by the caller. */
static char *url_part(CURLU *u, CURLUPart part, unsigned flags)
{
	char *s = NULL, *copy;

	if (curl_url_get(u, part, &s, flags) != CURLUE_OK)
		return NULL;
	copy = xstrdup(s);
	curl_free(s);
	return copy;
}

static int parse_url(CURLU *u, const char *url)
{
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK)
		return -EINVAL;
	return 0;
}

int http_origin_of(const char *url, struct http_origin *ret)
{
	CURLU *u = curl_url();
	struct http_origin o = { 0 };
	int r;

	r = u ? parse_url(u, url) : -ENOMEM;
	if (r == 0) {
		o.scheme = url_part(u, CURLUPART_SCHEME, 0);
		o.host = url_part(u, CURLUPART_HOST, 0);
		o.port = url_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
		if (!o.scheme || !o.host || !o.port ||
		    (!streq(o.scheme, "http") && !streq(o.scheme, "https")))
			r = -EINVAL;
	}
	curl_url_cleanup(u);
	if (r < 0) {
		http_origin_clear(&o);
		return r;
	}
	*ret = o;
	return 0;
}

bool http_is_url(const char *url)
{
	struct http_origin o = { 0 };
	bool is = http_origin_of(url, &o) == 0;

	http_origin_clear(&o);
	return is;
}

bool http_origin_eq(const struct http_origin *a, const struct http_origin *b)
{
	return streq(a->scheme, b->scheme) && str_case_eq(a->host, b->host) &&
	       streq(a->port, b->port);
}

bool http_same_origin(const char *a, const char *b)
{
	struct http_origin x = { 0 }, y = { 0 };
	bool same =
		http_origin_of(a, &x) == 0 && http_origin_of(b, &y) == 0 && http_origin_eq(&x, &y);

	http_origin_clear(&x);
	http_origin_clear(&y);
	return same;
}

/*
 * Some servers send a Location with blanks and other bytes that a URL must not contain
 * (RFC 3986, 2.1). They are escaped, as Go and curl do in redirects. NULL for control
 * characters, which not every version of libcurl refuses.
 */
static char *escape_location(const char *s)
{
	struct buf out = BUF_INIT(HTTP_MAX_HEAD);

	for (; *s; s++) {
		unsigned char c = (unsigned char) *s;

		if (c < ' ') {
			buf_clear(&out);
			return NULL;
		}
		if (c == ' ' || c >= 0x7f)
			buf_addf(&out, "%%%02X", c);
		else
			buf_addc(&out, (char) c);
	}
	return buf_take(&out);
}

int http_url_join(const char *url, const char *location, char **ret)
{
	cleanup_free char *escaped = escape_location(location);
	CURLU *u;
	char *joined = NULL;
	int r;

	if (!escaped)
		return -EINVAL;
	u = curl_url();
	r = u ? parse_url(u, url) : -ENOMEM;
	if (r == 0)
		r = parse_url(u, escaped);
	if (r == 0) {
		(void) curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
		joined = url_part(u, CURLUPART_URL, 0);
	}
	curl_url_cleanup(u);
	if (!joined)
		return -EINVAL;
	*ret = joined;
	return 0;
}

char *http_escape(const char *s)
{
	char *e = curl_easy_escape(NULL, s, 0);
	char *copy = xstrdup(e ? e : "");

	curl_free(e);
	return copy;
}

int64_t http_date(const char *s)
{
	return curl_getdate(s, NULL);
}
