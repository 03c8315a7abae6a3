#include "ctl/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <unistr.h>
#include <uniwidth.h>

#include "proto/kind.h"

static bool colours[3]; /* by file descriptor; 0 is never asked */
static bool terminal;

void text_init(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool wanted = (no_color == NULL || no_color[0] == '\0') && term != NULL &&
                  strcmp(term, "dumb") != 0;

    terminal = isatty(STDOUT_FILENO);
    colours[STDOUT_FILENO] = wanted && terminal;
    colours[STDERR_FILENO] = wanted && isatty(STDERR_FILENO);
}

bool text_is_terminal(void)
{
    return terminal;
}

unsigned text_columns(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        return size.ws_col;
    return 80;
}

static bool has_colours(FILE *out)
{
    int fd = fileno(out);

    return (fd == STDOUT_FILENO || fd == STDERR_FILENO) && colours[fd];
}

void text_begin(FILE *out, enum text_style style)
{
    static const char *const codes[] = {
        [TEXT_BOLD] = "\033[1m",
        [TEXT_DIM] = "\033[2m",
        [TEXT_GOOD] = "\033[32m",
        [TEXT_BAD] = "\033[31m",
    };

    if (style != TEXT_PLAIN && has_colours(out))
        (void)fputs(codes[style], out);
}

void text_end(FILE *out, enum text_style style)
{
    if (style != TEXT_PLAIN && has_colours(out))
        (void)fputs("\033[0m", out);
}

/* Changes more than its own place: C0, C1, separators, directions, BOM. */
static bool is_unsafe(ucs4_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

#define SPELLED_LEN 16

/*
 * The next character of `text` as it is shown, into `out`; its columns.
 * *text moves on.  Zero-width joiners stay where fonts join letters by them.
 */
static unsigned take_shown(char out[SPELLED_LEN], const char **text)
{
    ucs4_t c;
    int len = u8_strmbtouc(&c, (const uint8_t *)*text);
    int columns;

    if (len <= 0) {
        len = 1;
        c = 0xfffd;
        memcpy(out, "\xef\xbf\xbd", 4);
    } else {
        memcpy(out, *text, (size_t)len);
        out[len] = '\0';
    }
    *text += len;
    if (c == 0x200c || c == 0x200d)
        return 0;
    if (is_unsafe(c))
        return (unsigned)snprintf(out, SPELLED_LEN, "<U+%04X>", (unsigned)c);
    columns = uc_width(c, "UTF-8");
    return columns < 0 ? 0 : (unsigned)columns;
}

void text_put(FILE *out, const char *text)
{
    char shown[SPELLED_LEN];

    while (*text != '\0') {
        (void)take_shown(shown, &text);
        (void)fputs(shown, out);
    }
}

void text_put_lines(FILE *out, const char *text, unsigned indent)
{
    char shown[SPELLED_LEN];

    while (*text != '\0') {
        if (*text == '\n') {
            text++;
            (void)fprintf(out, "\n%*s", (int)indent, "");
            continue;
        }
        (void)take_shown(shown, &text);
        (void)fputs(shown, out);
    }
}

unsigned text_width(const char *text)
{
    char shown[SPELLED_LEN];
    unsigned width = 0;

    while (*text != '\0')
        width += take_shown(shown, &text);
    return width;
}

void text_put_cell(FILE *out, const char *text, unsigned width)
{
    bool whole = text_width(text) <= width;
    unsigned room = whole || width == 0 ? width : width - 1;
    unsigned used = 0;
    char shown[SPELLED_LEN];

    while (*text != '\0') {
        unsigned columns = take_shown(shown, &text);

        if (used + columns > room)
            break;
        (void)fputs(shown, out);
        used += columns;
    }
    if (!whole && width > 0) {
        (void)fputs("\u2026", out);
        used++;
    }
    (void)fprintf(out, "%*s", (int)(width - used), "");
}

void text_put_style(FILE *out, enum text_style style, const char *text)
{
    text_begin(out, style);
    text_put(out, text);
    text_end(out, style);
}

void text_count(char out[TEXT_SHORT], uint64_t n, const char *one)
{
    (void)snprintf(out, TEXT_SHORT, "%llu %.8s%s", (unsigned long long)n, one,
                   n == 1 ? "" : "s");
}

void text_size(char out[TEXT_SHORT], uint64_t bytes)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
    double v = (double)bytes;
    int unit = -1;

    while (v >= 1000 && unit < 3) {
        v /= 1024;
        unit++;
    }
    if (unit < 0)
        (void)snprintf(out, TEXT_SHORT, "%u B", (unsigned)bytes);
    else
        (void)snprintf(out, TEXT_SHORT, v < 10 ? "%.1f %s" : "%.0f %s", v,
                       units[unit]);
}

void text_span(char out[TEXT_SHORT], uint64_t ms)
{
    unsigned long long s = ms / 1000;

    if (ms < 1000)
        (void)snprintf(out, TEXT_SHORT, "%u ms", (unsigned)ms);
    else if (s < 60)
        (void)snprintf(out, TEXT_SHORT, "%.1f s", (double)ms / 1000);
    else if (s < 3600)
        (void)snprintf(out, TEXT_SHORT, "%llu min %llu s", s / 60, s % 60);
    else if (s < 2 * 86400)
        (void)snprintf(out, TEXT_SHORT, "%llu h %llu min", s / 3600,
                       s / 60 % 60);
    else
        (void)snprintf(out, TEXT_SHORT, "%llu days", s / 86400);
}

void text_time(char out[TEXT_SHORT], uint64_t ms)
{
    time_t s = (time_t)(ms / 1000);
    struct tm t;

    if (localtime_r(&s, &t) == NULL ||
        strftime(out, TEXT_SHORT, "%Y-%m-%d %H:%M", &t) == 0)
        (void)snprintf(out, TEXT_SHORT, "%llu", (unsigned long long)ms);
}

void text_label(char *out, size_t cap, const char *key)
{
    static const char *const units[] = { "_ms", "_bp", "_bytes", "_s" };
    size_t len = strlen(key);

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t unit = strlen(units[i]);

        if (len > unit && strcmp(key + len - unit, units[i]) == 0) {
            len -= unit;
            break;
        }
    }
    (void)snprintf(out, cap, "%.*s", (int)len, key);
    for (char *at = out; *at != '\0'; at++)
        *at = *at == '_' ? ' ' : *at;
}

static bool ends_with(const char *key, const char *end)
{
    size_t len = strlen(key);
    size_t end_len = strlen(end);

    return len >= end_len && strcmp(key + len - end_len, end) == 0;
}

/* True if a field of any kind with that name holds a time. */
static bool is_time_field(const char *key)
{
    struct bytes name = { (const uint8_t *)key, strlen(key) };

    for (unsigned i = 0; i < SHAPE_COUNT; i++) {
        const struct field *field = kind_field((enum shape)i, name);

        if (field != NULL && field->type == FIELD_TIME)
            return true;
    }
    return false;
}

/* No span of time reaches so far: what is greater is a date after 1973. */
#define DATES_FROM_MS 100000000000

static void put_integer(FILE *out, const char *key, json_int_t v)
{
    char text[TEXT_SHORT];

    (void)snprintf(text, sizeof text, "%lld", (long long)v);
    if (v >= 0) {
        uint64_t n = (uint64_t)v;

        if (n >= DATES_FROM_MS && (ends_with(key, "_ms") || is_time_field(key)))
            text_time(text, n);
        else if (ends_with(key, "_ms") || strcmp(key, "ms") == 0)
            text_span(text, n);
        else if (ends_with(key, "uptime_s"))
            text_span(text, n * 1000);
        else if (ends_with(key, "bytes") || strcmp(key, "size") == 0)
            text_size(text, n);
        else if (ends_with(key, "_bp") || strcmp(key, "bp") == 0)
            (void)snprintf(text, sizeof text, "%u.%02u %%", (unsigned)(n / 100),
                           (unsigned)(n % 100));
    }
    (void)fputs(text, out);
}

/* What one calls an element of a list of maps. */
static const json_t *name_of(const json_t *object)
{
    static const char *const keys[] = { "name",   "title",        "tag",
                                        "person", "contribution", "root",
                                        "id" };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (json_is_string(json_object_get(object, keys[i])))
            return json_object_get(object, keys[i]);
    return NULL;
}

static void put_value(FILE *out, const char *key, const json_t *v, bool shorten)
{
    const char *text = json_string_value(v);

    switch (json_typeof(v)) {
    case JSON_STRING:
        if (shorten && strlen(text) == 64 &&
            strspn(text, "0123456789abcdef") == 64)
            (void)fprintf(out, "%.16s", text);
        else
            (void)fputs(text, out);
        break;
    case JSON_INTEGER:
        put_integer(out, key, json_integer_value(v));
        break;
    case JSON_REAL:
        (void)fprintf(out, "%.3g", json_real_value(v));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        (void)fputs(json_is_true(v) ? "yes" : "no", out);
        break;
    case JSON_ARRAY:
        for (size_t i = 0; i < json_array_size(v); i++) {
            (void)fputs(i == 0 ? "" : ", ", out);
            put_value(out, key, json_array_get(v, i), shorten);
        }
        break;
    case JSON_OBJECT:
        if (name_of(v) != NULL)
            put_value(out, key, name_of(v), shorten);
        break;
    case JSON_NULL:
        break;
    }
}

char *text_of_value(const char *key, const json_t *v, bool shorten)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    if (v != NULL)
        put_value(out, key, v, shorten);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
