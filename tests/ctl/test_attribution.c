/* Attributions in words, and what others wrote in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/attribution.h"

static char shown[8192]; /* last */

static void show(enum attribution_form form, const char *text, bool with_thanks)
{
    json_error_t why;
    json_t *json = json_loads(text, 0, &why);
    FILE *out;

    if (json == NULL)
        fail_msg("%s", why.text);
    memset(shown, 0, sizeof shown);
    out = fmemopen(shown, sizeof shown, "w");
    assert_non_null(out);
    attribution_write(out, form, json, with_thanks);
    assert_int_equal(fclose(out), 0);
    json_decref(json);
}

static void assert_has(const char *part)
{
    if (strstr(shown, part) == NULL)
        fail_msg("%s\nlacks %s", shown, part);
}

static void assert_lacks(const char *part)
{
    if (strstr(shown, part) != NULL)
        fail_msg("%s\nhas %s", shown, part);
}

static const char song[] =
    "{\"title\":\"Song\",\"author_name\":\"Ada\",\"licence\":\"CC-BY-4.0\","
    "\"licence_url\":\"https://creativecommons.org/licenses/by/4.0/\","
    "\"cut\":false,\"credits\":[{\"name\":\"Ada\",\"roles\":[\"voice\","
    "\"words\"]},{\"person\":\"77aa\",\"roles\":[\"violin\"],\"influence\":"
    "true}],\"works\":[{\"id\":\"aa\",\"title\":\"Song\",\"author_name\":"
    "\"Ada\",\"licence\":\"CC-BY-4.0\",\"made_with_ai\":\"part\","
    "\"performers\":[{\"person_name\":\"Ben\",\"role\":\"violin\"},"
    "{\"name\":\"Cyd\",\"role\":\"drum\"}],\"uses\":[{\"relation\":"
    "\"performed\",\"source\":\"bb\",\"thanks\":\"It moved me\"},"
    "{\"relation\":\"newer\",\"source_text\":\"An old tune\",\"url\":"
    "\"https://example.org/tune\",\"portion\":\"bars 1 to 8\"}]},"
    "{\"id\":\"bb\",\"title\":\"Poem\",\"author\":\"99cc\",\"uses\":[]}]}";

static void a_text_says_who_made_what_of_what(void **state)
{
    (void)state;
    show(ATTRIBUTION_TEXT, song, true);
    assert_string_equal(
        shown,
        "“Song” by Ada (CC-BY-4.0, "
        "https://creativecommons.org/licenses/by/4.0/)\n"
        "\nCredits\n- Ada: voice, words\n- 77aa: violin (influence)\n"
        "\nWorks\n"
        "- “Song” by Ada (CC-BY-4.0); with Ben (violin), Cyd (drum); made in "
        "part by a machine\n"
        "  - performs “Poem” by 99cc: “It moved me”\n"
        "  - builds on “An old tune, https://example.org/tune”, bars 1 to 8\n"
        "- “Poem” by 99cc\n");
    show(ATTRIBUTION_TEXT, song, false);
    assert_lacks("moved me");
}

static void markdown_and_html_link_what_is_a_link(void **state)
{
    (void)state;
    show(ATTRIBUTION_MARKDOWN, song, true);
    assert_has("# “Song” by Ada ([CC\\-BY\\-4\\.0]("
               "https://creativecommons.org/licenses/by/4.0/))");
    assert_has("[An old tune](https://example.org/tune)");
    show(ATTRIBUTION_HTML, song, true);
    assert_has("<!DOCTYPE html>");
    assert_has("<a href=\"https://example.org/tune\">An old tune</a>");
    assert_has("</html>");
}

static void words_of_others_stay_words(void **state)
{
    static const char evil[] =
        "{\"title\":\"<script>x</script> [a](b) \\u001b[2J\",\"author_name\":"
        "\"*Eve*\",\"works\":[{\"id\":\"a\",\"title\":\"T\",\"url\":"
        "\"javascript:alert(1)\",\"uses\":[{\"relation\":\"used\","
        "\"source_text\":\"S\",\"url\":\"https://x.org/\\\"onload=y\"}]}]}";

    (void)state;
    show(ATTRIBUTION_HTML, evil, true);
    assert_lacks("<script>");
    assert_has("&lt;script&gt;");
    assert_lacks("javascript:");
    assert_lacks("onload");
    show(ATTRIBUTION_MARKDOWN, evil, true);
    assert_has("\\<script\\>");
    assert_has("\\[a\\]\\(b\\)");
    assert_has("\\*Eve\\*");
    assert_lacks("\033");
    show(ATTRIBUTION_TEXT, evil, true);
    assert_lacks("\033");
}

static void what_is_missing_is_left_out(void **state)
{
    (void)state;
    show(ATTRIBUTION_TEXT, "{\"works\":[]}", true);
    assert_string_equal(shown, "a work\n");
    show(ATTRIBUTION_TEXT, "{\"cut\":true}", true);
    assert_has("more than can be listed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_says_who_made_what_of_what),
        cmocka_unit_test(markdown_and_html_link_what_is_a_link),
        cmocka_unit_test(words_of_others_stay_words),
        cmocka_unit_test(what_is_missing_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
