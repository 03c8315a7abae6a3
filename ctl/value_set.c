/* Options into params: where each value goes, and what it is made of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/value.h"

#define TEXT_FILE_MAX ((size_t)256 * 1024)

/* ---- places ---- */

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

/* ---- values ---- */

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

/* Four parts of width and height. */
static bool put_region(struct run *run, const char *param, const char *text)
{
    static const char *const names[] = { "left", "top", "width", "height" };
    uint64_t parts[4];
    char path[160]; /* param, a dot and a name */

    if (!value_region(parts, &run->ctl->fail, text))
        return false;
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof path, "%s.%s", param, names[i]);
        (void)value_put(run->params, path, json_integer((json_int_t)parts[i]));
    }
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
