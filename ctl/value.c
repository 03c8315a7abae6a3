#include "ctl/value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_FILE_MAX ((size_t)256 * 1024)

/* Digits at *text, at most `digits_max` of them; false if there are none. */
static bool take_digits(uint64_t *out, const char **text, size_t digits_max)
{
    uint64_t v = 0;
    size_t n = 0;

    for (; **text >= '0' && **text <= '9' && n < digits_max; n++, (*text)++)
        v = v * 10 + (uint64_t)(**text - '0');
    *out = v;
    return n > 0;
}

bool value_uint(uint64_t *out, struct fail *f, const char *text)
{
    const char *at = text;
    uint64_t v;

    if (!take_digits(&v, &at, 15) || *at != '\0')
        return fail_set(f, EXIT_CODE_USAGE, NULL,
                        "\"%s\" is not a whole number", text);
    *out = v;
    return true;
}

/* A number with at most one unit of a table behind it. */
struct unit {
    const char *name;
    uint64_t factor;
};

static bool take_unit(uint64_t *out, const char *text, const struct unit *units)
{
    const char *at = text;
    uint64_t v;

    if (!take_digits(&v, &at, 15))
        return false;
    for (; units->name != NULL; units++) {
        if (strcasecmp(at, units->name) == 0 &&
            v <= MP_INT_MAX / units->factor) {
            *out = v * units->factor;
            return true;
        }
    }
    return false;
}

bool value_duration(uint64_t *out, struct fail *f, const char *text)
{
    static const struct unit units[] = {
        { "s", 1000 },         { "m", 60 * 1000 },     { "h", 3600 * 1000 },
        { "d", 86400 * 1000 }, { "w", 604800 * 1000 }, { NULL, 0 },
    };

    if (!take_unit(out, text, units))
        return fail_set(f, EXIT_CODE_USAGE,
                        "give a number and s, m, h, d or w: 90s, 12h, 14d",
                        "\"%s\" is not a duration", text);
    return true;
}

bool value_size(uint64_t *out, struct fail *f, const char *text)
{
    static const struct unit units[] = {
        { "", 1 },
        { "B", 1 },
        { "kB", 1000 },
        { "MB", 1000000 },
        { "GB", 1000000000 },
        { "TB", 1000000000000 },
        { "K", 1 << 10 },
        { "M", 1 << 20 },
        { "G", 1 << 30 },
        { "T", (uint64_t)1 << 40 },
        { "KiB", 1 << 10 },
        { "MiB", 1 << 20 },
        { "GiB", 1 << 30 },
        { "TiB", (uint64_t)1 << 40 },
        { NULL, 0 },
    };

    if (!take_unit(out, text, units))
        return fail_set(f, EXIT_CODE_USAGE,
                        "give bytes or a unit: 500MB, 10GiB",
                        "\"%s\" is not a size", text);
    return true;
}

bool value_share(uint64_t *out, struct fail *f, const char *text)
{
    const char *at = text;
    uint64_t whole;
    uint64_t part = 0;
    size_t digits = 0;

    if (!take_digits(&whole, &at, 3))
        goto wrong;
    if (*at == '.') {
        const char *from = ++at;

        if (!take_digits(&part, &at, 2))
            goto wrong;
        digits = (size_t)(at - from);
    }
    if (*at == '%')
        at++;
    if (*at != '\0')
        goto wrong;
    whole = whole * 100 + (digits == 1 ? part * 10 : part);
    if (whole > 10000)
        goto wrong;
    *out = whole;
    return true;

wrong:
    return fail_set(f, EXIT_CODE_USAGE, "give a percentage: 50% or 12.5%",
                    "\"%s\" is not a share", text);
}

/* Reads fixed digits, and then `after`, which is '\0' for nothing. */
static bool take_part(int *out, const char **at, size_t digits, char after)
{
    const char *from = *at;
    uint64_t v;

    if (!take_digits(&v, at, digits) || (size_t)(*at - from) != digits)
        return false;
    if (after != '\0' && *(*at)++ != after)
        return false;
    *out = (int)v;
    return true;
}

static bool take_date(struct tm *t, const char **at)
{
    *t = (struct tm){ .tm_isdst = -1 };
    if (!take_part(&t->tm_year, at, 4, '-') ||
        !take_part(&t->tm_mon, at, 2, '-') ||
        !take_part(&t->tm_mday, at, 2, '\0'))
        return false;
    t->tm_year -= 1900;
    t->tm_mon -= 1;
    return t->tm_year >= 70 && t->tm_mon >= 0 && t->tm_mon < 12 &&
           t->tm_mday >= 1 && t->tm_mday <= 31;
}

/* "Z" or "+02:00": seconds east of Greenwich. */
static bool take_zone(long *east, const char **at)
{
    int hours;
    int minutes;
    char sign = *(*at)++;

    *east = 0;
    if (sign == 'Z' || sign == 'z')
        return true;
    if (sign != '+' && sign != '-')
        return false;
    if (!take_part(&hours, at, 2, ':') || !take_part(&minutes, at, 2, '\0'))
        return false;
    *east = (hours * 60L + minutes) * 60 * (sign == '-' ? -1 : 1);
    return hours < 24 && minutes < 60;
}

/* RFC 3339, after its date. */
static bool take_clock(int64_t *ms, struct tm *t, const char **at)
{
    uint64_t fraction = 0;
    long east;

    if (!take_part(&t->tm_hour, at, 2, ':') ||
        !take_part(&t->tm_min, at, 2, ':') ||
        !take_part(&t->tm_sec, at, 2, '\0'))
        return false;
    if (**at == '.') {
        const char *from = ++*at;

        if (!take_digits(&fraction, at, 9))
            return false;
        for (long n = *at - from; n > 3; n--)
            fraction /= 10;
        for (long n = *at - from; n < 3; n++)
            fraction *= 10;
    }
    if (t->tm_hour > 23 || t->tm_min > 59 || t->tm_sec > 60 ||
        !take_zone(&east, at))
        return false;
    *ms = ((int64_t)timegm(t) - east) * 1000 + (int64_t)fraction;
    return true;
}

/* The last millisecond of that day, where one lives. */
static int64_t end_of_day(struct tm *t)
{
    t->tm_mday += 1;
    return (int64_t)mktime(t) * 1000 - 1;
}

bool value_time(uint64_t *out, struct fail *f, const char *text,
                uint64_t now_ms)
{
    const char *at = text;
    struct tm t;
    int64_t ms = -1;
    uint64_t span;

    if (text[0] == '+') {
        if (!value_duration(&span, f, text + 1))
            return false;
        *out = now_ms + span;
        return true;
    }
    if (take_date(&t, &at)) {
        if (*at == '\0')
            ms = end_of_day(&t);
        else if ((*at == 'T' || *at == 't' || *at == ' ') &&
                 (at++, !take_clock(&ms, &t, &at)))
            ms = -1;
    }
    if (ms < 0 || *at != '\0')
        return fail_set(
            f, EXIT_CODE_USAGE,
            "give 2030-05-31, 2030-05-31T18:00:00+02:00, or +14d from now",
            "\"%s\" is not a time", text);
    *out = (uint64_t)ms;
    return true;
}

bool value_is_id(const char *text)
{
    size_t len = strspn(text, "0123456789abcdefABCDEF");

    return text[len] == '\0' && len >= CONTROL_PREFIX_MIN && len <= 64;
}

json_t *value_at(const json_t *root, const char *path)
{
    while (root != NULL) { /* a step of the path each turn */
        const char *dot = strchr(path, '.');
        size_t len = dot == NULL ? strlen(path) : (size_t)(dot - path);
        json_t *v = json_object_getn(root, path, len);

        if (dot == NULL)
            return v;
        root = v;
        path = dot + 1;
    }
    return NULL;
}

/* The object that holds the last step of the path, made if it is not there. */
static json_t *holder(json_t *root, const char **path)
{
    for (;;) { /* a step of the path each turn */
        const char *dot = strchr(*path, '.');
        size_t len = dot == NULL ? 0 : (size_t)(dot - *path);
        json_t *next;

        if (dot == NULL)
            return root;
        next = json_object_getn(root, *path, len);
        if (next == NULL) {
            next = json_object();
            (void)json_object_setn_new(root, *path, len, next);
        }
        root = next;
        *path = dot + 1;
    }
}

bool value_put(json_t *root, const char *path, json_t *take)
{
    json_t *object = holder(root, &path);

    return json_object_set_new(object, path, take) == 0;
}

bool value_append(json_t *root, const char *path, json_t *take)
{
    json_t *object = holder(root, &path);
    json_t *list = json_object_get(object, path);

    if (list == NULL) {
        list = json_array();
        (void)json_object_set_new(object, path, list);
    }
    return json_array_append_new(list, take) == 0;
}

char *value_read_file(struct fail *f, const char *path, size_t max, size_t *len)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    char *text = fd < 0 ? NULL : malloc(max + 2);
    size_t n = 0;
    ssize_t got = 0;

    if (text == NULL) {
        (void)fail_errno(f, "cannot read %s", path);
        goto close_fd;
    }
    while (n <= max && (got = read(fd, text + n, max + 1 - n)) > 0)
        n += (size_t)got;
    if (got < 0 || n > max) {
        if (got < 0)
            (void)fail_errno(f, "cannot read %s", path);
        else
            (void)fail_set(f, EXIT_CODE_LIMIT, NULL, "%s is too long", path);
        free(text);
        text = NULL;
        goto close_fd;
    }
    text[n] = '\0';
    *len = n;

close_fd:
    if (fd >= 0 && !is_stdin)
        (void)close(fd);
    return text;
}

/* Digits up to `max`; false if there are none. */
static bool take_number(uint64_t *out, const char **at, uint64_t max)
{
    const char *begin = *at;

    *out = 0;
    for (; **at >= '0' && **at <= '9' && *out <= max; ++*at)
        *out = *out * 10 + (uint64_t)(**at - '0');
    return *at > begin && *out <= max;
}

bool value_timecode(uint64_t *out, struct fail *f, const char *text)
{
    const char *at = text;
    uint64_t scale = 100;
    uint64_t part;
    bool good = take_number(out, &at, 1000000);

    for (int i = 0; good && i < 2 && *at == ':'; i++) {
        at++;
        good = take_number(&part, &at, 59);
        *out = *out * 60 + part;
    }
    *out *= 1000;
    if (good && *at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++, scale /= 10)
            *out += (uint64_t)(*at - '0') * scale;
    if (good && *at == '\0')
        return true;
    return fail_set(f, EXIT_CODE_USAGE, "give 1:23, 1:02:03 or 83.5",
                    "\"%s\" is no place in time", text);
}

/* Four percentages of width and height into parts of 10,000. */
static bool put_region(struct run *run, const char *param, const char *text)
{
    static const char *const names[] = { "left", "top", "width", "height" };
    const char *at = text;
    char path[160]; /* param, a dot and a name */
    bool good = true;

    for (size_t i = 0; good && i < 4; i++) {
        uint64_t percent;

        good = take_number(&percent, &at, 100) && *at == (i < 3 ? ',' : '\0');
        at += good && i < 3;
        (void)snprintf(path, sizeof path, "%s.%s", param, names[i]);
        if (good)
            (void)value_put(run->params, path,
                            json_integer((json_int_t)percent * 100));
    }
    return good || fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                            "give four percentages: left, top, width, height",
                            "\"%s\" is no region, like 10,20,50,30", text);
}

/* --- options --- */

static uint64_t wall_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The number types have one shape. */
static json_t *number_of(struct fail *f, enum option_type type,
                         const char *text)
{
    uint64_t v = 0;
    bool ok;

    switch (type) {
    case OPTION_TIME:
        ok = value_time(&v, f, text, wall_ms());
        break;
    case OPTION_DURATION:
        ok = value_duration(&v, f, text);
        break;
    case OPTION_SIZE:
        ok = value_size(&v, f, text);
        break;
    case OPTION_SHARE:
        ok = value_share(&v, f, text);
        break;
    case OPTION_TIMECODE:
        ok = value_timecode(&v, f, text);
        break;
    default:
        ok = value_uint(&v, f, text);
        break;
    }
    return ok ? json_integer((json_int_t)v) : NULL;
}

static json_t *text_of(struct fail *f, const char *text)
{
    json_t *v = json_string(text);

    if (v == NULL)
        (void)fail_set(f, EXIT_CODE_USAGE, NULL, "text is not valid UTF-8");
    return v;
}

static json_t *path_of(struct fail *f, const char *text)
{
    char path[PATHS_LEN_MAX];

    if (strcmp(text, "-") == 0)
        return json_string(text);
    return paths_absolute(path, f, text) ? text_of(f, path) : NULL;
}

static json_t *content_of(struct fail *f, const char *path)
{
    size_t len;
    char *text = value_read_file(f, path, TEXT_FILE_MAX, &len);
    json_t *v = NULL;

    if (text == NULL)
        return NULL;
    v = json_stringn(text, len);
    free(text);
    if (v == NULL)
        (void)fail_set(f, EXIT_CODE_USAGE, NULL, "%s is not UTF-8 text", path);
    return v;
}

/* LEFT=RIGHT as {left: LEFT, right: RIGHT}. */
static json_t *pair_of(struct fail *f, const struct option *option,
                       const char *text, const char *left, const char *right)
{
    const char *sign = strchr(text, '=');
    json_t *v;

    if (sign == NULL || sign == text || sign[1] == '\0') {
        (void)fail_set(f, EXIT_CODE_USAGE, NULL, "--%s takes %s, not \"%s\"",
                       option->name, option->value, text);
        return NULL;
    }
    v = json_pack("{s:s%,s:s}", left, text, (size_t)(sign - text), right,
                  sign + 1);
    if (v == NULL)
        (void)fail_set(f, EXIT_CODE_USAGE, NULL, "text is not valid UTF-8");
    return v;
}

static json_t *skill_of(struct fail *f, const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? strlen(text) : (size_t)(colon - text);
    json_t *v = json_pack("{s:s%,s:s}", "tag", text, len, "level",
                          colon == NULL ? "able" : colon + 1);

    if (v == NULL)
        (void)fail_set(f, EXIT_CODE_USAGE, NULL, "text is not valid UTF-8");
    return v;
}

static json_t *credit_of(struct fail *f, const struct option *option,
                         const char *text)
{
    json_t *v = pair_of(f, option, text, "person", "role");
    json_t *who = json_object_get(v, "person");

    if (v == NULL || value_is_id(json_string_value(who)))
        return v;
    (void)json_object_set(v, "name", who);
    (void)json_object_del(v, "person");
    return v;
}

static json_t *person_share_of(struct fail *f, const struct option *option,
                               const char *text)
{
    json_t *v = pair_of(f, option, text, "person", "bp");
    uint64_t bp;

    if (v == NULL)
        return NULL;
    if (!value_share(&bp, f, json_string_value(json_object_get(v, "bp")))) {
        json_decref(v);
        return NULL;
    }
    (void)json_object_set_new(v, "bp", json_integer((json_int_t)bp));
    return v;
}

static json_t *file_of(struct fail *f, const char *text)
{
    json_t *path = path_of(f, text);

    return path == NULL ? NULL : json_pack("{s:o}", "path", path);
}

static json_t *role_file_of(struct fail *f, const struct option *option,
                            const char *text)
{
    json_t *v = pair_of(f, option, text, "role", "path");
    json_t *path;

    if (v == NULL)
        return NULL;
    path = path_of(f, json_string_value(json_object_get(v, "path")));
    if (path == NULL) {
        json_decref(v);
        return NULL;
    }
    (void)json_object_set_new(v, "path", path);
    return v;
}

static json_t *reference_of(struct fail *f, const char *text)
{
    return value_is_id(text) && access(text, F_OK) != 0 ? json_string(text)
                                                        : path_of(f, text);
}

static json_t *value_of(struct fail *f, const struct option *option,
                        const char *text)
{
    switch (option->type) {
    case OPTION_FLAG:
        return json_true();
    case OPTION_TEXT:
        return text_of(f, text);
    case OPTION_UINT:
    case OPTION_TIME:
    case OPTION_DURATION:
    case OPTION_SIZE:
    case OPTION_SHARE:
    case OPTION_TIMECODE:
        return number_of(f, option->type, text);
    case OPTION_PATH:
        return path_of(f, text);
    case OPTION_REFERENCE:
        return reference_of(f, text);
    case OPTION_TEXT_FILE:
        return content_of(f, text);
    case OPTION_FILE:
        return file_of(f, text);
    case OPTION_ROLE_FILE:
        return role_file_of(f, option, text);
    case OPTION_SKILL:
        return skill_of(f, text);
    case OPTION_CREDIT:
        return credit_of(f, option, text);
    case OPTION_BP:
        return person_share_of(f, option, text);
    case OPTION_OMIT:
        return pair_of(f, option, text, "person", "reason");
    case OPTION_PART:
        return json_pack("{s:s}", "contribution", text);
    case OPTION_JSON_FILE:
    case OPTION_REGION:
        break;
    }
    return NULL;
}

/*
 * Members of an object go to the params, elements of a list to the list: the
 * credits of a draft stand under "credits", or alone.
 */
static bool merge_file(struct run *run, const char *param, const char *path)
{
    struct fail *f = &run->ctl->fail;
    json_error_t error;
    json_t *v = strcmp(path, "-") == 0
                    ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
                    : json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    json_t *list = json_is_object(v) ? json_object_get(v, param) : v;
    char inside[130]; /* param, a dot and NUL */
    const char *below = inside;
    size_t i;
    json_t *element;
    const char *key;

    if (v == NULL)
        return fail_set(f, EXIT_CODE_USAGE, NULL, "%s is not JSON: line %d: %s",
                        path, error.line, error.text);
    if (!json_is_object(v) && !json_is_array(v)) {
        json_decref(v);
        return fail_set(f, EXIT_CODE_USAGE, NULL,
                        "%s is neither a JSON object nor a list", path);
    }
    (void)snprintf(inside, sizeof inside, "%s.", param);
    if (json_is_array(list)) {
        json_array_foreach (list, i, element)
            (void)value_append(run->params, param, json_incref(element));
    } else if (json_is_object(v)) {
        json_t *object = holder(run->params, &below);

        json_object_foreach (v, key, element) {
            (void)json_object_set(object, key, element);
        }
    }
    json_decref(v);
    return true;
}

static void param_of(char *out, size_t cap, const struct option *option)
{
    const char *from = option->param != NULL ? option->param : option->name;
    bool local = from[0] == '@';

    (void)snprintf(out, cap, "%s", local ? from + 1 : from);
    if (option->param == NULL)
        for (char *c = out; *c != '\0'; c++)
            *c = *c == '-' ? '_' : *c;
}

/* A span counts from the node's clock, which is known once it is reached. */
static void note_span(struct ctl *ctl, json_t *time)
{
    if (ctl->spans == NULL)
        ctl->spans = json_array();
    (void)json_array_append(ctl->spans, time);
}

void value_set_clock(struct ctl *ctl, int64_t ahead_ms)
{
    size_t i;
    json_t *time;

    json_array_foreach (ctl->spans, i, time)
        (void)json_integer_set(time, json_integer_value(time) + ahead_ms);
    json_decref(ctl->spans);
    ctl->spans = NULL;
}

bool value_set(struct run *run, const struct option *option, const char *text)
{
    struct fail *f = &run->ctl->fail;
    bool local = option->param != NULL && option->param[0] == '@';
    json_t *root = local ? run->local : run->params;
    char param[128];
    json_t *v;

    param_of(param, sizeof param, option);
    if (option->type == OPTION_JSON_FILE)
        return merge_file(run, param, text);
    if (option->type == OPTION_REGION)
        return put_region(run, param, text);
    v = value_of(f, option, text);
    if (v == NULL)
        return false;
    if (option->type == OPTION_TIME && text[0] == '+')
        note_span(run->ctl, v);
    if (option->flags & OPTION_MANY)
        return value_append(root, param, v);
    if (value_at(root, param) != NULL && option->type != OPTION_FLAG) {
        json_decref(v);
        return fail_set(f, EXIT_CODE_USAGE, NULL, "--%s is given twice",
                        option->name);
    }
    return value_put(root, param, v);
}
