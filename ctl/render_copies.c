/* Who holds what, in words: nothing is called held that was not shown. */
#include <string.h>

#include "ctl/render.h"
#include "ctl/text.h"

static const char *string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static uint64_t number_at(const json_t *object, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(object, key));

    return v < 0 ? 0 : (uint64_t)v;
}

/* Ids are shortened to what tells them apart among a few hundred. */
static void put_id(const char *id)
{
    char text[17];

    (void)snprintf(text, sizeof text, "%.16s", id);
    text_put(stdout, text);
}

/* "72c0ba829fafb3bb until 2026-11-28 18:00", for those in this state. */
static void put_holders(const json_t *item, const char *state,
                        const char *title, bool with_here)
{
    bool is_first = true;
    const json_t *h;
    size_t i;

    if (with_here) {
        (void)printf("    %s: this node", title);
        is_first = false;
    }
    json_array_foreach (json_object_get(item, "holders"), i, h) {
        char until[TEXT_SHORT];

        if (strcmp(string_at(h, "state"), state) != 0)
            continue;
        if (is_first)
            (void)printf("    %s: ", title);
        else
            (void)fputs(", ", stdout);
        text_time(until, number_at(h, "until_ms"));
        put_id(string_at(h, "node"));
        (void)printf(" until %s", until);
        is_first = false;
    }
    if (!is_first)
        (void)fputc('\n', stdout);
}

/* "(master, also other.mp4)": what else records say of it. */
static void put_more(const json_t *item, const char *name)
{
    const char *before = " (";
    const json_t *value;
    size_t i;

    json_array_foreach (json_object_get(item, "roles"), i, value) {
        (void)fputs(before, stdout);
        text_put(stdout, json_string_value(value));
        before = ", ";
    }
    json_array_foreach (json_object_get(item, "names"), i, value) {
        if (strcmp(json_string_value(value), name) == 0)
            continue;
        (void)fputs(before, stdout);
        (void)fputs("also ", stdout);
        text_put(stdout, json_string_value(value));
        before = ", ";
    }
    if (*before == ',')
        (void)fputc(')', stdout);
}

/* Nodes of which this came when they were asked just now. */
static void put_checked(const json_t *item, const char *checked,
                        const char *title)
{
    bool is_first = true;
    const json_t *h;
    size_t i;

    json_array_foreach (json_object_get(item, "holders"), i, h) {
        if (strcmp(string_at(h, "checked"), checked) != 0)
            continue;
        (void)printf("%s", is_first ? "    " : ", ");
        if (is_first)
            (void)printf("%s: ", title);
        put_id(string_at(h, "node"));
        is_first = false;
    }
    if (!is_first)
        (void)fputc('\n', stdout);
}

static void put_item(const json_t *item)
{
    bool is_here = json_is_true(json_object_get(item, "held_here"));
    uint64_t copies = number_at(item, "copies");
    uint64_t target = number_at(item, "target");
    const char *name = string_at(item, "name");
    char size[TEXT_SHORT];
    char nodes[TEXT_SHORT];

    (void)fputs("  ", stdout);
    if (*name != '\0') {
        text_put(stdout, name);
        put_more(item, name);
        (void)fputs("  ", stdout);
    }
    text_put(stdout, string_at(item, "root"));
    text_size(size, number_at(item, "size"));
    text_count(nodes, copies, "node");
    (void)printf("  %s  ", size);
    text_begin(stdout, copies < target ? TEXT_BAD : TEXT_GOOD);
    (void)printf("held by %s of %u wanted", nodes, (unsigned)target);
    text_end(stdout, copies < target ? TEXT_BAD : TEXT_GOOD);
    (void)fputc('\n', stdout);
    put_holders(item, "shown", "held by", is_here);
    put_holders(item, "claims", "only said by", false);
    put_holders(item, "failed", "not shown when asked by", false);
    put_checked(item, "shown", "shown just now by");
    put_checked(item, "failed", "could not show it just now");
    put_checked(item, "silent", "no answer within 20 s from");
    put_checked(item, "busy", "too busy to be asked");
    put_checked(item, "away", "not connected, so not asked");
    put_checked(item, "changed", "says something else by now");
}

static void put_items(const json_t *result)
{
    const json_t *item;
    size_t i;

    json_array_foreach (json_object_get(result, "items"), i, item) {
        put_item(item);
    }
    if (json_is_string(json_object_get(result, "next"))) {
        (void)fputs("  ... more with --after ", stdout);
        text_put(stdout, string_at(result, "next"));
        (void)fputc('\n', stdout);
    }
}

void render_copies(const json_t *result)
{
    put_items(result);
}

static void put_topic(const json_t *topic)
{
    const char *title = string_at(topic, "title");
    char files[TEXT_SHORT];

    if (*title == '\0')
        put_id(string_at(topic, "id"));
    else
        text_put_style(stdout, TEXT_BOLD, title);
    text_count(files, number_at(topic, "blobs"), "file");
    (void)printf(": %s, %llu of them here", files,
                 (unsigned long long)number_at(topic, "held_here"));
    if (number_at(topic, "under_target") > 0)
        (void)printf("; %llu %s fewer copies than are wanted",
                     (unsigned long long)number_at(topic, "under_target"),
                     number_at(topic, "under_target") == 1 ? "has" : "have");
    if (number_at(topic, "only_here") > 0)
        (void)printf("; of %llu nobody else has shown a copy",
                     (unsigned long long)number_at(topic, "only_here"));
    if (number_at(topic, "nowhere") > 0)
        (void)printf("; of %llu nobody has shown a copy",
                     (unsigned long long)number_at(topic, "nowhere"));
    if (json_is_true(json_object_get(topic, "cut")))
        (void)fputs("; there are more than are counted", stdout);
    (void)fputc('\n', stdout);
}

void render_health(const json_t *result)
{
    const json_t *topic;
    size_t i;

    json_array_foreach (json_object_get(result, "topics"), i, topic) {
        put_topic(topic);
    }
    put_items(result);
}
