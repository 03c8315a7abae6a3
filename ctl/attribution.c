/* Attributions in words: one set of sentences, three ways to write it down. */
#include "ctl/attribution.h"

#include <string.h>

#include "ctl/text.h"

struct page {
    FILE *out;
    enum attribution_form form;
    const json_t *works;
    bool with_thanks;
};

static const char *string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

/* --- what is written by whom --- */

static void put_html(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        case '\'':
            (void)fputs("&#39;", out);
            break;
        default:
            (void)fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
        }
    }
}

static void put_markdown(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("\\`*_{}[]<>()#+-.!|~&", *text) != NULL)
            (void)fputc('\\', out);
        (void)fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
    }
}

/* Words of others. */
static void say(const struct page *p, const char *text)
{
    if (p->form == ATTRIBUTION_HTML)
        put_html(p->out, text);
    else if (p->form == ATTRIBUTION_MARKDOWN)
        put_markdown(p->out, text);
    else
        text_put(p->out, text);
}

/* Words of ours, the same in all forms. */
static void put(const struct page *p, const char *text)
{
    (void)fputs(text, p->out);
}

/* Only what a browser opens as a page becomes a link, and a URL needs no
 * character that could end it. */
static bool is_link(const char *url)
{
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        return false;
    for (; *url != '\0'; url++)
        if ((unsigned char)*url <= ' ' || strchr("<>\"'()\\`", *url) != NULL)
            return false;
    return true;
}

static void put_link(const struct page *p, const char *text, const char *url)
{
    if (!is_link(url)) {
        say(p, text);
    } else if (p->form == ATTRIBUTION_HTML) {
        put(p, "<a href=\"");
        put_html(p->out, url);
        put(p, "\">");
        say(p, text);
        put(p, "</a>");
    } else if (p->form == ATTRIBUTION_MARKDOWN) {
        put(p, "[");
        say(p, text);
        (void)fprintf(p->out, "](%s)", url);
    } else {
        say(p, text);
        if (strcmp(text, url) != 0)
            (void)fprintf(p->out, ", %s", url);
    }
}

/* --- a work --- */

static const char *author_of(const json_t *item)
{
    const char *name = string_at(item, "author_name");

    return name[0] != '\0' ? name : string_at(item, "author");
}

static const json_t *work_of(const struct page *p, const char *id)
{
    size_t i;
    json_t *work;

    json_array_foreach (p->works, i, work)
        if (strcmp(string_at(work, "id"), id) == 0)
            return work;
    return NULL;
}

/* "Poem" by Cyd (CC-BY-4.0) */
static void put_name(const struct page *p, const json_t *work,
                     const char *title)
{
    const char *licence = string_at(work, "licence");

    if (title[0] != '\0') {
        put(p, "\u201c");
        put_link(p, title, string_at(work, "url"));
        put(p, "\u201d");
    } else {
        put(p, "a work");
    }
    if (author_of(work)[0] != '\0') {
        put(p, " by ");
        say(p, author_of(work));
    }
    if (licence[0] != '\0') {
        put(p, " (");
        put_link(p, licence, string_at(work, "licence_url"));
        put(p, ")");
    }
}

static void put_performers(const struct page *p, const json_t *work)
{
    size_t i;
    json_t *who;

    json_array_foreach (json_object_get(work, "performers"), i, who) {
        const char *name = string_at(who, "person_name");

        if (name[0] == '\0')
            name = string_at(who, "name");
        if (name[0] == '\0')
            name = string_at(who, "person");
        put(p, i == 0 ? "; with " : ", ");
        say(p, name);
        put(p, " (");
        say(p, string_at(who, "role"));
        put(p, ")");
    }
}

static void put_machine(const struct page *p, const json_t *work)
{
    const char *ai = string_at(work, "made_with_ai");

    if (strcmp(ai, "part") == 0)
        put(p, "; made in part by a machine");
    else if (strcmp(ai, "all") == 0)
        put(p, "; made by a machine");
    else if (strcmp(ai, "none") == 0)
        put(p, "; made without machine learning");
}

static const char *relation_text(const char *relation)
{
    static const struct {
        const char *relation;
        const char *text;
    } texts[] = {
        { "used", "uses " },
        { "adapted", "adapted from " },
        { "performed", "performs " },
        { "inspired", "inspired by " },
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].relation, relation) == 0)
            return texts[i].text;
    return "builds on ";
}

static void put_use(const struct page *p, const json_t *use)
{
    const json_t *source = work_of(p, string_at(use, "source"));
    const char *thanks = string_at(use, "thanks");

    put(p, p->form == ATTRIBUTION_HTML ? "<li>" : "  - ");
    put(p, relation_text(string_at(use, "relation")));
    if (source != NULL)
        put_name(p, source, string_at(source, "title"));
    else
        put_name(p, use, string_at(use, "source_text"));
    if (string_at(use, "portion")[0] != '\0') {
        put(p, ", ");
        say(p, string_at(use, "portion"));
    }
    if (p->with_thanks && thanks[0] != '\0') {
        put(p, ": \u201c");
        say(p, thanks);
        put(p, "\u201d");
    }
    put(p, p->form == ATTRIBUTION_HTML ? "</li>\n" : "\n");
}

static void put_work(const struct page *p, const json_t *work)
{
    const json_t *uses = json_object_get(work, "uses");
    bool html = p->form == ATTRIBUTION_HTML;
    size_t i;
    json_t *use;

    put(p, html ? "<li>" : "- ");
    put_name(p, work, string_at(work, "title"));
    put_performers(p, work);
    put_machine(p, work);
    put(p, html && json_array_size(uses) > 0 ? "\n<ul>\n" : html ? "" : "\n");
    json_array_foreach (uses, i, use)
        put_use(p, use);
    put(p, html && json_array_size(uses) > 0 ? "</ul></li>\n"
           : html                            ? "</li>\n"
                                             : "");
}

/* --- the page --- */

static void put_heading(const struct page *p, const char *text)
{
    if (p->form == ATTRIBUTION_HTML)
        (void)fprintf(p->out, "<h2>%s</h2>\n", text);
    else if (p->form == ATTRIBUTION_MARKDOWN)
        (void)fprintf(p->out, "\n## %s\n\n", text);
    else
        (void)fprintf(p->out, "\n%s\n", text);
}

static void put_credit(const struct page *p, const json_t *line)
{
    const json_t *roles = json_object_get(line, "roles");
    const char *name = string_at(line, "name");
    size_t i;
    json_t *role;

    put(p, p->form == ATTRIBUTION_HTML ? "<li>" : "- ");
    say(p, name[0] != '\0' ? name : string_at(line, "person"));
    json_array_foreach (roles, i, role) {
        put(p, i == 0 ? ": " : ", ");
        say(p, json_string_value(role));
    }
    if (json_is_true(json_object_get(line, "influence")))
        put(p, " (influence)");
    put(p, p->form == ATTRIBUTION_HTML ? "</li>\n" : "\n");
}

static void put_list(const struct page *p, const char *heading,
                     const json_t *items,
                     void (*item)(const struct page *p, const json_t *line))
{
    bool html = p->form == ATTRIBUTION_HTML;
    size_t i;
    json_t *line;

    if (json_array_size(items) == 0)
        return;
    put_heading(p, heading);
    put(p, html ? "<ul>\n" : "");
    json_array_foreach (items, i, line)
        item(p, line);
    put(p, html ? "</ul>\n" : "");
}

static void put_title(const struct page *p, const json_t *result)
{
    if (p->form == ATTRIBUTION_HTML)
        put(p, "<h1>");
    else if (p->form == ATTRIBUTION_MARKDOWN)
        put(p, "# ");
    put_name(p, result, string_at(result, "title"));
    put(p, p->form == ATTRIBUTION_HTML ? "</h1>\n" : "\n");
}

static void put_head(const struct page *p, const json_t *result)
{
    put(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
           "<meta charset=\"utf-8\">\n<title>");
    say(p, string_at(result, "title"));
    put(p, "</title>\n<style>\n"
           "body { font: 12pt/1.5 serif; max-width: 40em; margin: 2em auto; }\n"
           "li { break-inside: avoid; }\n"
           "@media print { a { color: inherit; text-decoration: none; } }\n"
           "</style>\n</head>\n<body>\n");
}

void attribution_write(FILE *out, enum attribution_form form,
                       const json_t *result, bool with_thanks)
{
    const struct page p = { out, form, json_object_get(result, "works"),
                            with_thanks };

    if (form == ATTRIBUTION_HTML)
        put_head(&p, result);
    put_title(&p, result);
    put_list(&p, "Credits", json_object_get(result, "credits"), put_credit);
    put_list(&p, "Works", p.works, put_work);
    if (json_is_true(json_object_get(result, "cut")))
        put_heading(&p, "and more than can be listed here");
    if (form == ATTRIBUTION_HTML)
        put(&p, "</body>\n</html>\n");
}
